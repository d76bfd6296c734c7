#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All that is measured. Prints figures and judges none: they are of a machine
# and a kernel, and both guests are far slower than hardware is.

for bench in "$(dirname "$0")"/bench/*.sh; do
	echo "== ${bench##*/}"
	"$bench" || exit
done
