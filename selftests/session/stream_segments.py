#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""The bytes of streams, against a peer made by hand.

    r --- x        r is a router; x is a raw socket, and acts as the router X

Segments are written down here a second time, from Documentation/protocol.rst,
and share nothing with stream/: kind, a byte that is ignored, seq, ack, payload.
Where r may do as it likes, in when it acknowledges and how it cuts data, only
what must be so is looked at. Segments that r repeats are not seen twice.
"""

import collections
import os
import signal
import struct
import subprocess
import time

from harness import LIMIT, Network, check, equal, main, note, test, wait_for
from sessions import Serve, spawn
import genl
import romonframe as rf

R, X = "02:00:00:00:00:0a", "02:00:00:00:00:99"
R_MAC, X_MAC = "02:01:00:00:00:01", "02:01:00:00:00:02"
X_END = (7, 1500, 100, X_MAC)
OPEN, ANSWER, DATA, ACK, CLOSE = range(5)
# What RouterOS was seen to send there, and more.
IGNORED = (0xC0, 0x00, 0xC3, 0x42, 0xFF, 0x01)
END, UNKNOWN = b"", b"\1"
CAT, FLOOD, COUNT = 700, 701, 702

Segment = collections.namedtuple("Segment", "kind ignored seq ack payload")
net = Network()


def setup():
    global r, x, serve
    net.netns("r", "x")
    net.veth(("r", "to-x", R_MAC, "x", "x", X_MAC))
    r = net.router("r", R, answer_delay=0)
    with genl.netns(net["x"]):
        x = rf.Port("x")
    serve = Serve(net["r"], {
        CAT: ["/bin/cat"],
        FLOOD: ["/usr/bin/head", "-c", "50000000", "/dev/zero"],
        COUNT: ["/usr/bin/wc", "-c"],
    }, keepalive=5)


def add(number, n):
    return (number + n) & 0xFFFFFFFF


def segment(kind, seq, ack, payload=b"", ignored=0):
    return struct.pack("!BBII", kind, ignored, seq, ack) + payload


def introduce(frame):
    """What X has to say to one that asks who is there."""
    if frame["type"] == rf.DISCOVER:
        x.send_frame(rf.answered(frame["frame"], X, X_END, identity="x"), dst=R_MAC)


class Peer:
    """X's end of one stream."""

    next_port = 50000

    def __init__(self, remote, local=None):
        if local is None:
            Peer.next_port += 1
            local = Peer.next_port
        self.remote, self.local = remote, local
        self.seen = set()
        self.probes = 0
        self.seq = int.from_bytes(os.urandom(4), "big")
        self.ack = 0

    def send_raw(self, payload):
        frame = rf.build_data(X, R, [(3, R_MAC)], sport=self.local, dport=self.remote,
                              payload=payload)
        x.send_frame(frame, dst=R_MAC)

    def send(self, kind, payload=b"", ignored=0, seq=None, ack=None):
        """With the numbers that are due, unless they are given."""
        self.send_raw(segment(kind, self.seq if seq is None else seq,
                              self.ack if ack is None else ack, payload, ignored))

    def raw(self, timeout=LIMIT, new=True):
        """The next payload of r to this stream's end; None if none comes."""
        deadline = time.monotonic() + timeout
        while True:
            data = x.recv(max(0, deadline - time.monotonic()))
            if data is None:
                return None
            try:
                frame = rf.parse(data)
            except rf.FrameError:
                continue
            introduce(frame)
            if frame["type"] != rf.DATA or frame["dst"] != rf.mac(X):
                continue
            if (frame["sport"], frame["dport"]) != (self.remote, self.local):
                continue
            if len(frame["payload"]) == 10 and frame["payload"][0] == DATA:
                # Whether we are still there: data of no length, before the next.
                self.probes += 1
                continue
            if new and frame["payload"] in self.seen:
                continue
            self.seen.add(frame["payload"])
            return frame["payload"]

    def next(self, what, timeout=LIMIT):
        payload = self.raw(timeout)
        check(payload is not None, f"no {what} came")
        check(len(payload) >= 10, f"not a segment: {payload.hex()}")
        return Segment(*struct.unpack("!BBII", payload[:10]), payload[10:])

    def open(self, ignored=0):
        """By hand, in the seen order. Returns the answer."""
        deadline = time.monotonic() + LIMIT
        while True:
            self.send(OPEN, ignored=ignored, ack=0)
            raw = self.raw(2)
            if raw:
                break
            check(time.monotonic() < deadline, "no open-answer came")
        found = Segment(*struct.unpack("!BBII", raw[:10]), raw[10:])
        equal(raw, segment(ANSWER, found.seq, self.seq), "the open-answer")
        self.ack = found.seq
        self.send(ACK, ignored=ignored)
        return found

    def until_acked(self, number, what, collect=None):
        """Read until r has acknowledged that; data is collected."""
        while True:
            found = self.next(what)
            equal(found.ignored, 0, f"the second byte, before {what}")
            if found.kind in (DATA, CLOSE):
                equal(found.seq, self.ack, f"the number of the data, before {what}")
                self.ack = add(self.ack, len(found.payload) if found.kind == DATA else 1)
                if collect is not None:
                    collect.append(found)
            else:
                equal((found.kind, found.seq, found.payload), (ACK, self.ack, b""),
                      f"the acknowledgement, before {what}")
            if found.ack == number:
                return found

    def until_data(self, n, collect, what):
        while sum(len(found.payload) for found in collect if found.kind == DATA) < n:
            found = self.next(what)
            if found.kind == DATA:
                equal(found.seq, self.ack, f"the number of {what}")
                self.ack = add(self.ack, len(found.payload))
                collect.append(found)
                self.send(ACK)

    def until_closed(self, what):
        """Read, and acknowledge, until r has closed; the bytes before."""
        data = b""
        while True:
            found = self.next(what)
            if found.kind == DATA:
                equal(found.seq, self.ack, f"the number of data, before {what}")
                self.ack = add(self.ack, len(found.payload))
                data += found.payload
                self.send(ACK)
            elif found.kind == CLOSE:
                equal((found.seq, found.payload, found.ignored), (self.ack, END, 0), what)
                self.ack = add(self.ack, 1)
                self.send(ACK)
                return data

    def talk(self, ignored=0, text=b"Is anybody there?"):
        """A whole stream to `cat`, from open to close."""
        self.open(ignored)
        self.send(DATA, text, ignored)
        self.seq = add(self.seq, len(text))
        collected = []
        self.until_acked(self.seq, "the data's acknowledgement", collected)
        self.until_data(len(text), collected, "the data come back")
        equal(b"".join(found.payload for found in collected), text, "what came back")
        self.send(ACK, ignored=ignored)
        self.send(CLOSE, ignored=ignored)
        self.seq = add(self.seq, 1)
        equal(self.until_closed("r's close"), b"", "more data")


def answer_ours(line=b"still there"):
    """A stream that behaves gets all that it wants."""
    Peer(CAT).talk(text=line)


@test
def a_stream_opened_by_hand_works_with_any_value_in_the_ignored_byte():
    for ignored in IGNORED:
        Peer(CAT).talk(ignored)


@test
def all_bytes_of_a_session_are_as_written_down():
    peer = Peer(CAT)
    peer.seq = 0x1234
    answer = peer.open(0xC0)
    ours = answer.seq
    peer.send(DATA, b"abc", 0x42)
    peer.seq = 0x1237
    # One frame or two: an acknowledgement, and the data, which acknowledge as well.
    got = [peer.raw()]
    if got[0] == segment(ACK, ours, 0x1237):
        got.append(peer.raw())
    equal(got[-1], segment(DATA, ours, 0x1237, b"abc"), "the data")
    peer.ack = add(ours, 3)
    peer.send(ACK, ignored=0xC3)
    peer.send(CLOSE)
    peer.seq = 0x1238
    got = [peer.raw()]
    if got[0] == segment(ACK, add(ours, 3), 0x1238):
        got.append(peer.raw())
    equal(got[-1], segment(CLOSE, add(ours, 3), 0x1238), "the close")
    peer.ack = add(ours, 4)
    peer.send(ACK)


@test
def opening_again_is_answered_again_with_the_same():
    peer = Peer(CAT)
    peer.send(OPEN, ack=0)
    first = peer.raw()
    peer.send(OPEN, ack=0)
    wait_for(lambda: peer.raw(1, new=False) == first, "the same open-answer once more")
    # And so it is without an acknowledgement.
    wait_for(lambda: peer.raw(LIMIT, new=False) == first, "an open-answer by itself")
    peer.ack = struct.unpack("!I", first[2:6])[0]
    peer.send(ACK)
    peer.send(CLOSE)
    peer.seq = add(peer.seq, 1)
    peer.until_closed("the close")


@test
def data_behind_the_open_answer_stand_for_its_acknowledgement():
    peer = Peer(CAT)
    peer.send(OPEN, ack=0)
    peer.ack = peer.next("open-answer").seq
    peer.send(DATA, b"at once")
    peer.seq = add(peer.seq, 7)
    collected = []
    peer.until_data(7, collected, "the data")
    equal(collected[0].payload, b"at once", "what came back")
    peer.send(CLOSE)
    peer.seq = add(peer.seq, 1)
    peer.until_closed("the close")


@test
def numbers_go_round():
    peer = Peer(CAT)
    peer.seq = 0xFFFFFFFD
    peer.talk(text=b"beyond the largest number")
    equal(peer.seq, 0xFFFFFFFD + 25 + 1 - (1 << 32), "the number at the end")


@test
def data_out_of_order_are_put_in_order():
    peer = Peer(CAT)
    peer.open()
    start = peer.seq
    for at, text in ((8, b"late. "), (4, b"too "), (4, b"too late"), (0, b"Not "), (0, b"Not ")):
        peer.send(DATA, text, seq=add(start, at))
    peer.seq = add(start, 14)
    collected = []
    peer.until_data(14, collected, "the data")
    equal(b"".join(found.payload for found in collected), b"Not too late. ", "what came back")
    peer.send(CLOSE)
    peer.seq = add(peer.seq, 1)
    peer.until_closed("the close")


@test
def a_close_before_the_data_waits_for_them():
    peer = Peer(COUNT)
    peer.open()
    start = peer.seq
    peer.send(CLOSE, seq=add(start, 9))
    peer.send(DATA, b"6789\n", seq=add(start, 4))
    peer.send(DATA, b"2345", seq=start)
    peer.seq = add(start, 10)
    equal(peer.until_closed("the close"), b"9\n", "what `wc -c` counted")


@test
def what_was_closed_still_receives():
    """Half-close: `wc` answers only when its input has ended."""
    peer = Peer(COUNT)
    peer.open()
    peer.send(DATA, b"x" * 1000)
    peer.seq = add(peer.seq, 1000)
    peer.send(CLOSE)
    peer.seq = add(peer.seq, 1)
    equal(peer.until_closed("the close"), b"1000\n", "what `wc -c` counted")


@test
def lost_data_are_sent_again():
    peer = Peer(CAT)
    peer.open()
    peer.send(DATA, b"once more")
    peer.seq = add(peer.seq, 9)
    # Not acknowledged: r repeats it, the acknowledgement up to date.
    data = []

    def twice():
        raw = peer.raw(LIMIT, new=False)
        check(raw is not None, "r does not repeat its data")
        if raw[0] == DATA:
            data.append(raw)
        return len(data) == 3

    wait_for(twice, "the data for the third time")
    equal(set(data), {segment(DATA, peer.ack, peer.seq, b"once more")}, "the data")
    peer.ack = add(peer.ack, 9)
    peer.send(ACK)
    peer.send(CLOSE)
    peer.seq = add(peer.seq, 1)
    peer.until_closed("the close")


@test
def three_equal_acknowledgements_bring_the_lost_segment():
    peer = Peer(FLOOD)
    answer = peer.open()
    first = peer.next("data")
    equal((first.kind, first.seq), (DATA, answer.seq), "the first segment")
    size = len(first.payload)
    # As if the second were lost.
    lost = add(answer.seq, size)
    peer.ack = lost
    peer.send(ACK)
    start = time.monotonic()
    for _ in range(3):
        peer.next("data behind the lost segment")
        peer.send(ACK)
    while True:
        raw = peer.raw(LIMIT, new=False)
        check(raw is not None, "the lost segment does not come again")
        found = Segment(*struct.unpack("!BBII", raw[:10]), raw[10:])
        if found.seq == lost and time.monotonic() > start:
            break
    peer.send(CLOSE, UNKNOWN)


@test
def segments_fill_the_frames_of_the_route():
    # r knows what the route takes once it knows X.
    r.do("discover")
    wait_for(lambda: Peer(FLOOD).raw(0.1) is None and r.whole_dump("node-get"), "r to find X")
    peer = Peer(FLOOD)
    peer.open()
    # The header with that of Data, an entry, ports, the segment's own header.
    whole = 1500 - 46 - 10 - 4 - 10
    found = peer.next("data")
    equal(len(found.payload), whole, "bytes in a full segment")
    peer.send(CLOSE, UNKNOWN)


@test
def a_segment_of_no_stream_is_answered_with_close():
    for kind in (ANSWER, DATA, ACK):
        for port in (CAT, FLOOD):
            peer = Peer(port)
            peer.seq, peer.ack = 1000, 2000
            peer.send(kind, b"who?" if kind == DATA else b"")
            found = peer.next(f"close for kind {kind}")
            equal((found.kind, found.ignored, found.payload), (CLOSE, 0, UNKNOWN),
                  f"the answer to kind {kind}")
            if kind == DATA:
                note(f"for seq 1000, ack 2000 and 4 bytes: seq {found.seq}, ack {found.ack}")


@test
def a_segment_to_a_port_that_nobody_bound_is_answered_with_close():
    for kind in (OPEN, ANSWER, DATA, ACK):
        peer = Peer(705)
        peer.seq, peer.ack = 1000, 2000
        before = r.drops().get("no_endpoint", 0)
        peer.send(kind, b"who?" if kind == DATA else b"")
        found = peer.next(f"close for kind {kind}")
        equal((found.kind, found.ignored, found.payload), (CLOSE, 0, UNKNOWN),
              f"the answer to kind {kind}")
        equal(r.drops()["no_endpoint"], before + 1, "drops as no_endpoint")
    peer.send(CLOSE)
    peer.send(5)
    peer.send_raw(b"nothing")
    wait_for(lambda: r.drops()["no_endpoint"] == before + 4, "the drops of what is not answered")
    equal(peer.raw(0.2), None, "an answer")


@test
def a_close_of_no_stream_is_not_answered():
    peer = Peer(CAT)
    for payload in (END, UNKNOWN, b"\7"):
        peer.send(CLOSE, payload)
    # What is answered comes after all that could have been.
    peer.send(DATA, b"?")
    found = peer.next("an answer")
    equal((found.kind, found.payload), (CLOSE, UNKNOWN), "the answer to the data")
    equal(peer.raw(0.2), None, "another answer")


@test
def a_close_with_a_reason_ends_the_stream_at_once():
    wait_for(lambda: serve.sessions() == 0, "the sessions of other tests to end")
    peer = Peer(FLOOD)
    peer.open()
    peer.next("data")
    equal(serve.sessions(), 1, "sessions")
    peer.send(CLOSE, b"\5")
    wait_for(lambda: serve.sessions() == 0, "the session to end")


@test
def what_is_no_segment_is_ignored():
    peer = Peer(CAT)
    peer.open()
    for length in range(10):
        peer.send_raw(segment(DATA, peer.seq, peer.ack)[:length])
    for kind in (5, 6, 0x7F, 0xFF):
        peer.send(kind, b"payload")
    # An acknowledgement of what was never sent, data far from where they belong.
    peer.send(ACK, ack=add(peer.ack, 1 << 30))
    peer.send(ACK, ack=add(peer.ack, 1))
    peer.send(DATA, b"far", seq=add(peer.seq, 1 << 30))
    peer.send(DATA, b"old", seq=add(peer.seq, -(1 << 30)))
    peer.send(CLOSE, seq=add(peer.seq, 1 << 30))
    answer_ours()
    peer.send(DATA, b"as if nothing were")
    peer.seq = add(peer.seq, 18)
    collected = []
    peer.until_data(18, collected, "the data")
    equal(collected[0].payload, b"as if nothing were", "what came back")
    peer.send(CLOSE)
    peer.seq = add(peer.seq, 1)
    peer.until_closed("the close")


@test
def a_peer_that_does_not_acknowledge_costs_bounded_memory_and_its_own_session():
    before = serve.memory()
    peers = [Peer(FLOOD) for _ in range(10)]
    for peer in peers:
        peer.open()
        peer.next("data")
    answer_ours()
    grown = serve.memory() - before
    note(f"{grown // len(peers)} bytes for each of {len(peers)} sessions of 50 MB")
    check(grown < 10 << 20, f"{grown} bytes for ten that do not read")
    # Nothing was heard of them: they end.
    wait_for(lambda: serve.sessions() == 0, "the sessions to end by themselves")
    answer_ours()


@test
def a_hole_that_is_never_filled_costs_bounded_memory():
    before = serve.memory()
    peer = Peer(CAT)
    peer.open()
    start, n = peer.seq, 8000
    for number in range(n):
        peer.send(DATA, bytes(1400), seq=add(start, 1400 * (1 + number)))
    answer_ours()
    grown = serve.memory() - before
    note(f"{grown} bytes for {n * 1400} behind a hole")
    # As much as it lets be in flight.
    check(grown < 6 << 20, f"{grown} bytes for what cannot be delivered")
    peer.send(CLOSE, UNKNOWN)
    wait_for(lambda: serve.sessions() == 0, "the session to end")


@test
def opens_without_end_cost_no_memory_and_keep_nobody_out():
    def opens(count):
        for _ in range(count):
            Peer(CAT).send(OPEN, ack=0)

    opens(300)
    before = serve.memory()
    opens(3000)
    # Nothing is kept of them, so the next has nothing to wait for.
    peer = Peer(CAT)
    peer.send(OPEN, ack=0)
    equal((peer.raw(LIMIT) or b"?")[0], ANSWER, "what an open gets after 3300 others")
    grown = serve.memory() - before
    note(f"{grown} bytes, {serve.sessions()} sessions after 3000 opens")
    # Programs are started for those who have answered only.
    equal(serve.sessions(), 0, "sessions")
    check(grown < 512 << 10, f"{grown} bytes for 3000 opens")
    answer_ours()


connects = []


def connect(port, **options):
    """romon connect to X, and X's end of the stream; opened, not answered."""
    for process in connects:
        process.kill()
        process.wait()
    connects.clear()
    x.drain()
    process = spawn(net["r"], ["romon", "connect", X, str(port), "keepalive", "5"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    **options)
    connects.append(process)
    deadline = time.monotonic() + LIMIT
    while True:
        data = x.recv(max(0, deadline - time.monotonic()))
        check(data is not None, f"no open came to port {port}: {process.poll()}")
        frame = rf.parse(data)
        introduce(frame)
        if (frame["type"], frame.get("dport")) == (rf.DATA, port) and frame["payload"][0] == OPEN:
            break
    peer = Peer(frame["sport"], port)
    found = Segment(*struct.unpack("!BBII", frame["payload"][:10]), frame["payload"][10:])
    equal(frame["payload"], segment(OPEN, found.seq, 0), "the open")
    peer.ack = found.seq
    peer.seen.add(frame["payload"])
    return process, peer


@test
def romon_connect_opens_in_the_seen_order():
    numbers, ports = set(), set()
    for ignored in IGNORED:
        process, peer = connect(900)
        numbers.add(peer.ack)
        ports.add(peer.remote)
        theirs = peer.ack
        peer.send(ANSWER, ignored=ignored)
        equal(peer.raw(), segment(ACK, theirs, peer.seq), "the acknowledgement")
        process.stdin.write(b"from here")
        process.stdin.flush()
        equal(peer.raw(), segment(DATA, theirs, peer.seq, b"from here"), "the data")
        peer.ack = add(theirs, 9)
        peer.send(ACK, ignored=ignored)
        peer.send(DATA, b"from there", ignored)
        peer.seq = add(peer.seq, 10)
        equal(peer.raw(), segment(ACK, peer.ack, peer.seq), "the acknowledgement of the data")
        equal(process.stdout.read(10), b"from there", "standard output")
        process.stdin.close()
        equal(peer.raw(), segment(CLOSE, peer.ack, peer.seq), "the close")
        peer.ack = add(peer.ack, 1)
        peer.send(ACK, ignored=ignored)
        peer.send(CLOSE, ignored=ignored)
        peer.seq = add(peer.seq, 1)
        equal(peer.raw(), segment(ACK, peer.ack, peer.seq), "the acknowledgement of the close")
        equal(process.wait(LIMIT), 0, "exit status")
        equal(process.stderr.read(), b"", "standard error")
    equal(len(numbers), len(IGNORED), "initial numbers that differ")
    check(min(ports) >= 49152, f"local ports {ports}")


@test
def an_open_is_repeated_until_it_is_answered():
    process, peer = connect(900)
    first = segment(OPEN, peer.ack, 0)
    for _ in range(2):
        equal(peer.raw(LIMIT, new=False), first, "the open")
    peer.send(ANSWER)
    wait_for(lambda: peer.raw(LIMIT, new=False) == segment(ACK, peer.ack, peer.seq),
             "the acknowledgement")
    process.send_signal(signal.SIGTERM)
    process.wait(LIMIT)


@test
def the_end_of_the_peers_data_is_not_the_end_of_ours():
    process, peer = connect(900)
    peer.send(ANSWER)
    peer.send(DATA, b"all of it")
    peer.send(CLOSE, seq=add(peer.seq, 9))
    peer.seq = add(peer.seq, 10)
    peer.until_acked(peer.seq, "the close's acknowledgement")
    equal(process.stdout.read(), b"all of it", "standard output, to its end")
    process.stdin.write(b"and this")
    process.stdin.close()
    equal(peer.until_closed("the close"), b"and this", "what is said after")
    equal(process.wait(LIMIT), 0, "exit status")


@test
def a_refusal_is_told_with_its_reason():
    said = {}
    for reason in range(1, 8):
        process, peer = connect(900)
        # Without a stream there are no numbers of X's.
        peer.send(CLOSE, bytes((reason,)), seq=0)
        equal(process.wait(LIMIT), 1, f"exit status for reason {reason}")
        lines = process.stderr.read().decode().splitlines()
        equal(len(lines), 1, f"lines for reason {reason}: {lines}")
        said[reason] = lines[0]
        note(f"{reason}: {lines[0]}")
    equal(len({said[n] for n in range(1, 6)}), 5, "sentences that differ")


if __name__ == "__main__":
    main(setup)
