#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""When nobody answers because secrets differ, the tool says so, even though
whoever refuses a frame keeps silent.

    r1 --- r2 --- r3
"""

import json
import re
import subprocess

from harness import Network, check, equal, main, test, wait_for

NAMES = ("r1", "r2", "r3")
IDS = {name: f"02:00:00:00:00:0{number}" for number, name in enumerate(NAMES, 1)}
R2_MAC = "02:01:00:00:00:21"

net = Network()


def setup():
    global routers
    net.netns(*NAMES)
    net.veth(
        ("r1", "to-r2", "02:01:00:00:00:12", "r2", "to-r1", R2_MAC),
        ("r2", "to-r3", "02:01:00:00:00:23", "r3", "to-r2", "02:01:00:00:00:32"),
    )
    routers = {name: net.router(name, IDS[name], answer_delay=0) for name in NAMES}


def romon(*words):
    """At r1: exit status, output, complaints."""
    run = subprocess.run(["romon", "-n", net["r1"], *words], capture_output=True, text=True)
    return run.returncode, run.stdout, run.stderr


def says(pattern, *words):
    """It fails, and the last complaint matches."""
    status, _, complaints = romon(*words)
    equal(status, 1, f"{' '.join(words)}: exit status")
    check(
        complaints and re.search(pattern, complaints.splitlines()[-1]),
        f"{' '.join(words)}: says {complaints!r}, not {pattern}",
    )


def ping_says(pattern, router="r2"):
    says(f"^romon: {pattern}", "ping", router, "count", "1", "timeout", "0.3")


def neighbours(name):
    return routers[name].whole_dump("neighbor-get")


def refused(name, dev):
    return routers[name].get("port-get", interface=dev).get("refused", {})


def begin(*secrets):
    """All routers have this list, and know each other with it. Nothing of
    before is left: neither neighbours nor what was refused."""
    for nl in routers.values():
        nl.do("config-set", enabled=0, secrets=secrets, hello_interval=5)
    for nl in routers.values():
        nl.do("config-set", enabled=1)
    if secrets:
        wait_for(
            lambda: [n["state"] for name in NAMES for n in neighbours(name)] == ["up"] * 4,
            "all neighbours up",
        )

    def found():
        routers["r1"].do("discover")
        return {node["id"] for node in routers["r1"].whole_dump("node-get")} == {
            IDS["r2"], IDS["r3"]
        }

    wait_for(found, "r1 sees both")


def secrets(name, *values):
    routers[name].do("config-set", secrets=values)


@test
def who_answers_is_not_complained_of():
    begin("a")
    for words in ("ping r3 count 1", "traceroute r3", "discover duration 0.5"):
        status, _, complaints = romon(*words.split())
        equal((status, complaints), (0, ""), words)


@test
def another_secret_at_the_neighbour_is_told():
    begin("a")
    secrets("r2", "b")
    # Its Hello comes at once, and no other for five seconds.
    wait_for(lambda: refused("r1", "to-r2"), "a refused Hello")
    pattern = r"to-r2 refuse.*hashed with a secret that is not set here \(wrong_digest\)"
    ping_says(pattern)
    says(pattern, "ping", "nowhere", "count", "1")
    says(pattern, "traceroute", "r2")


@test
def a_neighbour_that_stopped_knowing_the_secret_is_told():
    """... while what it sent with another was too long ago to be the reason."""
    begin("a")
    routers["r1"].do("config-set", hello_interval=1)
    routers["r2"].do("config-set", hello_interval=3600)
    secrets("r2", "b")
    wait_for(
        lambda: neighbours("r1")[0]["state"] == "init" and
        refused("r1", "to-r2").get("age", 0) > 3500,
        "silence",
    )
    # By its ID once it is no more known as a router.
    ping_says("(r2|02:00:00:00:00:02) at to-r2 was heard .* s ago and no more")


@test
def a_neighbour_without_a_secret_is_told():
    begin()
    secrets("r1", "a")
    ping_says("r2 at to-r2 has not proved to know a secret set here")


@test
def a_name_with_blanks_is_one_word():
    begin()
    routers["r2"].do("config-set", identity="r2 at eth9 was heard")
    try:
        wait_for(lambda: "eth9" in romon("-j", "discover", "duration", "0.3")[1], "the name")
        secrets("r1", "a")
        ping_says('"r2 at eth9 was heard" at to-r2 has not proved', IDS["r2"])
    finally:
        routers["r2"].do("config-set", identity="r2")


@test
def a_neighbour_with_a_secret_is_told_where_none_is_set():
    begin()
    secrets("r2", "a")
    wait_for(lambda: refused("r1", "to-r2").get("reason") == "no_secret", "a Hello")
    ping_says("to-r2 refuse.*of a router that has a secret, while none is set here")


def r2_hashes_with_the_second_of(*values):
    begin("a")
    routers["r2"].do("config-set", hello_interval=1)
    secrets("r1", *values)
    wait_for(lambda: [n["secret"] for n in neighbours("r1")] == [2], "a Hello")


@test
def a_neighbour_that_knows_only_the_second_secret_is_told():
    r2_hashes_with_the_second_of("b", "a")
    ping_says("r2 at to-r2 hashes with the second .*perhaps it does not know the first")


@test
def a_neighbour_that_demands_a_hash_is_told():
    r2_hashes_with_the_second_of("", "a")
    ping_says("r2 at to-r2 hashes with the second .*what we send is not hashed")


@test
def a_neighbour_that_is_off_is_told():
    begin("a")
    routers["r2"].do("config-set", enabled=0)
    pattern = "r2 at to-r2 was (last )?heard .* s ago.*: it is off, or has new secrets"
    ping_says(pattern)
    says(pattern, "traceroute", "r2")


@test
def another_secret_further_away_is_for_traceroute_to_find():
    begin("a")
    secrets("r3", "b")
    ping_says("ping: nothing was refused here: traceroute tells", "r3")
    says("^romon: traceroute: lost after r2$", "traceroute", "r3")
    equal(refused("r2", "to-r3")["reason"], "wrong_digest", "what r2 has refused last")


def unknown_says():
    return romon("ping", "nowhere", "count", "1", "timeout", "0.3")[2]


@test
def what_was_refused_before_the_secrets_changed_is_not_told():
    for own in False, True:
        begin()
        secrets("r2", "a")
        wait_for(lambda: refused("r1", "to-r2").get("reason") == "no_secret", "a Hello")
        check("no_secret" in unknown_says(), "the refusal is not told")
        if own:
            routers["r1"].do("port-add", interface="to-r2", secrets=("a",))
        else:
            secrets("r1", "a")
        wait_for(lambda: [n["state"] for n in neighbours("r1")] == ["up"], "r2 is up")
        said = unknown_says()
        shown = refused("r1", "to-r2")
        if own:
            routers["r1"].do("port-del", interface="to-r2")
        check("refuse" not in said, f"it says {said!r}")
        equal(shown, {}, "what was refused")


@test
def what_was_refused_of_a_neighbour_that_is_up_since_is_not_told():
    begin("a")
    secrets("r2", "b")
    wait_for(lambda: refused("r1", "to-r2"), "a refused Hello")
    # It is lost, so that it comes up again.
    routers["r1"].do("config-set", hello_interval=1)
    routers["r2"].do("config-set", hello_interval=60)
    wait_for(lambda: neighbours("r1")[0]["state"] == "init", "silence")
    routers["r1"].do("config-set", hello_interval=60)
    check("wrong_digest" in unknown_says(), "the refusal is not told")
    secrets("r2", "a")
    wait_for(lambda: neighbours("r1")[0]["state"] == "up", "r2 is up again")
    check(refused("r1", "to-r2"), "nothing was refused")
    said = unknown_says()
    check("refuse" not in said, f"it says {said!r}")


@test
def what_was_refused_last_is_shown_with_the_counters():
    begin("a")
    secrets("r2", "b")
    wait_for(lambda: refused("r1", "to-r2"), "a refused Hello")
    (port,) = json.loads(romon("-j", "-s", "port", "show", "to-r2")[1])
    shown = port["refused"]
    equal((shown["mac"], shown["reason"]), (R2_MAC, "wrong_digest"), "the last one refused")
    check(0 <= shown["age"] < 1000, f"an age in seconds: {shown['age']}")
    line = rf"refused  last \d+\.\ds ago  wrong_digest  from {R2_MAC}"
    check(re.search(line, romon("-s", "port", "show", "to-r2")[1]), "not for people")
    check("refused" not in romon("port", "show", "to-r2")[1], "shown without -s")
    begin("a")
    equal(refused("r1", "to-r2"), {}, "what was refused, after a new start")


if __name__ == "__main__":
    main(setup)
