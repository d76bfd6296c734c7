#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: fips
"""A kernel in FIPS mode, which has no MD5.

    x --- r        x is this test's raw socket
"""

import os
import subprocess

from harness import LIMIT, Network, check, equal, main, note, skip_all, test, wait_for
import genl
import romonauth as ra
import romonframe as rf

A, R = "02:00:00:00:00:0a", "02:00:00:00:00:01"
net = Network()


@test
def what_has_secrets_is_closed_and_what_has_none_works():
    net.netns("r", "x")
    net.veth(("r", "to-x", "02:01:00:00:00:19", "x", "x", "02:01:00:00:00:91"))
    with genl.netns(net["x"]):
        x = rf.Port("x")
    r = genl.Romon(net["r"])
    r.do("config-set", id=R, answer_delay=0)
    end = rf.End(7, 1500, 100, x.mac)
    plain = rf.ethernet(rf.GROUP, x.mac, rf.build_discover(A, end))
    hashed = ra.Neighbor(x, A, "one").hello()
    # The empty secret would let in what is not hashed.
    for secrets in ("one", ",one"):
        found = subprocess.run(
            ["ip", "netns", "exec", net["r"], "romon", "set", "secrets", secrets],
            capture_output=True, text=True)
        check("No MD5 in FIPS mode" in found.stderr, f"nothing is said: {found}")
        equal(found.returncode, 0, "romon set")
        note(found.stderr.strip())
        r.do("config-set", enabled=1)
        x.drain()
        before = r.stats("to-x")["rx_packets"]
        for data in (plain, hashed):
            x.send(data)
        r.do("discover")
        wait_for(lambda: r.stats("to-x")["rx_packets"] >= before + 2, "frames")
        equal(x.recv(0.5, lambda f: True), None, "a frame by a closed port")
        found = r.stats("to-x")
        equal((found["tx_packets"], found["delivered"], found["forwarded"]), (0, 0, 0), "sent")
        equal({name for name, n in found["drop"].items() if n}, {"no_md5"}, "drops")
    r.do("config-set", secrets=())
    r.do("discover")
    check(x.recv(LIMIT, lambda f: f["type"] == rf.DISCOVER), "still closed without secrets")
    r.close()


@test
def the_module_says_why_as_it_is_loaded():
    log = subprocess.run(["dmesg", "-t"], capture_output=True, text=True, check=True).stdout
    said = [line for line in log.splitlines() if line.startswith("romon: no MD5 in FIPS mode")]
    check(said, "nothing is said")
    note(said[-1])


if "fips" not in os.environ.get("ROMON_HAS", "").split():
    skip_all("this kernel is not in FIPS mode")
main()
