#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# See session_many.py.
#
# requires: native
# timeout: 1200

exec /usr/bin/python3 "$(dirname "$0")/session_many.py"
