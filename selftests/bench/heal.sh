#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How long a ping is without answers when a route breaks: see heal.py.
#
#   heal.sh [CUTS]

[ "$(id -u)" = 0 ] || { echo "heal.sh: needs root" >&2; exit 4; }
[ -d /sys/module/romon ] || modprobe romon || exit
exec /usr/bin/python3 "$(dirname "$0")/heal.py" "$@"
