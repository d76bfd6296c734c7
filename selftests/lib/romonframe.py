# SPDX-License-Identifier: GPL-2.0-only
"""RoMON frames for tests: build, parse, send and receive them.

Written from Documentation/protocol.rst alone and sharing no code with
kernel/path/wire.c, so that the two check each other. Standard library only.

A "frame" is what follows the Ethernet header, as in the examples of
protocol.rst; ethernet() puts the header in front, and Port speaks Ethernet.

Addresses
    mac("02:00:00:00:00:01") -> 6 bytes (bytes are passed through)
    mac_str(6 bytes) -> "02:00:00:00:00:01"
    Device addresses: device_mac("eth0")
    GROUP, BROADCAST, ETHERTYPE; DISCOVER, RESP, DATA, SEQERR, HELLO

Values; plain tuples of the same order do as well, MACs as text or bytes
    End(link, l2mtu, cost, mac)   one end of a Route TLV; NO_END is all zero
    Entry(link, mac)              one entry of a source route
    Route(id, end_in, end_out)    a Route TLV

Build. All keyword arguments after * default to what is right; the tests
that need a wrong frame set them: hops, ptr, length (the field, Ethernet
header included), zero (byte 1), auth (24 bytes), reserved (the zero bytes
after ptr).
    build_discover(src_id, out, *, recorded=(), forwarder=None, end_in=NO_END,
                   extra=b"", tlvs=None)
        as sent by its origin; with recorded=[Entry..] as forwarded by
        the router with ID `forwarder`, heard on `end_in`; extra: TLVs behind
        the Route TLV; tlvs: TLVs instead of all others
    build_resp(origin_id, router_id, parent, end_in, *, recorded=(),
               identity="", version="7.13", board="", extra=b"", tlvs=None)
        parent: the Route of the Discover that is answered; ptr is
        len(recorded), as the answering router sends it
    build_data(src_id, dst_id, route, *, sport, dport, payload=b"")
        route: [Entry or (link, mac)..]; ptr 0
    build_echo(src_id, dst_id, route, *, sport=0x4000, seq=0, size=32)
    build_hello(src_id, dst_id, *, tlvs=b"", type=HELLO)
    tlv(tag, value), route_tlv(Route or 3 arguments), version("7.13") -> bytes

What a router must make of a frame
    forwarded(frame, router_id, ingress, neigh_mac, egress) -> Discover
    answered(frame, router_id, ingress, identity=, version=, board=) -> resp
    resp_step(frame) -> (frame, Entry it goes to), or (frame, None) at the
        origin
    data_step(frame, link, neigh_mac) -> (frame, Entry it goes to), or
        (frame, None) where it arrives
    echo_answer(frame, router_id) -> the answer to an echo request that has
        arrived, i.e. after data_step()
    way_back(entries) -> the entries of an answer

Parse
    parse(data) -> dict, for data with Ethernet header; parse_frame(frame) for
    a frame. Both raise FrameError(reason), named as the drop reasons of
    the module. Keys: type, length, zero, auth, src, dst, and
        Discover, DiscoverResp: hops, ptr, reserved, entries, tlvs [(tag,
            value)..], routes [Route..], identity, version, board (bytes or
            None)
        Data: hops, ptr, reserved, entries, sport, dport, payload
        Hello, SeqErr: body, challenge, echo, mark (bytes or None)
    parse() adds eth_dst, eth_src, and "frame", without padding.

Wire
    ethernet(dst, src, frame, *, pad=True, ethertype=ETHERTYPE)
    with Port("eth0", promiscuous=False) as port:
        port.mac, port.mtu
        port.send(data)                 data with Ethernet header
        port.send_frame(frame, dst=GROUP, src=port.mac)
        port.recv(timeout=1.0, filter=None) -> data, or None
            filter(dict of parse()) picks; frames that do not parse, and
            other EtherTypes, are then passed over. Without a filter
            the next RoMON frame, even a malformed one.
        port.recv_all(timeout, filter=None) -> list, all within `timeout`
        port.drain() -> how many were thrown away
        port.ask(frame, dst=, filter=, timeout=) -> send_frame, then recv
"""

import collections
import fcntl
import re
import select
import socket
import struct
import time

ETHERTYPE = 0x88BF
ETH_HLEN = 14
ETH_ZLEN = 60
GROUP = bytes.fromhex("0180c20088bf")
BROADCAST = b"\xff" * 6
NO_MAC = bytes(6)

DISCOVER, RESP, DATA, SEQERR, HELLO = 1, 2, 3, 4, 5
TYPE_NAMES = {
    DISCOVER: "Discover",
    RESP: "DiscoverResp",
    DATA: "Data",
    SEQERR: "SeqErr",
    HELLO: "Hello",
}
TLV_ROUTE, TLV_IDENTITY, TLV_VERSION, TLV_BOARD = 1, 3, 4, 5
HELLO_TLVS = {1: "challenge", 2: "echo", 3: "mark"}
CHALLENGE_LEN = 8
ECHO, SSH, WINBOX = 1, 3, 4

HEADER_LEN = 40
ENTRY_LEN = 10
ROUTE_LEN = 34
MAX_TLV = 255

End = collections.namedtuple("End", "link l2mtu cost mac")
Entry = collections.namedtuple("Entry", "link mac")
Route = collections.namedtuple("Route", "id end_in end_out")
NO_END = End(0, 0, 0, NO_MAC)


class FrameError(ValueError):
    """A frame that a router must drop; .reason is the drop reason's name."""

    def __init__(self, reason, detail=""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


def mac(text):
    """Six bytes of an address or ID; bytes are passed through."""
    if isinstance(text, (bytes, bytearray)):
        raw = bytes(text)
    else:
        raw = bytes.fromhex(text.replace(":", "").replace("-", ""))
    if len(raw) != 6:
        raise ValueError(f"not an address: {text!r}")
    return raw


def mac_str(raw):
    return ":".join(f"{byte:02x}" for byte in raw)


def is_id(raw):
    return raw not in (NO_MAC, BROADCAST)


def entry(value):
    link, address = value
    return Entry(link, mac(address))


def end(value):
    link, l2mtu, cost, address = value
    return End(link, l2mtu, cost, mac(address))


def route(value):
    router_id, end_in, end_out = value
    return Route(mac(router_id), end(end_in), end(end_out))


KINDS = {"alpha": "a", "beta": "b", "rc": "c", "": "f", ".": "f"}


def version(text):
    """The four bytes of "7.13", "7.13.5", "6.47beta7", "7.1rc3"..."""
    if isinstance(text, (bytes, bytearray)):
        return bytes(text)
    match = re.fullmatch(r"(\d+)\.(\d+)(?:(\.|alpha|beta|rc)(\d+))?", text)
    if not match:
        raise ValueError(f"not a version: {text!r}")
    major, minor, kind, number = match.groups()
    return struct.pack(
        "BBcB", int(major), int(minor), KINDS[kind or ""].encode(), int(number or 0)
    )


# Build


def _text(value):
    return value.encode() if isinstance(value, str) else bytes(value)


def _header(kind, src, dst, rest, length, zero, auth):
    if length is None:
        length = ETH_HLEN + HEADER_LEN + len(rest)
    head = struct.pack("!BBH24s6s6s", kind, zero, length, auth, mac(src), mac(dst))
    return head + rest


def _entries(entries):
    return b"".join(
        struct.pack("!I6s", link, address) for link, address in map(entry, entries)
    )


def _end(value):
    link, l2mtu, cost, address = end(value)
    return struct.pack("!IHH6s", link, l2mtu, cost, address)


def tlv(tag, value=b"", length=None):
    """A TLV; length sets a wrong length byte."""
    value = _text(value)
    return bytes((tag, len(value) if length is None else length)) + value


def route_tlv(*args):
    router_id, end_in, end_out = args[0] if len(args) == 1 else args
    return tlv(TLV_ROUTE, mac(router_id) + _end(end_in) + _end(end_out))


def _discover(kind, src, dst, entries, tlvs, hops, ptr, length, zero, auth, reserved):
    if hops is None:
        hops = len(entries)
    if ptr is None:
        ptr = len(entries)
    rest = bytes((hops, ptr)) + reserved + _entries(entries) + tlvs
    return _header(kind, src, dst, rest, length, zero, auth)


def build_discover(
    src_id,
    out,
    *,
    recorded=(),
    forwarder=None,
    end_in=NO_END,
    extra=b"",
    tlvs=None,
    dst=BROADCAST,
    hops=None,
    ptr=None,
    length=None,
    zero=0,
    auth=bytes(24),
    reserved=bytes(6),
):
    if tlvs is None:
        tlvs = route_tlv(forwarder or src_id, end_in, out) + extra
    return _discover(
        DISCOVER, src_id, dst, recorded, tlvs, hops, ptr, length, zero, auth, reserved
    )


def build_resp(
    origin_id,
    router_id,
    parent,
    end_in,
    *,
    recorded=(),
    identity="",
    version="7.13",
    board="",
    extra=b"",
    tlvs=None,
    hops=None,
    ptr=None,
    length=None,
    zero=0,
    auth=bytes(24),
    reserved=bytes(6),
):
    if tlvs is None:
        tlvs = (
            route_tlv(parent)
            + route_tlv(router_id, end_in, NO_END)
            + tlv(TLV_IDENTITY, identity)
            + tlv(TLV_VERSION, globals()["version"](version))
            + tlv(TLV_BOARD, board)
            + extra
        )
    return _discover(
        RESP,
        origin_id,
        router_id,
        recorded,
        tlvs,
        hops,
        ptr,
        length,
        zero,
        auth,
        reserved,
    )


def build_data(
    src_id,
    dst_id,
    route,
    *,
    sport,
    dport,
    payload=b"",
    ptr=0,
    hops=None,
    length=None,
    zero=0,
    auth=bytes(24),
    reserved=bytes(4),
):
    if hops is None:
        hops = len(route)
    rest = bytes((hops, ptr)) + reserved + _entries(route)
    rest += struct.pack("!HH", sport, dport) + _text(payload)
    return _header(DATA, src_id, dst_id, rest, length, zero, auth)


def build_echo(src_id, dst_id, route, *, sport=0x4000, seq=0, size=32, **wrong):
    """An echo request as RouterOS sends it."""
    payload = struct.pack("!I", seq).ljust(size, b"\0")[:size]
    return build_data(
        src_id, dst_id, route, sport=sport, dport=ECHO, payload=payload, **wrong
    )


def build_hello(
    src_id, dst_id=BROADCAST, *, tlvs=b"", type=HELLO, length=None, zero=0, auth=bytes(24)
):
    return _header(type, src_id, dst_id, tlvs, length, zero, auth)


def ethernet(dst, src, frame, *, pad=True, ethertype=ETHERTYPE):
    """Put the Ethernet header in front; pad to the minimum of 60 bytes."""
    data = mac(dst) + mac(src) + struct.pack("!H", ethertype) + frame
    return data.ljust(ETH_ZLEN, b"\0") if pad else data


# Parse


def _parse_end(raw):
    return End(*struct.unpack("!IHH6s", raw))


def _parse_route(raw):
    if len(raw) != ROUTE_LEN:
        raise FrameError("bad_tlv", f"Route TLV of {len(raw)} bytes")
    return Route(raw[:6], _parse_end(raw[6:20]), _parse_end(raw[20:34]))


def _parse_tlvs(raw):
    tlvs = []
    while raw:
        if len(raw) < 2 or len(raw) < 2 + raw[1]:
            raise FrameError("bad_tlv", "runs past the frame")
        tlvs.append((raw[0], raw[2 : 2 + raw[1]]))
        raw = raw[2 + raw[1] :]
    return tlvs


def _check_routes(found):
    """Which Route TLVs a Discover or DiscoverResp has, and whose."""
    routes, src, dst = found["routes"], found["src"], found["dst"]
    if found["type"] == DISCOVER:
        if dst != BROADCAST:
            raise FrameError("bad_id", "Discover not for everybody")
        if len(routes) != 1:
            raise FrameError("bad_route_tlv", f"{len(routes)} of 1")
    else:
        if not is_id(dst):
            raise FrameError("bad_id", "destination")
        if len(routes) != 2:
            raise FrameError("bad_route_tlv", f"{len(routes)} of 2")
        if routes[1].id != dst:
            raise FrameError("bad_route_tlv", "second is not the answering router")
        if dst in (src, routes[0].id):
            raise FrameError("bad_route_tlv", "answers itself")
    if not is_id(routes[0].id):
        raise FrameError("bad_route_tlv", "not an ID")
    if (routes[0].id == src) != (found["hops"] == 0):
        raise FrameError("bad_route_tlv", "ID against hops")


def parse_frame(frame):
    """Take a frame apart; padding behind its length is ignored."""
    if len(frame) < HEADER_LEN:
        raise FrameError("too_short")
    kind, zero, length, auth, src, dst = struct.unpack("!BBH24s6s6s", frame[:HEADER_LEN])
    if length < ETH_HLEN + HEADER_LEN:
        raise FrameError("too_short", f"length {length}")
    if length - ETH_HLEN > len(frame):
        raise FrameError("bad_length", f"{length} with {len(frame)} bytes")
    if kind not in TYPE_NAMES:
        raise FrameError("unknown_type", str(kind))
    if not is_id(src):
        raise FrameError("bad_id", "source")
    rest = frame[HEADER_LEN : length - ETH_HLEN]
    found = dict(type=kind, zero=zero, length=length, auth=auth, src=src, dst=dst)
    if kind in (HELLO, SEQERR):
        found.update(body=rest, challenge=None, echo=None, mark=None)
        for tag, value in _parse_tlvs(rest):
            if tag in HELLO_TLVS:
                if len(value) != CHALLENGE_LEN:
                    raise FrameError("bad_tlv", f"{HELLO_TLVS[tag]} of {len(value)} bytes")
                found[HELLO_TLVS[tag]] = value
        return found

    fixed = 6 if kind == DATA else 8
    if len(rest) < fixed:
        raise FrameError("too_short")
    hops, ptr = rest[0], rest[1]
    found.update(hops=hops, ptr=ptr, reserved=rest[2:fixed])
    rest = rest[fixed:]
    if hops * ENTRY_LEN > len(rest) or (kind == DATA and not hops):
        raise FrameError("bad_hops", str(hops))
    found["entries"] = [
        Entry(*struct.unpack("!I6s", rest[at : at + ENTRY_LEN]))
        for at in range(0, hops * ENTRY_LEN, ENTRY_LEN)
    ]
    rest = rest[hops * ENTRY_LEN :]

    if kind == DATA:
        if ptr >= hops:
            raise FrameError("bad_pointer", f"{ptr} of {hops}")
        if not is_id(dst):
            raise FrameError("bad_id", "destination")
        if len(rest) < 4:
            raise FrameError("bad_transport")
        found["sport"], found["dport"] = struct.unpack("!HH", rest[:4])
        found["payload"] = rest[4:]
        return found

    if ptr > hops or (kind == DISCOVER and ptr != hops):
        raise FrameError("bad_pointer", f"{ptr} of {hops}")
    found.update(tlvs=_parse_tlvs(rest), routes=[])
    found.update(identity=None, version=None, board=None)
    for tag, value in found["tlvs"]:
        if tag == TLV_ROUTE:
            if len(found["routes"]) == 2 and len(value) == ROUTE_LEN:
                raise FrameError("bad_route_tlv", "third")
            found["routes"].append(_parse_route(value))
        elif tag == TLV_IDENTITY:
            found["identity"] = value
        elif tag == TLV_VERSION:
            if len(value) != 4:
                raise FrameError("bad_tlv", f"version of {len(value)} bytes")
            found["version"] = value
        elif tag == TLV_BOARD:
            found["board"] = value
    _check_routes(found)
    return found


def parse(data):
    """Take apart what came off a wire, Ethernet header included."""
    if len(data) < ETH_HLEN or data[12:14] != struct.pack("!H", ETHERTYPE):
        raise FrameError("not_romon")
    found = parse_frame(data[ETH_HLEN:])
    found.update(eth_dst=data[:6], eth_src=data[6:12])
    found["frame"] = data[ETH_HLEN : found["length"]]
    return found


# What a router must make of a frame


def way_back(entries):
    """The route of an answer: the recorded one, read backwards."""
    return [entry(value) for value in reversed(entries)]


def forwarded(frame, router_id, ingress, neigh_mac, egress):
    """A Discover as router_id passes it on; ingress and egress are Ends."""
    found = parse_frame(frame)
    tlvs = b"".join(
        route_tlv(router_id, ingress, egress) if tag == TLV_ROUTE else tlv(tag, value)
        for tag, value in found["tlvs"]
    )
    return build_discover(
        found["src"],
        NO_END,
        recorded=found["entries"] + [Entry(end(ingress).link, mac(neigh_mac))],
        tlvs=tlvs,
        zero=found["zero"],
        reserved=found["reserved"],
    )


def answered(frame, router_id, ingress, identity="", version="7.13", board=""):
    """The DiscoverResp of router_id to a Discover heard on ingress."""
    found = parse_frame(frame)
    return build_resp(
        found["src"],
        router_id,
        found["routes"][0],
        ingress,
        recorded=found["entries"],
        identity=identity,
        version=version,
        board=board,
    )


def resp_step(frame):
    """A DiscoverResp on its way to the origin, one router further."""
    found = parse_frame(frame)
    if not found["ptr"]:
        return frame, None
    out = bytearray(frame[: found["length"] - ETH_HLEN])
    out[HEADER_LEN + 1] -= 1
    return bytes(out), found["entries"][found["ptr"] - 1]


def data_step(frame, link, neigh_mac):
    """A Data frame that came in by link from neigh_mac, one router further."""
    found = parse_frame(frame)
    ptr = found["ptr"]
    out = bytearray(frame[: found["length"] - ETH_HLEN])
    at = HEADER_LEN + 6 + ptr * ENTRY_LEN
    out[at : at + ENTRY_LEN] = struct.pack("!I6s", link, mac(neigh_mac))
    if ptr == found["hops"] - 1:
        return bytes(out), None
    out[HEADER_LEN + 1] = ptr + 1
    return bytes(out), found["entries"][ptr + 1]


def echo_answer(frame, router_id):
    """The answer to an echo request that has arrived at router_id."""
    found = parse_frame(frame)
    return build_data(
        router_id,
        found["src"],
        way_back(found["entries"]),
        sport=found["dport"],
        dport=found["sport"],
        payload=found["payload"],
    )


# Wire

SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP = 1
PACKET_MR_MULTICAST = 0
PACKET_MR_PROMISC = 1
ETH_P_ALL = 3
PACKET_OUTGOING = 4
SIOCGIFHWADDR = 0x8927
SIOCGIFMTU = 0x8921


def _ifreq(request, ifname):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return fcntl.ioctl(sock, request, struct.pack("16s24x", ifname.encode()))


def device_mac(ifname):
    return _ifreq(SIOCGIFHWADDR, ifname)[18:24]


def device_mtu(ifname):
    return struct.unpack_from("i", _ifreq(SIOCGIFMTU, ifname), 16)[0]


class Port:
    """A device to send on and to listen to; see the top of the file."""

    def __init__(self, ifname, promiscuous=False, outgoing=False, rcvbuf=8 << 20):
        self.ifname = ifname
        self.mac = device_mac(ifname)
        self.mtu = device_mtu(ifname)
        self.outgoing = outgoing
        # No EtherType until bound, so that nothing of another device
        # is queued before; all of them then, because bridges and
        # ingress hooks take frames before sockets of one EtherType.
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
            self.sock.bind((ifname, ETH_P_ALL))
            self._member(PACKET_MR_MULTICAST, GROUP)
            if promiscuous:
                self._member(PACKET_MR_PROMISC, b"")
        except BaseException:
            self.sock.close()
            raise

    def _member(self, kind, address):
        index = socket.if_nametoindex(self.ifname)
        request = struct.pack("iHH8s", index, kind, len(address), address)
        self.sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def send(self, data):
        self.sock.send(data)

    def send_frame(self, frame, dst=GROUP, src=None):
        self.send(ethernet(dst, src or self.mac, frame))

    def _receive(self, deadline):
        """The next RoMON frame before the deadline, or None."""
        while True:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self.sock], [], [], left)[0]:
                return None
            data, address = self.sock.recvfrom(65536)
            if address[2] == PACKET_OUTGOING and not self.outgoing:
                continue
            if len(data) >= ETH_HLEN and data[12:14] == struct.pack("!H", ETHERTYPE):
                return data

    def recv(self, timeout=1.0, filter=None):
        deadline = time.monotonic() + timeout
        while True:
            data = self._receive(deadline)
            if data is None or filter is None:
                return data
            try:
                if filter(parse(data)):
                    return data
            except FrameError:
                pass

    def recv_all(self, timeout, filter=None):
        deadline = time.monotonic() + timeout
        frames = []
        while True:
            data = self.recv(max(0.0, deadline - time.monotonic()), filter)
            if data is None:
                return frames
            frames.append(data)

    def drain(self):
        return len(self.recv_all(0.0))

    def ask(self, frame, dst=GROUP, filter=None, timeout=1.0):
        self.send_frame(frame, dst)
        return self.recv(timeout, filter)
