#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Allocations that fail: see failslab.py.
#
# requires: failslab
#
# timeout: 600

exec /usr/bin/python3 "$(dirname "$0")/failslab.py"
