#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
"""RoMON under bridges, bonds, teams and filters, as if nothing were there.

    x --- r --- y        x, y and z are this test's raw sockets; the three
          |              ports of r are members of its bridge br0
          z

    a ==2== b            two routers, whose masters and filters are the test's
"""

import contextlib
import itertools
import json
import os
import select
import struct
import subprocess
import time

from harness import LIMIT, SLOW, Network, check, equal, ip, main, note, test, wait_for
import genl
import romonframe as rf
from genl import netns

R, A, B = "02:00:00:00:00:01", "02:00:00:00:00:0a", "02:00:00:00:00:0b"
MAC = {name: f"02:01:00:00:00:9{n}" for n, name in enumerate("xyz", 1)}
PORT_MAC = {name: f"02:01:00:00:00:1{n}" for n, name in enumerate("xyz", 1)}
OUT = rf.End(7, 1500, 100, MAC["x"])
# An EtherType for local experiments, for traffic that is not RoMON's.
OTHER = 0x88B5
JOINS = 20 if SLOW else 100

net = Network()
origins = itertools.count(1)


def setup():
    global r, sockets
    net.netns("x", "r", "y", "z", "a", "b")
    quiet("r", "a", "b")
    net.veth(*(("r", f"to-{name}", PORT_MAC[name], name, name, MAC[name]) for name in "xyz"))
    r = net.router("r", R, answer_delay=0, flood_window=60000, flood_rate=100000, max_origins=65536)
    sockets = {}
    for name in "xyz":
        with netns(net[name]):
            sockets[name] = rf.Port(name, promiscuous=True)
    bridge()


def quiet(*names):
    """No address, not even a link-local one, and no route."""
    for name in names:
        command = ["ip", "netns", "exec", net[name], "sysctl", "-q", "-w",
                   "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"]
        subprocess.run(command, check=True)


def bridge(options=""):
    """br0 of r, anew, with all ports as members; returns when they forward."""
    delete("br0", "r")
    ip(f"link add br0 up type bridge forward_delay 0 mcast_snooping 0 {options}",
       *(f"link set dev to-{name} master br0" for name in "xyz"), ns=net["r"])
    wait_for(lambda: all(port["state"] == "forwarding" for port in bridge_ports("r")),
             "forwarding ports")


def bridge_ports(name):
    command = ["bridge", "-n", net[name], "-j", "-d", "link", "show"]
    ports = json.loads(subprocess.run(command, check=True, stdout=-1).stdout)
    return [port for port in ports if "state" in port]


def bridge_set(*lines, ns="r"):
    subprocess.run(["bridge", "-n", net[ns], "-b", "-"], check=True, text=True,
                   input="".join(f"{line}\n" for line in lines))


def delete(dev, ns):
    subprocess.run(["ip", "-n", net[ns], "link", "del", "dev", dev], stderr=-3)


@contextlib.contextmanager
def entry(dev, **values):
    r.do("port-add", interface=dev, **values)
    yield
    r.do("port-del", interface=dev)


def discover():
    """A Discover of an origin that nobody has heard of."""
    return rf.build_discover(struct.pack("!HI", 0x0A00, next(origins)), OUT)


def counters(*names):
    """What the ports of r have received, delivered and dropped."""
    found = {}
    for name in names or "xyz":
        stats = r.stats(f"to-{name}")
        found[name] = stats["rx_packets"], stats["delivered"], sum(stats["drop"].values())
    return found


def received(name, *frames, limit=LIMIT):
    """Waits until the socket has got as many frames as are named, each an
    Ethernet frame without padding, in any order, and takes a look at whether
    more come: what is sent through r's ports arrives before this is called."""
    want = sorted(bytes(frame) for frame in frames)
    got = []
    while len(got) < len(want):
        data = sockets[name].recv(limit)
        check(data, f"{name} got {len(got)} frames of {len(want)}")
        got.append(unpadded(data))
    got += [unpadded(data) for data in sockets[name].recv_all(0)]
    equal(sorted(got), want, f"what {name} got")


def unpadded(data):
    return data[: rf.ETH_HLEN] + rf.parse(data)["frame"]


def drain():
    for socket in sockets.values():
        socket.drain()


def answer_to(frame, name="x"):
    """What r answers to a Discover."""
    port = r.get("port-get", interface=f"to-{name}")
    end = rf.End(port["link"], port["l2mtu"], port["cost"], port["mac"])
    answer = rf.answered(frame, R, end, identity="r", version="1.0", board="test")
    return rf.ethernet(MAC[name], PORT_MAC[name], answer, pad=False)


def passed_on(frame, to, name="x"):
    """What r sends of a Discover on another port."""
    ends = []
    for one in (name, to):
        port = r.get("port-get", interface=f"to-{one}")
        ends.append(rf.End(port["link"], port["l2mtu"], port["cost"], port["mac"]))
    frame = rf.forwarded(frame, R, ends[0], MAC[name], ends[1])
    return rf.ethernet(rf.GROUP, PORT_MAC[to], frame, pad=False)


def takes_part(what):
    """A Discover of x is answered and passed on to y and z, by RoMON alone,
    and counted once."""
    drain()
    before = counters()
    frame = discover()
    sockets["x"].send_frame(frame)
    received("x", answer_to(frame))
    for name in "yz":
        received(name, passed_on(frame, name))
    after = counters()
    for name in "xyz":
        difference = tuple(b - a for a, b in zip(before[name], after[name]))
        equal(difference, (1, 1, 0) if name == "x" else (0, 0, 0),
              f"{what}: received, delivered and dropped by to-{name}")


@test
def members_of_a_bridge_take_part():
    for name in "xyz":
        equal(r.get("port-get", interface=f"to-{name}")["state"], "running", f"to-{name}")
    takes_part("in a bridge")


@test
def no_state_or_setting_of_a_bridge_matters():
    # Blocking takes a spanning tree, below.
    for number, state in enumerate(("disabled", "listening", "learning", "forwarding")):
        bridge_set(*(f"link set dev to-{name} state {number}" for name in "xyz"))
        equal({port["state"] for port in bridge_ports("r")}, {state}, "state")
        takes_part(f"members are {state}")
    for setting in ("isolated on", "hairpin on", "guard on", "learning off", "flood off",
                    "mcast_flood off", "bcast_flood off", "neigh_suppress on"):
        bridge_set(*(f"link set dev to-{name} {setting}" for name in "xyz"))
        takes_part(setting)
    ip("link set dev br0 down", ns=net["r"])
    takes_part("the bridge is down")
    bridge()


@test
def a_bridge_that_admits_only_tagged_frames_does_not_matter():
    bridge("vlan_filtering 1 vlan_default_pvid 0")
    bridge_set(*(f"vlan add dev to-{name} vid 10" for name in "xyz"))
    takes_part("members of VLAN 10 alone")
    bridge()


def nft(name, text):
    subprocess.run(["ip", "netns", "exec", net[name], "nft", "-f", "-"], input=text, text=True,
                   check=True)


def drop_everything(devices):
    """A chain that drops all in each family and on each of its hooks."""
    text = ""
    for family, hooks in (("ip", "prerouting input forward output postrouting"),
                          ("ip6", "prerouting input forward output postrouting"),
                          ("inet", "prerouting input forward output postrouting"),
                          ("arp", "input output"),
                          ("bridge", "prerouting input forward output postrouting")):
        text += f"table {family} shut {{\n"
        for hook in hooks.split():
            text += (f"chain {hook} {{ type filter hook {hook} priority -500; policy drop; }}\n")
        text += "}\n"
    for hook in ("ingress", "egress"):
        text += f"table netdev shut_{hook} {{\n"
        for dev in devices:
            # Before all that anybody has.
            text += (f"chain {dev} {{ type filter hook {hook} device \"{dev}\" "
                     "priority -2147483647; policy drop; }\n")
        text += "}\n"
    return text


@test
def nftables_that_drop_everything_do_not_matter():
    shut = drop_everything([f"to-{name}" for name in "xyz"])
    nft("r", shut)
    takes_part("members, nftables drop")
    # It does drop: what is not RoMON's is gone.
    drain()
    sockets["x"].send(rf.ethernet(rf.BROADCAST, MAC["x"], b"not RoMON", ethertype=OTHER))
    takes_part("after another frame")
    check(not other_frames("y"), "the filter lets others through")
    # The same for ports that are no members, and in another order.
    delete("br0", "r")
    takes_part("no members, nftables drop")
    nft("r", "flush ruleset")
    bridge()
    nft("r", shut)
    takes_part("members again")
    nft("r", "flush ruleset")
    takes_part("without a filter")


def other_frames(name):
    """Frames that are not RoMON's."""
    socket = sockets[name].sock
    socket.setblocking(False)
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            data = socket.recv(65536)
            if struct.unpack("!H", data[12:14])[0] == OTHER:
                found.append(data)
    socket.setblocking(True)
    return found


@test
def a_forbidden_member_is_bridged_as_before():
    for values in ({"forbid": 1}, {"disabled": 1}):
        with entry("to-x", **values):
            drain()
            before = counters("y", "z")
            frame = discover()
            sockets["x"].send_frame(frame)
            flooded = rf.ethernet(rf.GROUP, MAC["x"], frame, pad=False)
            received("y", flooded)
            received("z", flooded)
            received("x")
            equal(counters("y", "z"), before, f"counters of the others, with {values}")
    takes_part("allowed again")
    r.do("config-set", enabled=0)
    drain()
    frame = discover()
    sockets["x"].send_frame(frame)
    for name in "yz":
        received(name, rf.ethernet(rf.GROUP, MAC["x"], frame, pad=False))
    r.do("config-set", enabled=1)
    takes_part("enabled again")


@test
def frames_to_others_are_bridged_as_before():
    drain()
    before = counters()
    # The bridge has to know where y is.
    sockets["y"].send(rf.ethernet(MAC["x"], MAC["y"], b"here I am", ethertype=OTHER))
    other_frames("x")
    frame = rf.build_echo(A, B, [(1, MAC["y"])])
    sockets["x"].send_frame(frame, dst=rf.mac(MAC["y"]))
    received("y", rf.ethernet(MAC["y"], MAC["x"], frame, pad=False))
    received("z")
    equal(counters(), before, "counters")


@test
def other_traffic_is_bridged_as_before():
    drain()
    data = rf.ethernet(rf.BROADCAST, MAC["x"], b"flooded", ethertype=OTHER)
    sockets["x"].send(data)
    for name in "yz":
        equal(other_frames(name), [data], f"what {name} got")
    data = rf.ethernet(rf.GROUP, MAC["x"], b"to the group", ethertype=OTHER)
    sockets["x"].send(data)
    for name in "yz":
        equal(other_frames(name), [data], f"what {name} got")


def tagged(vid, frame, dst=rf.GROUP, src="x", proto=0x8100):
    data = rf.ethernet(dst, MAC[src], frame, pad=False)
    return data[:12] + struct.pack("!HH", proto, vid) + data[12:]


def acceleration(on):
    """Whether tags are taken off by the sender's device, or in the frame."""
    for name, ns in (("x", "x"), ("to-x", "r")):
        subprocess.run(["ip", "netns", "exec", net[ns], "ethtool", "-K", name, "txvlan", on,
                        "rxvlan", on], check=True, stdout=-3)


@test
def tagged_frames_belong_to_the_vlan_and_not_to_the_port():
    def check_tags():
        before = counters()
        frame = discover()
        for proto in (0x8100, 0x88A8):
            sockets["x"].send(tagged(5, frame, proto=proto))
            sockets["x"].send(tagged(5, frame, dst=rf.mac(PORT_MAC["x"]), proto=proto))
        after = counters()
        equal([after[name][1] for name in "xyz"], [before[name][1] for name in "xyz"],
              "delivered by ports that are not in the VLAN")

        ip("link add link to-x name vlan5 up type vlan id 5", ns=net["r"])
        before = counters()
        sockets["x"].send(tagged(5, frame))
        equal(counters(), before, "counters of the ports with a VLAN device there")
        stats = r.stats("vlan5")
        equal((stats["rx_packets"], stats["delivered"]), (1, 1), "received by the VLAN device")
        delete("vlan5", "r")

    for on in ("on", "off"):
        acceleration(on)
        check_tags()
        delete("br0", "r")
        check_tags()
        bridge()
    acceleration("on")


@test
def a_priority_is_no_vlan():
    for _ in range(2):
        before = counters("x")["x"]
        frame = discover()
        sockets["x"].send(tagged(0xE000, frame))
        after = counters("x")["x"]
        equal((after[0] - before[0], after[1] - before[1]), (1, 1), "received and delivered")
        delete("br0", "r")
    ip("link add link to-x name vlan0 up type vlan id 0", ns=net["r"])
    before = counters("x")
    sockets["x"].send(tagged(0xE000, discover()))
    equal(counters("x"), before, "received by the port with a device for VID 0")
    equal(r.stats("vlan0")["delivered"], 1, "delivered by that device")
    delete("vlan0", "r")
    bridge()


@test
def frames_that_tc_sends_round_by_an_ifb_take_part_where_no_master_is():
    """tc comes before RoMON: what it redirects to an ifb comes back behind the
    ingress hook, where a port that is no member still hears it."""
    delete("br0", "r")
    commands = (
        "qdisc add dev to-x clsact",
        "filter add dev to-x ingress matchall action mirred egress redirect dev ifb0",
    )
    ip("link add ifb0 up type ifb", ns=net["r"])
    subprocess.run(["tc", "-n", net["r"], "-b", "-"], input="\n".join(commands), text=True,
                   check=True)
    before = counters("x")["x"]
    sockets["x"].send_frame(discover())
    wait_for(lambda: counters("x")["x"][1] > before[1], "the frame")
    equal(counters("x")["x"][0] - before[0], 1, "how often it was received")
    subprocess.run(["tc", "-n", net["r"], "qdisc", "del", "dev", "to-x", "clsact"], check=True)
    delete("ifb0", "r")
    bridge()


@test
def a_port_joins_and_leaves_a_bridge_and_loses_no_frame():
    """While frames come in without a break, each is taken once, by RoMON."""
    r.do("port-add", interface="to-y", forbid=1)
    r.do("port-add", interface="to-z", forbid=1)
    drain()
    before = counters("x")["x"]
    stop_read, stop_write = os.pipe()
    told_read, told_write = os.pipe()
    child = os.fork()
    if not child:
        os.close(stop_write)
        try:
            os._exit(send_until(stop_read, told_write))
        finally:
            os._exit(1)
    lines = ["link set dev to-x nomaster", "link set dev to-x master br0"]
    for first in range(0, JOINS, 10):
        ip(*lines * min(10, JOINS - first), ns=net["r"])
    os.close(stop_write)
    sent = struct.unpack("Q", os.read(told_read, 8))[0]
    os.waitpid(child, 0)
    after = counters("x")["x"]
    note(f"{sent} frames in {JOINS} rounds")
    check(sent > JOINS, "too few frames to tell")
    equal(after[0] - before[0], sent, "frames received")
    equal(after[1] - before[1], sent, "frames delivered")
    leaked = [data for name in "yz" for data in sockets[name].recv_all(0)]
    equal(len(leaked), 0, "frames that the bridge got hold of")
    for name in "yz":
        r.do("port-del", interface=f"to-{name}")
    for fd in (stop_read, told_read, told_write):
        os.close(fd)
    takes_part("afterwards")


def send_until(stop, told):
    global origins
    origins = itertools.count(1 << 24)
    sent = 0
    while not select.select([stop], [], [], 0)[0]:
        for _ in range(20):
            sockets["x"].send_frame(discover())
            sent += 1
        # The rest of the machine has to get on, too.
        time.sleep(0.001)
    os.write(told, struct.pack("Q", sent))
    return 0


@test
def a_link_number_stays_over_masters():
    link = r.get("port-get", interface="to-x")["link"]
    ip("link set dev to-x nomaster", "link set dev to-x down",
       "link add bond0 type bond", "link set dev to-x master bond0", "link del dev bond0",
       "link set dev to-x down", "link add team0 type team", "link set dev to-x master team0",
       "link del dev team0", "link set dev to-x up", "link set dev to-x master br0",
       f"link set dev to-x address {PORT_MAC['x']}", ns=net["r"])
    port = r.get("port-get", interface="to-x")
    equal((port["link"], port["state"]), (link, "running"), "link number and state")
    bridge()
    takes_part("after it was in all of them")


@test
def the_group_is_heard_while_the_port_takes_part_and_not_after():
    def groups():
        command = ["ip", "-n", net["r"], "-j", "maddress", "show", "dev", "to-x"]
        found = json.loads(subprocess.run(command, check=True, stdout=-1).stdout)
        return [m["link"] for m in found[0]["maddr"] if m.get("link") == rf.mac_str(rf.GROUP)]

    equal(len(groups()), 1, "groups of the port")
    delete("br0", "r")
    equal(len(groups()), 1, "groups of the port without a master")
    with entry("to-x", forbid=1):
        equal(groups(), [], "groups of the forbidden port")
        bridge()
        equal(groups(), [], "groups of the forbidden member")
    equal(len(groups()), 1, "groups of the member")


# Two routers


def pair(a_links, b_links=None):
    """a and b anew, with two links between them, and whatever is built on
    these: lines for ip(8), where master is M."""
    for name in "ab":
        command = ["ip", "-n", net[name], "-j", "link", "show"]
        for link in json.loads(subprocess.run(command, check=True, stdout=-1).stdout):
            if link["ifname"] != "lo":
                delete(link["ifname"], name)
    net.veth(*(("a", f"l{n}", f"02:01:00:00:00:a{n}", "b", f"l{n}", f"02:01:00:00:00:b{n}")
               for n in (1, 2)))
    ip(*a_links, ns=net["a"])
    ip(*(a_links if b_links is None else b_links), ns=net["b"])
    for name, number in (("a", A), ("b", B)):
        nl = net.router(name, number, node_timeout=10)
        nl.close()


def both_ways(what):
    """Each knows both ways to the other, and gets answers over each."""
    for one, other in (("a", B), ("b", A)):
        nl = genl.Romon(net[one])

        own = {"a": A, "b": B}[one]

        def known():
            """The source routes to the neighbour."""
            nl.do("discover")
            return {
                struct.pack("!I", edge["from"]["link"]) + rf.mac(edge["to"]["mac"])
                for edge in nl.whole_dump("edge-get")
                if (edge["from"]["id"], edge["to"]["id"]) == (own, other)
            }

        wait_for(lambda: len(known()) == 2, f"{what}: two ways from {one}")
        port = nl.get("endpoint-bind")["local_port"]
        for number, route in enumerate(sorted(known())):
            payload = bytes([number]) * 32
            nl.do("datagram-send", id=other, local_port=port, remote_port=1, payload=payload,
                  route=route)
            event = nl.event(LIMIT, lambda command, _: command.startswith("datagram"))
            check(event, f"{what}: no answer over way {number}")
            equal((event[0], event[1].get("payload")), ("datagram-rcv", payload), what)
        nl.close()


MEMBERS = ["link set dev l1 down", "link set dev l2 down", "link set dev l1 master m0",
           "link set dev l2 master m0", "link set dev l1 up", "link set dev l2 up"]


@test
def a_way_that_spanning_tree_blocks_is_used():
    pair(["link add m0 up type bridge stp_state 1 forward_delay 200", *MEMBERS])

    def blocked():
        states = [port["state"] for name in "ab" for port in bridge_ports(name)]
        return sorted(states) == ["blocking", "forwarding", "forwarding", "forwarding"]

    wait_for(blocked, "spanning tree to block one port of four")
    both_ways("one way blocked")
    check(blocked(), "spanning tree has changed its mind")


@test
def backup_members_of_a_bond_are_used():
    for mode in ("active-backup", "802.3ad", "balance-rr", "balance-xor", "broadcast"):
        options = "fail_over_mac active" if mode == "active-backup" else ""
        pair([f"link add m0 type bond mode {mode} miimon 100 {options}", *MEMBERS,
              "link set dev m0 up"])
        both_ways(f"bonds, {mode}")


@test
def members_of_a_team_are_used():
    pair(["link add m0 type team", *MEMBERS, "link set dev m0 up"])
    both_ways("teams")


@test
def unlike_masters_at_both_ends_do_not_matter():
    pair(["link add m0 up type bridge stp_state 1", *MEMBERS],
         ["link add m0 type bond mode active-backup", *MEMBERS])
    for name in "ab":
        nft(name, drop_everything(["l1", "l2", "m0"]))
    both_ways("a bridge, a bond and nftables")
    for name in "ab":
        nft(name, "flush ruleset")
    addresses = [
        info
        for name in "ab"
        for link in json.loads(subprocess.run(["ip", "-n", net[name], "-j", "address"], check=True,
                                              stdout=-1).stdout)
        for info in link["addr_info"]
        if link["ifname"] != "lo"
    ]
    equal(addresses, [], "addresses anywhere")


if __name__ == "__main__":
    main(setup)
