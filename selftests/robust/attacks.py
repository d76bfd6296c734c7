#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 1500
"""Honest routers work on while somebody on a cable attacks them.

    a ==+== b === c        the attacker is on the cable of a and b, and hears all
        x                  that is said there

a pings c, logs in there anew and talks in a session that began before. Whoever
attacks is a stranger where there is no secret, a stranger to the secret, or one
who knows it. Half of the time the machine is the attacker's; what it does in the
other half is up to those whom it attacks.
"""

import contextlib
import itertools
import json
import os
import random
import subprocess
import threading
import time

from harness import LIMIT, Network, check, equal, main, note, test, wait_for
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
BATCH = 50
PINGS = 20
# What a router that is not attacked has grown by meanwhile, and more.
ROOM = 48 << 20

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
        self.serve = Serve(self.net[names["c"]], {SSHD: SERVERS[SSHD]})

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

    def data(self, src, sport, dport, payload):
        """To c, by way of b."""
        self.send(rf.build_data(src, self.bed.id_c, [(7, B_MAC), (self.bed.to_c, C_MAC)],
                                sport=sport, dport=dport, payload=payload))


def ids():
    return (f"02:67:00:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"
            for n in itertools.count())


def word():
    return random.getrandbits(32).to_bytes(4, "big")


def segment(kind, payload=b""):
    return bytes((kind, 0)) + word() + word() + payload


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


ALWAYS = (opens_in_many_names, opens_in_the_name_of_a, ends_of_sessions_of_a,
          floods_in_the_name_of_a, floods_in_many_names, invented_routers,
          pings_of_c_in_the_name_of_a, ways_that_go_round, noise)
HASHED = (hellos, what_was_said_before)


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
                time.sleep(max(time.monotonic() - began, 0.001))
        except Exception as error:  # pylint: disable=broad-except
            wrong.append(error)

    x.sent, began = 0, time.monotonic()
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
    note(f"{how.__name__.replace('_', ' ')}: {x.sent / (time.monotonic() - began):.0f} frames a second")


def withstand(x, kinds):
    bed = x.bed
    kept = spawn(bed.ns_a, ["ssh", *ssh_options(SSHD), f"root@{bed.id_c}.romon", "cat"],
                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def talk(line):
        kept.stdin.write(line)
        kept.stdin.flush()
        equal(kept.stdout.readline(), line, "what the session that began before answers")

    talk(b"before\n")
    before = bed.serve.memory()
    for how in kinds:
        with attack(x, how):
            talk(f"amid {how.__name__}\n".encode())
            sent, received = bed.ping()
            equal((sent, received), (PINGS, PINGS), f"{how.__name__}: pings sent and answered")
            equal(good(bed.ssh("echo here")), "here\n", f"{how.__name__}: what a new session says")
            talk(f"still {how.__name__}\n".encode())
        bed.serve.check()
    grown = bed.serve.memory() - before
    note(f"romon serve has grown by {grown >> 10} KiB")
    check(grown < ROOM, f"romon serve has grown by {grown} bytes")
    kept.stdin.close()
    equal(kept.wait(LIMIT), 0, "how the session that began before ended")
    wait_for(lambda: not bed.serve.sessions(), "all programs to end")


def setup():
    private_ssh()
    nets["open"] = Bed("open", ())
    nets["closed"] = Bed("closed", (SECRET,))
    for bed in nets.values():
        good(bed.ssh("true"))


@test
def a_stranger_where_there_is_no_secret():
    withstand(Attacker(nets["open"]), ALWAYS)


@test
def a_stranger_to_the_secret():
    withstand(Attacker(nets["closed"]), ALWAYS + HASHED)


@test
def one_who_knows_the_secret():
    x = Attacker(nets["closed"], SECRET)
    x.join()
    withstand(x, ALWAYS)


if __name__ == "__main__":
    main(setup)
