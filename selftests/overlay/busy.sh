#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fifty routers: twenty on one segment, the others a tree behind them, with some
# links again between its branches. Twenty of them flood all the time.

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	every_router_discovers_every_other
	routers_that_flood_all_the_time_meet_no_limit
"
. "$(dirname "$0")/../lib/lib.sh"

setup() {
	local i lan=()
	for ((i = 0; i < 50; i++)); do routers r$i; done
	for ((i = 0; i < 20; i++)); do lan+=("r$i"); done
	segment lan "${lan[@]}"
	for ((i = 20; i < 50; i++)); do
		link r$((i / 2)) r$i
		[ $((i % 7)) != 0 ] || link r$((i - 20)) r$i
	done
	build
}

every_router_discovers_every_other() { check_topology routes; }
routers_that_flood_all_the_time_meet_no_limit() { check_topology busy 20; }

run_tests
