#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The bytes of streams: see stream_segments.py.

exec /usr/bin/python3 "$(dirname "$0")/stream_segments.py"
