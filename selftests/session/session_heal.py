#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 900
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

COUNT = "i=0; while :; do echo $i; i=$((i + 1)); sleep 0.02; done"


class Counter:
    """A program whose output is 0, 1, 2, ... as it comes."""

    def __init__(self, command):
        self.numbers, self.wrong = 0, None
        self.process = spawn(ring.net["r1"], command, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            if line.strip() != str(self.numbers):
                self.wrong = f"{line.strip()!r} where {self.numbers} should be"
                return
            self.numbers += 1

    def goes_on(self, what):
        """More than what was on its way when this is called."""
        start, numbers = time.monotonic(), self.numbers

        def look():
            check(self.wrong is None, f"{what}: {self.wrong}")
            if self.process.poll() is not None:
                check(False, f"{what}: it ended: {self.process.stderr.read()}")
            return self.numbers > numbers + 20

        wait_for(look, f"the counter to go on: {what}", 2 * LIMIT)
        return time.monotonic() - start

    def stop(self):
        self.process.kill()
        self.process.wait()


def setup():
    global ring, serve
    private_ssh()
    ring = Ring()
    ring.whole()
    write("count", f"#!/bin/sh\n{COUNT}\n", 0o755)
    serve = Serve(ring.net["r4"], {
        SSHD: SERVERS[SSHD],
        7000: [write("count", f"#!/bin/sh\n{COUNT}\n", 0o755)],
    })


def sessions():
    return {
        "a stream": Counter(["romon", "connect", ID["r4"], "7000"]),
        "ssh": Counter(["ssh", *ssh_options(SSHD),
                        f"root@{ID['r4'].replace(':', '-')}.romon", COUNT]),
    }


def survives(places, harm, mend):
    """Every one of these is harmed and mended again, and no session minds."""
    counters = sessions()
    for name, counter in counters.items():
        counter.goes_on(f"{name}, at first")
    longest = 0
    for place in places:
        harm(*place)
        for name, counter in counters.items():
            longest = max(longest, counter.goes_on(f"{name}, without {' '.join(place)}"))
        mend(*place)
        ring.whole()
        for name, counter in counters.items():
            counter.goes_on(f"{name}, with {' '.join(place)} again")
    note(f"20 more numbers took {longest:.2f} s at most")
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
    counter.goes_on("at first")
    ring.cut("r1", "r2")
    ring.cut("r1", "r6")
    wait_for(lambda: counter.process.poll() is not None, "the session to end", 4 * LIMIT)
    equal(counter.process.returncode, 1, "the exit status")
    equal(counter.wrong, None, "the counter until then")
    ring.mend("r1", "r2")
    ring.mend("r1", "r6")


if __name__ == "__main__":
    main(setup)
