#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Datagrams of programs: see endpoints.py.

exec /usr/bin/python3 "$(dirname "$0")/endpoints.py"
