#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""A router that invents 10,000 others, while honest ones are to be found.

    r ==near== honest ones, all on one segment with the insider
    r ==far=== more honest ones

All but r are raw sockets of the test.
"""

from harness import check, equal, main, test, wait_for
from one_router import OneRouter
import romonframe as rf

R, INSIDER = "02:00:00:00:00:01", "02:66:00:00:00:00"
ROUTERS, INVENTED = 1000, 10000


def setup():
    global one, r, ports
    one = OneRouter("r", R, "near", "far", max_nodes=ROUTERS, max_edges=2 * ROUTERS,
                    node_timeout=3600)
    r, ports = one.nl, one.ports


def honest(name):
    return [f"02:99:00:{len(name):02x}:00:{i:02x}" for i in range(40)]


def answer(discover, name, routers):
    """Neighbours of r, each by its own MAC."""
    for router in routers:
        frame = rf.answered(discover[name]["frame"], router, rf.End(1, 1500, 100, router))
        ports[name].send_frame(frame, dst=discover[name]["eth_src"], src=router)


def invent(discover, name, number):
    """The insider, and so many routers behind it."""
    answer(discover, name, [INSIDER])
    end = rf.End(1, 1500, 100, INSIDER)
    passed_on = rf.forwarded(discover[name]["frame"], INSIDER, end, discover[name]["eth_src"],
                             rf.End(2, 1500, 100, "02:66:01:00:00:00"))
    for i in range(number):
        router = f"02:67:00:00:{i // 256:02x}:{i % 256:02x}"
        frame = rf.answered(passed_on, router, rf.End(3, 1500, 100, router))
        ports[name].send_frame(rf.resp_step(frame)[0], dst=discover[name]["eth_src"],
                               src=INSIDER)


def known():
    return {node["id"] for node in r.whole_dump("node-get")}


def missing(routers):
    return set(routers) - known()


def full():
    return r.get("config-get")["nodes"] == ROUTERS


@test
def whoever_comes_later_is_found_beside_ten_thousand_invented():
    invent(one.flood(), "near", INVENTED)
    wait_for(full, "a full table")
    routers = honest("near") + honest("far")
    # By another port, and by another neighbour on the same one.
    discover = one.flood()
    answer(discover, "far", honest("far"))
    answer(discover, "near", honest("near"))
    wait_for(lambda: not missing(routers), "all honest routers")
    equal(r.get("config-get")["nodes"], ROUTERS, "routers known")


@test
def who_was_found_stays_while_ten_thousand_are_invented():
    routers = honest("near") + honest("far")
    for i, (name, other) in enumerate((("near", "far"), ("far", "near"))):
        discover = one.flood()
        answer(discover, "far", honest("far"))
        answer(discover, "near", honest("near"))
        invent(discover, name, INVENTED)
        # Whose answer is read behind all of those. To a new question: in a slow
        # guest the one before may be too old by now.
        routers.append(f"02:98:00:00:01:{i:02x}")
        answer(one.flood(), other, routers[-1:])
        wait_for(lambda: not missing(routers[-1:]), "one more honest router")
        equal(missing(routers), set(), "routers lost while others were invented")
        equal(r.get("config-get")["nodes"], ROUTERS, "routers known")
    check(r.drops().get("topology_full"), "nothing was refused")


@test
def a_burst_by_one_port_leaves_places_to_the_answers_by_another():
    before = r.get("config-get")["queue_len"]
    r.do("config-set", queue_len=100)
    new = [f"02:98:00:00:00:{i:02x}" for i in range(5)]
    discover = one.flood()
    invent(discover, "near", 300)
    answer(discover, "far", new)
    wait_for(lambda: not missing(new), "answers behind a burst by another port")
    r.do("config-set", queue_len=before)


if __name__ == "__main__":
    main(setup)
