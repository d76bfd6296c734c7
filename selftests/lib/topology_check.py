#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What routers know of a network, against the network that was built.

    topology_check.py TOPOLOGY routes          costs, hops, paths, L2 MTU, names
    topology_check.py TOPOLOGY alternatives    what is listed as inactive
    topology_check.py TOPOLOGY stable          further floods change no route
    topology_check.py TOPOLOGY ping            every pair, by `romon ping`
    topology_check.py TOPOLOGY echo            every pair, over netlink, which is
                                               faster
    topology_check.py TOPOLOGY busy N           N routers that flood all the time
                                                meet no limit
    topology_check.py TOPOLOGY flood ROUTER [MOST]
                                               Discover frames of one flood
    topology_check.py TOPOLOGY known ROUTER TO
                                               print "COST HOPS NAME,NAME.."; the
                                               active route first

TOPOLOGY is what lib.sh writes while it builds:

    router NAME NETNS ID
    port ROUTER DEVICE MAC COST MTU SEGMENT

Two ports with the same segment hear each other. What should be known is
computed from that alone. Prints what is wrong as TAP comments; exit status 1
if anything is.
"""

import heapq
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections import defaultdict, namedtuple

import genl

SLOW = bool(os.environ.get("ROMON_SLOW"))
LIMIT = 300 if SLOW else 40
MAX_ALTERNATIVES = 3

Port = namedtuple("Port", "router dev mac cost mtu segment")
# out and in_ tell parallel links apart
Edge = namedtuple("Edge", "to cost mtu out in_")


class Topology:
    def __init__(self, path):
        self.ns, self.id, self.name = {}, {}, {}
        self.ports = []
        for line in open(path):
            kind, *words = line.split()
            if kind == "router":
                name, ns, router_id = words
                self.ns[name], self.id[name], self.name[router_id] = ns, router_id, name
            else:
                router, dev, mac, cost, mtu, segment = words
                self.ports.append(Port(router, dev, mac, int(cost), int(mtu), segment))
        self.names = list(self.ns)
        self.edges = defaultdict(list)
        self.segments = defaultdict(list)
        for port in self.ports:
            self.segments[port.segment].append(port)
        for ports in self.segments.values():
            for a in ports:
                for b in ports:
                    if a is not b:
                        self.edges[a.router].append(
                            Edge(b.router, a.cost + b.cost, min(a.mtu, b.mtu), a, b)
                        )

    def distances(self, start, without=None):
        """{router: (cost, hops)} of the best ways from start."""
        best, queue = {}, [(0, 0, start)]
        while queue:
            cost, hops, router = heapq.heappop(queue)
            if router in best:
                continue
            best[router] = (cost, hops)
            for edge in self.edges[router]:
                if edge.to != without and edge.to not in best:
                    heapq.heappush(queue, (cost + edge.cost, hops + 1, edge.to))
        return best

    def walks(self, start, path):
        """All (cost, L2 MTU, last edge) that a path of routers can have."""
        found, here = [(0, 1 << 16, None)], start
        for there in path:
            found = [
                (cost + edge.cost, min(mtu, edge.mtu), edge)
                for cost, mtu, _ in found
                for edge in self.edges[here]
                if edge.to == there
            ]
            here = there
        return found

    def alternatives(self, start, to, active_last):
        """The best way over each last hop but the active one, best first:
        [(cost, hops, router before the last hop)..]"""
        reached = self.distances(start, without=to)
        found = []
        for router in self.names:
            for edge in self.edges[router]:
                if edge.to != to or router not in reached or edge == active_last:
                    continue
                cost, hops = reached[router]
                found.append((cost + edge.cost, hops + 1, router))
        return sorted(found)


class Wrong(Exception):
    pass


def routes_of(topology, name, nodes):
    """What a router says of every other, against what is."""
    # nodes: {id: [routes]}; returns {router: (route, path names)} or raises
    want = topology.distances(name)
    del want[name]
    active = {}
    for to, (cost, hops) in want.items():
        routes = nodes.get(topology.id[to], [])
        found = [route for route in routes if route.get("active")]
        if len(found) != 1:
            raise Wrong(f"{name}: {len(found)} active routes to {to}")
        (route,) = found
        what = f"{name}: route to {to}: cost {route['cost']}, {route['hops']} hops"
        if (route["cost"], route["hops"]) != (cost, hops):
            raise Wrong(f"{what}, should be {cost}, {hops} hops")
        active[to] = (route, check_path(topology, name, to, route))
        if route.get("identity") != to or route.get("version") != "1.0":
            raise Wrong(f"{name}: {to} is {route.get('identity')} {route.get('version')}")
        if route.get("board") != "test":
            raise Wrong(f"{name}: {to} has board {route.get('board')}")
        if routes[0] is not route:
            raise Wrong(f"{name}: active route to {to} is not listed first")
    strangers = set(nodes) - {topology.id[to] for to in want}
    if strangers:
        raise Wrong(f"{name}: knows {strangers}")
    return active


def check_path(topology, name, to, route):
    """The path is there, free of loops, and has the cost, hops and L2 MTU."""
    try:
        path = [topology.name[router_id] for router_id in route["path"]]
    except KeyError as unknown:
        raise Wrong(f"{name}: path to {to} through {unknown}")
    what = f"{name}: {route['cost']} to {to} by {','.join(path)} ({route['l2mtu']})"
    if not path or path[-1] != to or len(path) != route["hops"]:
        raise Wrong(f"{what}: {route['hops']} hops")
    if len(set(path) | {name}) != len(path) + 1:
        raise Wrong(f"{what}: a loop")
    walks = topology.walks(name, path)
    if (route["cost"], route["l2mtu"]) not in {(cost, mtu) for cost, mtu, _ in walks}:
        raise Wrong(f"{what}: but what is there is {[walk[:2] for walk in walks][:4]}")
    return path


def alternatives_of(topology, name, nodes):
    active = routes_of(topology, name, nodes)
    for to, (route, path) in active.items():
        got = []
        for other in nodes[topology.id[to]][1:]:
            way = [name, *check_path(topology, name, to, other)]
            got.append((other["cost"], other["hops"], way[-2]))
        wanted = [
            topology.alternatives(name, to, last)
            for cost, mtu, last in topology.walks(name, path)
            if (cost, mtu) == (route["cost"], route["l2mtu"])
        ]
        if not any(good_alternatives(got, best) for best in wanted):
            raise Wrong(f"{name}: inactive routes to {to}: {got}, of {wanted[0]}")


def good_alternatives(got, best):
    """The best other way is listed, and then others, no better than they can
    be and in order. Which others depends on what branches of the tree of
    active routes an edge joins: not every last hop has a way that is worth it.
    """
    if [way[:2] for way in got[:1]] != [way[:2] for way in best[:1]]:
        return False
    if len(got) > MAX_ALTERNATIVES or got != sorted(got, key=lambda way: way[:2]):
        return False
    left = list(best)
    for cost, hops, router in got:
        over = [way for way in left if way[2] == router and way[:2] <= (cost, hops)]
        if not over:
            return False
        left.remove(over[-1])
    return True


def nodes_of(nl):
    nodes = defaultdict(list)
    for route in nl.whole_dump("node-get"):
        nodes[route["id"]].append(route)
    return nodes


def discover_until(topology, check):
    """Let the routers flood until each knows what it should."""
    left = {name: genl.Romon(topology.ns[name]) for name in topology.names}
    why = {}
    deadline = time.monotonic() + LIMIT

    def look():
        for name, nl in list(left.items()):
            try:
                check(topology, name, nodes_of(nl))
                del left[name]
            except Wrong as wrong:
                why[name] = wrong
        return not left

    while not look():
        if time.monotonic() > deadline:
            for name in left:
                print(f"# {why[name]}")
            print(f"# not so in {LIMIT} s")
            return 1
        for nl in left.values():
            nl.do("discover")
        # The kernel takes what comes within its pause for one flood.
        again = time.monotonic() + 0.4
        while not look() and time.monotonic() < again:
            time.sleep(0.02)
    return 0


def stable(topology):
    """Three more floods of everybody, and the same routes."""
    routers = {name: genl.Romon(topology.ns[name]) for name in topology.names}

    def active():
        return {
            name: {
                route["id"]: (route["cost"], route["path"])
                for route in nl.whole_dump("node-get")
                if route.get("active")
            }
            for name, nl in routers.items()
        }

    before = active()
    for _ in range(3):
        sent = {name: tx_packets(nl) for name, nl in routers.items()}
        for nl in routers.values():
            nl.do("discover")
        deadline = time.monotonic() + LIMIT
        while any(tx_packets(nl) == sent[name] for name, nl in routers.items()):
            if time.monotonic() > deadline:
                print("# no flood was sent")
                return 1
            time.sleep(0.02)
    after = active()
    for name in topology.names:
        for to, route in before[name].items():
            if after[name].get(to) != route:
                print(f"# {name}: route to {topology.name[to]} was {route},")
                print(f"# is {after[name].get(to)}")
                return 1
    return 0


def tx_packets(nl):
    return sum(
        port.get("stats", {}).get("tx_packets", 0) for port in nl.whole_dump("port-get")
    )


def ping(topology):
    """Each router pings all others in one run of the tool."""
    status = 0
    for name in topology.names:
        others = [other for other in topology.names if other != name]
        batch = "".join(f"ping {topology.id[other]} count 1\n" for other in others)
        run = subprocess.run(
            ["romon", "-n", topology.ns[name], "-b", "-"],
            input=batch,
            capture_output=True,
            text=True,
            timeout=10 * LIMIT,
        )
        answers = sum("received=1" in line for line in run.stdout.splitlines())
        if run.returncode or answers != len(others):
            print(f"# {name}: {answers} of {len(others)} answer, exit status {run.returncode}")
            for line in run.stderr.splitlines()[:4]:
                print(f"# {line}")
            status = 1
    return status


def echo(topology):
    """Each router sends an echo request to all others, and gets its answers."""
    status = 0
    for name in topology.names:
        nl = genl.Romon(topology.ns[name])
        port = nl.get("endpoint-bind")["local_port"]
        left = {}
        for other in topology.names:
            if other != name:
                payload = os.urandom(32)
                left[topology.id[other]] = payload
                nl.do("datagram-send", id=topology.id[other], local_port=port,
                      remote_port=1, payload=payload)
        deadline = time.monotonic() + LIMIT
        while left:
            event = nl.event(deadline - time.monotonic())
            if event is None:
                print(f"# {name}: {', '.join(topology.name[i] for i in left)} do not answer")
                status = 1
                break
            command, values = event
            if command == "datagram-error":
                print(f"# {name}: {topology.name[values['id']]}: error {values['error']}")
                status = 1
                break
            if values["payload"] != left.pop(values["id"], None):
                print(f"# {name}: {topology.name[values['id']]} answers something else")
                status = 1
        nl.close()
    return status


def known(topology, name, to):
    for route in nodes_of(genl.Romon(topology.ns[name])).get(topology.id[to], []):
        path = ",".join(topology.name.get(hop, hop) for hop in route["path"])
        print(route["cost"], route["hops"], path)
    return 0


def bpf(*code):
    """A socket filter, and the buffer that it must keep."""
    raw = b"".join(struct.pack("HBBI", *line) for line in code)
    import ctypes

    buffer = ctypes.create_string_buffer(raw)
    return struct.pack("HL", len(code), ctypes.addressof(buffer)), buffer


def count_flood(topology, name, most=None):
    """Discover frames sent by all routers for one flood of `name`."""
    # ldh [12]; jeq 0x88bf; ldb [14]; jeq 1; ret all; ret nothing
    filter, _keep = bpf(
        (0x28, 0, 0, 12),
        (0x15, 0, 3, 0x88BF),
        (0x30, 0, 0, 14),
        (0x15, 0, 1, 1),
        (0x6, 0, 0, 0xFFFF),
        (0x6, 0, 0, 0),
    )
    socks = []
    for router in topology.names:
        with genl.netns(topology.ns[router]):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        sock.setsockopt(socket.SOL_SOCKET, 26, filter)
        socks.append(sock)

    def heard(quiet):
        """Sent frames until none comes for `quiet` seconds."""
        count = 0
        while True:
            ready = select.select(socks, [], [], quiet)[0]
            if not ready:
                return count
            for sock in ready:
                count += sock.recvfrom(64)[1][2] == socket.PACKET_OUTGOING

    # Floods of before, and the pause after the last of them, must be over.
    # Copies come close behind each other, but in a guest that stands still.
    quiet = 4 if SLOW else 1
    routers = {router: genl.Romon(topology.ns[router]) for router in topology.names}
    before = {router: nl.get("config-get")["flood_window"] for router, nl in routers.items()}
    for nl in routers.values():
        nl.do("config-set", flood_window=800 * quiet)
    heard(quiet)
    routers[name].do("discover")
    count = heard(quiet)
    for router, nl in routers.items():
        nl.do("config-set", flood_window=before[router])
    links = len(topology.segments)
    # A frame is sent once into a segment by each router on it at most.
    least = sum(1 for port in topology.ports if port.router == name)
    if most is None:
        most = len(topology.ports) + max(2, links // 8)
    print(f"# a flood of {name}: {count} Discover frames, {links} links")
    if not least <= count <= most:
        print(f"# should be {least} to {most}")
        return 1
    return 0


def busy(topology, n):
    """The first `n` routers flood as often as they may, for a while."""
    routers = {name: genl.Romon(topology.ns[name]) for name in topology.names}
    limits = ("flood_rate", "origin_rate", "answer_rate", "flood_table", "answer_queue")
    if SLOW:
        # There a flood takes longer than copies may be apart.
        for nl in routers.values():
            nl.do("config-set", flood_window=2000)
    sent = 0
    until = time.monotonic() + (20 if SLOW else 5)
    while time.monotonic() < until:
        for name in topology.names[:n]:
            routers[name].do("discover")
            sent += 1
        time.sleep(0.05)
    # Whoever was asked last floods within the pause; then answers arrive.
    time.sleep(6 if SLOW else 1)
    wrong = 0
    for name, nl in routers.items():
        met = {reason: count for reason, count in nl.drops().items() if reason in limits}
        if met:
            print(f"# {name} has refused {met}")
            wrong = 1
    print(f"# {n} of {len(routers)} routers were asked to flood {sent} times")
    return wrong


def main():
    topology = Topology(sys.argv[1])
    what = sys.argv[2]
    if what == "routes":
        return discover_until(topology, routes_of)
    if what == "alternatives":
        return discover_until(topology, alternatives_of)
    if what == "stable":
        return stable(topology)
    if what == "ping":
        return ping(topology)
    if what == "echo":
        return echo(topology)
    if what == "known":
        return known(topology, *sys.argv[3:])
    if what == "busy":
        return busy(topology, int(sys.argv[3]))
    if what == "flood":
        return count_flood(topology, sys.argv[3], *map(int, sys.argv[4:]))
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
