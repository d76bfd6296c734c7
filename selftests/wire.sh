#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Frames as they are on the wire, byte by byte: see wire.py.

exec /usr/bin/python3 "$(dirname "$0")/wire.py"
