#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The exit status of sshd -i means another thing in another version.
#
# Expected: whoever starts a server per session, as inetd and overlays do, can
# tell by its exit status that a login failed: 255, whatever the reason, in each
# version.
#
# Seen with 9.2 and 10.6: a peer whose key is refused is 255 in one and 5 in the
# other; one not logged in within LoginGraceTime is 1 and 3; a peer that closes
# before it logs in is 255 in both.
#
# Why it matters: statuses are what a supervisor counts failed logins or picks
# its log level by. After an upgrade it may take an attack for a crash of the
# server, or for nothing. The server's own log is what tells.
#
# Needs root (for chroot and device nodes) and OpenSSH's client; nothing listens
# on a network.

set -euo pipefail
. "${0%/*}/packages"

[ "$(id -u)" = 0 ] || skip "needs root"

# $1: a suite, the rest: the server's further options. With its client's
# standard input and output.
server() {
	local root=$tmp/$1
	shift
	chroot "$root" /usr/sbin/sshd -i -e -f /dev/null -h /key -o UsePAM=no \
		-o PidFile=none "$@" 2>> "$tmp/log" && echo 0 > "$tmp/status" ||
		echo $? > "$tmp/status"
}

# $1: a suite. Its server's status, after a peer that does as $2 says.
status() {
	local tries
	rm -f "$tmp/status"
	case $2 in
	refused)
		# The key offered is not one that lets anyone in. The client hangs up
		# on its command when it ends.
		export -f server
		export tmp
		ssh -F none -o ProxyCommand="bash -c 'trap \"\" HUP; server $1 -o MaxAuthTries=1'" \
			-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o BatchMode=yes \
			-o IdentitiesOnly=yes -i "$tmp/key" root@router true >> "$tmp/log" 2>&1 &&
			fail "the login is not refused"
		;;
	slow) { sleep 600 & echo $! > "$tmp/slow"; wait; } |
		{ server "$1" -o LoginGraceTime=1 > /dev/null; kill "$(cat "$tmp/slow")"; } || true ;;
	closes) echo SSH-2.0-gone | server "$1" > /dev/null ;;
	esac
	for ((tries = 0; tries < 300; tries++)); do
		[ -s "$tmp/status" ] && break
		sleep 0.1
	done
	cat "$tmp/status"
}

prepare() {
	local root=$tmp/$1
	echo "$1: OpenSSH $2"
	unpack "$1" base-files openssh-server="$2"
	echo root:x:0:0:root:/root:/usr/sbin/sshd > "$root/etc/passwd"
	echo sshd:x:100:65534::/run/sshd:/usr/sbin/nologin >> "$root/etc/passwd"
	mkdir -p "$root/run/sshd" "$root/dev"
	mknod -m 666 "$root/dev/null" c 1 3
	mknod -m 666 "$root/dev/urandom" c 1 9
	[ -c "$root/dev/null" ] && : > "$root/dev/null" || skip "no device nodes in $tmp"
	cp "$tmp/key" "$root/key"
}

# $1: a suite, then what each peer gives
check() {
	expect "$1: refused its key" "$2" "$(status "$1" refused)"
	expect "$1: not logged in within LoginGraceTime" "$3" "$(status "$1" slow)"
	expect "$1: closes before it logs in" "$4" "$(status "$1" closes)"
}

ssh-keygen -q -t ed25519 -N '' -f "$tmp/key"
prepare bookworm '1:9.2p1-2+deb12u10'
prepare forky '1:10.6p1-1'
check bookworm 255 1 255
check forky 5 3 255
