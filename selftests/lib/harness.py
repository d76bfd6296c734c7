# SPDX-License-Identifier: GPL-2.0-only
"""Tests in Python, with TAP as lib.sh prints it.

    @test
    def a_property_that_holds():
        equal(got, wanted, "what it is")
        check(condition, "why it is wrong if it is not")

    @test
    @meanwhile
    def another_one_that_mostly_waits():
        ...

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
import itertools
import os
import re
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


def meanwhile(function):
    """Run it, after a setup of its own, in a process beside the other tests. Told of
    it is at the end."""
    function.meanwhile = True
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


def _run(function):
    """-> whether it holds; what it notes comes before that is printed"""
    start = time.monotonic()
    _say(f"romon-test: {os.path.basename(sys.argv[0])} {function.__name__}")
    try:
        function()
    except Exception as wrong:
        note(wrong if isinstance(wrong, Failed) else traceback.format_exc())
        return False, time.monotonic() - start
    return True, time.monotonic() - start


class _Beside:
    """A process with tests of its own. What it prints is kept until it has ended."""

    def __init__(self, tests, setup):
        self.tests, self.parent = tests, os.getpid()
        sys.stdout.flush()
        read, write = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(write)
            self.said = open(read)
            return
        os.close(read)
        os.dup2(write, 1)
        os.close(write)
        if setup:
            setup()
        for function in tests:
            _report("", function, *_run(function))
        # As at any end: what is left is taken away.
        sys.exit(0)

    def report(self, number):
        """-> whether all have held"""
        left = [function.__name__ for function in self.tests]
        held = True
        for line in self.said:
            result = re.match("(ok|not ok)  - (.*)", line)
            if not result:
                print(line, end="", flush=True)
                continue
            left.remove(result[2].replace(" ", "_"))
            held = held and result[1] == "ok"
            print(f"{result[1]} {next(number)} - {result[2]}", flush=True)
        self.end()
        for name in left:
            print(f"not ok {next(number)} - {name.replace('_', ' ')}", flush=True)
        return held and not left

    def end(self, sign=0):
        if self.pid and self.parent == os.getpid():
            os.kill(self.pid, sign)
            os.waitpid(self.pid, 0)
            self.pid = None


def _report(number, function, held, seconds):
    print(f"{'ok' if held else 'not ok'} {number} - {function.__name__.replace('_', ' ')}",
          flush=True)
    if "ROMON_TIMES" in os.environ:
        note(f"{seconds:.1f} s")


def main(setup=None, processes=2):
    """processes: so many run what is done meanwhile, each after a setup"""
    require_module()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = os.environ.get("TESTS", "").split()
    tests = [t for t in _tests if not wanted or t.__name__ in wanted]
    waiting = [t for t in tests if hasattr(t, "meanwhile")]
    tests = [t for t in tests if t not in waiting]
    print(f"1..{len(tests) + len(waiting)}", flush=True)
    beside = []
    number = itertools.count(1)
    status = 0
    try:
        # Before there is anything that two processes would both take away.
        for n in range(min(processes, len(waiting))):
            beside.append(_Beside(waiting[n::processes], setup))
        if setup and tests:
            try:
                setup()
            except Exception:
                note(traceback.format_exc())
                print("Bail out! setup failed", flush=True)
                sys.exit(1)
        for function in tests:
            held, seconds = _run(function)
            _report(next(number), function, held, seconds)
            status |= not held
        for other in beside:
            status |= not other.report(number)
    finally:
        for other in beside:
            other.end(signal.SIGTERM)
    sys.exit(int(status))


# A batch keeps open each namespace that it names, and fails at some 250.
IP_BATCH = 100


def ip(*lines, ns=None):
    """Run ip(8) with these lines, in order."""
    command = ["ip"] + (["-n", ns] if ns else []) + ["-b", "-"]
    for first in range(0, len(lines), IP_BATCH):
        _ip_batch(command, lines[first:first + IP_BATCH])


def _ip_batch(command, lines):
    run = subprocess.run(command, input="\n".join(lines), text=True, capture_output=True)
    if run.returncode:
        told = "; ".join(lines)
        raise Failed(f"ip: {told[:300]}{'...' if len(told) > 300 else ''}: {run.stderr.strip()}")


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
