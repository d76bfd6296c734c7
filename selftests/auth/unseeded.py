#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: kunit
"""Before the kernel has random numbers that nobody can guess, nothing runs.

    x --- r        x is this test's raw socket

A module with KUnit's suites can be told to believe that it is so early.
"""

import os

from harness import SLOW, Network, check, equal, main, require_module, skip_all, test, wait_for
import genl
import romonframe as rf
from genl import netns

R, X = "02:00:00:00:00:01", "02:00:00:00:00:91"
X_MAC, RX_MAC = "02:01:00:00:00:91", "02:01:00:00:00:19"
UNSEEDED = "/sys/module/romon/parameters/unseeded"

net = Network()
WAIT = 60 if SLOW else 20
# Long enough for a Hello or an answer that should not be there.
QUIET = 3 if SLOW else 1.5


def setup():
    global r, x
    net.netns("x", "r")
    net.veth(("x", "x", X_MAC, "r", "to-x", RX_MAC))
    r = genl.Romon(net["r"])
    with netns(net["x"]):
        x = rf.Port("x")


def unseeded(value):
    with open(UNSEEDED, "w") as f:
        f.write(str(value))


def state():
    return r.get("port-get", interface="to-x")["state"]


@test
def without_random_numbers_nothing_is_sent_or_taken():
    unseeded(1)
    try:
        for secrets in ((), ("a",)):
            r.do("config-set", id=R, secrets=secrets, hello_interval=1, answer_delay=0,
                 enabled=1)
            equal(r.get("config-get").get("current_id"), None, "the ID of what does not run")
            equal(state(), "off", "the port")
            x.send_frame(rf.build_discover(X, rf.End(7, 1500, 100, X_MAC)))
            equal(x.recv(QUIET, lambda f: True), None, "a frame of r")
            r.do("config-set", enabled=0)
    finally:
        unseeded(0)


@test
def with_random_numbers_it_begins_by_itself():
    unseeded(1)
    try:
        r.do("config-set", id=R, secrets=("a",), hello_interval=1, enabled=1)
        equal(state(), "off", "the port")
    finally:
        unseeded(0)
    wait_for(lambda: state() == "running", "a port", WAIT)
    equal(r.get("config-get")["current_id"], R, "the ID")
    check(x.recv(WAIT, lambda f: f["type"] == rf.HELLO), "no Hello")
    # What runs goes on, and what is disabled while it waits stays so.
    unseeded(1)
    try:
        r.do("config-set", identity="another")
        equal(state(), "running", "the port")
        r.do("config-set", enabled=0)
        r.do("config-set", enabled=1)
        equal(state(), "off", "the port")
        r.do("config-set", enabled=0)
    finally:
        unseeded(0)
    x.drain()
    equal(x.recv(QUIET, lambda f: True), None, "a frame of r")
    equal(state(), "off", "the port")


if __name__ == "__main__":
    require_module()
    if not os.path.exists(UNSEEDED):
        skip_all("this module cannot be told to believe that it is early")
    main(setup)
