#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What somebody on the cable can do who has no secret: see replay.py.

exec /usr/bin/python3 "$(dirname "$0")/replay.py"
