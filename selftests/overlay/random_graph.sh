#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Thirty routers, a random tree and half as many links again, random costs and
# MTUs. SEED= repeats a graph.

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	every_router_discovers_every_other_by_the_cheapest_way
	the_best_three_other_ways_are_listed_inactive
	every_pair_answers_pings
	a_flood_costs_no_more_than_two_frames_a_link
"
. "$(dirname "$0")/../lib/lib.sh"

size=30
[ -z "${ROMON_SLOW:-}" ] || size=14

# $1: less than that, at random; sets n
below() { n=$((RANDOM % $1)); }

random_link() {
	local args=() cost_a cost_b
	below 4
	if [ $n = 0 ]; then
		below 300
		args+=(mtu $((1300 + n)))
	fi
	below 2
	if [ $n = 0 ]; then
		below 400; cost_a=$n
		below 400; cost_b=$n
		args+=(cost "$cost_a" "$cost_b")
	fi
	link "$1" "$2" "${args[@]}"
}

setup() {
	local i seed=${SEED:-$(($(od -An -N2 -tu2 /dev/urandom)))}
	note "SEED=$seed"
	RANDOM=$seed
	for ((i = 0; i < size; i++)); do
		routers r$i
		[ $i = 0 ] || { below $i; random_link r$n r$i; }
	done
	for ((i = 0; i < size / 2; i++)); do
		below $size
		local a=$n
		below $size
		[ "$n" = "$a" ] || random_link r$a r$n
	done
	build
}

every_router_discovers_every_other_by_the_cheapest_way() { check_topology routes; }
the_best_three_other_ways_are_listed_inactive() { check_topology alternatives; }
every_pair_answers_pings() { check_topology echo; }
a_flood_costs_no_more_than_two_frames_a_link() { check_topology flood r0; }

run_tests
