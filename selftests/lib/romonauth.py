# SPDX-License-Identifier: GPL-2.0-only
"""The authentication of RoMON frames, and a neighbour made of it.

Written from Documentation/protocol.rst, "Authentication", with Python's hmac,
and sharing no code with kernel/path/auth.c, so that the two check each other.

    hashed(frame, secret, seq, dst, src) -> frame with its 24 bytes
        mark: of the port that it is for, where it is bound to one
    verify(data, secret) -> True, False; data with Ethernet header
    sequence(data) -> number; is_hashed(data)
    body(frame) -> where the part begins that no forwarder changes

    n = Neighbor(port, id, "secret", seq=None, mark=b"")
        port: romonframe.Port; seq: the last number used, by default the time;
        mark: what it tells of its port, so that what comes to it must be bound
        to that. Marks of others it learns from what it receives
    n.send(frame, dst, seq=, secret=) -> what was sent, to be sent again
    n.make(...)                       -> the same, without sending it
    n.hello(dst, challenge=, echo=, type=HELLO) -> a Hello, as by make()
    n.recv(timeout, filter) -> parse() of the next frame hashed with the secret,
        with "data" and "seq", or None
    n.answer(found) -> send the echo of a challenge
    n.handshake(mac, done)   until done(), answering challenges; done tells by
        the router's own view
"""

import hmac
import os
import struct
import time

import romonframe as rf

AUTH, AUTH_END = 4, 28
DIGEST = 12
TLV_CHALLENGE, TLV_ECHO, TLV_MARK = 1, 2, 3
HANDSHAKE_LIMIT = 240 if os.environ.get("ROMON_SLOW") else 30


def body(frame):
    """Offset of what is behind the route entries, or behind the header."""
    kind = frame[0]
    if kind == rf.DATA:
        return 46 + 10 * frame[40]
    if kind in (rf.DISCOVER, rf.RESP):
        return 48 + 10 * frame[40]
    return 40


def _secret(secret):
    return secret.encode() if isinstance(secret, str) else bytes(secret)


def is_bound(frame, dst):
    """Whether it is hashed with the mark of the port that it is for."""
    if rf.mac(dst)[0] & 1:
        return False
    if frame[0] not in (rf.HELLO, rf.SEQERR):
        return True
    tags, at = [], body(frame)
    while at + 1 < len(frame):
        tags.append(frame[at])
        at += 2 + frame[at + 1]
    return TLV_ECHO in tags


def digest(frame, secret, dst, src, mark=b""):
    """Over a frame whose sequence number is in; its digest is not looked at."""
    at = body(frame)
    if not is_bound(frame, dst):
        mark = b""
    head = rf.mac(dst) + rf.mac(src) + mark + frame[:DIGEST] + bytes(16) + frame[AUTH_END:at]
    text = frame[at:] + head + struct.pack("!H", len(head))
    return hmac.new(_secret(secret), text, "md5").digest()


def hashed(frame, secret, seq, dst, src, mark=b""):
    frame = frame[:AUTH] + struct.pack("!Q", seq) + frame[DIGEST:]
    return frame[:DIGEST] + digest(frame, secret, dst, src, mark) + frame[AUTH_END:]


def _frame(data):
    (length,) = struct.unpack_from("!H", data, 16)
    return data[14:length]


def is_hashed(data):
    return any(data[14 + AUTH : 14 + AUTH_END])


def sequence(data):
    return struct.unpack_from("!Q", data, 14 + AUTH)[0]


def verify(data, secret, mark=b""):
    frame = _frame(data)
    return hmac.compare_digest(
        frame[DIGEST:AUTH_END], digest(frame, secret, data[:6], data[6:12], mark)
    )


def hello_body(challenge=None, echo=None, mark=b""):
    out = b""
    if challenge is not None:
        out += rf.tlv(TLV_CHALLENGE, challenge)
    if echo is not None:
        out += rf.tlv(TLV_ECHO, echo)
    if mark:
        out += rf.tlv(TLV_MARK, mark)
    return out


class Neighbor:
    def __init__(self, port, id, secret, seq=None, src=None, mark=b""):
        self.port = port
        self.mark = mark
        self.marks = {}
        self.id = rf.mac(id)
        self.secret = secret
        self.src = rf.mac(src or port.mac)
        self.seq = time.time_ns() if seq is None else seq

    def make(self, frame, dst=rf.GROUP, seq=None, secret=None, pad=True, mark=None):
        if seq is None:
            self.seq += 1
            seq = self.seq
        frame = hashed(
            frame, secret or self.secret, seq, dst, self.src,
            self.marks.get(rf.mac(dst), b"") if mark is None else mark,
        )
        return rf.ethernet(dst, self.src, frame, pad=pad)

    def send(self, frame, dst=rf.GROUP, **how):
        data = self.make(frame, dst, **how)
        self.port.send(data)
        return data

    def hello(self, dst=rf.GROUP, challenge=None, echo=None, type=rf.HELLO, **how):
        frame = rf.build_hello(self.id, tlvs=hello_body(challenge, echo, self.mark), type=type)
        return self.make(frame, dst, **how)

    def say(self, *args, **how):
        data = self.hello(*args, **how)
        self.port.send(data)
        return data

    def recv(self, timeout=1.0, filter=None):
        def ours(found):
            data = rf.ethernet(found["eth_dst"], found["eth_src"], found["frame"])
            return verify(data, self.secret, self.mark) and (filter is None or filter(found))

        data = self.port.recv(timeout, ours)
        if data is None:
            return None
        found = rf.parse(data)
        found.update(data=data, seq=sequence(data))
        if found.get("mark"):
            self.marks[found["eth_src"]] = found["mark"]
        return found

    def challenge(self, timeout=1.0):
        """The next challenge for us, whatever carries it; None if there is none."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.recv(max(0.0, deadline - time.monotonic()))
            if found is None:
                return None
            if found.get("challenge") and found["eth_dst"] == self.src:
                return found

    def answer(self, found, **how):
        return self.say(found["eth_src"], echo=found["challenge"], **how)

    def handshake(self, mac, done):
        """Prove to the router at mac that we are alive; True, or False if it
        does not take us."""
        deadline = time.monotonic() + HANDSHAKE_LIMIT
        while time.monotonic() < deadline:
            self.say(mac)
            found = self.challenge(0.2)
            if found:
                self.answer(found)
            until = time.monotonic() + 0.2
            while time.monotonic() < until:
                if done():
                    return True
                time.sleep(0.005)
        return False
