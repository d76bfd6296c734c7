/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of the machine's memory others may make a process hold. */

#ifndef ROMON_MEMORY_H
#define ROMON_MEMORY_H

#include <stdint.h>

/* In bytes: who has little gives little. Before system calls are filtered. */
uint64_t memory_part(void);

#endif /* ROMON_MEMORY_H */
