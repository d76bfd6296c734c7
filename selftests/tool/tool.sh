#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# The tool's surface against the kernel: exit status, JSON keys, save and
# restore, names. r1 -- r2 -- r3 -- twin, and a second twin at r2

# shellcheck disable=SC2034,SC2154 # lib.sh uses and sets them

ALL_TESTS="
	show_has_the_documented_keys
	ports_have_the_documented_keys
	discover_has_the_documented_keys
	discover_fits_a_terminal
	discover_tells_two_cables_apart
	topology_is_drawn_in_every_form
	ping_has_the_documented_keys_and_sums_up
	ping_of_all_sizes_and_counts
	ping_of_nobody_fails
	ping_of_an_unknown_name_says_how_many_are_known
	an_ambiguous_name_is_refused_with_the_candidates
	ids_are_taken_in_any_spelling
	key_value_pairs_may_be_joined
	a_name_has_no_control_characters
	limits_are_those_of_the_manual
	traceroute_tells_every_hop
	usage_errors_end_with_2
	failures_end_with_1_and_the_kernels_sentence
	while_it_is_off_it_says_how_to_enable
	an_empty_list_says_why
	without_the_right_it_says_so
	limits_are_raised_by_the_administrator_of_the_host_alone
	a_missing_module_is_told
	a_reader_that_goes_away_is_no_error
	control_c_prints_the_summary
	both_names_of_a_port_are_shown_and_found
	save_and_restore_are_inverse
	secrets_are_saved_and_restored_whatever_they_are
	save_follows_no_link_that_the_kernel_would_not
	restore_tells_that_others_can_read_secrets
	a_batch_runs_to_its_first_error
	counters_are_shown
"
. "$(dirname "$0")/../lib/lib.sh"

setup() {
	routers r1 r2 r3 twin1 twin2
	link r1 r2
	link r2 r3 mtu 1400
	link r3 twin1
	link r2 twin2
	build
	romon -n "$twin1" set identity twin
	romon -n "$twin2" set identity twin
	wait_for sees_all
}

sees_all() {
	romon -n "$r1" -j discover duration 0.5 > "$tmp/discover"
	[ "$(romon -n "$r1" -j show | jq .nodes)" = 4 ]
}

# has_keys WHAT KEY... < JSON object
has_keys() {
	local what=$1 found
	shift
	found=$(jq -r 'keys[]' | tr '\n' ' ')
	for key in "$@"; do
		[[ " $found" == *" $key "* ]] || fail "$what has no key $key, only $found"
	done
}

r1() { romon -n "$r1" "$@"; }

show_has_the_documented_keys() {
	r1 -j show | has_keys "show" enabled id current_id identity version board uptime
	equal "$(r1 -j show | jq -r '"\(.enabled) \(.current_id) \(.identity) \(.version) \(.board)"')" \
		"true ${id[r1]} r1 1.0 test" "what show says"
}

ports_have_the_documented_keys() {
	r1 -j port show | jq '.[] | select(.interface == "to-r2")' |
		has_keys "port show" interface cost forbid disabled default state link l2mtu
	r1 port add to-r2 comment "to the north"
	r1 -j port show to-r2 | jq '.. | objects | select(.interface)' |
		has_keys "port show to-r2" interface cost comment
	r1 port del to-r2
}

discover_has_the_documented_keys() {
	r1 -j discover duration 0.5 | head -n 1 |
		has_keys discover active address cost hops path l2mtu identity version board age
	r1 discover duration 0.5 > "$tmp/table"
	grep -q 'ADDRESS .*COST .*HOPS .*PATH .*L2MTU .*IDENTITY .*VERSION .*BOARD' "$tmp/table" ||
		fail "no header: $(head -n 1 "$tmp/table")"
	grep -q "^A ${id[r3]}  *400  *2  *${id[r2]},${id[r3]}  *1400  *r3  *1.0  *test$" "$tmp/table" ||
		fail "no row for r3: $(cat "$tmp/table")"
}

# The table as it is left on a terminal 80 columns wide.
on_a_terminal() {
	NO_COLOR=1 TERM=xterm script -qec "stty cols 80 rows 40; exec romon $*" /dev/null < /dev/null |
		tr -d '\r' | awk '{ if (sub(/.*\033\[J/, "")) text = ""; text = text $0 "\n" } END { printf "%s", text }'
}

discover_fits_a_terminal() {
	on_a_terminal -n "$r1" discover duration 0.5 > "$tmp/table"
	equal "$(awk 'length > 80' "$tmp/table")" "" "rows that do not fit"
	grep -q "^A ${id[r2]} .* ${id[r2]}  *1500 r2 " "$tmp/table" || fail "no row for r2: $(cat "$tmp/table")"
	equal "$(grep -A 1 "^A ${id[r3]} .* ${id[r2]}  *1400 r3 " "$tmp/table" | tail -n 1 | tr -d ' ')" "${id[r3]}" \
		"what is below the row of r3"
	# Its column: that of the first.
	equal "$(awk -v p="${id[r2]}" -v q="${id[r3]}" '
		/^A/ && $2 == q { print match($0, " " p) }
		/^  / && $1 == q { print match($0, " " q); exit }' "$tmp/table" | uniq | wc -l)" 1 "columns of the path"
}

# Else the rows would be the same.
discover_tells_two_cables_apart() {
	r1 discover duration 0.5 > "$tmp/table"
	grep -q VIA "$tmp/table" && fail "a port where there is but one"
	ip -n "$r1" link add second type veth peer name second netns "$r2"
	ip -n "$r2" link set second up
	ip -n "$r1" link set second up
	both() {
		r1 discover duration 0.5 > "$tmp/table"
		[ "$(grep -c "^[A ] ${id[r2]} .* ${id[r2]} " "$tmp/table")" = 2 ]
	}
	wait_for both
	equal "$(grep "^[A ] ${id[r2]} .* ${id[r2]} " "$tmp/table" | awk '{ print $NF }' | sort | tr '\n' ' ')" \
		"second to-r2 " "the last column of r2's rows"
	grep -q 'BOARD *VIA$' "$tmp/table" || fail "no header: $(head -n 1 "$tmp/table")"
	ip -n "$r1" link del second
	wait_for sees_all
}

topology_is_drawn_in_every_form() {
	r1 topology > "$tmp/tree"
	for name in r2 r3 twin; do grep -q $name "$tmp/tree" || fail "no $name in the tree"; done
	equal "$(r1 -j topology list | jq length)" 4 "edges listed"
	r1 topology dot > "$tmp/dot"
	grep -q graph "$tmp/dot" || fail "no graph in dot"
	command -v dot > /dev/null || return 0
	r1 topology svg > "$tmp/svg"
	grep -q '<svg' "$tmp/svg" || fail "no svg"
	# What is markup to graphviz is a name all the same.
	r1 set identity '<b>&"'
	r1 topology svg > "$tmp/svg"
	grep -q -F '&lt;b&gt;&amp;&quot;' "$tmp/svg" || fail "the name is not in the picture"
	r1 set identity r1
}

ping_has_the_documented_keys_and_sums_up() {
	r1 -j ping r3 count 2 interval 0.1 > "$tmp/ping"
	head -n 1 "$tmp/ping" | has_keys ping seq host time_ms size
	tail -n 1 "$tmp/ping" |
		has_keys summary sent received packet_loss min_rtt_ms avg_rtt_ms max_rtt_ms
	equal "$(tail -n 1 "$tmp/ping" | jq -r '"\(.sent) \(.received) \(.packet_loss)"')" \
		"2 2 0" "the summary"
	equal "$(r1 ping r3 count 2 interval 0.1 | tail -n 1 | grep -o '^ *sent=2 received=2 packet-loss=0%')" \
		"  sent=2 received=2 packet-loss=0%" "the summary for people"
}

ping_of_all_sizes_and_counts() {
	local size
	# The route's L2 MTU is 1400: header 46, two entries of 10, ports 4.
	for size in 4 32 1000 1330; do
		r1 ping r3 count 1 size $size > "$tmp/out" || fail "size $size: $(cat "$tmp/out")"
	done
	refused 1 'longer|MTU|big' romon -n "$r1" ping r3 count 1 size 1331
}

ping_of_nobody_fails() {
	local status=0
	r1 ping 02:77:77:77:77:77 count 1 > "$tmp/out" 2>&1 || status=$?
	equal $status 1 "exit status"
	romon -n "$r3" set enabled off
	status=0
	r1 -j ping "${id[r3]}" count 1 timeout 0.2 > "$tmp/out" 2>&1 || status=$?
	equal $status 1 "exit status for a router that is off now"
	enable r3
	wait_for sees_all
}

ping_of_an_unknown_name_says_how_many_are_known() {
	refused 1 '^romon: ping: .*nowhere.*4 known' romon -n "$r1" ping nowhere count 1
}

an_ambiguous_name_is_refused_with_the_candidates() {
	refused 1 "twin.*${id[twin1]}.*${id[twin2]}|twin.*${id[twin2]}.*${id[twin1]}" \
		romon -n "$r1" ping twin count 1
}

ids_are_taken_in_any_spelling() {
	local spelling
	for spelling in 02:00:00:00:00:02 02-00-00-00-00-02 0200.0000.0002 020000000002; do
		r1 ping $spelling count 1 > "$tmp/out" 2>&1 || fail "$spelling: $(cat "$tmp/out")"
	done
	r1 set id 6C-3B-6B-48-0E-8B
	equal "$(r1 -j show | jq -r .current_id)" 6c:3b:6b:48:0e:8b "the ID"
	r1 set id "${id[r1]}"
	wait_for sees_all
}

key_value_pairs_may_be_joined() {
	r1 ping r2 count=1 size=64 > "$tmp/out" || fail "$(cat "$tmp/out")"
	r1 set identity=joined
	equal "$(r1 -j show | jq -r .identity)" joined "the identity"
	r1 set identity r1
}

# What others say of themselves they may have.
a_name_has_no_control_characters() {
	refused 2 'control character' romon -n "$r1" set identity $'a\033[31m' hop-limit 7
	equal "$(r1 -j show | jq -r '"\(.identity) \(.hop_limit)"')" "r1 64" "settings"
	r1 set identity $'a\\\303\244\377b'
	equal "$(LC_ALL=C.UTF-8 r1 show | sed -n 's/^ *identity: //p')" $'a\\\\\303\244\\xffb' "what show says"
	seen() {
		romon -n "$r2" -j discover duration 0.5 > "$tmp/discover"
		LC_ALL=C.UTF-8 romon -n "$r2" discover duration 0.5 | grep -q -F $' a\\\\\303\244\\xffb '
	}
	wait_for seen
	r1 set identity r1
	wait_for sees_all
}

limits_are_those_of_the_manual() {
	local name first least most n=0
	local -A shown
	while read -r name first; do
		shown[$name]=$first
	done < <(r1 -j show | jq -r 'to_entries[] | "\(.key) \(.value)"')
	while read -r name first least most; do
		n=$((n + 1))
		equal "${shown[${name//-/_}]}" "$first" "$name at first"
		refused 1 "$name: .*range.*, $least to $most" romon -n "$r1" set "$name" $((most + 1))
	done < <(sed -n 's/^\.It Cm \([a-z-]*\) Ta \([0-9]*\) Ta \([0-9]*\) to \([0-9]*\)$/\1 \2 \3 \4/p' \
		"$selftests/../Documentation/romon.8")
	equal $n 14 "limits in the manual"
}

traceroute_tells_every_hop() {
	r1 traceroute r3 > "$tmp/out" || fail "$(cat "$tmp/out")"
	grep -q "1 .*${id[r2]} .*r2" "$tmp/out" || fail "no first hop: $(cat "$tmp/out")"
	grep -q "2 .*${id[r3]} .*r3" "$tmp/out" || fail "no second hop: $(cat "$tmp/out")"
	refused 1 known romon -n "$r1" traceroute nowhere
}

usage_errors_end_with_2() {
	local words
	for words in "nothing" "port nothing" "port add" "set" "set hop-limit" "set hop-limit x" \
		     "ping" "ping r2 count 0" "ping r2 count -1" \
		     "ping r2 often" "discover duration x" "port set" "port add x cost 65536" \
		     "port add x cost 1 cost" "set id 1" "-x show" "sho" "port sh"; do
		# shellcheck disable=SC2086 # words
		refused 2 '^romon: ' romon -n "$r1" $words
	done
}

failures_end_with_1_and_the_kernels_sentence() {
	refused 1 'range.*1 to 128' romon -n "$r1" set hop-limit 0
	refused 1 'range.*1 to 128' romon -n "$r1" set hop-limit 129
	refused 1 'range.*1 to 128' romon -n "$r1" set hop-limit 300
	refused 1 'range.*1 to 65536' romon -n "$r1" set queue-len 99999999999999999999
	refused 1 'loopback' romon -n "$r1" port add lo
	refused 1 'all' romon -n "$r1" port del all
	refused 1 'No port entry has this name' romon -n "$r1" port set none cost 1
	refused 1 'none' romon -n "$r1" port show none
	refused 1 'namespace' romon -n no-such-netns show
}

while_it_is_off_it_says_how_to_enable() {
	r1 set enabled off
	for words in "discover duration 1" "ping r2 count 1" "topology" "traceroute r2"; do
		# shellcheck disable=SC2086 # words
		refused 1 'enabled on' romon -n "$r1" $words
	done
	holds "show works" r1 show > /dev/null
	holds "port show works" r1 port show > /dev/null
	enable r1
	wait_for sees_all
}

r1_into_file() { r1 "$@" > "$tmp/shown"; }

# $1: pattern of the only complaint, $2: lines of output; the rest: words
empty_but_says() {
	local pattern=$1 lines=$2 shown
	shift 2
	refused 0 "^romon: $1: $pattern" r1_into_file "$@"
	mapfile -t shown < "$tmp/shown"
	equal "${#shown[@]}" "$lines" "lines of $*"
}

an_empty_list_says_why() {
	r1 set enabled off
	empty_but_says 'RoMON not running' 1 neighbor
	equal "$(r1 -j neighbor 2> /dev/null)" "[]" "neighbours while it is off"
	enable r1
	empty_but_says 'no secret is set' 1 neighbor
	r1 port set all forbid on
	empty_but_says 'no port is running' 1 neighbor
	empty_but_says 'no port is running' 1 discover duration 0.3
	empty_but_says 'no port is running' 1 topology
	empty_but_says 'no port is running' 1 topology list
	equal "$(r1 -j discover duration 0.3 2> /dev/null)" "" "routers without a port"
	r1 port set all forbid off
	wait_for sees_all
	equal "$(r1 discover duration 0.5 2>&1 > /dev/null)" "" "what discover says when all is well"
}

as_nobody() {
	ip netns exec "$r1" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all -- "$@"
}

without_the_right_it_says_so() {
	local romon
	# The guest's own copy is in a folder of root's.
	romon=/dev/shm/romon-$$
	cp "$(command -v romon)" "$romon"
	chmod 755 "$romon"
	holds "show by nobody" as_nobody "$romon" show > /dev/null
	refused 1 'CAP_NET_ADMIN|permitted' as_nobody "$romon" set identity x
	refused 1 'CAP_NET_ADMIN|permitted' as_nobody "$romon" ping r2 count 1
	rm "$romon"
}

monitor_hears() {
	romon -n "$r1" set queue-len $((4000 + RANDOM % 100))
	test -s "$tmp/events"
}

limits_are_raised_by_the_administrator_of_the_host_alone() {
	local key value
	# Anybody is the administrator of a namespace of his own.
	while read -r key value; do
		key=${key//_/-}
		refused 1 'administrator of the host' unshare -Urn \
			romon set "$key" $((value + 1))
		echo "set $key $value" >> "$tmp/default"
		echo "set $key 10" >> "$tmp/less"
		echo "set $key $((value + 1))" >> "$tmp/more"
	done < <(romon -n "$r2" -j show | jq -r 'to_entries[] | select(.key |
		test("^(max_(nodes|edges|origins|ports|endpoints|neighbors)|queue_len)$")) |
		"\(.key) \(.value)"')
	equal "$(wc -l < "$tmp/default")" 7 "keys"
	unshare -Urn romon -b "$tmp/default" || fail "the default is refused"
	unshare -Urn romon -b "$tmp/less" || fail "less is refused"
	romon -n "$r2" -b "$tmp/more" || fail "more is refused to the administrator"
	romon -n "$r2" -b "$tmp/default"
}

a_missing_module_is_told() {
	local name pids=()

	# Who would hear of nothing any more ends and says why.
	romon -n "$r1" serve 7000 command /bin/cat 2> "$tmp/serve" &
	pids+=($!)
	romon -n "$r1" monitor 2> "$tmp/monitor" > "$tmp/events" &
	pids+=($!)
	wait_for grep -q ready "$tmp/serve"
	wait_for monitor_hears
	modprobe -r romon || { fail "romon does not unload"; return; }
	for pid in "${pids[@]}"; do
		wait "$pid"
		[ $? = 1 ] || fail "one ended with another status than 1"
	done
	for name in serve monitor; do
		grep -q 'unloaded' "$tmp/$name" || fail "$name said: $(cat "$tmp/$name")"
	done
	# The kernel would load it for who asks for the family.
	cp /proc/sys/kernel/modprobe "$tmp/modprobe"
	echo /bin/false > /proc/sys/kernel/modprobe
	refused 1 'modprobe romon' romon -n "$r1" show
	cat "$tmp/modprobe" > /proc/sys/kernel/modprobe
	modprobe romon
	for name in "${!id[@]}"; do enable "$name"; done
	romon -n "$twin1" set identity twin
	romon -n "$twin2" set identity twin
	wait_for sees_all
}

a_reader_that_goes_away_is_no_error() {
	local status
	r1 ping r2 interval 0.01 2> "$tmp/stderr" | head -n 2 > /dev/null
	status=${PIPESTATUS[0]}
	equal "$status" 0 "exit status of ping | head"
	r1 -j discover 2>> "$tmp/stderr" | head -n 1 > /dev/null
	status=${PIPESTATUS[0]}
	equal "$status" 0 "exit status of discover | head"
	if command -v dot > /dev/null; then
		r1 topology svg 2>> "$tmp/stderr" | head -n 1 > /dev/null
		status=${PIPESTATUS[0]}
		equal "$status" 0 "exit status of topology svg | head"
	fi
	equal "$(cat "$tmp/stderr")" "" "what they complain of"
}

control_c_prints_the_summary() {
	local ping status=0
	# What another test has left there is no answer.
	: > "$tmp/out"
	romon -n "$r1" ping r2 interval 0.1 > "$tmp/out" &
	ping=$!
	answered() { [ "$(grep -c ms "$tmp/out")" -ge 2 ]; }
	wait_for answered
	# bash lets background jobs ignore SIGINT.
	kill -TERM $ping
	wait $ping || status=$?
	equal $status 0 "exit status"
	tail -n 1 "$tmp/out" | grep -q 'sent=' || fail "no summary: $(cat "$tmp/out")"
}

both_names_of_a_port_are_shown_and_found() {
	ip -n "$r1" link property add dev to-r2 altname north
	r1 port add north cost 5
	r1 port | grep -E '^ +INTERFACE +DEVICE ' > /dev/null || fail "no column: $(r1 port)"
	equal "$(r1 -j port show to-r2 | jq -r '.[] | "\(.interface) \(.device) \(.cost)"')" \
		"north to-r2 5" "by the name of the device"
	refused 1 'another of its names' r1 port add to-r2 cost 9
	r1 save > "$tmp/saved"
	r1 port set to-r2 cost 9
	equal "$(r1 -j port show north | jq '.[].cost')" 9 "set by the name of the device"
	r1 restore "$tmp/saved" || fail "restore failed"
	equal "$(r1 -j port show north | jq '.[].cost')" 5 "restored"
	r1 port del to-r2
	ip -n "$r1" link property del dev to-r2 altname north
	r1 port | grep -q DEVICE && fail "a column of nothing: $(r1 port)"
	return 0
}

save_and_restore_are_inverse() {
	r1 set identity "a 'quoted' \"name\"" hop-limit 20 flood-window 300
	r1 port set all cost 77
	r1 port add to-r2 cost 5 forbid off comment "north; # not a comment"
	r1 port add later forbid on disabled on
	r1 save > "$tmp/saved"
	r1 -j show | jq 'del(.uptime, .nodes, .edges)' > "$tmp/show"
	r1 -j port show | jq 'map(del(.link)) | sort_by(.interface)' > "$tmp/ports"

	r1 set identity auto hop-limit 32 enabled off
	r1 port set all cost 100 forbid on
	r1 port del to-r2
	r1 port add other
	r1 restore "$tmp/saved" || fail "restore failed"
	r1 save > "$tmp/saved-again"
	# Entries are in the order in which they were added.
	equal "$(sort "$tmp/saved-again")" "$(sort "$tmp/saved")" "what is saved after it"
	equal "$(r1 -j show | jq 'del(.uptime, .nodes, .edges)')" "$(cat "$tmp/show")" "settings"
	equal "$(r1 -j port show | jq 'map(del(.link)) | sort_by(.interface)')" "$(cat "$tmp/ports")" "ports"

	r1 port del to-r2
	r1 port del later
	r1 port set all cost 100
	r1 set identity r1 hop-limit 32 flood-window 200
	wait_for sees_all
}

# Each a port's, and the router's is one of them.
# Of somebody else, in a folder that everybody may write to.
save_follows_no_link_that_the_kernel_would_not() {
	local protected=/proc/sys/fs/protected_symlinks was target said
	was=$(cat $protected)
	mkdir -m 1777 "$tmp/everybodys"
	for target in new old; do
		[ $target = new ] || echo 'as it was' > "$tmp/$target"
		ln -sfn "$tmp/$target" "$tmp/everybodys/link"
		chown -h nobody "$tmp/everybodys/link"
		echo 1 > $protected
		if said=$(r1 save "$tmp/everybodys/link" 2>&1); then fail "a link to $target is followed"; fi
		[[ $said = *": Permission denied" ]] || fail "of a link to $target it says: $said"
		echo "$was" > $protected
		[ $target = old ] || [ ! -e "$tmp/new" ] || fail "what the link leads to was made"
	done
	equal "$(cat "$tmp/old")" "as it was" "what the link leads to"
}

secrets_are_saved_and_restored_whatever_they_are() {
	local list how n=0
	# shellcheck disable=SC2016 # not to be expanded
	for list in none '' ',' ',,' a a,b ',a' 'a,' '\x6eone' 'none,' '\x2c' '\x5c' '\x22,x' "it's" ' ' '#hash' \
		    '\x00' 'geh\xc3\xa4use' '\xff\xfe' '$HOME' 'a\x5cx2c' = 'set secrets b'; do
		n=$((n + 1))
		printf 'port add p%d secrets "%s"\n' $n "${list//\\/\\\\}"
	done > "$tmp/lists"
	printf 'set secrets "%s"\n' '\\xff,,\\x2c' >> "$tmp/lists"
	for ((; n > 0; n--)); do echo "port del p$n"; done > "$tmp/undo"
	echo 'set secrets other' >> "$tmp/undo"

	romon -n "$r2" -b "$tmp/lists" || fail "a list is not taken"
	romon -n "$r2" save > "$tmp/saved"
	romon -n "$r2" --show-secrets -j port show > "$tmp/ports"
	for how in restore -b; do
		romon -n "$r2" -b "$tmp/undo"
		romon -n "$r2" $how "$tmp/saved" || fail "$how failed"
		romon -n "$r2" save > "$tmp/saved-again"
		equal "$(cat "$tmp/saved-again")" "$(cat "$tmp/saved")" "what is saved after $how"
		equal "$(romon -n "$r2" --show-secrets -j port show)" "$(cat "$tmp/ports")" "ports after $how"
	done
	romon -n "$r2" -b "$tmp/undo"
	romon -n "$r2" set secrets none
}

restore_tells_that_others_can_read_secrets() {
	echo 'set secrets none' > "$tmp/file"
	chmod 644 "$tmp/file"
	equal "$(r1 restore "$tmp/file" 2>&1)" "" "what restore says of a file without secrets"
	echo 'set secrets a' > "$tmp/file"
	[[ $(r1 restore "$tmp/file" 2>&1) == "romon: restore: $tmp/file: others can read it"* ]] ||
		fail "nothing is said of one that others can read"
	chmod 600 "$tmp/file"
	equal "$(r1 restore "$tmp/file" 2>&1)" "" "what restore says of one that they can not"
	r1 set secrets none
	wait_for sees_all
}

a_batch_runs_to_its_first_error() {
	printf '%s\n' '# a comment' '' 'port add b1 cost 1' 'port add "b2"' 'port add b1' 'port add b3' > "$tmp/batch"
	refused 1 '5|batch:5' romon -n "$r1" -b "$tmp/batch"
	equal "$(r1 -j port show | jq -r 'map(.interface) | map(select(startswith("b"))) | join(" ")')" "b1 b2" "entries added"
	printf 'port del b1\nport del b2\n' | r1 -b - || fail "batch from standard input"
}

counters_are_shown() {
	local before
	before=$(counter "$r1" to-r2 tx_packets)
	r1 ping r2 count 3 interval 0 > /dev/null
	[ "$(counter "$r1" to-r2 tx_packets)" -ge $((before + 3)) ] || fail "tx_packets did not grow by 3"
	[ "$(counter "$r2" to-r1 delivered)" -ge 3 ] || fail "delivered is below 3"
	r1 -s port show to-r2 | grep -q rx || fail "no counters for people"
}

run_tests
