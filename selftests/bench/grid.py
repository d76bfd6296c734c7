#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""What it takes to know a network of routers, each a namespace of its own.

    grid.py [SHAPE...]      chain:N, tree:N, mesh:N or grid:NxM; a few by default

Told are the time until the first router, in a corner, knows all others and all
links, the frames that all routers send for one flood, and what it knows of the
others in DURATION seconds of a flood a second. For comparison: each router told
of once, over the fewest hops, and each link crossed once by the question.
"""

import itertools
import os
import sys
import time

from harness import Network, ip, wait_for
import build
import genl

DURATION = int(os.environ.get("DURATION", "12"))
SECRET = os.environ.get("SECRET")
SETTINGS = {key: int(value) for key, value in
            (word.split("=") for word in os.environ.get("SETTINGS", "hop_limit=96").split())}
LIMIT = 120
net = Network()


def chain(n):
    return n, [(i, i + 1) for i in range(n - 1)]


def tree(n):
    return n, [((i - 1) // 2, i) for i in range(1, n)]


def mesh(n):
    return n, list(itertools.combinations(range(n), 2))


def grid(n, m):
    return n * m, ([(i * m + k, i * m + k + 1) for i in range(n) for k in range(m - 1)] +
                   [(i * m + k, i * m + k + m) for i in range(n - 1) for k in range(m)])


def least(n, links):
    """Frames that tell of each router once, by the fewest hops, and ask by each link once."""
    near = [[] for _ in range(n)]
    for a, b in links:
        near[a].append(b)
        near[b].append(a)
    depth, reached = {0: 0}, [0]
    for a in reached:
        for b in near[a]:
            if b not in depth:
                depth[b] = depth[a] + 1
                reached.append(b)
    return len(links) + sum(depth.values())


class Grid:
    def __init__(self, n, links):
        self.n, self.links = n, links
        keys = [f"g{i}" for i in range(n)]
        net.netns(*keys)
        names = [net[key] for key in keys]
        count = [0] * n
        lines = []
        for a, b in links:
            lines.append(f"link add p{count[a]} netns {names[a]} type veth "
                         f"peer name p{count[b]} netns {names[b]}")
            count[a] += 1
            count[b] += 1
        # ip keeps each namespace open that a batch names.
        for some in range(0, len(lines), 50):
            ip(*lines[some:some + 50])
        for name in names:
            build.up(name)
        self.routers = [genl.Romon(name) for name in names]
        for i, nl in enumerate(self.routers):
            how = {"secrets": [SECRET]} if SECRET else {}
            nl.do("config-set", id=f"02:00:00:00:{i >> 8:02x}:{i & 255:02x}", identity=f"r{i}",
                  enabled=1, **how, **SETTINGS)
        self.first = self.routers[0]

    def known(self):
        config = self.first.get("config-get")
        return config["nodes"], config["edges"]

    def sent(self):
        return sum(port["stats"]["tx_packets"] for nl in self.routers
                   for port in nl.whole_dump("port-get") if "stats" in port)

    def settle(self):
        """Until nothing but hellos is under way."""
        before = self.sent()
        while True:
            time.sleep(0.5)
            now = self.sent()
            if now - before < self.n / 2 + 5:
                return now
            before = now

    def discover(self):
        """Seconds until all routers are known, and all links."""
        start = time.monotonic()
        self.first.do("discover")
        nodes = links = None
        deadline = start + LIMIT
        while not links and time.monotonic() < deadline:
            got = self.known()
            now = time.monotonic() - start
            if got[0] >= self.n - 1:
                nodes = nodes or now
            if got[1] >= len(self.links):
                links = now
            time.sleep(0.005)
        return nodes, links

    def flood(self):
        """The frames that one flood takes."""
        before = self.settle()
        self.first.do("discover")
        return self.settle() - before

    def stays(self):
        """The fewest routers that are known while floods go on, and a while after."""
        fewest, start = self.n, time.monotonic()
        while (now := time.monotonic() - start) < DURATION + 3:
            if now < DURATION:
                self.first.do("discover")
            until = start + now + 1
            while time.monotonic() < until:
                fewest = min(fewest, self.known()[0])
                time.sleep(0.05)
        return fewest


def seconds(value):
    return f"{value:7.2f} s" if value else f"{'never':>9}"


def main():
    shapes = sys.argv[1:] or ["chain:30", "tree:100", "mesh:20", "grid:10x10", "grid:15x20"]
    print(f"{'':12}{'routers':>8}{'links':>7}{'routers in':>12}{'links in':>11}"
          f"{'a flood':>9}{'least':>8}{'fewest':>8}")
    for shape in shapes:
        kind, _, size = shape.partition(":")
        n, links = globals()[kind](*map(int, size.split("x")))
        start = time.monotonic()
        built = Grid(n, links)
        wait_for(lambda: all(port["state"] == "running" for nl in built.routers
                             for port in nl.whole_dump("port-get")
                             if port["interface"] != "lo"), "ports", 300)
        built.settle()
        print(f"# built in {time.monotonic() - start:.0f} s", file=sys.stderr)
        first = built.discover()
        print(f"{shape:12}{n:8}{len(links):7}{seconds(first[0]):>12}{seconds(first[1]):>11}"
              f"{built.flood():9}{least(n, links):8}{built.stays():8}", flush=True)
        net.close()


if __name__ == "__main__":
    main()
