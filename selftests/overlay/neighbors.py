#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""How neighbours come up, and how they are lost.

    a === relay === b        the relay is this test, which passes on, drops,
                             doubles and counts what the two say
    c ------------- d        nothing in between
"""

import os
import struct
import time

from harness import SLOW, Network, check, equal, ip, main, note, test, wait_for
from one_router import OneRouter
import romonauth as ra
import romonframe as rf
from genl import mac, netns

IDS = {name: f"02:00:00:00:00:0{n}" for n, name in enumerate("abcd", 1)}
A_MAC, B_MAC = "02:01:00:00:00:0a", "02:01:00:00:00:0b"
C_MAC, D_MAC = "02:01:00:00:00:0c", "02:01:00:00:00:0d"
SECRET = "a secret"
PORT = 3000
HELLO = 1
MANY = 300
# Scheduling of a loaded test bed, beside what the protocol takes.
SLACK = 10 if SLOW else 2

net = Network()


class Relay:
    """Call pump() while anything is waited for."""

    def __init__(self, *ports):
        self.ports = ports
        self.watch()

    def watch(self, judge=None):
        """judge(number of Hellos and SeqErrs before it) -> how many copies of a
        Hello or SeqErr to pass on; all else is passed on"""
        self.judge = judge or (lambda number: 1)
        self.hellos = []

    def pump(self):
        one, two = self.ports
        for here, there in ((one, two), (two, one)):
            for data in here.recv_all(0):
                found = rf.parse(data)
                copies = 1
                if found["type"] in (rf.HELLO, rf.SEQERR):
                    copies = self.judge(len(self.hellos))
                    self.hellos.append(found)
                for _ in range(copies):
                    there.send(data)


def setup():
    global routers, relay
    net.netns("a", "m", "b", "c", "d")
    net.veth(
        ("a", "to-b", A_MAC, "m", "at-a", "02:01:00:00:00:1a"),
        ("m", "at-b", "02:01:00:00:00:1b", "b", "to-a", B_MAC),
        ("c", "to-d", C_MAC, "d", "to-c", D_MAC),
    )
    with netns(net["m"]):
        relay = Relay(rf.Port("at-a", promiscuous=True), rf.Port("at-b", promiscuous=True))
    routers = {}
    for name in "abcd":
        routers[name] = net.router(
            name, IDS[name], answer_delay=0, secrets=(SECRET,), hello_interval=HELLO
        )
        routers[name].do("endpoint-bind", local_port=PORT)
        routers[name].subscribe()
    wait_for(lambda: both_up("c", "d"), "c and d up")


PEER = {"a": ("b", "to-b", B_MAC), "b": ("a", "to-a", A_MAC),
        "c": ("d", "to-d", D_MAC), "d": ("c", "to-c", C_MAC)}


def find(name):
    for found in routers[name].whole_dump("neighbor-get"):
        if found["mac"] == PEER[name][2]:
            return found
    return None


def is_up(name):
    found = find(name)
    return bool(found) and found["state"] == "up"


def both_up(*names):
    return all(map(is_up, names))


def pumped(condition):
    def function():
        relay.pump()
        return condition()

    return function


def reboot(name, **values):
    routers[name].do("config-set", enabled=0)
    routers[name].do("config-set", enabled=1, **values)


def quiet(name):
    while routers[name].event(0):
        pass


def told(name, state, timeout):
    """The next event of the neighbour, until `timeout`; pumps."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        relay.pump()
        event = routers[name].event(0.01, lambda c, v: c == "neighbor-change-ntf")
        if event and event[1]["state"] == state:
            return event[1]
    return None


def pinged(name, timeout=0.0):
    """Whether the peer answers, by the explicit way to it."""
    peer, dev, peer_mac = PEER[name]
    payload = os.urandom(16)
    nl = routers[name]
    link = nl.get("port-get", interface=dev).get("link")
    if link is None:
        return False
    nl.do("datagram-send", id=IDS[peer], local_port=PORT, remote_port=rf.ECHO, payload=payload,
          route=struct.pack("!I6s", link, mac(peer_mac)))
    end = time.monotonic() + timeout
    while True:
        relay.pump()
        if nl.event(0.005, lambda c, v: c == "datagram-rcv" and v["payload"] == payload):
            return True
        if time.monotonic() >= end:
            return False


@test
def neighbours_come_up_and_events_tell():
    for name in "ab":
        reboot(name)
        quiet(name)
    relay.watch()
    seen = {}
    for name in "ab":
        seen[name] = told(name, "up", 30)
        check(seen[name], f"{name} tells of no neighbour that is up")
    for name in "ab":
        peer, dev, peer_mac = PEER[name]
        for found in (seen[name], find(name)):
            equal(
                (found["interface"], found["mac"], found["id"], found["state"], found["secret"]),
                (dev, peer_mac, IDS[peer], "up", 1), f"{name}'s neighbour",
            )
            check(found["rtt"] > 0, f"{name}: a handshake that took no time")
            equal(found["link"], routers[name].get("port-get", interface=dev)["link"], "link")
    kinds = [rf.TYPE_NAMES[found["type"]] for found in relay.hellos]
    note(f"{len(kinds)} frames in a handshake: {', '.join(kinds)}")
    check(pinged("a", 10) and pinged("b", 10), "no echo")


@test
def a_neighbour_has_an_identity_once_it_was_discovered():
    routers["c"].do("discover")
    wait_for(lambda: find("c").get("identity") == "d", "d's identity")
    equal(find("c")["id"], IDS["d"], "ID")


@test
def the_handshake_survives_the_loss_of_any_one_of_its_frames():
    relay.pump()
    for lost in range(6):
        for name in "ab":
            reboot(name)
        for port in relay.ports:
            port.drain()
        start = time.monotonic()
        relay.watch(lambda number: int(number != lost))
        reboot("a")
        wait_for(pumped(lambda: both_up("a", "b")), f"both up without frame {lost}")
        taken = time.monotonic() - start
        seen = len(relay.hellos)
        note(f"without frame {lost} of {seen}: up after {taken * 1000:.0f} ms")
        check(pinged("a", 10) and pinged("b", 10), f"no echo without frame {lost}")


@test
def the_handshake_survives_frames_that_come_twice():
    relay.watch(lambda number: 2)
    for name in "ab":
        reboot(name)
    wait_for(pumped(lambda: both_up("a", "b")), "both up")
    check(pinged("a", 10) and pinged("b", 10), "no echo")
    for name in "ab":
        quiet(name)
    end = time.monotonic() + 3 * HELLO
    while time.monotonic() < end:
        relay.pump()
        time.sleep(0.005)
    check(both_up("a", "b"), "not up any more")
    for name in "ab":
        equal(told(name, "init", 0.05), None, f"{name} has lost its neighbour")
    relay.watch()


@test
def one_lost_hello_loses_no_neighbour():
    wait_for(pumped(lambda: both_up("a", "b")), "both up")
    for name in "ab":
        quiet(name)
    # Every other one.
    relay.watch(lambda number: number // 2 % 2)
    end = time.monotonic() + 6 * HELLO
    while time.monotonic() < end:
        relay.pump()
        time.sleep(0.005)
    relay.watch()
    for name in "ab":
        equal(told(name, "init", 0.05), None, f"what {name} tells")
    check(both_up("a", "b"), "not up any more")


@test
def a_silent_neighbour_is_lost_within_three_hello_intervals():
    wait_for(pumped(lambda: both_up("a", "b")), "both up")
    for name in "ab":
        quiet(name)
    relay.pump()
    relay.watch(lambda number: 0)
    start = time.monotonic()
    for name in "ab":
        event = told(name, "init", 3 * HELLO + SLACK)
        check(event, f"{name} does not tell that it has lost its neighbour")
        taken = time.monotonic() - start
        note(f"{name} knows after {taken:.2f} s at an interval of {HELLO} s")
        equal(event["mac"], PEER[name][2], "the neighbour")
        check(taken <= 3 * HELLO + SLACK, f"{name} knows after {taken:.2f} s")
        equal(find(name)["state"], "init", f"{name}'s neighbour")
    # It is back as soon as it is heard.
    relay.watch()
    for name in "ab":
        check(told(name, "up", 3 * HELLO + SLACK), f"{name} is not told of its return")
    check(pinged("a", 10) and pinged("b", 10), "no echo")


@test
def a_lost_neighbour_is_forgotten():
    relay.watch(lambda number: 0)
    wait_for(pumped(lambda: find("a") is None and find("b") is None), "both forgotten",
             limit=15 * HELLO + 30)
    relay.watch()
    wait_for(pumped(lambda: both_up("a", "b")), "both up")


@test
def traffic_keeps_a_neighbour_up_without_hellos():
    wait_for(pumped(lambda: both_up("a", "b")), "both up")
    for name in "ab":
        quiet(name)
    relay.watch(lambda number: 0)
    end = time.monotonic() + 5 * HELLO
    while time.monotonic() < end:
        pinged("a", 0.1)
        time.sleep(0.05)
    for name in "ab":
        equal(told(name, "init", 0.01), None, f"what {name} tells")
    relay.watch()


@test
def a_neighbour_is_lost_at_once_with_the_link():
    wait_for(lambda: both_up("c", "d"), "both up")
    for name in "cd":
        quiet(name)
    ip("link set to-d down", ns=net["c"])
    for name in "cd":
        check(told(name, "init", 10), f"{name} tells of no loss")
        equal(find(name), None, f"{name}'s neighbour")
    ip("link set to-d up", ns=net["c"])
    for name in "cd":
        check(told(name, "up", 10 + SLACK), f"{name} does not tell of the return")


@test
def a_router_that_is_disabled_has_no_neighbours():
    routers["c"].do("config-set", enabled=0)
    equal(routers["c"].whole_dump("neighbor-get"), [], "neighbours")
    routers["c"].do("config-set", enabled=1)
    wait_for(lambda: both_up("c", "d"), "both up")


@test
def a_router_is_no_neighbour_of_itself():
    """Its own frames come back over a cable between two of its ports."""
    net.veth(("c", "loop1", "02:01:00:00:01:01", "c", "loop2", "02:01:00:00:01:02"))
    wait_for(lambda: routers["c"].stats("loop2")["drop"].get("own_source"), "own Hellos come back")
    routers["c"].do("discover")
    time.sleep(2 * HELLO)
    equal([found["mac"] for found in routers["c"].whole_dump("neighbor-get")], [D_MAC],
          "neighbours")
    ip("link del loop1", ns=net["c"])
    check(both_up("c", "d"), "c and d are not up")


@test
def a_dump_of_many_neighbours_is_complete():
    """Each of which is a MAC that has sent a Hello."""
    one = OneRouter("many", "02:00:00:00:00:10", "cable", secrets=(SECRET,))
    macs = [f"02:03:00:00:{i // 256:02x}:{i % 256:02x}" for i in range(MANY)]
    one.nl.do("config-set", max_neighbors=len(macs))
    for address in macs:
        port = one.ports["cable"]
        port.send(ra.Neighbor(port, address, SECRET, src=address).hello())

    def known():
        return [found["mac"] for found in one.nl.whole_dump("neighbor-get")]

    wait_for(lambda: len(known()) >= len(macs), "all of them")
    equal(known(), macs, "neighbours")
    one.net.close()


@test
def a_router_whose_secrets_do_not_fit_is_told_of():
    quiet("d")
    routers["c"].do("config-set", secrets=("another",))
    event = routers["d"].event(30, lambda c, v: c == "refused-ntf")
    check(event, "no event")
    equal(event[1], {"interface": "to-c", "mac": C_MAC, "reason": "wrong_digest"}, "the event")
    # At most one a second for a port, however many frames.
    quiet("d")
    with netns(net["c"]):
        raw = rf.Port("to-d")
    frame = rf.build_hello(IDS["c"], auth=os.urandom(24))
    count, start = 0, time.monotonic()
    while time.monotonic() < start + 3:
        for _ in range(50):
            raw.send_frame(frame)
        while routers["d"].event(0.01, lambda c, v: c == "refused-ntf"):
            count += 1
    raw.close()
    check(1 <= count <= 5, f"{count} events in 3 s")
    routers["c"].do("config-set", secrets=(SECRET,))
    wait_for(lambda: both_up("c", "d"), "both up")


def clock(seconds):
    time.clock_settime(time.CLOCK_REALTIME, seconds)


@test
def a_router_without_a_clock_is_back_after_one_handshake():
    now = time.time()
    began = time.monotonic()
    taken = []
    try:
        for _ in range(4):
            wait_for(lambda: both_up("c", "d") and pinged("c", 1), "both up")
            routers["d"].do("config-set", enabled=0)
            quiet("d")
            # The kernel takes no time before it was booted.
            clock(time.monotonic() + 1)
            start = time.monotonic()
            routers["d"].do("config-set", enabled=1)
            check(told("d", "up", 30), "it is not back")
            up = time.monotonic() - start
            while not pinged("c"):
                check(time.monotonic() < start + 30, "it does not answer")
            taken.append((up, time.monotonic() - start))
    finally:
        clock(now + time.monotonic() - began)
    for up, answered in taken:
        note(f"up after {up * 1000:.0f} ms, answers after {answered * 1000:.0f} ms")
    note(f"of which the handshake took {find('d')['rtt'] / 1000:.1f} ms")
    # The same with the clock as it should be.
    reboot("d")
    wait_for(lambda: both_up("c", "d") and pinged("d", 1), "both up")


@test
def a_clock_that_is_set_back_and_forth_is_no_matter():
    now = time.time()
    began = time.monotonic()
    try:
        for when in (10**6, now + 10**8, now - 10**8, 2 * 10**9):
            clock(when)
            check(pinged("c", 10) and pinged("d", 10), f"no echo at {when}")
            ip("link set to-d down", "link set to-d up", ns=net["c"])
            wait_for(lambda: both_up("c", "d"), f"both up at {when}")
            check(pinged("c", 10) and pinged("d", 10), f"no echo at {when}")
    finally:
        clock(now + time.monotonic() - began)


if __name__ == "__main__":
    main(setup)
