/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_BITOPS_H
#define ROMON_UNIT_BITOPS_H

#include <linux/bits.h>

#define hweight16(x)	((unsigned int)__builtin_popcount((uint16_t)(x)))

static inline u32 rol32(u32 word, unsigned int shift)
{
	return word << shift | word >> (32 - shift);
}

#endif /* ROMON_UNIT_BITOPS_H */
