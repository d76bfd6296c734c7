#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""Goodput of a stream, beside TCP through the same namespaces and links.

    streams.py [SECONDS [ROUNDS]]      of each measurement, by default 8 and 3

    r1 --- r2 --- r3 --- r4 --- r5     r1 sends to r2, r3 or r5

A stream is `romon connect` in r1, its standard input a file of zeros, and
`romon serve` at the other end, with a UNIX socket behind it. TCP is a program
that sends zeros, through the kernel's IPv4 forwarding in the routers between.
The receiver is the same, reads as much as there is, and takes the time from the
first byte to the last. Streams and TCP take turns, so that what else the machine
does meets both. All of it shares the guest's one CPU.

Segmentation offloads are off: netem loses and delays what it is given, and a
wire would be given frames, not pieces of 64 kB. Where frames are lost each turn
takes four times as long, or it would be a measurement of how the dice fell.
"""

import os
import select
import signal
import socket
import statistics
import subprocess
import sys
import time

from harness import Network, ip, require_module, wait_for
from sessions import SECRET, Chain, Serve, good, path, run, spawn, tree
import genl

SECONDS, ROUNDS = (float(word) for word in (sys.argv[1:] + ["8", "3"][len(sys.argv) - 1:]))
SINK, TCP_PORT = 700, 7000
TICKS = os.sysconf("SC_CLK_TCK")
net = Network()


class Receiver:
    """A process of its own: (bytes, seconds) of each connection."""

    def __init__(self, family, address, ns=None):
        with genl.netns(ns):
            sock = socket.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(8)
        if family == socket.AF_UNIX:
            os.chmod(address, 0o777)
        self.results, write = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(write)
            sock.close()
            return
        buffer = bytearray(1 << 18)
        while True:
            conn, _ = sock.accept()
            total, first, last = 0, 0, 0
            try:
                while n := conn.recv_into(buffer):
                    last = time.monotonic()
                    if first:
                        total += n
                    first = first or last
            except OSError:
                pass
            conn.close()
            os.write(write, f"{total} {last - first}\n".encode())

    def result(self):
        if not select.select([self.results], [], [], 60)[0]:
            raise SystemExit("streams.py: the receiver has received nothing")
        total, seconds = os.read(self.results, 100).split()
        return int(total) * 8 / max(float(seconds), 1e-3) / 1e6

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def setup():
    global chain, serve, streams, tcp, names
    names = ["r1", "r2", "r3", "r4", "r5"]
    chain = Chain(net, names, secrets=None)
    for n, (a, b) in enumerate(zip(names, names[1:]), 1):
        ip(f"address add 10.0.{n}.1/24 dev to-{b}", ns=chain[a])
        ip(f"address add 10.0.{n}.2/24 dev to-{a}", ns=chain[b])
    for n, name in enumerate(names):
        with genl.netns(chain[name]), open("/proc/sys/net/ipv4/ip_forward", "w") as file:
            file.write("1")
        for to in range(1, len(names)):
            if to > n + 1:
                ip(f"route add 10.0.{to}.0/24 via 10.0.{n + 1}.2", ns=chain[name])
            elif to < n:
                ip(f"route add 10.0.{to}.0/24 via 10.0.{n}.1", ns=chain[name])
    with open(path("zeros"), "wb") as file:
        file.truncate(1 << 40)
    os.chmod(os.path.dirname(path("zeros")), 0o755)
    streams, tcp, serve = {}, {}, {}
    for hops in (1, 2, 4):
        to = names[hops]
        tcp[hops] = Receiver(socket.AF_INET, (f"10.0.{hops}.2", TCP_PORT), chain[to])
        streams[hops] = Receiver(socket.AF_UNIX, path(f"sink-{hops}"))
        serve[hops] = Serve(chain[to], {SINK: f"unix {path(f'sink-{hops}')}"}, keepalive=60)


def no_offloads():
    """TCP hands down pieces of two segments at least whatever ethtool says of
    GSO, unless no device takes more than one."""
    for name, dev in chain.links:
        good(run(chain[name], ["ethtool", "-K", dev, "tso", "off", "gso", "off", "gro", "off"]))
        ip(f"link set dev {dev} gso_max_segs 1", ns=chain[name])


def secrets(*which):
    for nl in chain.nl.values():
        nl.do("config-set", secrets=list(which))
    chain.settle()


def shape(first, others=None):
    """Qdiscs at both ends of the first link, and of the others."""
    for number, (name, dev) in enumerate(chain.links):
        what = first if number < 2 else others
        command = ["tc", "-n", chain[name], "qdisc"]
        run(None, command + ["del", "dev", dev, "root"])
        if what:
            good(run(None, command + ["add", "dev", dev, "root", *what.split()]))


def cpu(pid):
    """Seconds of CPU, with what the kernel did in its name."""
    with open(f"/proc/{pid}/stat") as file:
        found = file.read().rpartition(")")[2].split()
    return (int(found[11]) + int(found[12])) / TICKS


def ksoftirqd():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as file:
                if file.read().startswith("ksoftirqd/0"):
                    return int(pid)
        except OSError:
            pass
    return None


def stream(hops, seconds, spent=None):
    with open(path("zeros"), "rb") as zeros:
        process = spawn(chain["r1"], ["romon", "connect", chain.id[names[hops]], str(SINK)],
                        stdin=zeros, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    # Two processes, of which one has the stream.
    pids = {"romon connect": wait_for(lambda: tree(process.pid)[1:], "the stream's process"),
            "romon serve": sorted(serve[hops].own),
            "the receiver": [streams[hops].pid], "ksoftirqd": [ksoftirqd()]}
    pids = {who: [pid for pid in which if pid] for who, which in pids.items()}
    before = {who: sum(map(cpu, which)) for who, which in pids.items()}
    frames = chain.nl["r1"].stats("to-r2")["tx_packets"]
    start = time.monotonic()
    time.sleep(seconds)
    if process.poll() is not None:
        raise SystemExit(f"streams.py: romon connect ended: {process.stderr.read().decode()}")
    if spent is not None:
        taken = time.monotonic() - start
        for who, which in pids.items():
            spent.setdefault(who, []).append((sum(map(cpu, which)) - before[who]) / taken)
        frames = chain.nl["r1"].stats("to-r2")["tx_packets"] - frames
        spent.setdefault("frames", []).append(frames / taken)
    process.kill()
    process.wait()
    return streams[hops].result()


def tcp_stream(hops, seconds):
    pid = os.fork()
    if not pid:
        genl.enter(chain["r1"])
        sock = socket.create_connection((f"10.0.{hops}.2", TCP_PORT))
        zeros = bytes(1 << 16)
        while True:
            sock.sendall(zeros)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return tcp[hops].result()


def measure(what, hops, spent=None, seconds=SECONDS):
    ours, theirs = [], []
    for _ in range(int(ROUNDS)):
        ours.append(stream(hops, seconds, spent))
        theirs.append(tcp_stream(hops, seconds))
    a, b = statistics.mean(ours), statistics.mean(theirs)

    def spread(values):
        return f"{min(values):.4g}-{max(values):.4g}"

    print(f"  {what:44} {a:8.4g} {b:8.4g} {a / b:6.2f}   {spread(ours):>13} {spread(theirs):>13}",
          flush=True)
    return a


def unshaped(what, hops):
    spent = {}
    rate = measure(what, hops, spent)
    frames = statistics.mean(spent.pop("frames"))
    shares = {who: statistics.mean(values) for who, values in spent.items()}
    parts = ", ".join(f"{who} {share * 100:.0f} %" for who, share in shares.items())
    print(f"    {frames:.0f} frames/s sent by r1, {1e6 / max(frames, 1):.1f} us each; CPU: {parts};\n"
          f"    bound by {max(shares, key=shares.get)}")
    return rate, frames


def syscall():
    """What a system call costs here, in us."""
    n = 20000
    start = time.monotonic()
    for _ in range(n):
        os.getppid()
    return (time.monotonic() - start) / n * 1e6


def main():
    require_module()
    setup()
    no_offloads()
    print(f"\nin {os.uname().release} ({os.environ.get('ROMON_KERNEL', 'no guest')}), "
          f"{os.cpu_count()} CPU, {SECONDS:g} s and {ROUNDS:g} rounds each; a system call takes "
          f"{syscall():.1f} us")
    print(f"\n  {'Mbit/s':44} {'stream':>8} {'TCP':>8} {'ratio':>6}   {'stream':>13} {'TCP':>13}")
    rate = "tbf rate 100mbit burst 16kb latency 50ms"
    shape(rate, rate)
    measure("100 Mbit/s, 2 hops", 2)
    measure("100 Mbit/s, 4 hops", 4)
    for delay in (20, 40):
        shape(f"netem limit 2000 rate 100mbit delay {delay}ms loss 1%", rate)
        measure(f"100 Mbit/s, {2 * delay} ms both ways, 1 % loss, 2 hops", 2,
                seconds=4 * SECONDS)
    shape("netem limit 2000 rate 100mbit delay 20ms", rate)
    measure("100 Mbit/s, 40 ms both ways, 2 hops", 2)
    shape(None)
    print("  no limit")
    for hops in (1, 2, 4):
        unshaped(f"{hops} hop{'s' * (hops > 1)}, no secret", hops)
    secrets(SECRET)
    for hops in (1, 2, 4):
        unshaped(f"{hops} hop{'s' * (hops > 1)}, with a secret", hops)
    for which in (streams, tcp):
        for receiver in which.values():
            receiver.stop()


if __name__ == "__main__":
    main()
