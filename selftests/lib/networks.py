# SPDX-License-Identifier: GPL-2.0-only
"""Networks of many routers, each a namespace of its own, by their shape."""

import collections
import itertools
import os
import resource
import sys
import time

from harness import Network, ip, wait_for
import build
import genl

SECRET = os.environ.get("SECRET")
SETTINGS = {key: int(value) for key, value in
            (word.split("=") for word in os.environ.get("SETTINGS", "").split())}

# A socket for each router.
resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))


def chain(n):
    return n, [(i, i + 1) for i in range(n - 1)]


def tree(n):
    return n, [((i - 1) // 2, i) for i in range(1, n)]


def mesh(n):
    return n, list(itertools.combinations(range(n), 2))


def grid(n, m):
    return n * m, ([(i * m + k, i * m + k + 1) for i in range(n) for k in range(m - 1)] +
                   [(i * m + k, i * m + k + m) for i in range(n - 1) for k in range(m)])


SHAPES = {"chain": chain, "tree": tree, "mesh": mesh, "grid": grid}


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


class Routers:
    """The first of them is who looks at the others."""

    def __init__(self, n, links):
        self.net = net = Network()
        self.n, self.links = n, links
        keys = [f"g{i}" for i in range(n)]
        net.netns(*keys)
        self.names = names = [net[key] for key in keys]
        # How many ports each has, and of each link the routers and their ports.
        self.ports, self.ends = [0] * n, []
        lines = []
        for a, b in links:
            self.ends.append(((a, self.ports[a]), (b, self.ports[b])))
            lines.append(f"link add p{self.ports[a]} netns {names[a]} type veth "
                         f"peer name p{self.ports[b]} netns {names[b]}")
            self.ports[a] += 1
            self.ports[b] += 1
        ip(*lines)
        for name in names:
            build.up(name)
        self.routers = [genl.Romon(name) for name in names]
        for i, nl in enumerate(self.routers):
            how = {"secrets": [SECRET]} if SECRET else {}
            nl.do("config-set", id=f"02:00:00:00:{i >> 8:02x}:{i & 255:02x}", identity=f"r{i}",
                  enabled=1, **how, **SETTINGS)
        self.first = self.routers[0]
        wait_for(self.runs, "ports", 300)
        self.settle()

    def close(self):
        self.net.close()

    def runs(self):
        return all(port["state"] == "running" for nl in self.routers
                   for port in nl.whole_dump("port-get") if port["interface"] != "lo")

    @staticmethod
    def known(nl):
        """How many routers and links one knows of."""
        config = nl.get("config-get")
        return config["nodes"], config["edges"]

    def sent(self):
        return sum(port["stats"]["tx_packets"] for nl in self.routers
                   for port in nl.whole_dump("port-get") if "stats" in port)

    def dropped(self):
        """What became of frames that were neither passed on nor taken in."""
        why = collections.Counter()
        for nl in self.routers:
            why.update(nl.drops())
        return why

    def settle(self):
        """Until nothing but hellos is under way."""
        before = self.sent()
        while True:
            time.sleep(0.5)
            now = self.sent()
            if now - before < self.n / 2 + 5:
                return now
            before = now


def built(shape):
    """Routers by a word as grid:15x20."""
    kind, _, size = shape.partition(":")
    start = time.monotonic()
    routers = Routers(*SHAPES[kind](*map(int, size.split("x"))))
    print(f"# built in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return routers
