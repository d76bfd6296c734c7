// SPDX-License-Identifier: GPL-2.0-only
/* How much of the machine's memory others may make a process hold. */

#include <unistd.h>

#include "memory.h"

#define MEMORY_PART	32
#define MEMORY_LEAST	(1024 << 10)

uint64_t memory_part(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t memory = 0;

	if (pages > 0 && page > 0)
		memory = (uint64_t)pages * (uint64_t)page / MEMORY_PART;
	return memory > MEMORY_LEAST ? memory : MEMORY_LEAST;
}
