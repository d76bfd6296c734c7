#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: memcg
"""What a router learns is charged to the memory cgroup of who has enabled it.

    r === x

x answers for many routers. It is in the cgroup at the root, and r's enabling in
one below.
"""

import contextlib
import os
import subprocess
import tempfile

from harness import LIMIT, check, equal, main, note, skip_all, test, wait_for
from one_router import OneRouter
import romonframe as rf

X = "02:66:00:00:00:00"
ROUTERS = 2000
# Of slab for a router and the edge to it, at least.
EACH = 200


class Group:
    """A memory cgroup, of which this process can be for some time."""

    def __init__(self, name):
        self.path = f"{root}/{name}"
        os.mkdir(self.path)

    def read(self, file):
        with open(f"{self.path}/{file}") as f:
            return f.read()

    def write(self, file, value):
        with open(f"{self.path}/{file}", "w") as f:
            f.write(str(value))

    def slab(self):
        return int(dict(line.split() for line in self.read("memory.stat").splitlines())["slab"])

    def killed(self):
        events = dict(line.split() for line in self.read("memory.events").splitlines())
        return int(events["oom_kill"])

    @contextlib.contextmanager
    def inside(self):
        self.write("cgroup.procs", os.getpid())
        try:
            yield
        finally:
            with open(f"{root}/cgroup.procs", "w") as f:
                f.write(str(os.getpid()))


def router(group, id):
    with group.inside():
        return OneRouter("r", id, "cable", node_timeout=3600, queue_len=2 * ROUTERS)


def invent(one, number):
    """x, and so many routers behind it."""
    asked = one.flood()["cable"]
    port = one.ports["cable"]
    end = rf.End(1, 1500, 100, port.mac)
    port.send_frame(rf.answered(asked["frame"], X, end), dst=asked["eth_src"])
    passed_on = rf.forwarded(asked["frame"], X, end, asked["eth_src"],
                             rf.End(2, 1500, 100, "02:66:01:00:00:00"))
    for i in range(number):
        mac = f"02:67:00:00:{i // 256:02x}:{i % 256:02x}"
        frame = rf.answered(passed_on, mac, rf.End(3, 1500, 100, mac), f"router-{i}")
        port.send_frame(rf.resp_step(frame)[0], dst=asked["eth_src"])


def mount():
    """Where cgroups are, and what controls them."""
    where = tempfile.mkdtemp(prefix="romon-cgroup.")
    subprocess.run(["mount", "-t", "cgroup2", "none", where], check=True)
    with open(f"{where}/cgroup.controllers") as f:
        return where, f.read().split()


def setup():
    with open(f"{root}/cgroup.subtree_control", "w") as f:
        f.write("+memory")


@test
def routers_and_edges_are_charged_to_who_has_enabled():
    group = Group("routers")
    one = router(group, "02:00:00:00:00:01")
    before = group.slab()
    invent(one, ROUTERS)
    wait_for(lambda: one.nl.get("config-get")["nodes"] == ROUTERS + 1, "all routers", 10 * LIMIT)
    wait_for(lambda: group.slab() >= before + EACH * ROUTERS, "them to be charged")
    note(f"{(group.slab() - before) / ROUTERS:.0f} bytes a router")
    one.nl.do("config-set", enabled=0)
    wait_for(lambda: group.slab() < before + EACH * ROUTERS // 2, "them to be given back")


@test
def what_has_no_room_is_dropped_and_nobody_killed():
    group = Group("room")
    one = router(group, "02:00:00:00:00:02")
    with subprocess.Popen(["sleep", "infinity"]) as somebody:
        group.write("cgroup.procs", somebody.pid)
        invent(one, 1)
        wait_for(lambda: one.nl.get("config-get")["nodes"] == 2, "the first routers")
        group.write("memory.max", int(group.read("memory.current")) + (256 << 10))
        invent(one, ROUTERS)
        wait_for(lambda: one.nl.drops().get("no_memory"), "drops for want of memory", 10 * LIMIT)
        equal((group.killed(), somebody.poll()), (0, None), "who was killed")
        check(one.nl.get("config-get")["nodes"] < ROUTERS, "all routers are known")
        group.write("memory.max", "max")
        invent(one, ROUTERS)
        wait_for(lambda: one.nl.get("config-get")["nodes"] == ROUTERS + 1, "all routers",
                 10 * LIMIT)
        somebody.kill()


if __name__ == "__main__":
    root, controllers = mount()
    if "memory" not in controllers:
        skip_all("this kernel has no memory cgroups")
    main(setup)
