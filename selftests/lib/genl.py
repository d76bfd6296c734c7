# SPDX-License-Identifier: GPL-2.0-only
"""The genetlink family romon from plain sockets.

Knows neither libnl nor the tool nor any generated file: the numbers below are
the ABI, written down a second time so that a change of it is noticed.

    nl = Romon()                       in the current network namespace
    nl.do("config-set", enabled=1)     -> list of replies, each a dict
    nl.do("config-set", secrets=["", "new"])   the list; they come back as bytes
    nl.dump("port-get")                -> list of dicts
    nl.do(...) and nl.dump(...) raise NetlinkError with .errno, .message (the
    kernel's sentence), .offset (in the request), .missing (attribute type)
    nl.subscribe(); nl.event(timeout)  -> (command, dict), or None
    nl.request(cmd, payload, flags)    raw attributes, for what do() cannot say
"""

import ctypes
import errno
import os
import select
import socket
import struct
import time

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 10, 11
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR = 1, 4, 0x10
NLM_F_DUMP = 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 1, 2, 7
NLA_TYPE_MASK = 0x3FFF
NLA_F_NESTED = 0x8000

COMMANDS = (
    "config-get config-set config-change-ntf port-get port-add port-set port-del "
    "port-add-ntf port-change-ntf port-del-ntf node-get node-add-ntf node-change-ntf "
    "node-del-ntf edge-get discover endpoint-bind endpoint-unbind datagram-send "
    "datagram-rcv datagram-error neighbor-get neighbor-change-ntf refused-ntf"
).split()
CMD = {name: number for number, name in enumerate(COMMANDS, 1)}

PORT_STATES = (
    "running off absent down no-carrier forbidden disabled loopback not-ethernet "
    "master member limit macsec locked"
).split()

NEIGHBOR_STATES = "init up".split()
ROUTE_REASONS = (
    "port-down port-changed neighbor-lost no-answer confirmed forgotten cheaper "
    "edge-changed edge-lost settings off"
).split()


def _set(text):
    """ "a:u8 b:mac" -> {1: ("a", "u8"), ...}"""
    return {n: tuple(word.split(":", 1)) for n, word in enumerate(text.split(), 1)}


SETS = {
    "drop": _set("reason:string packets:u64 pad:pad"),
    "stats": _set(
        "rx_packets:u64 rx_bytes:u64 tx_packets:u64 tx_bytes:u64 forwarded:u64 "
        "delivered:u64 drop:nests:drop pad:pad"
    ),
    "secrets": _set("secret:binary"),
    "config": _set(
        "enabled:u8 id:mac current_id:mac identity:string identity_auto:u8 "
        "board:string board_auto:u8 version:string uptime:u32 hop_limit:u8 "
        "flood_window:u32 flood_rate:u32 answer_delay:u32 node_timeout:u32 "
        "max_nodes:u32 max_edges:u32 max_origins:u32 max_ports:u32 "
        "max_endpoints:u32 queue_len:u32 nodes:u32 edges:u32 stats:nest:stats "
        "secrets:secrets secrets_count:u32 hello_interval:u32 max_neighbors:u32 "
        "answer_rate:u32"
    ),
    "port": _set(
        "interface:string cost:u16 forbid:u8 disabled:u8 comment:string default:u8 "
        "dynamic:u8 state:u32 link:u32 l2mtu:u32 mac:mac ifindex:u32 stats:nest:stats "
        "secrets:secrets secrets_count:u32 refused:nest:refusal device:string"
    ),
    "neighbor": _set(
        "interface:string link:u32 mac:mac id:mac identity:string state:u32 since:u64 "
        "heard:u32 rtt:u32 secret:u32 pad:pad"
    ),
    "refused": _set("interface:string mac:mac reason:string"),
    "refusal": _set("mac:mac reason:string age:u32"),
    "node": _set(
        "id:mac active:u8 cost:u32 hops:u32 path:macs l2mtu:u32 identity:string "
        "version:string board:string age:u32 route:binary interface:string reason:u32 now:binary"
    ),
    "end": _set("id:mac link:u32 mac:mac cost:u16 l2mtu:u32"),
    "edge": _set("from:nest:end to:nest:end cost:u32 l2mtu:u32 active:u8 age:u32"),
    "datagram": _set(
        "id:mac local_port:u16 remote_port:u16 payload:binary route:binary link:u32 "
        "interface:string error:u32"
    ),
}
NUMBER = {
    which: {name: number for number, (name, _) in table.items()}
    for which, table in SETS.items()
}
FORMATS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}


def set_of(command):
    """The attribute set that a command speaks."""
    noun = command.split("-")[0]
    return {"discover": "config", "endpoint": "datagram"}.get(noun, noun)


class NetlinkError(OSError):
    def __init__(self, number, tlvs):
        super().__init__(number, os.strerror(number))
        self.message = tlvs.get(1, b"").rstrip(b"\0").decode()
        self.offset = struct.unpack("I", tlvs[2])[0] if 2 in tlvs else None
        self.missing = struct.unpack("I", tlvs[5])[0] if 5 in tlvs else None

    def __str__(self):
        return f"{errno.errorcode.get(self.errno)}: {self.message or '(no sentence)'}"


def mac(text):
    if isinstance(text, (bytes, bytearray)):
        return bytes(text)
    return bytes.fromhex(text.replace(":", ""))


def mac_str(raw):
    return ":".join(f"{byte:02x}" for byte in raw)


def attr(number, value):
    """One attribute, padded."""
    return struct.pack("HH", 4 + len(value), number) + value + bytes(-len(value) % 4)


def encode(kind, value):
    if kind == "secrets":
        return build_secrets(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if kind in FORMATS:
        return struct.pack(FORMATS[kind], value)
    if kind == "string":
        return value.encode() + b"\0"
    if kind == "mac":
        return mac(value)
    raise TypeError(kind)


def build_secrets(secrets):
    return b"".join(
        attr(NUMBER["secrets"]["secret"], s.encode() if isinstance(s, str) else bytes(s))
        for s in secrets
    )


def build(which, values):
    """Attributes of a set from names and values; bytes are sent as they are."""
    out = b""
    for name, value in values.items():
        number = NUMBER[which][name]
        kind = SETS[which][number][1]
        nested = NLA_F_NESTED if kind == "secrets" else 0
        out += attr(number | nested, encode(kind, value))
    return out


def attrs(data):
    """[(number, value)..]"""
    at, found = 0, []
    while at + 4 <= len(data):
        length, number = struct.unpack_from("HH", data, at)
        if length < 4:
            raise ValueError(f"attribute of length {length}")
        found.append((number & NLA_TYPE_MASK, data[at + 4 : at + length]))
        at += (length + 3) & ~3
    return found


def parse(which, data):
    found = {}
    for number, value in attrs(data):
        if number not in SETS[which]:
            raise ValueError(f"attribute {number} in {which}")
        name, kind = SETS[which][number]
        if kind in FORMATS:
            found[name] = struct.unpack(FORMATS[kind], value)[0]
        elif kind == "string":
            found[name] = value.rstrip(b"\0").decode(errors="replace")
        elif kind == "mac":
            found[name] = mac_str(value)
        elif kind == "macs":
            found.setdefault(name, []).append(mac_str(value))
        elif kind == "binary":
            found[name] = value
        elif kind == "secrets":
            found[name] = [secret for _, secret in attrs(value)]
        elif kind.startswith("nest:"):
            found[name] = parse(kind[5:], value)
        elif kind == "nests:drop":
            drop = parse("drop", value)
            found.setdefault(name, {})[drop["reason"]] = drop["packets"]
    if which == "port" and "state" in found:
        found["state"] = PORT_STATES[found["state"]]
    if which == "neighbor" and "state" in found:
        found["state"] = NEIGHBOR_STATES[found["state"]]
    if which == "node" and "reason" in found:
        found["reason"] = ROUTE_REASONS[found["reason"]]
    return found


libc = ctypes.CDLL(None, use_errno=True)


def setns(fd):
    if libc.setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def enter(name):
    """Go to a network namespace and stay."""
    setns(os.open(f"/run/netns/{name}", os.O_RDONLY))


class netns:
    """with netns("name"): the sockets that are made belong there; without a
    name where the process is."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        if self.name:
            self.back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            enter(self.name)

    def __exit__(self, *exc):
        if self.name:
            setns(self.back)


class Genl:
    def __init__(self, family, ns=None, timeout=60, size=1 << 20, portid=0):
        with netns(ns):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.bind((portid, 0))
        # Not an address with each message: then the kernel would not look at
        # who opened the socket.
        self.sock.connect((0, 0))
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.timeout = timeout
        self.size = size  # of a read; the largest so far is that of a dump's parts
        self.seq = 0
        self.pending = []
        self.interrupted = False
        self.family, self.groups = GENL_ID_CTRL, {}
        (answer,) = self.request(
            CTRL_CMD_GETFAMILY, attr(CTRL_ATTR_FAMILY_NAME, family.encode() + b"\0")
        )
        found = dict(attrs(answer[1]))
        self.family = struct.unpack("H", found[CTRL_ATTR_FAMILY_ID])[0]
        for _, group in attrs(found.get(CTRL_ATTR_MCAST_GROUPS, b"")):
            group = dict(attrs(group))
            name = group[1].rstrip(b"\0").decode()
            self.groups[name] = struct.unpack("I", group[2])[0]

    def close(self):
        self.sock.close()

    def fileno(self):
        return self.sock.fileno()

    def send(self, cmd, payload=b"", flags=NLM_F_ACK, family=None):
        self.seq += 1
        body = struct.pack("BBH", cmd, 1, 0) + payload
        head = struct.pack(
            "IHHII", 16 + len(body), family or self.family, flags | NLM_F_REQUEST, self.seq, 0
        )
        self.sock.send(head + body)
        return self.seq

    def receive(self, deadline):
        """The messages of one read: [(type, flags, seq, body)..]; None if late."""
        # Not select(), which knows a thousand descriptors.
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        if not poll.poll(1000 * max(0, deadline - time.monotonic())):
            return None
        data, at, found = self.sock.recv(self.size), 0, []
        while at + 16 <= len(data):
            length, kind, flags, seq, _ = struct.unpack_from("IHHII", data, at)
            found.append((kind, flags, seq, data[at + 16 : at + length]))
            at += (length + 3) & ~3
        return found

    @staticmethod
    def _tlvs(kind, flags, body):
        if not flags & NLM_F_ACK_TLVS:
            return {}
        start = 4
        if kind == NLMSG_ERROR:
            length = struct.unpack_from("I", body, 4)[0]
            start = 20 if flags & NLM_F_CAPPED else 4 + ((length + 3) & ~3)
        return dict(attrs(body[start:]))

    def collect(self, seq):
        """Replies to a request, [(command, attributes)..], until its end."""
        replies = []
        self.interrupted = False
        deadline = time.monotonic() + self.timeout
        while True:
            messages = self.receive(deadline)
            if messages is None:
                raise TimeoutError("no answer over netlink")
            for kind, flags, number, body in messages:
                if number != seq:
                    self.pending.append((kind, flags, number, body))
                    continue
                if flags & NLM_F_DUMP_INTR:
                    self.interrupted = True
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    code = struct.unpack_from("i", body)[0] if len(body) >= 4 else 0
                    if code < 0:
                        raise NetlinkError(-code, self._tlvs(kind, flags, body))
                    return replies
                replies.append((body[0], body[4:]))

    def request(self, cmd, payload=b"", flags=NLM_F_ACK):
        return self.collect(self.send(cmd, payload, flags))


class Romon(Genl):
    def __init__(self, ns=None, **options):
        super().__init__("romon", ns, **options)
        self.ns = ns

    def do(self, command, **values):
        which = set_of(command)
        answer = self.request(CMD[command], build(which, values))
        return [parse(set_of(COMMANDS[cmd - 1]), body) for cmd, body in answer]

    def get(self, command, **values):
        (found,) = self.do(command, **values)
        return found

    def dump(self, command, **values):
        which = set_of(command)
        answer = self.request(CMD[command], build(which, values), NLM_F_DUMP)
        return [parse(which, body) for _, body in answer]

    def whole_dump(self, command):
        """A dump that nothing has changed under."""
        while True:
            found = self.dump(command)
            if not self.interrupted:
                return found

    def subscribe(self):
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.groups["events"])

    def event(self, timeout=30, want=None):
        """The next event, datagram or error, or the next that want(command,
        values) accepts."""
        deadline = time.monotonic() + timeout
        while True:
            while self.pending:
                kind, _, _, body = self.pending.pop(0)
                if kind != self.family:
                    continue
                command = COMMANDS[body[0] - 1]
                values = parse(set_of(command), body[4:])
                if want is None or want(command, values):
                    return command, values
            messages = self.receive(deadline)
            if messages is None:
                return None
            self.pending += messages

    def stats(self, dev=None):
        """Counters of a port or of the router, drops as {reason: n}."""
        if dev is None:
            found = self.get("config-get")["stats"]
        else:
            found = self.get("port-get", interface=dev).get("stats", {})
        found.setdefault("drop", {})
        return found

    def drops(self):
        """All that this router has dropped, by reason."""
        total = dict(self.stats()["drop"])
        for port in self.whole_dump("port-get"):
            for reason, packets in port.get("stats", {}).get("drop", {}).items():
                total[reason] = total.get(reason, 0) + packets
        return total
