#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The scripts in examples/: see examples.py.
#
# requires: native

exec /usr/bin/python3 "$(dirname "$0")/examples.py"
