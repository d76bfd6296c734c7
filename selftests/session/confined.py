#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 400
"""What hears strangers has no rights: r1 --- r2, where r2 is the stranger.

romon-planted is the tool with a parser of segments that has gone wrong: it does
what the segment says. See userspace/tests/planted.c.
"""

import os
import re
import signal
import socket
import struct
import subprocess
import time

from harness import LIMIT, Network, check, equal, ip, main, test, wait_for
import genl
from sessions import path, run, spawn, tree, write

ID = {"r1": "02:00:00:00:00:01", "r2": "02:00:00:00:00:02"}
PORT = 700
OPEN = 0
WISHES = ("read a file", "write a file", "TCP socket", "Unix socket", "netlink socket", "fork",
          "exec", "code")
TCP_PORT = 7001
SECCOMP_FILTER = "2"
# What the tool is started with.
LEFT_OPEN = "/etc/passwd"

net = Network()


def setup():
    net.netns("r1", "r2")
    net.veth(("r1", "to-r2", "02:01:00:00:00:01", "r2", "to-r1", "02:01:00:00:00:02"))
    ip("link set lo up", ns=net["r1"])
    routers = {name: net.router(name, ID[name], answer_delay=0) for name in ID}
    for router in routers.values():
        wait_for(lambda: router.do("discover") or router.whole_dump("node-get"), "the other router")


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def filtered(pid):
    try:
        return status_of(pid).get("Seccomp") == SECCOMP_FILTER
    except FileNotFoundError:
        return False


def has_nothing(pid):
    status = status_of(pid)
    for which in "CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb":
        equal(int(status[which], 16), 0, f"{which} of {status['Name']}")
    equal(status["NoNewPrivs"], "1", "whether it may gain rights")
    equal(status["Seccomp"], SECCOMP_FILTER, "how its system calls are filtered")


class Stranger:
    """A program of r2 that speaks without a stream library."""

    def __init__(self):
        self.nl = genl.Romon(net["r2"])
        self.nl.get("endpoint-bind", local_port=PORT)

    def wish(self, what, port):
        self.nl.do("datagram-send", id=ID["r1"], local_port=PORT, remote_port=port,
                   payload=f"planted: {what}".encode())

    def opened(self):
        """The port from which somebody opens a stream to it."""
        event = self.nl.event(LIMIT, lambda command, _: command == "datagram-rcv")
        check(event, "nobody opens a stream")
        equal(event[1]["payload"][0], OPEN, "the kind of the first segment")
        return event[1]["remote_port"]

    def close(self):
        self.nl.close()


class Session:
    """The tool in r1, by its process that hears others."""

    def __init__(self, *words):
        self.log = path("log")
        with open(self.log, "w") as log, open(LEFT_OPEN) as left:
            self.process = spawn(net["r1"], ["romon-planted", *words], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=log, pass_fds=[left.fileno()])
        self.stranger = Stranger()

    def said(self):
        with open(self.log) as file:
            return file.read()

    def hears(self):
        """Once it has begun to."""
        def confined():
            check(self.process.poll() is None, f"it has ended: {self.said()}")
            return [pid for pid in tree(self.process.pid) if filtered(pid)]
        (pid,) = wait_for(confined, "a process that is confined")
        return pid

    def refuses(self, what, port):
        self.stranger.wish(what, port)
        status = self.process.wait(LIMIT)
        said = self.said()
        check(status != 0, f"{what}: it has ended well: {said}")
        check(f"signal {int(signal.SIGSYS)}" in said, f"{what}: not ended for it: {said}")
        check(not re.search("planted: .*done", said), f"{what}: {said}")

    def end(self):
        self.stranger.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(LIMIT)


def serve():
    conf = write("serve.conf", f"service {PORT} command /bin/cat\n", 0o600)
    session = Session("serve", "file", conf)
    wait_for(lambda: "ready" in session.said() or session.process.poll() is not None, "serve")
    return session, PORT


def connect():
    session = Session("connect", ID["r2"], str(PORT))
    return session, session.stranger.opened()


def forward():
    session = Session("forward", f"127.0.0.1:{TCP_PORT}", ID["r2"], str(PORT))
    check(session.process.stdout.readline(), f"forward does not listen: {session.said()}")
    with genl.netns(net["r1"]):
        session.tcp = socket.create_connection(("127.0.0.1", TCP_PORT), LIMIT)
    return session, session.stranger.opened()


def gone_wrong(begin):
    for what in WISHES:
        session, port = begin()
        has_nothing(session.hears())
        session.refuses(what, port)
        session.end()


@test
def a_parser_gone_wrong_in_serve_opens_nothing():
    gone_wrong(serve)


@test
def a_parser_gone_wrong_in_connect_opens_nothing():
    gone_wrong(connect)


@test
def a_parser_gone_wrong_in_forward_opens_nothing():
    gone_wrong(forward)


def files(pid):
    return {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}


@test
def what_is_open_at_the_start_is_not_so_for_who_hears_others():
    for begin in serve, connect, forward:
        session, _ = begin()
        check(LEFT_OPEN in files(session.process.pid), "it was not started with that")
        check(LEFT_OPEN not in files(session.hears()), f"{begin.__name__} has it open")
        session.end()


@test
def what_comes_before_rights_are_gone_is_not_heard():
    # The port is bound, and wished at, before it is confined.
    stranger = Stranger()
    conf = write("serve.conf", f"service {PORT} command /bin/cat\n", 0o600)
    with open(path("log"), "w") as log:
        process = spawn(net["r1"], ["romon-planted", "serve", "file", conf], stderr=log,
                        stdin=subprocess.DEVNULL)
    while process.poll() is None:
        stranger.wish("read a file", PORT)
        time.sleep(0.01)
    with open(path("log")) as log:
        said = log.read()
    check(f"signal {int(signal.SIGSYS)}" in said, f"not ended for it: {said}")
    check("done" not in said, said)
    stranger.close()


@test
def a_port_that_is_added_later_is_bound_by_who_may():
    name = write("serve.conf", f"service {PORT} command /bin/cat\n", 0o600)
    session = Session("serve", "file", name)
    pid = session.hears()
    wait_for(lambda: "ready" in session.said(), "serve")
    write("serve.conf", f"service {PORT} command /bin/cat\nservice 9 command /bin/cat\n", 0o600)
    session.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "configuration read again" in session.said(), "the new configuration")
    done = run(net["r2"], ["romon", "connect", ID["r1"], "9"], input="to and fro")
    equal((done.returncode, done.stdout), (0, "to and fro"), f"what comes back: {done.stderr}")
    equal(session.hears(), pid, "the process that hears others")
    has_nothing(pid)
    # Somebody else has it: that is said, and the rest goes on.
    other = genl.Romon(net["r1"])
    other.get("endpoint-bind", local_port=10)
    write("serve.conf", "".join(f"service {n} command /bin/cat\n" for n in (9, 10, 11)), 0o600)
    session.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "port 10: The RoMON port is bound already" in session.said(), "the refusal")
    done = run(net["r2"], ["romon", "connect", ID["r1"], "11"], input="to and fro")
    equal((done.returncode, done.stdout), (0, "to and fro"), f"what comes back: {done.stderr}")
    other.close()
    session.end()


@test
def a_kernel_that_filters_nothing_is_told_of():
    # What such a kernel says, with a filter of our own around all of it.
    prefix = ["/usr/bin/python3", "-c", NO_SECCOMP]
    done = run(net["r1"], [*prefix, "romon", "connect", ID["r2"], "799"])
    equal(done.returncode, 1, f"exit status of a refused connect: {done.stderr}")
    check("this kernel filters no system calls" in done.stderr, done.stderr)
    check("nothing is served there" in done.stderr, done.stderr)


# prctl(PR_SET_SECCOMP) and seccomp() give EINVAL and ENOSYS, on x86 as elsewhere.
NO_SECCOMP = """
import ctypes, errno, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
LOAD, EQ, RET, ERRNO, ALLOW = 0x20, 0x15, 0x06, 0x50000, 0x7FFF0000
seccomp, prctl = {"x86_64": (317, 157), "aarch64": (277, 167)}[os.uname().machine]
program = [(LOAD, 0, 0, 0), (EQ, 0, 1, seccomp), (RET, 0, 0, ERRNO | errno.ENOSYS),
           (EQ, 0, 3, prctl), (LOAD, 0, 0, 16), (EQ, 0, 1, 22), (RET, 0, 0, ERRNO | errno.EINVAL),
           (RET, 0, 0, ALLOW)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
filter = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, filter, 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
"""


if __name__ == "__main__":
    main(setup)
