#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Five routers in a ring and a sixth behind one of them, seen from the first:
#
#	demo.sh          show what romon does there
#	demo.sh shell    leave a prompt in the first router
#
# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

. "$(dirname "$0")/lib/lib.sh"

if [ -z "${ROMON_KERNEL:-}" ] && [ ! -d /sys/module/romon ]; then
	echo "demo.sh: romon is not loaded here; make demo runs this in a kernel of its own" >&2
	exit 1
fi
board="auto"
require_module
routers oslo bern riga porto lyon faro
link oslo bern
link bern riga
link riga porto
link porto lyon
link lyon oslo
link riga faro mtu 1400
build

here() { ip netns exec "$oslo" "$@"; }

picture() {
	cat <<'END'

            bern --- riga --- faro
           /            \
       oslo              \          six routers, none with an IP address;
           \              \         this is what oslo sees of the others
            lyon --- porto

END
}

caption() { printf '\n%s\n' "$*"; }

# Show a command as it is typed in oslo, and run it.
demo() {
	printf '\noslo# %s\n' "$*"
	here "$@"
}

# faro lets in a key of oslo's, for the demo and for the prompt.
serve() {
	mkdir -p /run/sshd "$tmp/bin"
	ssh-keygen -q -t ed25519 -N '' -f "$tmp/host_key" &&
		ssh-keygen -q -t ed25519 -N '' -f "$tmp/key" || return
	cat > "$tmp/sshd_config" <<-END
		HostKey $tmp/host_key
		AuthorizedKeysFile $tmp/key.pub
		StrictModes no
		UsePAM no
		PermitRootLogin prohibit-password
		PrintMotd no
		PrintLastLog no
	END
	cat > "$tmp/ssh_config" <<-END
		Host *
			IdentityFile $tmp/key
			IdentitiesOnly yes
			UserKnownHostsFile $tmp/known_hosts
			StrictHostKeyChecking accept-new
			LogLevel ERROR
		Host *.romon
			ProxyCommand romon connect %h ssh
	END
	printf '#!/bin/sh\nexec /usr/bin/ssh -F %s "$@"\n' "$tmp/ssh_config" > "$tmp/bin/ssh"
	chmod 755 "$tmp/bin/ssh"
	export PATH=$tmp/bin:$PATH
	echo "service ssh command \"/usr/sbin/sshd -i -e -f $tmp/sshd_config\"" > "$tmp/serve.conf"
	romon -n "$faro" serve file "$tmp/serve.conf" 2> "$tmp/serve.log" &
	wait_for grep -q ready "$tmp/serve.log"
}

if [ "${1#--}" = shell ]; then
	picture
	serve
	echo "The first router's prompt. Try: romon discover duration 2, romon topology,"
	echo "romon ping faro, romon traceroute faro, romon ssh root@faro, romon monitor,"
	echo "romon help. ^D ends."
	romon -n "$oslo" discover duration 1 > /dev/null
	PS1='oslo# ' here bash --norc --noprofile -i
	exit 0
fi

listening() { grep -q listening "$tmp/tcpdump"; }

status=0
picture
caption "Who is there? The other way round the ring is known too, for when it is needed."
demo romon discover duration 2 || status=1

caption "How are they connected?"
demo romon topology || status=1

caption "Does the far one answer, three hops away?"
demo romon ping faro count 3 || status=1

caption "Which way?"
demo romon traceroute faro || status=1

caption "What is a ping on the wire, one hop before faro? Its route so far is the way back."
ip netns exec "$riga" tcpdump --immediate-mode -i to-faro -c 1 -w "$tmp/ping.pcap" \
	'ether proto 0x88bf and ether[14] == 3' 2> "$tmp/tcpdump" &
capture=$!
wait_for listening || status=1
here romon ping faro count 1 > /dev/null || status=1
wait $capture || status=1
cd "$tmp" || exit 1
demo romon decode ping.pcap || status=1

caption "A command on faro, by ssh: it has no address, and nobody on the way has one."
serve || status=1
demo romon ssh root@faro ip -brief link || status=1
echo
exit $status
