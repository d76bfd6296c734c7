#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
"""The kernel's own program for families with a spec, of the debug kernel's source.

    a --- b --- c
"""

import json
import os
import subprocess

from harness import LIMIT, TOP, Failed, Network, check, equal, main, test, wait_for
import genl

A, B, C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
CLI = os.environ["ROMON_SOURCE"] + "/tools/net/ynl/pyynl/cli.py"
SPEC = TOP + "/Documentation/netlink/specs/romon.yaml"
net = Network()


def setup():
    net.netns("a", "b", "c")
    net.veth(
        ("a", "to-b", "02:01:00:00:00:ab", "b", "to-a", "02:01:00:00:00:ba"),
        ("b", "to-c", "02:01:00:00:00:bc", "c", "to-b", "02:01:00:00:00:cb"),
    )
    net.router("b", B, answer_delay=0)
    net.router("c", C, answer_delay=0)


def start(*words, attrs=None):
    """It runs in a."""
    return subprocess.Popen(
        ["/usr/bin/python3", "-P", CLI, "--spec", SPEC, "--no-schema", "--output-json", *words,
         *(["--json", json.dumps(attrs)] if attrs else [])],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: genl.enter(net["a"]))


def ynl(*words, attrs=None):
    """-> what a's kernel answers"""
    run = start(*words, attrs=attrs)
    out, wrong = run.communicate()
    if run.returncode:
        raise Failed(f"ynl {words} {attrs}: {out}{wrong}")
    return json.loads(out)


def dump(name, *words):
    return ynl("--dump", name, *words)


@test
def it_enables_a_router():
    ynl("--do", "config-set", attrs={"id": A, "identity": "a", "board": "test", "enabled": 1})
    got = ynl("--do", "config-get")
    equal((got["id"], got["identity"], got["enabled"]), (A, "a", 1), "what is set")


@test
def it_sees_ports_routers_and_edges():
    ynl("--do", "discover")
    wait_for(lambda: {n["id"] for n in dump("node-get")} == {B, C}, "two routers", LIMIT * 2)
    port, = (p for p in dump("port-get") if p["interface"] == "to-b")
    equal((port["interface"], port["state"]), ("to-b", "running"), "the port")
    check(port["stats"]["rx-packets"] > 0, f"counters: {port['stats']}")
    edges = {(e["from"]["id"], e["to"]["id"]) for e in dump("edge-get")}
    check(edges >= {(A, B), (B, C)}, f"edges: {edges}")


@test
def it_reads_dumps_in_many_pieces():
    ports = "".join(f"link add d{n} type dummy\nlink set d{n} up\n" for n in range(60))
    subprocess.run(["ip", "-n", net["a"], "-b", "-"], input=ports, text=True, check=True)
    got = dump("port-get", "--dbg-small-recv", "4096")
    equal(sorted(p["interface"] for p in got),
          sorted(["all", "lo", "to-b"] + [f"d{n}" for n in range(60)]), "the ports")


@test
def it_prints_the_sentence_of_a_refusal():
    run = start("--do", "port-del", attrs={"interface": "nothing"})
    out, wrong = run.communicate()
    check(run.returncode, "it was not refused")
    check("No port entry has this name" in wrong + out, f"no sentence: {out}{wrong}")


@test
def it_hears_events():
    run = start("--subscribe", "events", "--duration", "5")
    said = []

    def heard():
        ynl("--do", "config-set", attrs={"identity": f"a{len(said)}"})
        said.append(run.poll())
        return said[-1] is not None

    wait_for(heard, "its end", LIMIT * 2)
    out, wrong = run.communicate()
    check('"config-change-ntf"' in out, f"it heard {out}{wrong}")


@test
def the_kernel_tells_the_policy_of_the_spec():
    policy = ynl("--policy", "--do", "config-set")
    text = json.dumps(policy)
    check("hop-limit" in text and "max-value" in text, f"the policy is {text}")


main(setup)
