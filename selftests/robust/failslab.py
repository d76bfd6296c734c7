#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: failslab
# timeout: 600
"""Allocations that fail, each in its turn.

The kernel can fail the Nth allocation of the next system calls of a thread
(/proc/thread-self/fail-nth, see its Documentation/fault-injection). So one
system call is made with N = 1, 2, 3... until it needs fewer than N, which
goes through all its allocations, whatever they are. What runs in other
contexts - softirq, work items - fails by chance instead, or always, and only
below functions of the module.

    ROMON_FAULTS=2      the stack of each allocation that failed, in the log
"""

import contextlib
import ctypes
import errno
import itertools
import os
import select
import socket
import struct
import subprocess
import time

from harness import (
    LIMIT, Failed, Network, check, equal, ip, main, note, skip_all, test, wait_for,
)
import genl
import romonframe as rf
from two_ways import PATIENCE, TwoWays

A, B, C, X = (f"02:00:00:00:00:{n}" for n in ("0a", "0b", "0c", "99"))
OTHER = "02:00:00:00:00:77"
DEVICES = [f"d{n}" for n in range(3)]
CLONE_NEWNET = 0x40000000
SYS_FINIT_MODULE, SYS_DELETE_MODULE = 313, 176
RTM_NEWLINK, NLM_F_EXCL, NLM_F_CREATE = 16, 0x200, 0x400
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND = 3, 18, 1
# How a kernel says that it had no memory.
NO_MEMORY = {errno.ENOMEM, errno.ENOBUFS}

net = Network()
count = itertools.count(1)


# Fault injection

DEBUG = "/sys/kernel/debug"
KINDS = ("failslab", "fail_page_alloc")
ANYTHING = (0, (1 << 64) - 1)


def write(path, value):
    with open(path, "w") as file:
        file.write(str(value))


def fault_setting(name, value):
    for kind in KINDS:
        write(f"{DEBUG}/{kind}/{name}", value)


class below:
    """with below(range): only allocations fail that are made below a function
    in this range of addresses"""

    def __init__(self, addresses):
        self.addresses = addresses

    def set(self, start, end):
        fault_setting("require-start", start)
        fault_setting("require-end", end)

    def __enter__(self):
        self.set(*self.addresses)

    def __exit__(self, *exc):
        self.set(*ANYTHING)


def module():
    """The module's text. That of its start is gone when this can be asked."""
    with open("/sys/module/romon/sections/.text") as file:
        start = int(file.read(), 16)
    with open("/proc/modules") as file:
        (size,) = [int(line.split()[1]) for line in file if line.startswith("romon ")]
    # The size is that of all its sections, and the text is the first.
    return start, start + size


def function(name):
    with open("/proc/kallsyms") as file:
        symbols = [line.split()[:3] for line in file]
    addresses = sorted(int(at, 16) for at, kind, _ in symbols if kind in "tT")
    (start,) = {int(at, 16) for at, _, symbol in symbols if symbol == name}
    return start, next(at for at in addresses if at > start)


class no_memory:
    """with no_memory(): in all contexts this percentage of the module's
    allocations fails, or of those below a function of it. failed(): how many
    did"""

    MOST = 1 << 30

    def __init__(self, percent=100, where=None):
        self.percent = percent
        self.below = below(where or module())

    def failed(self):
        with open(f"{DEBUG}/failslab/times") as file:
            return self.MOST - int(file.read())

    def __enter__(self):
        self.below.__enter__()
        write(f"{DEBUG}/failslab/times", self.MOST)
        write(f"{DEBUG}/failslab/probability", self.percent)
        return self

    def __exit__(self, *exc):
        write(f"{DEBUG}/failslab/probability", 0)
        write(f"{DEBUG}/failslab/times", -1)
        self.below.__exit__()


libc = ctypes.CDLL(None, use_errno=True)
fail_nth = None


def nth(n, call, *args):
    """Make a call, which is one system call and returns -1 and errno if it
    fails, with its nth allocation failing. Return: its result, or minus the
    errno, and whether an allocation has failed."""
    ctypes.set_errno(0)
    os.pwrite(fail_nth, b"%d" % n, 0)
    result = call(*args)
    left = os.pread(fail_nth, 16, 0)
    os.pwrite(fail_nth, b"0", 0)
    return (-ctypes.get_errno() if result == -1 else result), bool(n) and int(left) == 0


# Requests

class Request:
    """A netlink request that can be made again and again, each time over a
    socket of its own: what was left behind in one is none of the next one's."""

    def __init__(self, router, command, flags=genl.NLM_F_ACK, **values):
        self.router = router
        self.which = genl.set_of(command)
        self.what = f"{command} {values or ''}".strip()
        body = struct.pack("BBH", genl.CMD[command], 1, 0) + genl.build(self.which, values)
        self.message = struct.pack("IHHII", 16 + len(body), router.nl.family,
                                   flags | genl.NLM_F_REQUEST, 1, 0) + body
        self.buffer = ctypes.create_string_buffer(1 << 16)

    def socket(self):
        with genl.netns(self.router.ns):
            sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, genl.NETLINK_GENERIC)
        sock.bind((0, 0))
        return sock

    def make(self, n=0, step=0, sock=None):
        """Make the request with the nth allocation of a step failing: step 0
        is to send it, 1 is the first read, and so on. Return: 0, the errno, or
        "lost" if the kernel says that it could not tell; whether an allocation
        has failed; and the answers."""
        own = sock or self.socket()
        failed, answers = False, []
        try:
            for number in itertools.count():
                if number:
                    if not select.select([own], [], [], LIMIT)[0]:
                        raise Failed(f"{self.what}, allocation {n} of step {step}: no answer")
                    call = (libc.recv, own.fileno(), self.buffer, len(self.buffer), 0)
                else:
                    call = (libc.send, own.fileno(), self.message, len(self.message), 0)
                result, fired = nth(n if number == step else 0, *call)
                failed |= fired
                if result < 0:
                    return "lost" if number else -result, failed, answers
                if number:
                    status = self.read(self.buffer.raw[:result], answers)
                    if status is not None:
                        return status, failed, answers
        finally:
            if not sock:
                own.close()

    def read(self, data, answers):
        at, status = 0, None
        while at + 16 <= len(data):
            length, kind, _, seq, _ = struct.unpack_from("IHHII", data, at)
            body = data[at + 16 : at + length]
            if kind in (genl.NLMSG_ERROR, genl.NLMSG_DONE):
                status = -struct.unpack_from("i", body)[0]
            elif seq == 1:
                answers.append(genl.parse(self.which, body[4:]))
            at += (length + 3) & ~3
        return status


class Router:
    """A fresh namespace with some devices, and a router that is off."""

    def __init__(self, devices=DEVICES):
        (self.ns,) = net.netns(f"f{next(count)}")
        if devices:
            ip(*(f"link add name {dev} address 02:aa:00:00:00:{n:02x} up type dummy"
                 for n, dev in enumerate(devices, 1)), ns=self.ns)
        self.nl = genl.Romon(self.ns)

    def state(self):
        """All that was set and what has come of it, but not what changes by
        itself, and no link numbers, which are another port's each time."""
        config = self.nl.get("config-get")
        for name in ("uptime", "stats", "nodes", "edges"):
            config.pop(name, None)
        ports = {}
        for port in self.nl.whole_dump("port-get"):
            for name in ("stats", "link", "l2mtu"):
                port.pop(name, None)
            ports[port.pop("interface")] = port
        return {"config": config, **ports}


def difference(got, wanted):
    lines = []
    for name in sorted(set(got) | set(wanted)):
        a, b = got.get(name, {}), wanted.get(name, {})
        lines += [f"{name}: {key} is {a.get(key)}, should be {b.get(key)}"
                  for key in sorted(set(a) | set(b)) if a.get(key) != b.get(key)]
    return "; ".join(lines)


def all_or_nothing(router, undo, command, **values):
    """With any one allocation failing the request is done, or it says that
    there was no memory and nothing has changed; and it works again then."""
    request = Request(router, command, **values)
    wrong = []
    before = router.state()
    equal(request.make()[0], 0, request.what)
    after = router.state()
    check(after != before, f"{request.what} changes nothing")
    undo()
    equal(difference(router.state(), before), "", "what undo leaves")

    for n in itertools.count(1):
        status, failed, _ = request.make(n)
        now = router.state()
        if not failed:
            break
        done = status == 0 or status == "lost" and now == after
        if status not in (0, "lost") and status not in NO_MEMORY:
            wrong.append(f"allocation {n}: {errno.errorcode.get(status, status)}")
        if now != (after if done else before):
            wrong.append(f"allocation {n}: {'done' if done else f'error {status}'}, but "
                         f"{difference(now, after if done else before)}")
        if not done:
            status, _, _ = request.make()
            now = router.state()
            if status or now != after:
                wrong.append(f"allocation {n}: asked again: {status}, {difference(now, after)}")
        undo()
        now = router.state()
        if now != before:
            raise Failed("\n".join(wrong + [f"allocation {n}: undone, but "
                                            f"{difference(now, before)}"]))
    equal((status, difference(now, after)), (0, ""), f"{request.what} without a failure")
    undo()
    note(f"{request.what}: {n - 1} allocations")
    check(n > 1, "no allocation failed")
    check(not wrong, f"{request.what}:\n" + "\n".join(wrong))


# Set-up

def setup():
    global fail_nth
    fail_nth = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
    fault_setting("ignore-gfp-wait", "N")
    fault_setting("verbose", os.environ.get("ROMON_FAULTS", 0))
    fault_setting("verbose_ratelimit_interval_ms", 0)
    fault_setting("times", -1)
    # Not the records of who holds a reference: the kernel complains of one that
    # it could not make, in the log that has to be clean, and no code of the
    # module's depends on it.
    for name, value in zip(("reject-start", "reject-end"), function("ref_tracker_alloc")):
        fault_setting(name, value)
    # Single pages, too, though none of a program's own.
    write(f"{DEBUG}/fail_page_alloc/min-order", 0)


KUNIT = "/sys/module/kunit/parameters/filter_glob"


def delete_module():
    return libc.syscall(SYS_DELETE_MODULE, b"romon", os.O_NONBLOCK)


@contextlib.contextmanager
def without_module():
    """The block may load it, from the file that is given."""
    path = subprocess.run(["modinfo", "-n", "romon"], capture_output=True, text=True,
                          check=True).stdout.strip()
    file = os.open(path, os.O_RDONLY)
    equal(delete_module(), 0, "rmmod")
    # Or each time it is loaded all unit tests run, which takes seconds.
    if os.path.exists(KUNIT):
        write(KUNIT, "none")
    try:
        yield file
    finally:
        os.close(file)
        delete_module()
        subprocess.run(["modprobe", "romon"], check=True)
        if os.path.exists(KUNIT):
            write(KUNIT, "*.*")


@test
def a_module_that_cannot_start_leaves_nothing():
    """Below do_one_initcall(), which is where the module's part begins. All
    namespaces that there are get a router then, and all devices are told of."""
    others = [Router() for _ in range(2)]
    for router in others:
        router.nl.close()
    with without_module() as file, below(function("do_one_initcall")):
        for n in itertools.count(1):
            result, failed = nth(n, libc.syscall, SYS_FINIT_MODULE, file, b"", 0)
            loaded = os.path.exists("/sys/module/romon")
            if not failed:
                break
            equal(loaded, result == 0, f"allocation {n}: result {result}, loaded")
            if loaded:
                equal(delete_module(), 0, f"allocation {n}: rmmod")
            else:
                check(-result in NO_MEMORY, f"allocation {n}: result {result}")
        equal((result, loaded), (0, True), "insmod without a failure")
    note(f"{n - 1} allocations")
    check(n > 5, "hardly any allocation failed")
    for router in others:
        equal(genl.Romon(router.ns).get("config-get")["enabled"], 0, "a router's state")


@test
def a_namespace_that_cannot_be_created_leaves_nothing():
    """The module's part of it."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        with below(module()):
            for n in itertools.count(1):
                result, failed = nth(n, libc.unshare, CLONE_NEWNET)
                if not failed:
                    break
                check(not result or -result in NO_MEMORY, f"allocation {n}: result {result}")
        equal(result, 0, "unshare without a failure")
        equal(genl.Romon().get("config-get")["enabled"], 0, "its router's state")
    finally:
        libc.setns(home, 0)
        os.close(home)
    note(f"{n - 1} allocations")
    # The module's own is one. What more there may be is the allocator's, whose
    # stock another CPU or a task before has filled at times.
    check(n > 1, "no allocation failed")


@test
def enabling_is_all_or_nothing():
    r = Router()
    all_or_nothing(r, lambda: r.nl.do("config-set", enabled=0, id=bytes(6), identity=""),
                   "config-set", enabled=1, id=A, identity="one")


@test
def enabling_is_all_or_nothing_while_somebody_listens():
    r = Router()
    listener = genl.Romon(r.ns)
    listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    listener.subscribe()
    all_or_nothing(r, lambda: r.nl.do("config-set", enabled=0), "config-set", enabled=1)
    listener.close()


@test
def another_id_is_all_or_nothing():
    r = Router()
    r.nl.do("config-set", enabled=1, id=A, identity="one")
    all_or_nothing(
        r, lambda: r.nl.do("config-set", id=A, identity="one", board="", max_origins=1024),
        "config-set", id=B, identity="two", board="b", max_origins=5000)


@test
def limits_are_all_or_nothing():
    r = Router()
    r.nl.do("config-set", enabled=1, id=A, max_ports=1)
    hop_limit = r.nl.get("config-get")["hop_limit"]

    def undo():
        # A port that is one stays one, however low the limit is set.
        r.nl.do("config-set", enabled=0)
        r.nl.do("config-set", enabled=1, max_ports=1, hop_limit=hop_limit)

    all_or_nothing(r, undo, "config-set", max_ports=3, hop_limit=30)


@test
def a_port_entry_is_added_or_not():
    r = Router(DEVICES[:1])
    r.nl.do("config-set", enabled=1, id=A)
    # Without a device, with one that is a port already, and with one that
    # becomes a port by it.
    for dev, forbid in (("later", 0), ("d0", 0), ("d0", 1)):
        r.nl.do("port-set", interface="all", forbid=forbid)
        all_or_nothing(r, lambda dev=dev: r.nl.do("port-del", interface=dev),
                       "port-add", interface=dev, cost=7, comment="here")


FORBIDDEN = dict(interface="d0", forbid=1, comment="old", cost=7)


@test
def a_port_entry_is_changed_all_or_nothing():
    r = Router(DEVICES[:1])
    r.nl.do("config-set", enabled=1, id=A)
    r.nl.do("port-add", **FORBIDDEN)
    all_or_nothing(r, lambda: r.nl.do("port-set", **FORBIDDEN),
                   "port-set", interface="d0", forbid=0, comment="new", cost=8)


@test
def a_port_entry_is_removed_or_not():
    r = Router(DEVICES[:1])
    r.nl.do("config-set", enabled=1, id=A)
    r.nl.do("port-add", **FORBIDDEN)
    all_or_nothing(r, lambda: r.nl.do("port-add", **FORBIDDEN), "port-del", interface="d0")


@test
def the_wildcard_entry_is_changed_all_or_nothing():
    r = Router()
    r.nl.do("config-set", enabled=1, id=A)
    r.nl.do("port-set", interface="all", forbid=1)
    all_or_nothing(r, lambda: r.nl.do("port-set", interface="all", forbid=1, cost=100),
                   "port-set", interface="all", forbid=0, cost=50)


@test
def events_come_or_it_is_told_that_some_are_lost():
    r = Router(())
    listener = genl.Romon(r.ns)
    listener.subscribe()

    def heard():
        """The costs told, by interface, and whether more was lost."""
        costs, more = {}, False
        while True:
            try:
                event = listener.event(0)
            except OSError as error:
                equal(error.errno, errno.ENOBUFS, "the listener's error")
                more = True
                continue
            if not event:
                return costs, more
            costs[event[1]["interface"]] = event[1]["cost"]

    lost = 0
    for n in itertools.count(1):
        status, failed, _ = Request(r, "port-set", interface="all", cost=n).make(n)
        costs, more = heard()
        if r.nl.get("port-get", interface="all")["cost"] == n:
            # The loopback device is there, under the same entry.
            whole = {"all": n, "lo": n}
            check(more or costs == whole, f"allocation {n}: told of {costs}, and of no loss")
            lost += costs != whole
        if not failed:
            break
    equal((status, costs, more), (0, whole, False), "without a failure")
    note(f"{n - 1} allocations, {lost} times not all was told")
    check(lost, "no event was lost")
    listener.close()


def new_link(r, name):
    """A request of rtnetlink for a dummy, and a socket for it."""
    kind = genl.attr(IFLA_INFO_KIND, b"dummy\0")
    body = bytes(16) + genl.attr(IFLA_IFNAME, name.encode() + b"\0")
    body += genl.attr(IFLA_LINKINFO, kind)
    flags = genl.NLM_F_REQUEST | genl.NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    with genl.netns(r.ns):
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    return sock, struct.pack("IHHII", 16 + len(body), RTM_NEWLINK, flags, 1, 0) + body


@test
def a_device_that_comes_without_memory_is_a_port_later():
    r = Router(())
    r.nl.do("config-set", enabled=1)
    late = 0
    for n in itertools.count(1):
        # The first one also gives the router its ID.
        sock, message = new_link(r, "n0")
        with below(module()):
            result, failed = nth(n, libc.send, sock.fileno(), message, len(message), 0)
        equal(result, len(message), f"allocation {n}: sending")
        equal(-struct.unpack_from("i", sock.recv(8192), 16)[0], 0, f"allocation {n}: errno")
        sock.close()
        state = r.nl.get("port-get", interface="n0")["state"]
        check(state in ("down", "off", "limit"), f"allocation {n}: state {state}")
        late += state != "down"
        if state == "off" or "current_id" not in r.nl.get("config-get"):
            r.nl.do("config-set", enabled=1)
        ip("link set dev n0 up", ns=r.ns)
        equal(r.nl.get("port-get", interface="n0")["state"], "running",
              f"allocation {n}: state when it is up, after {state}")
        ip("link del dev n0", ns=r.ns)
        r.nl.do("config-set", enabled=0)
        r.nl.do("config-set", enabled=1)
        if not failed:
            break
    equal(state, "down", "state without a failure")
    note(f"{n - 1} allocations, {late} times it was no port at first")
    check(late, "it was always a port")


@test
def an_endpoint_is_bound_or_free():
    r = Router(DEVICES[:1])
    r.nl.do("config-set", enabled=1, id=A)
    for values in (dict(local_port=700), dict(local_port=60000), {}):
        request = Request(r, "endpoint-bind", **values)
        again = Request(r, "endpoint-bind", **values)
        for n in itertools.count(1):
            sock = request.socket()
            status, failed, answers = request.make(n, sock=sock)
            what = f"{request.what}, allocation {n}"
            check(status in (0, "lost") or status in NO_MEMORY, f"{what}: {status}")
            if values and status == 0:
                equal(again.make()[0], errno.EADDRINUSE, f"{what}: bound, binding again")
            elif status != "lost":
                equal(again.make()[0], 0, f"{what}: not bound, binding again")
            sock.close()
            # A socket that is closed leaves no port bound.
            equal(again.make()[0], 0, f"{what}: after the socket was closed")
            if not failed:
                break
        equal((status, len(answers)), (0, 1), f"{request.what} without a failure")
        check(n > 2, "hardly any allocation failed")


# A network:   x --- a --- b      x are raw sockets of the test

def network():
    class Net:
        a_mac, b_mac = "02:01:00:00:00:a9", "02:01:00:00:00:ba"

    w = Net()
    names = [f"{name}{next(count)}" for name in "xab"]
    x, a, b = names
    net.netns(*names)
    net.veth((x, "to-a", "02:01:00:00:00:9a", a, "to-x", w.a_mac),
             (a, "to-b", "02:01:00:00:00:ab", b, "to-a", w.b_mac))
    # No answer waits, so each is sent within what asks for it.
    w.a = net.router(a, A, answer_delay=0, node_timeout=3600)
    w.b = net.router(b, B, answer_delay=0, node_timeout=3600)
    w.ns, w.nl = net[a], w.a
    with genl.netns(net[x]):
        w.x = rf.Port("to-a")
    w.to_b = w.a.get("port-get", interface="to-b")["link"]
    # From x, whose link numbers are nobody's business.
    w.echo_a = rf.build_echo(X, A, [(5, w.a_mac)])
    w.echo_b = rf.build_echo(X, B, [(5, w.a_mac), (w.to_b, w.b_mac)])
    return w


def discovered(w, ask=True):
    """The routers that a knows, after it has found b."""
    def known():
        if ask:
            w.a.do("discover")
        return [node["id"] for node in w.a.whole_dump("node-get")]

    return wait_for(lambda: B in known() and known(), "a knows b")


def route(*entries):
    return b"".join(struct.pack("!I", link) + rf.mac(mac) for link, mac in entries)


def neighbours(w, n):
    """n routers on the link to x, which answer a's next Discover."""
    w.x.drain()
    w.a.do("discover")
    data = w.x.recv(LIMIT, lambda frame: frame["type"] == rf.DISCOVER and not frame["hops"])
    check(data, "no Discover from a")
    frame = rf.parse(data)["frame"]
    for i in range(n):
        mac = f"02:99:00:00:{i // 256:02x}:{i % 256:02x}"
        w.x.send_frame(rf.answered(frame, mac, rf.End(1, 1500, 100, mac), f"router-{i}",
                                   board="a board"), dst=w.a_mac, src=mac)


@test
def discovery_and_datagrams_are_refused_or_done():
    w = network()
    discovered(w)
    first = (w.to_b, w.b_mac)
    # A long one needs more room than is there at first.
    long = route(first, *[(7, "02:88:00:00:00:01")] * 30)
    some = dict(local_port=700, remote_port=rf.ECHO, payload=b"x" * 500)
    bind = Request(w, "endpoint-bind", local_port=700)
    for what, command, values in (
        ("discover", "discover", {}),
        ("to nobody", "datagram-send", dict(id=OTHER, **some)),
        ("to a router that is known", "datagram-send", dict(id=B, **some)),
        ("along a route", "datagram-send", dict(id=B, route=route(first), **some)),
        ("along a long route", "datagram-send", dict(id=B, route=long, **some)),
        ("to itself", "datagram-send", dict(id=A, **some)),
    ):
        request = Request(w, command, **values)
        for n in itertools.count(1):
            sock = request.socket()
            equal(bind.make(sock=sock)[0], 0, "bind")
            status, failed, _ = request.make(n, sock=sock)
            check(status in (0, "lost") or status in NO_MEMORY,
                  f"{what}, allocation {n}: {status}")
            sock.close()
            if not failed:
                break
        equal(status, 0, f"{what}, without a failure")
        note(f"{what}: {n - 1} allocations")


def told(answers):
    """Rows of a dump without what changes by itself."""
    return [{name: value for name, value in row.items()
             if name not in ("age", "stats", "uptime")} for row in answers]


@test
def what_is_asked_for_is_told_whole_or_not():
    w = network()
    for n in range(60):
        w.a.do("port-add", interface=f"absent{n}", comment="c" * 100)
    wait_for(lambda: neighbours(w, 40) or len(w.a.whole_dump("node-get")) == 41, "41 routers")
    for command, flags, values in (
        ("config-get", genl.NLM_F_ACK, {}),
        ("port-get", genl.NLM_F_ACK, dict(interface="to-b")),
        ("node-get", genl.NLM_F_ACK, dict(id=B)),
        ("port-get", genl.NLM_F_DUMP, {}),
        ("node-get", genl.NLM_F_DUMP, {}),
        ("edge-get", genl.NLM_F_DUMP, {}),
    ):
        request = Request(w, command, flags, **values)
        status, _, whole = request.make()
        whole = told(whole)
        equal(status, 0, request.what)
        total = 0
        for step in itertools.count():
            for n in itertools.count(1):
                status, failed, answers = request.make(n, step)
                what = f"{request.what}, step {step}, allocation {n}"
                check(status in (0, "lost") or status in NO_MEMORY, f"{what}: {status}")
                if status == 0:
                    equal(told(answers), whole, f"{what}: the answer")
                if not failed:
                    break
                total += 1
            # All is told at the latest when it is read; then come no more.
            if n == 1 and step > 3:
                break
        note(f"{command} {'dump' if flags == genl.NLM_F_DUMP else ''}: {total} allocations")
        equal(status, 0, f"{request.what} without a failure")


# Softirq and work items

class Tap:
    """with Tap(router, device): another socket holds each frame that comes in,
    so that the module has to copy it"""

    def __init__(self, nl, dev):
        with genl.netns(nl.ns):
            self.port = rf.Port(dev)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.port.close()


def lost(nl, function, percent=100):
    """How often no_memory is counted while this is done without memory."""
    before = nl.drops().get("no_memory", 0)
    with no_memory(percent):
        function()
    return nl.drops().get("no_memory", 0) - before


@test
def answers_and_copies_for_which_there_is_no_memory_are_counted():
    w = network()
    discover = rf.build_discover(X, rf.End(5, 1500, 100, w.x.mac))
    window = w.a.get("config-get")["flood_window"] / 1000

    def send():
        # A flood of its own each time.
        time.sleep(1.5 * window)
        w.x.drain()
        w.x.send_frame(discover)

    # One answer, and one copy, to b.
    equal(lost(w.a, send), 2, "drops of a")
    check(not w.x.recv(0), "something was sent")
    equal(lost(w.a, send, 0), 0, "drops of a, with memory")
    found = {rf.mac_str(rf.parse(w.x.recv(LIMIT))["dst"]) for _ in range(2)}
    equal(found, {A, B}, "who has answered")


@test
def frames_that_nobody_else_holds_pass_without_memory():
    w = network()
    for frame, router in ((w.echo_a, A), (w.echo_b, B)):
        w.x.drain()
        with no_memory():
            w.x.send_frame(frame, dst=w.a_mac)
            answer = w.x.recv(LIMIT, lambda frame: frame["type"] == rf.DATA)
        check(answer, f"no answer of {router}")
        equal(rf.mac_str(rf.parse(answer)["src"]), router, "who has answered")


@test
def frames_that_somebody_else_holds_are_counted_if_they_cannot_be_copied():
    w = network()

    def send():
        w.x.drain()
        w.x.send_frame(w.echo_b, dst=w.a_mac)

    # Whoever captures what comes in holds it, too.
    with genl.netns(w.a.ns), rf.Port("to-x") as capture:
        equal(lost(w.a, send), 1, "drops of a")
        check(not w.x.recv(0), "something was sent")
        equal(lost(w.a, send, 0), 0, "drops of a, with memory")
        check(w.x.recv(LIMIT, lambda frame: frame["type"] == rf.DATA), "no answer of b")
        check(capture.recv(LIMIT), "nothing was captured")


@test
def datagrams_that_cannot_be_delivered_are_counted():
    w = network()
    w.a.do("endpoint-bind", local_port=700)
    frame = rf.build_data(X, A, [(5, w.a_mac)], sport=9, dport=700, payload=b"hello")

    def send():
        w.x.send_frame(frame, dst=w.a_mac)

    def received(timeout):
        return w.a.event(timeout, lambda command, _: command == "datagram-rcv")

    equal(lost(w.a, send), 1, "drops")
    check(not received(0), "it was delivered")
    equal(lost(w.a, send, 0), 0, "drops with memory")
    equal(received(LIMIT)[1]["payload"], b"hello", "what is delivered")


@test
def a_datagram_to_itself_that_cannot_be_delivered_is_counted():
    r = Router(())
    r.nl.do("config-set", enabled=1, id=A)
    r.nl.do("endpoint-bind", local_port=700)
    bind = Request(r, "endpoint-bind", local_port=701)
    request = Request(r, "datagram-send", id=A, local_port=701, remote_port=700, payload=b"x")
    lost = 0
    for n in itertools.count(1):
        sock = request.socket()
        equal(bind.make(sock=sock)[0], 0, "bind")
        before = r.nl.drops()
        status, failed, _ = request.make(n, sock=sock)
        sock.close()
        check(status in (0, "lost") or status in NO_MEMORY, f"allocation {n}: {status}")
        received = r.nl.event(0, lambda command, _: command == "datagram-rcv")
        now = r.nl.drops()
        more = {reason: now[reason] - before.get(reason, 0) for reason in now
                if now[reason] != before.get(reason, 0)}
        if status == 0:
            equal(more, {} if received else {"no_memory": 1}, f"allocation {n}: drops")
            lost += not received
        if not failed:
            break
    note(f"{n - 1} allocations, {lost} times it was sent and not delivered")
    check(lost, "it was always delivered")


@test
def answers_that_cannot_be_kept_are_counted_and_learnt_later():
    w = network()
    discovered(w)
    # Or the answers of the last flood are still being read.
    time.sleep(1)
    w.x.drain()
    w.a.do("discover")
    data = w.x.recv(LIMIT, lambda frame: frame["type"] == rf.DISCOVER)
    answer = rf.answered(rf.parse(data)["frame"], X, rf.End(1, 1500, 100, w.x.mac), "x")
    wait_for(lambda: w.a.get("config-get")["nodes"] == 1, "a knows b alone")

    def send():
        w.x.send_frame(answer, dst=w.a_mac)

    before = w.a.drops().get("no_memory", 0)
    with no_memory() as memory:
        send()
        # A work item reads it.
        wait_for(memory.failed, "an allocation fails")
    wait_for(lambda: w.a.drops().get("no_memory", 0) == before + 1, "it is counted")
    equal(w.a.get("config-get")["nodes"], 1, "routers that a knows")
    send()
    wait_for(lambda: X in discovered(w, False), "it is known")


@test
def a_doubt_for_which_there_was_no_memory_comes_with_the_next_datagram():
    w = TwoWays(1)
    w.send()
    w.send()
    time.sleep(PATIENCE)
    with no_memory(where=function("romon_reach_route")) as memory:
        w.send()
        check(memory.failed(), "no allocation has failed")
    equal(w.around(), 0, "detours without memory")
    w.send()
    equal(w.around(), 1, "detours")


@test
def a_detour_for_which_there_was_no_memory_is_searched_again():
    w = TwoWays(1)
    w.doubt()
    w.nl.do("config-set", hop_limit=1)
    equal(w.around(), 0, "detours of two hops while one is allowed")
    with no_memory(where=function("romon_reach_review")) as memory:
        w.nl.do("config-set", hop_limit=2)
        check(memory.failed(), "no allocation has failed")
        equal(w.around(), 0, "detours without memory")
    # Nothing is sent there.
    wait_for(w.around, "a detour")


@test
def routers_recover_from_any_share_of_failures():
    w = network()
    discover = rf.build_discover(X, rf.End(5, 1500, 100, w.x.mac))
    w.a.do("endpoint-bind", local_port=700)
    some = dict(local_port=700, remote_port=rf.ECHO)
    requests = (("discover", {}), ("datagram-send", dict(id=OTHER, **some)),
                ("datagram-send", dict(id=B, **some)), ("config-get", {}))
    # Answers wait, too.
    w.a.do("config-set", answer_delay=20)
    for percent in (5, 20, 50):
        with no_memory(percent):
            for _ in range(20):
                w.x.send_frame(discover)
                w.x.send_frame(w.echo_b, dst=w.a_mac)
                for command, values in requests:
                    try:
                        w.a.do(command, **values)
                    except genl.NetlinkError as wrong:
                        check(wrong.errno in NO_MEMORY, f"{command}: {wrong}")
                for data in w.x.recv_all(0.01, lambda frame: frame["type"] == rf.DISCOVER):
                    w.x.send_frame(rf.answered(rf.parse(data)["frame"], X,
                                               rf.End(1, 1500, 100, w.x.mac), "x"),
                                   dst=w.a_mac)
        note(f"{percent} percent: no_memory {w.a.drops().get('no_memory')} at a, "
             f"{w.b.drops().get('no_memory')} at b")
        discovered(w)
        w.x.drain()
        w.x.send_frame(w.echo_b, dst=w.a_mac)
        check(w.x.recv(LIMIT, lambda frame: frame["type"] == rf.DATA), "b does not answer")
    check(w.a.drops().get("no_memory"), "a has not run out of memory")


if __name__ == "__main__":
    if not os.path.exists(f"{DEBUG}/failslab/require-start"):
        skip_all("this kernel cannot make allocations fail by who makes them")
    main(setup)
