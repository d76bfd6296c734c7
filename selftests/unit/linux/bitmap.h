/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of the kernel's bitmaps as kernel/path/replay.c needs, bit by bit. */

#ifndef ROMON_UNIT_BITMAP_H
#define ROMON_UNIT_BITMAP_H

#include <stdbool.h>

#include <linux/bits.h>

static inline bool test_bit(unsigned int bit, const unsigned long *map)
{
	return map[bit / BITS_PER_LONG] >> (bit % BITS_PER_LONG) & 1;
}

static inline void __set_bit(unsigned int bit, unsigned long *map)
{
	map[bit / BITS_PER_LONG] |= 1UL << (bit % BITS_PER_LONG);
}

static inline void bitmap_clear(unsigned long *map, unsigned int first,
				unsigned int n)
{
	for (; n; first++, n--)
		map[first / BITS_PER_LONG] &= ~(1UL << (first % BITS_PER_LONG));
}

static inline void bitmap_fill(unsigned long *map, unsigned int n)
{
	while (n)
		__set_bit(--n, map);
}

static inline void bitmap_zero(unsigned long *map, unsigned int n)
{
	bitmap_clear(map, 0, n);
}

#endif /* ROMON_UNIT_BITMAP_H */
