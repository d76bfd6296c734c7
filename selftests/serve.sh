#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# romon serve, what it starts and how it ends: see serve.py. Grace periods are
# waited for, and every session is two or three processes.
#
# requires: native
# timeout: 400

exec /usr/bin/python3 "$(dirname "$0")/serve.py"
