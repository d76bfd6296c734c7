#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 400
"""`romon restore ... confirm` goes back by itself, whatever becomes of who asked for it.

    r1 --- r2 --- r3

Here no namespace is that of PID 1, so whoever waits is a process of its own. As a
service of systemd it is tried by selftests/vm/boot.
"""

import os
import pty
import signal
import subprocess
import time

from harness import Network, amount, check, equal, main, test, wait_for
from sessions import Chain, Serve, path, private_mounts, write

SECRET = "between us"
DIR = "/run/romon"

net = Network()


def setup():
    global chain, routers
    private_mounts(DIR)
    os.chmod(DIR, 0o700)
    chain = Chain(net, ["r1", "r2", "r3"], hello_interval=1)
    routers = chain.nl


def run(name, *words, **options):
    return subprocess.run(["romon", "-n", net[name], *map(str, words)], text=True,
                          capture_output=True, **options)


def romon(name, *words, **options):
    done = run(name, *words, **options)
    equal((done.returncode, done.stderr), (0, ""), f"romon {' '.join(map(str, words))}")
    return done.stdout


def refused(name, why, *words, **options):
    done = run(name, *words, **options)
    check(done.returncode == 1 and why in done.stderr,
          f"{words}: {done.returncode}: {done.stderr}")


def longer(saved, lines):
    return saved.removesuffix("# end\n") + lines + "# end\n"


def state(name="r2"):
    return romon(name, "confirm", "show").split()[1]


def waiters():
    """The processes that wait, by the network namespace that they are in."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                if file.read() == "romon\0confirm\0wait\0":
                    found.append(int(pid))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


class Changed:
    """A configuration of r2 and another one, in a file."""

    def __init__(self, lines='set hop-limit 9 secrets "of others"\nport add to-r3 forbid on\n'):
        equal((state(), waiters()), ("none", []), "what is left of another test")
        self.before = romon("r2", "save")
        self.file = write("changed", longer(self.before, lines))

    def __enter__(self):
        return self

    def start(self, seconds):
        equal(romon("r2", "restore", self.file, "confirm", seconds),
              f"all goes back in {seconds} s, unless: romon confirm\n", "what is said")
        self.now = romon("r2", "save")
        check(self.now != self.before, "nothing has changed")

    def is_back(self):
        """By itself, and nothing is left of it."""
        wait_for(lambda: state() == "none", "that nothing waits")
        equal(romon("r2", "save"), self.before, "what is saved")

    def __exit__(self, kind, *exc):
        if kind:
            run("r2", "confirm", "undo")
            run("r2", "restore", "-", input=self.before)
        wait_for(lambda: not waiters(), "that nobody waits")
        equal(os.listdir(DIR), [], f"what is in {DIR}")


@test
def without_a_word_all_goes_back():
    with Changed() as it:
        it.start(2)
        start = time.monotonic()
        equal(state(), "waiting", "the state")
        # What is changed by other means since goes with it.
        romon("r2", "set", "flood-rate", 3)
        romon("r2", "port", "add", "eth7", "cost", 5)
        it.is_back()
        check(time.monotonic() - start > 1, "it was back before its time")


@test
def what_is_confirmed_stays():
    with Changed() as it:
        it.start(2)
        equal(romon("r2", "confirm"), "", "what is said")
        wait_for(lambda: not waiters(), "that nobody waits")
        refused("r2", "confirm: nothing waits, or all is back already", "confirm")
        refused("r2", "confirm: nothing waits, or all is back already", "confirm", "undo")
        time.sleep(2.5)
        equal(romon("r2", "save"), it.now, "what is saved")
        romon("r2", "restore", "-", input=it.before)


@test
def it_goes_back_at_once_if_asked_to():
    with Changed() as it:
        it.start(1000)
        seconds = int(romon("r2", "-j", "confirm", "show").split('"seconds":')[1].strip(" }\n"))
        check(990 < seconds <= 1000, f"{seconds} are left")
        romon("r2", "confirm", "undo")
        it.is_back()


@test
def one_waits_at_a_time():
    with Changed() as it:
        it.start(1000)
        refused("r2", "an earlier change waits", "restore", it.file, "confirm", 5)
        check("waits to be confirmed" in run("r2", "restore", it.file).stderr,
              "who restores is not told")
        equal(romon("r2", "save"), it.now, "what is saved")
        romon("r2", "confirm", "undo")
        it.is_back()
    with Changed() as it:
        many = [subprocess.Popen(["romon", "-n", net["r2"], "restore", it.file, "confirm", "1000"],
                                 stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                for _ in range(amount(6, 30))]
        said = [one.communicate() for one in many]
        equal(sorted(one.returncode for one in many), [0] + [1] * (len(many) - 1), "exit statuses")
        equal(sum("an earlier change" in err for _, err in said), len(many) - 1, "refusals")
        equal(len(waiters()), 1, "who waits")
        romon("r2", "confirm", "undo")
        it.is_back()


@test
def each_namespace_has_its_own():
    others = romon("r3", "save")
    with Changed() as it:
        it.start(1000)
        refused("r3", "nothing waits", "confirm")
        romon("r3", "restore", "-", "confirm", 1000, input=longer(others, "set hop-limit 7\n"))
        equal(len(os.listdir(DIR)), 2, "files")
        romon("r3", "confirm", "undo")
        equal(romon("r3", "save"), others, "what the other saves")
        equal(romon("r2", "save"), it.now, "what is saved")
        romon("r2", "confirm", "undo")
        it.is_back()


@test
def what_the_kernel_refuses_does_not_wait():
    with Changed("port set all cost 7\nport add later\nset hop-limit 129\n") as it:
        refused("r2", "set: hop-limit", "restore", it.file, "confirm", 1000)
        it.is_back()


@test
def without_who_would_go_back_nothing_is_changed():
    """Of what watches files the kernel gives root so many and no more."""
    with Changed() as it:
        limit = "/proc/sys/fs/inotify/max_user_instances"
        with open(limit) as file:
            was = file.read()
        with open(limit, "w") as file:
            file.write("0")
        try:
            refused("r2", "what would go back did not start", "restore", it.file, "confirm", 1000)
        finally:
            with open(limit, "w") as file:
                file.write(was)
        it.is_back()
        os.chmod(DIR, 0o755)
        refused("r2", f"{DIR}: not a folder that is root's alone",
                "restore", it.file, "confirm", 1000)
        equal(romon("r2", "save"), it.before, "what is saved")
        # Without that it does not matter.
        romon("r2", "restore", "-", input=it.before)
        os.chmod(DIR, 0o700)


@test
def it_outlives_the_terminal_that_it_was_typed_on():
    with Changed() as it:
        pid, terminal = pty.fork()
        if not pid:
            os.execvp("sh", ["sh", "-c", f"romon -n {net['r2']} restore {it.file} confirm 3; read"])
        said = b""
        while b"romon confirm" not in said:
            said += os.read(terminal, 4096)
        (waiter,) = waiters()
        with open(f"/proc/{waiter}/stat") as file:
            _, parent, group, session, tty = file.read().rsplit(")", 1)[1].split()[:5]
        check(int(parent) != pid and int(session) != pid and tty == "0",
              f"parent {parent}, session {session}, terminal {tty}, of a shell {pid}")
        equal({os.readlink(f"/proc/{waiter}/fd/{fd}") for fd in range(3)}, {"/dev/null"},
              "what it has open")
        # The line is cut, and then whatever is sent to all that is left.
        os.close(terminal)
        os.waitpid(pid, 0)
        os.kill(waiter, signal.SIGHUP)
        equal(waiters(), [waiter], "who waits")
        it.is_back()


@test
def it_outlives_the_session_through_romon_that_it_cuts():
    serve = Serve(net["r2"], {7000: ["/bin/sh"]})
    with Changed("port set all forbid on\n") as it:
        session = subprocess.Popen(["romon", "-n", net["r1"], "connect", chain.id["r2"], "7000"],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        session.stdin.write(f"romon restore {it.file} confirm 4\n".encode())
        session.stdin.flush()
        wait_for(lambda: run("r1", "ping", chain.id["r2"], "count", 1).returncode, "it to be cut")
        session.kill()
        session.wait()
        serve.stop()
        it.is_back()
        wait_for(lambda: not run("r1", "ping", chain.id["r2"], "count", 1).returncode,
                 "it to be there again")


@test
def who_is_asked_to_end_goes_back_first():
    with Changed() as it:
        it.start(1000)
        os.kill(waiters()[0], signal.SIGTERM)
        it.is_back()


@test
def what_was_waited_for_by_somebody_who_was_killed_is_left():
    with Changed() as it:
        for words in (("confirm",), ("confirm", "undo")):
            it.start(1000)
            os.kill(waiters()[0], signal.SIGKILL)
            wait_for(lambda: state() == "left", "that nobody waits")
            equal(romon("r2", "save"), it.now, "what is saved")
            refused("r2", "an earlier change waits", "restore", it.file, "confirm", 5)
            romon("r2", *words)
            equal(state(), "none", "the state")
            equal(romon("r2", "save"), it.before if "undo" in words else it.now, "what is saved")
            romon("r2", "restore", "-", input=it.before)
        # Somebody may wait again, and does not wait longer.
        it.start(2)
        os.kill(waiters()[0], signal.SIGKILL)
        wait_for(lambda: state() == "left", "that nobody waits")
        again = subprocess.Popen(["ip", "netns", "exec", net["r2"], "romon", "confirm", "wait"],
                                 stdout=subprocess.PIPE)
        it.is_back()
        equal(again.wait(), 0, "its exit status")


@test
def who_is_killed_on_the_way_is_undone():
    with Changed() as it:
        ended = set()
        start = time.monotonic()
        it.start(1)
        whole = time.monotonic() - start
        it.is_back()
        rounds = amount(10, 100)
        for n in range(rounds):
            restore = subprocess.Popen(["romon", "-n", net["r2"], "restore", it.file, "confirm",
                                        "1"], stdout=subprocess.DEVNULL)
            time.sleep(whole * n / rounds)
            restore.kill()
            restore.wait()
            ended.add(state())
            # Before who would wait is there it is left, and nothing has changed.
            if state() == "left":
                equal(romon("r2", "save"), it.before, "what is saved")
                romon("r2", "confirm", "undo")
            it.is_back()
        check("waiting" in ended, f"the states were {ended}")
        # What was not whole yet, and never has its name.
        for file in os.listdir(DIR):
            check(".new" in file, file)
            os.unlink(f"{DIR}/{file}")


@test
def nobody_sees_secrets():
    with Changed() as it:
        it.start(1000)
        (file,) = os.listdir(DIR)
        equal(os.stat(f"{DIR}/{file}").st_mode & 0o777, 0o600, "its mode")
        with open(f"{DIR}/{file}") as text:
            check(SECRET in text.read(), "what is kept has no secret")
        for what in ("cmdline", "environ"):
            with open(f"/proc/{waiters()[0]}/{what}", "rb") as text:
                said = text.read()
            check(SECRET.encode() not in said and b"of others" not in said, f"{what}: {said}")
        romon("r2", "confirm", "undo")
        it.is_back()


if __name__ == "__main__":
    main(setup)
