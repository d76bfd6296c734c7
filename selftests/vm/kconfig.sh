# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For those who configure a kernel, to be sourced.

# $1: .config. Reads a fragment and prints what of it make(1) did not take: a
# kernel without what somebody relies on.
not_taken() {
	local line
	while IFS= read -r line; do
		case $line in
		CONFIG_*=*) grep -qxF "$line" "$1" || echo "$line" ;;
		"# CONFIG_"*" is not set")
			line=${line#\# } line=${line%% *}
			! grep -q "^$line=" "$1" || echo "# $line is not set" ;;
		esac
	done
}
