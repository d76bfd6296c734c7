/* SPDX-License-Identifier: GPL-2.0-only */
/* What is allocated now; and allocations that fail. */

#ifndef ROMON_ALLOC_H
#define ROMON_ALLOC_H

#include <stddef.h>

extern long alloc_n;			/* pieces of memory there are now */
extern unsigned int alloc_fail;		/* every so many-th one fails; 0: none */

#endif /* ROMON_ALLOC_H */
