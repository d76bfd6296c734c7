#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who gets to see a secret: see secret_traces.py.

exec /usr/bin/python3 "$(dirname "$0")/secret_traces.py"
