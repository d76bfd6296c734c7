#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Goodput of a stream beside TCP's: see streams.py.

[ "$(id -u)" = 0 ] || { echo "streams.sh: needs root" >&2; exit 4; }
exec /usr/bin/python3 "$(dirname "$0")/streams.py" "$@"
