#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# r1 -- r2 -- r3 -- r4 -- r5 -- r6 -- r7 -- r8, two links with an MTU of their own

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	every_router_discovers_every_other
	no_inactive_routes_where_there_is_one_way
	every_pair_answers_pings
	the_tool_shows_what_the_kernel_knows
	a_flood_costs_no_more_than_two_frames_a_link
	routes_stay_as_they_are
	a_route_is_found_on_demand
"
. "$(dirname "$0")/../lib/lib.sh"

setup() {
	routers r1 r2 r3 r4 r5 r6 r7 r8
	link r1 r2
	link r2 r3 mtu 1594
	link r3 r4
	link r4 r5 mtu 1400
	link r5 r6
	link r6 r7
	link r7 r8 mtu 9000
	build
}

every_router_discovers_every_other() { check_topology routes; }
no_inactive_routes_where_there_is_one_way() { check_topology alternatives; }
every_pair_answers_pings() { check_topology ping; }
a_flood_costs_no_more_than_two_frames_a_link() { check_topology flood r1; check_topology flood r4; }
routes_stay_as_they_are() { check_topology stable; }

the_tool_shows_what_the_kernel_knows() {
	local row path=''
	for row in 2 3 4 5 6 7 8; do path+=${path:+,}${id[r$row]}; done
	romon -n "$r1" -j discover duration 1 > "$tmp/rows" || fail "discover failed"
	equal "$(jq -s -r 'map(select(.identity == "r8")) | last |
			"\(.active) \(.address) \(.cost) \(.hops) \(.path | join(",")) \(.l2mtu) \(.version) \(.board)"' \
			"$tmp/rows")" \
		"true ${id[r8]} 1400 7 $path 1400 1.0 test" "what r1 shows of r8"
	equal "$(jq -s -r 'map(.address) | unique | length' "$tmp/rows")" 7 "routers shown"
}

# A router that knows nobody pings the far end: nothing but the ping asks.
a_route_is_found_on_demand() {
	romon -n "$r1" set enabled off
	enable r1
	equal "$(known r1 r8)" "" "ways known after a restart"
	holds "r1 pings r8" romon -n "$r1" ping "${id[r8]}" count 1 timeout 20 > /dev/null
}

run_tests
