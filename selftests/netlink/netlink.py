#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""The netlink family as programs see it: bad requests, rights, dumps.

Nothing here knows the tool or libnl. Every refusal must have the right errno,
a sentence, and point at the attribute that is to blame.
"""

import array
import errno
import os
import socket
import struct

from harness import (
    Failed, Network, check, drop_rights, equal, in_child, ip, main, test, unshare, wait_for,
)
import genl
import romonframe as rf
from genl import CMD, NUMBER, SETS, attr, build, encode, set_of

R = "02:00:00:00:00:01"
# Where the first attribute of a request is: behind two headers.
FIRST = 20
ENTRIES = 300
NODES = 200

net = Network()

# What each request takes: an example of each attribute, in the order of the
# specification.
EXAMPLES = {
    "config-set": dict(
        enabled=1, id=R, identity="me", board="this", hop_limit=32, flood_window=200,
        flood_rate=100, answer_delay=20, node_timeout=60, max_nodes=16384, max_edges=65536,
        max_origins=1024, max_ports=1024, max_endpoints=256, queue_len=1024,
        secrets=["", "new"], hello_interval=5, max_neighbors=1024, answer_rate=100,
    ),
    "port-get": dict(interface="d0"),
    "port-add": dict(
        interface="new0", cost=1, forbid=0, disabled=0, comment="x", secrets=["new"],
    ),
    "port-set": dict(
        interface="e0", cost=1, forbid=0, disabled=0, comment="x", secrets=["new"],
    ),
    "port-del": dict(interface="e0"),
    "node-get": dict(id="02:00:00:00:00:02"),
    "endpoint-bind": dict(local_port=500),
    "endpoint-unbind": dict(local_port=500),
    "datagram-send": dict(
        id="02:00:00:00:00:02", local_port=500, remote_port=1, payload=b"x",
        route=bytes.fromhex("00000001020000000001"),
    ),
}
# Attributes that a request takes, but that change what it is.
FLAGS = {"node-get": ["now"]}
REQUIRED = {
    "port-get": ["interface"],
    "port-add": ["interface"],
    "port-set": ["interface"],
    "port-del": ["interface"],
    "node-get": ["id"],
    "endpoint-unbind": ["local_port"],
    "datagram-send": ["id", "local_port", "remote_port"],
}
CHANGES = (
    "config-set", "port-add", "port-set", "port-del", "discover", "endpoint-bind",
)
# ... and what only a socket may that was let bind a port.
BOUND = {"endpoint-unbind": errno.ENOENT, "datagram-send": errno.ENOTCONN}
RANGES = {
    "enabled": (0, 1), "forbid": (0, 1), "disabled": (0, 1), "hop_limit": (1, 128),
    "flood_window": (10, 60000), "flood_rate": (1, 100000), "answer_delay": (0, 1000),
    "node_timeout": (1, 86400), "max_nodes": (1, 1048576), "max_edges": (1, 4194304),
    "max_origins": (1, 1048576), "max_ports": (1, 65536), "max_endpoints": (1, 65535),
    "queue_len": (1, 65536), "hello_interval": (1, 3600), "max_neighbors": (1, 1048576),
    "answer_rate": (1, 100000),
}
SIZES = {"u8": 1, "u16": 2, "u32": 4, "mac": 6, "flag": 0}
LONGEST = {"interface": 15, "identity": 255, "board": 255, "comment": 255}


def setup():
    global r, ns, x
    ns, _ = net.netns("r", "x")
    net.veth(("r", "to-x", "02:01:00:00:00:19", "x", "x", "02:01:00:00:00:91"))
    ip("link add name d0 up type dummy", ns=ns)
    r = net.router("r", R)
    r.do("port-add", interface="e0", cost=3)
    with genl.netns(net["x"]):
        x = rf.Port("x")


def state():
    """All that a bad request must not change."""
    config = r.get("config-get")
    ports = r.whole_dump("port-get")
    for values in (config, *ports):
        values.pop("stats", None)
        values.pop("uptime", None)
    return config, ports


def refused(nl, command, payload, errnos, what, offset=None, missing=None, flags=genl.NLM_F_ACK):
    try:
        nl.request(CMD.get(command, command), payload, flags)
    except genl.NetlinkError as wrong:
        what = f"{what}: {wrong}"
        if wrong.errno not in errnos:
            raise Failed(f"{what}, should be {[errno.errorcode[n] for n in errnos]}")
        check(len(wrong.message) > 9, f"{what}: no sentence")
        if offset is not None:
            equal(wrong.offset, offset, f"{what}: offset of the attribute to blame")
        if missing is not None:
            equal(wrong.missing, missing, f"{what}: the attribute that is missing")
        return
    raise Failed(f"{what} was not refused")


def kinds():
    """Every attribute that any request takes: (command, name, number, kind)."""
    for command, values in EXAMPLES.items():
        for name in [*values, *FLAGS.get(command, [])]:
            number = NUMBER[set_of(command)][name]
            yield command, name, number, SETS[set_of(command)][number][1]


def with_bad(command, name, number, value, place):
    """A request with one bad attribute, first or last; and its offset."""
    good = {n: v for n, v in EXAMPLES[command].items() if n != name}
    bad, rest = attr(number, value), build(set_of(command), good)
    return (bad + rest, FIRST) if place == "first" else (rest + bad, FIRST + len(rest))


def refuse_value(command, name, number, value, what):
    for place in ("first", "last"):
        payload, offset = with_bad(command, name, number, value, place)
        refused(r, command, payload, (errno.EINVAL, errno.ERANGE),
                f"{command}: {name} {what}, {place}", offset)


@test
def attributes_of_a_wrong_size_are_refused():
    before = state()
    for command, name, number, kind in kinds():
        if kind not in SIZES:
            continue
        for size in (0, 1, 2, 3, 4, 5, 8, 300):
            if size != SIZES[kind]:
                refuse_value(command, name, number, bytes(size), f"of {size} bytes")
    equal(state(), before, "the state after all of them")


@test
def strings_that_are_too_long_or_have_no_end_are_refused():
    before = state()
    for command, name, number, kind in kinds():
        if kind != "string":
            continue
        refuse_value(command, name, number, b"a" * (LONGEST[name] + 1) + b"\0", "too long")
        refuse_value(command, name, number, b"a" * 1000 + b"\0", "much too long")
        refuse_value(command, name, number, b"abc", "without an end")
        refuse_value(command, name, number, b"", "of no byte")
    equal(state(), before, "the state after all of them")


@test
def values_out_of_range_are_refused_and_their_bounds_taken():
    before = state()
    for command, name, number, kind in kinds():
        if name not in RANGES:
            continue
        low, high = RANGES[name]
        most = (1 << 8 * SIZES[kind]) - 1
        for value in {low - 1, high + 1, most}:
            if 0 <= value <= most and not low <= value <= high:
                refuse_value(command, name, number, encode(kind, value), value)
    equal(state(), before, "the state after all of them")
    for name, (low, high) in RANGES.items():
        # Memory for the most origins is taken at once: leave that alone.
        if name in before[0] and name not in ("enabled", "max_origins"):
            for value in (low, high):
                r.do("config-set", **{name: value})
                equal(r.get("config-get")[name], value, name)
            r.do("config-set", **{name: before[0][name]})
    equal(state(), before, "the state after the bounds")


@test
def unknown_attributes_are_refused():
    before = state()
    for command, values in EXAMPLES.items():
        taken = {NUMBER[set_of(command)][name]
                 for name in [*values, *FLAGS.get(command, [])]}
        # Those of its set that the command does not take, and none at all.
        for number in {*SETS[set_of(command)], 60, 100, 0x3FFF} - taken:
            rest = build(set_of(command), values)
            bad = attr(number, b"\0" * 4)
            what = f"{command} with attribute {number}"
            refused(r, command, rest + bad, (errno.EINVAL,), what, FIRST + len(rest))
    equal(state(), before, "the state after all of them")


@test
def missing_attributes_are_told():
    before = state()
    for command, names in REQUIRED.items():
        for name in names:
            values = {n: v for n, v in EXAMPLES[command].items() if n != name}
            refused(r, command, build(set_of(command), values), (errno.EINVAL,),
                    f"{command} without {name}", missing=NUMBER[set_of(command)][name])
    equal(state(), before, "the state after all of them")


@test
def names_that_no_device_can_have_are_refused():
    before = state()
    for command in ("port-get", "port-add", "port-set", "port-del"):
        for name in ("", ".", "..", "a/b", "a b", "a:b", "tab\t"):
            refused(r, command, build("port", {"interface": name}), (errno.EINVAL,),
                    f"{command} '{name}'", FIRST)
    equal(state(), before, "the state after all of them")


@test
def requests_about_what_is_not_there_are_refused():
    before = state()
    for command, number in (("port-get", errno.ENODEV), ("port-set", errno.ENOENT),
                            ("port-del", errno.ENOENT)):
        refused(r, command, build("port", {"interface": "none0"}), (number,), command, FIRST)
    refused(r, "port-add", build("port", {"interface": "e0"}), (errno.EEXIST,), "port-add", FIRST)
    refused(r, "node-get", build("node", {"id": "02:77:77:77:77:77"}), (errno.ENOENT,),
            "node-get", FIRST)
    refused(r, "endpoint-unbind", build("datagram", {"local_port": 9}), (errno.ENOENT,),
            "endpoint-unbind", FIRST)
    equal(state(), before, "the state after all of them")


@test
def ids_that_cannot_be_one_are_refused():
    before = state()
    refused(r, "config-set", build("config", {"id": b"\xff" * 6}), (errno.EINVAL,),
            "broadcast as ID", FIRST)
    nl = genl.Romon(ns)
    port = nl.get("endpoint-bind")["local_port"]
    for bad in (b"\xff" * 6, bytes(6)):
        payload = build("datagram", dict(id=bad, local_port=port, remote_port=1))
        refused(nl, "datagram-send", payload, (errno.EINVAL,), f"a datagram to {bad}", FIRST)
    nl.close()
    equal(state(), before, "the state after all of them")


@test
def routes_and_payloads_of_impossible_sizes_are_refused():
    nl = genl.Romon(ns)
    port = nl.get("endpoint-bind")["local_port"]
    entry = bytes.fromhex("00000001020000000001")
    head = build("datagram", dict(id="02:00:00:00:00:02", local_port=port, remote_port=1))
    routes = (b"", entry[:9], entry + b"x", entry * 256, bytes(10), entry[:4] + b"\xff" * 6)
    for route in routes:
        refused(nl, "datagram-send", head + attr(NUMBER["datagram"]["route"], route),
                (errno.EINVAL, errno.ERANGE), f"a route of {len(route)} bytes", FIRST + len(head))
    payload = attr(NUMBER["datagram"]["payload"], bytes(65466))
    refused(nl, "datagram-send", head + payload, (errno.EMSGSIZE, errno.EINVAL, errno.ERANGE),
            "65466 bytes of payload", FIRST + len(head))
    nl.close()


@test
def a_change_is_made_whole_or_not_at_all():
    before = state()
    payload = build("config", dict(identity="other", hop_limit=7, node_timeout=9))
    bad = attr(NUMBER["config"]["flood_rate"], struct.pack("I", 0))
    refused(r, "config-set", payload + bad, (errno.EINVAL, errno.ERANGE), "config-set",
            FIRST + len(payload))
    payload = build("config", dict(identity="other", id=b"\xff" * 6, hop_limit=7))
    refused(r, "config-set", payload, (errno.EINVAL,), "config-set")
    equal(state(), before, "the state")


@test
def what_needs_romon_running_is_refused_while_it_is_off():
    nl = genl.Romon(ns)
    port = nl.get("endpoint-bind")["local_port"]
    r.do("config-set", enabled=0)
    refused(nl, "discover", b"", (errno.ENETDOWN,), "discover")
    payload = build("datagram", dict(id=R, local_port=port, remote_port=1))
    refused(nl, "datagram-send", payload, (errno.ENETDOWN,), "datagram-send")
    r.do("config-set", enabled=1)
    nl.close()


@test
def unknown_commands_are_refused():
    dump = genl.NLM_F_DUMP
    for command in (0, 22, 100, 255, *map(CMD.get, ("config-change-ntf", "datagram-rcv"))):
        try:
            r.request(command)
        except genl.NetlinkError as wrong:
            equal(wrong.errno, errno.EOPNOTSUPP, f"command {command}")
        else:
            raise Failed(f"command {command} was not refused")
    # What is only a dump, and what is none.
    for command, flags in (("edge-get", genl.NLM_F_ACK), ("config-get", dump), ("discover", dump)):
        try:
            r.request(CMD[command], b"", flags)
        except genl.NetlinkError as wrong:
            equal(wrong.errno, errno.EOPNOTSUPP, command)
        else:
            raise Failed(f"{command} with flags {flags:x} was not refused")


def refuse_all_changes(nl, why):
    for command in CHANGES:
        payload = build(set_of(command), EXAMPLES.get(command, {}))
        refused(nl, command, payload, (errno.EPERM,), f"{command} {why}")
    for command, number in BOUND.items():
        payload = build(set_of(command), EXAMPLES[command])
        refused(nl, command, payload, (number,), f"{command} {why}")


@test
def changes_need_the_right_to_them_and_reading_does_not():
    before = state()

    def unprivileged():
        opened_by_root = genl.Romon(ns)
        genl.enter(ns)
        drop_rights()
        own = genl.Romon()
        refuse_all_changes(own, "by nobody")
        refuse_all_changes(opened_by_root, "by nobody on root's socket")
        for nl in (own, opened_by_root):
            equal(nl.get("config-get")["current_id"], R, "config-get by nobody")
            equal(nl.get("port-get", interface="e0")["cost"], 3, "port-get by nobody")
            check(nl.whole_dump("port-get"), "ports for nobody")
            for command in ("node-get", "edge-get"):
                nl.whole_dump(command)
        own.subscribe()

    in_child(unprivileged)
    equal(state(), before, "the state after all of them")


@test
def a_socket_opened_without_the_right_gives_it_to_nobody():
    # Else a program with the right could be made to use it for one without.
    ours, theirs = socket.socketpair()

    def unprivileged():
        genl.enter(ns)
        drop_rights()
        nl = genl.Romon()
        fds = array.array("i", [nl.fileno()])
        theirs.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])

    in_child(unprivileged)
    _, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    nl = genl.Romon(ns)
    nl.sock.close()
    nl.sock = socket.socket(fileno=struct.unpack("i", ancillary[0][2][:4])[0])
    refuse_all_changes(nl, "on nobody's socket")
    nl.close()


@test
def root_of_a_user_namespace_may_change_its_own_network_namespace_only():
    def inside():
        drop_rights()
        unshare(user=True, net=True)
        nl = genl.Romon()
        nl.do("config-set", enabled=1, id=R, identity="mine")
        nl.do("port-add", interface="d0", cost=9)
        equal(nl.get("config-get")["identity"], "mine", "identity in its own namespace")
        nl.do("discover")
        nl.get("endpoint-bind", local_port=500)

    in_child(inside)

    def outside():
        genl.enter(ns)
        drop_rights()
        unshare(user=True)
        refuse_all_changes(genl.Romon(), "by root of another user namespace")

    in_child(outside)


def many_entries(n):
    return [f"many{number}" for number in range(n)]


@test
def a_dump_of_many_ports_is_complete():
    names = many_entries(ENTRIES)
    for name in names:
        r.do("port-add", interface=name, comment="c" * 200)
    rows = [port["interface"] for port in r.whole_dump("port-get")]
    equal(len(rows), len(set(rows)), "rows that are there twice")
    equal(set(rows), {"all", "lo", "d0", "e0", "to-x", *names}, "rows")


def small_parts():
    """The kernel has the second part of a dump ready when the first is read, so
    both must be small for a change to come in between."""
    return genl.Romon(ns, size=8192)


def start_of_dump(nl, command):
    """Ask for a dump and read no more than its first part."""
    seq = nl.send(CMD[command], b"", genl.NLM_F_DUMP)
    messages = nl.receive(genl.time.monotonic() + 60)
    check(all(kind != genl.NLMSG_DONE for kind, *_ in messages), f"{command}: one part only")
    return seq, messages


def interrupted(nl, command, change):
    seq, messages = start_of_dump(nl, command)
    change()
    flags = 0
    while True:
        for kind, some, number, _ in messages:
            flags |= some
            if kind == genl.NLMSG_DONE:
                return bool(flags & genl.NLM_F_DUMP_INTR)
        messages = nl.receive(genl.time.monotonic() + 60)


@test
def a_dump_of_ports_that_change_meanwhile_says_so():
    nl = small_parts()
    equal(interrupted(nl, "port-get", lambda: None), False, "marked without a change")
    equal(interrupted(nl, "port-get", lambda: r.do("port-del", interface="many7")), True,
          "marked when an entry was removed")
    equal(interrupted(nl, "port-get", lambda: r.do("port-add", interface="more")), True,
          "marked when an entry was added")
    nl.close()
    for name in [*many_entries(ENTRIES), "more"]:
        if name != "many7":
            r.do("port-del", interface=name)


def fake_routers(first, n, chain=8):
    """Answer r's Discover for n routers, in chains of some length."""
    x.drain()
    r.do("discover")
    data = x.recv(60, lambda frame: frame["type"] == rf.DISCOVER)
    check(data, "no Discover")
    asker = rf.parse(data)["eth_src"]
    above = None
    for number in range(first, first + n):
        hops = (number - first) % chain
        if not hops:
            above = rf.parse(data)["routes"][0]
        router = struct.pack("!HI", 0x0A00, number)
        # The first of a chain is x itself.
        mac = struct.pack("!HI", 0x0A02, number) if hops else x.mac
        port = rf.End(1, 1500, 100, mac)
        below = rf.End(2, 1500, 100, struct.pack("!HI", 0x0A04, number))
        recorded = [(n, f"02:bb:00:00:00:{n:02x}" if n else asker) for n in range(hops)]
        x.send_frame(
            rf.build_resp(R, router, above, port, recorded=recorded, ptr=0,
                          identity=f"router{number}"),
            dst=asker,
        )
        above = rf.Route(router, port, below)


@test
def a_dump_of_many_routers_is_complete():
    fake_routers(1, NODES)
    wait_for(lambda: r.get("config-get")["nodes"] == NODES, f"{NODES} routers known")
    rows = r.whole_dump("node-get")
    equal([row["id"] for row in rows],
          [genl.mac_str(struct.pack("!HI", 0x0A00, n + 1)) for n in range(NODES)], "routers")
    equal(sorted({row["hops"] for row in rows}), list(range(1, 9)), "hops")
    for row in rows:
        equal(len(row["path"]), row["hops"], f"the path to {row['identity']}")
        equal(row["cost"], 200 * row["hops"], f"the cost to {row['identity']}")
    edges = r.whole_dump("edge-get")
    equal(len(edges), NODES, "edges")
    equal(len({(e["from"]["id"], e["to"]["id"]) for e in edges}), NODES, "different edges")
    equal(all(edge["active"] for edge in edges), True, "all edges in use")


@test
def a_dump_of_routers_that_change_meanwhile_says_so():
    nl = small_parts()

    def one_more():
        known = r.get("config-get")["nodes"]
        fake_routers(1000 + known, 1)
        wait_for(lambda: r.get("config-get")["nodes"] == known + 1, "one router more")

    for command in ("node-get", "edge-get"):
        equal(interrupted(nl, command, lambda: None), False, f"{command} without a change")
        equal(interrupted(nl, command, one_more), True, f"{command} with a change")
    nl.close()


@test
def one_router_is_told_with_its_route():
    route = r.get("node-get", id=genl.mac_str(struct.pack("!HI", 0x0A00, 3)))
    link = r.get("port-get", interface="to-x")["link"]
    equal(
        route["route"].hex(),
        struct.pack("!I6s", link, genl.mac(x.mac)).hex()
        + struct.pack("!IHI", 2, 0x0A02, 2).hex()
        + struct.pack("!IHI", 2, 0x0A02, 3).hex(),
        "the source route of the third in a chain",
    )
    equal(route["interface"], "to-x", "the device it leaves by")


@test
def known_routers_and_edges_are_limited():
    before = r.get("config-get")
    for name, number in (("max_nodes", 5000), ("max_edges", 6000)):
        # Off and on: it forgets all routers, and how many floods missed them.
        r.do("config-set", enabled=0, **{name: 4})
        r.do("config-set", enabled=1)
        dropped = r.drops().get("topology_full", 0)
        fake_routers(number, 10, chain=1)
        wait_for(lambda: r.drops().get("topology_full", 0) == dropped + 6, "6 drops")
        config = r.get("config-get")
        equal((config["nodes"], config["edges"]), (4, 4), f"routers and edges with {name} 4")
        r.do("config-set", **{name: before[name]})


if __name__ == "__main__":
    main(setup)
