#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The netlink family as programs see it: see netlink.py.

exec /usr/bin/python3 "$(dirname "$0")/netlink.py"
