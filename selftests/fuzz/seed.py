#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Write the fuzzer's corpus: one named frame for each way to be accepted, and
those rejections that mutation does not find at once. Each has the prefix that
wire_fuzz.c describes."""

import pathlib
import struct

import romonframe as rf

here = pathlib.Path(__file__).resolve().parent

ORIGIN, MIDDLE, FAR = "aa:bb:cc:dd:ee:ff", "02:00:00:00:00:0b", "18:fd:74:73:c5:3a"
OUT = rf.End(10, 1598, 100, "d4:ca:6d:dd:8c:be")
IN = rf.End(12, 1592, 100, "18:fd:74:73:c5:3a")
ROUTE = [(6, "02:00:00:00:00:16"), (16, "02:00:00:00:01:16"), (41, "02:00:00:00:02:16")]

discover = rf.build_discover(ORIGIN, OUT)
forwarded = rf.forwarded(discover, MIDDLE, IN, OUT.mac, OUT)
seeds = {
    # the two of protocol.rst
    "discover": discover,
    "resp": rf.answered(discover, FAR, IN, "DuneGW", "7.13", "RB750Gr3"),
    "discover-forwarded": forwarded,
    "discover-padded": discover + bytes(10),
    "discover-tlvs": rf.build_discover(
        ORIGIN, OUT, extra=rf.tlv(9, "new") + rf.tlv(2) + rf.tlv(3, "name")
    ),
    "discover-hops-255": rf.build_discover(
        ORIGIN, OUT, forwarder=MIDDLE, end_in=IN, recorded=(ROUTE * 85)
    ),
    "resp-forwarded": rf.answered(forwarded, FAR, IN, "far", "6.47beta7", "x86"),
    "resp-passed": rf.resp_step(rf.answered(forwarded, FAR, IN))[0],
    "resp-three-routes": rf.build_resp(
        ORIGIN, FAR, (ORIGIN, rf.NO_END, OUT), IN, extra=rf.route_tlv(FAR, IN, OUT)
    ),
    "echo": rf.build_echo(ORIGIN, FAR, ROUTE[:1]),
    "echo-three-hops": rf.build_echo(ORIGIN, FAR, ROUTE, ptr=2),
    "data-no-payload": rf.build_data(ORIGIN, FAR, ROUTE[:2], sport=1, dport=2),
    "hello": rf.build_hello(ORIGIN, tlvs=rf.tlv(1, b"8 random")),
    "seqerr": rf.build_hello(ORIGIN, FAR, tlvs=rf.tlv(2, b"8 echoed"), type=rf.SEQERR),
    "unknown-type": rf.build_hello(ORIGIN, type=6),
}

corpus = here / "corpus"
corpus.mkdir(exist_ok=True)
for name, frame in seeds.items():
    # half of the header readable; identity and board of 6 and 8 bytes
    (corpus / name).write_bytes(bytes((0, 20, 6, 8)) + frame)

# Captures: what the reader of decode is for, in either byte order.
DATA = rf.ethernet("ff:ff:ff:ff:ff:ff", ORIGIN, discover)


def pcap(order, magic=0xA1B2C3D4, link=1, data=DATA):
    return (struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 262144, link)
            + struct.pack(order + "IIII", 1000, 500, len(data), len(data)) + data)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(
        order + "I", len(body) + 12)


def pcapng(order):
    options = struct.pack(order + "HHB3xHHq", 9, 1, 9, 14, 8, -1)
    packet = struct.pack(order + "IIII", 0, 1, len(DATA), len(DATA))
    return (block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
            + block(order, 1, struct.pack(order + "HHI", 1, 0, 96) + options + bytes(4))
            + block(order, 6, struct.pack(order + "I", 0) + packet + DATA)
            + block(order, 2, struct.pack(order + "HH", 0, 0) + packet + DATA)
            + block(order, 3, struct.pack(order + "I", len(DATA)) + DATA[:96]))


captures = here / "capture/corpus"
captures.mkdir(parents=True, exist_ok=True)
for name, order in (("little", "<"), ("big", ">")):
    (captures / f"pcap-{name}").write_bytes(pcap(order))
    (captures / f"pcapng-{name}").write_bytes(pcapng(order))
(captures / "pcap-nanoseconds").write_bytes(pcap("<", magic=0xA1B23C4D))
(captures / "pcap-any").write_bytes(pcap("<", link=113, data=bytes(14) + b"\x88\xbf" + discover))
