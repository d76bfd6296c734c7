#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""Datagrams that do not fit the best route, and L2 MTUs that nobody can have.

    a ==direct== r          cheap, and small
    a ==around== m --- r    dear

All but a are raw sockets of the test.
"""

import errno

from harness import LIMIT, check, equal, main, test, wait_for
from one_router import OneRouter
import genl
import romonframe as rf

A, M, ROUTER = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
PORT, REMOTE = 700, 7777
SMALL = 200


def setup():
    global one, a, ports
    one = OneRouter("a", A, "direct", "around", node_timeout=3600)
    a, ports = one.nl, one.ports
    a.do("endpoint-bind", local_port=PORT)


def learn(small, beyond=1500):
    """One flood of a, answered by r directly and by m, and by r through m."""
    asked = one.flood()

    def answer(name, frame):
        ports[name].send_frame(frame, dst=asked[name]["eth_src"])

    answer("direct", rf.answered(asked["direct"]["frame"], ROUTER,
                                 rf.End(1, small, 10, ports["direct"].mac)))
    end = rf.End(1, 1500, 100, ports["around"].mac)
    answer("around", rf.answered(asked["around"]["frame"], M, end))
    passed_on = rf.forwarded(asked["around"]["frame"], M, end, asked["around"]["eth_src"],
                             rf.End(2, beyond, 100, "02:02:00:00:00:03"))
    frame, _ = rf.resp_step(rf.answered(passed_on, ROUTER,
                                        rf.End(2, beyond, 100, "02:03:00:00:00:03")))
    answer("around", frame)


def send(size):
    a.do("datagram-send", id=ROUTER, local_port=PORT, remote_port=REMOTE, payload=bytes(size))


def leaves_by(name, size):
    one.drain()
    send(size)
    data = ports[name].recv(LIMIT, lambda frame: frame["type"] == rf.DATA)
    check(data, f"{size} bytes do not leave by {name}")
    frame = rf.parse(data)
    equal(len(frame["payload"]), size, "bytes sent")
    if name == "direct":
        # Or the route in use would be doubted.
        arrived, _ = rf.data_step(frame["frame"], 1, frame["eth_src"])
        ports[name].send_frame(rf.echo_answer(arrived, ROUTER), dst=frame["eth_src"])


@test
def a_datagram_takes_the_best_way_that_it_fits():
    learn(SMALL)
    wait_for(lambda: a.get("config-get")["edges"] == 3, "three edges")
    route = a.get("node-get", id=ROUTER)
    equal((route["interface"], route["l2mtu"]), ("direct", SMALL), "the best route")
    for _ in range(2):
        leaves_by("direct", SMALL - 60)
        leaves_by("around", SMALL - 60 + 1)
        leaves_by("around", 1500 - 70)
        leaves_by("direct", 10)


@test
def what_fits_no_way_is_refused():
    # Longer than any edge; then as one too long for two hops over one edge.
    for size in (1500 - 60 + 1, 1500 - 70 + 1):
        before = a.drops().get("too_big", 0)
        try:
            send(size)
        except genl.NetlinkError as wrong:
            equal(wrong.errno, errno.EMSGSIZE, "the error")
        else:
            event = a.event(LIMIT, lambda command, _: command == "datagram-error")
            check(event, f"nothing is told of {size} bytes")
            equal(event[1]["error"], errno.EMSGSIZE, "what was told")
        equal(a.drops().get("too_big", 0), before + 1, "drops")
    # Now it is known.
    try:
        send(1500 - 70 + 1)
    except genl.NetlinkError as wrong:
        equal(wrong.errno, errno.EMSGSIZE, "the error")
    else:
        check(False, "not refused at once")


@test
def the_way_for_long_ones_follows_what_is_learnt():
    learn(SMALL, beyond=1000)
    wait_for(lambda: min(route["l2mtu"] for route in a.whole_dump("node-get")
                         if route["id"] == ROUTER and route["hops"] == 2) == 1000,
             "a smaller way around")
    leaves_by("around", 1000 - 70)
    # Now all of the direct way is large enough.
    learn(1500)
    wait_for(lambda: a.get("node-get", id=ROUTER)["l2mtu"] == 1500, "a larger direct way")
    leaves_by("direct", 1500 - 60)


@test
def an_edge_too_small_for_its_own_answer_is_not_believed():
    before = a.drops().get("small_l2mtu", 0)
    for small in (0, 68):
        learn(small)
        before += 1
        wait_for(lambda: a.drops().get("small_l2mtu", 0) == before, "the drop")
        equal(a.get("node-get", id=ROUTER)["l2mtu"], 1500, "the direct way")


if __name__ == "__main__":
    main(setup)
