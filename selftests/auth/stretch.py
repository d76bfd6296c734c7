#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 400
"""Secrets that the tool stretches, by the name of a network.

    r1 --- r2 --- r3
"""

import hashlib
import json
import os
import subprocess
import tempfile

from harness import Network, check, equal, main, test, wait_for

NAMES = ("r1", "r2", "r3")
IDS = {name: f"02:00:00:00:00:0{number}" for number, name in enumerate(NAMES, 1)}
R1_MAC, R2_MAC, R3_MAC = "02:01:00:00:00:12", "02:01:00:00:00:21", "02:01:00:00:00:32"

net = Network()


def setup():
    global routers
    net.netns(*NAMES)
    net.veth(
        ("r1", "to-r2", R1_MAC, "r2", "to-r1", R2_MAC),
        ("r2", "to-r3", "02:01:00:00:00:23", "r3", "to-r2", R3_MAC),
    )
    routers = {
        name: net.router(name, IDS[name], answer_delay=0, hello_interval=1) for name in NAMES
    }


def key(secret, network):
    """As protocol.rst has it, by another library than the tool's."""
    salt = b"romon" + network.encode().hex().encode()
    return "stretched:" + hashlib.scrypt(
        secret.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=16
    ).hex()


def romon(name, *words, typed=""):
    run = subprocess.run(["romon", "-n", net[name], *words], input=typed, text=True,
                         capture_output=True)
    equal((run.returncode, run.stderr), (0, ""), f"romon {' '.join(words)}")
    return run.stdout


def secrets(name):
    found = routers[name].get("config-get").get("secrets", [])
    return [secret.decode() for secret in found]


def ups(name):
    return sum(n["state"] == "up" for n in routers[name].whole_dump("neighbor-get"))


def restart():
    """Nothing that was proved with other secrets is left."""
    for nl in routers.values():
        nl.do("config-set", enabled=0)
    for nl in routers.values():
        nl.do("config-set", enabled=1)


def refuses(name, dev):
    def counted():
        return routers[name].stats(dev)["drop"].get("wrong_digest", 0)

    before = counted()
    wait_for(lambda: counted() > before, f"{name} refuses frames at {dev}")


@test
def routers_with_stretched_secrets_are_neighbours_and_one_with_the_raw_form_is_not():
    romon("r1", "set", "network", "home", "secrets", "secret")
    romon("r2", "set", "secrets-file", "-", "network=home", typed="secret\n")
    romon("r3", "set", "secrets", "secret")
    restart()
    wait_for(lambda: ups("r1") == 1 and ups("r2") == 1, "r1 and r2 are neighbours")
    refuses("r2", "to-r3")
    refuses("r3", "to-r2")
    equal((ups("r2"), ups("r3")), (1, 0), "neighbours of r2, of r3")
    romon("r1", "ping", IDS["r2"], "count", "1")


@test
def a_list_of_both_forms_lets_both_in():
    romon("r2", "set", "secrets-file", "-", typed=f"secret\n{key('secret', 'home')}\n")
    # r2 sends with the first, which r1 has to know too.
    romon("r1", "set", "secrets-file", "-", typed=f"{key('secret', 'home')}\nsecret\n")
    romon("r3", "set", "secrets", "secret")
    restart()
    wait_for(lambda: [ups(name) for name in NAMES] == [1, 2, 1], "all are neighbours")


@test
def another_name_is_another_secret():
    for name, network in (("r1", "home"), ("r2", "home"), ("r3", "Home")):
        romon(name, "set", "network", network, "secrets", "secret")
    restart()
    wait_for(lambda: ups("r1") == 1 and ups("r2") == 1, "r1 and r2 are neighbours")
    refuses("r3", "to-r2")
    equal(ups("r3"), 0, "neighbours of r3")


@test
def a_key_is_what_the_document_says():
    for secret, network in (("secret", "home"), ("x" * 64, "n" * 64), ("gehäuse", "büro $1")):
        romon("r1", "set", "network", network, "secrets", f",{secret}")
        equal(secrets("r1"), ["", key(secret, network)], f"{secret!r} in {network!r}")
        equal(romon("r1", "stretch", network, typed=f"\n{secret}\n"),
              f"\n{key(secret, network)}\n", "what stretch prints")
    shown = json.loads(romon("r1", "--show-secrets", "-j", "show"))
    equal(shown["secrets"], ["", key("gehäuse", "büro $1")], "what show prints")


@test
def a_port_has_stretched_secrets_of_its_own():
    romon("r1", "set", "secrets", "other")
    romon("r1", "port", "add", "to-r2", "network", "home", "secrets", "secret")
    romon("r2", "set", "network", "home", "secrets", "secret")
    restart()
    wait_for(lambda: ups("r1") == 1 and ups("r2") == 1, "r1 and r2 are neighbours")
    romon("r1", "port", "set", "to-r2", "secrets", "none")
    restart()
    refuses("r1", "to-r2")
    romon("r1", "port", "del", "to-r2")


@test
def what_is_saved_is_restored_and_not_stretched_again():
    for name in ("r1", "r2"):
        romon(name, "set", "network", "home", "secrets", "secret")
    romon("r1", "port", "add", "later", "network", "away", "secrets", "secret,")
    saved = romon("r1", "save")
    check("network" not in saved and key("secret", "home") in saved, saved)
    for how in ("restore", "-b"):
        romon("r1", "set", "secrets", "none")
        romon("r1", "port", "del", "later")
        restart()
        romon("r1", how, "-", typed=saved)
        equal(romon("r1", "save"), saved, f"what is saved after {how}")
        wait_for(lambda: ups("r1") == 1 and ups("r2") == 1, f"neighbours again after {how}")
    romon("r1", "port", "del", "later")


@test
def a_file_to_restore_may_name_the_network():
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("set network home secrets secret\nset enabled on\n")
        file.flush()
        os.chmod(file.name, 0o600)
        romon("r1", "set", "secrets", "none")
        for _ in range(2):
            romon("r1", "restore", file.name)
            equal(secrets("r1"), [key("secret", "home")], "the list")


if __name__ == "__main__":
    main(setup)
