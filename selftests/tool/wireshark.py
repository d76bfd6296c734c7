#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 600
"""What Wireshark's dissector makes of real frames: a flood, pings and a session of
ssh through a router that has them captured on both sides.

    r1 --- r2 --- r3
"""

import collections
import pathlib
import subprocess
import sys

from harness import Network, check, equal, ip, main, note, test, wait_for
from sessions import (
    SECRET, SERVERS, SSHD, Chain, Serve, good, path, private_ssh, romon, run, spawn, ssh_options)

selftests = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(selftests / "wireshark"))

import check as wireshark
import corpus

net = Network()


def captured(ns, dev):
    """A tcpdump that has begun. Short frames, as its buffer has room for that many."""
    file = path(f"{dev}.pcap")
    process = spawn(ns, ["tcpdump", "--immediate-mode", "-U", "-s", "2000", "-Z", "root",
                         "-i", dev, "-w", file, "ether", "proto", "0x88bf"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    line = process.stderr.readline()
    while line and b"listening on" not in line:
        line = process.stderr.readline()
    check(line, "tcpdump does not begin")
    return process, file


def setup():
    global tshark, captures
    private_ssh()
    chain = Chain(net, ["r1", "r2", "r3"], hello_interval=1)
    # Down and up again: that routers get to know each other is in the captures.
    for state in ("down", "up"):
        for name, dev in chain.links:
            ip(f"link set {dev} {state}", ns=chain[name])
        if state == "down":
            ip("link set to-r1 up", "link set to-r3 up", ns=chain["r2"])
            running = [captured(chain["r2"], dev) for dev in ("to-r1", "to-r3")]
    chain.nl["r3"].do("config-set", identity="last")
    chain.settle()
    serve = Serve(chain["r3"], SERVERS)
    good(romon(chain["r1"], "ping", chain.id["r3"], "count", 3, "interval", 0.1))
    said = good(run(chain["r1"], ["ssh", *ssh_options(SSHD), "root@last.romon", "seq 20000"]))
    check(said.endswith("\n20000\n"), f"ssh says {said[-100:]!r}")
    serve.check()
    # tcpdump is some frames behind: this name is the last thing that it is waited for.
    chain.nl["r3"].do("config-set", identity="over and out")
    wait_for(lambda: romon(chain["r1"], "discover", "duration", 0.1) and all(
        b"over and out" in pathlib.Path(file).read_bytes() for _, file in running), "all to be captured")
    for process, _ in running:
        process.terminate()
        process.wait()
    captures = [corpus.Capture(pathlib.Path(file), (SECRET,), {}, {}, {}) for _, file in running]
    folder = pathlib.Path(path("tshark"))
    folder.mkdir()
    tshark = wireshark.Tshark("tshark", folder, selftests.parent / "userspace/wireshark")


@test
def it_shows_what_decode_tells():
    for capture in captures:
        packets, said = wireshark.shown(tshark, capture)
        check("Lua Error" not in said, said)
        told = wireshark.decode("romon", capture)
        note(f"{len(told)} frames of {capture.path.name}")
        equal(len(packets), len(told), "frames")
        for number, (one, other) in enumerate(zip(told, packets), 1):
            equal(wireshark.compare(one, other), [], f"what differs in frame {number} of {capture.path.name}")


@test
def every_digest_is_right():
    for capture in captures:
        status = collections.Counter(
            (one[0], bool(one[1])) for one in tshark.fields(
                capture, "romon", "romon.auth.digest.status", "romon.auth.mark"))
        equal({one for one, _ in status}, {"1"}, f"status in {capture.path.name}: {status}")
        check(status["1", True] > status["1", False], f"hardly one is bound to a mark: {status}")
        equal(tshark.fields(capture, "romon.malformed || romon.repeated || romon.wrong_hop || romon.loop",
                     "frame.number"), [], f"suspicions in {capture.path.name}")


@test
def handshakes_and_answers_are_tied_together():
    for capture in captures:
        equal(tshark.fields(capture, "romon.challenge.echo && !romon.challenge.frame", "frame.number"), [],
              "echoes without a challenge")
        check(tshark.fields(capture, "romon.challenge.frame", "frame.number"), "no handshake")
        equal(tshark.fields(capture, "romon.type == 2 && !romon.discover", "frame.number"), [],
              "answers without a Discover")
        check(tshark.fields(capture, "romon.type == 2 && romon.name == last", "frame.number"), "no name")
        answered = tshark.fields(capture, "romon.echo.request", "romon.echo.time")
        check(len(answered) >= 3, f"answers: {answered}")
        check(all(0 < float(one[0]) < 60 for one in answered), f"round trips: {answered}")


@test
def a_session_is_a_stream_of_ssh():
    for capture in captures:
        streams = {one[0] for one in tshark.fields(capture, "romon.srcport == 3", "romon.stream")}
        equal(len(streams), 1, "streams")
        equal(tshark.fields(capture, "romon.segment.gap || romon.segment.missed", "frame.number"), [],
              "what is said to be missing")
        told = tshark.fields(capture, "ssh.protocol", "romon.dstport", "ssh.protocol")
        equal(len(told), 2, f"versions of ssh, of {told}")
        equal(len(tshark.fields(capture, "ssh.kex_algorithms", "frame.number")), 2, "key exchanges")
        check(len(tshark.fields(capture, "ssh && romon.srcport == 3", "frame.number")) > 50, "hardly any ssh")
        check(not tshark.fields(capture, "ssh && _ws.malformed", "frame.number"), "malformed ssh")
        data = sum(len(bytes.fromhex(one[0].replace(":", ""))) for one in tshark.fields(
            capture, "romon.stream.data && romon.srcport == 3", "romon.stream.data"))
        check(data > 108894, f"{data} bytes of stream for 108894 of output")


main(setup)
