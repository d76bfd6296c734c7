/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_BITS_H
#define ROMON_UNIT_BITS_H

#include <limits.h>
#include <stdint.h>

#define BITS_PER_LONG	(CHAR_BIT * (int)sizeof(long))
#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#endif /* ROMON_UNIT_BITS_H */
