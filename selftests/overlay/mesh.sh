#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Six routers, a link between each two, and a second one between r1 and r2

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	every_router_discovers_every_other
	the_best_three_other_ways_are_listed_inactive
	every_pair_answers_pings
	a_flood_costs_no_more_than_two_frames_a_link
	routes_stay_as_they_are
"
. "$(dirname "$0")/../lib/lib.sh"

setup() {
	local a b
	routers r1 r2 r3 r4 r5 r6
	for a in 1 2 3 4 5 6; do
		for ((b = a + 1; b <= 6; b++)); do link r$a r$b; done
	done
	link r1 r2 cost 50 40 mtu 1400
	build
}

every_router_discovers_every_other() { check_topology routes; }
the_best_three_other_ways_are_listed_inactive() { check_topology alternatives; }
every_pair_answers_pings() { check_topology echo; }
a_flood_costs_no_more_than_two_frames_a_link() { check_topology flood r1; check_topology flood r4; }
routes_stay_as_they_are() { check_topology stable; }

run_tests
