#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices, namespaces and the module come and go while floods and pings run:
# nothing leaks, nothing warns, and it works afterwards. See churn.py.
#
# timeout: 900

exec /usr/bin/python3 "$(dirname "$0")/churn.py"
