#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Frames that must be dropped, and counted for the right reason: bad_frames.py.

exec /usr/bin/python3 "$(dirname "$0")/bad_frames.py"
