#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 600
"""Guesses at logins: r4 -- r2 -- r1 -- r3, where r1 serves and r2 guesses.

To r1, r4 is behind the same neighbour as r2, and r3 is behind another.
"""

import os
import re
import subprocess
import threading
import time

from harness import LIMIT, Network, amount, check, equal, main, note, test, wait_for
from sessions import Chain, Serve, path, private_ssh, run, spawn, write

# What a login may be tried with, and where each try is written down.
CONFIG = """\
HostKey /etc/ssh/ssh_host_ed25519_key
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
LogLevel VERBOSE
"""
DROPBEAR = 7000
SILENT = 7001
# For how many seconds r2 guesses; a busy machine has more, so that more sessions are
# tried than are let in.
SECONDS, TRIED, AT_MOST = amount(30, 120), amount(8, 20), 8 * LIMIT
# Eight sessions of six guesses are let in at once or within that time. The next one
# waits for 64 seconds after these, and all others wait for longer.
GUESSES, AT_ONCE, WAIT = 6, 8, 60
# Whoever guesses is told of when it has gone on for so long.
TOLD = 60


def setup():
    global chain, serve, begun
    private_ssh()
    chain = Chain(Network(), ["r4", "r2", "r1", "r3"])
    run(None, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("other-key")])
    config = write("sshd_config", CONFIG)
    begun = time.monotonic()
    serve = Serve(chain["r1"], {
        "ssh": f'command "/usr/sbin/sshd -i -f {config} -E {path("tries")}"',
        DROPBEAR: 'command "/usr/sbin/dropbear -i -s" login on',
        SILENT: 'command "/bin/cat" login on',
    })


def ssh(port, *options):
    return ["ssh", "-o", f"ProxyCommand=romon connect {chain.id['r1']} {port}",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", *options, "root@r1"]


def log_in(name, port="ssh", command="true", key="/root/.ssh/id_ed25519"):
    """-> the exit status"""
    return run(chain[name], [*ssh(port, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                                  "-i", key), command]).returncode


def ends(name):
    """Whether somebody has logged in in each session of a router that is over."""
    return re.findall(rf"session ended: .* address {chain.id[name]} .* login (yes|no) ",
                      serve.said())


@test
def whether_somebody_has_logged_in_is_seen():
    logins = []
    for port in "ssh", DROPBEAR:
        equal(log_in("r3", port), 0, "the status of a login")
        equal(log_in("r3", port, "exit 3"), 3, "the status of another")
        logins += ["yes", "yes"]
        wait_for(lambda: ends("r3") == logins, f"the log to say so, not {ends('r3')}")
        equal(log_in("r3", port, key=path("other-key")), 255, "the status with a wrong key")
        logins.append("no")
        wait_for(lambda: ends("r3") == logins, f"the log to say so, not {ends('r3')}")


@test
def what_is_no_guess_does_not_count():
    for _ in range(12):
        client = spawn(chain["r3"], ["romon", "connect", chain.id["r1"], "ssh"],
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check(client.stdout.readline().startswith(b"SSH-2.0-"), "there is no banner")
        before = len(ends("r3"))
        client.communicate(timeout=LIMIT)
        wait_for(lambda before=before: len(ends("r3")) > before, "the session to end")
    equal(log_in("r3"), 0, "the status of a login after that")


class Guesser:
    """Passwords from r2, as fast as they can be tried, until the block ends."""

    def __enter__(self):
        wrong = write("askpass", "#!/bin/sh\necho wrong\n", 0o700)
        self.env = {**os.environ, "SSH_ASKPASS": wrong, "SSH_ASKPASS_REQUIRE": "force"}
        self.over = threading.Event()
        self.sessions = 0
        self.threads = [threading.Thread(target=self.guess) for _ in range(4)]
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def guess(self):
        while not self.over.is_set():
            process = spawn(chain["r2"], [*ssh("ssh", "-o", "PubkeyAuthentication=no",
                                               "-o", "NumberOfPasswordPrompts=6"), "true"],
                            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
            while process.poll() is None and not self.over.wait(0.05):
                pass
            if process.poll() is not None:
                self.sessions += 1
            # What would come of the others afterwards is not looked at.
            process.kill()
            process.wait()

    def go_on(self):
        """-> how many guesses there were, and in what time"""
        while (passed := time.monotonic() - self.began) < SECONDS or \
                self.sessions <= TRIED and passed < AT_MOST:
            self.meanwhile()
            time.sleep(3)
        return self.guesses(), time.monotonic() - self.began

    @staticmethod
    def guesses():
        with open(path("tries")) as file:
            return sum("Failed password" in line for line in file)

    @staticmethod
    def meanwhile():
        # r3 has a neighbour of its own, and r4 had logged in before.
        for name in "r3", "r4":
            equal(log_in(name), 0, f"the status of {name}'s login meanwhile")

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


@test
def who_guesses_is_slowed_and_nobody_else():
    equal(log_in("r4"), 0, "the status of a login of r4")
    before = Guesser.guesses()
    with Guesser() as guesser:
        guesses, passed = guesser.go_on()
    guesses -= before
    note(f"{guesser.sessions} sessions were tried, and {guesses} guesses got through in "
         f"{passed:.0f} s")
    check(guesser.sessions > TRIED, "it has not tried much")
    check(0 < guesses <= GUESSES * (AT_ONCE + passed // WAIT), "too many got through")
    check("no" not in ends("r4"), "a login of r4 is taken for none")


@test
def a_router_that_guessed_by_mistake_may_again_after_a_while():
    # Three are free. The fewer are too many, the sooner there may be another.
    for _ in range(5):
        said = run(chain["r4"], ["romon", "connect", chain.id["r1"], str(SILENT)],
                   input="x" * 300).stderr
        if said:
            break
    check("as many sessions as it may have" in said, f"the last hears {said!r}")
    check("too many failed logins by this router" in serve.said(), "the log does not say why")
    wait_for(lambda: log_in("r4") == 0, "a login some seconds later")


@test
def a_guessing_attack_is_told_of():
    said = wait_for(lambda: re.findall(
        r"somebody guesses at logins: link (\d+) neighbor (\S+) failed (\d+) refused (\d+)$",
        serve.said(), re.MULTILINE), "it to be told of", TOLD + LIMIT)
    (neighbor,) = [n for n in chain.nl["r1"].dump("neighbor-get") if n["id"] == chain.id["r2"]]
    for link, mac, failed, refused in said:
        equal((int(link), mac), (neighbor["link"], neighbor["mac"]), "who it is")
        check(int(failed) or int(refused), "nothing is counted")
    passed = time.monotonic() - begun
    check(len(said) <= passed / TOLD, f"it is said {len(said)} times in {passed:.0f} s")


if __name__ == "__main__":
    main(setup)
