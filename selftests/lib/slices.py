# SPDX-License-Identifier: GPL-2.0-only
"""Frames sent in slices of a fraction of a millisecond, and what each took.

    lanes = [Lane("a", "b", frame), digest(1500)]
    for ns in quiet(measure("g", lanes, 400)): ...

A lane is a frame, the device that it is sent by and the one where it has to
arrive, in one namespace. All lanes take turns, so that what disturbs the machine
disturbs all of them. The module romon-bench does it, see bench/module.
"""

import os
import struct

import genl

BENCH = "/sys/kernel/debug/romon-bench"
FRAMES = 256
_REQUEST, _LANE, _SLICE = struct.Struct("IIII"), struct.Struct("16s16sII2048s"), struct.Struct("QQ")


class Lane:
    """linear: so many bytes of the frame in the skb's head"""

    def __init__(self, source, sink, frame, linear=None):
        self.sink = sink
        self.packed = _LANE.pack(source.encode(), sink.encode(), len(frame), linear or len(frame),
                                 frame)


def digest(size):
    """One HMAC-MD5 of so many bytes."""
    return Lane("", "", bytes(size))


def measure(netns, lanes, number, whole=True):
    """For each lane the ns a frame of each of so many slices.

    whole: every frame has to arrive, else slices of which one did not are left out.
    """
    with genl.netns(netns):
        fd = os.open(BENCH, os.O_RDWR)
        try:
            os.write(fd, _REQUEST.pack(len(lanes), number, FRAMES, 0) +
                     b"".join(lane.packed for lane in lanes))
            data = b"".join(iter(lambda: os.read(fd, 1 << 20), b""))
        finally:
            os.close(fd)
    found = [[] for _ in lanes]
    for i, (ns, delivered) in enumerate(_SLICE.iter_unpack(data)):
        lane = i % len(lanes)
        if delivered != FRAMES and not whole:
            continue
        if delivered != FRAMES:
            raise RuntimeError(f"{delivered} of {FRAMES} frames have come to {lanes[lane].sink} "
                               f"in slice {i // len(lanes)}")
        found[lane].append(ns / FRAMES)
    return found


def quiet(lanes):
    """For each lane the mean of its quietest tenth."""
    return [sum(part) / len(part) for part in
            (sorted(values)[:max(len(values) // 10, 1)] for values in lanes)]
