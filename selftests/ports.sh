#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Port entries and devices: see ports.py.

exec /usr/bin/python3 "$(dirname "$0")/ports.py"
