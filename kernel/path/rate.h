/* SPDX-License-Identifier: GPL-2.0-only */
/* So many in a time, and no more: a pure type, one number. */

#ifndef ROMON_RATE_H
#define ROMON_RATE_H

#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/types.h>

/*
 * Whether one more may pass of what @due counts: one each @step nanoseconds, or
 * @burst at once. @due is when as many as have passed would have been due. When
 * more than half of a burst has passed one in two is refused at random, or
 * whoever asks most often would get each one as it becomes due.
 */
static inline bool romon_rate_take(u64 *due, u64 now, u64 step, u32 burst)
{
	u64 ahead = *due > now ? *due - now : 0;

	/* Or what passed while the rate was another would count for long. */
	ahead = min(ahead, step * burst);
	*due = now + ahead;
	if (ahead > step * (burst - 1))
		return false;
	if (ahead > step * burst / 2 && get_random_u8() & 1)
		return false;
	*due = now + ahead + step;
	return true;
}

#endif /* ROMON_RATE_H */
