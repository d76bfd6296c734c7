#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
"""Devices, namespaces and the module come and go under load.

    a --- b --- c --- a      all three send floods and echo requests all the time

What leaks or warns is found by whoever looks into the kernel's log; here it is
seen that everything goes on, and works afterwards.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time

from harness import LIMIT, SLOW, Network, amount, build, ip, main, test, wait_for
import genl

ROUNDS = int(os.environ.get("ROUNDS") or amount(20, 100) * (1 if SLOW else 2))
# Batches of ip(8), because an exec takes longer than what it asks for.
AT_ONCE = 10
ID = {name: f"02:00:00:00:00:0{name}" for name in "abc"}
net = Network()
load = None


def wire():
    net.veth(
        ("a", "to-b", "02:01:00:00:00:ab", "b", "to-a", "02:01:00:00:00:ba"),
        ("b", "to-c", "02:01:00:00:00:bc", "c", "to-b", "02:01:00:00:00:cb"),
        ("c", "to-a", "02:01:00:00:00:ca", "a", "to-c", "02:01:00:00:00:ac"),
    )


def enable():
    for name in "abc":
        net.router(name, ID[name], node_timeout=2, max_origins=64)


def setup():
    net.netns("a", "b", "c", "move")
    wire()
    enable()
    start_load()


def run_load():
    """Ask for floods and send echo requests, whatever becomes of them."""
    sockets = {}
    sent = 0
    while True:
        for name in "abc":
            try:
                if name not in sockets:
                    nl = genl.Romon(net[name], timeout=5)
                    port = nl.get("endpoint-bind")["local_port"]
                    sockets[name] = nl, port
                nl, port = sockets[name]
                nl.pending.clear()
                if sent % 8 == 0:
                    nl.do("discover")
                for other in "abc":
                    if other != name:
                        nl.do("datagram-send", id=ID[other], local_port=port, remote_port=1,
                              payload=bytes(sent % 1000))
                sent += 1
            except (OSError, ValueError):
                # Off, gone, or being unloaded: again.
                if name in sockets:
                    sockets.pop(name)[0].close()
        time.sleep(0.01)


def start_load():
    global load
    sys.stdout.flush()
    load = os.fork()
    if not load:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            run_load()
        finally:
            os._exit(1)


def stop_load():
    global load
    if load:
        os.kill(load, signal.SIGKILL)
        os.waitpid(load, 0)
        load = None


def works(*names):
    """Each finds and reaches all others."""
    for one in names:
        nl = genl.Romon(net[one])
        port = nl.get("endpoint-bind")["local_port"]
        for other in names:
            if other == one:
                continue

            def answered():
                try:
                    nl.do("datagram-send", id=ID[other], local_port=port, remote_port=1,
                          payload=b"there?")
                except genl.NetlinkError:
                    return False
                event = nl.event(3, lambda command, values: values.get("id") == ID[other])
                return event and event[0] == "datagram-rcv"

            wait_for(answered, f"an answer of {other} to {one}")
        nl.close()


@test
def devices_are_removed_while_frames_are_on_their_way():
    a, b = genl.Romon(net["a"]), genl.Romon(net["b"])
    for _ in range(ROUNDS // AT_ONCE):
        # All of a batch are there at once, carry floods, and go.
        many = range(AT_ONCE)
        ip(*(f"link add name x{n} netns {net['a']} type veth peer name x{n} netns {net['b']}"
             for n in many))
        build.up(net["a"])
        build.up(net["b"])
        a.do("discover")
        b.do("discover")
        ip(*(f"link del dev x{n}" for n in many), ns=net["a"])
    works("a", "b", "c")


@test
def ports_flap():
    def lines(number):
        dev = ("to-b", "to-c")[number % 2]
        return [f"link set dev {dev} down", f"link set dev {dev} up"]

    for first in range(0, ROUNDS, AT_ONCE):
        ip(*(line for n in range(AT_ONCE) for line in lines(first + n)), ns=net["a"])
    works("a", "b", "c")


@test
def port_entries_change():
    nl = genl.Romon(net["a"])
    for number in range(ROUNDS):
        nl.do("port-add", interface="to-b", cost=number, forbid=number % 2)
        nl.do("port-set", interface="to-b", cost=number + 1, forbid=0, comment="x" * (number % 200))
        nl.do("port-set", interface="all", forbid=number % 2)
        nl.do("port-del", interface="to-b")
    nl.do("port-set", interface="all", forbid=0, cost=100)
    works("a", "b", "c")


@test
def romon_is_switched_off_and_on():
    nl = genl.Romon(net["a"])
    for number in range(ROUNDS):
        nl.do("config-set", enabled=0)
        nl.do("config-set", enabled=1, max_origins=10 + number % 50)
    works("a", "b", "c")


@test
def the_id_and_the_limits_change():
    nl = genl.Romon(net["b"])
    for number in range(ROUNDS):
        nl.do("config-set", id=f"02:00:00:00:01:{number % 250:02x}", max_origins=10 + number % 50,
              identity="x" * (number % 255), hop_limit=1 + number % 100,
              max_nodes=1 + number % 3, max_edges=1 + number % 3, queue_len=1 + number % 5)
    nl.do("config-set", id=ID["b"], identity="b", hop_limit=32, max_nodes=1000, max_edges=1000,
          queue_len=1024)
    works("a", "b", "c")


@test
def a_device_moves_between_namespaces():
    there = genl.Romon(net["move"])
    there.do("config-set", enabled=1, id="02:00:00:00:00:99", max_origins=64)
    for _ in range(0, ROUNDS, AT_ONCE):
        ip(f"link set dev to-b netns {net['move']}", ns=net["a"])
        lines = []
        for _ in range(AT_ONCE):
            lines += ["link set dev to-b up", "link set dev to-b down"]
        ip(*lines, f"link set dev to-b netns {net['a']}", ns=net["move"])
        ip("link set dev to-b up", ns=net["a"])
    works("a", "b", "c")


@test
def namespaces_are_removed_with_all_that_is_in_them():
    stop_load()
    for _ in range(max(1, ROUNDS // AT_ONCE)):
        names = [f"gone{n}" for n in range(AT_ONCE)]
        net.netns(*names)
        ip(*(f"link add name g{n} netns {net['a']} type veth peer name g netns {net[name]}"
             for n, name in enumerate(names)))
        build.up(net["a"])
        for n, name in enumerate(names):
            build.up(net[name])
            nl = net.router(name, f"02:00:00:00:02:{n:02x}", max_origins=16)
            nl.do("port-add", interface="g", cost=n)
            nl.do("port-add", interface="absent", cost=n)
            port = nl.get("endpoint-bind")["local_port"]
            nl.do("discover")
            # One that is answered, and one that waits for a route for ever.
            for other in (ID["a"], "02:77:77:77:77:77"):
                nl.do("datagram-send", id=other, local_port=port, remote_port=1, payload=b"x")
            nl.close()
        ip(*(f"netns del {net.names.pop(name)}" for name in names))
    start_load()
    works("a", "b", "c")


MASTERS = [
    "link add name br0 up type bridge",
    "link add name bond0 up type bond miimon 100",
    "link add name team0 up type team",
]


KERNEL = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])


def join_and_leave(dev, master):
    """It stays in the bridge, for what comes next to find it there."""
    return [
        f"link set dev {dev} down",
        f"link set dev {dev} master {master}",
        f"link set dev {dev} nomaster",
        f"link set dev {dev} down",
        f"link set dev {dev} name renamed",
        "link set dev renamed up",
        "link set dev renamed master br0",
        # While it is up, where the kernel lets one do that.
        *(["link set dev renamed down"] if KERNEL < (6, 2) else []),
        f"link set dev renamed name {dev}",
        f"link set dev {dev} up",
    ]


@test
def devices_join_and_leave_masters_and_move_as_members():
    devices = [f"x{n}" for n in range(AT_ONCE)]
    ip(*(f"link add name {dev} netns {net['a']} type veth peer name {dev} netns {net['b']}"
         for dev in devices))
    for name in ("a", "b"):
        build.up(net[name])
    for name in ("a", "move"):
        ip(*MASTERS, ns=net[name])
    masters = itertools.cycle(("br0", "bond0", "team0"))
    for first in range(0, ROUNDS, AT_ONCE):
        ip(*(line for dev in devices for line in join_and_leave(dev, next(masters))), ns=net["a"])
        if first % (5 * AT_ONCE) == 0:
            with no_kunit():
                reload_module()
        ip(*(f"link set dev {dev} netns {net['move']}" for dev in devices), ns=net["a"])
        lines = []
        for dev in devices:
            lines += [f"link set dev {dev} up", f"link set dev {dev} master br0"]
        # Half of them leave as members.
        lines += [f"link set dev {dev} nomaster" for dev in devices[::2]]
        ip(*lines, *(f"link set dev {dev} netns {net['a']}" for dev in devices), ns=net["move"])
        ip(*(f"link set dev {dev} up" for dev in devices), ns=net["a"])
    works("a", "b", "c")
    ip(*(f"link del dev {dev}" for dev in devices + ["br0", "bond0", "team0"]), ns=net["a"])
    ip(*(f"link del dev {dev}" for dev in ("br0", "bond0", "team0")), ns=net["move"])
    works("a", "b", "c")


KUNIT_FILTER = "/sys/module/kunit/parameters/filter_glob"


@contextlib.contextmanager
def no_kunit():
    """The debug module's unit tests, which take seconds, run each time that it
    is loaded."""
    if not os.path.exists(KUNIT_FILTER):
        yield
        return
    try:
        with open(KUNIT_FILTER, "w") as file:
            file.write("none\n")
        yield
    finally:
        with open(KUNIT_FILTER, "w") as file:
            file.write("*\n")


@test
def the_module_is_unloaded_and_loaded():
    with no_kunit():
        for _ in range(max(5, ROUNDS // 4)):
            reload_module()
    works("a", "b", "c")


def reload_module():
    # A request holds the module, and on one CPU the load is interrupted in
    # one more often than not. Its floods, answers and datagrams that wait go
    # on.
    os.kill(load, signal.SIGSTOP)
    wait_for(
        lambda: subprocess.run(["modprobe", "-r", "romon"], stderr=-3).returncode == 0,
        "modprobe -r romon",
    )
    subprocess.run(["modprobe", "romon"], check=True)
    os.kill(load, signal.SIGCONT)
    enable()


@test
def it_works_afterwards():
    stop_load()
    works("a", "b", "c")
    nl = genl.Romon(net["a"])
    nl.do("discover")
    wait_for(lambda: nl.get("config-get")["nodes"] == 2, "two known routers", LIMIT)


if __name__ == "__main__":
    try:
        main(setup)
    finally:
        stop_load()
