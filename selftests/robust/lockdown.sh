#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# requires: lockdown
#
# A kernel in lockdown, as Secure Boot brings it. A module that is loaded works on;
# one that nobody has signed is not loaded, and the tool says so. There is no way
# back in the kernel that this has run in.
#
#   r1 --- r2

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	a_loaded_module_works_on_in_lockdown
	one_that_is_not_signed_is_not_loaded_and_the_tool_says_so
"
. "$(dirname "$0")/../lib/lib.sh"

case " ${ROMON_HAS:-} " in
*" lockdown "*) ;;
*) skip_all "it would stay locked for all tests that follow" ;;
esac

setup() {
	routers r1 r2
	link r1 r2
	build
	mount -t securityfs none /sys/kernel/security
	echo confidentiality > /sys/kernel/security/lockdown
	note "$(cat /sys/kernel/security/lockdown)"
}

a_loaded_module_works_on_in_lockdown() {
	check_topology routes
	check_topology ping
	romon -n "$r1" set secrets one
	romon -n "$r2" set secrets one
	holds "r1 pings r2 by a secret" romon -n "$r1" ping "${id[r2]}" count 1 timeout 20 > /dev/null
	holds "a new port" ip -n "$r1" link add d0 up type dummy
	equal "$(romon -n "$r1" -j port show | jq -r '.[] | select(.interface == "d0") | .state')" running "its state"
}

one_that_is_not_signed_is_not_loaded_and_the_tool_says_so() {
	local said
	modprobe -r romon || fail "rmmod"
	! modprobe romon 2> "$tmp/said" || fail "it was loaded"
	note "$(cat "$tmp/said")"
	said=$(romon -n "$r1" show 2>&1) && fail "romon show works"
	note "$said"
	grep -q lockdown <<< "$said" || fail "the tool does not say why"
}

run_tests
