#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 600
"""Many sessions at once, many one after the other, and what remains of them.

    r1 --- r2 --- r3

In r1 `romon forward` turns TCP connections into streams to a service of r3 that
is a UNIX socket, where this script echoes. What is looked at between tests:
processes, file descriptors and memory of both, in /proc, and bound ports.
"""

import contextlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import threading
import time

from harness import (
    LIMIT, Failed, Network, amount, check, equal, main, meanwhile, note, test, wait_for)
from sessions import (
    Chain, Serve, descriptors, good, path, rss, run, spawn, tree)
import genl

SESSIONS = int(os.environ.get("ROMON_SESSIONS") or amount(60, 300))
OPENS = int(os.environ.get("ROMON_OPENS") or amount(1000, 10000))
ECHO, PROGRAM = 700, 701
# Long enough for dozens of sessions that all want the one CPU of the debug kernel.
KEEPALIVE = amount(6, 15)
# Of many sessions with traffic in a kernel that has one slow CPU for all of them
# one may be heard by nobody for a while; of hundreds for long.
PATIENCE = amount(2 * KEEPALIVE, 8 * LIMIT)
# Ports are kept for what may still be under way, for as long as the keepalive, but
# for 30 s at most.
LINGER = 30 + LIMIT

net = Network()


class EchoServer(threading.Thread):
    """At a UNIX socket; counts."""

    def __init__(self, name):
        super().__init__(daemon=True)
        self.selector = selectors.DefaultSelector()
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(name)
        os.chmod(name, 0o777)
        self.sock.listen(1024)
        self.sock.setblocking(False)
        self.selector.register(self.sock, selectors.EVENT_READ)
        self.open = self.opened = 0
        self.start()

    def run(self):
        while True:
            for key, events in self.selector.select():
                if key.fileobj is self.sock:
                    self.accept()
                    continue
                try:
                    going_on = self.turn(key, events)
                except OSError:
                    going_on = False
                if not going_on:
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()
                    self.open -= 1

    def accept(self):
        try:
            conn, _ = self.sock.accept()
        except OSError:
            return
        conn.setblocking(False)
        self.open += 1
        self.opened += 1
        self.selector.register(conn, selectors.EVENT_READ, bytearray())

    def turn(self, key, events):
        """Read only what could be written before."""
        conn, left = key.fileobj, key.data
        if not left:
            data = conn.recv(65536)
            if not data:
                return False
            left += data
        try:
            del left[:conn.send(left)]
        except BlockingIOError:
            pass
        wanted = selectors.EVENT_WRITE if left else selectors.EVENT_READ
        if wanted != key.events:
            self.selector.modify(conn, wanted, left)
        return True


class Forward:
    """romon forward in r1, one at a time but for those that linger."""

    last = None
    lingering = []

    def __init__(self, port=ECHO, program=("romon",), keepalive=KEEPALIVE):
        if Forward.last and Forward.last.process.poll() is None:
            # A test that failed has left it.
            Forward.last.process.kill()
            Forward.last.process.wait()
        Forward.last = self
        self.process = spawn(r1, [*program, "-j", "forward", "127.0.0.1:0", "r3",
                                  str(port), "keepalive", str(keepalive)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        told = self.process.stdout.readline()
        if not told:
            raise Failed(f"romon forward: {self.process.stderr.read().decode()}")
        self.port = int(json.loads(told)["listen"].rpartition(":")[2])
        # The one of its two processes that has the connections.
        (self.pid,) = set(tree(self.process.pid)) - {self.process.pid}

    def stop(self, sign=signal.SIGTERM):
        self.process.send_signal(sign)
        self.process.wait(4 * LIMIT)
        return self.process.stderr.read().decode()

    def linger(self, what, silent=True):
        """All that is left are ports, for a while: the last test looks at these."""
        sessions_left(what, self)
        Forward.lingering.append((what, self, silent))
        Forward.last = None


def connect():
    with genl.netns(r1):
        sock = socket.socket()
    sock.settimeout(4 * LIMIT)
    sock.connect(("127.0.0.1", Forward.last.port))
    return sock


def setup():
    global chain, r1, echo, serve
    chain = Chain(net, ["r1", "r2", "r3"], node_timeout=3600)
    r1 = chain["r1"]
    good(run(r1, ["ip", "link", "set", "lo", "up"]))
    echo = EchoServer(path("echo"))
    os.chmod(os.path.dirname(path("echo")), 0o755)
    new_serve()


def new_serve(keepalive=KEEPALIVE, **options):
    global serve
    serve = Serve(chain["r3"], {ECHO: f"unix {path('echo')}", PROGRAM: ["/bin/cat"]},
                  keepalive=keepalive, **options)


def echoed(sock, data):
    sock.sendall(data)
    back = b""
    while len(back) < len(data):
        more = sock.recv(65536)
        check(more, f"the connection ended after {len(back)} of {len(data)} bytes")
        back += more
    check(back == data, "what came back is not what was sent")


def all_at_once(socks, size):
    """Each its own bytes, all at the same time; what comes back is right."""
    selector = selectors.DefaultSelector()
    left = {}
    for sock in socks:
        sock.setblocking(False)
        data = os.urandom(size)
        left[sock] = [data, data]
        selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
    end = time.monotonic() + 8 * LIMIT
    while left:
        check(time.monotonic() < end, f"{len(left)} sessions do not get on")
        for key, events in selector.select(1):
            sock = key.fileobj
            to_send, to_come = left[sock]
            if events & selectors.EVENT_WRITE and to_send:
                try:
                    to_send = to_send[sock.send(to_send):]
                except BlockingIOError:
                    pass
                if not to_send:
                    selector.modify(sock, selectors.EVENT_READ)
            if events & selectors.EVENT_READ:
                data = sock.recv(65536)
                check(data, "a session ended")
                check(to_come.startswith(data), "a session got what another was sent, or nobody")
                to_come = to_come[len(data):]
            left[sock] = [to_send, to_come]
            if not to_come:
                selector.unregister(sock)
                del left[sock]
    for sock in socks:
        sock.setblocking(True)
        sock.settimeout(4 * LIMIT)


def sessions_left(what, forward=None):
    """After at most the keepalive there are none any more."""
    start = time.monotonic()
    wait_for(lambda: echo.open == 0, f"{what}: sessions at the server to end")
    note(f"{what}: the server's sessions ended after {time.monotonic() - start:.1f} s")
    if forward:
        wait_for(lambda: descriptors(forward.pid) == forward.idle, f"{what}: forward's descriptors")


def nothing_left(what, forward=None):
    """Nor ports of theirs."""
    sessions_left(what, forward)
    wait_for(lambda: chain.endpoints("r1") == 0, f"{what}: ports at r1 to be free", LINGER)


def begin(n=SESSIONS, keepalive=KEEPALIVE):
    forward = Forward(keepalive=keepalive)
    forward.idle = descriptors(forward.pid)
    return forward, connected(n)


def connected(n, others=0):
    socks = [connect() for _ in range(n)]
    try:
        wait_for(lambda: echo.open == n + others, f"{n + others} sessions at the server",
                 2 * LIMIT)
    except Failed as late:
        raise Failed(f"{late}: there are {echo.open}; serve: {serve.said()[-500:]}") from None
    return socks


def closed(socks):
    for sock in socks:
        sock.close()


def broken_off(socks):
    """They end without their clients' doing, and with no more to read."""
    for sock in socks:
        try:
            equal(sock.recv(1), b"", "what a client of a session that was broken off reads")
        except ConnectionResetError:
            pass
    closed(socks)


@contextlib.contextmanager
def patient_serve():
    serve.stop()
    new_serve(PATIENCE)
    try:
        yield
    finally:
        serve.stop()
        new_serve()


@test
def killing_the_client_leaves_nothing():
    for sign in (signal.SIGTERM, signal.SIGKILL):
        forward, socks = begin(50)
        all_at_once(socks, 1000)
        forward.stop(sign)
        broken_off(socks)
        nothing_left(f"forward killed by {sign.name}")


@test
def killing_the_server_leaves_nothing():
    for sign in (signal.SIGTERM, signal.SIGKILL):
        forward, socks = begin(50)
        all_at_once(socks, 1000)
        pids = sorted(serve.own)
        os.kill(serve.process.pid, sign)
        serve.process.wait(LIMIT)
        broken_off(socks)
        nothing_left(f"serve killed by {sign.name}", forward)
        forward.stop()
        wait_for(lambda: not any(os.path.exists(f"/proc/{pid}/exe") for pid in pids),
                 "all processes of serve to end")
        wait_for(lambda: chain.endpoints("r3") == 0, "ports at r3 to be free")
        new_serve()


@test
def killing_one_half_of_the_server_leaves_nothing():
    """serve is two processes: without the one the other ends as well."""
    for pid in sorted(serve.own - {serve.process.pid}):
        forward, socks = begin(20)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: serve.process.poll() is not None, "serve to end")
        closed(socks)
        nothing_left("serve's child killed", forward)
        forward.stop()
        wait_for(lambda: chain.endpoints("r3") == 0, "ports at r3 to be free")
        new_serve()


@test
def a_router_that_dies_in_the_middle_leaves_nothing():
    forward, socks = begin(50)
    all_at_once(socks, 1000)
    chain.nl["r2"].do("config-set", enabled=0)
    try:
        # Some wait for data that will not come, some have data that do not go.
        for sock in socks[::2]:
            sock.sendall(b"to nobody")
        broken_off(socks)
        nothing_left("r2 disabled", forward)
    finally:
        chain.nl["r2"].do("config-set", enabled=1)
        chain.settle()
    # And then it goes on as before.
    sock = connect()
    echoed(sock, b"as before")
    sock.close()
    forward.linger("as before", silent=False)


@test
def killing_a_program_of_the_server_ends_its_session_only():
    one, other = (spawn(r1, ["romon", "connect", "r3", str(PROGRAM), "keepalive", str(KEEPALIVE)],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                  for _ in range(2))
    pids = []
    for process in (one, other):
        process.stdin.write(b"x")
        process.stdin.flush()
        equal(process.stdout.read(1), b"x", "what came back")
        pids += sorted(set(tree(serve.process.pid)) - serve.own - set(pids))
    equal(len(pids), 2, "programs")
    os.kill(pids[0], signal.SIGKILL)
    one.wait(LIMIT)
    other.stdin.write(b"y")
    other.stdin.flush()
    equal(other.stdout.read(1), b"y", "what came back to the other")
    other.kill()
    wait_for(lambda: serve.sessions() == 0, "the other program's end")


@test
def nobody_is_kept_back_by_one_that_does_not_read():
    forward, socks = begin(2)
    deaf, good_one = socks
    deaf.setblocking(False)
    before = rss(forward.pid), serve.memory()
    sent, quiet = 0, 0
    while quiet < 50:
        try:
            sent += deaf.send(bytes(65536))
            quiet = 0
        except BlockingIOError:
            quiet += 1
            time.sleep(0.02)
        check(sent < 1 << 30, "a gigabyte went to nobody")
    for _ in range(20):
        echoed(good_one, os.urandom(5000))
    grown = rss(forward.pid) - before[0], serve.memory() - before[1]
    note(f"{sent} bytes were taken for one that does not read; forward has grown by {grown[0]}, "
         f"serve by {grown[1]}")
    check(max(grown) < 16 << 20, f"memory has grown by {grown}")
    closed(socks)
    # What was not read is reset.
    forward.linger("one that did not read", silent=False)


@test
@meanwhile
def sessions_by_the_thousand_one_after_the_other_leak_nothing():
    forward, socks = begin(1)
    with_one = descriptors(forward.pid)

    def some(n, width=32):
        """Open, say something, hear it, close."""
        selector = selectors.DefaultSelector()
        started = ended = 0
        end = time.monotonic() + 30 * LIMIT
        while ended < n:
            check(time.monotonic() < end, f"only {ended} of {n} have ended")
            while started < n and started - ended < width:
                sock = connect()
                sock.sendall(b"hello")
                selector.register(sock, selectors.EVENT_READ)
                started += 1
            for key, _ in selector.select(1):
                sock = key.fileobj
                equal(sock.recv(100), b"hello", "what came back")
                selector.unregister(sock)
                sock.close()
                ended += 1

    def held():
        wait_for(lambda: echo.open == 1, "all sessions but one to end")
        wait_for(lambda: descriptors(forward.pid) <= with_one, "forward's descriptors to be closed")
        wait_for(lambda: chain.endpoints("r1") == 1, "r1's ports to be free but for one", LINGER)
        return descriptors(forward.pid), serve.descriptors(), chain.endpoints("r3")

    some(200)
    before, memory = held(), (rss(forward.pid), serve.memory())
    start = time.monotonic()
    opened = echo.opened
    some(OPENS)
    taken = time.monotonic() - start
    equal(echo.opened - opened, OPENS, "sessions")
    equal(held(), before, "descriptors of forward and serve, ports at r3")
    grown = rss(forward.pid) - memory[0], serve.memory() - memory[1]
    note(f"{OPENS} opens and closes in {taken:.0f} s, {taken / OPENS * 1e3:.1f} ms each; forward "
         f"has grown by {grown[0]} bytes, serve by {grown[1]}")
    check(max(grown) < 1 << 20, f"memory has grown by {grown}")
    echoed(socks[0], b"still here")
    closed(socks)
    nothing_left("closed", forward)
    equal(forward.stop(), "", "what forward said")


@test
def many_sessions_at_once_each_with_traffic():
    with patient_serve():
        many_sessions()


def many_sessions():
    before = serve.memory()
    forward, socks = begin(1, PATIENCE)
    idle = rss(forward.pid)
    start = time.monotonic()
    socks += connected(SESSIONS - 1, 1)
    note(f"{SESSIONS} sessions opened in {time.monotonic() - start:.1f} s")
    silent = rss(forward.pid) - idle, serve.memory() - before
    start = time.monotonic()
    try:
        all_at_once(socks, 20000)
    except ConnectionResetError:
        raise Failed(f"after {time.monotonic() - start:.1f} s one is broken off: forward: "
                     f"{forward.stop()} serve: {serve.said()[-1000:]}") from None
    taken = time.monotonic() - start
    note(f"20 kB there and back in each at once: {taken:.1f} s, "
         f"{SESSIONS * 20000 / taken / 1e6:.2f} MB/s each way")
    busy = rss(forward.pid) - idle, serve.memory() - before
    for who, a, b in zip(("forward", "serve"), silent, busy):
        note(f"memory per session, {who}: {a // SESSIONS} bytes when silent, "
             f"{b // SESSIONS} after that traffic")
        check(b < SESSIONS * 1 << 20, f"{who}: more than a megabyte for each session")
    closed(socks)
    forward.linger("all closed")
    note(f"afterwards forward has {rss(forward.pid) - idle} bytes more than before, "
         f"serve {serve.memory() - before}")


@test
@meanwhile
def valgrind_finds_nothing():
    """The same in little, with a refusal and a kill."""
    global serve
    valgrind = ["valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite,possible",
                "--error-exitcode=99", "--track-fds=no", "romon-unfiltered"]
    serve.stop()
    new_serve(program=valgrind)
    forward = Forward(program=valgrind)
    for _ in range(amount(2, 5)):
        socks = [connect() for _ in range(20)]
        all_at_once(socks, 3000)
        closed(socks)
    # Broken off in the middle, by each side.
    socks = [connect() for _ in range(5)]
    for sock in socks:
        sock.sendall(bytes(20000))
    wait_for(lambda: echo.open, "some sessions")
    wait_for(lambda: echo.open == 5, "all five sessions")
    said = forward.stop()
    equal((forward.process.returncode, said), (0, ""), "exit status of forward, and what it said")
    closed(socks)
    wait_for(lambda: echo.open == 0, "the end of all sessions", 4 * LIMIT)
    done = run(r1, [*valgrind, "connect", "r3", "799"])
    equal(done.returncode, 1, f"exit status of a refused connect: {done.stderr}")
    check(not re.search(r"==\d+==", done.stderr), done.stderr)
    done = run(r1, [*valgrind, "connect", "r3", str(PROGRAM)], input="x" * 100000)
    equal((done.returncode, len(done.stdout)), (0, 100000), f"connect: {done.stderr[-2000:]}")
    serve.process.terminate()
    equal(serve.process.wait(4 * LIMIT), 0, f"exit status of serve: {serve.said()[-3000:]}")
    check(not re.search(r"==\d+==", serve.said()), serve.said()[-3000:])
    new_serve()


@test
def ports_of_sessions_that_are_over_are_free_after_a_while():
    """Of all tests before: meanwhile these have gone on."""
    if not Forward.lingering:
        forward, socks = begin(2)
        closed(socks)
        forward.linger("two of its own")
    wait_for(lambda: chain.endpoints("r1") == 0, "ports at r1 to be free", LINGER)
    for what, forward, silent in Forward.lingering:
        check(forward.process.poll() is None, f"{what}: forward has ended")
        equal(descriptors(forward.pid), forward.idle, f"{what}: forward's descriptors")
        said = forward.stop()
        if silent:
            equal(said, "", f"{what}: what forward said")


if __name__ == "__main__":
    main(setup)
