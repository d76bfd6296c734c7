#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The last step of lib.sh's `build`, for all routers in one process, because
an exec takes a tenth of a second in the debug kernel. Reads from standard
input, a line each:

    up NETNS
    cost NETNS DEVICE COST
    enable NETNS ID IDENTITY BOARD      BOARD may be "auto"
"""

import fcntl
import socket
import struct
import sys

import genl

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def up(ns, devices=None, on=True):
    """Set devices up, or down; all of a namespace if none are named."""
    with genl.netns(ns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name in devices or [name for _, name in socket.if_nameindex()]:
            request = fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16sH22x", name.encode(), 0))
            flags = struct.unpack_from("H", request, 16)[0] & ~IFF_UP | (IFF_UP if on else 0)
            fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), flags))


def main():
    routers = {}

    def router(ns):
        if ns not in routers:
            routers[ns] = genl.Romon(ns)
        return routers[ns]

    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        verb, ns, *rest = words
        if verb == "up":
            up(ns)
        elif verb == "cost":
            router(ns).do("port-add", interface=rest[0], cost=int(rest[1]))
        elif verb == "enable":
            router_id, identity, board = rest
            board = "" if board == "auto" else board
            router(ns).do("config-set", id=router_id, identity=identity, board=board, enabled=1)
        else:
            sys.exit(f"build.py: {verb}?")


if __name__ == "__main__":
    main()
