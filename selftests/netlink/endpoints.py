#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""Datagrams of programs: binding RoMON ports, sending, receiving.

    a --- b --- c          x is a raw socket behind c
                |
                x
"""

import errno
import os
import struct
import subprocess
import time

from harness import (
    LIMIT, Failed, Network, check, drop_rights, equal, in_child, main, test, unshare, wait_for,
)
import genl
import romonframe as rf

A, B, C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
NOBODY = "02:77:77:77:77:77"
net = Network()


def setup():
    global a, b, c, x
    net.netns("a", "b", "c", "x")
    net.veth(
        ("a", "to-b", "02:01:00:00:00:ab", "b", "to-a", "02:01:00:00:00:ba"),
        ("b", "to-c", "02:01:00:00:00:bc", "c", "to-b", "02:01:00:00:00:cb"),
        ("c", "to-x", "02:01:00:00:00:c9", "x", "x", "02:01:00:00:00:9c"),
    )
    a = net.router("a", A, answer_delay=0)
    b = net.router("b", B, answer_delay=0)
    c = net.router("c", C, answer_delay=0)
    with genl.netns(net["x"]):
        x = rf.Port("x")


def refused(number, nl, command, **values):
    try:
        nl.do(command, **values)
    except genl.NetlinkError as wrong:
        equal(wrong.errno, number, f"{command} {values}: {wrong}")
        check(" " in wrong.message, f"{command} {values}: no sentence")
        return
    raise Failed(f"{command} {values} was not refused")


def bound(router, port=None):
    """A socket of a router that has bound a RoMON port, an ephemeral one by
    default; and the port."""
    nl = genl.Romon(router.ns)
    values = {} if port is None else {"local_port": port}
    return nl, nl.get("endpoint-bind", **values)["local_port"]


def received(nl, what):
    event = nl.event(LIMIT, lambda command, _: command.startswith("datagram"))
    check(event, f"nothing came: {what}")
    equal(event[0], "datagram-rcv", f"{what}: {event}")
    return event[1]


@test
def a_datagram_arrives_with_all_that_is_known_of_it():
    sender, port = bound(a)
    receiver, _ = bound(c, 700)
    sender.do("datagram-send", id=C, local_port=port, remote_port=700, payload=b"hello")
    got = received(receiver, "a's datagram")
    equal((got["id"], got["remote_port"], got["local_port"], got["payload"], got["interface"]),
          (A, port, 700, b"hello", "to-b"), "what c received")
    equal(got["link"], c.get("port-get", interface="to-b")["link"], "the link it came in by")
    equal(len(got["route"]), 20, "the length of the way back")
    # The way back is a route that needs no look-up.
    receiver.do("datagram-send", id=A, local_port=700, remote_port=port, payload=b"yes?",
                route=got["route"])
    back = received(sender, "c's answer")
    equal((back["id"], back["remote_port"], back["payload"]), (C, 700, b"yes?"), "the answer")
    sender.close()
    receiver.close()


@test
def payloads_of_all_sizes_arrive_unchanged():
    sender, port = bound(a)
    receiver, _ = bound(c, 700)
    for size in (0, 1, 2, 31, 500, 1500 - 46 - 20 - 4):
        payload = os.urandom(size)
        sender.do("datagram-send", id=C, local_port=port, remote_port=700, payload=payload)
        equal(received(receiver, f"{size} bytes")["payload"], payload, f"{size} bytes")
    refused(errno.EMSGSIZE, sender, "datagram-send", id=C, local_port=port, remote_port=700,
            payload=bytes(1500 - 46 - 20 - 4 + 1))
    sender.close()
    receiver.close()


@test
def ephemeral_ports_are_high_and_different():
    sockets = [bound(a) for _ in range(20)]
    ports = {port for _, port in sockets}
    equal(len(ports), 20, f"different ports of {ports}")
    check(min(ports) >= 49152, f"an ephemeral port below 49152: {ports}")
    for nl, _ in sockets:
        nl.close()


@test
def a_port_is_bound_once():
    one, _ = bound(a, 700)
    two = genl.Romon(a.ns)
    refused(errno.EADDRINUSE, two, "endpoint-bind", local_port=700)
    refused(errno.EADDRINUSE, one, "endpoint-bind", local_port=700)
    refused(errno.EADDRINUSE, two, "endpoint-bind", local_port=rf.ECHO)
    # Another router's ports are its own.
    other, _ = bound(b, 700)
    for nl in (one, two, other):
        nl.close()


@test
def unbinding_is_for_its_owner():
    one, _ = bound(a, 700)
    two = genl.Romon(a.ns)
    refused(errno.ENOENT, two, "endpoint-unbind", local_port=700)
    refused(errno.ENOTCONN, two, "datagram-send", id=B, local_port=700, remote_port=1)
    refused(errno.ENOTCONN, one, "datagram-send", id=B, local_port=701, remote_port=1)
    one.do("endpoint-unbind", local_port=700)
    refused(errno.ENOENT, one, "endpoint-unbind", local_port=700)
    refused(errno.ENOTCONN, one, "datagram-send", id=B, local_port=700, remote_port=1)
    two.get("endpoint-bind", local_port=700)
    one.close()
    two.close()


@test
def who_has_bound_a_port_needs_no_right_any_more():
    sender, port = bound(a)
    receiver, _ = bound(c, 700)

    def unprivileged():
        drop_rights()
        sender.do("datagram-send", id=C, local_port=port, remote_port=700, payload=b"no rights")
        got = received(sender, "the answer")
        equal(got["payload"], b"heard", "the answer")
        refused(errno.EPERM, sender, "endpoint-bind", local_port=701)
        refused(errno.EPERM, sender, "discover")
        sender.do("endpoint-unbind", local_port=port)
        refused(errno.ENOTCONN, sender, "datagram-send", id=C, local_port=port, remote_port=700)
        refused(errno.EPERM, sender, "endpoint-bind", local_port=port)

    receiver.do("datagram-send", id=A, local_port=700, remote_port=port, payload=b"heard")
    in_child(unprivileged)
    equal(received(receiver, "from who has no right")["payload"], b"no rights", "payload")
    sender.close()
    receiver.close()


@test
def who_has_not_bound_a_port_sends_nothing_from_it():
    owner, port = bound(a, 700)
    receiver, _ = bound(c, 700)
    to_c = {"id": C, "local_port": port, "remote_port": 700, "payload": b"forged"}

    def unprivileged():
        drop_rights()
        own = genl.Romon()
        refused(errno.ENOTCONN, own, "datagram-send", **to_c)
        refused(errno.ENOENT, own, "endpoint-unbind", local_port=port)
        unshare(user=True)
        for nl in (own, genl.Romon()):
            refused(errno.ENOTCONN, nl, "datagram-send", **to_c)
            refused(errno.ENOENT, nl, "endpoint-unbind", local_port=port)
            refused(errno.EPERM, nl, "endpoint-bind", local_port=701)
        # Who is root in a namespace of its own has its own port there.
        unshare(net=True)
        there = genl.Romon()
        there.do("config-set", enabled=1, id=A)
        there.get("endpoint-bind", local_port=port)
        there.do("datagram-send", **to_c)
        refused(errno.ENOTCONN, own, "datagram-send", **to_c)

    with genl.netns(a.ns):
        in_child(unprivileged)
    owner.do("datagram-send", id=C, local_port=port, remote_port=700, payload=b"real")
    equal(received(receiver, "the owner's datagram")["payload"], b"real", "what comes first")
    owner.close()
    receiver.close()


@test
def a_socket_of_the_same_number_elsewhere_gains_nothing():
    owner, port = bound(a, 700)
    number = owner.sock.getsockname()[0]
    other = genl.Romon(b.ns, portid=number)
    equal(other.sock.getsockname()[0], number, "the number of the socket in b")
    refused(errno.ENOTCONN, other, "datagram-send", id=C, local_port=port, remote_port=700)
    refused(errno.ENOENT, other, "endpoint-unbind", local_port=port)
    other.close()
    # That it was closed took nothing from a's.
    owner.do("datagram-send", id=A, local_port=port, remote_port=port, payload=b"still")
    equal(received(owner, "to itself")["payload"], b"still", "payload")
    owner.close()


@test
def a_closed_socket_gives_its_ports_back():
    for _ in range(3):
        nl = genl.Romon(a.ns)
        for port in range(700, 710):
            nl.get("endpoint-bind", local_port=port)
        nl.close()
    nl, _ = bound(a, 705)
    nl.close()


@test
def a_child_that_dies_gives_its_ports_back():
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        nl = genl.Romon(a.ns)
        nl.get("endpoint-bind", local_port=800)
        os.write(write, b"x")
        os.kill(os.getpid(), 9)
    os.read(read, 1)
    os.waitpid(pid, 0)
    nl, _ = bound(a, 800)
    nl.close()


@test
def bound_ports_are_limited():
    limit = a.get("config-get")["max_endpoints"]
    a.do("config-set", max_endpoints=3)
    nl = genl.Romon(a.ns)
    for port in (700, 701, 702):
        nl.get("endpoint-bind", local_port=port)
    refused(errno.ENOSPC, nl, "endpoint-bind", local_port=703)
    refused(errno.ENOSPC, nl, "endpoint-bind")
    nl.do("endpoint-unbind", local_port=701)
    nl.get("endpoint-bind", local_port=703)
    nl.close()
    a.do("config-set", max_endpoints=limit)


@test
def a_datagram_for_a_port_that_nobody_bound_is_counted():
    sender, port = bound(a)
    before = c.drops().get("no_endpoint", 0)
    sender.do("datagram-send", id=C, local_port=port, remote_port=999, payload=b"x")
    wait_for(lambda: c.drops().get("no_endpoint", 0) == before + 1, "the drop at c")
    sender.close()


@test
def a_segment_for_a_port_that_nobody_bound_is_answered_with_close():
    sender, port = bound(a)
    # kind, sequence number, acknowledged, payload: what the close tells back
    for kind, seq, ack, payload, told in (
        (0, 0x01020304, 0, b"", (0, 0x01020304)),
        (1, 5, 0xFFFFFFFF, b"", (0xFFFFFFFF, 5)),
        (2, 0xFFFFFFFE, 7, b"four", (7, 2)),
        (3, 8, 9, b"", (9, 8)),
    ):
        segment = struct.pack("!BBII", kind, 0xC3, seq, ack) + payload
        sender.do("datagram-send", id=C, local_port=port, remote_port=3, payload=segment)
        found = received(sender, f"the answer to kind {kind}")
        equal((found["id"], found["local_port"], found["remote_port"]), (C, port, 3), "from")
        equal(found["payload"], struct.pack("!BBIIB", 4, 0, *told, 1), f"answer to kind {kind}")
    # Neither another close, nor what is not known, nor what is too short.
    before = c.drops().get("no_endpoint", 0)
    for segment in (struct.pack("!BBII", 4, 0, 1, 2), struct.pack("!BBII", 5, 0, 1, 2), bytes(9)):
        sender.do("datagram-send", id=C, local_port=port, remote_port=3, payload=segment)
    wait_for(lambda: c.drops().get("no_endpoint", 0) == before + 3, "the drops at c")
    # What has been dropped was answered, or was not.
    check(not sender.event(0.1), "a datagram that asks for none was answered")
    sender.close()


@test
def a_full_queue_drops_and_counts():
    sender, port = bound(a)
    receiver, _ = bound(c, 700)
    receiver.sock.setsockopt(1, 8, 4096)
    before = c.stats("to-b")["drop"].get("endpoint_queue", 0)
    n = 60
    for number in range(n):
        sender.do("datagram-send", id=C, local_port=port, remote_port=700,
                  payload=bytes((number,)) * 600)

    def dropped():
        return c.stats("to-b")["drop"].get("endpoint_queue", 0) - before

    wait_for(lambda: dropped() > n // 2, "most of them dropped as endpoint_queue")
    got = 0
    receiver.sock.setblocking(False)
    while True:
        try:
            receiver.sock.recv(65536)
            got += 1
        except BlockingIOError:
            break
        except OSError as wrong:
            # The socket is told that it has lost something.
            equal(wrong.errno, errno.ENOBUFS, "the socket's error")
    equal(got + dropped(), n, "datagrams received and dropped")
    # Room again.
    sender.do("datagram-send", id=C, local_port=port, remote_port=700, payload=b"again")
    equal(received(receiver, "a datagram into the empty queue")["payload"], b"again", "payload")
    sender.close()
    receiver.close()


@test
def a_router_that_is_not_there_is_told_of():
    sender, port = bound(a)
    before = a.stats()["drop"].get("no_route", 0)
    sender.do("datagram-send", id=NOBODY, local_port=port, remote_port=5, payload=b"x")
    event = sender.event(LIMIT, lambda command, _: command.startswith("datagram"))
    check(event, "nothing was told")
    command, values = event
    equal((command, values["id"], values["local_port"], values["remote_port"]),
          ("datagram-error", NOBODY, port, 5), "what was told")
    equal(values["error"], errno.EHOSTUNREACH, "the error")
    equal(a.stats()["drop"].get("no_route", 0), before + 1, "drops as no_route")
    sender.close()


@test
def datagrams_that_wait_for_a_route_are_limited():
    limit = a.get("config-get")["queue_len"]
    a.do("config-set", queue_len=5)
    sender, port = bound(a)
    for _ in range(5):
        sender.do("datagram-send", id=NOBODY, local_port=port, remote_port=5, payload=b"x")
    refused(errno.ENOBUFS, sender, "datagram-send", id=NOBODY, local_port=port, remote_port=5)
    for number in range(5):
        event = sender.event(LIMIT, lambda command, _: command == "datagram-error")
        check(event, f"only {number} of 5 errors were told")
    a.do("config-set", queue_len=limit)
    sender.close()


@test
def a_route_is_searched_for_what_has_none():
    for router, own in ((a, A), (b, B), (c, C)):
        router.do("config-set", enabled=0)
        router.do("config-set", enabled=1)
    equal(a.whole_dump("node-get"), [], "what a knows after a restart")
    sender, port = bound(a)
    receiver, _ = bound(c, 700)
    sender.do("datagram-send", id=C, local_port=port, remote_port=700, payload=b"find it")
    equal(received(receiver, "the datagram that waited")["payload"], b"find it", "payload")
    sender.close()
    receiver.close()


def took(ask):
    began = time.monotonic()
    ask()
    return time.monotonic() - began


@test
def what_is_known_now_waits_for_nobody():
    nl = genl.Romon(a.ns)
    equal(nl.do("node-get", now=b""), [{"id": A}], "this router")
    equal(nl.get("node-get", id=C, now=b"")["identity"], "c", "another")
    refused(errno.ENOENT, nl, "node-get", id=NOBODY, now=b"")
    refused(errno.EINVAL, nl, "node-get")
    b.do("config-set", enabled=0)
    refused(errno.ENETDOWN, b, "node-get", now=b"")
    b.do("config-set", enabled=1)

    # Hundreds of devices go at once, and with them rtnl for a while.
    subprocess.run(["ip", "-n", a.ns, "-batch", "-"], check=True, text=True,
                   input="".join(f"link add gone{n} group 9 type dummy\n" for n in range(400)))
    waited, known = [], []
    with subprocess.Popen(["ip", "-n", a.ns, "link", "del", "group", "9"]) as gone:
        while gone.poll() is None:
            known.append(took(lambda: nl.get("node-get", now=b"")))
            waited.append(took(lambda: nl.get("config-get")))
    equal(gone.returncode, 0, "ip")
    print(f"# rtnl was waited for {max(waited) * 1000:.0f} ms, "
          f"what is known for {max(known) * 1000:.1f}")
    check(max(known) < max(waited) / 2, "it waits for rtnl")
    nl.close()


@test
def datagrams_for_this_router_itself_arrive():
    sender, port = bound(a)
    receiver, _ = bound(a, 700)
    sender.do("datagram-send", id=A, local_port=port, remote_port=700, payload=b"me")
    got = received(receiver, "a's own datagram")
    equal((got["id"], got["remote_port"], got["payload"]), (A, port, b"me"), "what came")
    sender.do("datagram-send", id=A, local_port=port, remote_port=rf.ECHO, payload=b"echo")
    got = received(sender, "a's own echo")
    equal((got["id"], got["remote_port"], got["payload"]), (A, rf.ECHO, b"echo"), "the echo")
    sender.close()
    receiver.close()


@test
def a_frame_from_the_wire_has_its_way_back():
    receiver, _ = bound(c, 700)
    frame = rf.build_data("02:00:00:00:00:99", C, [(3, "02:01:00:00:00:c9")], sport=5, dport=700,
                          payload=b"raw")
    x.send_frame(frame, dst="02:01:00:00:00:c9")
    got = received(receiver, "x's frame")
    link = c.get("port-get", interface="to-x")["link"]
    equal((got["id"], got["remote_port"], got["payload"], got["link"], got["interface"]),
          ("02:00:00:00:00:99", 5, b"raw", link, "to-x"), "what came")
    equal(got["route"].hex(), f"{link:08x}0201000000 9c".replace(" ", ""), "the way back")
    receiver.close()


@test
def datagrams_that_wait_are_told_of_when_romon_is_disabled():
    sender, port = bound(a)
    sender.do("datagram-send", id=NOBODY, local_port=port, remote_port=5, payload=b"x")
    a.do("config-set", enabled=0)
    event = sender.event(LIMIT, lambda command, _: command == "datagram-error")
    check(event, "nothing was told")
    check(event[1]["error"] in (errno.ENETDOWN, errno.EHOSTUNREACH), f"error {event[1]['error']}")
    # Endpoints stay bound.
    refused(errno.EADDRINUSE, a, "endpoint-bind", local_port=port)
    a.do("config-set", enabled=1)
    sender.close()


if __name__ == "__main__":
    main(setup)
