#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Members of bridges, bonds and teams, and filters of all kinds: see masters.py.
#
# timeout: 300

exec /usr/bin/python3 "$(dirname "$0")/masters.py"
