#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""Who gets to see a secret: only whoever has CAP_NET_ADMIN and asks for it.

Each secret of this test has the same word in it, which is looked for in all
that the kernel says.
"""

import glob
import os
import subprocess
import time

from harness import Network, check, equal, main, test, wait_for
import genl
from genl import netns

WORD = b"Rosebud"
FIRST, SECOND, OWN = WORD + b"-1", WORD + b"-2", WORD + b"-of-the-port"
TRACING = "/sys/kernel/tracing"

net = Network()


def setup():
    global r1, r2
    net.netns("r1", "r2")
    net.veth(("r1", "to-r2", "02:01:00:00:00:01", "r2", "to-r1", "02:01:00:00:00:02"))
    r1 = net.router("r1", "02:00:00:00:00:01", answer_delay=0, hello_interval=1,
                    secrets=(FIRST, SECOND))
    r2 = net.router("r2", "02:00:00:00:00:02", answer_delay=0, hello_interval=1,
                    secrets=(SECOND, FIRST))
    r1.do("port-add", interface="to-r2", secrets=(OWN, FIRST))


def up(nl=None):
    return any(found["state"] == "up" for found in (nl or r1).whole_dump("neighbor-get"))



class Unprivileged:
    """A process without capabilities in r1's namespace: run(function) gives the
    bytes that it returns."""

    def run(self, function):
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            status = 1
            try:
                os.close(read)
                netns(net["r1"]).__enter__()
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                nl = genl.Romon()
                with os.fdopen(write, "wb") as pipe:
                    pipe.write(function(nl))
                status = 0
            except BaseException as wrong:
                print(f"# {wrong!r}", flush=True)
            os._exit(status)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            data = pipe.read()
        _, status = os.waitpid(pid, 0)
        equal(status, 0, "exit status of the process without capabilities")
        return data


def everything(nl):
    """All replies as they came."""
    out = b""
    for command in ("config-get",):
        out += b"".join(body for _, body in nl.request(genl.CMD[command]))
    for command in ("port-get", "neighbor-get", "node-get", "edge-get"):
        out += b"".join(
            body for _, body in nl.request(genl.CMD[command], b"", genl.NLM_F_DUMP)
        )
    request = genl.build("port", {"interface": "to-r2"})
    out += b"".join(body for _, body in nl.request(genl.CMD["port-get"], request))
    return out


@test
def an_administrator_is_told_the_secrets():
    equal(r1.get("config-get")["secrets"], [FIRST, SECOND], "the router's")
    equal(r1.get("port-get", interface="to-r2")["secrets"], [OWN, FIRST], "the port's")
    (port,) = (p for p in r1.whole_dump("port-get") if p["interface"] == "to-r2")
    equal(port["secrets"], [OWN, FIRST], "the port's in a dump")


@test
def others_are_told_how_many_there_are():
    data = Unprivileged().run(everything)
    check(data, "no replies")
    equal(data.count(WORD), 0, "secrets in replies")
    config = Unprivileged().run(
        lambda nl: repr(nl.get("config-get")).encode()
    ).decode()
    check("'secrets_count': 2" in config and "'secrets'" not in config, config)
    port = Unprivileged().run(
        lambda nl: repr(nl.get("port-get", interface="to-r2")).encode()
    ).decode()
    check("'secrets_count': 2" in port and "'secrets'" not in port, port)


@test
def others_cannot_set_them():
    def attempt(nl):
        try:
            nl.do("config-set", secrets=("x",))
        except genl.NetlinkError as refused:
            return os.strerror(refused.errno).encode()
        return b"set"

    equal(Unprivileged().run(attempt), os.strerror(1).encode(), "what it is told")
    equal(r1.get("config-get")["secrets"], [FIRST, SECOND], "the router's")


@test
def events_do_not_tell_them_to_anybody():
    listener = genl.Romon(net["r1"])
    listener.subscribe()
    said = []

    def look(messages):
        for _, _, _, body in messages or []:
            said.append(body)

    for secrets in ((FIRST,), (SECOND, FIRST), (), (FIRST, SECOND)):
        r1.do("config-set", secrets=secrets, node_timeout=100 + len(secrets))
        r1.do("port-set", interface="to-r2", secrets=secrets, comment=f"{len(secrets)}")
    r1.do("port-set", interface="to-r2", secrets=(OWN, FIRST))
    r1.do("port-add", interface="other", secrets=(OWN,))
    r1.do("port-del", interface="other")
    while True:
        messages = listener.receive(time.monotonic() + 0.5)
        if messages is None:
            break
        look(messages)
    check(len(said) > 4, f"only {len(said)} events")
    equal(sum(WORD in body for body in said), 0, "events with a secret")


@test
def a_refused_request_is_not_echoed_with_its_secrets():
    """By default the kernel sends a refused request back. What the policy refuses
    no handler gets to wipe, and it goes only to whoever has sent it."""
    nl = genl.Romon(net["r1"])
    nl.sock.setsockopt(genl.SOL_NETLINK, genl.NETLINK_CAP_ACK, 0)
    for which, command, values in (
        ("config", "config-set", {"secrets": (FIRST, WORD + b"x" * 64)}),
        ("config", "config-set", {"secrets": (FIRST,) * 17}),
        ("config", "config-set", {"secrets": (FIRST,), "id": b"\xff" * 6}),
        ("port", "port-add", {"interface": "to-r2", "secrets": (OWN,)}),
        ("port", "port-set", {"interface": "nowhere", "secrets": (OWN,)}),
    ):
        seq = nl.send(genl.CMD[command], genl.build(which, values))
        code = None
        while code is None:
            for kind, _, number, body in nl.receive(time.monotonic() + 20) or []:
                if number == seq and kind == genl.NLMSG_ERROR:
                    code = int.from_bytes(body[:4], "little", signed=True)
                    echoed = body
        what = f"{command} {sorted(values)}"
        check(code < 0, f"{what}: not refused")
        equal(echoed.count(WORD), 0, f"{what}: {os.strerror(-code)}: secrets echoed")


def kernel_log():
    return subprocess.run(["dmesg"], capture_output=True, check=True).stdout


@test
def the_kernels_log_has_none():
    log = kernel_log()
    equal(log.count(WORD), 0, "secrets in the log")


@test
def tracepoints_have_none():
    events = f"{TRACING}/events/romon"
    if not os.path.isdir(events):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], stderr=-3)
    check(os.path.isdir(events), "no tracepoints")
    formats = "".join(open(path).read() for path in glob.glob(f"{events}/*/format"))
    fields = [line for line in formats.splitlines() if line.strip().startswith("field:")]
    check(fields and "secret" not in "".join(fields), "a tracepoint has a field of that name")

    def put(path, text):
        with open(f"{TRACING}/{path}", "w") as file:
            file.write(text)

    put("trace", "")
    put("events/romon/enable", "1")
    try:
        for secrets in ((SECOND, FIRST), (FIRST, SECOND), (FIRST,)):
            for nl in (r1, r2):
                nl.do("config-set", secrets=secrets)
            r1.do("port-set", interface="to-r2", secrets=secrets)
            wait_for(up, "r2 up")
            r1.do("discover")
            r2.do("discover")
        wait_for(lambda: b"romon" in open(f"{TRACING}/trace", "rb").read(), "a trace")
        r2.do("config-set", secrets=(WORD,))
        time.sleep(1)
    finally:
        put("events/romon/enable", "0")
    trace = open(f"{TRACING}/trace", "rb").read()
    check(trace.count(b"\n") > 20, "hardly anything was traced")
    equal(trace.count(WORD), 0, "secrets in the trace")


@test
def frames_have_none():
    import romonframe as rf

    with netns(net["r2"]):
        tap = rf.Port("to-r1", promiscuous=True, outgoing=True)
    for nl in (r1, r2):
        nl.do("config-set", secrets=(FIRST,))
        nl.do("discover")
    frames = tap.recv_all(2)
    check(frames, "no frames")
    equal(sum(WORD in data for data in frames), 0, "frames with a secret")


if __name__ == "__main__":
    main(setup)
