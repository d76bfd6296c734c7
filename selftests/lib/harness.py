# SPDX-License-Identifier: GPL-2.0-only
"""Tests in Python, with TAP as lib.sh prints it.

    @test
    def a_property_that_holds():
        equal(got, wanted, "what it is")
        check(condition, "why it is wrong if it is not")

    main(setup)

The function's name with spaces is the test's. An exception fails it. TESTS="a
b" in the environment runs only these.

    net = Network()              namespaces, gone at the end
    net.netns("r1", "x")         -> their unique names; also net["r1"]
    net.veth("r1", "a", mac, "x", "b", mac, mtu=1500)
    net.router("r1", id=..., identity=...)  -> genl.Romon, enabled
    wait_for(function, "what")   until it returns something true, which it returns
"""

import atexit
import os
import signal
import subprocess
import sys
import time
import traceback

import build
import genl

LIB = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(LIB))

SLOW = bool(os.environ.get("ROMON_SLOW"))
LONG = bool(os.environ.get("ROMON_LONG"))
# Waits are bounded only so that a hang is a failure with a name.
LIMIT = 240 if SLOW else 30

_tests = []


class Failed(Exception):
    pass


def amount(usual, long):
    """Of what is done again and again: more in make check-long."""
    return long if LONG else usual


def test(function):
    _tests.append(function)
    return function


def check(condition, why):
    if not condition:
        raise Failed(why)


def equal(got, wanted, what):
    if isinstance(got, (bytes, bytearray)) and isinstance(wanted, (bytes, bytearray)):
        got, wanted = bytes(got).hex(), bytes(wanted).hex()
    if got != wanted:
        raise Failed(f"{what}:\n  is        {got}\n  should be {wanted}")


def note(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def wait_for(function, what, limit=None):
    limit = limit or LIMIT
    deadline = time.monotonic() + limit
    while True:
        found = function()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"waited {limit} s in vain for: {what}")
        time.sleep(0.01)


def in_child(function):
    """Runs it in a process of its own; what it raises fails the test here."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            function()
        except BaseException:  # noqa: B902
            os.write(write, traceback.format_exc().encode()[-4000:])
        os._exit(0)
    os.close(write)
    said = b"".join(iter(lambda: os.read(read, 4096), b"")).decode()
    os.close(read)
    os.waitpid(pid, 0)
    if said:
        raise Failed(said)


NOBODY = 65534
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def drop_rights():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def unshare(user=False, net=False):
    if genl.libc.unshare(user * CLONE_NEWUSER | net * CLONE_NEWNET):
        raise OSError(genl.ctypes.get_errno(), "unshare")


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(4)


def _say(text):
    try:
        with open("/dev/kmsg", "w") as kmsg:
            kmsg.write(text)
    except OSError:
        pass


def require_module():
    if os.geteuid():
        skip_all("needs root")
    if not os.path.isdir("/sys/module/romon"):
        subprocess.run(["modprobe", "romon"], check=True)


def main(setup=None):
    require_module()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = os.environ.get("TESTS", "").split()
    tests = [t for t in _tests if not wanted or t.__name__ in wanted]
    print(f"1..{len(tests)}", flush=True)
    if setup:
        try:
            setup()
        except Exception:
            note(traceback.format_exc())
            print("Bail out! setup failed", flush=True)
            sys.exit(1)
    status = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        start = time.monotonic()
        _say(f"romon-test: {os.path.basename(sys.argv[0])} {function.__name__}")
        try:
            function()
        except Exception as wrong:
            note(wrong if isinstance(wrong, Failed) else traceback.format_exc())
            print(f"not ok {number} - {name}", flush=True)
            status = 1
        else:
            print(f"ok {number} - {name}", flush=True)
        if "ROMON_TIMES" in os.environ:
            note(f"{time.monotonic() - start:.1f} s")
    sys.exit(status)


def ip(*lines, ns=None):
    """Run ip(8) with these lines as a batch."""
    command = ["ip"] + (["-n", ns] if ns else []) + ["-b", "-"]
    run = subprocess.run(command, input="\n".join(lines), text=True, capture_output=True)
    if run.returncode:
        raise Failed(f"ip: {'; '.join(lines)}: {run.stderr.strip()}")


class Network:
    def __init__(self):
        self.names = {}
        self.cables = {}
        atexit.register(self.close)

    def close(self):
        if self.names:
            batch = "".join(f"netns del {name}\n" for name in self.names.values())
            subprocess.run(["ip", "-force", "-b", "-"], input=batch.encode(), stderr=-3)
            self.names = {}

    def __getitem__(self, name):
        return self.names[name]

    def netns(self, *names):
        for name in names:
            self.names[name] = f"{name}-{os.getpid()}"
        ip(*(f"netns add {self.names[name]}" for name in names))
        return [self.names[name] for name in names]

    def veth(self, *pairs, mtu=1500):
        """Each pair: (name, device, mac, name, device, mac); all set up."""
        lines = []
        for a, dev_a, mac_a, b, dev_b, mac_b in pairs:
            lines.append(
                f"link add {dev_a} mtu {mtu} address {mac_a} netns {self[a]} type veth "
                f"peer name {dev_b} mtu {mtu} address {mac_b} netns {self[b]}"
            )
            self.cables.setdefault(a, set()).add(dev_a)
            self.cables.setdefault(b, set()).add(dev_b)
        ip(*lines)
        for name in {name for pair in pairs for name in (pair[0], pair[3])}:
            build.up(self[name])

    def router(self, name, id, identity=None, board="test", **settings):
        nl = genl.Romon(self[name])
        nl.do("config-set", id=id, identity=identity or name, board=board, enabled=1, **settings)
        # Until a thread of the kernel has seen the carrier, nothing is sent there.
        wait_for(lambda: not any(port["state"] == "no-carrier" and
                                 port["interface"] in self.cables.get(name, ())
                                 for port in nl.whole_dump("port-get")), f"carrier of {name}")
        return nl
