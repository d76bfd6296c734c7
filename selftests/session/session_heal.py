#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 600
"""Sessions outlive the way that they began on.

r1 -- r2 -- r3 -- r4 -- r5 -- r6 -- r1. A session from r1 to r4 counts, and what
it travels over is cut and mended, one after the other.
"""

import subprocess
import threading
import time

from harness import LIMIT, check, equal, main, note, test, wait_for
from ring_of_six import ID, Ring
from sessions import SERVERS, SSHD, Serve, private_ssh, spawn, ssh_options, write

# With the time, which is the same in all namespaces. One process: a sleep that is
# executed each time takes five times as long.
COUNT = """\
#!/usr/bin/python3 -ISu
import itertools, time
for number in itertools.count():
    print(f"{number} {time.monotonic()}\\n", end="")
    time.sleep(0.02)
"""
SOME = 10


class Counter:
    """A program whose output is 0, 1, 2, ... as it comes, and when each was said."""

    def __init__(self, command):
        self.said, self.wrong = [], None
        self.process = spawn(ring.net["r1"], command, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            number, _, when = line.partition(" ")
            if number != str(len(self.said)):
                self.wrong = f"{line.strip()!r} where {len(self.said)} should be"
                return
            self.said.append(float(when))

    def went_on(self, since, what):
        """Whether it has come to hear some that were said since then."""
        check(self.wrong is None, f"{what}: {self.wrong}")
        if self.process.poll() is not None:
            check(False, f"{what}: it ended: {self.process.stderr.read()}")
        return len(self.said) >= SOME and self.said[-SOME] > since

    def stop(self):
        self.process.kill()
        self.process.wait()


def setup():
    global ring, serve, count
    private_ssh()
    ring = Ring()
    ring.whole()
    count = write("count", COUNT, 0o755)
    serve = Serve(ring.net["r4"], {SSHD: SERVERS[SSHD], 7000: [count]})


def sessions():
    return {
        "a stream": Counter(["romon", "connect", ID["r4"], "7000"]),
        "ssh": Counter(["ssh", *ssh_options(SSHD),
                        f"root@{ID['r4'].replace(':', '-')}.romon", count]),
    }


def go_on(counters, what):
    """All of them, from now on. -> in what time"""
    start = time.monotonic()
    for name, counter in counters.items():
        wait_for(lambda who=f"{name}, {what}", counter=counter: counter.went_on(start, who),
                 f"the counter to go on: {name}, {what}", 2 * LIMIT)
    return time.monotonic() - start


def survives(places, harm, mend):
    """Every one of these is harmed and mended again, and no session minds."""
    counters = sessions()
    go_on(counters, "at first")
    longest = 0
    for place in places:
        harm(*place)
        longest = max(longest, go_on(counters, f"without {' '.join(place)}"))
        mend(*place)
        ring.whole()
        go_on(counters, f"with {' '.join(place)} again")
    note(f"{SOME} more numbers took {longest:.2f} s at most")
    for counter in counters.values():
        counter.stop()
    wait_for(lambda: serve.sessions() == 0, "r4's sessions to end")


@test
def sessions_survive_every_link_that_is_cut():
    survives([("r1", "r2"), ("r1", "r6"), ("r2", "r3"), ("r5", "r6"), ("r3", "r4"), ("r5", "r4")],
             ring.cut, ring.mend)


@test
def sessions_survive_every_router_that_stops():
    survives([("r2",), ("r6",), ("r3",), ("r5",)], ring.stop, ring.start)


@test
def sessions_end_when_there_is_no_way_left():
    counter = Counter(["romon", "connect", ID["r4"], "7000", "keepalive", "3"])
    go_on({"a stream": counter}, "at first")
    ring.cut("r1", "r2")
    ring.cut("r1", "r6")
    wait_for(lambda: counter.process.poll() is not None, "the session to end", 4 * LIMIT)
    equal(counter.process.returncode, 1, "the exit status")
    equal(counter.wrong, None, "the counter until then")
    ring.mend("r1", "r2")
    ring.mend("r1", "r6")


if __name__ == "__main__":
    main(setup)
