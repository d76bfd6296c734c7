#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# See session.py.

exec /usr/bin/python3 "$(dirname "$0")/session.py"
