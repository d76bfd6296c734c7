#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 600
"""Sessions over four hops, with a secret, where no router has an address.

    r1 --- r2 --- r3 --- r4 --- r5

Programs run in r1; r5 offers OpenSSH and Dropbear, and more. ROMON_SCP_MB says
how much is copied: 200 where that takes a minute or two, little in the debug
kernel, where each read() and write() takes a hundred times as long, and in the
stock one, which is emulated.
"""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

from harness import (
    LIMIT, SLOW, Network, amount, check, equal, ip, main, meanwhile, note, test, wait_for)
from sessions import (
    DROPBEAR, SECRET, SERVERS, SSHD, Chain, Serve, both, good, path, private_ssh, random_file,
    romon, run, sha256, spawn, ssh_options, tree, write)
import genl

SCP_MB = int(os.environ.get("ROMON_SCP_MB") or
             {"uml": amount(1, 3), "qemu": 10}.get(os.environ.get("ROMON_KERNEL"), 200))
CAT, NOT_FOR_R1, NOBODY_BEHIND, NO_SERVICE = 700, 701, 702, 799
# RouterOS takes six seconds to say nothing. Two are meant, and what it took is
# printed; this is for a machine that is busy with other things as well.
QUICK = 40 if SLOW else 20

net = Network()


def setup():
    global chain, r1, serve
    private_ssh()
    chain = Chain(net, ["r1", "r2", "r3", "r4", "r5"], hello_interval=1)
    r1 = chain["r1"]
    # Each router its own files: `ip netns exec` puts these over /etc.
    serve = Serve(chain["r5"], {
        **SERVERS,
        CAT: ["/bin/cat"],
        NOT_FOR_R1: f'command /bin/cat allow {chain.id["r2"]}',
        NOBODY_BEHIND: "unix /nowhere/at/all",
    }, keepalive=5)
    for port in SERVERS:
        good(ssh(port, "true"))


def ssh(port, *words, **options):
    return run(r1, ["ssh", *ssh_options(port), "root@r5.romon", *words], **options)


def rename(name, identity):
    """And r1 knows."""
    chain.nl[name].do("config-set", identity=identity)

    def known():
        chain.nl["r1"].do("discover")
        time.sleep(0.05)
        return any(node["id"] == chain.id[name] and node.get("identity") == identity
                   for node in chain.nl["r1"].whole_dump("node-get"))

    wait_for(known, f"r1 to know {name} as {identity}")


@test
def no_router_has_an_address_not_even_on_loopback():
    equal(chain.addresses(), [], "addresses")


@both
def ssh_logs_in_and_tells_the_exit_status(port):
    done = ssh(port, "echo $((6 * 7)); echo not there >&2; exit 7")
    equal((done.returncode, done.stdout), (7, "42\n"), f"what the command did: {done.stderr}")
    check("not there" in done.stderr, f"standard error is '{done.stderr}'")
    equal(ssh(port, "cat", input="through and back").stdout, "through and back", "what came back")


@both
def ssh_has_a_terminal_that_follows_the_window(port):
    def window(fd, rows, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    pid, fd = pty.fork()
    if not pid:
        genl.enter(r1)
        os.execvp("ssh", ["ssh", *ssh_options(port), "-tt", "root@r5.romon"])
    window(fd, 31, 77)
    text = b""

    def read_until(what):
        nonlocal text
        end = time.monotonic() + LIMIT
        while what not in text:
            check(time.monotonic() < end, f"waited in vain for {what} in {text}")
            if select.select([fd], [], [], 1)[0]:
                try:
                    text += os.read(fd, 4096)
                except OSError:
                    check(False, f"it ended without {what} in {text}")
        text = text[text.index(what) + len(what):]

    # What is typed is echoed: what is waited for must not be in it.
    os.write(fd, b"until [ \"$(stty size)\" = '31 77' ]; do sleep 0.1; done; echo size:$((1 + 1))\n")
    read_until(b"size:2")
    window(fd, 40, 132)
    os.write(fd, b"until [ \"$(stty size)\" = '40 132' ]; do sleep 0.1; done; echo size:$((2 + 2))\n")
    read_until(b"size:4")
    os.write(fd, b"tty; exit 9\n")
    read_until(b"/dev/pts/")
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass
    equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 9, "the exit status")
    os.close(fd)


def copy(port, size):
    name, digest = random_file("copied", size)
    start = time.monotonic()
    good(run(r1, ["scp", "-q", *ssh_options(port), name, f"root@r5.romon:{path('there')}"],
             timeout=600))
    taken = time.monotonic() - start
    equal(sha256(path("there")), digest, "SHA-256 of the copy")
    note(f"{size / 1e6:.0f} MB in {taken:.1f} s, {size / 1e6 / taken:.1f} MB/s")
    start = time.monotonic()
    good(run(r1, ["scp", "-q", *ssh_options(port), f"root@r5.romon:{path('there')}",
                  path("back")], timeout=600))
    taken = time.monotonic() - start
    equal(sha256(path("back")), digest, "SHA-256 of what came back")
    note(f"and back in {taken:.1f} s, {size / 1e6 / taken:.1f} MB/s")
    for file in ("copied", "there", "back"):
        os.unlink(path(file))


@both
def ssh_copies_large_files(port):
    # 200 MB to the one that most use.
    copy(port, SCP_MB * 1000000 // (1 if port == SSHD else 10))


class Echo(threading.Thread):
    """What a port is forwarded to."""

    def __init__(self, ns, port):
        super().__init__(daemon=True)
        with genl.netns(ns):
            self.sock = socket.create_server(("127.0.0.1", port))
        self.start()

    def run(self):
        while True:
            conn, _ = self.sock.accept()
            while data := conn.recv(65536):
                conn.sendall(data)
            conn.close()


@both
def ssh_forwards_a_port_inside_the_session(port):
    """From a port in `here` to one in `there`: namespaces that have a loopback
    device but no RoMON, as r1 and r5 have RoMON but no loopback device. The
    session's program at r5 is started in `there`."""
    local, target, services = 8022, 9000, {SSHD: 2024, DROPBEAR: 2023}
    if "here" not in net.names:
        for name in net.netns("here", "there"):
            ip("link set lo up", ns=name)
        Echo(net["there"], target)
        Serve(chain["r5"], {
            services[which]: ["/sbin/ip", "netns", "exec", net["there"], *command]
            for which, command in SERVERS.items()})
    proxy = f"romon -n {r1} connect %h {services[port]}"
    client = spawn(net["here"], [
        # Of an option that is given twice, ssh takes the first.
        "ssh", "-o", f"ProxyCommand={proxy}", *ssh_options(port), "-N",
        "-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{local}:127.0.0.1:{target}",
        "root@r5.romon"])

    def connected():
        check(client.poll() is None, "ssh -N has ended")
        with genl.netns(net["here"]):
            sock = socket.socket()
        try:
            sock.connect(("127.0.0.1", local))
            return sock
        except ConnectionRefusedError:
            sock.close()
            return None

    try:
        for _ in range(3):
            sock = wait_for(connected, "the forwarded port")
            sent = os.urandom(100000)
            back = []

            def read():
                while data := sock.recv(65536):
                    back.append(data)

            reader = threading.Thread(target=read)
            reader.start()
            sock.sendall(sent)
            sock.shutdown(socket.SHUT_WR)
            reader.join(LIMIT)
            check(b"".join(back) == sent, f"{len(b''.join(back))} of 100000 bytes came back")
            sock.close()
    finally:
        client.terminate()
        client.wait(LIMIT)


@test
def scp_sftp_rsync_and_git_work_through_ssh_config():
    os.makedirs(path("from/sub"))
    write("from/a", b"one")
    write("from/sub/b", os.urandom(50000))
    good(run(r1, ["scp", "-q", "-r", path("from"), f"root@r5.romon:{path('scp')}"]))
    good(run(r1, ["diff", "-r", path("from"), path("scp")]))
    good(run(r1, ["scp", "-q", "-O", path("from/a"), f"root@r5.romon:{path('scp-old')}"]))
    good(run(r1, ["cmp", path("from/a"), path("scp-old")]))
    good(run(r1, ["sftp", "-q", "-b", "-", "root@r5.romon"],
             input=f"put {path('from/sub/b')} {path('sftp')}\nget {path('sftp')} {path('back')}\n"))
    good(run(r1, ["cmp", path("from/sub/b"), path("back")]))
    for name in ("c", "d"):
        write(f"from/{name}", os.urandom(100000))
        good(run(r1, ["rsync", "-a", "--checksum", path("from") + "/",
                      f"root@r5.romon:{path('rsync')}/"]))
    good(run(r1, ["diff", "-r", path("from"), path("rsync")]))


@test
def git_clones_and_pushes_through_ssh_config():
    who = ["-c", "user.name=r1", "-c", "user.email=r1@romon"]
    good(run(r1, ["git", "init", "-q", "--bare", "-b", "main", path("repo.git")]))
    good(run(r1, ["git", "clone", "-q", f"root@r5.romon:{path('repo.git')}", path("clone")]))
    write("clone/file", "text")
    for words in (["checkout", "-q", "-b", "main"], ["add", "file"],
                  [*who, "commit", "-q", "-m", "first"], ["push", "-q", "origin", "main"]):
        good(run(r1, ["git", "-C", path("clone"), *words]))
    equal(good(run(r1, ["git", "-C", path("repo.git"), "show", "main:file"])), "text",
          "what was pushed")


@test
def many_commands_share_one_session_as_ansible_has_it():
    share = ["-o", "ControlMaster=auto", "-o", "ControlPersist=60",
             "-o", f"ControlPath={path('mux')}"]
    wait_for(lambda: serve.sessions() == 0, "the sessions of other tests to end")
    for number in range(3):
        # The one that stays has the first command's standard error.
        with open(path("said"), "w") as said:
            done = ssh(SSHD, *share, f"echo {number}", stderr=said)
        equal((done.returncode, done.stdout), (0, f"{number}\n"), "status and output")
    check(serve.sessions() > 0, "no session goes on")
    good(ssh(SSHD, "-O", "exit", *share))
    wait_for(lambda: serve.sessions() == 0, "the shared session to end")


@test
def romon_ssh_finds_the_router_and_passes_all_on():
    done = romon(r1, "ssh", "root@r5", *ssh_options(SSHD), "echo from $USER; exit 3")
    equal((done.returncode, done.stdout), (3, "from root\n"), f"what it did: {done.stderr}")
    done = romon(r1, "ssh", chain.id["r5"], "-l", "root", "-T", *ssh_options(SSHD), "cat",
                 input="as it is")
    equal(done.stdout, "as it is", f"what came back: {done.stderr}")
    done = romon(r1, "ssh", "root@r5", *ssh_options(SSHD), "-W", "nowhere:1")
    check(done.returncode not in (0, 1, 2) or done.stderr, "ssh's own failure is not told")


@test
def host_keys_are_remembered_by_id():
    strict = ["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"]
    os.unlink("/root/.ssh/known_hosts")
    good(romon(r1, "ssh", "root@r5", "-o", "StrictHostKeyChecking=accept-new", "true"))
    with open("/root/.ssh/known_hosts") as file:
        lines = file.read().splitlines()
    equal(len(lines), 1, f"lines in known_hosts: {lines}")
    check(chain.id["r5"].replace(":", "-") in lines[0], f"known_hosts has {lines[0]}")
    # A new name is the same host ...
    try:
        rename("r5", "renamed")
        good(romon(r1, "ssh", "root@renamed", *strict, "true"))
        # ... and another key under the old one is not.
        os.rename("/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/kept")
        good(run(None, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        "/etc/ssh/ssh_host_ed25519_key"]))
        done = romon(r1, "ssh", "root@renamed", *strict, "true")
        os.rename("/etc/ssh/kept", "/etc/ssh/ssh_host_ed25519_key")
        equal(done.returncode, 255, f"ssh's exit status with another host key: {done.stderr}")
        check("HOST IDENTIFICATION HAS CHANGED" in done.stderr, done.stderr)
    finally:
        rename("r5", "r5")


def fails(pattern, *words, quick=QUICK):
    """romon ends soon, with 1 and one line that has all of these."""
    start = time.monotonic()
    done = romon(r1, *words)
    taken = time.monotonic() - start
    note(f"{taken:.2f} s: {done.stderr.strip()}")
    equal(done.returncode, 1, f"exit status of romon {' '.join(map(str, words))}: {done.stderr}")
    lines = done.stderr.splitlines()
    check(lines and lines[0].startswith("romon: "), f"it says '{done.stderr}'")
    for word in pattern:
        check(word in done.stderr, f"it says '{done.stderr}', without '{word}'")
    check(taken < quick, f"it took {taken:.1f} s")


@test
@meanwhile
def an_unknown_router_is_told_of_in_less_than_two_seconds():
    fails(["02:66:66:66:66:66"], "connect", "02:66:66:66:66:66", "ssh")
    fails(["nobody"], "connect", "nobody", "ssh")
    fails(["nobody"], "ssh", "root@nobody")
    fails(["nobody"], "forward", "127.0.0.1:0", "nobody", "ssh")


@test
def a_router_may_be_called_what_ends_in_romon():
    try:
        rename("r5", "r5.romon")
        for name in "r5.romon", "r5.romon.romon":
            equal(romon(r1, "connect", name, CAT, input="hello").stdout, "hello",
                  f"what {name} answers")
        fails(["r5"], "connect", "r5", CAT)
        # Nobody takes the place of another one by its name.
        rename("r4", "r5")
        fails(["more than one", chain.id["r4"], chain.id["r5"]], "connect", "r5.romon", CAT)
        equal(romon(r1, "connect", "r5.romon.romon", CAT, input="hello").stdout, "hello",
              "what the whole name answers")
        # Nor that of an ID.
        rename("r4", chain.id["r5"] + ".romon")
        equal(romon(r1, "connect", chain.id["r5"] + ".romon", CAT, input="hello").stdout, "hello",
              "what the ID answers")
    finally:
        rename("r4", "r4")
        rename("r5", "r5")


@test
def names_in_capitals_are_found_as_ssh_writes_them():
    try:
        rename("r5", "Site-R5")
        for name in "Site-R5", "site-r5", "SITE-R5.ROMON":
            equal(romon(r1, "connect", name, CAT, input="hello").stdout, "hello",
                  f"what {name} answers")
        equal(good(run(r1, ["ssh", *ssh_options(SSHD), "root@Site-R5.romon", "echo here"])),
              "here\n", "what ssh prints")
        # Who is called exactly so comes first.
        rename("r4", "site-r5")
        fails(["site-r5"], "connect", "site-r5", CAT)
    finally:
        rename("r4", "r4")
        rename("r5", "r5")


@test
def a_refused_service_says_so():
    fails(["r5", str(NO_SERVICE)], "connect", "r5", NO_SERVICE)
    fails(["r5", "permit"], "connect", "r5", NOT_FOR_R1)
    fails(["r5"], "connect", "r5", NOBODY_BEHIND)
    equal(len({romon(r1, "connect", "r5", port).stderr.split(": ", 3)[-1]
               for port in (NO_SERVICE, NOT_FOR_R1, NOBODY_BEHIND)}), 3, "reasons that differ")
    # The log has them, by ID and name.
    check(chain.id["r1"] in serve.said(), f"r1's ID is not in the log: {serve.said()}")


@test
@meanwhile
def that_a_router_has_not_answered_yet_is_told_on_a_terminal():
    words = "r5 has not answered yet"
    for pid in serve.own:
        os.kill(pid, signal.SIGSTOP)
    master, slave = pty.openpty()
    process = spawn(r1, ["romon", "connect", "r5", str(CAT)], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=slave)
    try:
        check(select.select([master], [], [], LIMIT)[0], "it says nothing")
        said = os.read(master, 4096).decode()
        check(said.startswith(f"romon: connect: {words}"), f"it says '{said}'")
        process.kill()
        process.wait()
        done = romon(r1, "connect", "r5", CAT)
        check("not answer" in done.stderr and words not in done.stderr,
              f"to a file it says '{done.stderr}'")
    finally:
        for pid in serve.own:
            os.kill(pid, signal.SIGCONT)
        process.kill()
        os.close(master)
        os.close(slave)
    wait_for(lambda: romon(r1, "connect", "r5", CAT, input="back").stdout == "back", "r5 to answer")


@test
def a_router_that_offers_nothing_refuses():
    fails(["r4", "ssh"], "connect", "r4", "ssh")
    done = romon(r1, "ssh", "root@r4", *ssh_options(SSHD), "true")
    equal(done.returncode, 255, "ssh's exit status")
    check("romon: " in done.stderr, f"ssh says '{done.stderr}'")


@test
def no_secret_in_common_is_said():
    chain.nl["r1"].do("config-set", secrets=["another"])
    try:
        # What it knew of the routers is of the time before.
        chain.nl["r1"].do("config-set", enabled=0)
        chain.nl["r1"].do("config-set", enabled=1)
        fails(["secret"], "connect", chain.id["r5"], "ssh")
        fails(["secret"], "ssh", f"root@{chain.id['r5']}")
    finally:
        chain.nl["r1"].do("config-set", secrets=[SECRET])
        chain.settle()


def type_in(process, data):
    """To connect's input, if it still reads: it may have heard why it must end before."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(data)
        process.stdin.flush()


def session(keepalive=3, port=CAT):
    """A connect that is known to work."""
    process = spawn(r1, ["romon", "connect", "r5", str(port), "keepalive", str(keepalive)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    type_in(process, b"are you there?")
    back = process.stdout.read(14)
    check(back == b"are you there?", f"{back} came back: {process.poll()} "
          f"{process.stderr.read().decode() if not back else ''}; serve: {serve.said()[-500:]}")
    return process


def ends(process, what):
    start = time.monotonic()
    try:
        status = process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        check(False, f"{what}: romon connect goes on after {LIMIT} s")
    said = process.stderr.read().decode().strip()
    note(f"{what}: after {time.monotonic() - start:.1f} s: {said}")
    equal(status, 1, f"{what}: exit status")
    check(said.startswith("romon: ") and "r5" in said, f"{what}: it says '{said}'")


@test
def a_program_that_ends_ends_the_session_though_nobody_closes_its_input():
    process = session(keepalive=60)
    (pid,) = set(tree(serve.process.pid)) - serve.own
    os.kill(pid, signal.SIGKILL)
    start = time.monotonic()
    equal(process.wait(LIMIT), 0, "exit status of connect")
    taken = time.monotonic() - start
    check(taken < 30, f"it took {taken:.0f} s")
    equal(process.stderr.read(), b"", "what it says")


@test
def what_a_signal_ends_has_ended_and_was_not_broken_off():
    """As ssh does with its ProxyCommand, and so at the end of every login."""
    wait_for(lambda: serve.sessions() == 0, "the sessions of other tests to end")
    for sign in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        before = len(serve.said())
        process = session()
        process.send_signal(sign)
        equal(process.wait(LIMIT), 128 + sign, f"exit status after {sign.name}")
        wait_for(lambda: "session ended" in serve.said()[before:], "the end in the log")
        check(" exit_status 0 " in serve.said()[before:] and "reason" not in serve.said()[before:],
              f"after {sign.name} the log has: {serve.said()[before:]}")
    before = len(serve.said())
    good(romon(r1, "ssh", "root@r5", *ssh_options(SSHD), "true"))
    wait_for(lambda: "session ended" in serve.said()[before:], "the end in the log")
    check("reason" not in serve.said()[before:], f"the log has: {serve.said()[before:]}")


@test
def what_goes_wrong_here_is_not_said_of_the_router():
    for where, command in (("output", "echo a | romon connect r5 700 > /dev/full"),
                           ("output", "echo a | romon connect r5 700 >&-"),
                           ("input", "romon connect r5 700 < /")):
        done = run(r1, ["sh", "-c", command])
        check(done.stderr.startswith(f"romon: connect: standard {where}: "),
              f"{command}: {done.stderr}")
    # At once: nothing that this router sends will go anywhere.
    process = session(keepalive=10 * LIMIT)
    chain.nl["r1"].do("config-set", enabled=0)
    try:
        type_in(process, b"more")
        equal(process.wait(LIMIT), 1, "exit status without RoMON")
        said = process.stderr.read().decode()
        check("RoMON is not enabled" in said and len(said.splitlines()) == 1, f"it says '{said}'")
    finally:
        chain.nl["r1"].do("config-set", enabled=1)
        chain.settle()
    process = session()
    chain.nl["r1"].do("config-set", secrets=["another"])
    try:
        type_in(process, b"more")
        equal(process.wait(LIMIT), 1, "exit status with another secret")
        said = process.stderr.read().decode()
        check("secret" in said, f"it says '{said}'")
    finally:
        chain.nl["r1"].do("config-set", secrets=[SECRET])
        chain.settle()
    wait_for(lambda: serve.sessions() == 0, "the other ends to be gone")


@test
@meanwhile
def a_target_that_goes_away_is_told_of_within_the_keepalive():
    waiting, writing = session(), session()
    type_in(writing, b"more")
    chain.nl["r3"].do("config-set", enabled=0)
    try:
        ends(waiting, "a silent session through a dead router")
        type_in(writing, b"still more")
        ends(writing, "one that was used")
    finally:
        chain.nl["r3"].do("config-set", enabled=1)
        chain.settle()
    wait_for(lambda: serve.sessions() == 0, "the other ends to be gone")


@test
def a_command_that_is_killed_ends_its_session():
    for sign in (signal.SIGTERM, signal.SIGKILL):
        process = session()
        wait_for(lambda: serve.sessions() == 1, "the session")
        process.send_signal(sign)
        process.wait(LIMIT)
        wait_for(lambda: serve.sessions() == 0, f"the session's end after signal {sign}")
    equal(chain.endpoints("r1"), 0, "ports that are still bound")


@test
def json_says_where_forward_listens():
    ip_up = run(r1, ["ip", "link", "set", "lo", "up"])
    equal(ip_up.returncode, 0, "ip link set lo up")
    process = spawn(r1, ["romon", "-j", "forward", "127.0.0.1:0", "r5", str(CAT)],
                    stdout=subprocess.PIPE)
    found = json.loads(process.stdout.readline())
    note(found)
    found = found[0] if isinstance(found, list) else found
    equal(found["port"], CAT, "the port there")
    host, _, port = found["listen"].rpartition(":")
    with genl.netns(r1):
        sock = socket.socket()
    sock.connect((host, int(port)))
    sock.sendall(b"by TCP")
    sock.shutdown(socket.SHUT_WR)
    got = b""
    while data := sock.recv(100):
        got += data
    equal(got, b"by TCP", "what came back")
    process.terminate()
    equal(process.wait(LIMIT), 0, "exit status")
    run(r1, ["ip", "link", "set", "lo", "down"])


if __name__ == "__main__":
    main(setup, processes=1)
