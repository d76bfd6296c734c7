#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Events as `romon monitor` tells them: r1 watches, r1 -- r2 -- r3

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	a_found_router_is_told
	a_changed_identity_is_told
	a_changed_route_is_told
	a_router_that_stops_answering_is_told_lost
	a_lost_link_loses_the_routers_behind_it_at_once
	ports_that_come_change_and_go_are_told
	a_renamed_device_is_told_by_both_names
	changed_settings_are_told
	people_get_a_line_for_each_event
	names_with_blanks_are_words_all_the_same
	it_ends_quietly_when_nobody_reads
"
. "$(dirname "$0")/../lib/lib.sh"

events=$tmp/events

setup() {
	routers r1 r2 r3
	link r1 r2
	link r2 r3
	build
	# Appending, because `fresh` empties the file under it.
	romon -n "$r1" -j monitor >> "$events" &
	monitor=$!
	# It listens once it tells of something.
	wait_for listening
}

listening() {
	romon -n "$r1" set flood-window 200
	[ -s "$events" ]
}

# An event of this kind, for which the jq condition $2 holds, has been told.
told() { jq -s -e "any(.[]; .event == \"$1\" and ($2))" "$events" > /dev/null 2>&1; }

fresh() { : > "$events"; }

flood_until() {
	"$@" && return
	romon -n "$r1" -j discover duration 0.5 > /dev/null
	false
}

a_found_router_is_told() {
	wait_for flood_until told node-add ".identity == \"r2\" and .cost == 200 and .hops == 1"
	wait_for flood_until told node-add ".address == \"${id[r3]}\" and .path == [\"${id[r2]}\", \"${id[r3]}\"]"
}

a_changed_identity_is_told() {
	fresh
	romon -n "$r3" set identity other
	wait_for flood_until told node-change ".address == \"${id[r3]}\" and .identity == \"other\""
	romon -n "$r3" set identity r3
}

a_changed_route_is_told() {
	fresh
	romon -n "$r1" port add to-r2 cost 5
	wait_for told node-change ".identity == \"r2\" and .cost == 105"
	romon -n "$r1" port del to-r2
}

a_router_that_stops_answering_is_told_lost() {
	fresh
	romon -n "$r3" set enabled off
	wait_for flood_until told node-del ".address == \"${id[r3]}\""
	told node-del ".address == \"${id[r2]}\"" && fail "r2 is told lost too"
	enable r3
	wait_for flood_until told node-add ".address == \"${id[r3]}\""
}

a_lost_link_loses_the_routers_behind_it_at_once() {
	fresh
	ip -n "$r1" link set to-r2 down
	wait_for told node-del ".address == \"${id[r2]}\""
	wait_for told node-del ".address == \"${id[r3]}\""
	wait_for told port-change '.interface == "to-r2" and .state == "down"'
	ip -n "$r1" link set to-r2 up
	wait_for flood_until told node-add ".address == \"${id[r3]}\""
}

ports_that_come_change_and_go_are_told() {
	fresh
	ip -n "$r1" link add name eth7 up type dummy
	wait_for told port-add '.interface == "eth7"'
	wait_for told port-change '.interface == "eth7" and .state == "running"'
	romon -n "$r1" port set all cost 70
	wait_for told port-change '.interface == "eth7" and .cost == 70'
	romon -n "$r1" port set all cost 100
	ip -n "$r1" link del eth7
	wait_for told port-del '.interface == "eth7"'
	fresh
	romon -n "$r1" port add later cost 3
	wait_for told port-add '.interface == "later" and .state == "absent"'
	romon -n "$r1" port set later cost 4
	wait_for told port-change '.interface == "later" and .cost == 4'
	romon -n "$r1" port del later
	wait_for told port-del '.interface == "later"'
}

a_renamed_device_is_told_by_both_names() {
	ip -n "$r1" link add name eth7 type dummy
	wait_for told port-add '.interface == "eth7"'
	fresh
	ip -n "$r1" link set eth7 name eth8
	wait_for told port-del '.interface == "eth7" and .state == "absent"'
	wait_for told port-add '.interface == "eth8" and .state != "absent"'
	told port-change '.interface == "eth8"' && fail "eth8 is told changed"
	# Names that there are settings for stay.
	romon -n "$r1" port add eth8 cost 3
	romon -n "$r1" port add eth9 cost 4
	fresh
	ip -n "$r1" link set eth8 name eth9
	wait_for told port-change '.interface == "eth8" and .state == "absent" and .cost == 3'
	wait_for told port-change '.interface == "eth9" and .state != "absent" and .cost == 4'
	romon -n "$r1" port del eth8
	romon -n "$r1" port del eth9
	ip -n "$r1" link del eth9
	wait_for told port-del '.interface == "eth9"'
}

changed_settings_are_told() {
	fresh
	romon -n "$r1" set identity new
	wait_for told config-change '.identity == "new"'
	romon -n "$r1" set identity r1
}

people_get_a_line_for_each_event() {
	local lines
	: > "$tmp/lines"
	romon -n "$r2" monitor > "$tmp/lines" &
	lines=$!
	change() {
		romon -n "$r2" port add some cost 3
		romon -n "$r2" port del some
		grep -q -E '^[0-9:.]+ port added: .*some' "$tmp/lines" &&
			grep -q -E '^[0-9:.]+ port removed: .*some' "$tmp/lines"
	}
	wait_for change
	kill $lines
	wait $lines
	equal $? 0 "exit status after SIGTERM"
}

names_with_blanks_are_words_all_the_same() {
	local lines fake='r3 version 9 board "x"'
	: > "$tmp/lines"
	romon -n "$r1" monitor > "$tmp/lines" &
	lines=$!
	romon -n "$r3" set identity "$fake"
	named() { grep -q -F 'router changed: ' "$tmp/lines" && grep -q -F 'identity "r3 ' "$tmp/lines"; }
	wait_for flood_until named
	grep -q -F ' identity "r3 version 9 board \"x\"" version 1.0 board test' "$tmp/lines" ||
		fail "it says $(grep -F 'r3 version' "$tmp/lines")"
	romon -n "$r1" topology | grep -q -F '"r3 version 9 board \"x\""  02:' || fail "the tree has $(romon -n "$r1" topology)"
	romon -n "$r1" port add later comment "cost 5"
	commented() { grep -q -F 'comment "cost 5"' "$tmp/lines"; }
	wait_for commented
	romon -n "$r1" port del later
	romon -n "$r3" set identity r3
	wait_for flood_until told node-change ".address == \"${id[r3]}\" and .identity == \"r3\""
	kill $lines
	wait $lines
}

it_ends_quietly_when_nobody_reads() {
	local reader
	romon -n "$r2" monitor 2> "$tmp/stderr" | head -n 1 > /dev/null &
	reader=$!
	stirred() {
		romon -n "$r2" set flood-window 200
		! kill -0 "$reader" 2> /dev/null
	}
	wait_for stirred
	equal "$(cat "$tmp/stderr")" "" "what it complains of"
}

run_tests
