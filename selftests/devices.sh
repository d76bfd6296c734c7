#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices of every kind that carries Ethernet: see devices.py.
#
# timeout: 300

exec /usr/bin/python3 "$(dirname "$0")/devices.py"
