/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_SLAB_H
#define ROMON_UNIT_SLAB_H

#include <malloc.h>

#include <linux/string.h>

#define GFP_KERNEL_ACCOUNT	0

#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof((*(p)).member[0]) * (size_t)(n))

#define kzalloc(size, gfp)	calloc(1, size)
#define kfree(p)		free(p)

static inline void kfree_sensitive(void *p)
{
	if (p)
		memzero_explicit(p, malloc_usable_size(p));
	free(p);
}

#endif /* ROMON_UNIT_SLAB_H */
