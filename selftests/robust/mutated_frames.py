#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""A router and its neighbour while somebody sends mutated frames.

    x --- r1 --- r2        x is the attacker, who knows all there is to know:
                           IDs, MACs and link numbers

As many frames as a usual run has time for; where KASAN, kmemleak and lockdep
watch, a frame takes twenty times as long. ROMON_FRAMES says how many and
ROMON_SEED which: all two million under KASAN, in a quarter of an hour, with

    selftests/vm/run uml --leaks --timeout 3000 -- \\
        env ROMON_FRAMES=2000000 selftests/run mutated_frames

That the kernel's log stays clean is the runner's to see.
"""

import os
import subprocess
import threading

from harness import LIB, TOP, Network, amount, check, equal, main, note, test, wait_for
import romonframe as rf
from genl import NetlinkError, Romon, netns

DEBUG = "kasan" in os.environ.get("ROMON_HAS", "").split()
COUNT = int(os.environ.get("ROMON_FRAMES") or
            amount(50_000, 500_000) * (1 if DEBUG else 4))
SEED = os.environ.get("ROMON_SEED")

R1, R2, X = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:99"
X_MAC, R1_MAC = "02:01:00:00:00:91", "02:01:00:00:00:19"
R1_R2, R2_R1 = "02:01:00:00:00:12", "02:01:00:00:00:21"
PAYLOAD = b"\0\0\0\7" + bytes(28)
BOUND = 7777
# Small, so that all of them are reached.
BOUNDS = dict(max_nodes=32, max_edges=64, max_origins=128, queue_len=64)

# Reasons for which a frame is dropped, as against those for which one that was
# delivered or forwarded got no further...
PARTLY = {
    "duplicate",
    "flood_rate",
    "origin_rate",
    "answer_rate",
    "flood_queue",
    "flood_table",
    "answer_queue",
    "no_endpoint",
    "endpoint_queue",
    "xmit",
}
# ...and those for which both happens.
EITHER = {"bad_transport", "hop_limit", "too_big", "no_memory"}
# What so many frames must come across, or they are not what they should be.
REACHED = set(
    "too_short bad_length unknown_type bad_hops bad_pointer bad_tlv bad_route_tlv "
    "bad_id bad_transport other_host bad_source hashed no_secret own_flood loop "
    "duplicate hop_limit flood_rate no_link bad_next not_mine no_endpoint".split()
)

net = Network()


def setup():
    global r1, r2, bound, x_end, r1_end, links
    subprocess.run(["make", "-s", "-C", f"{LIB}/mutate"], check=True)
    net.netns("x", "r1", "r2")
    net.veth(
        ("x", "x", X_MAC, "r1", "to-x", R1_MAC),
        ("r1", "to-r2", R1_R2, "r2", "to-r1", R2_R1),
    )
    r1 = net.router("r1", R1, flood_window=100, flood_rate=10, node_timeout=3, **BOUNDS)
    r2 = net.router("r2", R2, flood_window=100, node_timeout=3)
    # Nobody reads what comes to it.
    bound = Romon(net["r1"])
    bound.do("endpoint-bind", local_port=BOUND)
    links = {port["interface"]: port for port in r1.whole_dump("port-get") if "link" in port}
    r1_end = rf.End(links["to-x"]["link"], links["to-x"]["l2mtu"], 100, R1_MAC)
    x_end = rf.End(41, 1500, 100, X_MAC)


def templates():
    """Good frames of all types, as somebody on x would send them."""
    other, far = "02:00:00:00:00:77", "02:00:00:00:00:78"
    end = rf.End(6, 1500, 100, "02:00:00:00:07:01")
    way = [(41, "02:00:00:00:08:%02x" % hop) for hop in range(32)]
    r1_r2 = links["to-r2"]["link"]
    here = (41, R1_MAC)
    seen_by_r1 = (R1, rf.NO_END, r1_end)

    discover = rf.build_discover(X, x_end)
    yield discover
    yield rf.build_discover(X, x_end, extra=rf.tlv(6, "uptime") + rf.tlv(3, "name"))
    for hops in (1, 2, 30, 31):
        yield rf.build_discover(
            other, x_end, recorded=way[:hops], forwarder=X, end_in=end
        )
    yield rf.build_discover(R1, x_end)
    yield rf.build_discover(R2, x_end)
    yield rf.build_discover(far, x_end, forwarder=other, end_in=end, recorded=[(9, R1_MAC)])

    about = dict(identity="x", version="7.13", board="attacker")
    yield rf.build_resp(R1, X, seen_by_r1, x_end, **about)
    yield rf.build_resp(R1, other, (X, x_end, end), end, recorded=way[:1], ptr=0, **about)
    yield rf.build_resp(R1, far, (other, end, end), end, recorded=way[:2], ptr=0, **about)
    yield rf.build_resp(R1, R2, (X, x_end, end), end, recorded=way[:1], ptr=0, **about)
    # through r1, to r2 and back to x
    for link, address in ((r1_r2, R2_R1), (r1_end.link, X_MAC)):
        yield rf.build_resp(
            R2, X, (R1, r1_end, r1_end), x_end, recorded=[(link, address)], ptr=1, **about
        )
        yield rf.build_echo(X, R2, [here, (link, address)])
        yield rf.build_echo(X, R2, [here, (link, address), (1, "02:00:00:00:00:33")])
        yield rf.build_echo(X, R2, [here, (link, address)], size=1400)

    yield rf.build_echo(X, R1, [here])
    yield rf.build_echo(X, R1, [here], size=1400)
    yield rf.build_echo(other, R1, [*way[:3], here], ptr=3)
    yield rf.build_data(X, R1, [here], sport=rf.ECHO, dport=BOUND, payload=PAYLOAD)
    yield rf.build_data(X, R1, [here], sport=rf.ECHO, dport=rf.ECHO, payload=PAYLOAD)
    yield rf.build_data(X, R1, [here], sport=0x4000, dport=rf.WINBOX, payload=b"\0" * 10)
    yield rf.build_hello(X, tlvs=rf.tlv(1, b"8 random"))
    yield rf.build_hello(X, R1, tlvs=rf.tlv(2, b"8 echoed"), type=rf.SEQERR)


def attack():
    """Send them all; r1 keeps asking who is there, so that answers are heard."""
    lines = []
    for frame in templates():
        rf.parse_frame(frame)
        dst = rf.GROUP if frame[0] in (rf.DISCOVER, rf.HELLO) else R1_MAC
        lines.append(rf.ethernet(dst, X_MAC, frame).hex())
    asking = threading.Event()
    asker = Romon(net["r1"])

    def ask():
        while not asking.wait(0.1):
            try:
                asker.do("discover")
            except NetlinkError as refusal:
                note(refusal)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        command = [f"{TOP}/build/mutate/mutate", "x", str(COUNT)]
        run = subprocess.run(
            ["ip", "netns", "exec", net["x"], *command, *([SEED] if SEED else [])],
            input="\n".join(lines),
            text=True,
            capture_output=True,
        )
    finally:
        asking.set()
        thread.join()
        asker.close()
    note(run.stdout + run.stderr)
    equal(run.returncode, 0, "mutate's exit status")
    return int(run.stdout.split()[0].split("=")[1])


def difference(before, after):
    found = {name: after[name] - before[name] for name in after if name != "drop"}
    found["drop"] = {
        reason: packets - before["drop"].get(reason, 0)
        for reason, packets in after["drop"].items()
    }
    return found


@test
def each_mutated_frame_is_counted_and_ends_in_one_way():
    before = r1.stats("to-x")
    # So that what the sender sends is what the port receives.
    with open("/proc/sys/net/core/netdev_max_backlog", "r+") as backlog:
        usual = backlog.read()
        backlog.write("100000")
        backlog.flush()
        sent = attack()
        wait_for(
            lambda: r1.stats("to-x")["rx_packets"] - before["rx_packets"] >= sent,
            "all frames to be received",
        )
        backlog.write(usual)
    stats = difference(before, r1.stats("to-x"))
    drop = stats["drop"]
    note(", ".join(f"{name} {n}" for name, n in stats.items() if name != "drop"))
    note(", ".join(f"{reason} {n}" for reason, n in sorted(drop.items())))
    equal(stats["rx_packets"], sent, "frames received of those sent")

    passed = stats["delivered"] + stats["forwarded"]
    dropped = sum(n for reason, n in drop.items() if reason not in PARTLY | EITHER)
    either = sum(drop.get(reason, 0) for reason in EITHER)
    partly = sum(drop.get(reason, 0) for reason in PARTLY)
    check(
        passed + dropped <= sent <= passed + dropped + either,
        f"{sent} received, {passed} delivered or forwarded, {dropped} dropped, "
        f"{either} one or the other",
    )
    check(partly <= passed + either, f"{partly} of {passed} delivered or forwarded dropped later")
    equal(REACHED - {reason for reason, n in drop.items() if n}, set(), "reasons not met with")


@test
def tables_stay_within_their_bounds():
    found = r1.get("config-get")
    note(f"{found['nodes']} nodes, {found['edges']} edges")
    check(found["nodes"] <= BOUNDS["max_nodes"], f"{found['nodes']} nodes")
    check(found["edges"] <= BOUNDS["max_edges"], f"{found['edges']} edges")
    check(found["edges"] > 1, "no answer was believed: the attack was none")


@test
def the_router_still_answers_an_echo_request():
    request = rf.build_echo(X, R1, [(41, R1_MAC)], seq=1)
    arrived, _ = rf.data_step(request, r1_end.link, X_MAC)
    with netns(net["x"]), rf.Port("x") as x:
        x.drain()
        answer = x.ask(request, R1_MAC, lambda frame: frame["type"] == rf.DATA, 30)
    check(answer, "no answer")
    equal(rf.parse(answer)["frame"], rf.echo_answer(arrived, R1), "the answer")


@test
def the_router_still_answers_a_discover():
    # Of nobody who was ever heard: answers to what was made up may still wait.
    origin = "02:00:00:00:00:79"
    discover = rf.build_discover(origin, x_end)
    version = r1.get("config-get")["version"]

    def from_r1(frame):
        return (frame["type"] == rf.RESP and frame["src"] == rf.mac(origin) and
                frame["dst"] == rf.mac(R1))

    with netns(net["x"]), rf.Port("x") as x:
        x.drain()
        answer = x.ask(discover, filter=from_r1, timeout=30)
    check(answer, "no answer")
    wanted = rf.answered(discover, R1, r1_end, "r1", version, "test")
    equal(rf.parse(answer)["frame"], wanted, "the answer")


def knows_only(router, other):
    """Whether a router has found its neighbour, and has forgotten all others."""
    router.do("discover")
    nodes = router.whole_dump("node-get")
    return [(node["id"], node["cost"], node["hops"]) for node in nodes] == [(other, 200, 1)]


@test
def routers_that_were_made_up_are_forgotten():
    wait_for(lambda: knows_only(r1, R2), "r1 to know r2 and nobody else")
    wait_for(lambda: knows_only(r2, R1), "r2 to know r1 and nobody else")


@test
def the_neighbours_still_ping_each_other():
    bound.close()
    for router, other in ("r1", R2), ("r2", R1):
        program = Romon(net[router])
        program.do("endpoint-bind", local_port=BOUND)
        program.do(
            "datagram-send", id=other, local_port=BOUND, remote_port=rf.ECHO, payload=PAYLOAD
        )
        answer = program.event(want=lambda command, values: command == "datagram-rcv")
        check(answer, f"{other} does not answer {router}")
        equal(answer[1]["payload"], PAYLOAD, "what is answered")
        program.close()


main(setup)
