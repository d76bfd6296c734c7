#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Mutated frames into a live port, millions if asked for: mutated_frames.py.

exec /usr/bin/python3 "$(dirname "$0")/mutated_frames.py"
