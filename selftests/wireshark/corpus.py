# SPDX-License-Identifier: GPL-2.0-only
"""Captures of all that RoMON puts on a wire, and of what it never should.

captures(folder) writes them, the same ones each time, and returns a Capture
for each. Most is made by the frame builders of lib/, which were written from
protocol.rst alone; the rest is what the fuzzers begin with.
"""

import collections
import pathlib
import random
import struct

import romonauth as ra
import romonframe as rf

FUZZ = pathlib.Path(__file__).resolve().parent.parent / "fuzz"

# What is known of it beside its frames: secrets, by frame number what the digest
# is, and what streams carried, by (stream, RoMON port that it comes from).
Capture = collections.namedtuple("Capture", "path secrets digests streams expected")

SECRETS = ("correct horse", "battery, staple")
OSLO, BERN, FARO = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:06"
OSLO_MAC, BERN_MAC, BERN_MAC2, FARO_MAC = (
    "02:01:00:01:00:02", "02:01:00:02:00:01", "02:01:00:02:00:06", "02:01:00:06:00:02")
OUT = rf.End(10, 1598, 100, OSLO_MAC)
BERN_IN, BERN_OUT = rf.End(12, 1592, 100, BERN_MAC), rf.End(13, 1500, 300, BERN_MAC2)
FARO_IN = rf.End(0xFFFFFFFF, 1500, 65535, FARO_MAC)
MARKS = {OSLO_MAC: b"markoslo", BERN_MAC: b"mark\0\xff\x80n"}
# Of what has no Ethernet header there.
ETHERNET, COOKED = 1, 113


class Writer:
    """A capture that grows."""

    def __init__(self, path, link=ETHERNET):
        self.path, self.now, self.count = path, 1_000_000.0, 0
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        self.digests, self.streams, self.expected = {}, {}, {}

    def add(self, data, captured=None, after=0.001, digest=None, expect=()):
        """captured: how many bytes of it; digest, expect: what is to be said of it."""
        self.now += after
        self.count += 1
        seen = data if captured is None else data[:captured]
        self.file.write(struct.pack("<IIII", int(self.now), int(self.now % 1 * 1e6 + 0.5) % 1_000_000,
                                    len(seen), len(data)) + seen)
        if digest is not None:
            self.digests[self.count] = digest
        if expect:
            self.expected[self.count] = expect
        return self.count

    def close(self, secrets=()):
        self.file.close()
        return Capture(self.path, secrets, self.digests, self.streams, self.expected)


# What routers say to each other


def discovery():
    """(destination, source, frame): a flood over one router, and the answers."""
    flood = rf.build_discover(OSLO, OUT)
    passed = rf.forwarded(flood, BERN, BERN_IN, OSLO_MAC, BERN_OUT)
    near = rf.answered(flood, BERN, BERN_IN, "bern", "7.13", "RB750Gr3")
    far = rf.answered(passed, FARO, FARO_IN, "faro über Ω", "6.47beta7", "x86_64")
    step, entry = rf.resp_step(far)
    return [
        (rf.GROUP, OSLO_MAC, flood),
        (BERN_MAC, OSLO_MAC, flood),
        (rf.BROADCAST, OSLO_MAC, flood),
        (OSLO_MAC, BERN_MAC, near),
        (rf.GROUP, BERN_MAC2, passed),
        (BERN_MAC2, FARO_MAC, far),
        (entry.mac, BERN_MAC, step),
        (OSLO_MAC, BERN_MAC, rf.answered(flood, BERN, BERN_IN, "", "7.1rc3", "")),
        (OSLO_MAC, BERN_MAC, rf.answered(flood, BERN, BERN_IN, "b\x1b[31m\0rn", "7.13.5", "\xff")),
        (OSLO_MAC, BERN_MAC, rf.answered(flood, BERN, BERN_IN, b"\xff\xc3", b"\1\2?\4", b"")),
        (OSLO_MAC, BERN_MAC, rf.answered(flood, BERN, BERN_IN, "b" * 255, "7.1alpha1", "c" * 255)),
        (rf.GROUP, OSLO_MAC, rf.build_discover(
            OSLO, OUT, extra=rf.tlv(9, "new") + rf.tlv(2) + rf.tlv(3, "name"))),
        (rf.GROUP, OSLO_MAC, rf.build_discover(
            OSLO, OUT, forwarder=BERN, end_in=BERN_IN,
            recorded=[(n, f"02:00:00:00:01:{n:02x}") for n in range(255)])),
        (rf.GROUP, OSLO_MAC, rf.build_discover(
            OSLO, OUT, zero=1, reserved=b"\0\0\0\1\0\0")),
    ]


def hellos():
    return [
        (rf.GROUP, OSLO_MAC, rf.build_hello(OSLO)),
        (rf.GROUP, OSLO_MAC, rf.build_hello(OSLO, tlvs=ra.hello_body(mark=b"its mark"))),
        (BERN_MAC, OSLO_MAC, rf.build_hello(OSLO, tlvs=ra.hello_body(b"question", None, b"its mark"))),
        (OSLO_MAC, BERN_MAC, rf.build_hello(BERN, tlvs=ra.hello_body(b"\0\1\2\3\4\5\6\7", b"question"))),
        (BERN_MAC, OSLO_MAC, rf.build_hello(OSLO, tlvs=ra.hello_body(b"question"), type=rf.SEQERR)),
        (BERN_MAC, OSLO_MAC, rf.build_hello(OSLO, tlvs=rf.tlv(9, "new") + rf.tlv(4))),
    ]


ROUTE = [rf.Entry(10, rf.mac(BERN_MAC)), rf.Entry(13, rf.mac(FARO_MAC))]


def hops(frame):
    """(destination, source, frame) of Data on both hops of ROUTE."""
    step, entry = rf.data_step(frame, 12, OSLO_MAC)
    return [(BERN_MAC, OSLO_MAC, frame), (entry.mac, BERN_MAC2, step)]


def hops_back(frame):
    """The same for an answer, which comes along the route that it recorded."""
    step, entry = rf.data_step(frame, 13, FARO_MAC)
    return [(BERN_MAC2, FARO_MAC, frame), (entry.mac, BERN_MAC, step)]


def recorded():
    """The way back, as the far end has it."""
    return rf.way_back([rf.Entry(12, rf.mac(OSLO_MAC)), rf.Entry(14, rf.mac(BERN_MAC2))])


def echoes():
    frames = []
    for seq, size in ((0, 32), (1, 32), (0xFFFFFFFF, 4), (3, 1400), (4, 3), (5, 0)):
        asked = rf.build_echo(OSLO, FARO, ROUTE, seq=seq, size=size)
        frames += hops(asked)
        arrived, _ = rf.data_step(frames[-1][2], 14, BERN_MAC2)
        frames += hops_back(rf.echo_answer(arrived, FARO))
    return frames


def datagrams():
    return [frame for sport, dport, payload in (
        (1, 1, b"question"), (49152, 2, b"to whom?"), (49152, 2, b""), (7, 22, bytes(range(256))),
        (65535, 0, b"x")) for frame in hops(rf.build_data(
            OSLO, FARO, ROUTE, sport=sport, dport=dport, payload=payload))]


def segment(kind, seq, ack, payload=b"", any=0):
    return struct.pack("!BBII", kind, any, seq % 2**32, ack % 2**32) + payload


OPEN, ANSWER, BYTES, ACK, CLOSE = range(5)


class Stream:
    """Both sides of one, on the first hop; lost segments are not in the capture."""

    def __init__(self, port=3, opener=0xFFFFFF00, listener=5, sport=50000):
        self.ports = sport, port
        self.seq = [opener, listener]
        self.frames = []

    def send(self, side, kind, seq=None, ack=None, payload=b"", hop=0, lost=False, **wrong):
        seq = self.seq[side] if seq is None else seq
        ack = self.seq[1 - side] if ack is None else ack
        ports = self.ports if side == 0 else self.ports[::-1]
        frame = rf.build_data(
            *((OSLO, FARO) if side == 0 else (FARO, OSLO)), ROUTE if side == 0 else recorded(),
            sport=ports[0], dport=ports[1], payload=segment(kind, seq, ack, payload, **wrong))
        if not lost:
            self.frames += [(hops if side == 0 else hops_back)(frame)[hop]]
        return frame

    def open(self):
        self.send(0, OPEN, ack=0, any=0xC0)
        self.send(1, ANSWER)
        self.send(0, ACK)

    def data(self, side, payload, **how):
        frame = self.send(side, BYTES, payload=payload, **how)
        self.seq[side] += len(payload)
        return frame

    def end(self, side):
        self.send(side, CLOSE)
        self.seq[side] += 1
        self.send(1 - side, ACK)


SSH_HELLO = (b"SSH-2.0-OpenSSH_9.2p1 client\r\n", b"SSH-2.0-OpenSSH_9.2p1 server\r\n")


def key_exchange():
    """An SSH packet, SSH_MSG_KEXINIT, as RFC 4253 has it."""
    lists = (b"curve25519-sha256", b"ssh-ed25519", b"aes128-ctr", b"aes128-ctr", b"hmac-sha2-256",
             b"hmac-sha2-256", b"none", b"none", b"", b"")
    body = bytes([20]) + bytes(16) + b"".join(struct.pack("!I", len(n)) + n for n in lists) + bytes(5)
    padding = 8 - (len(body) + 5) % 8 + 8
    return struct.pack("!IB", len(body) + padding + 1, padding) + body + bytes(padding)


def ssh_stream():
    """SSH of which segments are lost, late, sent again and cut at odd places."""
    s = Stream()
    said = [SSH_HELLO[0] + key_exchange(), SSH_HELLO[1] + key_exchange()]
    s.open()
    s.send(1, ANSWER)
    s.data(0, said[0][:10])
    s.send(1, ACK)
    start = s.seq[0]
    # Cut where neither a line nor a packet ends; the second one comes last.
    s.data(0, said[0][10:40])
    s.data(0, said[0][40:100], lost=True)
    s.send(1, ACK, ack=start + 30)
    s.data(0, said[0][100:150])
    s.send(1, ACK, ack=start + 30)
    s.send(1, ACK, ack=start + 30)
    s.data(0, said[0][150:])
    s.send(1, ACK, ack=start + 30)
    s.send(0, BYTES, seq=start + 30, payload=said[0][40:100])
    s.send(1, ACK)
    s.data(1, said[1][:50])
    # All of it again, in another segment, and some more.
    s.send(1, BYTES, seq=s.seq[1] - 20, payload=said[1][30:80])
    s.seq[1] += 30
    s.data(1, said[1][80:])
    s.send(1, BYTES, seq=s.seq[1] - 5, payload=said[1][-5:])
    s.send(0, ACK)
    s.send(0, BYTES, seq=s.seq[0] - 1)
    s.send(1, ACK)
    s.end(0)
    s.end(1)
    return s.frames, {50000: said[0], 3: said[1]}


def late_stream():
    """One whose beginning is not in the capture, with numbers that wrap around."""
    s = Stream(port=4, opener=0xFFFFFFF0, sport=50001)
    s.data(0, b"a" * 20)
    s.data(1, b"b" * 20)
    s.data(0, b"c" * 20, lost=True)
    s.data(0, b"d" * 20)
    # Acknowledged, so what was lost was lost by the capture alone.
    s.send(1, ACK)
    s.data(0, b"e" * 20)
    s.send(1, CLOSE, payload=b"\5")
    return s.frames, {50001: b"a" * 20 + b"d" * 20 + b"e" * 20, 4: b"b" * 20}


def refused_stream():
    s = Stream(sport=50002)
    s.send(0, OPEN, ack=0)
    s.send(1, CLOSE, payload=b"\1")
    # Again, from the same RoMON port.
    s.seq[0] += 1000
    s.send(0, OPEN, ack=0)
    s.send(0, OPEN, ack=0)
    s.send(1, CLOSE, payload=b"\7")
    s.send(0, 9, any=0x42)
    s.send(0, CLOSE, payload=b"two")
    return s.frames


def unhashed():
    return (discovery() + hellos() + echoes() + datagrams()
            + ssh_stream()[0] + late_stream()[0] + refused_stream())


# Captures


def write_right(folder):
    out = Writer(folder / "right.pcap")
    for dst, src, frame in unhashed():
        out.add(rf.ethernet(dst, src, frame))
    for dst, src, frame in unhashed():
        tags = struct.pack("!HHHH", 0x88A8, 5, 0x8100, 0xE007)
        data = rf.ethernet(dst, src, frame, pad=False)
        out.add(data[:12] + tags + data[12:] + b"\xee" * (out.count % 3 * 4))
    return out.close()


def write_cooked(folder):
    """What tcpdump -i any has: no destination."""
    out = Writer(folder / "cooked.pcap", link=COOKED)
    for number, (dst, src, frame) in enumerate(unhashed()):
        if number % 3 == 1:
            frame = ra.hashed(frame, SECRETS[0], number, dst, src)
        out.add(struct.pack("!HHH6s2xH", 0, 1, 6, rf.mac(src), rf.ETHERTYPE) + frame,
                digest="Unverified" if number % 3 == 1 else "Not present")
    return out.close(SECRETS)


def write_streams(folder):
    out = Writer(folder / "streams.pcap")
    for index, (frames, carried) in enumerate((ssh_stream(), late_stream())):
        for dst, src, frame in frames:
            out.add(rf.ethernet(dst, src, frame))
        out.streams.update({(index, port): data for port, data in carried.items()})
    for dst, src, frame in refused_stream() + echoes():
        out.add(rf.ethernet(dst, src, frame))
    return out.close()


def hashed(frame, how, number, dst, src, mark=b""):
    secret = "wrong" if how == "Bad" else SECRETS[number % 2]
    return rf.ethernet(dst, src, ra.hashed(frame, secret, number << 33 | number, dst, src, mark))


def write_hashed(folder):
    out = Writer(folder / "hashed.pcap")
    number = 1

    def add(dst, src, frame, how="Good", mark=b"", **more):
        nonlocal number
        number += 1
        data = hashed(frame, how, number, dst, src, mark)
        out.add(data, digest=how, **more)
        return data

    # Before the receiver has told its mark nobody can tell.
    first = unhashed()[3]
    add(*first, how="Unverified", mark=MARKS[OSLO_MAC])
    for mac, mark in MARKS.items():
        add(rf.GROUP, mac, rf.build_hello(OSLO, tlvs=ra.hello_body(mark=mark)))
    for dst, src, frame in unhashed():
        bound = ra.is_bound(frame, dst)
        mark = MARKS.get(rf.mac_str(rf.mac(dst)), b"") if bound else b""
        data = add(dst, src, frame, mark=mark)
        if bound:
            add(dst, src, frame, how="Bad" if mark else "Unverified", mark=b"not mine")
        if mark or not bound:
            add(dst, src, frame, how="Bad", mark=mark)
        # Each byte of it counts.
        at = out.count % len(frame)
        broken = bytearray(data)
        broken[14 + at] ^= 0x10
        out.add(bytes(broken), digest="not Good")
    out.add(data, digest="Good", expect=("romon.repeated",))
    out.add(rf.ethernet(*first), digest="Not present", expect=("romon.unhashed",))
    out.add(data, captured=len(data) - 1, digest="Unverified")
    return out.close(SECRETS)


def wrong_frames():
    """Each rule broken by itself, and by little."""
    data = dict(sport=50000, dport=3, payload=segment(ACK, 1, 2))
    two = [(OSLO, OUT, rf.NO_END), (BERN, BERN_IN, rf.NO_END)]
    yield rf.build_discover(OSLO, OUT, hops=1, ptr=1)
    yield rf.build_discover(OSLO, OUT, ptr=1)
    yield rf.build_discover(OSLO, OUT, hops=200, ptr=200)
    yield rf.build_discover(OSLO, OUT, dst=BERN)
    yield rf.build_discover(OSLO, OUT, forwarder=BERN)
    yield rf.build_discover(OSLO, OUT, tlvs=b"")
    yield rf.build_discover(OSLO, OUT, tlvs=b"\1")
    yield rf.build_discover(OSLO, OUT, tlvs=rf.tlv(1, bytes(33)))
    yield rf.build_discover(OSLO, OUT, extra=rf.tlv(3, "longer", length=7))
    yield rf.build_discover(OSLO, OUT, extra=rf.tlv(4, b"\7\r\f"))
    yield rf.build_discover(OSLO, OUT, extra=rf.route_tlv(BERN, BERN_IN, OUT))
    yield rf.build_discover(bytes(6), OUT)
    yield rf.build_discover(rf.BROADCAST, OUT)
    for routes in ([], two[:1], two[::-1], two + two[:1], [two[1], two[1]]):
        yield rf.build_resp(OSLO, BERN, two[0], BERN_IN, tlvs=b"".join(map(rf.route_tlv, routes)))
    yield rf.build_resp(OSLO, BERN, two[0], BERN_IN, ptr=1)
    yield rf.build_resp(OSLO, rf.BROADCAST, two[0], BERN_IN)
    yield rf.build_resp(OSLO, OSLO, two[0], BERN_IN)
    yield rf.build_data(OSLO, FARO, [], **data)
    yield rf.build_data(OSLO, FARO, ROUTE, ptr=2, **data)
    yield rf.build_data(OSLO, FARO, ROUTE, hops=3, **data)
    yield rf.build_data(OSLO, FARO, ROUTE, hops=255, **data)
    yield rf.build_data(OSLO, rf.BROADCAST, ROUTE, **data)
    yield rf.build_data(bytes(6), FARO, ROUTE, **data)
    yield rf.build_hello(bytes(6))
    for body in (b"\1", b"\1\x08", b"\1\7" + bytes(7), b"\2\x09" + bytes(9), b"\3\0", b"\7\xff"):
        yield rf.build_hello(OSLO, tlvs=body)
    for kind in (0, 6, 255):
        yield rf.build_hello(OSLO, type=kind, tlvs=b"body")
    for length in (0, 13, 14, 53, 54, 55, 200, 65535):
        yield rf.build_hello(OSLO, length=length)
        yield rf.build_data(OSLO, FARO, ROUTE, length=length, **data)


def kinds():
    """One frame for each kind of field."""
    found = discovery()
    return found[:1] + found[3:4] + found[4:5] + hellos()[2:4] + echoes()[:2] + ssh_stream()[0][:5]


def write_wrong(folder):
    out = Writer(folder / "wrong.pcap")
    for frame in wrong_frames():
        out.add(rf.ethernet(BERN_MAC, OSLO_MAC, frame, pad=False))
        out.add(rf.ethernet(rf.GROUP, BERN_MAC, frame))
    # Cut off: by the capture; on the wire; and by a field that says so.
    for dst, src, frame in kinds():
        whole = rf.ethernet(dst, src, frame, pad=False)
        for length in range(14, len(whole)):
            out.add(whole, captured=length)
            out.add(whole[:length])
            out.add(whole[:16] + struct.pack("!H", length) + whole[18:])
    # From and to whom nothing should come or go.
    for dst, src in ((rf.GROUP, OSLO_MAC), (BERN_MAC, rf.GROUP), (FARO_MAC, OSLO_MAC), (bytes(6), bytes(6))):
        for _, _, frame in kinds():
            out.add(rf.ethernet(dst, src, frame))
    bad_next = [rf.Entry(1, rf.mac(BERN_MAC)), rf.Entry(2, rf.GROUP), rf.Entry(3, rf.mac(BERN_MAC))]
    out.add(rf.ethernet(BERN_MAC, OSLO_MAC, rf.build_echo(OSLO, FARO, bad_next)),
            expect=("romon.bad_next", "romon.loop"))
    out.add(rf.ethernet(BERN_MAC, OSLO_MAC, rf.build_data(OSLO, FARO, ROUTE, sport=1, dport=1)),
            expect=("romon.echo_port",))
    return out.close(SECRETS)


def mutate(chance, data):
    """What a bad cable, or somebody bad, makes of it."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        # The Ethernet header is not ours.
        at = chance.randrange(14, len(data) if chance.random() < 0.5 else min(len(data), 70))
        what = chance.random()
        if what < 0.4:
            data[at] = chance.choice((0, 1, 2, 3, 4, 5, 34, 127, 128, 255, chance.randrange(256)))
        elif what < 0.7:
            data[at] ^= 1 << chance.randrange(8)
        elif what < 0.8:
            del data[at : at + chance.randrange(1, 20)]
        elif what < 0.9:
            data[at:at] = chance.randbytes(chance.randrange(1, 20))
        else:
            other = chance.randrange(14, len(data))
            data[at : at + 8] = data[other : other + 8]
        if len(data) < 16:
            break
    return bytes(data)


def write_mutated(folder, count=2000):
    chance = random.Random(1)
    out = Writer(folder / "mutated.pcap")
    frames = [rf.ethernet(dst, src, frame) for dst, src, frame in unhashed()]
    frames += [hashed(frame, "Good", n, dst, src) for n, (dst, src, frame) in enumerate(unhashed(), 1)]
    # Long ones are worth less.
    frames = [data for data in frames if len(data) < 700]
    for _ in range(count):
        data = mutate(chance, chance.choice(frames))
        out.add(data, captured=chance.randrange(14, len(data) + 1) if chance.random() < 0.2 else None)
    return out.close(SECRETS)


def write_fuzz(folder):
    """What the fuzzer of the parser begins with."""
    out = Writer(folder / "fuzz.pcap")
    for file in sorted((FUZZ / "corpus").iterdir()):
        # wire_fuzz.c has the prefix.
        frame = file.read_bytes()[4:]
        out.add(rf.ethernet(BERN_MAC, OSLO_MAC, frame))
        out.add(rf.ethernet(rf.GROUP, OSLO_MAC, frame, pad=False), captured=50)
    return out.close()


def captures(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = [write(folder) for write in (
        write_right, write_cooked, write_streams, write_hashed, write_wrong, write_mutated, write_fuzz)]
    made += [Capture(file, (), {}, {}, {}) for file in sorted((FUZZ / "capture/corpus").iterdir())]
    return made


if __name__ == "__main__":
    import sys

    for capture in captures(sys.argv[1]):
        print(capture.path)
