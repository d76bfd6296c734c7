#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""Frames that must be dropped: for the right reason, leaving nothing behind.

    x --- r --- y        x and y are this test's raw sockets, there is a third
                         port to z, which some tests forbid

What the right reason is comes from romonframe.parse_frame(), which was written
from Documentation/protocol.rst alone, or stands here.
"""

import struct

from harness import LIMIT, Failed, Network, check, equal, ip, main, test, wait_for
import romonframe as rf
from genl import mac, netns

R = "02:00:00:00:00:01"
X_MAC, RX_MAC = "02:01:00:00:00:91", "02:01:00:00:00:19"
RY_MAC, Y_MAC = "02:01:00:00:00:18", "02:01:00:00:00:81"
RZ_MAC, Z_MAC = "02:01:00:00:00:17", "02:01:00:00:00:71"
OUT = rf.End(7, 1500, 100, X_MAC)
# Frames of one go, few enough for every queue on the way.
GO = 200

net = Network()
origins = 0


def setup():
    global r, x, y, z
    net.netns("x", "r", "y", "z")
    net.veth(
        ("x", "x", X_MAC, "r", "to-x", RX_MAC),
        ("r", "to-y", RY_MAC, "y", "y", Y_MAC),
        ("r", "to-z", RZ_MAC, "z", "z", Z_MAC),
    )
    r = net.router("r", R, answer_delay=0, flood_window=60000)
    for name in "xyz":
        with netns(net[name]):
            globals()[name] = rf.Port(name)


def new_id():
    global origins
    origins += 1
    return struct.pack("!HI", 0x0A00, origins)


def link(dev):
    return r.get("port-get", interface=dev)["link"]


def port_mac(dev):
    return r.get("port-get", interface=dev)["mac"]


# Good frames of every kind, each from an origin of its own.


def discover(**values):
    return rf.build_discover(values.pop("src", None) or new_id(), OUT, **values)


def recorded(n):
    return [(n, f"02:bb:00:00:00:{n:02x}") for n in range(n)]


def forwarded_discover(hops=3, **values):
    return discover(recorded=recorded(hops), forwarder="02:bb:bb:00:00:01", **values)


def resp(**values):
    """To be passed on to y."""
    origin, router = new_id(), new_id()
    values.setdefault("recorded", [(1, Y_MAC), (link_y, Y_MAC), (5, RX_MAC)])
    values.setdefault("ptr", 2)
    parent = rf.Route(new_id(), rf.NO_END, OUT)
    return rf.build_resp(
        origin, router, parent, OUT, identity="them", board="that", **values
    )


def data(**values):
    """To be passed on to y."""
    route = values.pop("route", None) or [(3, RX_MAC), (link_y, Y_MAC), (5, "02:bb:00:00:00:05")]
    values.setdefault("sport", 9)
    values.setdefault("dport", 9)
    return rf.build_data(new_id(), new_id(), route, payload=b"payload", **values)


def echo(**values):
    route = values.pop("route", None) or [(3, RX_MAC)]
    return rf.build_echo(new_id(), values.pop("dst", R), route, **values)


KINDS = {
    "Discover": discover,
    "passed-on Discover": forwarded_discover,
    "DiscoverResp": resp,
    "Data": data,
    "echo": echo,
}


def refresh():
    global link_y
    link_y = link("to-y")


def delta(before, after):
    found = {name: after[name] - before.get(name, 0) for name in after}
    return {name: n for name, n in found.items() if n}


def counters():
    stats = r.stats("to-x")
    config = r.get("config-get")
    return stats, r.drops(), (config["nodes"], config["edges"])


def send_and_count(frames):
    """Send what all is dropped and return {reason: n}."""
    before, drops, state = counters()
    for ethernet in frames:
        x.send(ethernet)

    def arrived():
        return r.stats("to-x")["rx_packets"] - before["rx_packets"] >= len(frames)

    wait_for(arrived, f"{len(frames)} frames received")
    wait_for(
        lambda: sum(delta(drops, r.drops()).values()) >= len(frames)
        or accepted(before, r.stats("to-x")),
        f"{len(frames)} drops, got {delta(drops, r.drops())}",
    )
    after, drops_after, state_after = counters()
    equal(after["rx_packets"] - before["rx_packets"], len(frames), "frames received")
    equal(state_after, state, "nodes and edges")
    return delta(drops, drops_after), accepted(before, after)


def accepted(before, after):
    return sum(after[name] - before[name] for name in ("forwarded", "delivered"))


def refuse(cases, delivered=False):
    """cases: [(what, reason, frame or (frame, dst, src))..]. What was for this
    router, but for nobody here, counts as delivered."""
    for at in range(0, len(cases), GO):
        some = cases[at : at + GO]
        wires, wanted = [], {}
        for what, reason, frame in some:
            frame, dst, src = frame if isinstance(frame, tuple) else (frame, RX_MAC, X_MAC)
            wires.append(rf.ethernet(dst, src, frame, pad=False))
            wanted[reason] = wanted.get(reason, 0) + 1
        y.drain()
        found, taken = send_and_count(wires)
        if found == wanted and taken == delivered * len(some):
            continue
        # Which of them?
        for wire, (what, reason, frame) in zip(wires, some):
            one, taken = send_and_count([wire])
            if one != {reason: 1} or taken != delivered:
                raise Failed(
                    f"{what}: {one}{', accepted' if taken else ''}, should be {reason}: "
                    f"{wire.hex()}"
                )
        raise Failed(f"together {found}, should be {wanted}, but each alone is right")


def judged(cases):
    """[(what, frame)..] with the reasons of the other parser; those that it
    takes for good are left out."""
    found = []
    for what, frame in cases:
        try:
            rf.parse_frame(frame)
        except rf.FrameError as wrong:
            found.append((what, wrong.reason, frame))
    return found


def with_length(frame, length):
    return frame[:2] + struct.pack("!H", length & 0xFFFF) + frame[4:]


def with_byte(frame, at, value):
    return frame[:at] + bytes((value,)) + frame[at + 1 :]


@test
def good_frames_of_every_kind_are_taken():
    refresh()
    for name, build in KINDS.items():
        before = r.stats("to-x")
        x.send_frame(build(), dst=RX_MAC)
        wait_for(lambda: accepted(before, r.stats("to-x")), f"a good {name} to be accepted")


@test
def every_truncation_of_every_kind_is_dropped():
    refresh()
    for name, build in KINDS.items():
        frame = build()
        refuse(judged([(f"{name} cut to {n}", frame[:n]) for n in range(len(frame))]))


@test
def every_truncation_with_a_length_to_match_is_dropped():
    refresh()
    for name, build in KINDS.items():
        frame = build()
        cases = [
            (f"{name} shortened to {n}", with_length(frame[:n], n + 14))
            for n in range(4, len(frame))
        ]
        refuse(judged(cases))


@test
def every_wrong_length_is_dropped():
    refresh()
    for name, build in KINDS.items():
        frame = build()
        right = len(frame) + 14
        # Shorter than the buffer is padding, which may be right.
        lengths = [*range(0, right), *range(right + 1, right + 70), 1514, 0x7FFF, 0x8000, 0xFFFF]
        refuse(judged([(f"{name} of length {n}", with_length(frame, n)) for n in lengths]))


@test
def every_wrong_number_of_hops_is_dropped():
    refresh()
    for name, build in KINDS.items():
        frame = build()
        refuse(judged([(f"{name} with hops {n}", with_byte(frame, 40, n)) for n in range(256)]))


@test
def every_wrong_pointer_is_dropped():
    refresh()
    for name, build in KINDS.items():
        frame = build()
        refuse(judged([(f"{name} with ptr {n}", with_byte(frame, 41, n)) for n in range(256)]))


@test
def every_wrong_tlv_length_is_dropped():
    refresh()
    for name, build in KINDS.items():
        frame = build()
        found = rf.parse_frame(frame)
        if "tlvs" not in found:
            continue
        cases, at = [], 48 + 10 * found["hops"]
        for tag, value in found["tlvs"]:
            for n in range(256):
                if n != len(value):
                    cases.append((f"{name}: TLV {tag} of {n}", with_byte(frame, at + 1, n)))
            at += 2 + len(value)
        refuse(judged(cases))


@test
def a_lone_tag_at_the_end_is_dropped():
    refresh()
    refuse([
        ("Discover", "bad_tlv", discover(extra=b"\3")),
        ("DiscoverResp", "bad_tlv", resp(extra=b"\5")),
        ("unknown tag", "bad_tlv", discover(extra=b"\xfe")),
        ("unknown tag past the end", "bad_tlv", discover(extra=b"\xfe\1")),
    ])


@test
def wrong_route_tlvs_are_dropped():
    refresh()
    one = rf.route_tlv(new_id(), rf.NO_END, OUT)
    src = new_id()
    own = rf.route_tlv(src, rf.NO_END, OUT)
    router = new_id()
    answer = rf.route_tlv(router, OUT, rf.NO_END)

    def answers(tlvs, origin=None):
        return rf.build_resp(
            origin or src, router, None, None, recorded=[(link_y, Y_MAC)], tlvs=tlvs
        )

    refuse([
        ("none", "bad_route_tlv", discover(tlvs=b"")),
        ("only an identity", "bad_route_tlv", discover(tlvs=rf.tlv(3, "x"))),
        ("two in a Discover", "bad_route_tlv", discover(src=src, tlvs=own + own)),
        ("three in a Discover", "bad_route_tlv", discover(src=src, tlvs=own * 3)),
        ("of another than the origin, no hops", "bad_route_tlv", discover(tlvs=one)),
        ("of the origin after hops", "bad_route_tlv",
         discover(src=src, recorded=recorded(2), tlvs=own)),
        ("of ID zero", "bad_route_tlv", forwarded_discover(tlvs=rf.route_tlv(bytes(6), OUT, OUT))),
        ("of ID broadcast", "bad_route_tlv",
         forwarded_discover(tlvs=rf.route_tlv(b"\xff" * 6, OUT, OUT))),
        ("too short", "bad_tlv", discover(tlvs=rf.tlv(1, bytes(33)))),
        ("too long", "bad_tlv", discover(tlvs=rf.tlv(1, bytes(35)))),
        ("empty", "bad_tlv", discover(tlvs=rf.tlv(1))),
        ("answer with none", "bad_route_tlv", answers(b"")),
        ("answer with one", "bad_route_tlv", answers(one)),
        ("answer with three", "bad_route_tlv", answers(one + answer + answer)),
        ("answer of another", "bad_route_tlv", answers(one + one)),
        ("answer to oneself", "bad_route_tlv", answers(answer + answer)),
        ("answer from the origin", "bad_route_tlv", answers(one + answer, origin=router)),
        ("answer with a short version", "bad_tlv", answers(one + answer + rf.tlv(4, "123"))),
    ])


@test
def unknown_types_are_dropped():
    refuse([
        (f"type {n}", "unknown_type", with_byte(echo(), 0, n))
        for n in range(256)
        if n not in rf.TYPE_NAMES
    ])


@test
def ids_that_cannot_be_one_are_dropped():
    refresh()
    cases = []
    for bad in (bytes(6), b"\xff" * 6):
        for name, build in KINDS.items():
            frame = build()
            cases.append((f"{name} from {bad}", "bad_id", frame[:28] + bad + frame[34:]))
            if "Discover" not in name or "Resp" in name:
                cases.append((f"{name} to {bad}", "bad_id", frame[:34] + bad + frame[40:]))
    frame = discover()
    cases.append(("Discover to one", "bad_id", frame[:34] + mac(R) + frame[40:]))
    refuse(cases)


@test
def hello_and_seqerr_need_a_secret():
    refuse([
        ("Hello", "no_secret", rf.build_hello(new_id())),
        ("SeqErr", "no_secret", rf.build_hello(new_id(), R, type=rf.SEQERR)),
        ("hashed Hello", "no_secret", rf.build_hello(new_id(), auth=bytes(range(24)))),
    ])


@test
def hashed_frames_are_dropped():
    refresh()
    auth = b"\0" * 23 + b"\1"
    refuse([(name, "hashed", build(auth=auth)) for name, build in KINDS.items()])
    refuse([(name, "hashed", build(auth=auth[::-1])) for name, build in KINDS.items()])


@test
def sources_that_are_no_unicast_address_are_dropped():
    sources = ("01:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "01:80:c2:00:88:bf")
    refuse([(src, "bad_source", (discover(), rf.GROUP, src)) for src in sources])


@test
def what_has_passed_here_before_is_dropped():
    refresh()
    ours = [port_mac(dev) for dev in ("to-x", "to-y", "to-z")]
    cases = [("own Discover", "own_flood", discover(src=mac(R)))]
    for address in ours:
        for at in range(3):
            passed = recorded(3)
            passed[at] = (4, address)
            cases.append((
                f"Discover over {address}", "loop",
                discover(recorded=passed, forwarder="02:bb:bb:00:00:01"),
            ))
        # The pointer is at 0, and that entry names the port itself.
        cases.append((
            f"Data on to {address}", "loop",
            data(route=[(3, RX_MAC), (link_y, address), (9, Y_MAC)]),
        ))
        cases.append((
            f"Data over {address} later", "loop",
            data(route=[(3, RX_MAC), (link_y, Y_MAC), (9, address)]),
        ))
        cases.append((
            f"Data that came over {address}", "loop",
            echo(route=[(3, address), (4, RX_MAC)], ptr=1),
        ))
    cases.append(("Discover from here", "loop", discover(recorded=recorded(2), forwarder=R)))
    origin_is_here = rf.build_resp(
        R, new_id(), rf.Route(new_id(), rf.NO_END, OUT), OUT, recorded=[(link_y, Y_MAC)]
    )
    cases.append(("answer to this router in transit", "loop", origin_is_here))
    refuse(cases)


@test
def routes_over_links_that_are_none_are_dropped():
    refresh()
    cases = []
    for number in {0, 1, 2**31, 2**32 - 1, link_y + 1000, link_y ^ 0x10000}:
        cases += [
            (f"Data on link {number}", "no_link", data(route=[(3, RX_MAC), (number, Y_MAC)])),
            (f"answer on link {number}", "no_link", resp(recorded=[(number, Y_MAC)], ptr=1)),
        ]
    refuse(cases)


@test
def routes_through_a_forbidden_port_are_dropped():
    number = link("to-z")
    cases = [
        ("Data", "no_link", data(route=[(3, RX_MAC), (number, Z_MAC), (5, Z_MAC)])),
        ("answer", "no_link", resp(recorded=[(number, Z_MAC)], ptr=1)),
        ("Data, the last hop", "no_link", data(route=[(3, RX_MAC), (number, Z_MAC)])),
    ]
    before = r.stats("to-x")
    z.drain()
    x.send_frame(cases[0][2], dst=RX_MAC)
    wait_for(lambda: accepted(before, r.stats("to-x")), "the way through z while it is allowed")
    check(z.recv(LIMIT), "nothing came to z while it is allowed")
    r.do("port-add", interface="to-z", forbid=1)
    try:
        refuse(cases)
        equal(z.recv(0), None, "what came through the forbidden port")
        # Nor does it take anything in.
        x.drain()
        z.send_frame(discover())
        z.send_frame(echo(route=[(3, RZ_MAC)]), dst=RZ_MAC)
        x.send_frame(discover())
        frame = x.recv(LIMIT, lambda f: f["type"] == rf.RESP)
        check(frame, "no answer to x's Discover")
        equal(z.recv(0), None, "what the forbidden port sent")
    finally:
        r.do("port-del", interface="to-z")


@test
def routes_through_a_port_that_is_down_are_dropped():
    number = link("to-z")
    ip("link set to-z down", ns=net["r"])
    refuse([
        ("Data", "no_link", data(route=[(3, RX_MAC), (number, Z_MAC), (5, Z_MAC)])),
        ("answer", "no_link", resp(recorded=[(number, Z_MAC)], ptr=1)),
    ])
    ip("link set to-z up", ns=net["r"])


@test
def a_next_hop_that_is_no_unicast_address_is_dropped():
    refresh()
    cases = []
    for bad in ("01:80:c2:00:88:bf", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"):
        cases += [
            (f"Data to {bad}", "bad_next", data(route=[(3, RX_MAC), (link_y, bad)])),
            (f"answer to {bad}", "bad_next", resp(recorded=[(link_y, bad)], ptr=1)),
        ]
    refuse(cases)


@test
def what_does_not_fit_the_next_link_is_dropped():
    refresh()
    ip("link set to-y mtu 400", ns=net["r"])
    route = [(3, RX_MAC), (link_y, Y_MAC)]
    head = len(rf.build_data(new_id(), new_id(), route, sport=9, dport=9))
    frames = {
        size: rf.build_data(new_id(), new_id(), route, sport=9, dport=9, payload=bytes(size - head))
        for size in (400, 401, 1500)
    }
    y.drain()
    x.send_frame(frames[400], dst=RX_MAC)
    check(y.recv(LIMIT), "a frame of the L2 MTU did not come through")
    refuse([(f"{size} bytes", "too_big", frames[size]) for size in (401, 1500)])
    ip("link set to-y mtu 1500", ns=net["r"])


@test
def a_discover_that_does_not_fit_the_next_link_is_counted_there():
    ip("link set to-y mtu 300", ns=net["r"])
    before = r.stats("to-y")["drop"].get("too_big", 0)
    x.send_frame(forwarded_discover(hops=25))
    wait_for(lambda: r.stats("to-y")["drop"].get("too_big", 0) == before + 1, "the drop at to-y")
    ip("link set to-y mtu 1500", ns=net["r"])


@test
def what_is_for_others_ends_here():
    refresh()
    origin = new_id()
    resp_for_another = rf.build_resp(
        origin, new_id(), rf.Route(origin, rf.NO_END, OUT), OUT
    )
    refuse([
        ("Data", "not_mine", echo(dst=new_id())),
        ("answer", "not_mine", resp_for_another),
    ])


@test
def ports_that_nobody_bound_are_dropped():
    refuse([
        (f"port {port}", "no_endpoint",
         rf.build_data(new_id(), R, [(3, RX_MAC)], sport=5, dport=port))
        for port in (0, 2, 3, 4, 49152, 65535)
    ], delivered=True)


@test
def an_answer_to_no_question_is_dropped():
    # This router has never sent a Discover.
    origin = rf.Route(mac(R), rf.NO_END, rf.End(link("to-x"), 1500, 100, RX_MAC))
    refuse([("answer", "unsolicited", rf.build_resp(R, new_id(), origin, OUT))])


@test
def a_bad_discover_is_no_flood():
    # Neither its source nor its hops are remembered.
    origin = new_id()
    good = discover(src=origin)
    bad = [with_byte(good, 41, 1), good[:-1], with_length(good, 400), with_byte(good, 49, 3)]
    refuse(judged([(f"bad {n}", frame) for n, frame in enumerate(bad)]))
    y.drain()
    x.send_frame(good)
    check(y.recv(LIMIT, lambda f: f["src"] == origin), "the good Discover was not passed on")


@test
def the_router_knows_nobody_after_all_this():
    equal(r.whole_dump("node-get"), [], "nodes")
    equal(r.whole_dump("edge-get"), [], "edges")


if __name__ == "__main__":
    main(setup)
