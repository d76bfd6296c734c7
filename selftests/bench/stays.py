#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""Whether a large network stays known while it is busy.

    stays.py [SHAPE [SECONDS]]      grid:25x40 and 600, see grid.py

A router in a corner asks for a flood all the time, and gets one as often as it
may: in a sound network, with one frame in a hundred lost on every link, and with
ten links that go and come. Then twenty routers do so at once. Told are the
seconds until they know all the others, and the fewest of them, and of the links,
that one knew at any time from then on.
"""

import random
import subprocess
import sys
import time

from harness import ip
from networks import built

LOSS = "1%"
FLAPPING = 10
DOWN = 1
ORIGINS = 20
ASK = 0.2


def lose(net, how):
    for name, count in zip(net.names, net.ports):
        lines = "\n".join(f"qdisc {how.format(f'p{port}')}" for port in range(count))
        subprocess.run(["tc", "-n", name, "-b", "-"], input=lines, text=True, check=True)


class Flaps:
    """Some links go down for a while, and others then."""

    def __init__(self, net):
        self.net, self.down, self.since = net, [], 0
        # Routers with fewer ports would be cut off at times.
        self.links = [link for link in net.ends if all(net.ports[at] > 3 for at, _ in link)]

    def switch(self, links, state):
        for at, port in (link[0] for link in links):
            ip(f"link set p{port} {state}", ns=self.net.names[at])

    def turn(self):
        if time.monotonic() < self.since + DOWN:
            return
        self.since = time.monotonic()
        self.end()
        touched = set()
        for link in random.sample(self.links, len(self.links)):
            if len(self.down) < FLAPPING and not touched & {at for at, _ in link}:
                touched |= {at for at, _ in link}
                self.down.append(link)
        self.switch(self.down, "down")

    def end(self):
        self.switch(self.down, "up")
        self.down = []


def watch(net, seconds, askers, meanwhile=lambda: None):
    """Seconds until each asker knows all; the fewest routers and links from then on."""
    start, complete, fewest = time.monotonic(), None, None
    while (now := time.monotonic() - start) < seconds:
        for nl in askers:
            nl.do("discover")
        meanwhile()
        known = tuple(map(min, zip(*map(net.known, askers))))
        if complete is None and known[0] >= net.n - 1:
            complete, fewest = now, known
        elif complete is not None:
            fewest = tuple(map(min, fewest, known))
        time.sleep(max(0, start + now + ASK - time.monotonic()))
    return complete, fewest


def main():
    net = built(sys.argv[1] if len(sys.argv) > 1 else "grid:25x40")
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    print(f"{net.n} routers, {len(net.links)} links, {seconds} s each")
    print(f"{'':24}{'all known in':>14}{'routers':>9}{'links':>7}")

    def row(what, askers, meanwhile=lambda: None):
        complete, fewest = watch(net, seconds, askers, meanwhile)
        told = f"{complete:12.1f} s{fewest[0]:9}{fewest[1]:7}" if fewest else f"{'never':>14}"
        print(f"{what:24}{told}", flush=True)

    row("floods", [net.first])
    lose(net, f"add dev {{}} root netem loss {LOSS}")
    row(f"{LOSS} loss", [net.first])
    lose(net, "del dev {} root")
    flaps = Flaps(net)
    row(f"{FLAPPING} links flap", [net.first], flaps.turn)
    flaps.end()
    row(f"{ORIGINS} ask", random.sample(net.routers, min(ORIGINS, net.n)))


if __name__ == "__main__":
    main()
