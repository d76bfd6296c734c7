# SPDX-License-Identifier: GPL-2.0-only
"""A router, and others that it finds but that never answer a datagram:

    a ==direct== every one of them          one hop
    a ==around== m ----- every one of them  two hops

All but a are raw sockets of the test. Nothing is found but by discover(), so
what is doubted stays so: no flood comes that could refute it.
"""

import time

from harness import wait_for
from one_router import OneRouter
import romonframe as rf

A, M = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
# Nobody listens there.
PORT, UNBOUND = 700, 7777
# Patience with a router that has never answered is a second.
PATIENCE = 1.1


class TwoWays(OneRouter):
    def __init__(self, n):
        # A flood that is asked for in vain comes late.
        super().__init__("a", A, "direct", "around", node_timeout=3600, flood_window=10000)
        self.ids = [f"02:99:00:00:{i // 256:02x}:{i % 256:02x}" for i in range(n)]
        self.nl.do("endpoint-bind", local_port=PORT)
        self.discover()

    def discover(self):
        asked = self.flood(fresh=False)
        for i, router in enumerate(self.ids):
            self.answer("direct", asked, rf.answered(
                asked["direct"]["frame"], router, rf.End(1, 1500, 100, router)), src=router)
        m = self.ports["around"].mac
        self.answer("around", asked, rf.answered(
            asked["around"]["frame"], M, rf.End(1, 1500, 100, m)))
        passed_on = rf.forwarded(asked["around"]["frame"], M, rf.End(1, 1500, 100, m),
                                 asked["around"]["eth_src"],
                                 rf.End(2, 1500, 100, "02:02:00:00:00:03"))
        for router in self.ids:
            far = "06" + router[2:]
            frame, _ = rf.resp_step(rf.answered(passed_on, router, rf.End(2, 1500, 100, far)))
            self.answer("around", asked, frame)
        wait_for(lambda: self.nl.get("config-get")["edges"] == 2 * len(self.ids) + 1,
                 "all edges to be known")

    def answer(self, name, asked, frame, src=None):
        self.ports[name].send_frame(frame, dst=asked[name]["eth_src"], src=src)

    def send(self):
        """To each of them; returns when all have left."""
        self.drain()
        for router in self.ids:
            self.nl.do("datagram-send", id=router, local_port=PORT, remote_port=UNBOUND,
                       payload=b"x")
        left = set(self.ids)

        def have_left():
            for port in self.ports.values():
                while data := port.recv(0, lambda frame: frame["type"] == rf.DATA):
                    left.discard(rf.mac_str(rf.parse(data)["dst"]))
            return not left

        wait_for(have_left, "all datagrams to leave")

    def doubt(self):
        """The direct way to each of them."""
        self.send()
        self.send()
        time.sleep(PATIENCE)
        self.send()

    def around(self):
        """How many of them have the way over m in use."""
        return sum(node["interface"] == "around" for node in self.nl.whole_dump("node-get")
                   if node.get("active") and node["id"] != M)
