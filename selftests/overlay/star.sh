#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hub with eight leaves

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	every_router_discovers_every_other
	every_pair_answers_pings
	a_flood_costs_no_more_than_two_frames_a_link
"
. "$(dirname "$0")/../lib/lib.sh"

setup() {
	local n
	routers hub
	for n in 1 2 3 4 5 6 7 8; do
		routers leaf$n
		link hub leaf$n mtu $((1500 + n))
	done
	build
}

every_router_discovers_every_other() { check_topology alternatives; }
every_pair_answers_pings() { check_topology echo; }
a_flood_costs_no_more_than_two_frames_a_link() { check_topology flood hub; check_topology flood leaf3; }

run_tests
