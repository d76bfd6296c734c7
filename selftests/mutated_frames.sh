#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two million mutated frames into a live port: mutated_frames.py.

exec /usr/bin/python3 "$(dirname "$0")/mutated_frames.py"
