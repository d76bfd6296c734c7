/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel has everywhere, for programs; included before all else. */

#ifndef ROMON_UNIT_KERNEL_H
#define ROMON_UNIT_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bits.h>

#include "path/wire-env.h"

#define __aligned(n)		__attribute__((aligned(n)))
#define __read_mostly

#define U8_MAX			0xff

#define BUILD_BUG_ON(what)	_Static_assert(!(what), #what)
#define WARN_ON(what)		({ if (what) abort(); false; })
#define pr_warn(...)		fprintf(stderr, __VA_ARGS__)

#define sizeof_field(type, member)	sizeof((*(type *)NULL).member)
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))
#define BITS_PER_BYTE		8

#define cpu_to_be64(x)		htobe64(x)
#define be64_to_cpu(x)		be64toh(x)

static inline u64 get_unaligned_be64(const void *p)
{
	u64 x;

	memcpy(&x, p, sizeof(x));
	return be64toh(x);
}

#define get_unaligned(p) ({ \
	typeof(*(p) + 0) _x; \
	memcpy(&_x, p, sizeof(_x)); \
	_x; \
})

static inline u32 get_unaligned_le32(const void *p)
{
	u32 x;

	memcpy(&x, p, sizeof(x));
	return le32toh(x);
}

static inline void put_unaligned_le32(u32 x, void *p)
{
	x = htole32(x);
	memcpy(p, &x, sizeof(x));
}

static inline void put_unaligned_le64(u64 x, void *p)
{
	x = htole64(x);
	memcpy(p, &x, sizeof(x));
}

#define ERR_PTR(err)		((void *)(intptr_t)(err))
#define PTR_ERR(p)		((long)(intptr_t)(p))
#define IS_ERR(p)		((uintptr_t)(p) >= (uintptr_t)-4095)

#endif /* ROMON_UNIT_KERNEL_H */
