#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 900
"""Honest routers work on while somebody on a cable attacks them.

    a ==+== b === c        the attacker is on the cable of a and b, and hears all
        x                  that is said there

a pings c, logs in there anew and talks in a session that began before. Whoever
attacks is a stranger where there is no secret, a stranger to the secret, or one
who knows it. Half of the time the machine is the attacker's; what it does in the
other half is up to those whom it attacks. In make check-long it does each thing by
itself, else some at the same time.

c has the limits of a small router, which are the defaults, and less memory. What
the attacker opens there comes by b, as a's sessions do.
"""

import contextlib
import itertools
import json
import os
import random
import re
import struct
import subprocess
import threading
import time

from harness import LIMIT, LONG, Network, amount, check, equal, main, note, test, wait_for
from sessions import (
    SECRET, SERVERS, SSHD, Chain, Serve, good, private_ssh, romon, spawn, ssh_options, run)
import genl
import romonauth as ra
import romonframe as rf

X, X_MAC = "02:66:00:00:00:01", "02:66:01:00:00:01"
A_MAC, B_MAC, C_MAC = "02:01:00:00:01:01", "02:01:00:00:01:02", "02:01:00:00:02:02"
OPEN, ANSWER, DATA, ACK, CLOSE = range(5)
SSHD_PORT = 3
END = rf.End(7, 1500, 100, X_MAC)
# What an attacker does at a time: so many steps, or for so many seconds.
BATCH, TURN = 50, 1
PINGS = amount(5, 20)
# The limits of c: of what is not taken yet, in MiB, and of commands a second.
MEMORY, STARTS, SESSIONS = 4, 5, 32
# Beyond that a session may hold 40 KiB; and what is in the program itself, and in
# its allocator, has been touched.
ROOM = (MEMORY << 20) + SESSIONS * (40 << 10) + (4 << 20)
# Of the logins by one neighbour so many may be open.
LOGINS = 16
# Of the attacker's own openings.
REMEMBERED = 2000
# The tables of three routers, and what a debug kernel keeps of what is freed.
KERNEL_ROOM = 128 << 20
# As many neighbours as b has places for: an attack fills them soon.
NEIGHBORS = 100

nets = {}


class Bed:
    """The three routers, the attacker's place and what honest ones do."""

    def __init__(self, name, secrets):
        self.net = Network()
        names = {end: f"{end}-{name}" for end in "abc"}
        self.chain = Chain(self.net, list(names.values()), secrets=secrets)
        self.a, self.b = (self.chain.nl[names[end]] for end in "ab")
        self.ns_a = self.net[names["a"]]
        self.id_a, self.id_c = (self.chain.id[names[end]] for end in "ac")
        self.to_c = self.b.get("port-get", interface=f"to-{names['c']}")["link"]
        with genl.netns(self.ns_a):
            # Its frames go where a's go; what comes to a, it sees.
            self.port = rf.Port(f"to-{names['b']}", promiscuous=True, outgoing=True)
        self.b.do("config-set", max_neighbors=NEIGHBORS)
        self.serve = Serve(self.net[names["c"]], {SSHD: SERVERS[SSHD]}, f"memory {MEMORY}",
                           many=False)

    def ssh(self, *words, **options):
        return run(self.ns_a, ["ssh", *ssh_options(SSHD), f"root@{self.id_c}.romon", *words],
                   **options)

    def ping(self):
        done = romon(self.ns_a, "-j", "ping", self.id_c, "count", PINGS, "interval", 0.1,
                     "timeout", LIMIT)
        last = json.loads(good(done).splitlines()[-1])
        return last["sent"], last["received"]


class Attacker:
    """Sends to b, and hashes what it sends if it knows the secret."""

    def __init__(self, bed, secret=None):
        self.bed, self.secret = bed, secret
        self.sent = 0
        self.calls = None
        self.neighbor = ra.Neighbor(bed.port, X, secret or "a guess", src=X_MAC)

    def join(self):
        """Be a neighbour of b, as one who knows the secret can."""
        def up():
            return any(found["mac"] == X_MAC and found["state"] == "up"
                       for found in self.bed.b.whole_dump("neighbor-get"))

        check(self.neighbor.handshake(B_MAC, up), "the attacker is not taken for a neighbour")

    def send(self, frame, dst=B_MAC, src=X_MAC):
        if self.secret:
            self.neighbor.send(frame, dst)
        else:
            self.bed.port.send_frame(frame, dst=dst, src=src)
        self.sent += 1

    def heard(self, wanted):
        """What has come for the attacker, under any of its MACs."""
        while data := self.bed.port.recv(0, wanted):
            frame = rf.parse(data)
            if frame["eth_src"] == rf.mac(B_MAC) and frame["eth_dst"] != rf.mac(A_MAC):
                yield frame

    def data(self, src, sport, dport, payload):
        """To c, by way of b."""
        self.send(rf.build_data(src, self.bed.id_c, [(7, B_MAC), (self.bed.to_c, C_MAC)],
                                sport=sport, dport=dport, payload=payload))


def ids():
    return (f"02:67:00:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"
            for n in itertools.count())


def one_id():
    return itertools.repeat(X)


def word():
    return random.getrandbits(32).to_bytes(4, "big")


def segment(kind, payload=b""):
    return bytes((kind, 0)) + word() + word() + payload


class Call:
    """An opening, and what comes of it."""

    def __init__(self, x, name):
        self.x, self.name, self.port = x, rf.mac(name), random.randrange(1024, 65536)
        self.seq, self.ack = random.getrandbits(32), 0
        self.begun = self.spoken_to = False

    def say(self, kind, payload=b"", ahead=0):
        self.x.data(self.name, self.port, SSHD_PORT,
                    struct.pack("!BBII", kind, 0, (self.seq + ahead) & 0xFFFFFFFF, self.ack)
                    + payload)

    def open(self):
        self.say(OPEN)

    def write(self, text):
        self.say(DATA, text)
        self.seq += len(text)

    def hear(self, payload, say):
        """Whether there is more to come."""
        kind, _, seq, _ = struct.unpack("!BBII", payload[:10])
        length = len(payload) - 10
        if kind == ANSWER and not self.begun:
            self.begun, self.ack = True, seq
            self.say(ACK)
            say(self)
        elif kind == DATA:
            self.spoken_to |= payload[10:].startswith(b"SSH-2.0-")
            # A question has the number before.
            self.ack = (seq + max(length, 1)) & 0xFFFFFFFF
            self.say(ACK)
        elif kind == CLOSE:
            self.ack = (seq + 1) & 0xFFFFFFFF
            if not length:
                self.say(CLOSE)
            return False
        return True


class Calls:
    """All openings of an attack."""

    def __init__(self, x):
        self.x = x
        self.open = {}
        self.opened = self.answered = self.spoken_to = 0

    def begin(self, name):
        call = Call(self.x, name)
        # What is not answered is forgotten some time.
        if len(self.open) >= REMEMBERED:
            del self.open[next(iter(self.open))]
        self.open[call.name, call.port] = call
        self.opened += 1
        call.open()

    def hear(self, say):
        for frame in self.x.heard(lambda frame: frame["type"] == rf.DATA):
            call = self.open.get((frame["dst"], frame["dport"]))
            if not call or len(frame["payload"]) < 10:
                continue
            before = call.begun, call.spoken_to
            if not call.hear(frame["payload"], say):
                del self.open[frame["dst"], frame["dport"]]
            self.answered += call.begun - before[0]
            self.spoken_to += call.spoken_to - before[1]

    def end(self):
        for call in self.open.values():
            if call.begun:
                call.say(CLOSE, b"\5")


# What an attacker can do again and again: each is a generator that sends something
# whenever it is asked.


def opens_in_many_names(x):
    """Sessions that nobody means to have."""
    for name in ids():
        yield x.data(name, random.randrange(1024, 65536), SSHD_PORT, segment(OPEN))


def opens_in_the_name_of_a(x):
    while True:
        yield x.data(x.bed.id_a, random.randrange(1024, 65536), SSHD_PORT, segment(OPEN))


def ends_of_sessions_of_a(x):
    """Closes and acknowledgements for whatever port a may use."""
    while True:
        for kind in (CLOSE, ACK, DATA, 77):
            yield x.data(x.bed.id_a, random.randrange(32768, 65536), SSHD_PORT,
                         segment(kind, b"\2" if kind == CLOSE else b"x"))


def floods_in_the_name_of_a(x):
    while True:
        yield x.send(rf.build_discover(x.bed.id_a, END), dst=rf.GROUP)


def floods_in_many_names(x):
    for name in ids():
        yield x.send(rf.build_discover(name, END), dst=rf.GROUP)


def invented_routers(x):
    """Answers to a's latest flood, and to b's, each of another router."""
    frames = []
    # Somebody there looks around.
    x.bed.a.do("discover")
    for name in ids():
        while data := x.bed.port.recv(0, lambda frame: frame["type"] == rf.DISCOVER):
            frames.append(rf.parse(data)["frame"])
        if not frames:
            yield
            continue
        frame = rf.answered(frames[-1], name, END)
        yield x.send(rf.resp_step(frame)[0] if rf.parse_frame(frame)["ptr"] else frame)


def pings_of_c_in_the_name_of_a(x):
    while True:
        yield x.data(x.bed.id_a, random.randrange(1024, 65536), rf.ECHO, bytes(32))


def ways_that_go_round(x):
    """Routes as long as any router may let them be, to b and back."""
    while True:
        route = [(7, B_MAC)] + [(random.randrange(8), B_MAC)] * 127
        yield x.send(rf.build_data(X, x.bed.id_c, route, sport=1, dport=2, payload=b"x"))


def noise(x):
    """Frames that were good once, and lengths that are not."""
    good_frame = rf.build_data(X, x.bed.id_c, [(7, B_MAC), (x.bed.to_c, C_MAC)], sport=1,
                               dport=SSHD_PORT, payload=bytes(64))
    while True:
        frame = bytearray(good_frame)
        for _ in range(random.randrange(1, 6)):
            frame[random.randrange(len(frame))] = random.randrange(256)
        yield x.send(bytes(frame[:random.randrange(48, len(frame) + 1)]))


def hellos(x):
    """From as many MACs as there are, and with what nobody has hashed."""
    for name in ids():
        x.bed.port.send(rf.ethernet(random.choice((rf.GROUP, rf.mac(B_MAC))), name,
                                    rf.build_hello(name, auth=os.urandom(24),
                                                   tlvs=ra.hello_body(os.urandom(8)))))
        x.sent += 1
        yield


def what_was_said_before(x):
    """Whatever comes by on the cable, as it was."""
    heard = []
    while True:
        heard += x.bed.port.recv_all(0)
        heard = heard[-5000:]
        if heard:
            x.bed.port.send(random.choice(heard))
            x.sent += 1
        yield


def nothing(_):
    pass


def a_greeting_that_is_none(call):
    """Too short to be taken for a guess: another can follow at once."""
    call.write(b"GET / HTTP/1.0\r\n\r\n")


def a_wrong_login(call):
    call.write(b"SSH-2.0-x\r\n" + os.urandom(600))


def all_but_the_first_byte(call):
    for at in range(64):
        call.say(DATA, bytes(1200), 1 + at * 1200)


def one_of(*says):
    """Each session says another."""
    turns = itertools.cycle(says)
    return lambda call: next(turns)(call)


def in_turn(*kinds):
    """As one attack."""
    def many_kinds_in_turn(x):
        for steps in itertools.cycle([kind(x) for kind in kinds]):
            yield next(steps)

    return many_kinds_in_turn


def sessions(names, say, what):
    """The attacker hears what is answered, and acknowledges it."""
    def how(x):
        x.calls = Calls(x)
        try:
            for name in names():
                x.calls.begin(name)
                if x.calls.opened % 4 == 0:
                    x.calls.hear(say)
                yield
        finally:
            x.calls.end()

    how.__name__ = f"sessions_{what}"
    return how


def neighbors(x):
    """Each with a MAC and a handshake of its own, as one that knows the secret."""
    peers = {}
    for name in ids():
        # To be one itself as well.
        x.neighbor.say()
        peer = peers[rf.mac(name)] = ra.Neighbor(x.bed.port, name, x.secret, src=name)
        peer.say(B_MAC)
        for frame in x.heard(lambda frame: frame["type"] in (rf.HELLO, rf.SEQERR)):
            peer = peers.get(frame["eth_dst"])
            if peer and frame["challenge"]:
                peer.marks[frame["eth_src"]] = frame["mark"]
                peer.answer(frame)
        x.sent += 1
        yield


def marks_and_challenges(x):
    """Invented ones, told to all, by a neighbour and by who is none."""
    for name in ids():
        x.neighbor.mark = os.urandom(8)
        x.neighbor.say(challenge=os.urandom(8), echo=os.urandom(8))
        x.neighbor.say(type=rf.SEQERR, challenge=os.urandom(8))
        x.send(rf.build_discover(X, END), dst=rf.GROUP)
        other = ra.Neighbor(x.bed.port, name, x.secret, src=name, mark=os.urandom(8))
        other.say(challenge=os.urandom(8), echo=os.urandom(8))
        other.send(rf.build_discover(name, END))
        x.sent += 4
        yield


ALWAYS = (opens_in_many_names, opens_in_the_name_of_a, ends_of_sessions_of_a,
          floods_in_the_name_of_a, floods_in_many_names, invented_routers,
          pings_of_c_in_the_name_of_a, ways_that_go_round, noise)
# Of those who get answers.
SILENT = sessions(ids, nothing, "in_many_names_that_say_nothing")
GUESSING = sessions(ids, a_wrong_login, "in_many_names_with_wrong_logins")
# At last those that make all by that neighbour wait.
SESSIONS_OF_X = (
    SILENT,
    sessions(one_id, nothing, "in_one_name_that_say_nothing"),
    sessions(ids, all_but_the_first_byte, "in_many_names_with_a_hole"),
    sessions(ids, a_greeting_that_is_none, "in_many_names_that_do_not_greet"),
    sessions(one_id, a_wrong_login, "in_one_name_with_wrong_logins"),
    GUESSING,
)
SESSIONS_OF_KNOWING = (SILENT, GUESSING)
HASHED = (hellos, what_was_said_before)
KNOWING = (neighbors, marks_and_challenges)

if not LONG:
    # Several at the same time, because every attack costs a login.
    ALWAYS = (in_turn(*ALWAYS),)
    SESSIONS_OF_X = (
        SILENT,
        sessions(ids, one_of(all_but_the_first_byte, a_greeting_that_is_none),
                 "in_many_names_with_no_login"),
        sessions(one_id, one_of(nothing, a_wrong_login), "in_one_name"),
        GUESSING,
    )
    # The same for c, whoever hashes the frames to b.
    SESSIONS_OF_KNOWING = (GUESSING,)


@contextlib.contextmanager
def attack(x, how):
    """Meanwhile: half of the time is the attacker's."""
    done = threading.Event()
    wrong = []

    def run_it():
        steps = how(x)
        try:
            while not done.is_set():
                began = time.monotonic()
                for _ in range(BATCH):
                    next(steps)
                    if time.monotonic() > began + TURN:
                        break
                time.sleep(max(time.monotonic() - began, 0.001))
            steps.close()
        except Exception as error:  # pylint: disable=broad-except
            wrong.append(error)

    said = len(x.bed.serve.said())
    x.sent, x.calls, began = 0, None, time.monotonic()
    x.bed.port.drain()
    thread = threading.Thread(target=run_it)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    if wrong:
        raise wrong[0]
    check(x.sent, "nothing was sent")
    took = time.monotonic() - began
    note(f"{how.__name__.replace('_', ' ')}: {x.sent / took:.0f} frames a second for {took:.0f} s")
    if x.calls:
        sessions_figures(x, x.bed.serve.said()[said:], took)
    if how is neighbors:
        neighbors_figures(x)


def sessions_figures(x, said, took):
    """What of a flood of sessions gets through."""
    calls, a = x.calls, re.escape(x.bed.id_a)
    begun = len(re.findall(rf"session begins: .*address (?!{a})", said))
    note(f"  {calls.opened / took:.0f} opens a second, {calls.answered} answered; {begun} sessions "
         f"begun, in {calls.spoken_to} the server spoke, "
         f"{calls.spoken_to / took * 60:.0f} a minute")
    check(calls.answered, "no opening was completed")
    check(begun <= LOGINS + STARTS * (took + 1), f"{begun} sessions began in {took:.0f} s")


def neighbors_figures(x):
    """How many of them there are: not lost yet."""
    up = sum(found["state"] == "up" and found["mac"] not in (A_MAC, C_MAC, X_MAC)
             for found in x.bed.b.whole_dump("neighbor-get"))
    note(f"  {up} invented neighbours are up")
    check(up > 1, "none of its handshakes was completed")
    check(up <= NEIGHBORS - 3, "there are more neighbours than there may be")


def kernel_memory():
    """Bytes in slabs, and in those that cannot be reclaimed."""
    with open("/proc/meminfo") as file:
        found = dict(re.findall(r"(\w+): +(\d+) kB", file.read()))
    return int(found["Slab"]) << 10, int(found["SUnreclaim"]) << 10


def withstand(x, kinds):
    bed = x.bed
    kept = spawn(bed.ns_a, ["ssh", *ssh_options(SSHD), f"root@{bed.id_c}.romon", "cat"],
                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def talk(line):
        kept.stdin.write(line)
        kept.stdin.flush()
        equal(kept.stdout.readline(), line, "what the session that began before answers")

    talk(b"before\n")
    before, slab = bed.serve.memory(), kernel_memory()
    for how in kinds:
        if x.secret:
            x.join()
        with attack(x, how):
            talk(f"amid {how.__name__}\n".encode())
            sent, received = bed.ping()
            equal((sent, received), (PINGS, PINGS), f"{how.__name__}: pings sent and answered")
            # Amid many that have not logged in yet, once may be luck.
            for _ in range(2 if how is SILENT else 1):
                equal(good(bed.ssh("echo here")), "here\n",
                      f"{how.__name__}: what a new session says")
            talk(f"still {how.__name__}\n".encode())
        bed.serve.check()
    grown = bed.serve.memory() - before
    note(f"romon serve has grown by {grown >> 10} KiB")
    for what, was, now in zip(("slab", "SUnreclaim"), slab, kernel_memory()):
        note(f"{what} of the kernel: {was >> 20} MiB before, {now >> 20} MiB after")
        check(now < was + KERNEL_ROOM, f"{what} has grown by {now - was} bytes")
    check(grown < ROOM, f"romon serve has grown by {grown} bytes")
    kept.stdin.close()
    equal(kept.wait(LIMIT), 0, "how the session that began before ended")
    wait_for(lambda: not bed.serve.sessions(), "all programs to end", 4 * LIMIT)


def setup():
    private_ssh()
    nets["open"] = Bed("open", ())
    nets["closed"] = Bed("closed", (SECRET,))
    for bed in nets.values():
        good(bed.ssh("true"))


@test
def a_stranger_where_there_is_no_secret():
    withstand(Attacker(nets["open"]), ALWAYS + SESSIONS_OF_X)


@test
def a_stranger_to_the_secret():
    withstand(Attacker(nets["closed"]), ALWAYS + HASHED)


@test
def one_who_knows_the_secret():
    withstand(Attacker(nets["closed"], SECRET), ALWAYS + SESSIONS_OF_KNOWING + KNOWING)


if __name__ == "__main__":
    main(setup)
