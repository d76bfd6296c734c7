#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Twelve routers on one bridge, and a thirteenth behind one of them

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	every_router_discovers_every_other
	no_router_is_reached_through_a_third_on_the_same_segment
	every_pair_answers_pings
	a_flood_is_not_sent_back_into_the_segment
"
. "$(dirname "$0")/../lib/lib.sh"

setup() {
	routers r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 behind
	segment lan r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12
	link r12 behind
	build
}

every_router_discovers_every_other() { check_topology routes; }
every_pair_answers_pings() { check_topology echo; }

no_router_is_reached_through_a_third_on_the_same_segment() {
	equal "$(known r1 r7)" "200 1 r7" "r1's ways to r7"
	equal "$(known r1 behind)" "400 2 r12,behind" "r1's ways to the one behind"
	equal "$(known behind r7)" "400 2 r12,r7" "its ways to r7"
}

# One frame from its origin, one more from r12 to the router behind it.
a_flood_is_not_sent_back_into_the_segment() { check_topology flood r1 2; }

run_tests
