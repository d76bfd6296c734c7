#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 600
"""Sessions over four hops whose links lose, duplicate, delay and reorder.

    r1 --- r2 --- r3 --- r4 --- r5        with a secret, without any address

What tc-netem(8) is told it does on each of the four links, in both directions,
so a segment and its acknowledgement meet it eight times.
"""

import os
import subprocess
import threading
import time

from harness import LIMIT, LONG, Network, amount, check, equal, main, note, test
from sessions import (
    SERVER_NAMES, SERVERS, Chain, Serve, good, path, private_ssh, random_file, run, sha256, spawn,
    ssh_options)

# Of each link. 40 ms by itself are 320 ms there and back.
IMPAIRED = {
    "2 % loss": "loss 2%",
    "reordering": "delay 3ms reorder 70% 50%",
    "2 % duplication": "duplicate 2%",
    "40 ms delay": "delay 40ms",
    "loss, reordering, duplication and 40 ms delay in all":
        "delay 10ms 2ms reorder 30% 50% loss 2% duplicate 2%",
}
CAT = 700
SIZE = int(os.environ.get("ROMON_NETEM_KB") or amount(100, 300)) * 1000
PATIENCE = 20 * LIMIT

net = Network()


def setup():
    global chain, r1, serve
    private_ssh()
    chain = Chain(net, ["r1", "r2", "r3", "r4", "r5"])
    r1 = chain["r1"]
    serve = Serve(chain["r5"], {**SERVERS, CAT: ["/bin/cat"]}, keepalive=600)
    # Known hosts, so that all that follows is alike.
    for port in SERVERS:
        good(run(r1, ["ssh", *ssh_options(port), "root@r5.romon", "true"]))


def both_ways():
    """Random bytes through `cat`, there and back at the same time."""
    sent = os.urandom(SIZE)
    process = spawn(r1, ["romon", "connect", "r5", str(CAT), "keepalive", "600"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def feed():
        process.stdin.write(sent)
        process.stdin.close()

    threading.Thread(target=feed, daemon=True).start()
    start = time.monotonic()
    back = process.stdout.read()
    taken = time.monotonic() - start
    equal(len(back), len(sent), "bytes that came back")
    check(back == sent, "what came back is not what was sent")
    equal(process.wait(LIMIT), 0, "exit status")
    note(f"{SIZE // 1000} kB there and back at once: {taken:.1f} s, {SIZE / taken / 1e3:.0f} kB/s")


def copied(port):
    name, digest = random_file("copied", SIZE)
    start = time.monotonic()
    good(run(r1, ["scp", "-q", *ssh_options(port), name, f"root@r5.romon:{path('there')}"],
             timeout=PATIENCE))
    equal(sha256(path("there")), digest, "SHA-256 of the copy")
    note(f"{SERVER_NAMES[port]}: {SIZE // 1000} kB by scp: {time.monotonic() - start:.1f} s")


def commanded(port):
    done = run(r1, ["ssh", *ssh_options(port), "root@r5.romon", "seq 2000; exit 5"],
               timeout=PATIENCE)
    equal(done.returncode, 5, f"exit status: {done.stderr}")
    equal(done.stdout, "".join(f"{n}\n" for n in range(1, 2001)), "the output")


def complete_and_correct(what):
    chain.netem(IMPAIRED[what])
    try:
        both_ways()
        # One server commands and the other copies, and the other way round where
        # the links have the next of these; in make check-long each does both.
        for turn, port in enumerate(SERVERS, list(IMPAIRED).index(what)):
            if LONG or turn % 2:
                commanded(port)
            if LONG or not turn % 2:
                copied(port)
    finally:
        chain.netem("")


@test
def sessions_are_complete_and_correct_over_links_that_lose():
    complete_and_correct("2 % loss")


@test
def sessions_are_complete_and_correct_over_links_that_reorder():
    complete_and_correct("reordering")


@test
def sessions_are_complete_and_correct_over_links_that_duplicate():
    complete_and_correct("2 % duplication")


@test
def sessions_are_complete_and_correct_over_links_that_delay():
    complete_and_correct("40 ms delay")


@test
def sessions_are_complete_and_correct_over_links_that_do_all_of_it():
    complete_and_correct("loss, reordering, duplication and 40 ms delay in all")


@test
def nothing_is_left_behind():
    for name in ("r1", "r5"):
        note(f"{name}: {chain.endpoints(name)} ports bound, drops {chain.nl[name].drops()}")
    equal(chain.endpoints("r1"), 0, "ports bound at r1")


if __name__ == "__main__":
    main(setup)
