# SPDX-License-Identifier: GPL-2.0-only
"""Chains of routers without any address, and what sessions through them need.

    chain = Chain(net, ["r1", "r2", "r3"], secrets=["a secret"])
    chain["r1"]                        -> the namespace's unique name
    chain.id["r1"]                     -> its RoMON ID
    chain.nl["r1"]                     -> genl.Romon
    chain.netem("delay 40ms")          on every link, both ways; "" for none
    Serve(chain, "r3", services)       -> `romon serve` there; see service()
    romon(ns, *words, ...)             -> a finished process, text
    spawn(ns, command, ...)            -> a Popen in that namespace
    private_ssh()                      a /root, /etc/ssh and so on of its own

A script that calls private_ssh() runs in a mount namespace that is gone with it, so
that none of the machine's own keys and settings is read or written.
"""

import atexit
import errno
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time

from harness import LIMIT, Failed, check, ip, test, wait_for
import genl

CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
SECRET = "between us"

_folders = {}
_running = []


@atexit.register
def _end():
    """Whatever a test left running, with its children."""
    for process in _running:
        if process.poll() is None:
            process.kill()
            process.wait()


def path(name):
    """In a folder of this process, which is gone with it."""
    pid = os.getpid()
    if pid not in _folders:
        _folders[pid] = tempfile.mkdtemp(prefix="romon-test.")
        atexit.register(shutil.rmtree, _folders[pid], ignore_errors=True)
    return os.path.join(_folders[pid], name)


def write(name, text, mode=0o600):
    """A file in the test's own folder, or anywhere by its whole name."""
    name = path(name)
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb" if isinstance(text, bytes) else "w") as file:
        file.write(text)
    os.chmod(name, mode)
    return name


def spawn(ns, command, **options):
    process = subprocess.Popen(command, preexec_fn=(lambda: genl.enter(ns)) if ns else None,
                               **options)
    _running.append(process)
    return process


def run(ns, command, timeout=None, **options):
    """-> CompletedProcess, with its output as text"""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "text": True, **options}
    if "input" in options:
        del options["stdin"]
    try:
        return subprocess.run(command, timeout=timeout or 4 * LIMIT,
                              preexec_fn=(lambda: genl.enter(ns)) if ns else None, **options)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{' '.join(command)} did not end in {late.timeout:.0f} s: "
                     f"{late.stderr or ''}") from None


def romon(ns, *words, **options):
    return run(ns, ["romon", *map(str, words)], **options)


def good(done):
    """The output of a process that must have ended well."""
    check(done.returncode == 0,
          f"{' '.join(done.args)}: exit status {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


class Chain:
    """r1 -- r2 -- r3 ..., each a router in a namespace with no address."""

    def __init__(self, net, names, secrets=(SECRET,), **settings):
        self.net, self.names = net, list(names)
        self.id = {name: f"02:00:00:00:00:{n:02x}" for n, name in enumerate(names, 1)}
        net.netns(*names)
        for name in names:
            # Before there are devices: then none of them ever has an address.
            with genl.netns(net[name]):
                for what in ("all", "default"):
                    with open(f"/proc/sys/net/ipv6/conf/{what}/disable_ipv6", "w") as file:
                        file.write("1")
        self.links = []
        lines = []
        for n, (a, b) in enumerate(zip(names, names[1:]), 1):
            lines.append(f"link add to-{b} address 02:01:00:00:{n:02x}:01 netns {net[a]} type veth "
                         f"peer name to-{a} address 02:01:00:00:{n:02x}:02 netns {net[b]}")
            self.links += [(a, f"to-{b}"), (b, f"to-{a}")]
        ip(*lines)
        for name, dev in self.links:
            # The loopback device, which would get an address, stays down.
            ip(f"link set {dev} up", ns=net[name])
        self.nl = {
            name: net.router(name, self.id[name], answer_delay=0,
                             **({"secrets": list(secrets)} if secrets else {}), **settings)
            for name in names
        }
        self.settle()

    def __getitem__(self, name):
        return self.net[name]

    def settle(self):
        """Until every router knows every other, and the ends reach each other by
        the ways they know."""
        n = len(self.names) - 1
        end = time.monotonic() + LIMIT
        for name, nl in self.nl.items():
            while len({node["id"] for node in nl.whole_dump("node-get")}) < n:
                check(time.monotonic() < end, f"{name} does not find all others")
                nl.do("discover")
                time.sleep(0.1)
        first, last = self.names[0], self.names[-1]
        for a, b in ((first, last), (last, first)):
            while romon(self[a], "ping", self.id[b], "count", 1).returncode:
                check(time.monotonic() < end, f"{b} does not answer {a}")
                self.nl[a].do("discover")

    def netem(self, what, rate=None):
        """A tc-netem(8) setting on all links, both ways; "" takes it away."""
        for name, dev in self.links:
            command = ["tc", "-n", self[name], "qdisc"]
            if what:
                command += ["replace", "dev", dev, "root", "netem", "limit", "10000",
                            *what.split()]
            else:
                command += ["del", "dev", dev, "root"]
            good(run(None, command))

    def addresses(self):
        """All addresses of all routers."""
        found = []
        for name in self.names:
            with genl.netns(self[name]):
                with open("/proc/net/fib_trie") as file:
                    found += [f"{name}: {line.strip()}" for line in file if "host LOCAL" in line]
                if os.path.exists("/proc/net/if_inet6"):
                    with open("/proc/net/if_inet6") as file:
                        found += [f"{name}: {line.strip()}" for line in file]
        return found

    def endpoints(self, name):
        """How many ports programs have bound there: the greatest limit at which
        no more are to be had. It is looked for by halves, because to bind all
        that are left takes a second."""
        usual = self.nl[name].get("config-get")["max_endpoints"]
        least, most = 1, usual + 1
        nl = genl.Romon(self[name])
        try:
            while least < most:
                limit = (least + most) // 2
                self.nl[name].do("config-set", max_endpoints=limit)
                try:
                    port = nl.get("endpoint-bind")["local_port"]
                except genl.NetlinkError as wrong:
                    if wrong.errno != errno.ENOSPC:
                        raise
                    least = limit + 1
                else:
                    nl.do("endpoint-unbind", local_port=port)
                    most = limit
        finally:
            self.nl[name].do("config-set", max_endpoints=usual)
            nl.close()
        return least - 1


def private_mounts(*folders):
    """Mounts of our own: what is written there is gone with us."""
    libc = genl.libc
    if libc.unshare(CLONE_NEWNS):
        raise OSError("unshare")
    if libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
        raise OSError("mount --make-rprivate")
    for folder in folders:
        os.makedirs(folder, exist_ok=True)
        if libc.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, b"mode=755"):
            raise OSError(f"mount {folder}")


def _private():
    private_mounts("/root", "/etc/ssh", "/etc/dropbear", "/etc/netns")
    os.makedirs("/run/sshd", exist_ok=True)
    os.makedirs("/root/.ssh", mode=0o700)
    os.environ["HOME"] = "/root"
    os.chmod("/root", 0o700)


SSHD_CONFIG = """\
HostKey {key}
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
PrintMotd no
PrintLastLog no
Subsystem sftp /usr/lib/openssh/sftp-server
"""


def _keys():
    """A key of ours that root logs in with, and those of the servers; sshd and
    dropbear with no more than -i find theirs."""
    for name in ("/root/.ssh/id_ed25519", "/etc/ssh/ssh_host_ed25519_key"):
        good(run(None, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name]))
    good(run(None, ["dropbearkey", "-t", "ed25519", "-f",
                    "/etc/dropbear/dropbear_ed25519_host_key"]))
    shutil.copy("/root/.ssh/id_ed25519.pub", "/root/.ssh/authorized_keys")
    write("/etc/ssh/sshd_config", SSHD_CONFIG.format(key="/etc/ssh/ssh_host_ed25519_key"))


def private_ssh(config=None):
    """Clients and servers that know of each other and of nothing outside."""
    _private()
    _keys()
    write("/root/.ssh/config", config or SSH_CONFIG)


def rss(pid):
    """What a process has for itself, in bytes."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Private_"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def parents():
    """{process: its parent}; not all kernels have a list of children."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                # What ended and was not waited for yet is none.
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found[int(name)] = int(parent)
    return found


def tree(pid):
    """A process and all below it."""
    found, above = [pid], parents()
    for pid in found:
        found += [child for child, parent in above.items() if parent == pid]
    return found


class Serve:
    """romon serve in a namespace: services as {port: command}, where a command
    is a list of words, or a string that follows the port as it is. As many
    sessions as one likes; else as many as there are by default."""

    def __init__(self, ns, services, limits="", keepalive=None, program=("romon",), log=None,
                 many=True):
        self.ns = ns
        if many:
            limits += " sessions 4096 sessions-per-peer 4096 starts 10000 starts-per-peer 10000"
        if keepalive:
            limits += f" keepalive {keepalive}"
        lines = [f"limit {limits}"]
        for port, what in services.items():
            if not isinstance(what, str):
                what = 'command "' + " ".join(map(str, what)) + '"'
            lines.append(f"service {port} {what}")
        self.conf = write(f"serve-{ns}-{len(_running)}.conf", "\n".join(lines) + "\n")
        self.log = self.conf + ".log"
        with open(self.log, "wb") as file, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            # As systemd is told that it is ready.
            told.bind(self.conf + ".notify")
            self.process = spawn(ns, [*program, "serve", "file", self.conf],
                                 stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                 env={**os.environ, "NOTIFY_SOCKET": told.getsockname()})
            told.setblocking(False)

            def ready():
                self.check()
                try:
                    return b"READY=1" in told.recv(4096).split(b"\n")
                except BlockingIOError:
                    return False

            # By valgrind it takes half a minute beside other guests.
            wait_for(ready, "romon serve to be ready", 4 * LIMIT)
        self.own = set(tree(self.process.pid))

    def check(self):
        check(self.process.poll() is None, f"romon serve ended: {self.said()}")
        return True

    def said(self):
        with open(self.log) as file:
            return file.read()

    def sessions(self):
        """How many programs it has running, with theirs."""
        self.check()
        return len(set(tree(self.process.pid)) - self.own)

    def memory(self):
        return sum(rss(pid) for pid in self.own)

    def descriptors(self):
        return sum(descriptors(pid) for pid in self.own)

    def stop(self):
        self.process.terminate()
        self.process.wait(LIMIT)


# The two that people log in with

SSHD, DROPBEAR = "ssh", 2022
SERVERS = {SSHD: ["/usr/sbin/sshd", "-i"], DROPBEAR: ["/usr/sbin/dropbear", "-i", "-s"]}
SERVER_NAMES = {SSHD: "OpenSSH", DROPBEAR: "Dropbear"}
# What the README has for everybody's ~/.ssh/config.
SSH_CONFIG = """\
Host *.romon
    ProxyCommand romon connect %h ssh
"""


def ssh_options(port):
    """To Dropbear beside sshd, at a port of its own."""
    options = ["-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes"]
    if port != SSHD:
        options += ["-o", f"ProxyCommand=romon connect %h {port}",
                    "-o", f"HostKeyAlias=port-{port}.romon"]
    return options


def both(function):
    """A test for each server: its name and its port are the arguments."""
    for port, name in SERVER_NAMES.items():
        def one(port=port):
            function(port)
        one.__name__ = function.__name__.replace("ssh", name, 1)
        test(one)
    return function


def random_file(name, size):
    """-> (path, SHA-256)"""
    digest = hashlib.sha256()
    with open(path(name), "wb") as file:
        while size:
            piece = os.urandom(min(size, 1 << 20))
            digest.update(piece)
            file.write(piece)
            size -= len(piece)
    return path(name), digest.hexdigest()


def sha256(name):
    digest = hashlib.sha256()
    with open(name, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
