#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
# requires: native
# timeout: 600
"""romon serve: r2 -- r1 -- r3, where r1 serves and the others connect.

Grace periods are waited for, and every session is two or three processes.
"""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from harness import LIMIT, Network, Failed, amount, check, equal, main, meanwhile, test, wait_for
import genl
from sessions import private_ssh, tree

ID = {name: f"02:00:00:00:00:0{n}" for n, name in enumerate(("r1", "r2", "r3"), 1)}
# A router calls itself whatever it likes.
NAME = "r2 \\ exit_status 9 '\"$(reboot)"
CLEAN = NAME.replace("\\", "\\\\")

net = Network()
nl = {}
tmp = None


def setup():
    global tmp
    tmp = tempfile.mkdtemp(prefix="romon-test.")
    # The listener, who is nobody, looks for sockets in here.
    os.chmod(tmp, 0o755)
    net.netns("r1", "r2", "r3")
    net.veth(("r1", "to-r2", "02:01:00:00:00:01", "r2", "to-r1", "02:01:00:00:00:02"),
             ("r1", "to-r3", "02:01:00:00:00:03", "r3", "to-r1", "02:01:00:00:00:04"))
    for name in ("r1", "r2", "r3"):
        nl[name] = net.router(name, ID[name])
    nl["r2"].do("config-set", identity=NAME)
    for name in ("r2", "r3"):
        nl[name].do("discover")
        wait_for(lambda: len(nl[name].dump("node-get")) == 2, f"{name} sees both")
    nl["r1"].do("discover")
    wait_for(lambda: len(nl["r1"].dump("node-get")) == 2, "r1 sees both")


def sees(name):
    """Whether that router knows the way to r1 now."""
    nl[name].do("discover")
    time.sleep(0.1)
    return any(node["id"] == ID["r1"] and node.get("active") for node in nl[name].dump("node-get"))


def r1_knows_the_names():
    nl["r1"].do("discover")
    wait_for(lambda: any(node.get("identity") == NAME for node in nl["r1"].dump("node-get")),
             "r1 knows the name of r2")


def path(name):
    return os.path.join(tmp, name)


def write(name, text, mode=0o644):
    with open(path(name), "w") as file:
        file.write(text)
    os.chmod(path(name), mode)
    return path(name)


def script(name, text):
    """A command, and how it is written in the file."""
    return f'command "{write(name, text, 0o755)}"'


def sh(text):
    return 'command "/bin/sh -c \'' + text.replace('"', '\\"') + '\'"'


def processes(zombies=False):
    """-> {pid: parent}, without zombies or with them"""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/stat") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
            if zombies or state not in "ZX":
                found[int(pid)] = int(parent)
    return found


def gone(pid):
    return pid not in processes()


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


class Serve:
    """romon serve in r1, until the block ends."""

    def __init__(self, conf=None, words=(), options=(), ready=True, env=None, before=None):
        self.conf = write("serve.conf", conf) if conf is not None else None
        words = ["file", self.conf] if self.conf else list(words)
        self.log_name = path("log")
        self.out_name = path("out")
        with open(self.log_name, "w") as log, open(self.out_name, "w") as out:
            self.process = subprocess.Popen(
                ["romon", *options, "serve", *words], stdout=out, stderr=log,
                stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                preexec_fn=lambda: (genl.enter(net["r1"]), before and before()))
        if ready:
            try:
                wait_for(lambda: self.said("ready") or self.process.poll() is not None,
                         "serve is ready")
                check(self.process.poll() is None, f"serve has ended: {self.log()}")
                self.listener = self.find_listener()
            except Exception:
                self.process.kill()
                self.process.wait()
                raise

    def find_listener(self):
        for pid, parent in processes().items():
            if parent == self.process.pid and status_of(pid)["Name"] == "romon":
                return pid
        raise Failed("there is no second process")

    def log(self):
        with open(self.log_name) as file:
            return file.read()

    def out(self):
        with open(self.out_name) as file:
            return file.read()

    def said(self, pattern):
        return re.search(pattern, self.log() + self.out())

    def wait_said(self, pattern):
        try:
            return wait_for(lambda: self.said(pattern), f"the log to say {pattern}")
        except Failed as failed:
            raise Failed(f"{failed}\n{self.log()}") from None

    def children(self):
        return [pid for pid, parent in processes().items()
                if parent == self.process.pid and pid != self.listener]

    def reload(self, conf, pattern="configuration read again"):
        before = self.log()
        write("serve.conf", conf)
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: re.search(pattern, self.log()[len(before):]), f"the log to say {pattern}")
        return self.log()[len(before):]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self):
        try:
            return self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise Failed(f"serve does not end: {self.log()}") from None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed(f"serve does not end: {self.log()}") from None
        if kind:
            for line in self.log().splitlines():
                print(f"# {line}")


class Client:
    """romon connect from a router to r1."""

    def __init__(self, port, ns="r2", stdout=subprocess.PIPE):
        self.process = subprocess.Popen(
            ["romon", "connect", ID["r1"], str(port)], stdin=subprocess.PIPE, stdout=stdout,
            stderr=subprocess.PIPE, preexec_fn=lambda: genl.enter(net[ns]))

    def signal(self, signo):
        """To both of its processes, as a terminal does."""
        for pid in tree(self.process.pid):
            os.kill(pid, signo)

    def talk(self, data):
        """Sends a line and waits for as many bytes."""
        self.process.stdin.write(data)
        self.process.stdin.flush()
        return self.process.stdout.read(len(data))

    def close(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def connect(port, data=b"", ns="r2"):
    """-> status, output, complaint"""
    client = Client(port, ns)
    try:
        out, err = client.process.communicate(data, LIMIT)
    except subprocess.TimeoutExpired:
        client.close()
        raise Failed(f"connect to {port} does not end") from None
    return client.process.returncode, out, err.decode()


def refused(port, pattern, ns="r2"):
    status, out, err = connect(port, ns=ns)
    equal((status, out), (1, b""), f"status and output of a refused session ({err.strip()})")
    check(re.search(pattern, err), f"connect says {err!r}, without {pattern!r}")


@test
def a_command_has_the_stream_and_the_environment():
    r1_knows_the_names()
    probe = script("probe", """#!/bin/sh
        env | grep -e ^ROMON -e NOTIFY
        ls -m /proc/self/fd
        echo session $(cut -d ' ' -f 5,6 /proc/$$/stat) is $$
        cat
        """)
    leaked = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leaked, True)
    try:
        with Serve(f"service 7000 {probe}", env={"NOTIFY_SOCKET": "@nobody", "ROMON_OLD": "x"}) \
                as serve:
            status, out, err = connect(7000, b"through\n")
            equal((status, err), (0, ""), "how connect ended")
            lines = out.decode().splitlines()
            begin = serve.wait_said(r"session begins: session 1 address (\S+) identity (.*) "
                                    r"port (\d+) service 7000 pid (\d+)")
            equal(begin[1], ID["r2"], "the address in the log")
            equal(begin[2], '"' + CLEAN.replace('"', '\\"') + '"',
                  "the name in the log")
            equal(set(lines[:-3]), {
                f"ROMON_PEER_ID={ID['r2']}", f"ROMON_LOCAL_ID={ID['r1']}",
                f"ROMON_PEER_PORT={begin[3]}", "ROMON_PORT=7000",
                f"ROMON_PEER_IDENTITY={CLEAN}"}, "the environment")
            # Three, and the one that ls looks at them through.
            equal(lines[-3], "0, 1, 2, 3", "the descriptors it has")
            equal(lines[-1], "through", "what it was sent")
            pid = begin[4]
            equal(lines[-2], f"session {pid} {pid} is {pid}", "its group and session")
            serve.wait_said(rf"session ended: session 1 .* pid {pid} exit_status 0 "
                            rf"bytes_in 8 bytes_out {len(out)} duration [0-9.]+$")
    finally:
        os.close(leaked)


@test
def signals_are_as_a_program_expects_them():
    with Serve(f"service 7000 {sh('grep -e ^SigBlk -e ^SigIgn /proc/self/status')}"):
        equal(connect(7000)[1].split(), b"SigBlk: 0000000000000000 SigIgn: 0000000000000000".split(),
              "blocked and ignored signals")


def echo_server(family, address):
    """In r1; answers with what it got, then who it is from, if it can tell."""
    with genl.netns(net["r1"]):
        server = socket.socket(family)
    server.bind(address)
    if family == socket.AF_UNIX and address[0] == "/":
        os.chmod(address, 0o777)
    server.listen()

    def serve():
        with contextlib.suppress(OSError):
            while True:
                peer, _ = server.accept()
                with peer:
                    data = b""
                    while part := peer.recv(65536):
                        data += part
                    uid = -1
                    if family == socket.AF_UNIX:
                        _, uid, _ = struct.unpack("iII", peer.getsockopt(
                            socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                    peer.sendall(data + b" from %d" % uid)

    threading.Thread(target=serve, daemon=True).start()
    return server


@test
def tcp_and_unix_targets():
    subprocess.run(["ip", "-n", net["r1"], "link", "set", "lo", "up"], check=True)
    v4 = echo_server(socket.AF_INET, ("127.0.0.1", 0))
    v6 = echo_server(socket.AF_INET6, ("::1", 0))
    un = echo_server(socket.AF_UNIX, path("x.sock"))
    abstract = echo_server(socket.AF_UNIX, "\0romon-test")
    conf = f"""
        service 7000 tcp 127.0.0.1:{v4.getsockname()[1]}
        service 7001 tcp [::1]:{v6.getsockname()[1]}
        service 7002 unix {path("x.sock")}
        service 7003 unix @romon-test
        """
    with Serve(conf) as serve:
        data = os.urandom(300000)
        equal(connect(7000, data)[1] == data + b" from -1", True, "TCP goes through")
        equal(connect(7001, b"six")[1], b"six from -1", "what comes back from an IPv6 address")
        uid = int(status_of(serve.listener)["Uid"].split()[0])
        equal(connect(7002, b"path")[1], b"path from %d" % uid, "what comes back from a path")
        equal(connect(7003, b"name")[1], b"name from %d" % uid, "what comes back from a name")
    for server in (v4, v6, un, abstract):
        server.close()


@test
def many_who_come_at_once_wait_for_a_target():
    with socket.socket(socket.AF_UNIX) as server, \
            Serve(f"service 7000 unix {path('slow.sock')}") as serve, \
            contextlib.ExitStack() as stack:
        server.bind(path("slow.sock"))
        os.chmod(path("slow.sock"), 0o777)
        # One waits there, and one more; not for as long as starting them all
        # may take.
        server.listen(0)
        clients = [stack.enter_context(Client(7000)) for _ in range(6)]
        server.settimeout(LIMIT)
        for _ in clients:
            time.sleep(0.3)
            with server.accept()[0] as peer:
                peer.sendall(b"your turn")
        for client in clients:
            equal(client.process.stdout.read(9), b"your turn", "what each one hears")
        check(not serve.said("session refused"), "one is refused")


@test
@meanwhile
def a_command_whose_socket_is_lost_ends():
    conf = f"service 7000 {sh('exec sleep 1006')}\nservice 7001 command /bin/cat"
    with Serve(conf) as serve:
        with Client(7001):
            serve.wait_said("session begins: session 1 ")
            wait_for(lambda: serve.children(), "a command")
        wait_for(lambda: not serve.children(), "the command to end")
        # The listener may have no more descriptors than it has.
        most = 1 + max(int(fd) for fd in os.listdir(f"/proc/{serve.listener}/fd"))
        limits = resource.prlimit(serve.listener, resource.RLIMIT_NOFILE, (most, most))
        refused(7000, "could not start the service")
        serve.wait_said("session refused: .* reason the command cannot be started: Too many open files")
        wait_for(lambda: not serve.children(), "the command to end that nobody talks to")
        resource.prlimit(serve.listener, resource.RLIMIT_NOFILE, limits)
        with Client(7001):
            serve.wait_said("session begins: session 3 ")


@test
def it_works_where_the_ends_of_children_are_ignored():
    def ignore():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    with Serve(f"service 7000 {sh('cat; exit 3')}", before=ignore) as serve:
        equal(connect(7000, b"x")[:2], (0, b"x"), "what comes back")
        serve.wait_said("session ended: session 1 .* exit_status 3 ")
        wait_for(lambda: not serve.children(), "no child to be left")
        equal(serve.stop(), 0, "the status of serve")
    with genl.netns(net["r1"]):
        done = subprocess.run(["romon", "serve", "7000", "tcp", "127.0.0.1:9", "allow", "x"],
                              preexec_fn=ignore, capture_output=True, timeout=LIMIT)
    equal(done.returncode, 2, "the status of one that can not begin")


@test
def what_can_not_be_started_says_so():
    missing = script("missing", "#!/nowhere/interpreter\n")
    conf = f"""
        service 7000 tcp 127.0.0.1:9
        service 7001 unix {path("nothing.sock")}
        service 7002 {missing}
        """
    with Serve(conf) as serve:
        for port, why in (7000, "the target cannot be reached: Connection refused"), \
                (7001, "the target cannot be reached: No such file"), \
                (7002, "the command cannot be started: No such file"):
            refused(port, "could not start the service")
            serve.wait_said(rf"session refused: .* service {port} reason {why}")
        equal(serve.children(), [], "children")


@test
def either_side_may_end_first():
    half = script("half", f"""#!/usr/bin/python3
import socket, sys
s = socket.socket(fileno=0)
s.sendall(b"all I say")
s.shutdown(socket.SHUT_WR)
data = b""
while part := s.recv(65536):
    data += part
open("{path('heard')}", "wb").write(data)
""")
    late = sh("cat >/dev/null; echo behind the end")
    at_once = sh("echo over")
    conf = f"service 7000 {half}\nservice 7001 {late}\nservice 7002 {at_once}"
    with Serve(conf) as serve:
        with Client(7000) as client:
            equal(client.process.stdout.read(), b"all I say", "what comes until the end")
            client.process.stdin.write(b"still heard")
            client.process.stdin.close()
            equal(client.process.wait(LIMIT), 0, "the status of connect")
        wait_for(lambda: os.path.exists(path("heard")), "the command to hear the end")
        wait_for(lambda: not serve.children(), "the command to end")
        with open(path("heard"), "rb") as file:
            equal(file.read(), b"still heard", "what the command heard")
        equal(connect(7001, b"x" * 100000), (0, b"behind the end\n", ""), "what comes late")
        # One that reads nothing and ends: what it said arrives all the same.
        with Client(7002) as client:
            equal(client.process.stdout.read(), b"over\n", "what comes from one that ends at once")


@test
def only_the_permitted_get_in():
    with Serve(f"service 7000 {sh('echo in')} allow {ID['r2']},02:00:00:00:00:99") as serve:
        equal(connect(7000)[:2], (0, b"in\n"), "who is permitted")
        refused(7000, "not permitted", ns="r3")
        serve.wait_said(rf"session refused: address {ID['r3']} port \d+ service 7000 "
                        "reason not permitted")
        refused(7001, "nothing is served")


@test
def limits_hold_for_each_router_each_service_and_all():
    conf = """
        service 7000 command /bin/cat
        service 7001 command /bin/cat sessions 1
        service 7002 command /bin/cat sessions-per-peer 1
        limit sessions 4 sessions-per-peer 3
        """
    full = "as many sessions as it may have"
    with Serve(conf) as serve, contextlib.ExitStack() as stack:

        def hold(port, ns):
            client = stack.enter_context(Client(port, ns))
            equal(client.talk(b"hello"), b"hello", f"what {port} answers {ns}")
            return client

        hold(7001, "r2")
        refused(7001, full, ns="r3")
        serve.wait_said("reason as many sessions as the service may have")
        first = hold(7002, "r2")
        refused(7002, full)
        serve.wait_said("reason as many sessions as a router may have of the service")
        hold(7000, "r2")
        refused(7000, full)
        serve.wait_said("reason as many sessions as a router may have$", )
        hold(7000, "r3")
        refused(7000, full, ns="r3")
        serve.wait_said("reason as many sessions as there may be")
        # One that has ended makes room.
        first.process.stdin.close()
        equal(first.process.wait(LIMIT), 0, "how a session ends")
        serve.wait_said("session ended: .* service 7002")
        hold(7000, "r3")


@test
def who_comes_by_one_neighbour_cannot_keep_others_out():
    conf = "service 7000 command /bin/cat\nlimit sessions 4 sessions-per-peer 4"
    with Serve(conf) as serve, contextlib.ExitStack() as stack:
        held = [stack.enter_context(Client(7000)) for _ in range(4)]
        for client in held:
            equal(client.talk(b"hello"), b"hello", "what comes back to r2")
        other = stack.enter_context(Client(7000, "r3"))
        equal(other.talk(b"hello"), b"hello", "what comes back to r3")
        serve.wait_said(rf"session ended: session \d+ address {ID['r2']} .* "
                        "reason gave way to one of another neighbour")
        wait_for(lambda: len(serve.children()) == 4, "the command of one to end")
        # That was r3's part, of what r2 had beyond its own.
        refused(7000, "as many sessions", ns="r3")
        equal(other.talk(b"still"), b"still", "what comes back to r3")


class Raw:
    """Segments by hand, from r2 to a port of r1."""

    def __init__(self, port):
        self.nl, self.port = genl.Romon(net["r2"]), port

    def send(self, local, kind, seq, ack):
        self.nl.do("datagram-send", id=ID["r1"], local_port=local, remote_port=self.port,
                   payload=struct.pack(">BBII", kind, 0, seq, ack))

    def open(self):
        """-> port, the number that the answer has"""
        local = self.nl.get("endpoint-bind")["local_port"]
        self.send(local, 0, 1000, 0)
        kind, _, seq, ack = struct.unpack_from(">BBII", self.receive(local))
        equal((kind, ack), (1, 1000), "kind and ack of the answer")
        return local, seq

    def receive(self, local):
        return self.nl.event(want=lambda command, attrs: command == "datagram-rcv" and
                             attrs["local_port"] == local)[1]["payload"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.nl.close()


@test
def who_has_not_answered_has_no_session():
    limits = "limit sessions 3 sessions-per-peer 2 starts-per-peer 1"
    with Serve(f"service 7000 command /bin/cat sessions 3\n{limits}") as serve, \
            Raw(7000) as raw, Client(7000, "r3") as other:
        equal(other.talk(b"first"), b"first", "what comes back to r3")
        opens = [raw.open() for _ in range(6)]
        # The router in whose name these came has all that it may have.
        with Client(7000) as one, Client(7000) as two:
            equal((one.talk(b"one"), two.talk(b"two")), (b"one", b"two"), "what comes back to r2")
            # And no more, should they be answered after all.
            for local, seq in opens:
                raw.send(local, 3, 1000, seq)
            wait_for(lambda: serve.log().count(
                "reason as many sessions as there may be") == 6, "six refusals")
            for local, _ in opens:
                while (answer := raw.receive(local))[0] != 4:
                    pass
                equal(answer[10:], b"\3", "the reason of the close")
            equal(len(serve.children()), 3, "commands")


@test
def a_router_may_not_begin_too_many_a_second():
    limits = "limit sessions 200 sessions-per-peer 200 starts-per-peer 1"
    with Serve(f"service 7000 {sh('true')}\n{limits}") as serve, Forward(7000) as forward, \
            contextlib.ExitStack() as stack:
        # Of one process, which is quick wherever this runs: what is refused may
        # be broken off before connect(2) returns.
        for _ in range(30):
            with contextlib.suppress(ConnectionResetError):
                stack.enter_context(forward.connect())
        serve.wait_said("reason more sessions a second than a router may begin")
        equal(connect(7000, ns="r3")[0], 0, "the status of another router's")
        wait_for(lambda: connect(7000)[0] == 0, "a later session of the first")


class Forward:
    """romon forward in r2: many streams, of one process."""

    def __init__(self, to=7000):
        self.to = to
        self.said = ""

    def __enter__(self):
        subprocess.run(["ip", "-n", net["r2"], "link", "set", "lo", "up"], check=True)
        self.process = subprocess.Popen(
            ["romon", "forward", "0", ID["r1"], str(self.to)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=lambda: genl.enter(net["r2"]))
        self.port = int(re.search(r":(\d+) ", self.process.stdout.readline())[1])
        return self

    def connect(self):
        with genl.netns(net["r2"]):
            client = socket.create_connection(("127.0.0.1", self.port), LIMIT)
        client.settimeout(LIMIT)
        return client

    def __exit__(self, *_):
        self.process.terminate()
        _, self.said = self.process.communicate(timeout=LIMIT)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@contextlib.contextmanager
def no_starts(serve):
    """Commands that are asked for wait until the block ends."""
    serve.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        serve.process.send_signal(signal.SIGCONT)


def many():
    return f"""
        service 7000 {sh('echo >>' + path('ran') + '; cat')}
        limit sessions 200 sessions-per-peer 200 starts 1000 starts-per-peer 1000
        """


def ran():
    with open(path("ran")) as file:
        return len(file.readlines())


@test
@meanwhile
def who_has_gone_is_not_started():
    write("ran", "")
    with Serve(many()) as serve, Forward() as forward:
        with no_starts(serve):
            clients = [forward.connect() for _ in range(30)]
            time.sleep(2)
            for client in clients:
                reset(client)
            serve.wait_said("session refused")
            time.sleep(2)
        with forward.connect() as client:
            client.sendall(b"honest")
            equal(client.recv(6), b"honest", "what comes back afterwards")
        # What the starter had been asked for already, and the last one.
        check(ran() <= 9, f"{ran()} commands were started")


@test
@meanwhile
def who_has_ended_without_a_word_comes_last():
    write("ran", "")
    with Serve(many()) as serve, Forward() as forward, contextlib.ExitStack() as stack:
        with no_starts(serve):
            for _ in range(30):
                stack.enter_context(forward.connect()).shutdown(socket.SHUT_WR)
            time.sleep(2)
            client = stack.enter_context(forward.connect())
            client.sendall(b"honest")
            time.sleep(2)
        equal(client.recv(6), b"honest", "what comes back")
        # Where that takes too long some are refused as busy.
        wait_for(lambda: ran() + len(re.findall("session refused: .* too many are being started",
                                                serve.log())) == 31,
                 "the others to have their turn")
        # Behind those that the starter had been asked for already, in whatever
        # order these came to run.
        order = [int(number) for number in re.findall(r"session begins: session (\d+)", serve.log())]
        check(order.index(31) < 16, f"sessions began as {order}")


@test
@meanwhile
def forward_does_not_complain_of_each_connection():
    with Serve("service 7000 command /bin/cat"), Forward(7001) as forward:
        for _ in range(60):
            # It may be broken off before we look.
            with contextlib.suppress(OSError), forward.connect() as client:
                client.shutdown(socket.SHUT_WR)
        time.sleep(3)
    lines = forward.said.splitlines()
    each = [line for line in lines if "nothing is served there" in line]
    more = [int(n) for n in re.findall(r"^romon: forward: (\d+) more connections? failed$",
                                       forward.said, re.MULTILINE)]
    equal(len(each) + sum(more), 60, f"how many are told of in {lines}")
    equal(len(each) + len(more), len(lines), "other lines")
    check(each and more and len(lines) < 50, f"{len(lines)} lines")


@test
@meanwhile
def what_is_not_started_in_time_is_refused_as_busy():
    with Serve(many()) as serve, contextlib.ExitStack() as stack:
        with no_starts(serve):
            clients = [stack.enter_context(Client(7000)) for _ in range(12)]
            said = [client.process.communicate(timeout=LIMIT + 20)[1] for client in clients]
        equal(sum(b"as many sessions as it may have" in line for line in said), 4,
              f"how many hear that it is busy: {said}")
        serve.wait_said("session refused: .* reason too many are being started")
        serve.wait_said("session refused: .* reason the command does not start in time")
        check(not serve.said("timed out"), "a bare error")


@test
def nothing_is_started_for_who_does_not_answer():
    marker = path("marker")
    with Serve(f"service 7000 {sh('touch ' + marker)}"), \
            contextlib.closing(genl.Romon(net["r2"])) as raw:
        port = raw.get("endpoint-bind")["local_port"]
        raw.do("datagram-send", id=ID["r1"], local_port=port, remote_port=7000,
               payload=struct.pack(">BBII", 0, 0xc0, 1000, 0))
        command, answer = raw.event(want=lambda command, _: command == "datagram-rcv")
        kind, _, seq, ack = struct.unpack_from(">BBII", answer["payload"])
        equal((kind, ack), (1, 1000), "kind and ack of the answer")
        time.sleep(0.5)
        check(not os.path.exists(marker), "the command was started before the handshake was over")
        raw.do("datagram-send", id=ID["r1"], local_port=port, remote_port=7000,
               payload=struct.pack(">BBII", 3, 0x42, 1000, seq))
        wait_for(lambda: os.path.exists(marker), "the command to be started")


@test
def sessions_survive_reading_the_configuration_again():
    with Serve("service 7000 command /bin/cat\nlimit sessions 1") as serve, \
            Client(7000) as client:
        equal(client.talk(b"before"), b"before", "what comes back")
        refused(7000, "as many sessions")
        serve.reload("service 7001 command /bin/cat\nlimit sessions 5")
        equal(client.talk(b"behind"), b"behind", "what comes back afterwards")
        refused(7000, "nothing is served")
        equal(connect(7001, b"new")[:2], (0, b"new"), "the new service")
        # And back: the port of before is as good as ever.
        serve.reload(f"service 7000 {sh('echo other')}")
        equal(connect(7000)[:2], (0, b"other\n"), "the service that took its place")
        equal(client.talk(b"still"), b"still", "what comes back at last")
        refused(7001, "nothing is served")


@test
def a_port_that_is_taken_away_is_free_for_others():
    def bind(port):
        try:
            with contextlib.closing(genl.Romon(net["r1"])) as other:
                return other.get("endpoint-bind", local_port=port)["local_port"] == port
        except genl.NetlinkError:
            return False

    conf = "service 7000 command /bin/cat\nservice 7001 command /bin/cat\nlimit keepalive 8\n"
    with Serve(conf) as serve, Client(7000) as client:
        equal(client.talk(b"before"), b"before", "what comes back")
        check(not bind(7000) and not bind(7001), "a port that is served is free")
        serve.reload("service 7002 command /bin/cat\nlimit keepalive 8")
        check(bind(7001), "a port without sessions is not free at once")
        check(not bind(7000), "a port with a session is free")
        equal(client.talk(b"behind"), b"behind", "what comes back afterwards")
        client.process.stdin.close()
        equal(client.process.wait(LIMIT), 0, "how it ends")
        wait_for(lambda: bind(7000), "the port of the last session to be free")
        refused(7000, "nothing is served")
        serve.reload(conf)
        equal(connect(7000, b"again")[:2], (0, b"again"), "the service, when it is there again")


@test
def a_bad_file_changes_nothing():
    with Serve("service 7000 command /bin/cat") as serve:
        said = serve.reload("service 7001 command /bin/cat\nservice 7002 color red",
                            pattern="the configuration stays")
        check("serve.conf:2: serve: service 7002: unknown word: color" in said, f"it says {said}")
        equal(connect(7000, b"old")[:2], (0, b"old"), "the old service")
        refused(7001, "nothing is served")
        os.unlink(path("serve.conf"))
        serve.process.send_signal(signal.SIGHUP)
        serve.wait_said("serve.conf: No such file or directory\n.*the configuration stays")
        equal(connect(7000, b"old")[:2], (0, b"old"), "the old service")
        # A port that somebody else has: the others are there.
        with contextlib.closing(genl.Romon(net["r1"])) as other:
            other.get("endpoint-bind", local_port=7005)
            said = serve.reload("service 7005 command /bin/cat\nservice 7006 command /bin/cat")
            check("port 7005: The RoMON port is bound already" in said, f"it says {said}")
            equal(connect(7006, b"new")[:2], (0, b"new"), "the other new service")
        serve.reload("service 7005 command /bin/cat")
        equal(connect(7005, b"free")[:2], (0, b"free"), "the port, when it is free")


STUBBORN = """#!/bin/sh
trap '' HUP TERM
sleep 1000 &
echo $$ $!
wait
sleep 1001
"""


@test
@meanwhile
def sigterm_ends_everything_with_status_0():
    conf = f"""
        service 7000 command /bin/cat
        service 7001 {script("stubborn", STUBBORN)}
        service 7002 command "/bin/sleep 1002"
        """
    with Serve(conf) as serve, Client(7000) as cat, Client(7001) as stubborn, Client(7002):
        equal(cat.talk(b"here"), b"here", "what comes back")
        pids = [int(word) for word in stubborn.process.stdout.readline().split()]
        pids += wait_for(lambda: len(serve.children()) == 3 and serve.children(), "three children")
        equal(serve.stop(), 0, "the exit status")
        equal([pid for pid in pids + [serve.listener] if not gone(pid)], [], "what is left")
        equal(cat.process.wait(LIMIT), 1, "the status of the client")
        said = cat.process.stderr.read()
        check(b"broken" in said, f"the client says {said}")
        for port in 7000, 7001, 7002:
            check(serve.said(f"session ended: .* service {port} .*reason serve has ended"),
                  f"the end of the session at {port} is not in the log")
    with Serve(conf):
        equal(connect(7000, b"again")[:2], (0, b"again"), "the port can be bound again")


@contextlib.contextmanager
def written_but_not_arrived(size):
    """A service that has written all and ended, while its client sleeps."""
    command = sh(f"echo begin; sleep 1; head -c {size} /dev/zero")
    with Serve(f"service 7000 {command}") as serve, Client(7000) as client:
        equal(client.process.stdout.read(6), b"begin\n", "the first line")
        client.signal(signal.SIGSTOP)
        serve.wait_said(rf"session ended: .* bytes_out {6 + size} ")
        yield serve, client


@test
def what_was_written_has_a_second_to_arrive_when_it_ends():
    with written_but_not_arrived(60000) as (serve, client):
        serve.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        check(not gone(serve.listener), "it does not wait for what is under way")
        client.signal(signal.SIGCONT)
        out, err = client.process.communicate(timeout=LIMIT)
        equal((len(out), err, client.process.returncode), (60000, b"", 0),
              "what arrives, and how")
        equal(serve.ended(), 0, "the exit status")


@test
def who_has_not_got_all_when_it_ends_is_told():
    with written_but_not_arrived(60000) as (serve, client):
        equal(serve.stop(), 0, "the exit status")
        client.signal(signal.SIGCONT)
        out, err = client.process.communicate(timeout=LIMIT)
        check(len(out) < 60000, "all has arrived")
        check(client.process.returncode == 1 and b"broken it off" in err,
              f"the client says {err}")


@test
def the_death_of_either_process_is_the_end_of_all():
    conf = """
        service 7000 command /bin/cat
        service 7001 command "/bin/sleep 1003"
        """
    for victim in "listener", "starter":
        with Serve(conf) as serve, Client(7000) as cat, Client(7001):
            equal(cat.talk(b"here"), b"here", "what comes back")
            pids = wait_for(lambda: len(serve.children()) == 2 and serve.children(),
                            "two children")
            if victim == "listener":
                os.kill(serve.listener, signal.SIGKILL)
                equal(serve.ended(), 1, "the exit status of the starter")
                serve.wait_said("the listening process has died: reason signal 9")
            else:
                serve.process.kill()
                serve.process.wait()
            for pid in [*pids, serve.listener]:
                wait_for(lambda pid=pid: gone(pid),
                         f"process {pid} to end when the {victim} was killed")


@test
@meanwhile
def a_command_ends_with_its_stream():
    conf = f"""
        service 7000 command /bin/cat
        service 7001 command "/bin/sleep 1004"
        service 7002 {script("stubborn", STUBBORN)}
        """
    with Serve(conf) as serve:
        with Client(7000) as cat, Client(7001), Client(7002) as stubborn:
            equal(cat.talk(b"here"), b"here", "what comes back")
            pids = [int(word) for word in stubborn.process.stdout.readline().split()]
            wait_for(lambda: len(serve.children()) == 3, "three children")
            pids += serve.children()
            for client in cat, stubborn:
                client.process.terminate()
        for pid in pids:
            wait_for(lambda pid=pid: gone(pid), f"process {pid} to end", limit=LIMIT + 60)
        # cat by itself, sleep at the first word, the other at the last.
        serve.wait_said("session ended: .* service 7000 pid .* exit_status 0")
        serve.wait_said("session ended: .* service 7001 pid .* signal 1 ")
        serve.wait_said("session ended: .* service 7002 pid .* signal 9 ")


@test
def sessions_leave_nothing_behind():
    def files(pid):
        return len(os.listdir(f"/proc/{pid}/fd"))

    conf = f"""
        service 7000 {sh('head -c 1000')}
        service 7001 tcp 127.0.0.1:9
        limit starts-per-peer 1000
        """
    with Serve(conf) as serve:
        connect(7000, b"x" * 1000)
        wait_for(lambda: not serve.children(), "the first command to end")
        before = files(serve.process.pid), files(serve.listener)
        for _ in range(amount(2, 5)):
            clients = [Client(7000 + n % 2, "r2" if n % 3 else "r3") for n in range(12)]
            for n, client in enumerate(clients):
                if n % 2:
                    continue
                # Some are killed in the middle of it.
                client.process.stdin.write(b"x" * (1000 if n % 4 else 500))
                client.process.stdin.flush()
                if n % 4:
                    equal(len(client.process.stdout.read(1000)), 1000, "how much comes back")
            for client in clients:
                client.close()
        wait_for(lambda: not serve.children(), "all commands to end", limit=LIMIT + 60)
        wait_for(lambda: (files(serve.process.pid), files(serve.listener)) == before,
                 "descriptors to be as many as before")
        wait_for(lambda: list(processes(zombies=True).values()).count(serve.process.pid) == 1,
                 "no zombie to be left")


@test
def a_router_that_has_gone_loses_its_sessions():
    with Serve("service 7000 command /bin/cat\nlimit keepalive 2") as serve, \
            Client(7000) as client:
        equal(client.talk(b"here"), b"here", "what comes back")
        nl["r2"].do("config-set", enabled=0)
        serve.wait_said("session ended: .* service 7000 .*reason it does not answer any more")
        wait_for(lambda: not serve.children(), "the command to end")
        nl["r2"].do("config-set", enabled=1)
        wait_for(lambda: sees("r2"), "r2 sees r1 again")
        equal(connect(7000, b"again")[:2], (0, b"again"), "what comes back later")


@test
@meanwhile
def a_limit_that_is_gone_from_the_file_is_gone():
    conf = "service 7000 command /bin/cat\n"
    with Serve(conf + "limit keepalive 2") as serve:
        serve.reload(conf)
        with Client(7000) as client:
            equal(client.talk(b"here"), b"here", "what comes back")
            # Until it is known that it answers when it is asked.
            time.sleep(2)
            client.signal(signal.SIGSTOP)
            time.sleep(5)
            client.signal(signal.SIGCONT)
            equal(client.talk(b"still"), b"still", "what comes back after a while")


@test
def services_are_there_again_when_romon_is():
    with Serve("service 7000 command /bin/cat"):
        nl["r1"].do("config-set", enabled=0)
        nl["r1"].do("config-set", enabled=1)
        wait_for(lambda: sees("r2"), "r2 sees r1 again")
        equal(connect(7000, b"again")[:2], (0, b"again"), "what comes back")


@test
def what_a_command_leaves_behind_ends_too():
    conf = f"service 7000 {sh('sleep 1005 </dev/null >/dev/null 2>&1 & echo $!')}"
    with Serve(conf) as serve:
        status, out, _ = connect(7000)
        equal(status, 0, "the status of connect")
        serve.wait_said("session ended: .* exit_status 0")
        wait_for(lambda: gone(int(out)), "what was left behind to end")


@test
def the_listener_may_do_nothing_but_its_work():
    with Serve("service 7000 command /bin/cat") as serve:
        status = status_of(serve.listener)
        for which in "CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb":
            equal(int(status[which], 16), 0, which)
        check("0" not in status["Uid"].split() + status["Gid"].split(),
              f"it is {status['Uid']}, {status['Gid']}")
        equal(status["Groups"].strip(), "", "its groups")
        equal(status["NoNewPrivs"], "1", "whether it may gain rights")
        equal(status["Seccomp"], "2", "whether its system calls are filtered")
        equal(os.stat(f"/proc/{serve.listener}/mem").st_uid, 0, "who may look into it")
        equal(int(status_of(serve.process.pid)["Uid"].split()[0]), 0, "the starter's user")
        # Descriptors: the null device, the log, the link, netlink and the loop.
        kinds = sorted(re.sub(r"[:\[].*", "", os.readlink(f"/proc/{serve.listener}/fd/{fd}"))
                       for fd in os.listdir(f"/proc/{serve.listener}/fd"))
        equal(kinds.count("socket"), 2, f"sockets among {kinds}")
        equal(connect(7000, b"works")[:2], (0, b"works"), "what comes back")


@test
def a_command_may_run_as_another_user():
    conf = f"""
        service 7000 {sh('id -u; id -G; echo $HOME $USER; pwd')} user nobody
        service 7001 {sh('id -u; pwd')}
        """
    with Serve(conf):
        lines = connect(7000)[1].decode().split("\n")
        equal(lines[0], "65534", "the user")
        equal(lines[1], "65534", "the groups")
        check(lines[2].endswith(" nobody"), f"its home and name are {lines[2]}")
        equal(connect(7001)[1], b"0\n/\n", "the user without one, and the folder")


@test
def the_service_manager_is_told():
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path("manager"))
    manager.settimeout(LIMIT)
    with Serve("service 7000 command /bin/cat", env={"NOTIFY_SOCKET": path("manager")}) as serve:
        check(manager.recv(999).startswith(b"READY=1"), "no READY=1")
        serve.reload("service 7001 command /bin/cat")
        check(re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", manager.recv(999)), "no RELOADING=1")
        check(manager.recv(999).startswith(b"READY=1"), "no READY=1 after that")
        serve.reload("what", pattern="the configuration stays")
        check(manager.recv(999).startswith(b"RELOADING=1"), "no RELOADING=1 for a bad file")
        check(manager.recv(999).startswith(b"READY=1"), "no READY=1 after that")
        serve.stop()
        equal(manager.recv(999), b"STOPPING=1", "what is said at the end")
    manager.close()


@test
def the_log_is_json_with_j():
    r1_knows_the_names()
    conf = f"service 7000 {sh('kill -9 $$')} allow {ID['r2']}"
    with Serve(conf, options=["-j"]) as serve:
        connect(7000)
        refused(7000, "not permitted", ns="r3")
        serve.wait_said("session-end")
        serve.stop()
        lines = [json.loads(line) for line in serve.out().splitlines()]
        by_event = {line["event"]: line for line in lines}
        equal(set(by_event), {"ready", "session-begin", "session-end", "session-refused"},
              "the events")
        equal(set(by_event["session-begin"]),
              {"event", "address", "identity", "port", "service", "session", "pid", "time"},
              "the keys of a beginning")
        equal(set(by_event["session-end"]),
              {"event", "address", "identity", "port", "service", "session", "pid", "signal",
               "bytes_in", "bytes_out", "duration", "time"}, "the keys of an end")
        equal((by_event["session-end"]["signal"], by_event["session-begin"]["service"]), (9, "7000"),
              "the signal and the service")
        equal(by_event["session-begin"]["identity"], NAME, "the identity")
        equal(serve.log(), "", "what else is said")


@test
def a_log_that_nobody_reads_stops_nothing():
    reader, writer = os.pipe()
    conf = write("serve.conf", f"service 7000 {sh('echo in')}\nlimit starts-per-peer 10000")
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    process = subprocess.Popen(["romon", "serve", "file", conf], stderr=writer,
                               preexec_fn=lambda: genl.enter(net["r1"]))
    os.close(writer)
    said = b""

    def read():
        nonlocal said
        with contextlib.suppress(BlockingIOError):
            while True:
                said += os.read(reader, 65536)

    def told():
        equal(connect(7000)[1], b"in\n", "the service")
        read()
        return b"lines of the log were lost" in said

    try:
        wait_for(lambda: connect(7000)[0] == 0, "a session")
        equal(connect(7000)[1], b"in\n", "the service while nobody reads")
        read()
        wait_for(told, "that lines were lost is said")
    finally:
        process.terminate()
        equal(process.wait(LIMIT), 0, "the exit status")
        os.close(reader)


@test
def how_many_lines_were_lost_is_not_told_with_each():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    conf = write("serve.conf", f"service 7000 {sh('echo in')}")
    process = subprocess.Popen(["romon", "-j", "serve", "file", conf], stdout=writer,
                               stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: genl.enter(net["r1"]))
    os.close(writer)
    try:
        wait_for(lambda: connect(7000)[0] == 0, "a session")
        for _ in range(4):
            equal(connect(7000)[1], b"in\n", "the service while nobody reads")
        # Of each there is a beginning and an end.
        time.sleep(1)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=LIMIT)
        os.close(reader)
    lines = said.splitlines()
    lost = [1 if count == "a line" else int(count) for count in re.findall(
        r"^romon: serve: (a line|\d+) (?:lines )?of the log w(?:as|ere) lost$", said, re.MULTILINE)]
    equal(len(lost), len(lines), f"all that is said: {lines}")
    check(len(lost) <= 3 and sum(lost) >= 11, f"it says {lines}")
    check("romon: serve: a line of the log was lost" in lines, f"no singular in {lines}")


@test
def a_file_that_others_can_write_is_refused():
    good = "service 7000 command /bin/cat"
    fails(["file", write("group.conf", good, 0o620)], 2, "group.conf: its group can write it")
    others = write("others.conf", good, 0o600)
    os.chown(others, 12345, 0)
    fails(["file", others], 2, "others.conf: belongs to user 12345")
    os.symlink(others, path("link.conf"))
    fails(["file", path("link.conf")], 2, "link.conf: belongs to user 12345")
    open_to_all = write("open.conf", good, 0o666)
    fails(["file", open_to_all], 2, "open.conf: everybody can write it")
    with Serve(good, options=["-j"]) as serve:
        os.chmod(serve.conf, 0o646)
        serve.process.send_signal(signal.SIGHUP)
        serve.wait_said('"not-reloaded".*"reason": *".*serve.conf: everybody can write it')
        write("serve.conf", "what")
        serve.process.send_signal(signal.SIGHUP)
        serve.wait_said('"not-reloaded".*"reason": *".*serve.conf:1: serve: service, limit or set')
    with Serve(words=["7000", "command", "/bin/cat"], options=["-j"]) as serve:
        serve.process.send_signal(signal.SIGHUP)
        serve.wait_said('"not-reloaded".*"reason": *"the service is of the command line"')


@test
def who_is_told_so_by_the_journal_gives_priorities():
    log = path("journal")
    with open(log, "w") as file:
        st = os.fstat(file.fileno())
        process = subprocess.Popen(["romon", "serve", "7000", "command", "/bin/cat"], stderr=file,
                                   env={**os.environ,
                                        "JOURNAL_STREAM": f"{st.st_dev}:{st.st_ino}"},
                                   preexec_fn=lambda: genl.enter(net["r1"]))

    def text():
        with open(log) as file:
            return file.read()

    try:
        wait_for(lambda: "ready" in text(), "serve is ready")
        equal(text(), "<6>serve: ready\n", "the first line")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "<5>serve: nothing to read again" in text(), "the answer to SIGHUP")
    finally:
        process.terminate()
        equal(process.wait(LIMIT), 0, "the exit status")


def fails(words, status, pattern):
    done = subprocess.run(["romon", "serve", *words], capture_output=True, text=True,
                          timeout=LIMIT, preexec_fn=lambda: genl.enter(net["r1"]))
    equal(done.returncode, status, f"the status of serve {words} ({done.stderr})")
    check(re.search(pattern, done.stderr), f"serve {words} says {done.stderr!r}")


@test
def what_is_wrong_at_the_start_is_said():
    fails(["7000"], 2, "command, tcp or unix is missing")
    fails(["file"], 2, "which")
    fails(["file", "/nowhere/at-all"], 1, "No such file")
    fails(["file", write("bad", "service 7000 tcp x\n")], 2, "bad:1: serve: service 7000: tcp: ")
    # In a batch what follows is done when it has ended, and complained of as ever.
    batch = write("batch", f"serve file {path('bad')}\n")
    done = subprocess.run(["romon", "-b", batch], capture_output=True, text=True, timeout=LIMIT)
    check(done.returncode == 2 and "bad:1: serve: service 7000" in done.stderr, f"a batch: {done}")
    with contextlib.closing(genl.Romon(net["r1"])) as other:
        other.get("endpoint-bind", local_port=7000)
        fails(["7000", "command", "/bin/cat"], 1, "port 7000: The RoMON port is bound already")
    nl["r1"].do("config-set", enabled=0)
    fails(["7000", "command", "/bin/cat"], 1, "romon set enabled on")
    nl["r1"].do("config-set", enabled=1)
    for name in ("r2", "r3"):
        wait_for(lambda: sees(name), f"{name} sees r1 again")


@test
def without_a_file_sshd_is_started():
    check(not os.path.exists("/etc/romon/serve.conf"), "this machine has a file")
    private_ssh()
    with Serve() as serve, Client("ssh") as client:
        banner = client.process.stdout.readline()
        check(banner.startswith(b"SSH-2.0-OpenSSH"), f"the banner is {banner}")
        serve.wait_said(r"session begins: .* service ssh pid")
        client.process.stdin.close()
        wait_for(lambda: not serve.children(), "sshd to end")
    if shutil.which("dropbear", path="/usr/sbin"):
        with Serve(words=["ssh", "command", "/usr/sbin/dropbear -i -R"]), Client("ssh") as client:
            banner = client.process.stdout.readline()
            check(banner.startswith(b"SSH-2.0-dropbear"), f"the banner is {banner}")


if __name__ == "__main__":
    try:
        main(setup)
    finally:
        if tmp:
            shutil.rmtree(tmp)
