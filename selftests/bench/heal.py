#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""How long a ping is without answers when a route breaks.

A ring of six; `romon ping` with an interval of 10 ms goes to the router on the
other side. Something on the way that it takes breaks: a remote link goes down,
a remote link falls silent, a router stops. Measured is the longest time between
two answers from then on, by the clock of who reads the lines of the tool.

    heal.py [CUTS]       100 by default
"""

import sys
import time

from harness import require_module
from ring_of_six import Ping, Ring

BREAKS = ("link down", "link silent", "router stops")


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def show(what, values):
    ms = [1000 * value for value in values]
    print(f"{what:<14} {len(ms):>4} {min(ms):>7.0f} {percentile(ms, 0.5):>7.0f} "
          f"{percentile(ms, 0.9):>7.0f} {percentile(ms, 0.99):>7.0f} {max(ms):>7.0f}", flush=True)


def histogram(values, step=20):
    counts = {}
    for value in values:
        slot = int(1000 * value) // step * step
        counts[slot] = counts.get(slot, 0) + 1
    for slot in range(min(counts), max(counts) + step, step):
        if counts.get(slot):
            print(f"{slot:>5} to {slot + step:<5} ms {counts[slot]:>4} {'#' * counts[slot]}")


def main():
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    ring = Ring()
    ring.whole()
    ping = Ping(ring)
    outages = {what: [] for what in BREAKS}
    lost = 0
    for number in range(cuts):
        what = BREAKS[number % len(BREAKS)]
        ring.whole()
        ping.answered_after(time.monotonic(), 20)
        path = ring.path()
        # The first and the second of what is not next to r1, in turn.
        a, b = path[number % 2], path[number % 2 + 1]
        do, undo, place = {
            "link down": (ring.cut, ring.mend, (a, b)),
            "link silent": (ring.deafen, ring.undeafen, (b, a)),
            "router stops": (ring.stop, ring.start, (a,)),
        }[what]
        before, start = len(ping.lost), time.monotonic()
        do(*place)
        # Until what was lost is told, and the answers are steady.
        while not ping.answered_after(time.monotonic(), 10) > start + 1.3:
            pass
        outages[what].append(ping.outage(start))
        lost += len(ping.lost) - before
        undo(*place)
    ping.end()
    print(f"{'without answers':<14} cuts     min  median     90%     99%     max   ms")
    for what, values in outages.items():
        if values:
            show(what, values)
    every = sum(outages.values(), [])
    show("all", every)
    histogram(every)
    print(f"echoes lost in a cut, on average: {lost / cuts:.1f}")


if __name__ == "__main__":
    require_module()
    main()
