// SPDX-License-Identifier: GPL-2.0-only
/* Records of what was sent. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "sent.h"
#include "tap.h"

int main(void)
{
	struct romon_pool pool = { 0 };
	struct romon_sent_sample sample;
	struct romon_sent sent;
	unsigned int i;

	romon_sent_init(&sent, &pool);
	romon_sent_add(&sent, 100, 1000);
	romon_sent_add(&sent, 200, 1001);
	romon_sent_add(&sent, 300, 1002);
	romon_sent_acked(&sent, 99, &sample);
	tap_ok(!sample.valid && !sample.segments,
	       "part of a segment tells nothing");
	romon_sent_acked(&sent, 200, &sample);
	tap_ok(sample.valid && sample.segments == 2 && sample.oldest == 1000 &&
	       sample.newest == 1001, "two at once: the times of both");
	romon_sent_add(&sent, 400, 1003);
	romon_sent_again(&sent, 200, 300, 2000);
	tap_ok(romon_sent_first(&sent) == 2000,
	       "when the first one was sent, the last time");
	romon_sent_acked(&sent, 400, &sample);
	tap_ok(!sample.valid && sample.segments == 2,
	       "with one that was sent again, neither tells anything");
	tap_ok(romon_sent_first(&sent) == INT64_MAX, "none is left");

	for (i = 1; i <= 3 * ROMON_SENT_MAX; i++)
		romon_sent_add(&sent, 400 + i, i);
	tap_ok(romon_sent_memory(&sent) == pool.used &&
	       sent.n == ROMON_SENT_MAX, "records are bounded");
	romon_sent_acked(&sent, 400 + 3 * ROMON_SENT_MAX, &sample);
	tap_ok(sample.valid && sample.segments == ROMON_SENT_MAX && !sent.n,
	       "... and those that share one are acknowledged with it");
	romon_sent_free(&sent);
	tap_ok(!pool.used && !alloc_n, "nothing is left");

	alloc_fail = 1;
	romon_sent_add(&sent, 10, 1);
	romon_sent_acked(&sent, 10, &sample);
	alloc_fail = 0;
	tap_ok(!sample.valid, "without memory there are no samples");
	romon_sent_free(&sent);
	return 0;
}
