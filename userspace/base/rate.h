/* SPDX-License-Identifier: GPL-2.0-only */
/* How often something may be done: so many a second, and some at once. */

#ifndef ROMON_RATE_H
#define ROMON_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/* When as many have been done as the rate alone would have allowed by then. */
struct rate {
	int64_t spent;
};

/* Whether it may be done now, which then counts. */
static inline bool rate_take(struct rate *r, uint32_t a_second,
			     uint32_t at_once, int64_t now)
{
	int64_t each = RUN_SECOND / a_second;
	int64_t spent = (r->spent > now ? r->spent : now) + each;

	if (spent - now > each * at_once)
		return false;
	r->spent = spent;
	return true;
}

/* From when on it may be. */
static inline int64_t rate_when(const struct rate *r, uint32_t a_second,
				uint32_t at_once)
{
	return r->spent - RUN_SECOND / a_second * (at_once - 1);
}

#endif /* ROMON_RATE_H */
