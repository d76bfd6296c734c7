# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests share: results as TAP, routers as network namespaces, waits.
#
# A test script sources this file, has a function for each property, lists
# them in ALL_TESTS and ends with
#
#	run_tests
#
# A property's name is its function's name with spaces. A function fails if it
# calls fail, even if it goes on; it may return early. TESTS="a b" in the
# environment runs only these. `setup`, if there is one, runs first.

selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=/usr/bin/python3

ksft_fail=1
ksft_skip=4

# Waits are bounded only so that a hang is a failure with a name.
wait_limit=30
[ -z "${ROMON_SLOW:-}" ] || wait_limit=240

tmp=$(mktemp -d /tmp/romon-test.XXXXXX)
topology=$tmp/topology

# The namespace of router r1 is in $r1, its ID in ${id[r1]}.
declare -A id=()
declare -a namespaces=()
declare -a new=() new_routers=()
batch_netns=''
batch_links=''
batch_bridge=''
batch_settings=''
n_routers=0
n_links=0

cleanup() {
	local ns pids=()

	mapfile -t pids < <(jobs -p)
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
	for ns in "${namespaces[@]}"; do echo "netns del $ns"; done |
		ip -force -b - 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# Results

note() { printf '# %s\n' "$@"; }

# $1: why. Always returns 1, for `fail "..." || return`.
fail() {
	failed=1
	note "$1"
	return 1
}

skip_all() {
	echo "1..0 # SKIP $*"
	exit $ksft_skip
}

# Needed before anything else is worth doing.
bail() {
	echo "Bail out! $*"
	exit $ksft_fail
}

# The property is that $1 equals $2; $3 says what it is.
equal() {
	[ "$1" = "$2" ] || fail "$3: '$1', not '$2'"
}

# $1: what it is; the rest: a command that must succeed
holds() {
	local what=$1
	shift
	"$@" || fail "$what: $* failed"
}

# Run a command that must fail with status $1 and a line on standard error that
# has the pattern $2.
refused() {
	local want=$1 pattern=$2 status=0 said
	shift 2
	said=$("$@" 2>&1 >/dev/null) || status=$?
	[ "$status" = "$want" ] ||
		{ fail "$*: exit status $status, not $want: $said"; return 1; }
	[[ $said =~ $pattern ]] ||
		{ fail "$*: says '$said', without '$pattern'"; return 1; }
	[[ $said != *$'\n'* ]] || fail "$*: says more than one line: $said"
}

require_module() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	[ -d /sys/module/romon ] || modprobe romon || bail "modprobe romon failed"
	command -v romon >/dev/null || bail "no romon in PATH"
}

# What the tests are called with is theirs to change, but for these.
run_tests() {
	local run_name run_number=0 run_status=0 run_list
	read -r -a run_list <<< "${TESTS:-${ALL_TESTS//[$'\n\t']/ }}"

	require_module
	echo "1..${#run_list[@]}"
	if declare -F setup >/dev/null; then
		failed=''
		setup || bail "setup failed"
		[ -z "$failed" ] || bail "setup failed"
	fi
	for run_name in "${run_list[@]}"; do
		run_number=$((run_number + 1))
		failed=''
		[ ! -w /dev/kmsg ] || echo "romon-test: ${0##*/} $run_name" > /dev/kmsg
		"$run_name" || failed=1
		if [ -n "$failed" ]; then
			run_status=$ksft_fail
			echo "not ok $run_number - ${run_name//_/ }"
		else
			echo "ok $run_number - ${run_name//_/ }"
		fi
	done
	exit $run_status
}

# Waits

# Fork nothing, wait a little.
exec {never}<> <(:)
pause() { read -r -t 0.05 -u "$never"; true; }

# Until the command succeeds. Expiry says what was waited for.
wait_for() {
	local limit=$wait_limit end
	end=$((SECONDS + limit))
	until "$@"; do
		if [ "$SECONDS" -ge "$end" ]; then
			fail "waited $limit s in vain for: $*"
			return 1
		fi
		pause
	done
}

# Routers and links. All of these only note what to build; `build` does it, in
# a few processes for any number of routers.

# $@: names. Creates variables of these names.
routers() {
	local name
	for name in "$@"; do
		n_routers=$((n_routers + 1))
		printf -v "id[$name]" '02:00:00:00:%02x:%02x' \
			$((n_routers / 256)) $((n_routers % 256))
		plain_netns "$name"
		new_routers+=("$name")
		echo "router $name $name-$$ ${id[$name]}" >> "$topology"
	done
}

# A namespace that is no router. Creates a variable of that name.
plain_netns() {
	local name
	for name in "$@"; do
		printf -v "$name" '%s' "$name-$$"
		namespaces+=("$name-$$")
		new+=("$name-$$")
		batch_netns+="netns add $name-$$"$'\n'
	done
}

# $1, $2: link and end; sets mac
link_mac() {
	printf -v mac '02:01:%02x:%02x:00:%02x' $(($1 / 256)) $(($1 % 256)) "$2"
}

# link A B [mtu N] [cost N M]: a veth pair, to-B in A and to-A in B; a second
# link between the same two is to-B.2. N and M are what the ports cost.
declare -A n_between=()
link() {
	local a=$1 b=$2 mtu=1500 cost_a='' cost_b='' dev_a dev_b mac nth
	shift 2
	while [ $# -gt 0 ]; do
		case $1 in
		mtu) mtu=$2; shift 2 ;;
		cost) cost_a=$2 cost_b=$3; shift 3 ;;
		*) bail "link: $1?" ;;
		esac
	done
	n_links=$((n_links + 1))
	nth=$((${n_between[$a $b]:-0} + 1))
	n_between[$a $b]=$nth
	n_between[$b $a]=$nth
	dev_a=to-$b dev_b=to-$a
	if [ $nth -gt 1 ]; then
		dev_a+=.$nth dev_b+=.$nth
	fi

	link_mac $n_links 1
	batch_links+="link add $dev_a mtu $mtu address $mac netns ${!a} type veth"
	echo "port $a $dev_a $mac ${cost_a:-100} $mtu link$n_links" >> "$topology"
	link_mac $n_links 2
	batch_links+=" peer name $dev_b mtu $mtu address $mac netns ${!b}"$'\n'
	echo "port $b $dev_b $mac ${cost_b:-100} $mtu link$n_links" >> "$topology"
	[ -z "$cost_a" ] || batch_settings+="cost ${!a} $dev_a $cost_a"$'\n'
	[ -z "$cost_b" ] || batch_settings+="cost ${!b} $dev_b $cost_b"$'\n'
}

# segment NAME ROUTER...: a bridge of that name, and a port NAME in each router
segment() {
	local name=$1 router mac end=0
	shift
	[ -n "${switches:-}" ] || plain_netns switches
	n_links=$((n_links + 1))
	batch_links+="link add $name up netns $switches type bridge forward_delay 0 mcast_snooping 0"$'\n'
	for router in "$@"; do
		end=$((end + 1))
		link_mac $n_links $end
		batch_links+="link add $name address $mac netns ${!router} type veth peer name $name-$router netns $switches"$'\n'
		batch_bridge+="link set $name-$router master $name up"$'\n'
		echo "port $router $name $mac 100 1500 $name" >> "$topology"
	done
}

# Create the namespaces and links that were noted since the last time, and
# enable the routers that were.
board="test"
build() {
	local name up='' enable=''
	[ -z "$batch_netns" ] || ip -b - <<< "$batch_netns" || bail "no namespaces"
	[ -z "$batch_links" ] || ip -b - <<< "$batch_links" || bail "no links"
	[ -z "$batch_bridge" ] || ip -n "$switches" -b - <<< "$batch_bridge" ||
		bail "no bridge ports"
	for name in "${new[@]}"; do up+="up $name"$'\n'; done
	for name in "${new_routers[@]}"; do
		enable+="enable ${!name} ${id[$name]} $name $board"$'\n'
	done
	"$python" "$selftests/lib/build.py" <<< "$up$batch_settings$enable" ||
		bail "no routers"
	batch_netns='' batch_links='' batch_bridge='' batch_settings=''
	new=() new_routers=()
}

# The same again for one router, by the tool.
enable() { romon -n "${!1}" set id "${id[$1]}" identity "$1" board "$board" enabled on; }

# What all the routers know, against the topology that was built:
#	check_topology routes|alternatives|ping|flood...
check_topology() {
	"$python" "$selftests/lib/topology_check.py" "$topology" "$@" || failed=1
}

# Reading JSON: $1 is a jq filter, the rest goes to romon.
json() {
	local filter=$1
	shift
	romon -j "$@" | jq -r "$filter"
}

# One counter of a port: counter NS DEV NAME, counter NS DEV drops.REASON
counter() {
	json ".. | objects | select(has(\"stats\")) | .stats.$3 // 0" -n "$1" -s port show "$2"
}

# What router $1 knows of the ways to $2, active first: COST HOPS NAME,NAME...
known() { "$python" "$selftests/lib/topology_check.py" "$topology" known "$1" "$2"; }
