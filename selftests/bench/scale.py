#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""What a large network costs the router that knows it.

    r --- x     x answers r's Discovers for all others

The square root of their number are neighbours of r, each with as many routers
behind it; the neighbours are also linked with each other in a ring, and every
tenth of the others has a second way to it. What is measured is r alone: x has
made all frames ready before.

    scale.py [ROUTERS...]       1000 and 10000 by default

And how long rtnl is kept when a router of 1000 ports that knows 10000 others is
disabled, which is seen from another process that needs rtnl for a device of
another namespace:

    scale.py disable [ROUTERS [PORTS]]
"""

import ctypes
import itertools
import math
import os
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

from harness import Network, check, ip, require_module, wait_for
import genl
import romonframe as rf
from slabs import objects, settled, slab

R, R_MAC, X_MAC = "02:00:00:00:00:01", "02:01:00:00:00:01", "02:01:00:00:00:02"
TRACING = "/sys/kernel/tracing"
WORK = "romon_topology_work"
LIMIT = 600
RTM_SETLINK = 19
TIMES = 3

net = Network()


def say(what, value):
    print(f"{what:<46} {value}", flush=True)


def ms(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.01 else f"{seconds * 1000:.3f} ms"


def median(function, times=5):
    taken = []
    for _ in range(times):
        start = time.monotonic()
        function()
        taken.append(time.monotonic() - start)
    return statistics.median(taken)


# The network

def mac(kind, i, k=0):
    """kind 1 is a router's ID, 2 and more are its ports'"""
    return bytes((2, 0x99, kind, i, k // 256, k % 256))


def answers(discover, n):
    """The DiscoverResps of n routers to a Discover of r, as the last hop, if
    any, sends them, and the number of edges they tell of."""
    width = max(2, math.isqrt(n))
    out = []
    # (what a neighbour passes on, the neighbour)
    passed = []
    for i in range(width):
        end = rf.End(1, 1500, 100, mac(2, i))
        # Nobody takes it but from the port that it names.
        out.append(rf.ethernet(R_MAC, end.mac, rf.answered(
            discover, mac(1, i), end, f"neighbour-{i}", board="bench")))
        away = rf.End(2, 1500, 100, mac(3, i))
        passed.append(rf.forwarded(discover, mac(1, i), end, R_MAC, away))

    def behind(i, k, port, name, end):
        frame = rf.answered(passed[i], k, rf.End(port, 1500, 100, end), name, board="bench")
        out.append(rf.ethernet(R_MAC, X_MAC, rf.resp_step(frame)[0]))

    for i in range(width):
        behind(i, mac(1, (i + 1) % width), 3, f"neighbour-{(i + 1) % width}",
               mac(4, (i + 1) % width))
    for j in range(n - width):
        i, k = j % width, 1 + j // width
        name = f"router-{i}-{k}"
        behind(i, mac(1, i, k), 1, name, mac(2, i, k))
        if j % 10 == 0:
            behind((i + 1) % width, mac(1, i, k), 2, name, mac(3, i, k))
    return out


class Others:
    """All routers but r."""

    def __init__(self, n):
        net.netns("r", "x")
        net.veth(("r", "to-x", R_MAC, "x", "to-r", X_MAC))
        self.r = net.router("r", R, max_nodes=max(16384, 2 * n), max_edges=max(65536, 4 * n),
                            queue_len=65536, node_timeout=3600)
        with genl.netns(net["x"]):
            self.x = rf.Port("to-r")
        self.n = n
        self.edges = None

    def discover(self):
        """Have r ask, and return the question."""
        self.x.drain()
        self.r.do("discover")
        data = self.x.recv(LIMIT, lambda frame: frame["type"] == rf.DISCOVER)
        check(data, "r sends no Discover")
        return data

    def prepare(self):
        self.frames = answers(rf.parse(self.discover())["frame"], self.n)

    def answer(self):
        send = self.x.sock.send
        for frame in self.frames:
            send(frame)

    def learn(self):
        """Until r knows all of them; when the last was sent."""
        self.answer()
        sent = time.monotonic()
        try:
            wait_for(self.known, f"{self.n} routers and {len(self.frames)} edges are known", 60)
        except Exception:
            config = self.r.get("config-get")
            print(f"only {config['nodes']} routers and {config['edges']} edges are known; "
                  f"drops: {self.r.drops()}")
            raise
        return sent

    def known(self):
        config = self.r.get("config-get")
        return config["nodes"] == self.n and config["edges"] == len(self.frames)

    def serve(self):
        """In another process: answer each Discover until killed."""
        pid = os.fork()
        if pid:
            return pid
        while True:
            if self.x.recv(LIMIT, lambda frame: frame["type"] == rf.DISCOVER):
                self.answer()


# What is measured

def trace(name, value):
    with open(f"{TRACING}/{name}", "w") as file:
        file.write(value)


class Held:
    """with Held() as held: how long this process kept rtnl, each time"""

    def __enter__(self):
        self.taken = []
        self.there = os.path.exists(f"{TRACING}/set_ftrace_filter")
        if self.there:
            trace("set_ftrace_filter", "rtnl_lock rtnl_unlock")
            trace("set_ftrace_pid", str(os.getpid()))
            trace("trace", "")
            trace("current_tracer", "function")
        return self

    def __exit__(self, *exc):
        if not self.there:
            return
        with open(f"{TRACING}/trace") as file:
            found = re.findall(r" (\d+\.\d+): rtnl_(lock|unlock) <", file.read())
        trace("current_tracer", "nop")
        trace("set_ftrace_pid", "")
        trace("set_ftrace_filter", "")
        # From the call on, so with the wait for it, if there is one.
        for (start, lock), (end, unlock) in zip(found, found[1:]):
            if (lock, unlock) == ("lock", "unlock"):
                self.taken.append(float(end) - float(start))

    def say(self, what):
        if self.taken:
            say(f"rtnl held by {what}", f"{ms(statistics.median(self.taken))}, "
                f"longest {ms(max(self.taken))}, {len(self.taken)} times")


class Works:
    """with Works() as works: how long each run of the topology's work took"""

    def events(self):
        return [f"events/workqueue/workqueue_execute_{what}" for what in ("start", "end")]

    def __enter__(self):
        self.taken = []
        self.there = os.path.isdir(f"{TRACING}/{self.events()[1]}")
        if self.there:
            trace("trace", "")
            for event in self.events():
                trace(f"{event}/enable", "1")
        return self

    def __exit__(self, *exc):
        if not self.there:
            return
        for event in self.events():
            trace(f"{event}/enable", "0")
        started = {}
        with open(f"{TRACING}/trace") as file:
            for line in file:
                found = re.search(r"-(\d+) .* (\d+\.\d+): workqueue_execute_(start|end): .*"
                                  rf"function:? {WORK}", line)
                if not found:
                    continue
                if found[3] == "start":
                    started[found[1]] = float(found[2])
                elif found[1] in started:
                    self.taken.append(float(found[2]) - started.pop(found[1]))
        trace("trace", "")


def dump(nl, command, size):
    """Read a dump and look at nothing: its bytes and messages."""
    buffer = ctypes.create_string_buffer(size)
    reads = []
    nl.send(genl.CMD[command], b"", genl.NLM_F_DUMP)
    while True:
        n = nl.sock.recv_into(buffer)
        reads.append(buffer.raw[:n])
        if int.from_bytes(reads[-1][4:6], "little") == genl.NLMSG_DONE:
            break
    messages = 0
    for data in reads:
        at = 0
        while at + 16 <= len(data):
            at += (int.from_bytes(data[at : at + 4], "little") + 3) & ~3
            messages += 1
    return sum(map(len, reads)), messages - 1, len(reads)


def timed_dump(nl, command, size, times=5):
    """A dump alone, without counting what was in it."""
    buffer = bytearray(size)
    taken = []
    for _ in range(times):
        start = time.monotonic()
        nl.send(genl.CMD[command], b"", genl.NLM_F_DUMP)
        while True:
            nl.sock.recv_into(buffer)
            if buffer[4] == genl.NLMSG_DONE and not buffer[5]:
                break
        taken.append(time.monotonic() - start)
    return statistics.median(taken)


def tool(*args):
    start = time.monotonic()
    run = subprocess.run(["romon", "-n", net["r"], *args], capture_output=True)
    taken = time.monotonic() - start
    check(run.returncode == 0, f"romon {' '.join(args)}: {run.stderr.decode()}")
    return taken, run.stdout


def beside(function, other, least=50):
    """How long function() takes while another process calls other() again and
    again: median and longest."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        while True:
            other()
            os.write(writer, b".")
    os.close(writer)
    taken, calls = [], 0
    # Both want their turn on one CPU: go on until the other had several.
    os.set_blocking(reader, False)
    until = time.monotonic() + 60
    while (calls < 5 or len(taken) < least) and time.monotonic() < until:
        start = time.monotonic()
        function()
        taken.append(time.monotonic() - start)
        try:
            calls += len(os.read(reader, 4096))
        except BlockingIOError:
            pass
        time.sleep(0.001)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    os.close(reader)
    return f"{ms(statistics.median(taken))}, longest {ms(max(taken))}, {len(taken)} times"


class Waits:
    """with Waits() as waits: how long another process waited for rtnl, each time.
    It asks for nothing to be changed of a device that has nothing to do with r."""

    def __enter__(self):
        net.netns("aside")
        self.reader, writer = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            self.ask(writer)
        os.close(writer)
        check(os.read(self.reader, 1), "nobody asks")
        return self

    @staticmethod
    def ask(writer):
        over, taken = [], []
        signal.signal(signal.SIGTERM, lambda *_: over.append(True))
        with genl.netns(net["aside"]):
            sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        # ifinfomsg: the loopback device, and no flag.
        request = struct.pack("=IHHIIBxHiII", 32, RTM_SETLINK,
                              genl.NLM_F_REQUEST | genl.NLM_F_ACK, 1, 0, 0, 0, 1, 0, 0)
        os.write(writer, b".")
        while not over:
            start = time.monotonic()
            sock.send(request)
            answer = sock.recv(4096)
            taken.append(time.monotonic() - start)
            # nlmsgerr
            if answer[4] != genl.NLMSG_ERROR or any(answer[16:20]):
                os.write(writer, b"refused")
                os._exit(1)
        os.write(writer, struct.pack("=ddI", statistics.median(taken), max(taken), len(taken)))
        os._exit(0)

    def __exit__(self, *exc):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        self.usual, self.longest, self.times = struct.unpack("=ddI", os.read(self.reader, 4096))
        os.close(self.reader)
        ip(f"netns del {net.names.pop('aside')}")


def measure_disable(n=10000, ports=1000):
    """All of them dummies with entries of their own, but for the one by which the
    others are; and somebody listens to what is told of them."""
    others = Others(n)
    others.r.do("config-set", max_ports=max(1024, 2 * ports))
    ip(*(f"link add d{i} type dummy" for i in range(ports - 1)),
       *(f"link set d{i} up" for i in range(ports - 1)), ns=net["r"])
    for i in range(ports - 1):
        others.r.do("port-add", interface=f"d{i}")
    told = genl.Romon(others.r.ns)
    told.subscribe()
    running = sum(port["state"] == "running" for port in others.r.whole_dump("port-get")
                  if not port.get("default"))
    check(running == ports, f"{running} ports run, not {ports}")
    print(f"\n{n} routers, {ports} ports, in {os.uname().release}"
          f" ({os.environ.get('ROMON_KERNEL', 'no guest')})", flush=True)
    with Waits() as waits:
        time.sleep(3)
    say("rtnl for another process, nothing else goes on",
        f"{ms(waits.usual)}, longest {ms(waits.longest)}, {waits.times} times")

    def enable(on):
        start = time.monotonic()
        others.r.do("config-set", enabled=on)
        return ms(time.monotonic() - start)

    for _ in range(TIMES):
        others.prepare()
        others.learn()
        with Held() as held:
            say("disabling RoMON, alone", enable(0))
        held.say("that")
        say("enabling it again", enable(1))
        others.prepare()
        others.learn()
        with Waits() as waits:
            time.sleep(0.5)
            taken = enable(0)
            time.sleep(1)
        say("disabling it, while another process asks", taken)
        say("  rtnl for that one", f"longest {ms(waits.longest)}, {waits.times} times")
        enable(1)
    told.close()
    others.r.close()
    others.x.close()
    net.close()


def measure(n):
    others = Others(n)
    others.prepare()
    print(f"\n{n} routers, {len(others.frames)} edges, in {os.uname().release}"
          f" ({os.environ.get('ROMON_KERNEL', 'no guest')})", flush=True)
    nl = genl.Romon(others.r.ns)

    before, objects_before = settled(slab), objects()
    others.discover()
    start = time.monotonic()
    with Works() as works:
        sent = others.learn()
        known = time.monotonic()
    say("sending all answers took", ms(sent - start))
    say("all were read after another", ms(known - sent))
    if works.taken:
        say(f"meanwhile {len(works.taken)} runs of the work, together",
            f"{ms(sum(works.taken))}, the longest {ms(max(works.taken))}")
    after, objects_after = settled(slab), objects()
    say("slabs for each router, with its edges", f"{(after - before) / n:.0f} bytes")
    grown = {name: objects_after[name][0] - objects_before.get(name, (0, 0))[0]
             for name in objects_after}
    say("  objects for each", ", ".join(f"{count / n:.2f} of {name[8:]}" for name, count in
                                        grown.items() if count > n / 20) or "not known")

    others.discover()
    with Works() as works:
        others.answer()
        time.sleep(2)
        wait_for(others.known, "all routers are still known", 60)
    if works.taken:
        say("the same answers again",
            f"{len(works.taken)} runs, {ms(sum(works.taken))}, "
            f"the longest {ms(max(works.taken))}")

    costs = iter(range(200, 100, -1))
    say("all routes computed anew (port-set cost)",
        ms(median(lambda: others.r.do("port-set", interface="all", cost=next(costs)))))
    # Both take rtnl, so the one would wait for the other if that kept it.
    again = itertools.cycle(range(101, 200))
    port_set = lambda: others.r.do("port-set", interface="all", cost=next(again))
    say("show, alone", ms(median(lambda: nl.get("config-get"), 50)))
    for what, one in (("port set cost", port_set), ("show", lambda: nl.get("config-get"))):
        with Held() as held:
            for _ in range(50):
                one()
        held.say(what)
    say("show, while routes are computed", beside(lambda: nl.get("config-get"), port_set))
    port = nl.get("endpoint-bind")["local_port"]
    send = lambda: nl.do("datagram-send", id=mac(1, 1), local_port=port, remote_port=9)
    send()
    say("a datagram to a known router, alone", ms(median(send, 50)))
    say("a datagram, while routes are computed", beside(send, port_set))
    others.r.do("port-set", interface="all", cost=100)
    with Works() as works:
        time.sleep(3.5)
    if works.taken:
        say("a run of the work when nothing has come", ms(statistics.median(works.taken)))

    for command in ("node-get", "edge-get"):
        # 16 kB is what libnl and ip(8) read.
        for size in (32768, 16384):
            # The parts of a dump are as large as the largest read so far.
            reader = genl.Romon(others.r.ns)
            total, messages, reads = dump(reader, command, size)
            say(f"dump of {command[:4]}s, reads of {size >> 10} kB",
                f"{ms(timed_dump(reader, command, size))}: {messages} messages, {total} bytes, "
                f"{reads} reads")
            reader.close()
    say("one router (node-get)", ms(median(lambda: nl.do("node-get", id=mac(1, 1, 2)), 20)))

    for args in (("topology", "list"), ("-j", "topology", "list"), ("topology", "tree")):
        taken, out = tool(*args)
        say(f"romon {' '.join(args)}", f"{ms(taken)}, {len(out)} bytes")
    server = others.serve()
    taken, out = tool("discover", "duration", "5")
    say("romon discover duration 5", f"{ms(taken)}, {out.count(bytes([10]))} lines")
    os.kill(server, 9)
    os.waitpid(server, 0)
    check(others.r.get("config-get")["nodes"] == n, "some routers are not known any more")

    start = time.monotonic()
    others.r.do("config-set", enabled=0)
    say("disabling RoMON", ms(time.monotonic() - start))
    nl.close()
    others.r.close()
    others.x.close()
    net.close()


if __name__ == "__main__":
    require_module()
    if sys.argv[1:2] == ["disable"]:
        measure_disable(*map(int, sys.argv[2:]))
        sys.exit()
    for routers in [int(word) for word in sys.argv[1:]] or [1000, 10000]:
        measure(routers)
