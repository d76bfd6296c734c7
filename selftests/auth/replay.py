#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""What somebody on the cable can do who has no secret: nothing.

    x --- r --- y        x and y are this test's raw sockets, neighbours of r;
         x2 ---+         x2 is one more, on another port of r, and so is z,
          z ---+         which nobody has ever made a neighbour
         q1 ---+         q1 and q2 are two ports of one neighbour, of the same
         q2 ---+         MAC, as are those of r that they are joined to

Frames are recorded as the neighbours send them, and sent again.
"""

import os
import random
import struct
import subprocess
import time

from harness import SLOW, Failed, Network, amount, check, equal, main, note, test, wait_for
import genl
import romonauth as ra
import romonframe as rf
from genl import mac, netns

R = "02:00:00:00:00:01"
X, X2, Y = "02:00:00:00:00:91", "02:00:00:00:00:93", "02:00:00:00:00:92"
X_MAC, RX_MAC = "02:01:00:00:00:91", "02:01:00:00:00:19"
RY_MAC, Y_MAC = "02:01:00:00:00:18", "02:01:00:00:00:81"
Q, Q_MAC, RQ_MAC = "02:00:00:00:00:94", "02:01:00:00:00:51", "02:01:00:00:00:15"
RX2_MAC, RZ_MAC, Z_MAC = "02:01:00:00:00:17", "02:01:00:00:00:16", "02:01:00:00:00:61"
MACS = {"x": RX_MAC, "y": RY_MAC, "x2": RX2_MAC, "z": RZ_MAC, "q1": RQ_MAC, "q2": RQ_MAC}
SECRET = "a secret"
WINDOW = 2048
JUMP = 1 << 32

net = Network()
WAIT = 60 if SLOW else 20
# Long enough for a frame that should not be there to be there; that those which
# would have caused it were judged is seen in the counters before.
QUIET = 0.5 if SLOW else 0.3
origins = 0


def setup():
    global r, port
    net.netns("x", "r", "y", "z")
    net.veth(
        ("x", "x", X_MAC, "r", "to-x", RX_MAC),
        # the same MAC on two ports of r, as a router has it on two VLANs
        ("z", "x2", X_MAC, "r", "to-x2", RX2_MAC),
        ("r", "to-y", RY_MAC, "y", "y", Y_MAC),
        ("r", "to-z", RZ_MAC, "z", "z", Z_MAC),
        # two links of equal MACs at both ends, as members of bonds are
        ("x", "q1", Q_MAC, "r", "to-q1", RQ_MAC),
        ("z", "q2", Q_MAC, "r", "to-q2", RQ_MAC),
    )
    r = net.router("r", R, answer_delay=0, secrets=(SECRET,), hello_interval=3600,
                   flood_rate=100000, node_timeout=3600)
    port = {}
    for name, dev in (
        ("x", "x"), ("z", "x2"), ("y", "y"), ("z", "z"), ("x", "q1"), ("z", "q2")
    ):
        with netns(net[name]):
            port[dev] = rf.Port(dev)


def stats(name="x"):
    return r.stats(f"to-{name}")


def state(name, address=None):
    address = rf.mac_str(mac(address or port[name].mac))
    for found in r.whole_dump("neighbor-get"):
        if (found["interface"], found["mac"]) == (f"to-{name}", address):
            return found["state"]
    return None


def states():
    return sorted(
        (found["interface"], found["mac"], found["state"], found["since"] // 10**6)
        for found in r.whole_dump("neighbor-get")
    )


def neighbor(name, id, seq=None):
    n = ra.Neighbor(port[name], id, SECRET, seq)
    up(name, n)
    return n


def up(name, n):
    """Until r believes n its numbers as they are now."""
    check(
        n.handshake(MACS[name], lambda: state(name, n.src) == "up" and believed(name, n)),
        f"no handshake on {name}",
    )


def believed(name, n):
    return ask(name, n) is not None


def reboot():
    r.do("config-set", enabled=0)
    r.do("config-set", enabled=1)


def drain():
    for one in port.values():
        one.drain()


def new_origin():
    global origins
    origins += 1
    return struct.pack("!HI", 0x0A00, origins)


def echo(name="x", size=32, origin=None):
    payload = os.urandom(size)
    return rf.build_data(
        origin or new_origin(), R, [(7, MACS[name])], sport=0xC123, dport=rf.ECHO,
        payload=payload,
    )


def ask(name, n, timeout=0.5, **how):
    """The answer to an echo of a neighbour, or None."""
    origin = new_origin()
    n.send(echo(name, origin=origin), MACS[name], **how)
    return n.port.recv(timeout, lambda f: f["type"] == rf.DATA and f["dst"] == origin)


def traffic_goes_on(what, *names):
    for name in names or ("x", "y"):
        check(ask(name, here[name], WAIT), f"{what}: {name} is not answered any more")


def link(dev):
    return r.get("port-get", interface=dev)["link"]


def every_type(n, name="x"):
    """{what: frame as sent}, one of each, all of which r takes; y is the next
    node of those that travel on."""
    to = MACS[name]
    link_y = link("to-y")
    end = rf.End(7, 1500, 100, n.src)
    parent = rf.Route(new_origin(), rf.NO_END, end)
    recorded = [(1, Y_MAC), (link_y, Y_MAC), (5, to)]
    resp = rf.build_resp(
        new_origin(), new_origin(), parent, end, recorded=recorded, ptr=2, identity="them"
    )
    data = rf.build_data(
        new_origin(), new_origin(), [(3, to), (link_y, Y_MAC), (5, "02:bb:00:00:00:05")],
        sport=9, dport=9, payload=b"payload",
    )
    return {
        "Discover": n.make(rf.build_discover(new_origin(), end)),
        "DiscoverResp": n.make(resp, to),
        "Data": n.make(data, to),
        "echo": n.make(echo(name), to),
        "Hello": n.hello(),
        "Hello with a challenge": n.hello(to, challenge=os.urandom(8)),
        "Hello with an echo": n.hello(to, echo=os.urandom(8)),
        "SeqErr": n.hello(to, challenge=os.urandom(8), type=rf.SEQERR),
    }


def effects():
    """What r made of frames: all that it sent but Hello, SeqErr and its own
    Discover."""
    def one(found):
        return found["type"] in (rf.RESP, rf.DATA) or (
            found["type"] == rf.DISCOVER and found["src"] != mac(R)
        )

    return [data for p in port.values() for data in p.recv_all(0, one)]


def record(n, name="x"):
    """Send one of each type, all of which are taken, and return them."""
    drain()
    frames = every_type(n, name)
    for what, data in frames.items():
        before = stats(name)
        n.port.send(data)
        wait_for(
            lambda: taken(before, stats(name)) or dropped(before, stats(name)),
            f"{what} received",
        )
        equal(dropped(before, stats(name)), {}, f"{what}, dropped")
    found = []
    # The Discover is passed on to five ports and answered.
    wait_for(lambda: found.extend(effects()) or len(found) >= 9, "what comes of them")
    return frames


def taken(before, after):
    return after["rx_packets"] - before["rx_packets"]


def dropped(before, after):
    found = {
        reason: n - before["drop"].get(reason, 0) for reason, n in after["drop"].items()
    }
    return {reason: n for reason, n in found.items() if n}


def refused(frames, reason, name="x", quiet=True):
    """r drops all these for this reason, and nothing else comes of them."""
    drain()
    before, before_states = stats(name), states()
    for data in frames.values():
        port[name].send(data)
    wait_for(lambda: taken(before, stats(name)) >= len(frames), "frames received")
    wait_for(
        lambda: sum(dropped(before, stats(name)).values()) >= len(frames)
        or gone_on(before, stats(name)),
        f"{len(frames)} drops: {dropped(before, stats(name))}",
    )
    after = stats(name)
    if gone_on(before, after) or set(dropped(before, after)) - set(reason.split()):
        raise Failed(f"not all refused as {reason}: {one_by_one(frames, reason, name)}")
    equal(sum(dropped(before, after).values()), len(frames), "frames dropped")
    if quiet:
        time.sleep(QUIET)
        equal([data.hex() for data in effects()], [], "what r sent because of them")
    return before_states


def gone_on(before, after):
    return any(after[what] - before[what] for what in ("forwarded", "delivered"))


def one_by_one(frames, reason, name):
    found = {}
    for what, data in frames.items():
        before = stats(name)
        port[name].send(data)
        wait_for(lambda: taken(before, stats(name)), "a frame received")
        time.sleep(0.05)
        after = stats(name)
        if gone_on(before, after) or dropped(before, after) != {reason: 1}:
            found[what] = dropped(before, after) or "accepted"
    return found or "each alone is"


here = {}


@test
def frames_of_neighbours_that_are_alive_are_taken():
    here["x"] = neighbor("x", X)
    here["y"] = neighbor("y", Y)
    equal(state("x"), "up", "x")
    equal(state("y"), "up", "y")
    record(here["x"])
    traffic_goes_on("at first")


@test
def a_frame_replayed_at_once_is_refused():
    frames = record(here["x"])
    refused(frames, "replayed")
    equal(state("x"), "up", "x")
    traffic_goes_on("after the replay")


@test
def a_frame_replayed_later_is_refused():
    frames = record(here["x"])
    for much in (10, WINDOW - 20, WINDOW, 3 * WINDOW):
        here["x"].seq += much
        traffic_goes_on("meanwhile")
        refused(frames, "replayed", quiet=much == 10)
    traffic_goes_on("after the replay")


@test
def a_frame_replayed_on_another_port_is_refused():
    n = here["x"]
    frames = record(n)
    unknown = states()
    # As recorded: unicast frames are for somebody else there.
    refused(frames, "neighbor_down other_host", "x2")
    refused(frames, "neighbor_down other_host", "z")
    # With the port's own address, so that the hash does not fit.
    other = {what: mac(RX2_MAC) + data[6:] for what, data in frames.items()}
    refused(other, "wrong_digest", "x2")
    # Where the same MAC is a neighbour in its own right.
    n2 = here["x2"] = neighbor("x2", X2, seq=n.seq + JUMP * 1000)
    refused(frames, "replayed other_host", "x2")
    # Of these some are not even verified: their numbers cannot be.
    refused(other, "wrong_digest replayed", "x2")
    up_there = [found for found in states() if found[2] == "up"]
    equal(
        sorted(set(up_there) - set(unknown)), [("to-x2", X_MAC, "up", 0)], "who is up now"
    )
    check(ask("x2", n2, WAIT), "x2 is not answered any more")
    traffic_goes_on("after the replay")
    equal(state("z", X_MAC) in (None, "init"), True, "x at z")


@test
def a_frame_sent_back_to_its_sender_is_refused():
    drain()
    r.do("discover")
    found = port["x"].recv(WAIT, lambda f: f["type"] == rf.DISCOVER and f["src"] == mac(R))
    check(found, "no Discover")
    before = stats()
    port["x"].send(found)
    port["x"].send(mac(RX_MAC) + found[6:])
    wait_for(lambda: taken(before, stats()) == 2, "both received")
    check(not gone_on(before, stats()), f"taken: {dropped(before, stats())}")
    equal(state("x", RX_MAC), None if state("x", RX_MAC) is None else "init", "r at itself")


@test
def a_frame_replayed_after_the_senders_reboot_is_refused():
    n = here["x"]
    frames = record(n)
    # It has a clock...
    n.seq += 60 * 10**9
    up("x", n)
    refused(frames, "replayed")
    traffic_goes_on("after the replay")
    # ... a battery that is empty, so that its numbers are lower...
    recent = record(n)
    n.seq = 31 * 10**9
    up("x", n)
    refused(recent, "replayed")
    refused(frames, "replayed", quiet=False)
    traffic_goes_on("with low numbers")
    # ... for good.
    low = record(n)
    n.seq = 29 * 10**9 + 10**12
    up("x", n)
    for some in (low, recent, frames):
        refused(some, "replayed", quiet=False)
    traffic_goes_on("with other low numbers")
    equal(state("x"), "up", "x")


@test
def a_frame_replayed_after_the_receivers_reboot_is_refused():
    n = here["x"]
    frames = record(n)
    reboot()
    equal(state("x"), None, "x after the reboot")
    refused(frames, "neighbor_down")
    check(state("x") in (None, "init"), f"x is {state('x')} by a replay")
    up("x", n)
    up("y", here["y"])
    refused(frames, "replayed")
    traffic_goes_on("after the replay")


@test
def a_frame_replayed_after_the_reboot_of_both_is_refused():
    n = here["x"]
    for start in (n.seq + 10**12, 40 * 10**9):
        frames = record(n)
        reboot()
        n.seq = start
        refused(frames, "neighbor_down")
        up("x", n)
        up("y", here["y"])
        refused(frames, "replayed")
        traffic_goes_on("after the replay")


def port_state(name):
    return r.get("port-get", interface=f"to-{name}")["state"]


@test
def a_frame_replayed_after_the_link_was_down_is_refused():
    """r forgets its neighbours then, what they may still send and their marks."""
    n = here["x"]
    for where, dev, gone in (("x", "x", "no-carrier"), ("r", "to-x", "down")):
        frames = record(n)
        subprocess.run(["ip", "-n", net[where], "link", "set", dev, "down"], check=True)
        wait_for(lambda: port_state("x") == gone, f"r's port {gone}")
        equal(state("x"), None, f"x while the port is {gone}")
        subprocess.run(["ip", "-n", net[where], "link", "set", dev, "up"], check=True)
        wait_for(lambda: port_state("x") == "running", "r's port running")
        # The old one has an error to tell.
        port["x"].close()
        with netns(net["x"]):
            n.port = port["x"] = rf.Port("x")
        refused(frames, "neighbor_down")
        check(state("x") in (None, "init"), f"x is {state('x')} by a replay")
        # The echo of an old challenge is among them, and proves nothing.
        refused(frames, "neighbor_down")
        up("x", n)
        refused(frames, "replayed")
        traffic_goes_on("after the replay")


@test
def each_frame_is_taken_once_in_any_order():
    n = here["x"]
    count = 200 if SLOW else 600
    rng = random.Random(4711)
    first = n.seq + 1
    sent = {}
    for seq in range(first, first + WINDOW - 1):
        if seq - first < count // 2 or seq - first >= WINDOW - 1 - count // 2:
            origin = new_origin()
            sent[origin] = n.make(echo(origin=origin), RX_MAC, seq=seq)
    n.seq = first + WINDOW - 2
    order = list(sent.values())
    rng.shuffle(order)
    drain()
    before = stats()
    answered = {}

    def collect():
        for data in port["x"].recv_all(0, lambda f: f["type"] == rf.DATA):
            origin = rf.parse(data)["dst"]
            answered[origin] = answered.get(origin, 0) + 1

    for at in range(0, len(order), 50):
        for data in order[at : at + 50]:
            n.port.send(data)
        # The same again, amid those that are still to come.
        for data in order[max(0, at - 25) : at + 10]:
            n.port.send(data)
        collect()
    wait_for(lambda: collect() or len(answered) >= len(sent), "an answer to each")
    for data in order:
        n.port.send(data)
    wait_for(
        lambda: dropped(before, stats()).get("replayed", 0) >= len(order), "drops as replayed"
    )
    collect()
    equal(set(answered.values()), {1}, "answers to each frame")
    equal(len(answered), len(sent), "frames answered")
    traffic_goes_on("after it")


@test
def the_window_ends_where_it_should():
    n = here["x"]
    n.seq += 10 * WINDOW
    check(ask("x", n, WAIT), "no answer")
    top = n.seq
    for behind, wanted in ((WINDOW, False), (WINDOW - 1, True), (WINDOW - 1, False),
                           (WINDOW - 2, True), (1, True), (0, False)):
        before = stats()
        got = ask("x", n, WAIT if wanted else QUIET, seq=top - behind)
        equal(bool(got), wanted, f"{behind} behind: {dropped(before, stats())}")
        if not wanted:
            wait_for(lambda: dropped(before, stats()).get("replayed"), "a drop as replayed")
    equal(n.seq, top, "the number")
    check(ask("x", n, WAIT, seq=top + 5), "a jump of 5")
    n.seq = top + 5


@test
def flipped_bits_are_refused_at_every_byte():
    n = here["x"]
    for what, data in every_type(n).items():
        frames, numbers = {}, 0
        for at in range(len(data)):
            for bit in (at % 8,) if SLOW else range(8):
                flipped = bytearray(data)
                flipped[at] ^= 1 << bit
                frames[f"{what}, byte {at}, bit {bit}"] = bytes(flipped)
                numbers += 14 + ra.AUTH <= at < 14 + ra.DIGEST
        # Of these some never get to where frames are counted: another
        # EtherType. And padding is not part of the frame.
        length = struct.unpack_from("!H", data, 16)[0]
        frames = {
            name: flipped for name, flipped in frames.items()
            if flipped[12:14] == data[12:14] and flipped[:length] != data[:length]
        }
        before, drops = stats(), {}
        for name, flipped in frames.items():
            port["x"].send(flipped)
        wait_for(lambda: taken(before, stats()) >= len(frames), f"{what}: frames received")
        wait_for(
            lambda: sum(dropped(before, stats()).values()) >= len(frames)
            or gone_on(before, stats()),
            f"{what}: {len(frames)} drops: {dropped(before, stats())}",
        )
        after = stats()
        drops = dropped(before, after)
        # An impossible number is refused for that, mostly before it is verified.
        if (gone_on(before, after) or drops.get("replayed", 0) > numbers
                or "neighbor_down" in drops):
            raise Failed(f"{what}: not all refused: {drops}")
        check(drops.get("wrong_digest", 0) > len(frames) / 2, f"{what}: {drops}")
        # It was good all the time.
        before = stats()
        port["x"].send(data)
        wait_for(lambda: taken(before, stats()), f"{what} received")
        equal(dropped(before, stats()), {}, f"{what} as it was, dropped")
    traffic_goes_on("after it")
    drain()


@test
def truncated_and_extended_frames_are_refused():
    n = here["x"]
    for what, data in every_type(n).items():
        (length,) = struct.unpack_from("!H", data, 16)
        data = data[:length]
        frames = {}
        for size in range(14, len(data)):
            frames[f"{what}, {size} bytes of it"] = data[:size]
            if size >= 18:
                frames[f"{what}, cut to {size}"] = (
                    data[:16] + struct.pack("!H", size) + data[18:size]
                )
        for extra in (1, 2, 4, 10, 16, 64, 500):
            for filler in (b"\0", b"\x01", b"\xaa"):
                longer = data + filler * extra
                frames[f"{what}, {extra} bytes longer"] = (
                    longer[:16] + struct.pack("!H", len(longer)) + longer[18:]
                )
        before = stats()
        for cut in frames.values():
            port["x"].send(cut)
        wait_for(
            lambda: sum(dropped(before, stats()).values()) >= len(frames)
            or gone_on(before, stats()),
            f"{what}: {len(frames)} drops: {dropped(before, stats())}",
        )
        after = stats()
        check(
            not gone_on(before, after) and "replayed" not in dropped(before, after),
            f"{what}: not all refused: {dropped(before, after)}",
        )
        # What follows a frame on the wire is padding.
        before = stats()
        port["x"].send(data + b"\xaa" * 50)
        wait_for(lambda: taken(before, stats()), f"{what} received")
        equal(dropped(before, stats()), {}, f"{what} with padding, dropped")
    traffic_goes_on("after it")
    drain()


@test
def forged_hellos_and_seqerrs_change_nothing():
    n = here["x"]
    forger = ra.Neighbor(port["x"], X, "another secret", seq=n.seq + 1000)
    stranger = ra.Neighbor(port["x"], X, "another secret", src="02:66:00:00:00:01")
    frames = {}
    for who, one in (("in x's name", forger), ("by a stranger", stranger)):
        for kind in (rf.HELLO, rf.SEQERR):
            for challenge in (None, os.urandom(8)):
                for reply in (None, os.urandom(8)):
                    for dst in (rf.GROUP, RX_MAC):
                        frames[f"{who} {kind} {challenge} {reply} {dst}"] = one.hello(
                            dst, challenge, reply, type=kind
                        )
    before = states()
    drain()
    refused(frames, "wrong_digest")
    equal(states(), before, "neighbours")
    plain = {
        f"{kind} {dst}": rf.ethernet(dst, X_MAC, rf.build_hello(
            X, type=kind, tlvs=ra.hello_body(os.urandom(8), os.urandom(8))))
        for kind in (rf.HELLO, rf.SEQERR) for dst in (rf.GROUP, RX_MAC)
    }
    refused(plain, "unhashed")
    equal(states(), before, "neighbours")
    found = port["x"].recv(QUIET, lambda f: f["type"] in (rf.HELLO, rf.SEQERR))
    equal(found, None, "an answer to a forgery")
    traffic_goes_on("after it")


@test
def replayed_hellos_and_seqerrs_change_nothing():
    n = here["x"]
    old = []
    # All that was said in a handshake, by x.
    reboot()
    said = n.say(RX_MAC)
    found = n.challenge(WAIT)
    check(found, "no challenge")
    answer = n.answer(found)
    wait_for(lambda: state("x") == "up", "x up")
    up("y", here["y"])
    old = {"the Hello": said, "its echo": answer,
           "a challenge": n.say(RX_MAC, challenge=os.urandom(8)),
           "a SeqErr": n.say(RX_MAC, challenge=os.urandom(8), type=rf.SEQERR)}
    for _ in range(5):
        refused(old, "replayed")
        equal(state("x"), "up", "x")
        traffic_goes_on("between replays")
    # The same while x is not up: the echo was for another challenge.
    reboot()
    refused(old, "neighbor_down")
    equal(state("x"), "init", "x")
    refused(old, "neighbor_down")
    equal(state("x"), "init", "x")
    up("x", n)
    up("y", here["y"])


@test
def a_challenge_is_good_for_one_echo():
    n = here["x"]
    reboot()
    drain()
    n.say(RX_MAC)
    found = n.challenge(WAIT)
    check(found and found["challenge"], "no challenge")
    # Wrong ones first.
    for wrong in (bytes(8), b"\xff" * 8, os.urandom(8), bytes(7) + found["challenge"][-1:]):
        n.say(RX_MAC, echo=wrong)
        time.sleep(0.02)
        equal(state("x"), "init", f"x after the echo {wrong.hex()}")
    drain()
    n.say(RX_MAC)
    again = n.challenge(WAIT)
    check(again, "no challenge any more")
    data = n.answer(again)
    wait_for(lambda: state("x") == "up", "x up")
    seq = n.seq
    # New number, old echo: a good Hello, but no proof of anything.
    n.seq = 5
    before = stats()
    n.answer(again)
    wait_for(lambda: taken(before, stats()), "the echo received")
    time.sleep(QUIET)
    n.seq = seq
    check(ask("x", n, WAIT), "x is not answered with its own numbers any more")
    refused({"the echo": data}, "replayed", quiet=False)
    up("y", here["y"])


@test
def challenges_are_never_the_same():
    n = here["x"]
    seen = set()
    for _ in range(10 if SLOW else 40):
        reboot()
        n.say(RX_MAC)
        found = n.challenge(WAIT)
        check(found, "no challenge")
        check(found["challenge"] not in seen, "the same challenge twice")
        seen.add(found["challenge"])
    up("x", n)
    up("y", here["y"])


def seqerr(n, old):
    """What r answers to a replay, sent again as such answers are rare."""
    deadline = time.monotonic() + WAIT
    n.port.drain()
    while time.monotonic() < deadline:
        n.port.send(old)
        found = n.challenge(0.1)
        if found and found["type"] == rf.SEQERR:
            return found
    raise Failed("no SeqErr for a replay")


def answers(data, origin):
    """On which links of equal MACs r takes this frame, sent on both."""
    found = []
    before = {name: taken_by(name) for name in ("q1", "q2")}
    for name in before:
        port[name].drain()
        port[name].send(data)
        wait_for(lambda: taken_by(name) > before[name], f"a frame on {name}")
        wanted = lambda f: f["type"] == rf.DATA and f["dst"] == origin
        if port[name].recv(QUIET, wanted):
            found.append(name)
    return found


def taken_by(name):
    return stats(name)["rx_packets"]


@test
def a_challenge_carried_to_a_link_of_equal_macs_gets_no_frame_taken_twice():
    """Who sits on both links has the port q2 answer what r has asked on that of
    q1, so that both ports of r take q2's numbers."""
    q1, q2 = neighbor("q1", Q), neighbor("q2", Q, seq=time.time_ns() + JUMP * 1000)
    old = q1.send(echo("q1"), RQ_MAC)
    found = seqerr(q1, old)
    carried = q2.hello(RQ_MAC, echo=found["challenge"], mark=found["mark"] or b"")
    before = taken_by("q1")
    port["q1"].send(carried)
    wait_for(lambda: taken_by("q1") > before and state("q1") == "up", "the echo received")
    time.sleep(QUIET)
    # It is for one of the two, whichever q2 takes for its neighbour now.
    for mark, name in ((q2.marks.get(mac(RQ_MAC), b""), "q2"), (found["mark"] or b"", "q1")):
        origin = new_origin()
        data = q2.make(echo(name, origin=origin), RQ_MAC, mark=mark)
        equal(answers(data, origin), [name], "links on which a frame of q2 was taken")
    check(q1.marks and q1.marks != q2.marks, "both ports of r are told apart by nothing")
    # Nor does an echo that is for one port prove anything at the other.
    reboot()
    for n in (q1, q2):
        n.port.drain()
        n.say(RQ_MAC)
    asked = {n: n.challenge(WAIT) for n in (q1, q2)}
    check(all(asked.values()), "no challenge")
    before = stats("q1")
    q1.say(RQ_MAC, echo=asked[q1]["challenge"], mark=asked[q2]["mark"])
    wait_for(lambda: dropped(before, stats("q1")), "a drop")
    equal(dropped(before, stats("q1")), {"wrong_digest": 1}, "an echo for the other port")
    equal(state("q1"), "init", "q1")
    up("x", here["x"])
    up("y", here["y"])


@test
def frames_to_a_neighbour_are_bound_to_the_mark_that_it_told():
    old, new = os.urandom(8), os.urandom(8)
    n = ra.Neighbor(port["q1"], Q, SECRET, mark=old)
    up("q1", n)
    stale = n.say()
    for mark in (old, new):
        n.mark = mark
        n.say()
        origin = new_origin()
        n.send(echo("q1", origin=origin), RQ_MAC)
        found = port["q1"].recv(WAIT, lambda f: f["type"] == rf.DATA and f["dst"] == origin)
        check(found, "no answer")
        check(ra.verify(found, SECRET, mark), "the answer is not bound to the mark")
        check(not ra.verify(found, SECRET), "the answer is bound to nothing")
    # What it told before changes nothing when it is sent again.
    refused({"a Hello of the old mark": stale}, "replayed", "q1", quiet=False)
    origin = new_origin()
    n.send(echo("q1", origin=origin), RQ_MAC)
    found = port["q1"].recv(WAIT, lambda f: f["type"] == rf.DATA and f["dst"] == origin)
    check(found and ra.verify(found, SECRET, new), "not bound to the new mark any more")


@test
def an_echo_held_back_makes_no_frame_new_again():
    n = here["x"]
    (old,) = (data for what, data in record(n).items() if what == "echo")
    for hold in (5, 3000):
        found = seqerr(n, old)
        held = n.hello(RX_MAC, echo=found["challenge"])
        frames = {}
        for number in range(5):
            what = f"frame {number} behind the echo"
            frames[what] = n.make(echo(), RX_MAC)
        n.seq += hold - 5
        frames["the last"] = n.make(echo(), RX_MAC)
        before = stats()
        for data in frames.values():
            port["x"].send(data)
        wait_for(lambda: taken(before, stats()) >= len(frames), "frames received")
        equal(dropped(before, stats()), {}, "frames dropped")
        port["x"].send(held)
        refused(frames, "replayed")
        check(ask("x", n, WAIT), "x is not answered any more")
    equal(state("x"), "up", "x")


@test
def replays_are_answered_rarely():
    n = here["x"]
    frames = list(record(n).values())
    drain()
    start = time.monotonic()
    seconds = 4 if SLOW else 2
    count = 0
    while time.monotonic() < start + seconds:
        for data in frames:
            port["x"].send(data)
        count += len(frames)
    found = port["x"].recv_all(QUIET, lambda f: f["type"] in (rf.HELLO, rf.SEQERR))
    seconds = time.monotonic() - start
    note(f"{count} replays in {seconds:.1f} s, answered {len(found)} times")
    check(len(found) <= 100 * seconds + 10, f"{count} replays were answered {len(found)} times")
    equal(state("x"), "up", "x")
    traffic_goes_on("after it")


@test
def a_forged_frame_of_an_impossible_number_is_hardly_ever_verified():
    n = here["x"]
    used = n.seq
    n.send(echo(), RX_MAC)
    frames = [
        n.make(echo(), RX_MAC, seq=seq, secret="another secret")
        for seq in (used, used - 10, max(used - JUMP * 1000, 1), used + JUMP * 1000)
    ] * 100
    drain()
    before, start = stats(), time.monotonic()
    for number, data in enumerate(frames):
        port["x"].send(data)
        if number % 40 == 0:
            check(ask("x", n, WAIT), "x is not answered amid forgeries")
    wait_for(lambda: sum(dropped(before, stats()).values()) >= len(frames), "drops")
    seconds = time.monotonic() - start
    drops = dropped(before, stats())
    note(f"{len(frames)} in {seconds:.1f} s: {drops}")
    equal(set(drops) - {"replayed", "wrong_digest"}, set(), "other drops")
    check(drops.get("wrong_digest", 0) <= 100 * seconds + 2, "too many were verified")
    check(drops.get("replayed", 0) > 0, "all were verified")


@test
def forged_frames_make_few_of_many_secrets_be_tried():
    n = here["x"]
    secrets = (SECRET, *(f"secret {number}" for number in range(2, 17)))
    r.do("config-set", secrets=secrets)
    forger = ra.Neighbor(port["x"], X, "another secret", seq=n.seq)
    stranger = ra.Neighbor(port["x"], X, "another secret", src="02:66:00:00:00:01")

    def forge(count=10):
        for _ in range(count):
            port["x"].send(forger.make(echo(), RX_MAC))
            port["x"].send(stranger.hello())

    # Who hashes with what it did is not hurt.
    for _ in range(20):
        forge()
        check(ask("x", n, WAIT), "x is not answered amid forgeries")
        forger.seq = n.seq
    # Who changes to any other secret of the list gets through, if not at once.
    for secret in (secrets[9], secrets[4], SECRET):
        n.secret = secret
        start, tries = time.monotonic(), 0
        while True:
            forge()
            tries += 1
            if ask("x", n, 0.05):
                break
            forger.seq = n.seq
            check(time.monotonic() < start + WAIT, f"nothing hashed with {secret} is taken")
        note(f"{secret}: taken at try {tries}")
    # And whoever is new does; but of many, all would get in at once if all
    # secrets were tried for each.
    at_once = 0
    begun = time.monotonic()
    for number in range(32):
        new = ra.Neighbor(port["x"], X, secrets[number * 7 % 15 + 1],
                          src=f"02:66:00:00:01:{number:02x}")
        forge(30)
        before = stats()
        port["x"].send(new.hello())
        wait_for(lambda: taken(before, stats()) and dropped(before, stats()), "a Hello received")
        at_once += state("x", new.src) is not None
        if number % 8 == 0:
            start = time.monotonic()
            while state("x", new.src) is None:
                check(time.monotonic() < start + WAIT, f"no neighbour by {new.secret}")
                forge(1)
                port["x"].send(new.hello())
                time.sleep(0.01)
    note(f"{at_once} of 32 new ones at once")
    # Some secrets are tried every second: where all is slow, for everybody.
    check(at_once < 32 or time.monotonic() > begun + 30,
          "all secrets are tried for all forged frames")
    n.secret = SECRET
    r.do("config-set", secrets=(SECRET,))
    reboot()
    up("x", n)
    up("y", here["y"])


@test
def a_neighbour_comes_up_amid_replays():
    n = here["x"]
    frames = list(record(n).values())
    reboot()
    n.seq += JUMP * 10
    start = time.monotonic()
    count = 0
    port["x"].drain()
    while state("x") != "up":
        check(time.monotonic() < start + WAIT, "x does not come up")
        for data in frames * 10:
            port["x"].send(data)
            count += 1
        n.say(RX_MAC)
        for data in frames * 10:
            port["x"].send(data)
            count += 1
        found = n.challenge(0.1)
        if found:
            n.answer(found)
            time.sleep(0.01)
    note(f"up after {time.monotonic() - start:.2f} s and {count} replays")
    up("y", here["y"])
    traffic_goes_on("after it")


def slab():
    found = {}
    for line in open("/proc/meminfo"):
        name, kib = line.split()[:2]
        found[name.rstrip(":")] = int(kib)
    return found["SUnreclaim"]


@test
def a_flood_of_frames_that_nobody_verifies_makes_no_table_grow():
    n = here["x"]
    neighbours = states()
    end = rf.End(7, 1500, 100, X_MAC)
    kinds = [
        rf.build_discover(new_origin(), end, auth=os.urandom(24)),
        echo()[:4] + os.urandom(24) + echo()[28:],
        rf.build_hello(X, tlvs=ra.hello_body(os.urandom(8), os.urandom(8)), auth=os.urandom(24)),
        rf.build_hello(X, type=rf.SEQERR, tlvs=ra.hello_body(os.urandom(8)),
                       auth=os.urandom(24)),
        rf.build_hello(X, tlvs=ra.hello_body(os.urandom(8))),
        rf.build_discover(new_origin(), end),
    ]
    head = mac(RX_MAC)
    config = r.get("config-get")
    before, memory = stats(), slab()
    start = time.monotonic()
    # A million takes less than a minute in qemu; where KASAN watches it would
    # take several, so there are fewer.
    limit = start + float(os.environ.get("ROMON_FLOOD_SECONDS") or
                          amount(3, 10) * (amount(3, 12) if SLOW else 1))
    count = answered = 0
    while time.monotonic() < limit and count < 1000000:
        for kind in kinds:
            for _ in range(100):
                source = struct.pack("!HI", 0x0266, count)
                port["x"].send(head + source + b"\x88\xbf" + kind)
                count += 1
        if ask("x", n, WAIT):
            answered += 1
        else:
            raise Failed(f"no answer amid {count} frames")
    seconds = time.monotonic() - start
    wait_for(lambda: taken(before, stats()) >= count, "all received")
    after = dropped(before, stats())
    note(f"{count} frames of as many MACs in {seconds:.1f} s, {answered} echoes answered amid them")
    equal(set(after), {"wrong_digest", "unhashed"}, "drops")
    equal(sum(after.values()), count, "frames dropped")
    equal(states(), neighbours, "neighbours")
    now = r.get("config-get")
    equal((now["nodes"], now["edges"]), (config["nodes"], config["edges"]), "nodes and edges")
    check(slab() - memory < 4096, f"slab has grown by {slab() - memory} KiB")
    traffic_goes_on("after it")


@test
def verified_neighbours_are_bounded():
    reboot()
    r.do("config-set", max_neighbors=8)
    try:
        before = stats()
        for number in range(50):
            one = ra.Neighbor(port["x"], X, SECRET, src=f"02:77:00:00:00:{number:02x}")
            one.say(RX_MAC)
        wait_for(lambda: taken(before, stats()) >= 50, "Hellos received")
        equal(len(r.whole_dump("neighbor-get")), 8, "neighbours")
        equal(dropped(before, stats()), {"neighbor_down": 8, "neighbor_table": 42}, "drops")
    finally:
        r.do("config-set", max_neighbors=1024)
        reboot()
    up("x", here["x"])
    up("y", here["y"])


@test
def neighbours_by_one_port_leave_places_to_those_by_another():
    """Also where those by the one are up, and who came first stays."""

    def crowd(first):
        before = stats("y")
        others = [
            ra.Neighbor(port["y"], Y, SECRET, src=f"02:77:00:00:00:{number:02x}")
            for number in range(first, first + 50)
        ]
        for one in others:
            one.say(RY_MAC)
        wait_for(lambda: taken(before, stats("y")) >= 50, "Hellos received")
        return others

    def places():
        found = [one["interface"] for one in r.whole_dump("neighbor-get")]
        return {name: found.count(name) for name in found}

    for alive in (False, True):
        reboot()
        r.do("config-set", max_neighbors=8)
        try:
            up("y", here["y"])
            others = crowd(0)
            equal(places(), {"to-y": 8}, "neighbours")
            for one in others[:7] if alive else ():
                up("y", one)
            up("x", here["x"])
            crowd(50)
            equal(places(), {"to-x": 1, "to-y": 7}, "neighbours")
            equal((state("x"), state("y")), ("up", "up"), "who came first, and who came late")
        finally:
            r.do("config-set", max_neighbors=1024)
            reboot()
    up("x", here["x"])
    up("y", here["y"])


@test
def ports_begin_at_numbers_far_from_each_other_and_from_before():
    """Where the MACs are the same, as on VLANs, frames to the group differ in
    nothing but their numbers; and so they do before and after a reboot."""
    found = []
    for _ in range(3):
        r.do("config-set", enabled=0)
        drain()
        r.do("config-set", enabled=1)
        for name in port:
            n = ra.Neighbor(port[name], X, SECRET)
            hello = n.recv(WAIT, lambda f: f["type"] == rf.HELLO)
            check(hello, f"no Hello on {name}")
            found.append(hello["seq"])
    up("x", here["x"])
    up("y", here["y"])
    found.sort()
    nearest = min(b - a for a, b in zip(found, found[1:]))
    check(nearest > JUMP, f"two ports begin {nearest} apart")


@test
def a_frame_replayed_after_the_module_was_loaded_anew_is_refused():
    global r
    n = here["x"]
    frames = record(n)
    subprocess.run(["modprobe", "-r", "romon"], check=True)
    subprocess.run(["modprobe", "romon"], check=True)
    r = genl.Romon(net["r"])
    r.do("config-set", id=R, answer_delay=0, secrets=(SECRET,), enabled=1, flood_rate=100000)
    refused(frames, "neighbor_down")
    up("x", n)
    up("y", here["y"])
    refused(frames, "replayed")
    traffic_goes_on("after the replay")


if __name__ == "__main__":
    main(setup)
