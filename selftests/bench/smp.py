#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""How much more two CPUs forward than one.

    smp.py [REPETITIONS [SLICES]]       by default 9 and 2000

The frames of forward.py, by two generators at once, each on a CPU where all that
becomes of its frames is done. Either each has two ports of the router for itself,
or both have the same two. Told is what both forward in a time by what one does
alone; the two take turns at that in the same run. What comes to the same end is
told apart by its length.
"""

import os
import statistics
import subprocess
import sys

from harness import Network
import genl
from slices import measure
from ways import Hashed, Mirred, Romon

REPETITIONS, SLICES = (int(word) for word in (sys.argv[1:] + ["9", "2000"][len(sys.argv) - 1:]))
SIZES = 128, 512, 1500
CPUS = 2
net = Network()


def rate(lane):
    """Frames a microsecond, of a slice as others are."""
    # A CPU that does not run for a while keeps numbers that fall behind the window.
    (taken,) = measure(net["g"], [lane], SLICES, whole=False)
    return 1000 / statistics.median(taken) if len(taken) > SLICES / 2 else 0


def rates(lanes):
    """Of each lane, by all at once on a CPU each."""
    gate, pipes = os.pipe(), []
    for cpu, lane in enumerate(lanes):
        reader, writer = os.pipe()
        if not os.fork():
            try:
                os.sched_setaffinity(0, {cpu})
                os.close(gate[1])
                os.read(gate[0], 1)
                os.write(writer, f"{rate(lane)}".encode())
            finally:
                os._exit(0)
        os.close(writer)
        pipes.append(reader)
    for end in reversed(gate):
        os.close(end)
    found = [float(os.read(reader, 64)) for reader in pipes]
    for reader in pipes:
        os.close(reader)
        os.wait()
    return found


def row(name, lanes):
    times = []
    for _ in range(REPETITIONS):
        alone = [rates([lane])[0] for lane in lanes]
        times.append(sum(rates(lanes)) / statistics.mean(alone))
    print(f"{name:34}{statistics.median(times):6.2f}  ({min(times):.2f} to {max(times):.2f})",
          flush=True)


def main():
    subprocess.run(["modprobe", "romon-bench"], check=True)
    net.netns("g")
    genl.Romon(net["g"]).do("port-set", interface="all", forbid=1)
    mirred = [Mirred(net) for _ in range(CPUS)]
    romon = [Romon(net, "RoMON") for _ in range(CPUS)]
    g = net.router("g", "02:00:00:00:00:97")
    hashed = [Hashed(net, "RoMON", g, ["a secret"]) for _ in range(CPUS)]
    for size in SIZES:
        print(f"\n{size} bytes{'':{28 - len(str(size))}} x one CPU")
        row("tc mirred, ports of its own", [way.lane(size) for way in mirred])
        row("... the same ports", [mirred[0].lane(size - 2 * i) for i in range(CPUS)])
        row("RoMON, unhashed, ports of its own", [way.lane(size) for way in romon])
        row("... the same ports", [romon[0].lane(size - 2 * i) for i in range(CPUS)])
        row("RoMON, hashed, ports of its own", [way.lanes(size)[0] for way in hashed])
        row("... the same ports", [hashed[0].lanes(size - 2 * i)[0] for i in range(CPUS)])


if __name__ == "__main__":
    main()
