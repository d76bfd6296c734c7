/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_RANDOM_H
#define ROMON_UNIT_RANDOM_H

static inline u32 get_random_u32_below(u32 limit)
{
	return (u32)random() % limit;
}

static inline u64 get_random_u64(void)
{
	return (u64)random() << 33 ^ (u64)random() << 11 ^ (u64)random();
}

#endif /* ROMON_UNIT_RANDOM_H */
