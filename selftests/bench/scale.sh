#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What ten thousand known routers cost: see scale.py.
#
#   scale.sh [ROUTERS...]

[ "$(id -u)" = 0 ] || { echo "scale.sh: needs root" >&2; exit 4; }
[ -d /sys/module/romon ] || modprobe romon || exit
exec /usr/bin/python3 "$(dirname "$0")/scale.py" "$@"
