# SPDX-License-Identifier: GPL-2.0-only
"""r1 -- r2 -- r3 -- r4 -- r5 -- r6 -- r1, and datagrams from r1 to r4 that go on
whatever is cut: what the test and the benchmark of healing share.
"""

import json
import subprocess
import threading
import time

from harness import Failed, Network, build, wait_for

N = 6
NAMES = [f"r{i}" for i in range(1, N + 1)]
ID = {name: f"02:00:00:00:00:{i:02x}" for i, name in enumerate(NAMES, 1)}
NAME = {router: name for name, router in ID.items()}


class Ring:
    def __init__(self):
        self.net = Network()
        self.net.netns(*NAMES)
        self.net.veth(*(
            (a, f"to-{b}", f"02:01:00:00:{i:02x}:01", b, f"to-{a}", f"02:01:00:00:{i:02x}:02")
            for i, (a, b) in enumerate(zip(NAMES, NAMES[1:] + NAMES[:1]), 1)
        ))
        self.nl = {name: self.net.router(name, ID[name]) for name in NAMES}

    def path(self, to="r4", start="r1"):
        """Names on the route in use, its end among them."""
        found = self.nl[start].get("node-get", id=ID[to])
        return [NAME[hop] for hop in found["path"]]

    def routes(self, to="r4", start="r1"):
        return [
            [NAME[hop] for hop in route["path"]]
            for route in self.nl[start].whole_dump("node-get")
            if route["id"] == ID[to]
        ]

    def whole(self):
        """Discovery has found all links since now, so both ways round are known
        to r1."""
        start = time.monotonic()

        def look():
            edges = self.nl["r1"].whole_dump("edge-get")
            age = (time.monotonic() - start) * 1000
            links = {frozenset((e["from"]["mac"], e["to"]["mac"])) for e in edges
                     if e["age"] < age}
            if len(links) == N and all(len(self.routes(name)) == 2 for name in NAMES[1:]):
                return True
            self.nl["r1"].do("discover")
            time.sleep(0.05)
            return False

        wait_for(look, "both ways round to be known")

    # What breaks, and how it is mended. None of these tells r1, unless it is
    # r1's link. By ioctl, because an exec takes longer than it takes to heal.

    def carrier(self, name, other, on):
        build.up(self.net[name], [f"to-{other}"], on)

    def cut(self, a, b):
        self.carrier(a, b, False)

    def mend(self, a, b):
        self.carrier(a, b, True)

    def deafen(self, a, b):
        """The link stays up, but a takes and sends nothing there."""
        self.nl[a].do("port-add", interface=f"to-{b}", forbid=1)

    def undeafen(self, a, b):
        self.nl[a].do("port-del", interface=f"to-{b}")

    def stop(self, name):
        self.nl[name].do("config-set", enabled=0)

    def start(self, name):
        self.nl[name].do("config-set", enabled=1)


class Ping:
    """`romon ping` in the background, its lines with the time they came."""

    def __init__(self, ring, to="r4", interval=0.01, start="r1", timeout=1):
        self.answers = []  # (when, seq)
        self.lost = []
        self.process = subprocess.Popen(
            ["romon", "-j", "-n", ring.net[start], "ping", ID[to],
             "interval", str(interval), "timeout", str(timeout)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        wait_for(lambda: len(self.answers) > 3 or self.process.poll() is not None, "answers")

    def read(self):
        for line in self.process.stdout:
            row = json.loads(line)
            if "seq" not in row:
                self.summary = row
            elif "status" in row:
                self.lost.append(row["seq"])
            else:
                self.answers.append((time.monotonic(), row["seq"]))

    def answered_after(self, when, count=1):
        """When the last of count answers came that were sent after `when`, as
        far as that can be told: they come after it, with numbers that nothing
        that was on its way then has."""
        def found():
            if self.process.poll() is not None:
                raise Failed(f"ping has ended: {self.process.stderr.read()}")
            late = [at for at, _ in self.answers if at > when]
            return late[count - 1] if len(late) >= count else None

        return wait_for(found, "an answer after the cut")

    def outage(self, since):
        """The longest time without an answer from `since` on, in seconds."""
        times = [at for at, _ in list(self.answers) if at > since]
        last, longest = since, 0
        for at in times:
            longest = max(longest, at - last)
            last = at
        return longest

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.thread.join()
        return self.process.stderr.read()
