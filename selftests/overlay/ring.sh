#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# r1 -- r2 -- r3 -- r4 -- r5 -- r6 -- r1, at unequal costs: some neighbours are
# nearer the other way round.

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	every_router_discovers_every_other_by_the_cheapest_way
	the_other_way_round_is_listed_inactive
	every_pair_answers_pings
	a_flood_costs_no_more_than_two_frames_a_link
	routes_stay_as_they_are
	a_changed_cost_changes_the_route
	a_lost_link_takes_its_routes_out_at_once
	the_ring_without_a_link_is_a_chain
"
. "$(dirname "$0")/../lib/lib.sh"

setup() {
	routers r1 r2 r3 r4 r5 r6
	link r1 r2 cost 500 700
	link r2 r3 mtu 1400
	link r3 r4 cost 10 30
	link r4 r5
	link r5 r6 cost 0 0
	link r6 r1 cost 250 60 mtu 1594
	build
}

every_router_discovers_every_other_by_the_cheapest_way() { check_topology routes; }
the_other_way_round_is_listed_inactive() { check_topology alternatives; }
every_pair_answers_pings() { check_topology ping; }
a_flood_costs_no_more_than_two_frames_a_link() { check_topology flood r2; }
routes_stay_as_they_are() { check_topology stable; }

# $1, $2, $3: the port of a router costs $3 from now on, in the description too
describe() {
	sed -i "s/^\(port $1 $2 [^ ]*\) [0-9]*/\\1 $3/" "$topology"
}

a_changed_cost_changes_the_route() {
	equal "$(known r1 r2 | head -n 1)" "750 5 r6,r5,r4,r3,r2" "the way to r2" || return
	romon -n "$r1" port set to-r2 cost 1
	romon -n "$r2" port set to-r1 cost 1
	describe r1 to-r2 1
	describe r2 to-r1 1
	check_topology routes
	equal "$(known r1 r2 | head -n 1)" "2 1 r2" "the way to r2 now"
}

# Without a flood, the other way round takes over.
a_lost_link_takes_its_routes_out_at_once() {
	ip -n "$r1" link set to-r2 down
	equal "$(known r1 r2)" "750 5 r6,r5,r4,r3,r2" "the way to r2 now"
	holds "r2 answers the other way round" romon -n "$r1" ping "${id[r2]}" count 1 > /dev/null
}

the_ring_without_a_link_is_a_chain() {
	sed -i '/ link1$/d' "$topology"
	check_topology alternatives
	check_topology ping
}

run_tests
