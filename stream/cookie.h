/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The number that the answer to an open has: a keyed hash of what the open had,
 * so that nothing need be remembered of it. Whoever acknowledges it has received
 * the answer.
 */

#ifndef ROMON_COOKIE_H
#define ROMON_COOKIE_H

#include <stdint.h>

#include "romon-stream.h"
#include "segment.h"
#include "siphash.h"

/* An answer may be acknowledged for one to two of these. */
#define ROMON_COOKIE_STEP_NS	(32 * 1000000000LL)
#define ROMON_COOKIE_SPENT	1024

struct romon_cookie_spent {
	uint32_t cookie;
	enum romon_stream_reason refused;	/* END: a stream has begun */
};

struct romon_cookies {
	struct romon_siphash_key key[2];	/* of this step, of the last */
	int64_t until;				/* ends the step */
	struct romon_cookie_spent spent[ROMON_COOKIE_SPENT];
};

enum romon_cookie_verdict {
	ROMON_COOKIE_WRONG,
	ROMON_COOKIE_EARLY,	/* it seems that the first ones are missing */
	ROMON_COOKIE_RIGHT
};

void romon_cookie_init(struct romon_cookies *c, int64_t now,
		       const struct romon_mux_ops *ops, void *arg);
void romon_cookie_rotate(struct romon_cookies *c, int64_t now,
			 const struct romon_mux_ops *ops, void *arg);
uint32_t romon_cookie_make(const struct romon_cookies *c,
			   const struct romon_datagram *d, uint32_t irs);
enum romon_cookie_verdict
romon_cookie_check(const struct romon_cookies *c,
		   const struct romon_datagram *d,
		   const struct romon_segment *seg, uint32_t *irs);
void romon_cookie_spend(struct romon_cookies *c, uint32_t cookie,
			enum romon_stream_reason refused);
enum romon_stream_reason romon_cookie_refused(const struct romon_cookies *c,
					      uint32_t cookie);

#endif /* ROMON_COOKIE_H */
