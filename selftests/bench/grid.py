#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""What it takes to know a network of routers, each a namespace of its own.

    grid.py [SHAPE...]      chain:N, tree:N, mesh:N or grid:NxM; a few by default

Told are the time until the first router, in a corner, knows all others and all
links after it has asked once, and the frames that all routers send for one of
FLOODS floods that follow, a second apart. For comparison: each router told of
once, over the fewest hops, and each link crossed once by the question.
"""

import sys
import time

from networks import built, least

LIMIT = 60
FLOODS = 8
SHAPES = "chain:30 chain:64 tree:100 mesh:20 grid:10x10 grid:15x20 grid:25x40".split()


def discover(net):
    """Seconds until all routers are known, and all links."""
    start = time.monotonic()
    net.first.do("discover")
    routers = links = None
    while not links and (now := time.monotonic() - start) < LIMIT:
        known = net.known(net.first)
        if known[0] >= net.n - 1:
            routers = routers or now
        if known[1] >= len(net.links):
            links = now
        time.sleep(0.005)
    return routers, links


def flood(net):
    """The frames that one flood of many takes."""
    for nl in net.routers:
        nl.do("config-set", hello_interval=3600)
    before = net.settle()
    for _ in range(FLOODS):
        net.first.do("discover")
        time.sleep(1)
    return (net.settle() - before) // FLOODS


def seconds(value):
    return f"{value:7.2f} s" if value else f"{'never':>9}"


def main():
    print(f"{'':12}{'routers':>8}{'links':>7}{'routers in':>12}{'links in':>11}"
          f"{'a flood':>9}{'least':>8}")
    for shape in sys.argv[1:] or SHAPES:
        net = built(shape)
        before = net.dropped()
        routers, links = discover(net)
        print(f"# dropped: {dict(net.dropped() - before)}", file=sys.stderr)
        print(f"{shape:12}{net.n:8}{len(net.links):7}{seconds(routers):>12}"
              f"{seconds(links):>11}{flood(net):9}{least(net.n, net.links):8}", flush=True)
        net.close()


if __name__ == "__main__":
    main()
