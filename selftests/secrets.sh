#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Secret lists, what they send and what they accept: see secrets.py.

exec /usr/bin/python3 "$(dirname "$0")/secrets.py"
