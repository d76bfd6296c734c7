#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Routes that heal: see heal.py.
#
# timeout: 240

exec /usr/bin/python3 "$(dirname "$0")/heal.py" "$@"
