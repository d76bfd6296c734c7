# SPDX-License-Identifier: GPL-2.0-only
"""Memory that the kernel has in slabs."""

import re
import subprocess
import time


def slab():
    """Bytes in slabs that cannot be reclaimed, which all of the module's are."""
    with open("/proc/meminfo") as file:
        found = dict(re.findall(r"(\w+): +(\d+) kB", file.read()))
    return int(found["SUnreclaim"]) * 1024


def objects():
    """{size or name: objects} of the caches that kmalloc() uses"""
    with open("/proc/slabinfo") as file:
        return {line.split()[0]: (int(line.split()[1]), int(line.split()[3]))
                for line in file if line.startswith("kmalloc-") and "dma" not in line}


def settled(function):
    """When the memory that was only in passing is given back."""
    subprocess.run(["sync"], check=True)
    last = function()
    for _ in range(20):
        time.sleep(0.25)
        now = function()
        if now == last:
            break
        last = now
    return last
