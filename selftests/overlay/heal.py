#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
"""Routes that heal: a ring of six under traffic, and what breaks in it.

No time is asserted but that healing is far quicker than the minute after which
an edge that nobody tells of is forgotten.
"""

import json
import os
import select
import socket
import struct
import subprocess
import threading
import time

from harness import LIMIT, SLOW, amount, build, check, equal, main, note, test, wait_for
import genl
from ring_of_six import ID, NAME, NAMES, Ping, Ring
from two_ways import UNBOUND, TwoWays

HEALED = 30 if SLOW else 10
# Documented in protocol.rst: so many floods at once for want of answers, then
# one each four seconds; and the interval of floods bounds them all.
BURST, REFILL = 8, 4
# Documented in internals.rst: searches for detours in one review.
SEARCHES = 8
ring = None


def setup():
    global ring
    ring = Ring()
    ring.whole()


class Monitor:
    """`romon monitor`, which does not ask for floods itself."""

    def __init__(self, name="r1"):
        self.ns = ring.net[name]
        self.process = subprocess.Popen(
            ["romon", "-j", "-n", self.ns, "monitor", "discover", "0"], stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.buffer, self.events = b"", []
        # It listens once it tells of something.
        def listens():
            ring.nl[name].do("config-set", flood_window=200)
            return self.read()

        wait_for(listens, "romon monitor to tell of something")
        self.read()
        self.events.clear()

    def read(self):
        while select.select([self.process.stdout], [], [], 0)[0]:
            data = os.read(self.process.stdout.fileno(), 65536)
            check(data, "romon monitor has ended")
            self.buffer += data
            *lines, self.buffer = self.buffer.split(b"\n")
            self.events += [json.loads(line) for line in lines if line.strip()]
        return self.events

    def changes(self, *names):
        """(name, reason) of the routers whose route has changed."""
        return [(NAME[e["address"]], e.get("reason")) for e in self.read()
                if e["event"] == "node-change" and (not names or NAME[e["address"]] in names)]

    def told(self, event, name, reason):
        return any(e["event"] == event and e.get("address") == ID[name]
                   and e.get("reason") == reason for e in self.read())

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Floods:
    """Counts the floods that r1 sends, on one of its links."""

    def __init__(self, device="to-r2"):
        with genl.netns(ring.net["r1"]):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.bind((device, 3))
        self.sock.setblocking(False)
        self.start, self.count = time.monotonic(), 0

    def read(self):
        while select.select([self.sock], [], [], 0)[0]:
            frame, address = self.sock.recvfrom(128)
            # An own Discover: type 1, no hops yet.
            if (address[2] == socket.PACKET_OUTGOING and frame[12:14] == b"\x88\xbf"
                    and frame[14] == 1 and not frame[54]):
                self.count += 1
        return self.count

    def bounded(self, what):
        took = time.monotonic() - self.start
        note(f"{what}: {self.read()} floods in {took:.1f} s")
        most = BURST + took / REFILL + 1
        check(self.count <= most, f"{what}: {self.count} floods in {took:.1f} s, most is {most:.0f}")


class Echo:
    """Echo requests of this process, from r1 without a route."""

    def __init__(self, to="r4", size=8):
        self.nl = genl.Romon(ring.net["r1"])
        self.port = self.nl.get("endpoint-bind")["local_port"]
        self.to, self.seq = to, 0

    def send(self):
        self.seq += 1
        self.nl.do("datagram-send", id=ID[self.to], local_port=self.port, remote_port=1,
                   payload=struct.pack(">Q", self.seq))
        return self.seq

    def answers(self, seq, timeout):
        payload = struct.pack(">Q", seq)
        return self.nl.event(timeout, want=lambda command, values: (
            command == "datagram-rcv" and values["payload"] == payload))


def steady(path):
    """The route in use is this one, all of the ring is known, and answers come."""
    ring.whole()
    wait_for(lambda: ring.path() == path, f"the way {path}")


def each_break(what, breaks, mends, places):
    """Under `ping interval 0.01`: break something on the path in use, again and
    again, at places(path)."""
    ping = Ping(ring)
    outages, lost = [], []
    for way in range(2):
        for number in range(len(places(ring.path()))):
            ring.whole()
            path = ring.path()
            place = places(path)[number]
            before, start = len(ping.lost), time.monotonic()
            breaks(*place)
            try:
                ping.answered_after(time.monotonic(), 20)
                outages.append(ping.outage(start))
                check(outages[-1] < HEALED, f"{what} {place} on {path}: {outages[-1]:.1f} s")
                check(ring.path() != path, f"{what} {place} on {path}: no other way is in use")
            finally:
                mends(*place)
            lost.append((before, start))
    ping.end()
    note(f"{what}: without an answer for " +
         ", ".join(f"{1000 * outage:.0f}" for outage in outages) + " ms")
    ring.whole()


@test
def a_link_here_that_goes_down_is_avoided_at_once():
    # One datagram at a time, so that none is under way when the link goes.
    echo = Echo()
    for _ in range(6):
        ring.whole()
        path = ring.path()
        check(echo.answers(echo.send(), LIMIT), f"no answer over {path}")
        ring.cut("r1", path[0])
        check(ring.path()[0] != path[0], "the link that is down is still used")
        answered = echo.answers(echo.send(), LIMIT)
        ring.mend("r1", path[0])
        check(answered, f"the first echo after the cut of {path} was lost")


@test
def a_link_here_that_goes_down_costs_what_is_under_way():
    ping = Ping(ring)
    lost = []
    for _ in range(amount(3, 6)):
        ring.whole()
        path, before = ring.path(), len(ping.lost)
        ring.cut("r1", path[0])
        cut = time.monotonic()
        try:
            # Longer than its timeout, so that what was lost is told.
            ping.answered_after(cut + 1.1)
        finally:
            ring.mend("r1", path[0])
        lost.append(len(ping.lost) - before)
    ping.end()
    note(f"echoes lost in each cut: {lost}")
    # A second without the way round would cost a hundred each.
    check(sum(lost) <= 10 * len(lost), "too many echoes are lost")


@test
def no_sender_meets_a_link_here_that_is_down():
    # Many routers, so that the route in use is replaced well after the link.
    w = TwoWays(300)
    # Each time the link is up again it is found by a flood.
    w.nl.do("config-set", flood_window=1000)
    wrong, done, sending = [], threading.Event(), threading.Event()
    sent = 0

    def send():
        nonlocal sent
        nl = genl.Romon(w.ns)
        port = nl.get("endpoint-bind")["local_port"]
        while sending.wait() and not done.is_set():
            try:
                nl.do("datagram-send", id=w.ids[0], local_port=port, remote_port=UNBOUND,
                      payload=b"x")
            except genl.NetlinkError as error:
                wrong.append(error)
            if told := nl.event(0, want=lambda command, _: command == "datagram-error"):
                wrong.append(told)
            sent += 1

    def meanwhile(count, what):
        before = sent
        wait_for(lambda: sent >= before + count or wrong, f"datagrams while the link {what}")

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(amount(6, 12)):
            sending.set()
            meanwhile(10, "is up")
            build.up(w.ns, ["direct"], False)
            time.sleep(0.1)
            meanwhile(10, "is down")
            build.up(w.ns, ["direct"], True)
            meanwhile(10, "comes up")
            # Not while the routers answer, which are of this process too.
            sending.clear()
            w.discover()
    finally:
        done.set()
        sending.set()
        sender.join()
    check(not wrong, f"{len(wrong)} datagrams were refused, first: {wrong[:1]}")


@test
def each_remote_link_that_is_cut_is_avoided():
    each_break("cut", ring.cut, ring.mend,
               lambda path: [(path[0], path[1]), (path[1], path[2])])


@test
def each_remote_link_that_falls_silent_is_avoided():
    each_break("silent", ring.deafen, ring.undeafen,
               lambda path: [(path[1], path[0]), (path[2], path[1])])


@test
def each_router_that_stops_is_avoided():
    each_break("stopped", ring.stop, ring.start, lambda path: [(path[0],), (path[1],)])


@test
def a_detour_of_two_way_traffic_does_not_hide_a_break():
    # r4's own datagrams arrive over the other way, while those to it do not.
    ring.whole()
    ping = Ping(ring)
    path = ring.path()
    back = Ping(ring, to="r1", start="r4", interval=0.02)
    ring.cut(path[0], path[1])
    start = time.monotonic()
    for one in (ping, back):
        one.answered_after(start, 20)
    ping.end()
    back.end()
    ring.mend(path[0], path[1])
    check(ping.outage(start) < HEALED, "the break was hidden")


@test
def the_better_way_is_taken_up_again():
    ring.whole()
    monitor = Monitor()
    ring.nl["r1"].do("port-add", interface="to-r6", cost=150)
    steady(["r2", "r3", "r4"])
    ping = Ping(ring)
    ring.stop("r3")
    wait_for(lambda: ring.path() == ["r6", "r5", "r4"], "the way round")
    ring.start("r3")
    # It asks for the floods that find r3 itself.
    wait_for(lambda: ring.path() == ["r2", "r3", "r4"], "the better way")
    wait_for(lambda: monitor.changes("r4")[-1:] in ([("r4", "confirmed")], [("r4", "cheaper")]),
             "the monitor to tell why")
    ping.answered_after(time.monotonic(), 20)
    ping.end()
    check(("r4", "no-answer") in monitor.changes("r4"), "the monitor does not tell why it went round")
    monitor.end()
    ring.nl["r1"].do("port-del", interface="to-r6")


@test
def an_equal_way_that_works_is_not_given_up():
    ring.whole()
    path = ring.path()
    ping = Ping(ring)
    ring.deafen(path[1], path[0])
    ping.answered_after(time.monotonic(), 20)
    other = wait_for(lambda: ring.path() != path and ring.path(), "another way")
    ring.undeafen(path[1], path[0])
    for _ in range(amount(4, 8)):
        ring.whole()
        ping.answered_after(time.monotonic(), 10)
        equal(ring.path(), other, "the way in use")
    ping.end()


@test
def equal_routes_are_stable():
    ring.whole()
    before = {name: ring.path(name) for name in NAMES[1:]}
    for _ in range(amount(6, 12)):
        ring.whole()
        equal({name: ring.path(name) for name in NAMES[1:]}, before, "the ways in use")


@test
def equal_links_are_stable_while_others_change():
    # Three more links to r2 like the one there is, and something that changes
    # in each flood, so that routes are computed while answers come in.
    devices = [f"more{i}" for i in range(3)]
    ring.net.veth(*(("r1", device, f"02:02:00:00:{i:02x}:01", "r2", device,
                     f"02:02:00:00:{i:02x}:02") for i, device in enumerate(devices)))

    def parallel():
        return [e for e in ring.nl["r1"].whole_dump("edge-get")
                if {e["from"]["id"], e["to"]["id"]} == {ID["r1"], ID["r2"]}]

    def known():
        ring.nl["r1"].do("discover")
        time.sleep(0.05)
        return len(parallel()) == 4

    wait_for(known, "all links to r2")
    ring.nl["r5"].do("port-add", interface="to-r4", cost=100)
    used = ring.nl["r1"].get("node-get", id=ID["r2"])["interface"]
    start = time.monotonic()
    for i in range(10):
        ring.nl["r5"].do("port-set", interface="to-r4", cost=101 + i)
        # Until this flood has told of all of them, perhaps before the request ends.
        flooded = time.monotonic()
        ring.nl["r1"].do("discover")

        def told():
            equal(ring.nl["r1"].get("node-get", id=ID["r2"])["interface"], used, "the link in use")
            age = (time.monotonic() - flooded) * 1000
            return all(e["age"] < age for e in parallel())

        wait_for(told, "the flood")
    note(f"10 floods in {time.monotonic() - start:.1f} s")
    ring.nl["r5"].do("port-del", interface="to-r4")
    for device in devices:
        subprocess.run(["ip", "-n", ring.net["r1"], "link", "del", device], check=True)


@test
def what_is_never_answered_causes_no_storm():
    ring.whole()
    monitor, floods = Monitor(), Floods()
    nl = genl.Romon(ring.net["r1"])
    port = nl.get("endpoint-bind")["local_port"]
    end = time.monotonic() + amount(5, 8)
    while time.monotonic() < end:
        # Nothing is bound there.
        nl.do("datagram-send", id=ID["r4"], local_port=port, remote_port=7777, payload=b"x")
        time.sleep(0.01)
    floods.bounded("never answered")
    changes = monitor.changes()
    note(f"never answered: {len(changes)} changes of routes")
    check(all(name == "r4" for name, _ in changes), f"other routes have changed: {changes}")
    check(len(changes) <= 8, f"too many changes: {changes}")
    monitor.end()


@test
def a_flapping_link_disturbs_nobody_else():
    ring.whole()
    path = ring.path()
    a, b = path[1], path[2]
    others = {name: ring.path(name) for name in NAMES[1:] if b not in ring.path(name)}
    check("r2" in others and "r6" in others, f"the ways are {others}")
    pings = [Ping(ring), Ping(ring, to=a, interval=0.05)]
    monitor, floods = Monitor(), Floods()
    end, flaps = time.monotonic() + amount(5, 8), 0
    while time.monotonic() < end:
        ring.cut(a, b)
        time.sleep(0.3)
        ring.mend(a, b)
        time.sleep(0.3)
        flaps += 1
    floods.bounded(f"{flaps} flaps")
    changes = monitor.changes(*others)
    check(not changes, f"routes that do not use the link have changed: {changes}")
    equal({name: ring.path(name) for name in others}, others, "the ways of the others")
    now = time.monotonic()
    for ping in pings:
        ping.answered_after(now, 20)
        ping.end()
    check(not pings[1].lost, f"{a} has lost {pings[1].lost}")
    note(f"{flaps} flaps: of the echoes to r4 {len(pings[0].lost)} lost, "
         f"{len(pings[0].answers)} answered")
    monitor.end()
    drops = {name: ring.nl[name].drops().get("flood_rate", 0) for name in NAMES}
    check(not any(drops.values()), f"floods were refused: {drops}")


@test
def the_monitor_tells_why():
    ring.whole()
    monitor = Monitor()
    path = ring.path()
    ring.cut("r1", path[0])
    wait_for(lambda: monitor.told("node-change", "r4", "port-down"), "port-down")
    ring.mend("r1", path[0])
    ring.whole()
    wait_for(lambda: monitor.told("node-change", path[0], "cheaper"), "cheaper")
    monitor.events.clear()

    path = ring.path()
    ring.nl["r1"].do("port-add", interface=f"to-{path[0]}", cost=99)
    wait_for(lambda: monitor.told("node-change", "r4", "port-changed"), "port-changed")
    ring.nl["r1"].do("port-del", interface=f"to-{path[0]}")

    ring.nl[path[0]].do("port-add", interface="to-r1", cost=103)
    ring.whole()
    wait_for(lambda: monitor.told("node-change", path[0], "edge-changed"), "edge-changed")
    ring.nl[path[0]].do("port-del", interface="to-r1")
    ring.whole()

    # A router that stops: nobody asks, until floods do not find it.
    def flooded(event, name, reason):
        ring.nl["r1"].do("discover")
        time.sleep(0.1)
        return monitor.told(event, name, reason)

    monitor.events.clear()
    ring.stop("r3")
    wait_for(lambda: flooded("node-del", "r3", "edge-lost"), "edge-lost")
    ring.start("r3")
    ring.whole()

    monitor.events.clear()
    hop_limit = ring.nl["r1"].get("config-get")["hop_limit"]
    ring.nl["r1"].do("config-set", hop_limit=1)
    wait_for(lambda: monitor.told("node-del", "r4", "settings"), "settings")
    ring.nl["r1"].do("config-set", hop_limit=hop_limit)
    ring.whole()
    ring.stop("r1")
    wait_for(lambda: monitor.told("node-del", "r4", "off"), "off")
    ring.start("r1")
    monitor.end()


@test
def a_neighbour_that_is_not_heard_is_missed_without_traffic():
    for name in NAMES:
        ring.nl[name].do("config-set", secrets=["secret"], hello_interval=1)
    ring.whole()
    monitor = Monitor()
    way, other = ring.path("r2"), ["r6", "r5", "r4", "r3", "r2"]
    equal(way, ["r2"], "the way to r2")
    ring.deafen("r2", "r1")
    # Nobody asks: r1 floods only on demand.
    wait_for(lambda: monitor.told("node-change", "r2", "neighbor-lost"), "neighbor-lost")
    equal(ring.path("r2"), other, "the way to r2 now")
    ring.undeafen("r2", "r1")
    ring.whole()
    equal(ring.path("r2"), way, "the way to r2 again")
    monitor.end()
    for name in NAMES:
        ring.nl[name].do("config-set", secrets=[], hello_interval=5)
    ring.whole()


@test
def ping_and_traceroute_tell_where_it_is_lost():
    ring.whole()
    path = ring.path()
    # Nothing reaches r4 any more, by whatever way, and nobody is told.
    for name in ("r3", "r5"):
        ring.deafen("r4", name)

    def run(*words):
        done = subprocess.run(["romon", "-n", ring.net["r1"], *words], text=True,
                              capture_output=True, timeout=LIMIT)
        equal(done.returncode, 1, f"exit status of romon {' '.join(words)}")
        return done.stderr

    said = run("ping", ID["r4"], "count", "1")
    check(f"ping: lost after {path[1]}" in said, f"ping says {said!r}")
    said = run("traceroute", ID["r4"])
    check(any(f"traceroute: lost after {name}" in said for name in ("r3", "r5")),
          f"traceroute says {said!r}")
    for name in ("r3", "r5"):
        ring.undeafen("r4", name)
    # What is lost while a way round takes over is told too, and of the way that
    # it took.
    ring.whole()
    path = ring.path()
    ping = Ping(ring)
    ring.deafen(path[1], path[0])
    wait_for(lambda: ping.lost, "an echo that is told lost")
    time.sleep(2.5)
    said = ping.end()
    ring.undeafen(path[1], path[0])
    equal(set(said.splitlines()), {f"romon: ping: lost after {path[0]}"}, "what ping says")
    ring.whole()


@test
def a_detour_beyond_a_lowered_hop_limit_is_given_up():
    w = TwoWays(1)
    w.doubt()
    equal(w.around(), 1, "detours of two hops")
    w.nl.do("config-set", hop_limit=1)
    equal(w.around(), 0, "detours of two hops while one is allowed")
    w.nl.do("config-set", hop_limit=2)
    equal(w.around(), 1, "detours of two hops when they are allowed again")


@test
def not_all_detours_are_searched_in_one_go():
    w = TwoWays(5 * SEARCHES)
    # There is none yet.
    w.nl.do("config-set", hop_limit=1)
    w.doubt()
    equal(w.around(), 0, "detours of two hops while one is allowed")
    # For the setting, and once a second because time passes.
    w.nl.do("config-set", hop_limit=2)
    found = w.around()
    check(1 <= found <= 3 * SEARCHES, f"{found} detours were searched in one go")
    # The others have their turn, though nothing is sent there.
    wait_for(lambda: w.around() == len(w.ids), "all detours")


main(setup)
