// SPDX-License-Identifier: GPL-2.0-only
/* The timer of retransmission, against RFC 6298 by hand. */

#include <string.h>

#include "rtt.h"
#include "tap.h"

#define MS	ROMON_RTT_MS

int main(void)
{
	struct romon_rtt rtt = { 0 };
	unsigned int i;

	tap_ok(romon_rtt_rto(&rtt) == 1000 * MS,
	       "a second, as long as nothing is known");
	romon_rtt_sample(&rtt, 100 * MS);
	tap_ok(rtt.srtt == 100 * MS && rtt.rttvar == 50 * MS &&
	       romon_rtt_rto(&rtt) == 300 * MS, "the first sample: three times");
	romon_rtt_sample(&rtt, 180 * MS);
	/* var = 3/4 50 + 1/4 80, srtt = 7/8 100 + 1/8 180 */
	tap_ok(rtt.rttvar == 57500000 && rtt.srtt == 110 * MS &&
	       romon_rtt_rto(&rtt) == 340 * MS, "the second, longer");
	tap_ok(rtt.min == 100 * MS, "the shortest one");
	rtt.backoff = 1;
	tap_ok(romon_rtt_rto(&rtt) == 680 * MS, "twice as long after a timeout");
	rtt.backoff = 40;
	tap_ok(romon_rtt_rto(&rtt) == ROMON_RTT_RTO_MAX, "... up to the bound");
	memset(&rtt, 0, sizeof(rtt));
	for (i = 0; i < 100; i++)
		romon_rtt_sample(&rtt, MS / 10);
	tap_ok(romon_rtt_rto(&rtt) == ROMON_RTT_RTO_MIN, "200 ms at least");
	for (i = 0; i < 100; i++)
		romon_rtt_sample(&rtt, 1000 * MS);
	tap_ok(romon_rtt_rto(&rtt) >= 1099 * MS,
	       "longer than a round trip that never varies");
	for (i = 0; i < 100; i++)
		romon_rtt_sample(&rtt, 9000 * MS);
	rtt.backoff = 3;
	tap_ok(romon_rtt_rto(&rtt) > 9000 * MS,
	       "a path that is slower than the bound is waited for");
	return 0;
}
