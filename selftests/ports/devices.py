#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
"""RoMON over devices of every kind that carries Ethernet.

    r1 - veth - r2 - vlan - r3 - qinq - r4 - wifi - r5 - macvlan - r6 - batadv - r7 - vxlan - r8
       - gretap - r9

each hop with a smaller MTU than the one before, from 9000 to 1280, and each of
its devices called as its kind. What they are built on is called u and takes no
part.

    a == b               two more routers, with a link of each further kind
"""

import atexit
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys

from harness import LIMIT, Network, check, equal, ip, main, test, wait_for
import genl
import romonframe as rf

ROUTERS = [f"r{n}" for n in range(1, 10)]
ID = {name: f"02:00:00:00:00:{n:02x}" for n, name in enumerate(ROUTERS + ["a", "b"], 1)}
HOPS = {
    "veth": 9000, "vlan": 4000, "qinq": 3000, "wifi": 2200,
    "macvlan": 1600, "batadv": 1500, "vxlan": 1450, "gretap": 1280,
}
KINDS = "bridged bonded novlanhw vlanbond geneve macsec ip6gretap l2tp tap".split()

net = Network()
nl = {}


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def underlay(name, number, ends, mtu=9000):
    """A veth pair, with addresses for the tunnels."""
    a, b = (net[end] for end in ends)
    ip(f"link add {name} mtu {mtu} netns {a} type veth peer name {name} mtu {mtu} netns {b}")
    for end, ns in enumerate((a, b), 1):
        ip(f"address add 10.0.{number}.{end}/24 dev {name}",
           f"address add fd00:{number}::{end}/64 dev {name} nodad",
           f"link set dev {name} up", ns=ns)


def both(ends, *lines):
    """Lines for ip(8) at both ends; {me} and {it} are 1 and 2 at one of them,
    2 and 1 at the other."""
    for me, end in enumerate(ends, 1):
        ip(*(line.format(me=me, it=3 - me) for line in lines), ns=net[end])


def vlan(ends, mtu):
    both(ends, f"link add link u2 name vlan mtu {mtu} up type vlan id 7")


def qinq(ends, mtu):
    # Tags are in the frame at one end, beside it at the other.
    run("ip", "netns", "exec", net[ends[0]], "ethtool", "-K", "u3", "txvlan", "off",
        "rxvlan", "off", "tx-vlan-stag-hw-insert", "off", "rx-vlan-stag-hw-parse", "off")
    both(ends, "link add link u3 name s3 up type vlan protocol 802.1ad id 8",
         f"link add link s3 name qinq mtu {mtu} up type vlan id 9 reorder_hdr off")


def wifi(ends, mtu):
    for end in ends:
        dev = new_radio(end)
        ip(f"link set dev {dev} down", f"link set dev {dev} name wifi", ns=net[end])
        run("ip", "netns", "exec", net[end], "iw", "dev", "wifi", "set", "type", "ibss")
        ip(f"link set dev wifi mtu {mtu} up", ns=net[end])
        # A cell that is given needs no search for others.
        run("ip", "netns", "exec", net[end], "iw", "dev", "wifi", "ibss", "join", "romon", "2412",
            "fixed-freq", "02:ca:fe:ca:ca:40")


def new_radio(end):
    """A simulated radio, moved to a namespace; returns its device's name."""
    NEW_RADIO, DEL_RADIO, RADIO_NAME = 4, 5, 17
    if not os.path.isdir("/sys/module/mac80211_hwsim"):
        run("modprobe", "mac80211_hwsim", "radios=0")
    phy = f"romon-{end}"
    name = genl.attr(RADIO_NAME, phy.encode() + b"\0")
    # Radios hear each other if they were made in the same namespace.
    here = genl.Genl("MAC80211_HWSIM")
    here.request(NEW_RADIO, name)
    here.close()
    (dev,) = os.listdir(f"/sys/class/ieee80211/{phy}/device/net")
    run("iw", "phy", phy, "set", "netns", "name", net[end])
    there = genl.Genl("MAC80211_HWSIM", net[end])
    atexit.register(there.request, DEL_RADIO, name)
    return dev


def macvlan(ends, mtu):
    both(ends, f"link add link u5 name macvlan mtu {mtu} up type macvlan mode bridge")


def batadv(ends, mtu):
    SET_MESH, MESH_IFINDEX, LOOP_AVOIDANCE = 15, 3, 46
    both(ends, "link add batadv type batadv", "link set dev u6 master batadv",
         f"link set dev batadv mtu {mtu} up")
    # Which waits for half a minute for what is not there.
    for end in ends:
        with genl.netns(net[end]):
            index = socket.if_nametoindex("batadv")
        mesh = genl.Genl("batadv", net[end])
        mesh.request(SET_MESH, genl.attr(MESH_IFINDEX, struct.pack("I", index))
                     + genl.attr(LOOP_AVOIDANCE, b"\0"))
        mesh.close()


def vxlan(ends, mtu):
    # In pieces: what is received is not in one buffer.
    both(ends, "link set dev u7 mtu 1300",
         f"link add vxlan mtu {mtu} up type vxlan id 7 dstport 4789 "
         "local 10.0.7.{me} remote 10.0.7.{it}")


def gretap(ends, mtu):
    both(ends, f"link add gretap mtu {mtu} up type gretap local 10.0.8.{{me}} remote 10.0.8.{{it}}")


def setup():
    net.netns(*ROUTERS, "a", "b")
    for number, (kind, mtu) in enumerate(HOPS.items(), 1):
        ends = ROUTERS[number - 1], ROUTERS[number]
        if kind == "veth":
            a, b = (net[end] for end in ends)
            ip(f"link add veth mtu {mtu} netns {a} type veth peer name veth mtu {mtu} netns {b}")
            both(ends, "link set dev veth up")
            continue
        if kind != "wifi":
            underlay(f"u{number}", number, ends)
        globals()[kind](ends, mtu)
    for number, name in enumerate(ROUTERS):
        enable(name, list(HOPS)[max(0, number - 1) : number + 1])


def enable(name, devices):
    nl[name] = genl.Romon(net[name])
    nl[name].do("port-set", interface="all", forbid=1)
    for dev in devices:
        nl[name].do("port-add", interface=dev)
    nl[name].do("config-set", id=ID[name], identity=name, board="test", enabled=1)


def known(name):
    """What a router knows of the others: {ID: active route}."""
    nl[name].do("discover")
    return {node["id"]: node for node in nl[name].whole_dump("node-get") if node["active"]}


def everybody_known(name):
    return wait_for(lambda: len(found := known(name)) == len(ROUTERS) - 1 and found,
                    f"{name} to know all others")


@test
def every_kind_of_device_is_a_port():
    for number, name in enumerate(ROUTERS):
        for kind in list(HOPS)[max(0, number - 1) : number + 1]:
            wait_for(lambda: nl[name].get("port-get", interface=kind)["state"] == "running",
                     f"{kind} of {name} to run")
            equal(nl[name].get("port-get", interface=kind)["l2mtu"], HOPS[kind],
                  f"L2 MTU of {kind} of {name}")


@test
def both_ends_discover_the_whole_path():
    mtus = list(HOPS.values())
    for name, order in (("r1", ROUTERS), ("r9", ROUTERS[::-1])):
        mtu = mtus if name == "r1" else mtus[::-1]
        found = everybody_known(name)
        for hops, other in enumerate(order[1:], 1):
            node = found[ID[other]]
            equal((node["hops"], node["path"], node["l2mtu"]),
                  (hops, [ID[one] for one in order[1 : hops + 1]], min(mtu[:hops])),
                  f"{name}'s way to {other}")


def largest(mtu, hops):
    """Payload of a datagram: without header, route and RoMON ports."""
    return mtu - 46 - 10 * hops - 4


@test
def the_largest_ping_that_fits_comes_back_and_one_byte_more_is_refused():
    for name, other in (("r1", "r9"), ("r9", "r1"), ("r1", "r2"), ("r1", "r3"), ("r1", "r4"),
                        ("r1", "r5"), ("r1", "r6"), ("r1", "r7"), ("r1", "r8")):
        node = everybody_known(name)[ID[other]]
        size = largest(node["l2mtu"], node["hops"])
        run("romon", "-n", net[name], "ping", ID[other], "count", "2", "interval", "0",
            "timeout", str(LIMIT), "size", str(size))
        refused = subprocess.run(["romon", "-n", net[name], "ping", ID[other], "count", "1",
                                  "size", str(size + 1)], text=True, capture_output=True)
        check(refused.returncode, f"{size + 1} bytes from {name} to {other}")
        words = f"too long for this route, whose L2 MTU is {node['l2mtu']}: at most {size}"
        check(words in refused.stderr, f"{size + 1} bytes: says '{refused.stderr.strip()}'")
        port = nl[name].get("endpoint-bind")["local_port"]
        try:
            nl[name].do("datagram-send", id=ID[other], local_port=port, remote_port=1,
                        payload=bytes(size + 1))
            check(False, f"{size + 1} bytes were sent")
        except genl.NetlinkError as wrong:
            check(" " in wrong.message, f"no sentence: {wrong}")
        # Random bytes, so that whatever touches them is seen.
        payload = os.urandom(size)
        nl[name].do("datagram-send", id=ID[other], local_port=port, remote_port=1, payload=payload)
        event = nl[name].event(LIMIT, lambda command, _: command.startswith("datagram"))
        check(event, "no answer")
        equal((event[0], event[1].get("payload")), ("datagram-rcv", payload), "the answer")
        nl[name].do("endpoint-unbind", local_port=port)


@test
def a_frame_that_only_a_forwarder_knows_to_be_too_long_is_counted_there():
    """The sender gives a route, so its kernel does not look it up."""
    nodes = everybody_known("r1")
    edges = nl["r1"].whole_dump("edge-get")
    route, here = b"", ID["r1"]
    for there in nodes[ID["r9"]]["path"]:
        (edge,) = [e for e in edges if (e["from"]["id"], e["to"]["id"]) == (here, there)]
        route += struct.pack("!I", edge["from"]["link"]) + rf.mac(edge["to"]["mac"])
        here = there
    port = nl["r1"].get("endpoint-bind")["local_port"]
    before = nl["r8"].drops().get("too_big", 0)
    nl["r1"].do("datagram-send", id=ID["r9"], local_port=port, remote_port=1, route=route,
                payload=bytes(largest(1280, 8) + 1))
    wait_for(lambda: nl["r8"].drops().get("too_big", 0) == before + 1,
             "too_big at the last router but one")
    nl["r1"].do("endpoint-unbind", local_port=port)


@test
def nothing_else_was_dropped_on_the_whole_path():
    for name in ROUTERS:
        drops = nl[name].drops()
        if name in ("r1", "r8", "r9"):
            drops.pop("too_big", None)
        # Of two floods of one router that a slow machine lets come together.
        drops.pop("duplicate", None)
        equal(drops, {}, f"dropped by {name}")


@test
def an_mtu_that_changes_is_followed_on_the_whole_path():
    for mtu in (1400, 9000, 1280):
        both(("r1", "r2"), f"link set dev veth mtu {mtu}")
        for name, other, most in (("r1", "r3", 4000), ("r9", "r1", 1280)):
            wait_for(lambda: known(name)[ID[other]]["l2mtu"] == min(mtu, most),
                     f"{name} to hear of L2 MTU {mtu} towards {other}")
    both(("r1", "r2"), "link set dev veth mtu 9000")


# Further kinds


def bridged(ends):
    both(ends, "link add br0 up type bridge", "link set dev ubridged down",
         "link set dev ubridged name bridged", "link set dev bridged master br0 up")


def bonded(ends):
    both(ends, "link add bond type bond mode 802.3ad miimon 100", "link set dev ubonded down",
         "link set dev ubonded master bond", "link set dev ubonded down",
         "link set dev ubonded name bonded", "link set dev bonded up", "link set dev bond up")


def novlanhw(ends):
    for end in ends:
        run("ip", "netns", "exec", net[end], "ethtool", "-K", "unovlanhw", "txvlan", "off",
            "rxvlan", "off", "tx", "off", "rx", "off", "sg", "off")
    both(ends, "link add link unovlanhw name novlanhw type vlan id 5")


def vlanbond(ends):
    both(ends, "link add bond2 type bond mode active-backup miimon 100",
         "link set dev uvlanbond down", "link set dev uvlanbond master bond2",
         "link set dev bond2 up", "link add link bond2 name vlanbond type vlan id 5")


def geneve(ends):
    both(ends, "link add geneve type geneve id 5 remote 10.0.{number}.{{it}}".format(
        number=number_of("geneve")))


def number_of(kind):
    return 20 + KINDS.index(kind)


def macsec(ends):
    keys = "00112233445566778899aabbccddee01", "00112233445566778899aabbccddee02"
    for me, end in enumerate(ends):
        it = 1 - me
        with genl.netns(net[ends[it]]):
            other = rf.mac_str(rf.device_mac("umacsec"))
        ip("link add link umacsec name macsec type macsec encrypt on", ns=net[end])
        for line in (f"add macsec tx sa 0 pn 1 on key 0{me} {keys[me]}",
                     f"add macsec rx port 1 address {other}",
                     f"add macsec rx port 1 address {other} sa 0 pn 1 on key 0{it} {keys[it]}"):
            run("ip", "-n", net[end], "macsec", *line.split())


def ip6gretap(ends):
    number = number_of("ip6gretap")
    both(ends, f"link add ip6gretap type ip6gretap local fd00:{number}::{{me}} "
               f"remote fd00:{number}::{{it}}")


def l2tp(ends):
    number = number_of("l2tp")
    for me, end in enumerate(ends, 1):
        tunnel = (f"add tunnel tunnel_id 5 peer_tunnel_id 5 encap ip local 10.0.{number}.{me} "
                  f"remote 10.0.{number}.{3 - me}")
        session = "add session name l2tp tunnel_id 5 session_id 5 peer_session_id 5"
        for line in (tunnel, session):
            run("ip", "-n", net[end], "l2tp", *line.split())


def tap(ends):
    """Two taps, and a process that carries frames from one to the other."""
    TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
    files = []
    if not os.path.exists("/dev/net/tun"):
        run("modprobe", "tun")
    for end in ends:
        with genl.netns(net[end]):
            files.append(os.open("/dev/net/tun", os.O_RDWR))
            fcntl.ioctl(files[-1], TUNSETIFF, struct.pack("16sH22x", b"tap", IFF_TAP | IFF_NO_PI))
    sys.stdout.flush()
    child = os.fork()
    if not child:
        carry(*files)
    atexit.register(os.kill, child, signal.SIGKILL)
    for file in files:
        os.close(file)


def carry(*files):
    other = dict(zip(files, files[::-1]))
    while True:
        for file in select.select(files, [], [])[0]:
            try:
                os.write(other[file], os.read(file, 65536))
            except OSError as wrong:
                # The other may be down; but if there is none any more...
                if wrong.errno != errno.EIO:
                    os._exit(0)


@test
def further_kinds_of_devices_carry_frames_both_ways():
    ends = "a", "b"
    for kind in KINDS:
        if kind != "tap":
            underlay(f"u{kind}", number_of(kind), ends, mtu=2000)
        globals()[kind](ends)
    both(ends, *(f"link set dev {kind} mtu 1400 up" for kind in KINDS))
    for name in ends:
        enable(name, KINDS)
    for name, other in (ends, ends[::-1]):
        links = {nl[name].get("port-get", interface=kind)["link"]: kind for kind in KINDS}

        def ways():
            nl[name].do("discover")
            return {
                links[edge["from"]["link"]]: edge
                for edge in nl[name].whole_dump("edge-get")
                if (edge["from"]["id"], edge["to"]["id"]) == (ID[name], ID[other])
            }

        try:
            found = wait_for(lambda: len(way := ways()) == len(KINDS) and way, "a way over each")
        except Exception:
            missing = [f"{kind}: {nl[name].get('port-get', interface=kind)['state']}"
                       for kind in set(KINDS) - set(ways())]
            check(False, f"{name} has no way over {', '.join(missing)}")
        port = nl[name].get("endpoint-bind")["local_port"]
        for kind, edge in found.items():
            equal(edge["l2mtu"], 1400, f"L2 MTU over {kind}")
            payload = os.urandom(largest(1400, 1))
            nl[name].do("datagram-send", id=ID[other], local_port=port, remote_port=1,
                        payload=payload, route=struct.pack("!I", edge["from"]["link"])
                        + rf.mac(edge["to"]["mac"]))
            event = nl[name].event(LIMIT, lambda command, _: command.startswith("datagram"))
            check(event, f"no answer over {kind}")
            equal((event[0], event[1].get("payload")), ("datagram-rcv", payload), kind)


if __name__ == "__main__":
    main(setup)
