#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sessions outlive the way that they began on: see session_heal.py.
#
# requires: native
# timeout: 240

exec /usr/bin/python3 "$(dirname "$0")/session_heal.py"
