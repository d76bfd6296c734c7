#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
"""`romon restore` on a router that is in use: all of it or nothing, and nothing that
need not be.

    r1 --- r2 --- r3
"""

import os
import signal
import subprocess
import time

from harness import Network, amount, check, equal, ip, main, test, wait_for
from sessions import path, private_mounts, write

NAMES = ("r1", "r2", "r3")
IDS = {name: f"02:00:00:00:00:0{number}" for number, name in enumerate(NAMES, 1)}
SECRET = "between us"

net = Network()


def setup():
    global routers
    net.netns(*NAMES)
    net.veth(
        ("r1", "to-r2", "02:01:00:00:00:12", "r2", "to-r1", "02:01:00:00:00:21"),
        ("r2", "to-r3", "02:01:00:00:00:23", "r3", "to-r2", "02:01:00:00:00:32"),
    )
    routers = {
        name: net.router(name, IDS[name], answer_delay=0, hello_interval=1, secrets=[SECRET])
        for name in NAMES
    }
    private_mounts("/etc/romon")
    # Both neighbours are up, and the way is known.
    wait_for(lambda: run("r1", "ping", "r3", "count", "1").returncode == 0, "a way to r3")


def run(name, *words, typed=None):
    return subprocess.run(["romon", "-n", net[name], *words], input=typed, text=True,
                          capture_output=True)


def romon(name, *words, typed=None):
    done = run(name, *words, typed=typed)
    equal((done.returncode, done.stderr), (0, ""), f"romon {' '.join(words)}")
    return done.stdout


def refused(name, why, *words, typed=None):
    done = run(name, *words, typed=typed)
    check(done.returncode and why in done.stderr, f"{words}: {done.returncode}: {done.stderr}")


def longer(saved, lines):
    """What was saved, and these lines before its end."""
    return saved.removesuffix("# end\n") + lines + "# end\n"


def listen(nl):
    """What was changed before may be told of a little later."""
    nl.subscribe()
    while nl.event(timeout=0.5):
        pass


def events(nl):
    """What has been told of settings and ports until now."""
    found = []
    while event := nl.event(timeout=0):
        if event[0].startswith(("config", "port")):
            found.append(event)
    return found


class Frames:
    """Echoes through r2 in both directions, of which none may be lost."""

    def __enter__(self):
        self.pings = [
            subprocess.Popen(["romon", "-n", net[here], "-j", "ping", there, "interval", "0.02"],
                             stdout=subprocess.PIPE, text=True)
            for here, there in (("r1", "r3"), ("r3", "r1"))
        ]
        time.sleep(0.5)
        return self

    def __exit__(self, *exc):
        for ping in self.pings:
            ping.send_signal(signal.SIGINT)
        for ping in self.pings:
            said = ping.communicate()[0].splitlines()
            check(len(said) > 10 and '"timeout"' not in "".join(said),
                  f"{len(said)} lines: {said[-1:]}")


@test
def what_changes_nothing_loses_no_frame():
    r2 = routers["r2"]
    file = path("now")
    romon("r2", "port", "add", "to-r1", "secrets", SECRET, "comment", "as new")
    romon("r2", "save", file)
    before = [n["since"] for n in r2.whole_dump("neighbor-get")]
    listen(r2)
    with Frames():
        for _ in range(amount(5, 50)):
            romon("r2", "restore", file)
    equal(events(r2), [], "events")
    equal(len(r2.whole_dump("neighbor-get")), 2, "neighbours")
    check(all(after >= was for after, was in
              zip((n["since"] for n in r2.whole_dump("neighbor-get")), before)),
          "a neighbour had to prove itself again")
    romon("r2", "port", "del", "to-r1")


@test
def what_can_not_be_read_to_its_end_has_changed_nothing():
    r2 = routers["r2"]
    before = romon("r2", "save")
    listen(r2)
    with Frames():
        for last in ("port set nosuch cost 3", "set hop-limit x", "set secrets 'x", "show"):
            refused("r2", ":4:", "restore", "-",
                    typed=f"set enabled off hop-limit 3\nport set all forbid on\n"
                          f"port add to-r1 secrets other\n{last}\n")
    equal(events(r2), [], "events")
    equal(romon("r2", "save"), before, "what is saved")


@test
def what_the_kernel_refuses_at_the_end_has_changed_nothing():
    before = romon("r2", "save")
    # Settings come first, and all in one request.
    r2 = routers["r2"]
    listen(r2)
    with Frames():
        refused("r2", ":3: set: hop-limit", "restore", "-",
                typed="port set all forbid on\nport add to-r1 cost 7\nset hop-limit 129\n")
    equal(events(r2), [], "events")
    # A second entry for a device is found out in the middle.
    ip("link property add dev to-r3 altname uplink", ns=net["r2"])
    refused("r2", "; all is as it was", "restore", "-",
            typed=longer(before, "port add to-r3 cost 7\nport add uplink\n"))
    ip("link property del dev to-r3 altname uplink", ns=net["r2"])
    equal(romon("r2", "save"), before, "what is saved")


@test
def what_is_ended_is_done_or_not_begun():
    """By what a session that breaks sends to whoever runs in it."""
    before = romon("r2", "save")
    ports = "".join(f"port add later{n} cost 3\n" for n in range(200))
    files = [write("few", before), write("many", longer(before, ports))]
    start = time.monotonic()
    romon("r2", "restore", files[1])
    whole = time.monotonic() - start
    wanted = [before, romon("r2", "save")]
    romon("r2", "restore", files[0])
    ended, at, rounds = set(), 0, amount(24, 300)
    for n in range(rounds):
        restore = subprocess.Popen(["romon", "-n", net["r2"], "restore", files[not at]],
                                   stderr=subprocess.DEVNULL)
        after = 1.5 * whole * n / rounds
        time.sleep(after)
        restore.send_signal((signal.SIGHUP, signal.SIGTERM, signal.SIGINT)[n % 3])
        restore.wait()
        now = romon("r2", "save")
        check(now in wanted, f"after {after:.3f} s neither:\n{now}")
        ended.add(now == wanted[at])
        at = wanted.index(now)
    equal(ended, {True, False}, "whether it was done, of both kinds")
    romon("r2", "restore", files[0])


@test
def a_port_may_be_restored_before_there_is_its_device():
    r1 = routers["r1"]
    before = romon("r1", "save")
    file = write("later", longer(
        before, 'port add usb0 cost 7 secrets "of its own"\nport add usb1 forbid on\n'))
    romon("r1", "restore", file)
    equal(r1.get("port-get", interface="usb0")["state"], "absent", "the port without a device")
    listen(r1)
    romon("r1", "restore", file)
    equal(events(r1), [], "events of the second time")
    ip("link add usb0 type veth peer name usb1", "link set usb0 up", "link set usb1 up",
       ns=net["r1"])
    wait_for(lambda: r1.get("port-get", interface="usb0")["state"] == "running", "the port")
    port = r1.get("port-get", interface="usb0")
    equal((port["cost"], port["secrets"]), (7, [b"of its own"]), "the port")
    equal(r1.get("port-get", interface="usb1")["state"], "forbidden", "the other one")
    events(r1)
    romon("r1", "restore", file)
    equal(events(r1), [], "events when it is there")
    ip("link del usb0", ns=net["r1"])
    romon("r1", "restore", "-", typed=before)
    equal(romon("r1", "save"), before, "what is saved")


@test
def without_a_file_it_is_what_shall_be_there_after_a_boot():
    before = romon("r1", "save")
    refused("r1", "restore: there is no /etc/romon/romon.conf, and nothing in /etc/romon/conf.d",
            "restore")
    romon("r1", "save", "/etc/romon/romon.conf")
    equal(os.stat("/etc/romon/romon.conf").st_mode & 0o777, 0o600, "its mode")
    os.mkdir("/etc/romon/conf.d")
    write("/etc/romon/conf.d/10-uplink.conf", "port add later cost 5\nset hop-limit 9\n")
    write("/etc/romon/conf.d/20-uplink.conf", "port add later forbid on\n")
    write("/etc/romon/conf.d/20-uplink.conf.dpkg-old", "set hop-limit 3\n")
    romon("r1", "restore")
    later = routers["r1"].get("port-get", interface="later")
    equal((later["cost"], later["forbid"], routers["r1"].get("config-get")["hop_limit"]),
          (5, 1, 9), "the port and the limit")
    # What is saved then is of all of them, and no reason to refuse them.
    romon("r1", "save", "/etc/romon/romon.conf")
    saved = romon("r1", "save")
    romon("r1", "restore")
    equal(romon("r1", "save"), saved, "what is saved")
    write("/etc/romon/conf.d/30-wrong.conf", "set hop-limit 4\nset hop-limit\n")
    refused("r1", "/etc/romon/conf.d/30-wrong.conf:2: set: hop-limit", "restore")
    equal(romon("r1", "save"), saved, "what is saved after an error in the last of them")
    romon("r1", "restore", "-", typed=before)


if __name__ == "__main__":
    main(setup)
