#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How neighbours come up, and how they are lost: see neighbors.py.

exec /usr/bin/python3 "$(dirname "$0")/neighbors.py"
