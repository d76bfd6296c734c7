#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""Port entries, and the devices they are about.

Devices are dummies, which are Ethernet and cost nothing, in a namespace for
each test.
"""

import errno
import fcntl
import itertools
import os
import socket
import struct
import subprocess

from harness import Failed, Network, check, equal, ip, main, test, wait_for
import genl
import romonframe as rf

net = Network()
count = itertools.count(1)
ROUNDS = 6


class Router:
    """A fresh namespace with an enabled router."""

    def __init__(self, enabled=1, id="02:00:00:00:00:01"):
        (self.ns,) = net.netns(f"p{next(count)}")
        self.nl = genl.Romon(self.ns)
        if enabled:
            self.nl.do("config-set", enabled=1, id=id)

    def ip(self, *lines):
        ip(*lines, ns=self.ns)

    def run(self, command):
        subprocess.run(["ip", "netns", "exec", self.ns] + command.split(), check=True)

    def dummy(self, name, mac=None):
        self.ip(f"link add name {name} {f'address {mac}' if mac else ''} up type dummy")

    def port(self, name):
        return self.nl.get("port-get", interface=name)

    def state(self, name):
        return self.port(name)["state"]

    def rows(self):
        return {port["interface"]: port for port in self.nl.whole_dump("port-get")}


def refused(number, router, command, **values):
    """The request fails with this errno and a sentence, and says where."""
    try:
        router.nl.do(command, **values)
    except genl.NetlinkError as wrong:
        what = f"{command} {values}: {wrong}"
        equal(wrong.errno, number, f"{what}: errno")
        check(" " in wrong.message, f"{what}: no sentence")
        check(wrong.offset or wrong.missing, f"{what}: points at no attribute")
        return wrong.message
    raise Failed(f"{command} {values} was not refused")


@test
def every_ethernet_device_is_a_port_by_the_wildcard_entry():
    r = Router()
    r.dummy("one")
    r.ip("link add v0 up type veth peer name v1", "link set dev v1 up",
         "link add link one name one.7 up type vlan id 7",
         "link add link one name mv0 up type macvlan")
    for dev in ("one", "v0", "v1", "one.7", "mv0"):
        port = r.port(dev)
        equal((port["state"], port["cost"], port["dynamic"], port["default"]),
              ("running", 100, 1, 0), dev)
    every = r.port("all")
    equal((every["cost"], every["forbid"], every["default"], every["dynamic"]),
          (100, 0, 1, 0), "the wildcard entry")
    equal(set(r.rows()), {"all", "lo", "one", "v0", "v1", "one.7", "mv0"}, "rows")


@test
def entries_for_absent_devices_take_effect_when_they_appear():
    r = Router()
    r.nl.do("port-add", interface="later", cost=7, comment="uplink")
    equal(r.state("later"), "absent", "without a device")
    check("link" not in r.port("later"), "an absent device has a link")
    for _ in range(2):
        r.dummy("later")
        port = r.port("later")
        equal((port["state"], port["cost"], port["comment"], port["dynamic"]),
              ("running", 7, "uplink", 0), "with the device")
        r.ip("link del dev later")
        equal(r.state("later"), "absent", "after it has gone")


@test
def a_renamed_device_follows_its_name():
    r = Router()
    r.nl.do("port-add", interface="a", cost=7)
    r.nl.do("port-add", interface="b", cost=9)
    r.dummy("a")
    equal((r.state("a"), r.state("b")), ("running", "absent"), "as a")
    r.ip("link set dev a down", "link set dev a name b", "link set dev b up")
    equal((r.state("a"), r.state("b"), r.port("b")["cost"]), ("absent", "running", 9), "as b")
    r.ip("link set dev b down", "link set dev b name c", "link set dev c up")
    equal((r.state("b"), r.state("c"), r.port("c")["cost"]), ("absent", "running", 100), "as c")
    equal(r.port("c")["dynamic"], 1, "c has no entry")
    refused_name = refused(errno.ENODEV, r, "port-get", interface="d")
    check("d" in refused_name, "sentence")


@test
def a_new_mac_and_mtu_are_followed_at_once():
    r = Router()
    r.dummy("d", "02:aa:00:00:00:01")
    equal((r.port("d")["mac"], r.port("d")["l2mtu"]), ("02:aa:00:00:00:01", 1500), "at first")
    r.ip("link set dev d address 02:aa:00:00:00:02", "link set dev d mtu 1280")
    equal((r.port("d")["mac"], r.port("d")["l2mtu"]), ("02:aa:00:00:00:02", 1280), "now")


@test
def frames_are_sent_with_the_new_mac_and_tell_the_new_mtu():
    r = Router()
    r.ip("link add v up type veth peer name w", "link set dev w up")
    with genl.netns(r.ns):
        peer = rf.Port("w")
    r.nl.do("port-add", interface="w", forbid=1)
    for mac, mtu in (("02:aa:00:00:00:01", 1500), ("02:aa:00:00:00:02", 1400)):
        r.ip(f"link set dev v address {mac}", f"link set dev v mtu {mtu}")
        peer.drain()
        r.nl.do("discover")
        data = peer.recv(30, lambda frame: frame["type"] == rf.DISCOVER)
        check(data, "no Discover")
        frame = rf.parse(data)
        equal(rf.mac_str(frame["eth_src"]), mac, "source")
        end = frame["routes"][0].end_out
        equal((rf.mac_str(end.mac), end.l2mtu), (mac, mtu), "its Route TLV")


@test
def down_and_up_are_followed_at_once():
    r = Router()
    r.dummy("d")
    for _ in range(3):
        r.ip("link set dev d down")
        equal(r.state("d"), "down", "after it went down")
        r.ip("link set dev d up")
        equal(r.state("d"), "running", "after it came up")


@test
def a_lost_carrier_is_followed():
    r = Router()
    r.ip("link add v up type veth peer name w", "link set dev w up")
    equal(r.state("v"), "running", "with its peer up")
    r.ip("link set dev w down")
    # Link watch works when it gets to it.
    wait_for(lambda: r.state("v") == "no-carrier", "no-carrier with the peer down")
    r.ip("link set dev w up")
    wait_for(lambda: r.state("v") == "running", "running with the peer up again")


SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8913, 0x8914, 1, 0x40


@test
def a_port_runs_once_what_is_sent_by_it_leaves():
    """A device has its carrier some time before the kernel, in a thread of its own,
    opens its queues: what is sent before that is dropped."""
    r = Router()
    r.nl.do("port-set", interface="all", forbid=1)
    r.ip("link add name v0 type veth peer name v1")
    with genl.netns(r.ns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        # That thread has to wait, where there is one CPU only.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        try:
            for name in "v0", "v1":
                fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh14x", name.encode(), IFF_UP))
            r.nl.do("port-set", interface="all", forbid=0)
            state = r.state("v0")
            (flags,) = struct.unpack(
                "16xh14x", fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16s16x", b"v0")))
        finally:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    check(state != "running" or flags & IFF_RUNNING, f"{state}, flags {flags:#x}")
    check(state in ("running", "no-carrier"), state)
    wait_for(lambda: r.state("v0") == "running", "the port runs")


@test
def a_device_that_moves_to_another_namespace_is_followed():
    r, s = Router(), Router(id="02:00:00:00:00:02")
    s.nl.do("port-add", interface="d", cost=5)
    r.dummy("d")
    for _ in range(3):
        r.ip(f"link set dev d netns {s.ns}")
        refused(errno.ENODEV, r, "port-get", interface="d")
        s.ip("link set dev d up")
        equal((s.state("d"), s.port("d")["cost"]), ("running", 5), "there")
        s.ip(f"link set dev d netns {r.ns}")
        equal(s.state("d"), "absent", "there after it came back")
        r.ip("link set dev d up")
        equal((r.state("d"), r.port("d")["cost"]), ("running", 100), "back here")


@test
def an_entry_of_its_own_beats_the_wildcard():
    r = Router()
    r.dummy("d")
    r.nl.do("port-set", interface="all", cost=50)
    equal(r.port("d")["cost"], 50, "cost by the wildcard")
    r.nl.do("port-add", interface="d", cost=3)
    equal(r.port("d")["cost"], 3, "cost by its own entry")
    r.nl.do("port-set", interface="all", cost=60, forbid=1)
    equal((r.port("d")["cost"], r.state("d")), (3, "running"), "with all forbidden")
    r.nl.do("port-set", interface="d", cost=0)
    equal(r.port("d")["cost"], 0, "changed to 0")
    r.nl.do("port-set", interface="d", cost=65535)
    equal(r.port("d")["cost"], 65535, "changed to 65535")
    r.nl.do("port-del", interface="d")
    equal((r.port("d")["cost"], r.state("d")), (60, "forbidden"), "after its entry was removed")


def named(r, dev, *names):
    """Give a device alternative names."""
    r.ip(*(f"link property add dev {dev} altname {name}" for name in names))


def unnamed(r, dev, *names):
    r.ip(*(f"link property del dev {dev} altname {name}" for name in names))


@test
def an_entry_by_an_alternative_name_is_the_entry_of_its_device():
    steps = {
        "entry": lambda r: r.nl.do("port-add", interface="wan", forbid=1),
        "device": lambda r: r.dummy("e0"),
        "name": lambda r: named(r, "e0", "wan"),
    }
    for order in itertools.permutations(steps):
        if order.index("name") < order.index("device"):
            continue
        r = Router()
        for step in order:
            steps[step](r)
        for name in ("wan", "e0"):
            port = r.port(name)
            equal((port["interface"], port.get("device"), port["state"], port["dynamic"]),
                  ("wan", "e0", "forbidden", 0), f"{name}, in the order {order}")
            check("link" not in port, f"{name} has a link, in the order {order}")
        check("e0" not in r.rows(), f"e0 has a row beside that of wan, in the order {order}")
        r.nl.do("port-set", interface="e0", forbid=0, cost=7)
        port = r.port("wan")
        equal((port["state"], port["cost"]), ("running", 7), "set by the device's name")
        r.nl.do("port-del", interface="e0")
        port = r.port("e0")
        equal((port["state"], port["cost"], port["dynamic"]), ("running", 100, 1), "removed")
        check("device" not in port, "its own name is told twice")


@test
def an_alternative_name_that_moves_takes_its_entry_along():
    r = Router()
    r.dummy("e0")
    r.dummy("e1")
    r.nl.do("port-add", interface="wan", forbid=1)
    for down in (False, True):
        for has, other in (("e0", "e1"), ("e1", "e0")):
            if down:
                r.ip("link set dev e0 down", "link set dev e1 down")
            named(r, has, "wan")
            if down:
                r.ip("link set dev e0 up", "link set dev e1 up")
            equal((r.state(has), r.state(other), r.port("wan")["device"]),
                  ("forbidden", "running", has), f"named, while down: {down}")
            if down:
                r.ip(f"link set dev {has} down")
            unnamed(r, has, "wan")
            equal((r.state(has), r.port("wan").get("device"), "mac" in r.port("wan")),
                  ("down" if down else "running", None, False),
                  f"not named any more, while down: {down}")
            r.ip(f"link set dev {has} up")
            equal(r.state(has), "running", "up again")


@test
def a_renamed_device_keeps_the_entry_by_its_alternative_name():
    r = Router()
    r.dummy("e0")
    named(r, "e0", "wan", "uplink")
    r.nl.do("port-add", interface="uplink", cost=9)
    r.ip("link set dev e0 down", "link set dev e0 name e7", "link set dev e7 up")
    port = r.port("uplink")
    equal((port["state"], port["cost"], port["device"]), ("running", 9, "e7"), "renamed")
    equal(r.port("wan")["interface"], "uplink", "asked by its third name")
    r.ip("link del dev e7")
    port = r.port("uplink")
    equal((port["state"], port.get("device")), ("absent", None), "removed")


@test
def frames_pass_by_no_port_that_is_closed_by_an_alternative_name():
    r = Router()
    r.ip("link add v up type veth peer name w", "link set dev w up")
    with genl.netns(r.ns):
        peer = rf.Port("w")
    named(r, "w", "guest")
    r.nl.do("port-add", interface="guest", forbid=1)
    named(r, "v", "wan")
    r.nl.do("port-add", interface="wan", forbid=1)
    peer.drain()
    r.nl.do("discover")
    check(not peer.recv(1, lambda frame: frame["type"] == rf.DISCOVER), "a Discover left by it")
    r.nl.do("port-set", interface="wan", forbid=0)
    r.nl.do("discover")
    check(peer.recv(30, lambda frame: frame["type"] == rf.DISCOVER), "no Discover left by it")


@test
def of_two_entries_for_a_device_the_stricter_applies():
    secret, either = ("secret",), ("", "secret")
    kinds = [{"forbid": 1}, {"disabled": 1}, {"secrets": secret}, {},
             {"secrets": either}]
    for strict, lax in itertools.combinations(kinds, 2):
        for first, second in ((strict, lax), (lax, strict)):
            r = Router()
            r.dummy("e0")
            r.nl.do("port-add", interface="e0", cost=1 if first is strict else 2, **first)
            r.nl.do("port-add", interface="wan", cost=1 if second is strict else 2, **second)
            named(r, "e0", "wan")
            want = ("forbidden" if "forbid" in strict else
                    "disabled" if "disabled" in strict else "running")
            equal((r.state("e0"), r.state("wan")), (want, want), f"e0 {first}, wan {second}")
            unnamed(r, "e0", "wan")
            check("mac" not in r.port("wan"), "the entry whose name is gone has a device")


@test
def a_second_entry_for_a_device_is_refused_unless_it_closes_it():
    r = Router()
    r.dummy("e0")
    named(r, "e0", "wan", "uplink")
    r.nl.do("port-add", interface="wan", cost=7)
    for name in ("e0", "uplink"):
        sentence = refused(errno.EEXIST, r, "port-add", interface=name, cost=9)
        check("another of its names" in sentence, f"'{sentence}' does not say why")
        r.nl.do("port-add", interface=name, forbid=1)
        equal((r.state("wan"), r.state(name)), ("forbidden", "forbidden"), f"closed by {name}")
        r.nl.do("port-del", interface=name)
        equal((r.state("wan"), r.port("wan")["cost"]), ("running", 7), f"without {name}")


@test
def secrets_of_an_entry_whose_alternative_name_has_gone_are_used_no_more():
    r = Router()
    r.dummy("e0")
    for del_first in (False, True):
        named(r, "e0", "wan")
        r.nl.do("port-add", interface="wan", secrets=("one",))
        equal(r.state("e0"), "running", "its state")
        # There is no event of this.
        r.ip("link set dev e0 down")
        unnamed(r, "e0", "wan")
        if del_first:
            r.nl.do("port-del", interface="wan")
        else:
            r.nl.do("port-set", interface="wan", secrets=())
        r.ip("link set dev e0 up")
        r.nl.do("discover")
        port = r.port("e0")
        equal((port["state"], port["dynamic"]), ("running", 1), "by the wildcard")
        if not del_first:
            r.nl.do("port-del", interface="wan")


@test
def deny_all_then_allow():
    r = Router()
    r.nl.do("port-set", interface="all", forbid=1)
    for dev in ("a", "b"):
        r.dummy(dev)
    r.nl.do("port-add", interface="b")
    equal((r.state("a"), r.state("b")), ("forbidden", "running"), "states")
    check("link" not in r.port("a"), "a forbidden port has a link")


@test
def a_disabled_entry_takes_its_device_out():
    r = Router()
    r.dummy("d")
    r.nl.do("port-add", interface="d", disabled=1)
    equal(r.state("d"), "disabled", "with disabled on")
    r.nl.do("port-set", interface="d", disabled=0)
    equal(r.state("d"), "running", "with disabled off")


@test
def settings_that_are_not_named_stay():
    r = Router()
    r.nl.do("port-add", interface="d", cost=7, forbid=1, disabled=1, comment="here")
    r.nl.do("port-set", interface="d", cost=8)
    port = r.port("d")
    equal((port["cost"], port["forbid"], port["disabled"], port["comment"]),
          (8, 1, 1, "here"), "after the cost was set")
    r.nl.do("port-set", interface="d", comment="")
    check("comment" not in r.port("d"), "the comment is still there")


@test
def the_wildcard_entry_is_always_there():
    r = Router()
    refused(errno.EOPNOTSUPP, r, "port-del", interface="all")
    refused(errno.EOPNOTSUPP, r, "port-set", interface="all", disabled=1)
    refused(errno.EOPNOTSUPP, r, "port-set", interface="all", comment="x")
    refused(errno.EEXIST, r, "port-add", interface="all")
    equal(list(r.rows())[0], "all", "the first row")


@test
def an_entry_cannot_be_added_twice_or_be_changed_before():
    r = Router()
    r.dummy("d")
    refused(errno.ENOENT, r, "port-set", interface="d", cost=1)
    refused(errno.ENOENT, r, "port-del", interface="d")
    r.nl.do("port-add", interface="d")
    refused(errno.EEXIST, r, "port-add", interface="d", cost=1)
    equal(r.port("d")["cost"], 100, "the cost")
    r.nl.do("port-del", interface="d")
    refused(errno.ENOENT, r, "port-del", interface="d")


@test
def what_cannot_be_a_port_is_refused_with_a_sentence():
    r = Router()
    r.ip("link add br0 up type bridge", "link add bond0 up type bond",
         "link add team0 type team", "link add vrf0 type vrf table 7",
         "link add wg0 type wireguard", "link add ifb7 type ifb",
         "link add d1 type dummy", "link add link d1 name ipvl0 type ipvlan mode l2")
    words = {
        "lo": ("loopback", "loopback"),
        "br0": ("bridge", "master"),
        "bond0": ("bond", "master"),
        "team0": ("team", "master"),
        "vrf0": ("VRF", "master"),
        "wg0": ("Ethernet", "not-ethernet"),
        "ipvl0": ("IP alone", "not-ethernet"),
        "ifb7": ("ifb", "loopback"),
    }
    # Not every kernel has it.
    if os.environ.get("ROMON_KERNEL") == "uml":
        r.ip("link add d2 type dummy", "link add d3 type dummy",
             "link add hsr0 type hsr slave1 d2 slave2 d3")
        words["hsr0"] = ("master", "master")
    for dev, (word, state) in words.items():
        sentence = refused(errno.EOPNOTSUPP, r, "port-add", interface=dev)
        check(word in sentence, f"{dev}: '{sentence}' does not say {word}")
        equal(r.state(dev), state, f"state of {dev}")
        check("link" not in r.port(dev), f"{dev} has a link")


@test
def a_member_of_a_master_is_a_port():
    r = Router()
    r.dummy("d")
    for kind in ("bridge", "bond", "team", "vrf table 7"):
        port = r.port("d")
        equal(port["state"], "running", "on its own")
        name = kind.split()[0] + "0"
        r.ip(f"link add {name} up type {kind}", "link set dev d down", f"link set dev d master {name}",
             "link set dev d up")
        equal((r.state("d"), r.port("d")["link"]), ("running", port["link"]), f"in a {kind}")
        equal(r.state(name), "master", name)
        r.ip("link set dev d nomaster", "link set dev d up", f"link del dev {name}")
    equal((r.state("d"), r.port("d")["link"]), ("running", port["link"]), "on its own again")


@test
def a_device_whose_frames_a_macvlan_takes_is_no_port():
    r = Router()
    r.dummy("d")
    for mode, state in (("bridge", "running"), ("private", "running"), ("vepa", "running"),
                        ("passthru", "master")):
        r.ip(f"link add link d name m up type macvlan mode {mode}")
        equal((r.state("d"), r.state("m")), (state, "running"), f"with a macvlan, mode {mode}")
        r.ip("link del dev m")
        equal(r.state("d"), "running", "without it")


@test
def below_a_macsec_device_only_an_entry_makes_a_port():
    r = Router()
    r.dummy("e0")
    r.ip("link add link e0 name macsec0 up type macsec")
    equal((r.state("e0"), r.state("macsec0")), ("macsec", "running"), "with MACsec")
    check("link" not in r.port("e0"), "it has a link")
    r.nl.do("port-add", interface="e0")
    equal((r.state("e0"), r.state("macsec0")), ("running", "running"), "with an entry")
    r.nl.do("port-del", interface="e0")
    equal(r.state("e0"), "macsec", "without the entry again")
    r.ip("link del dev macsec0")
    equal(r.state("e0"), "running", "without MACsec")
    # What is sent by the bond leaves by its members.
    r.ip("link add bond0 up type bond", "link set dev e0 down", "link set dev e0 master bond0")
    equal(r.state("e0"), "running", "in a bond")
    r.ip("link add link bond0 name macsec0 up type macsec")
    equal((r.state("e0"), r.state("macsec0")), ("macsec", "running"), "in a bond with MACsec")
    r.ip("link del dev macsec0")
    equal(r.state("e0"), "running", "in a bond without it")
    r.ip("link del dev bond0", "link set dev e0 up", "link add br0 up type bridge",
         "link set dev e0 master br0", "link add link br0 name macsec0 up type macsec")
    equal((r.state("e0"), r.state("macsec0")), ("macsec", "running"), "in a bridge with MACsec")
    r.ip("link del dev macsec0")
    equal(r.state("e0"), "running", "in a bridge without it")


@test
def beside_a_macsec_device_only_an_entry_makes_a_port():
    r = Router()
    r.dummy("e0")
    r.ip("link add link e0 name v up type vlan id 7", "link add link v name vv up type macvlan")
    equal((r.state("v"), r.state("vv")), ("running", "running"), "without MACsec")
    r.ip("link add link e0 name macsec0 up type macsec",
         "link add link macsec0 name upon up type vlan id 7")
    equal((r.state("v"), r.state("vv")), ("macsec", "macsec"), "beside MACsec")
    equal((r.state("macsec0"), r.state("upon")), ("running", "running"), "upon MACsec")
    r.nl.do("port-add", interface="v")
    equal((r.state("v"), r.state("vv")), ("running", "macsec"), "with an entry")
    r.ip("link del dev macsec0")
    equal(r.state("vv"), "running", "without MACsec again")


@test
def of_a_locked_bridge_port_only_an_entry_makes_a_port():
    r = Router()
    r.dummy("e0")
    r.ip("link add br0 up type bridge", "link set dev e0 master br0")
    equal(r.state("e0"), "running", "not locked")
    # Without switchdev the kernel tells nobody of what bridge(8) sets.
    for way in ("ip link set dev e0 type bridge_slave locked {}",
                "bridge link set dev e0 locked {}"):
        r.run(way.format("on"))
        wait_for(lambda: r.state("e0") == "locked", "it to be locked")
        wait_for(lambda: "link" not in r.port("e0"), "it to be no port")
        r.nl.do("port-add", interface="e0")
        equal(r.state("e0"), "running", "with an entry")
        r.nl.do("port-del", interface="e0")
        equal(r.state("e0"), "locked", "without the entry again")
        r.run(way.format("off"))
        wait_for(lambda: r.state("e0") == "running", "it to be a port again")


@test
def nothing_is_a_port_while_romon_is_off():
    r = Router(enabled=0)
    r.dummy("d")
    equal(r.state("d"), "off", "before it was ever enabled")
    check("link" not in r.port("d"), "it has a link")
    r.nl.do("config-set", enabled=1)
    equal(r.state("d"), "running", "enabled")
    r.nl.do("config-set", enabled=0)
    equal(r.state("d"), "off", "disabled again")


@test
def link_numbers_are_not_reused():
    r = Router()
    seen = set()

    def new(what):
        link = r.port("d")["link"]
        check(link > 0, "link 0")
        check(link not in seen, f"{what}: link {link} again, after {sorted(seen)}")
        seen.add(link)

    for _ in range(ROUNDS):
        r.dummy("d")
        new("the device came again")
        r.nl.do("port-set", interface="all", forbid=1)
        r.nl.do("port-set", interface="all", forbid=0)
        new("it was forbidden for a while")
        r.nl.do("config-set", enabled=0)
        r.nl.do("config-set", enabled=1)
        new("RoMON was off for a while")
        r.ip("link del dev d")


@test
def a_link_number_stays_while_the_port_does():
    r = Router()
    r.dummy("d")
    link = r.port("d")["link"]
    r.ip("link set dev d down", "link set dev d name e", "link set dev e address 02:aa:00:00:00:07",
         "link set dev e mtu 1400", "link set dev e up")
    equal(r.port("e")["link"], link, "link after a rename and other changes")
    r.nl.do("port-add", interface="e", cost=3)
    equal(r.port("e")["link"], link, "link after a change of cost")


MACS = {"d1": "02:aa:00:00:00:31", "d2": "02:aa:00:00:00:22", "d3": "02:aa:00:00:00:13"}


def auto_id(r):
    return r.nl.get("config-get").get("current_id")


@test
def the_automatic_id_does_not_depend_on_the_order_of_ports():
    found = set()
    for order in (list(MACS), list(MACS)[::-1], ["d2", "d3", "d1"]):
        r = Router(enabled=0)
        r.ip(*(f"link add name {dev} address {MACS[dev]} up type dummy" for dev in order))
        r.nl.do("config-set", enabled=1)
        found.add(auto_id(r))
    equal(len(found), 1, f"different IDs: {found}")
    check(found.pop() in MACS.values(), "the ID is no port's MAC")


@test
def the_automatic_id_stays_over_renames_and_new_ports():
    r = Router(enabled=0)
    r.dummy("d2", MACS["d2"])
    r.nl.do("config-set", enabled=1)
    equal(auto_id(r), MACS["d2"], "the ID with one port")
    r.ip("link set dev d2 down", "link set dev d2 name zz", "link set dev zz up")
    equal(auto_id(r), MACS["d2"], "after a rename")
    r.dummy("d3", MACS["d3"])
    r.dummy("d1", MACS["d1"])
    equal(auto_id(r), MACS["d2"], "with more ports")
    r.ip("link set dev zz address 02:aa:00:00:00:77")
    equal(auto_id(r), MACS["d2"], "with a MAC set by hand")
    r.ip("link del dev zz")
    equal(auto_id(r), MACS["d2"], "after the port it is from has gone")


@test
def the_first_device_gives_the_id_if_there_was_none():
    r = Router(enabled=0)
    r.nl.do("config-set", enabled=1)
    equal(auto_id(r), None, "the ID without a device")
    r.dummy("d1", MACS["d1"])
    equal(auto_id(r), MACS["d1"], "the ID with the first device")
    equal(r.state("d1"), "running", "its state")


@test
def a_set_id_beats_the_automatic_one():
    r = Router(enabled=0)
    r.dummy("d1", MACS["d1"])
    r.nl.do("config-set", enabled=1, id="6c:3b:6b:48:0e:8b")
    equal(auto_id(r), "6c:3b:6b:48:0e:8b", "the set ID")
    r.nl.do("config-set", id="00:00:00:00:00:00")
    equal(auto_id(r), MACS["d1"], "automatic again")


@test
def entries_and_ports_are_limited():
    r = Router(enabled=0)
    r.nl.do("config-set", max_ports=3)
    for dev in ("a", "b", "c"):
        r.nl.do("port-add", interface=dev)
    refused(errno.ENOSPC, r, "port-add", interface="d")
    r.nl.do("config-set", enabled=1, id="02:00:00:00:00:01")
    for dev in ("w", "x", "y", "z"):
        r.dummy(dev)
    states = sorted(r.state(dev) for dev in ("w", "x", "y", "z"))
    equal(states, ["limit", "running", "running", "running"], "states of four devices")


if __name__ == "__main__":
    main()
