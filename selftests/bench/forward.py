#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""What forwarding a frame costs, beside what else could forward it.

    forward.py [REPETITIONS [SLICES]]       by default 15 and 400

Frames are sent down a veth in slices of a fraction of a millisecond, by the way
that is measured and by a base in turn: the same frame that is dropped as soon as
it has come through one veth. What a way adds is the difference of the two, and
each row is that as a multiple of what tc's mirred adds for such a frame. Of the
slices of a repetition the quietest tenth counts; shown are the median and the
range of all repetitions. Every frame has to arrive.
"""

import os
import statistics
import subprocess
import sys

from harness import Network
import genl
from slices import digest, measure, quiet
from ways import (Base, Batman, Bridge, Foreign, Hashed, Macsec, Mirred, Relay, Romon, Routed)

REPETITIONS, SLICES = (int(word) for word in (sys.argv[1:] + ["15", "400"][len(sys.argv) - 1:]))
SIZES = 128, 512, 1500
SECRETS = [f"secret {i}" for i in range(8)]
NAME = 33
net = Network()


def taken(lanes):
    return quiet(measure(net["g"], lanes, SLICES))


def figures(values):
    return f"{statistics.median(values):6.2f}  ({min(values):.2f} to {max(values):.2f})"


def ns(values):
    return f"{statistics.median(values):6.0f} ns"


def ways_table(base, mirred, ways, size):
    """What each way adds for a frame of this size, and each by mirred's."""
    rows = {way.name: [] for way in ways}
    nothing = []
    for _ in range(REPETITIONS):
        for way in ways:
            empty, whole, other = taken([base.lane(size), way.lane(size), mirred.lane(size)])
            nothing.append(empty)
            rows[way.name].append((whole - empty, (whole - empty) / (other - empty)))
    print(f"\n{size} bytes{'':{NAME - len(str(size)) - 6}}{'added':>9}  x mirred    "
          f"(the base: {statistics.median(nothing):.0f} ns)")
    for name, values in rows.items():
        added, times = zip(*values)
        print(f"{name:{NAME}}{ns(added)}{figures(times)}", flush=True)


def hashed_table(base, mirred, macsec, ways, size):
    """Beside one HMAC-MD5 of the frame and mirred, and MACsec without encryption."""
    print(f"\n{size} bytes, hashed{'':{NAME - len(str(size)) - 14}}{'added':>9}  "
          f"x (pass + mirred)     passes  x MACsec")
    for way in ways:
        added, times, passes, beside = [], [], [], []
        for _ in range(REPETITIONS):
            lanes = [base.lane(size), mirred.lane(size), macsec.lane(size), digest(size),
                     *way.lanes(size)]
            empty, other, sec, one, whole, part = taken(lanes)
            added.append(whole - part)
            times.append((whole - part) / (one + other - empty))
            passes.append((whole - part) / one)
            beside.append((whole - part) / (sec - empty))
        print(f"{way.name:{NAME}}{ns(added)}{figures(times)}{statistics.median(passes):8.2f}"
              f"{statistics.median(beside):10.2f}", flush=True)


def foreign_table(base, pairs, size):
    """What ports cost those whose frames are not RoMON's."""
    print(f"\n{size} bytes of IPv4{'':{NAME - len(str(size)) - 14}}{'added':>9}  by a port, of that")
    for without, others in pairs:
        for way in others:
            added, more = [], []
            for _ in range(REPETITIONS):
                empty, whole, port = taken([base.lane(size), without.lane(size), way.lane(size)])
                added.append(port - empty)
                more.append(100 * (port - whole) / (whole - empty))
            print(f"{way.name:{NAME}}{ns(added)}{statistics.median(more):7.1f} %  "
                  f"({min(more):.1f} to {max(more):.1f})", flush=True)


def main():
    os.sched_setaffinity(0, {0})
    subprocess.run(["modprobe", "romon-bench"], check=True)
    net.netns("g")
    genl.Romon(net["g"]).do("port-set", interface="all", forbid=1)
    base, mirred, relay = Base(net), Mirred(net), Relay(net)
    macsec = Macsec(net, "MACsec hop, integrity only", False)
    ways = [Mirred(net, "another of the same"), Bridge(net), Batman(net), macsec,
            Macsec(net, "... encrypted", True), relay, Romon(net, "RoMON, unhashed"),
            Romon(net, "... members of a bridge", member=True),
            Romon(net, "... in fragments", linear=128), Romon(net, "... 16 hops", hops=16)]
    g = net.router("g", "02:00:00:00:00:97")
    hashed = [Hashed(net, "RoMON, one secret", g, SECRETS[:1]),
              Hashed(net, "... another on the way out", g, SECRETS[:1], SECRETS[1:2]),
              Hashed(net, "... the last of eight", g, SECRETS)]
    routed = Routed(net, "routed by IP", False)
    foreign = [(Foreign(net, "", False), [Foreign(net, "a bridge without ports", False),
                                          Foreign(net, "a bridge, its members ports", True)]),
               (routed, [Routed(net, "routed by IP without ports", False),
                         Routed(net, "routed by IP between ports", True)])]
    for size in SIZES:
        ways_table(base, mirred, ways if size > SIZES[0] else ways[:-1], size)
        hashed_table(base, mirred, macsec, hashed, size)
        foreign_table(base, foreign, size)
    relay.close()


if __name__ == "__main__":
    main()
