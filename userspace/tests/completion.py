#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What TAB makes of names that others chose, in a bash on a terminal of its own.

A romon that is none announces one name, and when it is run tells its words. All
that a name asks for would leave a file behind.
"""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROMON = os.path.abspath("romon")
COMPLETION = os.path.abspath("bash-completion/romon")
PACKAGE = "/usr/share/bash-completion/bash_completion"

# The first character is what is typed of them.
PAYLOADS = [
    "$(touch ran)", "`touch ran`", ";touch ran", "&touch ran", "|touch ran",
    "&&touch ran;", "||touch ran", ">ran", "<(touch ran)", ">(touch ran)",
    "(touch ran)", "{touch ran;}", "{ran,ran2}", "'$(touch ran)'",
    "'; touch ran; '", '"; touch ran; "', '"$(touch ran)"', '\\"$(touch ran)',
    "\\$(touch ran)", "\\", "'", '"', "$'\\x41'", "$HOME", "${HOME}", "$((1+1))",
    "*", "?*", "[a-z]*", "~", "~root", "!", "!!", "!touch", "#x", "%1", "^a^b",
    "=", "=~", ":~root", "@x", "@$(touch ran)", "-x", "--help", " x", "  ", "a b",
    "a  b", "a' b", "a'", 'a"', "a\\", "a!", "a!'", "a!\"", "a'!", 'a"!', "a$",
    "a`", "a@b", "a@$(touch ran)", "a=~", "a=b c", "a:b c", "a:", "a::", "a:;touch ran",
    "02:00:00:00:00:02", "ä b", "日本;touch ran", "r1",
]

STUB = """#!/bin/sh
case $*:$2 in
*:help)	exec "$ROMON" "$@" ;;
-j*)	read -r answer < answer
	printf '%s\\n' "$answer" ;;
*)	printf '%s\\0' "$@" the end > words ;;
esac
"""


def result(ok, what, *why):
    print(f"{'ok' if ok else 'not ok'} - {what}")
    if not ok:
        for line in why:
            print(f"# {line}")
    sys.stdout.flush()
    return ok


class Shell:
    """A bash with the completion, where the stub is its romon."""

    def __init__(self, rc):
        self.dir = tempfile.mkdtemp()
        self.seen = b""
        for name, text in (("romon", STUB), ("sudo", '#!/bin/sh\nexec "$@"\n'), ("rc", rc)):
            with open(self.path(name), "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(self.path(name), 0o755)
        env = dict(os.environ, PATH=f"{self.dir}:{os.environ['PATH']}", PS1="$ ", TERM="dumb",
                   LC_ALL="C.UTF-8", INPUTRC="/dev/null", HISTFILE="", HOME=self.dir, ROMON=ROMON)
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(self.dir)
            os.execvpe("bash", ["bash", "--noprofile", "--rcfile", "rc", "-i"], env)

    def path(self, name):
        return os.path.join(self.dir, name)

    def announce(self, text):
        with open(self.path("answer"), "w", encoding="utf-8") as f:
            f.write(text)

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            self.seen += os.read(self.fd, 65536)

    def run(self, line):
        """The words that romon is run with by what is typed, or None."""
        words, self.seen = self.path("words"), b""
        if os.path.exists(words):
            os.unlink(words)
        os.write(self.fd, line.encode())
        end = time.monotonic() + 10
        while time.monotonic() < end:
            self.read(0.005)
            if os.path.exists(words):
                with open(words, encoding="utf-8") as f:
                    got = f.read().split("\0")
                if got[-3:] == ["the", "end", ""]:
                    return got[:-3]
        os.write(self.fd, b"\3")
        self.read(1)
        return None

    def ran(self):
        """What is there that was not put there."""
        ours = {"romon", "sudo", "rc", "answer", "words", "my file"}
        found = set(os.listdir(self.dir)) - ours
        for name in found:
            os.unlink(self.path(name))
        return found

    def end(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        shutil.rmtree(self.dir)


def nodes(*names):
    """As the tool writes them."""
    return json.dumps([{"active": True, "identity": name} for name in names],
                      ensure_ascii=False, separators=(",", ":"))


def ports(name):
    return json.dumps([{"interface": name}], ensure_ascii=False, separators=(",", ":"))


def as_typed(quote, text):
    """So much of a name as somebody may type before TAB, in an open quote."""
    if not quote:
        return "".join(c if c.isalnum() or c in ":-" else "\\" + c for c in text)
    if quote in text or quote == '"' and set(text) & set("$`\\!"):
        return None
    return quote + text


def check(shell, how, name, line, want):
    got = shell.run(line + "\t\r")
    ran = shell.ran()
    return result(got == want and not ran, f"{how}: {name} is one word",
                  f"typed {line!r}, run with {got!r}, which left {sorted(ran)}",
                  f"on the terminal: {shell.seen!r}")


def check_names(shell, how, command, quotes, typed):
    for name in PAYLOADS:
        shell.announce(nodes(name))
        for quote in quotes:
            for length in typed:
                start = as_typed(quote, name[:length])
                if start is not None:
                    check(shell, f"{how} {command} {start}", name, f"{command} {start}",
                          ["forward", "1", name])


def check_unseen(shell):
    """What has to be escaped in JSON, and may not be in a command, is not offered."""
    shell.announce('[{"identity":"r\\u202e\\u001b[2J"},{"identity":"r\\ufffd"},{"identity":"r2"}]')
    got = shell.run("romon forward 1 r\t\r")
    result(got == ["forward", "1", "r2"], "names that can not be seen are not offered", repr(got))
    shell.announce(nodes('x","identity":"r$(touch ran)', "r3"))
    got = shell.run("romon forward 1 r\t\r")
    result(got == ["forward", "1", "r3"] and not shell.ran(), "a name is no more than a name",
           repr(got))


def check_many(shell):
    """What several names have in common may end anywhere, and still nothing is run."""
    names = [p[:1] + rest for p in PAYLOADS for rest in (p[1:], p[1:] + ";touch ran", "`touch ran`")]
    shell.announce(nodes(*names))
    for quote in ("", '"', "'"):
        for typed in [""] + sorted({p[:1] for p in PAYLOADS}):
            start = as_typed(quote, typed)
            if start is None:
                continue
            os.write(shell.fd, f"romon forward 1 {start}\t\r\3".encode())
            shell.run("\rromon end\r")
            result(not shell.ran(), f"many names: {start}: nothing is run")


def check_files(shell):
    open(shell.path("my file"), "w", encoding="utf-8").close()
    for line, want in (("romon restore m", ["restore", "my file"]),
                       ("romon restore 'm", ["restore", "my file"]),
                       ("romon serve file m", ["serve", "file", "my file"])):
        got = shell.run(line + "\t\r")
        result(got == want, f"{line}: the name of a file is one word", repr(got), repr(shell.seen))


def check_places(shell):
    """Where a name may stand, and what else is offered."""
    shell.announce(nodes("r 4"))
    for line, want in (
            ("romon pi\tr\t\r", ["ping", "r 4"]),
            ("romon -n 'a b' ping r\t co\t 1\r", ["-n", "a b", "ping", "r 4", "count", "1"]),
            ("romon ssh root@r\t\r", ["ssh", "root@r 4"]),
            ("romon ssh 'root@r\t\r", ["ssh", "root@r 4"]),
            ("romon connect 02:00:00:00:00:02 w\t\r",
             ["connect", "02:00:00:00:00:02", "winbox"]),
            ("romon connect 'r 4' s\t k\t 3\r", ["connect", "r 4", "ssh", "keepalive", "3"]),
            ("romon forward 127.0.0.1:22 r\t s\t\r", ["forward", "127.0.0.1:22", "r 4", "ssh"]),
            ("romon set id a\t en\t of\t\r", ["set", "id", "auto", "enabled", "off"])):
        got = shell.run(line)
        result(got == want, f"{line!r} is completed", repr(got), repr(shell.seen))
    shell.announce(nodes("-oProxyCommand=touch ran", "a@b"))
    for start in "-", "a":
        got = shell.run(f"romon ssh {start}\t\r")
        result(got == ["ssh", start], f"ssh: {start}: what is not a host is not offered", repr(got))
    for name in PAYLOADS:
        if len(name) < 16 and ":" not in name and " " not in name:
            shell.announce(ports(name))
            check(shell, "port set", name, f"romon port set {as_typed('', name[:1])}",
                  ["port", "set", name])


LEFT = """
. "$COMPLETION"
COMP_LINE='' COMP_POINT=0 COMPREPLY=() line='' before='' after=''
before=$(compgen -v)
while IFS= read -r line; do
	COMP_LINE=$line COMP_POINT=${#line}
	_romon 2> /dev/null
done
after=$(compgen -v)
comm -13 <(sort <<< "$before") <(sort <<< "$after")
"""


def check_left(shell):
    """The shell's variables are the user's."""
    shell.announce(nodes("a\\b", 'a"b', "-x"))
    lines = [f"romon {words}" for words in (
        "", "-", "s", "-n ", "-b ", "ping ", "ping a", "ping 'a", 'ping "a', "ping a c", "ssh u@",
        "forward 1 ", "forward 1 a ", "connect a ", "port set ", "port set a ", "port add ",
        "set ", "set id ", "serve ", "serve ssh user ", "serve file ", "restore < ", "decode ")]
    env = dict(os.environ, PATH=f"{shell.dir}:{os.environ['PATH']}", ROMON=ROMON,
               COMPLETION=COMPLETION, LC_ALL="C.UTF-8")
    done = subprocess.run(["bash", "-c", LEFT], input="\n".join(lines) + "\n", env=env,
                          cwd=shell.dir, capture_output=True, text=True, check=False)
    result(done.returncode == 0 and not done.stdout + done.stderr,
           "no variable is left behind", repr(done.stdout), repr(done.stderr))


PLAIN = "set +o emacs; set -o emacs; bind 'set enable-bracketed-paste off'\n"


def main():
    shell = Shell(f". '{COMPLETION}'\n{PLAIN}")
    check_names(shell, "alone:", "romon forward 1", ("",), (0, 1))
    check_names(shell, "alone:", "romon forward 1", ('"', "'"), (1,))
    check_unseen(shell)
    check_many(shell)
    check_files(shell)
    check_places(shell)
    check_left(shell)
    shell.end()
    if not os.path.exists(PACKAGE):
        print("ok - with bash-completion # SKIP it is not installed")
        return
    shell = Shell(f". {PACKAGE}\n. '{COMPLETION}'\n{PLAIN}")
    check_names(shell, "with bash-completion:", "romon forward 1", ("", '"'), (2,))
    check_names(shell, "with bash-completion:", "sudo romon forward 1", ("",), (1,))
    check_places(shell)
    shell.end()


main()
