#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is measured:
#
#   bench.sh NAME...
#
# Prints figures and judges none: they are of a machine and a kernel, and all
# guests are far slower than hardware is.

for name in "$@"; do
	echo "== $name"
	"$(dirname "$0")/bench/$name.sh" || exit
done
