#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 400
"""The scripts in examples/, in a chain of routers without any address.

    r1 --- r2 --- r3 --- r4          they run in r1; r2 to r4 offer sshd
"""

import os

from harness import TOP, Network, check, equal, main, note, test, wait_for
from sessions import (
    SSHD_CONFIG, Chain, Serve, good, path, private_ssh, run, spawn, write)

EXAMPLES = os.path.join(TOP, "examples")
FILE = "/etc/ssh/what it's called"

net = Network()


def setup():
    global chain, r1, serves
    private_ssh("Host *.romon\n\tStrictHostKeyChecking accept-new\n")
    chain = Chain(net, ["r1", "r2", "r3", "r4"], node_timeout=10, flood_window=200)
    r1 = chain["r1"]
    serves = {}
    for name in chain.names[1:]:
        # `ip netns exec` puts these over /etc, so each has its own file and key.
        folder = f"/etc/netns/{chain[name]}/ssh"
        os.makedirs(folder)
        good(run(None, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/key"]))
        write(f"{folder}/sshd_config", SSHD_CONFIG.format(key="/etc/ssh/key"))
        write(f"{folder}/{os.path.basename(FILE)}", f"the configuration of {name}\n")
        serves[name] = Serve(chain[name], {"ssh": ["/usr/sbin/sshd", "-i"]},
                             program=["ip", "netns", "exec", chain[name], "romon"])


def backup(*words):
    return run(r1, [f"{EXAMPLES}/backup", "-s", "2", *words])


def copies():
    found = {}
    for name in os.listdir(path("backups")):
        with open(path(f"backups/{name}")) as file:
            found[name] = file.read()
    return found


def wanted(*names):
    return {chain.id[name].replace(":", "-"): f"the configuration of {name}\n" for name in names}


@test
def a_file_is_copied_from_every_router():
    done = backup(FILE, path("backups"))
    note(done.stdout)
    equal(done.returncode, 0, f"exit status: {done.stdout}{done.stderr}")
    equal(copies(), wanted("r2", "r3", "r4"), "the copies")
    equal(len(done.stdout.splitlines()), 3, "lines")


@test
def one_that_fails_keeps_its_last_copy_and_stops_no_other():
    serves["r3"].stop()
    # Control characters in a name shall not reach the terminal.
    chain.nl["r4"].do("config-set", identity="r4\033[31m")
    done = backup("-p", "1", FILE, path("backups"))
    equal(done.returncode, 1, "exit status")
    equal(copies(), wanted("r2", "r3", "r4"), "the copies")
    failed = [line for line in done.stdout.splitlines() if "failed" in line]
    equal(len(failed), 1, f"lines of failure: {done.stdout}")
    check(chain.id["r3"] in failed[0], failed[0])
    check("\033" not in done.stdout, "the name's control characters are printed")
    note(done.stdout)
    chain.nl["r4"].do("config-set", identity="r4")


@test
def backup_says_how_it_is_used():
    done = backup(FILE)
    equal(done.returncode, 2, "exit status")
    check(done.stderr.startswith("usage: backup "), done.stderr)


@test
def a_router_that_goes_offline_and_comes_back_is_told():
    with open(path("told"), "w") as file:
        watch = spawn(r1, [f"{EXAMPLES}/offline"], stdout=file, start_new_session=True)
    command = spawn(r1, [f"{EXAMPLES}/offline", "/bin/sh", "-c", f'echo "$*" >> {path("done")}',
                         "-"], start_new_session=True)

    def told(what, name):
        with open(path("told")) as file:
            lines = file.read().splitlines()
        if not os.path.exists(path("done")):
            return False
        with open(path("done")) as file:
            others = file.read().splitlines()
        line = f"{what} {chain.id[name]} {name}"
        return any(text.endswith(line) for text in lines) and line in others

    def known(name):
        return chain.id[name] in {node["id"] for node in chain.nl["r1"].whole_dump("node-get")}

    def off_and_on():
        """Until they listen, they are told nothing."""
        chain.nl["r4"].do("config-set", enabled=0)
        wait_for(lambda: not known("r4"), "r1 to forget r4")
        chain.nl["r4"].do("config-set", enabled=1)
        wait_for(lambda: chain.nl["r1"].do("discover") is not None and known("r4"),
                 "r1 to find r4 again")
        return told("offline", "r4")

    wait_for(off_and_on, "r4 offline", 120)
    wait_for(lambda: told("online", "r4"), "r4 online")
    check(not told("offline", "r2"), "r2 was told offline too")
    for process in (watch, command):
        os.killpg(process.pid, 15)
        process.wait()


if __name__ == "__main__":
    main(setup)
