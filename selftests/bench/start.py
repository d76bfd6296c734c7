#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""How long it takes until RoMON is there, and what memory it takes then.

    start.py [TIMES]        20 by default

Loading the module, enabling, the tool from its start to its end, beside ip; and
what a port and a neighbour take, of hundreds of them in slabs.
"""

import os
import statistics
import subprocess
import sys
import time

from harness import Network, ip, wait_for
import genl
from slabs import settled, slab

TIMES = int((sys.argv[1:] + ["20"])[0])
PORTS = 200
R, X = "02:00:00:00:00:01", "02:00:00:00:00:02"
net = Network()


def say(what, values, unit="ms", digits=2):
    print(f"{what:44}{statistics.median(values):9.{digits}f} {unit}"
          f"  ({min(values):.{digits}f} to {max(values):.{digits}f})", flush=True)


def taken(function):
    start = time.monotonic()
    function()
    return 1000 * (time.monotonic() - start)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def load():
    """In turn with taking it out, which is no matter here."""
    found = []
    for _ in range(TIMES):
        run("modprobe", "-r", "romon")
        found.append(taken(lambda: run("modprobe", "romon")))
    return found


def enable(nl):
    found = []
    for _ in range(TIMES):
        nl.do("config-set", enabled=0)
        found.append(taken(lambda: nl.do("config-set", enabled=1)))
    return found


def ports(key, n):
    """The bytes that each of so many takes, with a netdevice that is there before."""
    name = net[key]
    ip(*(f"link add d{i} up type dummy" for i in range(n)), ns=name)
    nl = genl.Romon(name)
    nl.do("config-set", id=R)
    before = settled(slab)
    nl.do("config-set", enabled=1)
    return (settled(slab) - before) / n


def neighbors(n):
    """Of one port, each behind a port of another router on a bridge."""
    one, other = net.netns("one", "other")
    ip("link add hub type bridge", "link set hub up",
       "link add leg master hub up type veth peer name port", "link set port up", ns=one)
    ip(*(f"link add v{i} master hub up type veth peer name v{i} netns {other}" for i in range(n)),
       ns=one)
    ip(*(f"link set v{i} up" for i in range(n)), ns=other)
    r, x = genl.Romon(one), genl.Romon(other)
    how = {"secrets": ["a secret"], "hello_interval": 3600}
    x.do("config-set", id=X, enabled=1, **how)
    r.do("config-set", id=R, **how)
    r.do("port-set", interface="all", forbid=1)
    r.do("port-add", interface="port")
    before = settled(slab)
    r.do("config-set", enabled=1)
    wait_for(lambda: len(r.whole_dump("neighbor-get")) >= n, "neighbours", 60)
    return (settled(slab) - before) / n


def main():
    run("modprobe", "romon")
    say("modprobe romon", load())
    (name,) = net.netns("r")
    nl = genl.Romon(name)
    nl.do("config-set", id=R)
    say("enable", enable(nl))
    for command in (("romon", "-V"), ("romon", "-n", name, "show"), ("romon", "-n", name, "port"),
                    ("ip", "-n", name, "link"), ("ip", "-V")):
        say(" ".join("NS" if word == name else word for word in command),
            [taken(lambda: run(*command)) for _ in range(TIMES)])
    say("a port", [ports("r2", PORTS) for _ in net.netns("r2")], "bytes", 0)
    say("a neighbour, on both ends", [neighbors(PORTS)], "bytes", 0)


if __name__ == "__main__":
    main()
