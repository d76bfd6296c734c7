# SPDX-License-Identifier: GPL-2.0-only
"""One router, and a raw port of the test at the other end of each cable."""

import itertools

from harness import LIMIT, Network, check
import genl
import romonframe as rf

count = itertools.count(1)


class OneRouter:
    """Cables are numbered from 1: the router's MACs are 02:01:00:00:00:01 and so
    on, those of the ports 02:02:00:00:00:01 and so on."""

    def __init__(self, name, id, *cables, **settings):
        self.net = Network()
        name, x = (f"{end}-one-router{next(count)}" for end in (name, "x"))
        self.ns, self.ns_x = self.net.netns(name, x)
        self.net.veth(*((name, cable, f"02:01:00:00:00:{i:02x}", x, cable, f"02:02:00:00:00:{i:02x}")
                        for i, cable in enumerate(cables, 1)))
        with genl.netns(self.ns_x):
            self.ports = {cable: rf.Port(cable) for cable in cables}
        self.nl = self.net.router(name, id, **settings)

    def flood(self, fresh=True):
        """The router is asked to flood: the Discover that each port gets, or, not
        fresh, has got before if it was not read yet."""
        if fresh:
            self.drain()
        self.nl.do("discover")
        asked = {}
        for name, port in self.ports.items():
            data = port.recv(LIMIT, lambda frame: frame["type"] == rf.DISCOVER)
            check(data, f"no Discover on {name}")
            asked[name] = rf.parse(data)
        return asked

    def drain(self):
        for port in self.ports.values():
            port.drain()
