#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""Secret lists: the vendor's rules, on raw frames and between two routers.

    x --- r --- y        x and y are this test's raw sockets, neighbours of r
    r1 --- r2            routers
"""

import os
import struct
import time

from harness import SLOW, Failed, Network, amount, check, equal, main, test, wait_for
import genl
import romonauth as ra
import romonframe as rf
from genl import mac, netns

R, R1, R2 = "02:00:00:00:00:01", "02:00:00:00:00:11", "02:00:00:00:00:12"
X, Y = "02:00:00:00:00:91", "02:00:00:00:00:92"
X_MAC, RX_MAC = "02:01:00:00:00:91", "02:01:00:00:00:19"
RY_MAC, Y_MAC = "02:01:00:00:00:18", "02:01:00:00:00:81"
R1_MAC, R2_MAC = "02:01:00:00:00:12", "02:01:00:00:00:21"
MTU = 9000
BOUND = 1000

FORMS = ((), ("",), ("a",), ("a", "b"), ("", "a"), ("a", ""), ("b",), ("b", "a"))
OTHER = ("x",)

net = Network()
WAIT = 60 if SLOW else 20
origins = 0


# The vendor's rules, as the manual has them.


def sends(secrets):
    """The secret that frames are sent hashed with, or None."""
    return secrets[0] or None if secrets else None


def accepts(secrets, secret):
    """Whether frames hashed with a secret, or not hashed, are accepted."""
    if secret is None:
        return not secrets or "" in secrets
    return secret in secrets


def reason(secrets, secret):
    """What a refused one is counted as."""
    if secret is None:
        return "unhashed"
    return "wrong_digest" if any(secrets) else "hashed"


def key(secrets):
    """What Hellos are hashed with."""
    return next(filter(None, secrets), None)


def said(secrets):
    return "{" + ",".join(f'"{secret}"' for secret in secrets) + "}"


def setup():
    global r, r1, r2, x, y
    net.netns("x", "r", "y", "r1", "r2")
    net.veth(
        ("x", "x", X_MAC, "r", "to-x", RX_MAC),
        ("r", "to-y", RY_MAC, "y", "y", Y_MAC),
        ("r1", "to-r2", R1_MAC, "r2", "to-r1", R2_MAC),
        mtu=MTU,
    )
    r = net.router("r", R, answer_delay=0)
    r1 = net.router("r1", R1, answer_delay=0)
    r2 = net.router("r2", R2, answer_delay=0)
    for dev in ("to-x", "to-y"):
        r.do("port-add", interface=dev)
    with netns(net["x"]):
        x = rf.Port("x")
    with netns(net["y"]):
        y = rf.Port("y")


def link(router, dev):
    return router.get("port-get", interface=dev)["link"]


def restart(router, **values):
    """Nothing that was before is known any more."""
    router.do("config-set", enabled=0)
    router.do("config-set", enabled=1, **values)


def state(router, dev, address):
    for found in router.whole_dump("neighbor-get"):
        if (found["interface"], found["mac"]) == (dev, rf.mac_str(mac(address))):
            return found["state"]
    return None


def drops(router, dev):
    return router.stats(dev)["drop"]


def new_origin():
    global origins
    origins += 1
    return struct.pack("!HI", 0x0A00, origins)


def bring_up(port, id, secret, router, dev, address):
    n = ra.Neighbor(port, id, secret)
    check(
        n.handshake(address, lambda: state(router, dev, port.mac) == "up"),
        f"no handshake with {secret!r}",
    )
    return n


def echo(origin, size=32):
    payload = bytes(n * 7 & 0xFF for n in range(size))
    return rf.build_data(origin, R, [(7, RX_MAC)], sport=0xC123, dport=rf.ECHO, payload=payload)


def raw_verdict(n, secret):
    """Whether r takes an echo that is hashed so, by its answer or its counters."""
    origin = new_origin()
    x.drain()
    before = drops(r, "to-x")
    frame = echo(origin)
    if secret is None:
        x.send_frame(frame, dst=RX_MAC)
    else:
        n.send(frame, RX_MAC, secret=secret)
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        found = x.recv(0.02, lambda f: f["type"] == rf.DATA and f["dst"] == origin)
        if found:
            return found
        after = drops(r, "to-x")
        for name in ("unhashed", "hashed", "wrong_digest", "neighbor_down", "replayed"):
            if after.get(name, 0) > before.get(name, 0):
                return name
    raise Failed(f"neither an answer nor a drop for an echo with {secret!r}: {drops(r, 'to-x')}")


def check_sent(data, secrets, what):
    """A frame of r, against what its list says."""
    secret = sends(secrets)
    kind = rf.TYPE_NAMES[data[14]]
    if secret is None:
        check(not ra.is_hashed(data), f"{what}: its {kind} is hashed")
    else:
        check(ra.is_hashed(data), f"{what}: its {kind} is not hashed")
        check(ra.verify(data, secret), f"{what}: its {kind} is not hashed with {secret!r}")


def check_list(secrets, what):
    """r's port to x has this list in effect: what it sends, what it takes."""
    n = None
    if key(secrets):
        n = bring_up(x, X, key(secrets), r, "to-x", RX_MAC)
    else:
        n = ra.Neighbor(x, X, "a")
        equal(r.whole_dump("neighbor-get"), [], f"{what}: neighbours")

    for secret in (None, "a", "b", "x", "z"):
        found = raw_verdict(n, secret)
        with_what = f"{what}: an echo {'hashed with ' + secret if secret else 'not hashed'}"
        if accepts(secrets, secret):
            check(not isinstance(found, str), f"{with_what}: dropped as {found}")
            check_sent(found, secrets, what)
        else:
            equal(found, reason(secrets, secret), with_what)

    # Every type that it sends of itself.
    x.drain()
    r.do("discover")
    found = x.recv(WAIT, lambda f: f["type"] == rf.DISCOVER and f["src"] == mac(R))
    check(found, f"{what}: no Discover")
    check_sent(found, secrets, what)
    flood = rf.build_discover(new_origin(), rf.End(7, MTU, 100, X_MAC))
    if sends(secrets):
        n.send(flood, secret=sends(secrets))
    else:
        x.send_frame(flood)
    found = x.recv(WAIT, lambda f: f["type"] == rf.RESP)
    check(found, f"{what}: no DiscoverResp")
    check_sent(found, secrets, what)


@test
def a_router_sends_and_accepts_by_the_global_list():
    for secrets in FORMS:
        restart(r, secrets=secrets)
        check_list(secrets, said(secrets))


@test
def a_port_list_is_used_instead_of_the_global_one():
    for everywhere in (OTHER, ()):
        for secrets in FORMS:
            r.do("port-set", interface="to-x", secrets=secrets)
            restart(r, secrets=everywhere)
            check_list(secrets or everywhere, f"{said(secrets)} over {said(everywhere)}")
    r.do("port-set", interface="to-x", secrets=())


@test
def lists_can_be_changed_while_the_router_runs():
    restart(r, secrets=())
    for secrets in FORMS + tuple(reversed(FORMS)):
        r.do("config-set", secrets=secrets)
        equal(
            r.get("config-get").get("secrets", []), [s.encode() for s in secrets],
            "the list that is set",
        )
        n = ra.Neighbor(x, X, key(secrets) or "a")
        if key(secrets):
            n = bring_up(x, X, key(secrets), r, "to-x", RX_MAC)
        for secret in (None, "a", "b"):
            found = raw_verdict(n, secret)
            equal(
                not isinstance(found, str), accepts(secrets, secret),
                f"{said(secrets)}, an echo with {secret!r}: {found}",
            )


@test
def without_a_secret_neither_hello_nor_seqerr_is_sent_or_taken():
    for secrets in ((), ("",)):
        restart(r, secrets=secrets, hello_interval=1)
        x.drain()
        n = ra.Neighbor(x, X, "a")
        before = drops(r, "to-x")
        n.say(RX_MAC)
        n.say(RX_MAC, challenge=b"12345678", type=rf.SEQERR)
        x.send_frame(rf.build_hello(X), dst=RX_MAC)
        wait_for(
            lambda: drops(r, "to-x").get("no_secret", 0) - before.get("no_secret", 0) == 3,
            "three drops as no_secret",
        )
        found = x.recv(2.5, lambda f: f["type"] in (rf.HELLO, rf.SEQERR))
        equal(found, None, f"{said(secrets)}: a Hello or SeqErr")
        equal(r.whole_dump("neighbor-get"), [], "neighbours")
    r.do("config-set", hello_interval=5)


@test
def hellos_are_hashed_even_while_other_frames_are_not():
    for secrets in (("", "a"), ("", "", "b", "a"), ("a",)):
        r.do("config-set", enabled=0)
        x.drain()
        r.do("config-set", enabled=1, secrets=secrets)
        found = x.recv(WAIT, is_hello)
        check(found, f"{said(secrets)}: no Hello")
        check(ra.verify(found, key(secrets)), f"{said(secrets)}: not hashed with {key(secrets)}")
        before = drops(r, "to-x").get("unhashed", 0)
        x.send_frame(rf.build_hello(X), dst=RX_MAC)
        wait_for(
            lambda: drops(r, "to-x").get("unhashed", 0) == before + 1, "an unhashed Hello's drop"
        )


@test
def a_hello_is_sent_when_secrets_change_and_when_a_port_comes_up():
    restart(r, secrets=(), hello_interval=3600)
    x.drain()
    r.do("config-set", secrets=("a",))
    check(ra.Neighbor(x, X, "a").recv(WAIT, is_hello), "no Hello for a global secret")
    x.drain()
    r.do("port-set", interface="to-x", secrets=("b",))
    check(ra.Neighbor(x, X, "b").recv(WAIT, is_hello), "no Hello for the port's secret")
    x.drain()
    r.do("port-set", interface="to-x", disabled=1)
    r.do("port-set", interface="to-x", disabled=0)
    check(ra.Neighbor(x, X, "b").recv(WAIT, is_hello), "no Hello of a port that comes up")
    r.do("port-set", interface="to-x", secrets=())
    r.do("config-set", hello_interval=5)


def is_hello(found):
    return found["type"] == rf.HELLO


# A forwarder verifies with one list and hashes with another.


def passes(secret_x, secret_y, sizes):
    r.do("port-set", interface="to-x", secrets=(secret_x,) if secret_x else ())
    r.do("port-set", interface="to-y", secrets=(secret_y,) if secret_y else ())
    restart(r, secrets=())
    if secret_x:
        nx = bring_up(x, X, secret_x, r, "to-x", RX_MAC)
    if secret_y:
        bring_up(y, Y, secret_y, r, "to-y", RY_MAC)
    link_x, link_y = link(r, "to-x"), link(r, "to-y")
    last = 0
    for size in sizes:
        what = f"{secret_x!r} to {secret_y!r}, {size} bytes"
        payload = bytes(n * 13 & 0xFF for n in range(size))
        route = [(7, RX_MAC), (link_y, Y_MAC)]
        frame = rf.build_data(new_origin(), Y, route, sport=9, dport=9, payload=payload)
        y.drain()
        if secret_x:
            nx.send(frame, RX_MAC)
        else:
            x.send_frame(frame, dst=RX_MAC)
        wanted, entry = rf.data_step(frame, link_x, X_MAC)
        found = y.recv(WAIT, lambda f: f["type"] == rf.DATA)
        check(found, f"{what}: not passed on: {drops(r, 'to-x')} {drops(r, 'to-y')}")
        if secret_y:
            seq = ra.sequence(found)
            check(seq > last, f"{what}: numbers do not grow: {seq} after {last}")
            last = seq
            wanted = ra.hashed(wanted, secret_y, seq, entry.mac, RY_MAC)
        equal(found, rf.ethernet(entry.mac, RY_MAC, wanted), what)

        # ... and a Discover, of which forwarding changes more.
        frame = rf.build_discover(
            new_origin(), rf.End(7, MTU, 100, X_MAC), extra=rf.tlv(77, payload[:255])
        )
        if secret_x:
            nx.send(frame)
        else:
            x.send_frame(frame)
        found = y.recv(WAIT, lambda f: f["type"] == rf.DISCOVER)
        check(found, f"{what}: no Discover")
        if secret_y:
            check(ra.verify(found, secret_y), f"{what}: wrong hash of the Discover")
        else:
            check(not ra.is_hashed(found), f"{what}: the Discover is hashed")


SIZES = (0, 1, 31, 63, 64, 65, 1000, 4000, 4096, 8000, MTU - 70)


@test
def a_frame_in_transit_is_hashed_anew_for_the_next_hop():
    for secret_x, secret_y in (("a", "a"), ("a", "b"), ("a", None), (None, "b")):
        passes(secret_x, secret_y, SIZES)
    for dev in ("to-x", "to-y"):
        r.do("port-set", interface=dev, secrets=())


@test
def a_secret_has_1_to_64_bytes_of_any_value():
    for secret in (b"\0", b"\xff" * 64, bytes(range(64)), b"k" * 63, b" ", "gehäuse".encode()):
        restart(r, secrets=(secret,))
        n = bring_up(x, X, secret, r, "to-x", RX_MAC)
        found = raw_verdict(n, secret)
        check(not isinstance(found, str), f"{secret!r}: dropped as {found}")
        check(ra.verify(found, secret), f"{secret!r}: the answer's hash")
    for wrong in ((b"k" * 65,), ("a",) * 17):
        try:
            r.do("config-set", secrets=wrong)
        except genl.NetlinkError as refused:
            check(refused.message, f"{wrong!r}: refused without a sentence")
        else:
            raise Failed(f"{wrong!r} was not refused")
    restart(r, secrets=[f"secret {n}" for n in range(16)])
    n = bring_up(x, X, "secret 0", r, "to-x", RX_MAC)
    for secret in ("secret 0", "secret 15"):
        found = raw_verdict(n, secret)
        check(not isinstance(found, str), f"{secret!r}: dropped as {found}")
    equal(r.whole_dump("neighbor-get")[0]["secret"], 16, "the neighbour's secret")


@test
def a_neighbours_secret_is_told_by_its_place_in_the_list_of_now():
    restart(r, secrets=("old", "new"))
    n = bring_up(x, X, "old", r, "to-x", RX_MAC)

    def place():
        return r.whole_dump("neighbor-get")[0].get("secret")

    equal(place(), 1, "the place of the first")
    for secrets, number in ((("new", "old"), 2), (("new",), None), (("other",), None),
                            (("", "old"), 2), (("old", "new"), 1)):
        r.do("config-set", secrets=secrets)
        equal(place(), number, f"the place of old in {said(secrets)}")
    r.do("port-set", interface="to-x", secrets=("own", "new", "old"))
    equal(place(), 3, "the place of old in the port's list")
    check(not isinstance(raw_verdict(n, "new"), str), "new is not accepted")
    equal(place(), 2, "the place of new, once a frame came with it")
    r.do("port-set", interface="to-x", secrets=())


# Between two routers: datagrams each way, whose fate both can tell, and echoes,
# which need both. Hellos may be refused at the same time, but not so many.
COPIES = 6


def refusals(router, dev):
    found = drops(router, dev)
    return sum(found.get(name, 0) for name in
               ("unhashed", "hashed", "wrong_digest", "neighbor_down", "replayed"))


def send_to(a, id_b, dev_a, mac_b, remote_port):
    payload = os.urandom(16)
    route = struct.pack("!I6s", link(a, dev_a), mac(mac_b))
    for _ in range(COPIES):
        a.do("datagram-send", id=id_b, local_port=BOUND, remote_port=remote_port,
             payload=payload, route=route)
    return lambda c, v: c == "datagram-rcv" and v["payload"] == payload


def comes(send, to, ends):
    """Whether one of the copies comes to a router. If none does, one of the ends
    that they pass has refused as many."""
    before = [refusals(*end) for end in ends]
    wanted = send()
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        # Counted first: what came before the last that was refused is there.
        after = [refusals(*end) for end in ends]
        if to.event(0.01, wanted):
            return True
        if any(now >= then + COPIES for now, then in zip(after, before)):
            return False
    raise Failed(f"neither taken nor refused: {[drops(*end) for end in ends]}")


def datagram(a, b, id_b, dev_a, mac_b, dev_b):
    """Whether b takes what a sends it."""
    return comes(lambda: send_to(a, id_b, dev_a, mac_b, BOUND), b, [(b, dev_b)])


def echoed(a, b, id_b, dev_a, mac_b, dev_b):
    """Whether a gets an answer of b, which either may refuse."""
    return comes(lambda: send_to(a, id_b, dev_a, mac_b, rf.ECHO), a, [(b, dev_b), (a, dev_a)])


@test
def two_routers_hear_each_other_as_the_vendors_table_says():
    wrong = []
    for nl in (r1, r2):
        nl.do("config-set", hello_interval=1)
        nl.do("endpoint-bind", local_port=BOUND)
    for number, one in enumerate(FORMS):
        # Both ways are looked at, so the other half of the table is the same with
        # the routers exchanged.
        for two in FORMS[amount(number, 0):]:
            what = f"{said(one)} - {said(two)}"
            # Neither shall know the other of before.
            for nl in (r1, r2):
                nl.do("config-set", enabled=0)
            r1.do("config-set", enabled=1, secrets=one)
            r2.do("config-set", enabled=1, secrets=two)
            there = accepts(two, sends(one))
            back = accepts(one, sends(two))
            # What an administrator waits for: the neighbour that hashes is up.
            for needed, secrets, nl, dev, peer in (
                (there, one, r2, "to-r1", R1_MAC),
                (back, two, r1, "to-r2", R2_MAC),
            ):
                if needed and sends(secrets):
                    try:
                        wait_for(lambda: state(nl, dev, peer) == "up", "up", limit=WAIT)
                    except Failed:
                        pass
            to_r2 = (r1, r2, R2, "to-r2", R2_MAC, "to-r1")
            to_r1 = (r2, r1, R1, "to-r1", R1_MAC, "to-r2")
            if datagram(*to_r2) != there:
                wrong.append(f"{what}: the second does {'not ' * there}hear the first")
            if datagram(*to_r1) != back:
                wrong.append(f"{what}: the first does {'not ' * back}hear the second")
            for ends in (to_r2, to_r1):
                if (got := echoed(*ends)) != (there and back):
                    wrong.append(f"{what}: ping {'answered' if got else 'lost'}")
            for nl in (r1, r2):
                nl.pending.clear()
    check(not wrong, "\n  ".join(["not as the vendor's table says:"] + wrong))


if __name__ == "__main__":
    main(setup)
