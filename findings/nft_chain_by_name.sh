#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An ingress chain of nftables belongs to a name, not to a device.
#
# Expected: a netdev chain for a device that is not there is refused; one for
# an alternative name of a device filters that device; and when a device is
# renamed, its chain goes on filtering it.
#
# Seen with nft 1.0.6 and 1.1.7 on Linux 6.18: all three names are accepted. The
# chain of an absent device waits for one of that name; that of an alternative
# name is listed and never matches; and a device that is renamed leaves its chain
# and comes under that of its new name.
#
# Why it matters: a filter that keeps a management protocol off an interface
# can be misspelt, name the device by its alternative name, or lose the device
# to a rename at boot, and nothing says so. Only its counter tells.
#
# Needs root (for a network namespace and chroot), veth and nftables in the kernel and python3.

set -euo pipefail
. "${0%/*}/packages"

netns
unpack bookworm nftables=1.0.6-2+deb12u2 iproute2=6.1.0-3

ip() { within chroot "$tmp/bookworm" /bin/ip "$@"; }
nft() { within chroot "$tmp/bookworm" /usr/sbin/nft "$@"; }

# Ten frames into eth0's other end, whatever eth0 is called.
send() {
	within python3 -c '
import socket
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind(("peer", 0))
    for i in range(10):
        s.send(bytes.fromhex("0180c20088bf02000000000188bf") + bytes(46))'
}

# $1: a chain
counted() { nft list chain netdev t "$1" | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'; }

echo "Linux $(uname -r), $(nft --version)"
ip link add eth0 type veth peer name peer || skip "no veth here"
ip link property add dev eth0 altname uplink
ip link set eth0 up
ip link set peer up
nft add table netdev t || skip "no nftables here"

for chain in eth0 uplink wan0; do
	nft add chain netdev t "$chain" \
		"{ type filter hook ingress device \"$chain\" priority 0; }" ||
		fail "a chain for $chain is refused"
	nft add rule netdev t "$chain" ether type 0x88bf counter
done
echo "chains for a device, its alternative name and one that is not there: accepted"

send
expect "frames counted for the device's name" 10 "$(counted eth0)"
expect "frames counted for its alternative name" 0 "$(counted uplink)"

ip link set eth0 name wan0
send
expect "frames counted for the name it had, after it was renamed" 10 "$(counted eth0)"
expect "frames counted for the name it was given" 10 "$(counted wan0)"
