#!/usr/bin/python3 -P
# SPDX-License-Identifier: GPL-2.0-only
"""How long an echo takes, beside ICMP over the same links, routed by IP.

    echo.py [REPETITIONS [ECHOES]]      by default 9 and 300

A chain of routers, each a namespace. `romon ping` and `ping -U` take turns; each
sends the next request when the last was answered, and tells the mean by its own
clock.
"""

import json
import re
import statistics
import subprocess
import sys

from harness import Network, ip, wait_for
import genl

HOPS = 1, 4, 16
REPETITIONS, ECHOES = (int(word) for word in (sys.argv[1:] + ["9", "300"][len(sys.argv) - 1:]))
LENGTH = 56
net = Network()


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def build(secret):
    n = max(HOPS) + 1
    keys = [f"e{i}" for i in range(n)]
    net.netns(*keys)
    net.veth(*((keys[i], "right", f"02:01:00:00:{i:02x}:01",
                keys[i + 1], "left", f"02:01:00:00:{i + 1:02x}:02") for i in range(n - 1)))
    how = {"secrets": ["a secret"]} if secret else {}
    for i, key in enumerate(keys):
        net.router(key, f"02:00:00:00:00:{i:02x}", identity=key, **how)
        name = net[key]
        subprocess.run(["ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.ip_forward=1"],
                       check=True)
        lines = [f"addr add 10.0.{i}.1/24 dev right"] if i < n - 1 else []
        lines += [f"addr add 10.0.{i - 1}.2/24 dev left"] if i else []
        lines += [f"route add 10.0.{to}.0/24 via 10.0.{i}.2" for to in range(i + 1, n - 1)]
        lines += [f"route add 10.0.{to}.0/24 via 10.0.{i - 1}.1" for to in range(i - 1)]
        ip(*lines, ns=name)


def icmp(hops):
    out = run("ip", "netns", "exec", net["e0"], "ping", "-q", "-U", "-n", "-i", "0", "-s", str(LENGTH),
              "-c", str(ECHOES), f"10.0.{hops - 1}.2")
    return float(re.search(r"= [\d.]+/([\d.]+)/", out)[1])


def echo(hops):
    out = run("romon", "-n", net["e0"], "-j", "ping", f"e{hops}", "interval", "0", "size",
              str(LENGTH), "count", str(ECHOES))
    return json.loads(out.splitlines()[-1])["avg_rtt_ms"]


def main():
    print(f"{'':12}{'hops':>5}{'ICMP':>12}{'RoMON':>12}   RoMON / ICMP")
    for secret in (False, True):
        build(secret)
        first = genl.Romon(net["e0"])
        wait_for(lambda: first.do("discover") or first.get("config-get")["nodes"] == max(HOPS),
                 "routers")
        for hops in HOPS:
            pairs = [(icmp(hops), echo(hops)) for _ in range(REPETITIONS + 1)][1:]
            times = [ours / theirs for theirs, ours in pairs]
            icmps, ours = (statistics.median(values) for values in zip(*pairs))
            print(f"{'a secret' if secret else 'no secret':12}{hops:5}{icmps:9.3f} ms{ours:9.3f} ms"
                  f"   {statistics.median(times):.2f}  ({min(times):.2f} to {max(times):.2f})",
                  flush=True)
        net.close()


if __name__ == "__main__":
    main()
