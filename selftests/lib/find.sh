# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Which tests there are, and what their heads say, for those who run them. Needs
# $selftests. A test is an executable file FOLDER/NAME.sh or FOLDER/NAME.py, and
# goes by its NAME; its head is the comment that the file begins with:
#
#	# requires: WORD...	of what vm/features says, without which it may be skipped
#	# timeout: SECONDS	if it needs longer than others
#
# Guests source this as well, where an exec takes a tenth of a second: looking
# for tests and reading heads does without.

# Python tests find what they share.
export PYTHONPATH=$selftests/lib

# No test is in these folders, nor is this file of selftests/ itself one.
no_tests=' bench fuzz lib unit vm wireshark '
shows='demo.sh'

# Sets test_file[NAME]. Says what is wrong with the files themselves, and fails.
declare -A test_file=()
find_tests() {
	local file folder name status=0

	test_file=([kunit]=$selftests/vm/kunit)
	for file in "$selftests"/*.sh "$selftests"/*.py "$selftests"/*/*.sh "$selftests"/*/*.py; do
		[ -f "$file" ] || continue
		folder=${file%/*} name=${file##*/}
		if [ "$folder" = "$selftests" ]; then
			[ "$name" = "$shows" ] || test_complaint "$file" "is in no folder"
			continue
		fi
		[[ $no_tests != *" ${folder##*/} "* ]] || continue
		name=${name%.*}
		[ -x "$file" ] || test_complaint "$file" "is not executable"
		[ -z "${test_file[$name]:-}" ] ||
			test_complaint "$file" "has the name of ${test_file[$name]#"$selftests/"}"
		test_file[$name]=$file
	done
	return "$status"
}

# $1: file, $2: what is wrong with it. Sets the caller's status.
test_complaint() {
	echo "${1#"$selftests/"}: $2" >&2
	status=1
}

# $1: NAME. Sets requires, timeout and heads, the number of lines they come from.
read_head() {
	local line

	requires='' timeout='' heads=0
	while IFS= read -r line && [[ $line = '#'* ]]; do
		case $line in
		'# requires: '*) requires+=" ${line#*: }" ;;
		'# timeout: '*) timeout=${line#*: } ;;
		*) continue ;;
		esac
		heads=$((heads + 1))
	done < "${test_file[$1]}"
	requires=${requires//,/ }
	requires=${requires# }
}

# Find all tests, and say what is wrong with any, and fail.
check_tests() {
	local status=0 features name file word

	find_tests || status=1
	features=" $("$selftests/vm/features" all) "
	for name in "${!test_file[@]}"; do
		file=${test_file[$name]}
		read_head "$name"
		for word in $requires; do
			[[ $features = *" $word "* ]] ||
				test_complaint "$file" "requires $word, which is none of${features% }"
		done
		[[ $timeout =~ ^([1-9][0-9]*)?$ ]] ||
			test_complaint "$file" "its timeout is no number of seconds: $timeout"
		# Whoever misspells one, or writes it further down, shall know.
		[ "$(grep -c -i -E '^#[[:blank:]]*(requires?|timeout)[[:blank:]]*:' "$file")" = "$heads" ] ||
			test_complaint "$file" "has a requires: or timeout: that is not read"
	done
	return "$status"
}
