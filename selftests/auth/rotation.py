#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""A ring of five routers gets new secrets, router by router, and no echo is lost.

r1 -- r2 -- r3 -- r4 -- r5 -- r1. All the time r1 pings r3 every 10 ms, which
is two hops one way and three the other, one more pair of routers is pinged at
each of those ticks, and r1 floods a Discover every second.

Between two steps the test waits for what an administrator sees: that all
neighbours are up.
"""

import os
import select
import struct
import subprocess
import time

from harness import LIMIT, SLOW, Network, amount, check, equal, main, note, test
import romonframe as rf

NAMES = ("r1", "r2", "r3", "r4", "r5")
IDS = {name: f"02:00:00:00:00:{number:02x}" for number, name in enumerate(NAMES, 1)}
PORT = 2000
INTERVAL = 0.02 if SLOW else 0.01
# Ticks after each router's new list, and when all have it. The first are as many
# as there are pairs; where all is slow, half.
ONE, ALL = amount((10, 25), (20, 50)) if SLOW else (20, 50)
REFUSALS = ("unhashed", "hashed", "wrong_digest", "replayed")

net = Network()


def setup():
    global routers
    net.netns(*NAMES)
    ring = zip(NAMES, NAMES[1:] + NAMES[:1])
    net.veth(*(
        (a, f"to-{b}", f"02:01:00:00:{n:02x}:01", b, f"to-{a}", f"02:01:00:00:{n:02x}:02")
        for n, (a, b) in enumerate(ring, 1)
    ))
    routers = {
        name: net.router(name, IDS[name], answer_delay=0, hello_interval=1) for name in NAMES
    }
    for nl in routers.values():
        nl.do("endpoint-bind", local_port=PORT)
        nl.do("discover")
    pairs = [(a, b) for a in NAMES for b in NAMES if a != b]
    end = time.monotonic() + LIMIT
    for a, b in pairs:
        while not known(a, b):
            check(time.monotonic() < end, f"{a} does not find {b}")
            routers[a].do("discover")
            time.sleep(0.2)


def known(a, b):
    return any(node["id"] == IDS[b] for node in routers[a].whole_dump("node-get"))


class Pings:
    """Goes on while wait() is waiting; lost() says what was not answered."""

    def __init__(self, interval=INTERVAL):
        self.interval = interval
        self.number = 0
        self.sent = {}
        self.errors = []
        self.answered = 0
        self.next = self.flood = time.monotonic()
        self.pairs = [(a, b) for a in NAMES for b in NAMES if a != b]
        for nl in routers.values():
            while nl.event(0):
                pass

    def ping(self, a, b):
        self.number += 1
        payload = struct.pack("!Q24x", self.number)
        self.sent[self.number] = (a, b, time.monotonic())
        routers[a].do("datagram-send", id=IDS[b], local_port=PORT, remote_port=rf.ECHO,
                      payload=payload)

    def collect(self, nl):
        while True:
            event = nl.event(0)
            if event is None:
                return
            command, values = event
            if command == "datagram-rcv":
                (number,) = struct.unpack_from("!Q", values["payload"])
                if self.sent.pop(number, None):
                    self.answered += 1
            elif command == "datagram-error":
                self.errors.append(os.strerror(values["error"]))

    def turn(self):
        now = time.monotonic()
        if now >= self.next:
            self.next = max(self.next + self.interval, now)
            self.ping("r1", "r3")
            self.ping(*self.pairs[self.number // 2 % len(self.pairs)])
        if now >= self.flood:
            self.flood = now + 1
            routers["r1"].do("discover")
        readable, _, _ = select.select(
            list(routers.values()), [], [], max(0, self.next - time.monotonic())
        )
        for nl in readable:
            self.collect(nl)
        for nl in routers.values():
            if nl.pending:
                self.collect(nl)

    def wait(self, done, what):
        end = time.monotonic() + LIMIT
        look = 0
        while True:
            if time.monotonic() >= look:
                if done():
                    return
                look = time.monotonic() + 0.1
            check(time.monotonic() < end, f"waited in vain for: {what}")
            self.turn()

    def go_on(self, turns):
        for _ in range(turns):
            self.turn()

    def lost(self, patience=LIMIT):
        end = time.monotonic() + patience
        while self.sent and time.monotonic() < end:
            for nl in routers.values():
                self.collect(nl)
            time.sleep(0.01)
        return [(a, b) for a, b, _ in self.sent.values()]


def neighbours():
    return [
        (name, found["mac"], found["state"], found.get("secret"))
        for name, nl in routers.items() for found in nl.whole_dump("neighbor-get")
    ]


def all_up():
    return sum(state == "up" for _, _, state, _ in neighbours()) == 2 * len(NAMES)


def refusals():
    found = {}
    for nl in routers.values():
        for reason, n in nl.drops().items():
            if reason in REFUSALS:
                found[reason] = found.get(reason, 0) + n
    return found


def step(pings, secrets, order=NAMES):
    """A list for all, one after the other, with pings before and after each."""
    for name in order:
        routers[name].do("config-set", secrets=secrets)
        pings.go_on(ONE)
    if any(secrets):
        pings.wait(all_up, f"all neighbours up with {secrets}")
    pings.go_on(ALL)


def begin(secrets):
    for nl in routers.values():
        nl.do("config-set", secrets=secrets)
    pings = Pings()
    if any(secrets):
        pings.wait(all_up, f"all neighbours up with {secrets}")
    pings.sent.clear()
    pings.answered = 0
    return pings


def rotate(first, *steps, order=NAMES):
    pings = begin(first)
    before = refusals()
    start = time.monotonic()
    for secrets in steps:
        step(pings, secrets, order)
    lost = pings.lost()
    note(f"{pings.answered} echoes answered in {time.monotonic() - start:.1f} s")
    equal(lost, [], "echoes lost")
    equal(pings.errors, [], "errors")
    equal(refusals(), before, "frames refused")
    return pings


@test
def from_no_secret_to_one():
    rotate((), ("", "new"), ("new", ""), ("new",))
    equal({(state, n) for _, _, state, n in neighbours()}, {("up", 1)}, "neighbours")


@test
def from_one_secret_to_another():
    rotate(("old",), ("old", "new"), ("new", "old"), ("new",), order=NAMES[::-1])
    equal({(state, n) for _, _, state, n in neighbours()}, {("up", 1)}, "neighbours")


def stretched(secret):
    """Its key in a network of some name."""
    return subprocess.run(["romon", "stretch", "home"], input=secret, text=True,
                          capture_output=True, check=True).stdout.rstrip()


@test
def from_a_raw_secret_to_a_stretched_one():
    key = stretched("raw")
    rotate(("raw",), ("raw", key), (key, "raw"), (key,))
    equal({(state, n) for _, _, state, n in neighbours()}, {("up", 1)}, "neighbours")


@test
def from_one_secret_to_none():
    rotate(("old",), ("old", ""), ("", "old"), ())


@test
def one_link_gets_a_secret_of_its_own():
    pings = begin(("all",))
    before = refusals()
    ends = (("r1", "to-r2"), ("r2", "to-r1"))
    for name, dev in ends:
        routers[name].do("port-add", interface=dev)
    for secrets in (("all", "own"), ("own", "all"), ("own",), ("own", "all"), ("all", "own"), ()):
        for name, dev in ends:
            routers[name].do("port-set", interface=dev, secrets=secrets)
            pings.go_on(ONE)
        pings.wait(all_up, "all neighbours up")
    equal(pings.lost(), [], "echoes lost")
    equal(refusals(), before, "frames refused")


@test
def many_secrets_in_a_row():
    """As a script does it, without a look at anything."""
    pings = begin(("0",))
    before = refusals()
    for n in range(1, 4):
        old, new = str(n - 1), str(n)
        for secrets in ((old, new), (new, old), (new,)):
            for name in NAMES:
                routers[name].do("config-set", secrets=secrets)
                pings.go_on(2)
    equal(pings.lost(), [], "echoes lost")
    equal(refusals(), before, "frames refused")


@test
def a_step_left_out_is_noticed():
    """That lost echoes would be seen."""
    pings = begin(("old",))
    before = refusals()
    for name in NAMES:
        routers[name].do("config-set", secrets=("new",))
        pings.go_on(30)
    pings.wait(all_up, "all neighbours up")
    pings.go_on(30)
    check(pings.lost(patience=3), "no echo was lost")
    check(refusals()["wrong_digest"] > before.get("wrong_digest", 0), "none was refused")
    pings.sent.clear()
    pings.go_on(100)
    equal(pings.lost(), [], "echoes lost after it")


if __name__ == "__main__":
    main(setup)
