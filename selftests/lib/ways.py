# SPDX-License-Identifier: GPL-2.0-only
"""Ways to forward a frame, each in a namespace of its own:

    g -- f -- g        g: the generator, and where frames end; f: who forwards

Each has name, and lane(size): what bench/forward.py measures.
"""

import ctypes
import os
import signal
import socket
import struct
import subprocess
import time

import genl
import romonframe as rf
from harness import ip, wait_for
from slices import Lane

GEN, TARGET = "02:00:00:00:00:99", "02:00:00:00:00:98"
MTU = 2000
ETH_P_ALL, ETH_P_IP = 3, 0x0800
CALL = 64
PR_SET_PDEATHSIG = 1
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33


def filled(size, route, dst, src):
    """A datagram from GEN of so many bytes, with its Ethernet header."""
    room = size - rf.ETH_HLEN - rf.HEADER_LEN - 6 - len(route) * rf.ENTRY_LEN - 4
    frame = rf.build_data(GEN, TARGET, route, sport=5000, dport=1, payload=bytes(room))
    frame = rf.ethernet(dst, src, frame, pad=False)
    if len(frame) != size:
        raise ValueError(f"{len(frame)} bytes, not {size}")
    return frame


def foreign(size, dst, src, addresses=("10.0.0.1", "10.1.0.1")):
    """A UDP datagram in IPv4 of so many bytes, with its Ethernet header."""
    total = size - rf.ETH_HLEN
    head = bytearray(struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 64, 17, 0,
                                 *map(socket.inet_aton, addresses)))
    folded = sum(struct.unpack(">10H", head))
    folded = (folded & 0xffff) + (folded >> 16)
    struct.pack_into(">H", head, 10, ~(folded + (folded >> 16)) & 0xffff)
    return (rf.mac(dst) + rf.mac(src) + struct.pack(">H", ETH_P_IP) + head +
            struct.pack(">HHHH", 5000, 5001, total - 20, 0) + bytes(total - 28))


def run(ns, *lines):
    """Commands in a namespace."""
    for line in lines:
        subprocess.run(["ip", "netns", "exec", ns, *line.split()], check=True)


def captured(ns, device, wanted, send):
    """The first frame that leaves by or comes to a device and is wanted; send() causes it."""
    with genl.netns(ns):
        packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    with packet:
        packet.bind((device, ETH_P_ALL))
        packet.settimeout(0.2)
        end, again = time.monotonic() + 30, 0
        while (now := time.monotonic()) < end:
            if now > again:
                send()
                again = now + 0.5
            try:
                frame = packet.recv(4096)
            except TimeoutError:
                continue
            if wanted(frame):
                return frame
    raise RuntimeError(f"nothing that was waited for has passed {device}")


def inject(ns, device, frame):
    with genl.netns(ns), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as packet:
        packet.bind((device, ETH_P_IP))
        packet.send(frame)


class Way:
    """What g sends by `a` to f's `in` comes back from f's `out` to g's `b`."""

    count = 0

    def __init__(self, net, name):
        Way.count += 1
        n = Way.count
        self.net, self.name, self.key = net, name, f"f{n}"
        (self.ns,) = net.netns(self.key)
        self.a, self.b = f"a{n}", f"b{n}"
        self.mac_in, self.mac_out = f"02:0f:{n:02x}:00:00:01", f"02:0f:{n:02x}:00:00:02"
        self.mac_a, self.mac_b = f"02:0a:{n:02x}:00:00:11", f"02:0a:{n:02x}:00:00:12"
        net.veth(("g", self.a, self.mac_a, self.key, "in", self.mac_in),
                 ("g", self.b, self.mac_b, self.key, "out", self.mac_out), mtu=MTU)

    def bridged(self):
        ip(f"link add br0 mtu {MTU} type bridge", "link set in master br0",
           "link set out master br0", "link set br0 up", ns=self.ns)

    def frame(self, size):
        return filled(size, [(1, self.mac_b)], self.mac_b, self.mac_a)

    def lane(self, size):
        return Lane(self.a, self.b, self.frame(size))


class Base(Way):
    """One veth, and the end of it."""

    def __init__(self, net):
        self.name, self.a, self.b = "the base", "x", "y"
        self.mac_a, self.mac_b = "02:0a:00:00:00:01", "02:0a:00:00:00:02"
        net.veth(("g", "x", self.mac_a, "g", "y", self.mac_b), mtu=MTU)


class Mirred(Way):
    def __init__(self, net, name="tc mirred redirect"):
        super().__init__(net, name)
        run(self.ns, "tc qdisc add dev in ingress",
            "tc filter add dev in ingress matchall action mirred egress redirect dev out")


class Bridge(Way):
    """With what it has learnt before: an entry for the end."""

    def __init__(self, net, name="Linux bridge, static entry"):
        super().__init__(net, name)
        self.bridged()
        run(self.ns, f"bridge fdb replace {self.mac_b} dev out master static",
            "bridge link set dev in learning off")


class Foreign(Bridge):
    """A bridge that carries IPv4. ports: its members are RoMON's too."""

    def __init__(self, net, name, ports):
        super().__init__(net, name)
        if ports:
            net.router(self.key, f"02:00:00:00:04:{Way.count:02x}")

    def frame(self, size):
        return foreign(size, self.mac_b, self.mac_a)


class Routed(Way):
    """A router of IPv4. ports: of RoMON too."""

    def __init__(self, net, name, ports):
        super().__init__(net, name)
        ip("addr add 10.0.0.254/24 dev in", "addr add 10.1.0.254/24 dev out",
           f"neigh add 10.1.0.1 lladdr {self.mac_b} dev out", ns=self.ns)
        run(self.ns, "sysctl -q -w net.ipv4.ip_forward=1")
        if ports:
            net.router(self.key, f"02:00:00:00:04:{Way.count:02x}")

    def frame(self, size):
        return foreign(size, self.mac_in, self.mac_a)


class Batman(Way):
    """A mesh of three nodes, of which the one in the middle is measured."""

    def __init__(self, net, name="batman-adv, middle node"):
        super().__init__(net, name)
        for ns, mesh, devices in ((net["g"], f"mesh{self.a}", [self.a]), (self.ns, "mesh", ["in", "out"]),
                                  (net["g"], f"mesh{self.b}", [self.b])):
            ip(f"link add {mesh} type batadv", *(f"link set {dev} master {mesh}" for dev in devices),
               f"link set {mesh} up", ns=ns)
        to = subprocess.run(["ip", "-n", net["g"], "-br", "link", "show", f"mesh{self.b}"],
                            check=True, capture_output=True, text=True).stdout.split()[2]
        ask = foreign(128, to, self.mac_a)
        unicast = 0x40
        frame = captured(self.ns, "in", lambda f: f[12:15] == b"\x43\x05" + bytes([unicast]) and
                         len(f) > 128,
                         lambda: inject(net["g"], f"mesh{self.a}", ask))
        self.head = frame[:len(frame) - 128]

    def frame(self, size):
        return self.head + foreign(size - len(self.head), self.mac_b, self.mac_a)


class Macsec(Way):
    """A hop that verifies, and protects anew with another key."""

    def __init__(self, net, name, encrypt):
        super().__init__(net, name)
        self.encrypt = "on" if encrypt else "off"
        # g's own end is there for as long as it takes to see a frame of it.
        self.device(net["g"], self.a, f"sec{self.a}", self.mac_in, 1)
        self.device(self.ns, "in", "secin", self.mac_a, 1)
        self.device(self.ns, "out", "secout", self.mac_b, 2)
        run(self.ns, "tc qdisc add dev secin ingress",
            "tc filter add dev secin ingress matchall action mirred egress redirect dev secout")
        self.protected = {size: captured(net["g"], self.a, lambda f: f[12:14] == b"\x88\xe5",
                                         lambda: inject(net["g"], f"sec{self.a}", self.plain(size)))
                          for size in (128, 512, 1500)}
        ip(f"link del sec{self.a}", ns=net["g"])

    def plain(self, size):
        # SecTAG with SCI, and ICV.
        return foreign(size - 14 - 2 - 16, self.mac_in, self.mac_a)

    def device(self, ns, under, name, peer, key):
        ip(f"link add link {under} {name} mtu {MTU - 100} type macsec encrypt {self.encrypt} "
           "send_sci on replay off", f"link set {name} up", ns=ns)
        run(ns, f"ip macsec add {name} tx sa 0 pn 1 on key 0{key} {key:032x}",
            f"ip macsec add {name} rx port 1 address {peer}",
            f"ip macsec add {name} rx port 1 address {peer} sa 0 pn 1 on key 0{key} {key:032x}")

    def frame(self, size):
        frame = self.protected[size]
        if len(frame) != size:
            raise ValueError(f"{len(frame)} bytes, not {size}")
        return frame


class _Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class _Header(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32),
                ("vectors", ctypes.POINTER(_Vector)), ("n_vectors", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class _Message(ctypes.Structure):
    _fields_ = [("header", _Header), ("len", ctypes.c_uint)]


def relay_sockets(ns):
    """Of in and out."""
    with genl.netns(ns):
        sockets = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW) for _ in range(2)]
    for packet, device in zip(sockets, ("in", "out")):
        packet.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        packet.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 23)
        packet.bind((device, ETH_P_ALL if device == "in" else 0))
    return sockets


def relay(sockets):
    """Copies frames from one to the other, CALL of them a call; for ever."""
    libc = ctypes.CDLL(None)
    buffers = (ctypes.c_char * MTU * CALL)()
    vectors, messages = (_Vector * CALL)(), (_Message * CALL)()
    for i in range(CALL):
        vectors[i] = _Vector(ctypes.addressof(buffers[i]), MTU)
        messages[i].header.vectors = ctypes.pointer(vectors[i])
        messages[i].header.n_vectors = 1
    source, sink = (packet.fileno() for packet in sockets)
    wait_for_one = 0x10000
    while True:
        for vector in vectors:
            vector.len = MTU
        got = libc.recvmmsg(source, messages, CALL, wait_for_one, None)
        for vector, message in zip(vectors, messages[:got]):
            vector.len = message.len
        sent = 0
        while sent < got:
            rest = ctypes.byref(messages, sent * ctypes.sizeof(_Message))
            sent += max(libc.sendmmsg(sink, rest, got - sent, 0), 0)


class Relay(Way):
    """A program that copies frames from one packet socket to another."""

    def __init__(self, net, name="a program, 64 frames a call"):
        super().__init__(net, name)
        sockets = relay_sockets(self.ns)
        self.pid = os.fork()
        if not self.pid:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            try:
                relay(sockets)
            finally:
                os._exit(1)

    def close(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


class Romon(Way):
    """Unhashed: what comes from g is forwarded to g."""

    def __init__(self, net, name, hops=2, linear=None, member=False):
        super().__init__(net, name)
        self.hops, self.linear = hops, linear
        if member:
            self.bridged()
        nl = net.router(self.key, f"02:00:00:00:01:{Way.count:02x}", node_timeout=3600)
        self.out = nl.get("port-get", interface="out")["link"]

    def frame(self, size):
        route = [(1, self.mac_in), (self.out, self.mac_b)]
        route += [(7, f"02:0e:00:00:00:{i:02x}") for i in range(self.hops - 2)]
        return filled(size, route, self.mac_in, self.mac_a)

    def lane(self, size):
        return Lane(self.a, self.b, self.frame(size),
                    linear=min(size, self.linear) if self.linear else None)


class Hashed:
    """A router that hashes what it gets from g, and one that forwards that:

        g -- s == f -- g        or from s back to g by another port, which is as far

    secrets: of the cable between both, of which s hashes by the last; out: of f's other port.
    g: a router of that namespace, whom f and s have for a neighbour there.
    """

    def __init__(self, net, name, g, secrets, out=None):
        self.net, self.name = net, name
        Way.count += 1
        n = Way.count
        self.s_key, self.f_key = f"s{n}", f"f{n}"
        net.netns(self.s_key, self.f_key)
        self.a, self.b, self.c = f"a{n}", f"b{n}", f"c{n}"
        self.mac = mac = [f"02:0d:{n:02x}:00:00:{i:02x}" for i in range(8)]
        net.veth(("g", self.a, mac[0], self.s_key, "in", mac[1]),
                 (self.s_key, "out", mac[2], self.f_key, "in", mac[3]),
                 (self.f_key, "out", mac[4], "g", self.b, mac[5]),
                 (self.s_key, "back", mac[6], "g", self.c, mac[7]), mtu=MTU)
        self.s = net.router(self.s_key, f"02:00:00:00:02:{n:02x}", node_timeout=3600)
        self.f = net.router(self.f_key, f"02:00:00:00:03:{n:02x}", node_timeout=3600)
        mine = secrets[-1:] + secrets[:-1]
        for nl, dev, those in ((self.s, "out", mine), (self.s, "back", mine), (g, self.c, mine),
                               (self.f, "in", secrets), (self.f, "out", out or mine),
                               (g, self.b, out or mine)):
            nl.do("port-add", interface=dev, secrets=those)
        wait_for(lambda: all(any(one["interface"] == dev and one["state"] == "up"
                                 for one in nl.whole_dump("neighbor-get"))
                             for nl, dev in ((self.s, "out"), (self.s, "back"), (self.f, "in"),
                                             (self.f, "out"))), "neighbours")
        self.links = [nl.get("port-get", interface=dev)["link"]
                      for nl, dev in ((self.s, "out"), (self.f, "out"), (self.s, "back"))]

    def lanes(self, size):
        """By both, and by s alone."""
        mac, (to_f, on, back) = self.mac, self.links
        return [Lane(self.a, sink, filled(size, [(1, mac[1]), hop, (on, mac[5])], mac[1], mac[0]))
                for sink, hop in ((self.b, (to_f, mac[3])), (self.c, (back, mac[7])))]
