// SPDX-License-Identifier: GPL-2.0-only
/* RFC 6298, in integers. */

#include "rtt.h"

/* 2.2 and 2.3 */
void romon_rtt_sample(struct romon_rtt *rtt, int64_t sample)
{
	int64_t diff;

	if (sample < 1)
		sample = 1;
	if (!rtt->min || sample < rtt->min)
		rtt->min = sample;
	if (!rtt->srtt) {
		rtt->srtt = sample;
		rtt->rttvar = sample / 2;
		return;
	}
	diff = rtt->srtt > sample ? rtt->srtt - sample : sample - rtt->srtt;
	rtt->rttvar += (diff - rtt->rttvar) / 4;
	rtt->srtt += (sample - rtt->srtt) / 8;
}

/*
 * 2.4, 2.5 and 5.5. The bound is one of backing off: a path that is slower than
 * that is waited for nevertheless.
 */
int64_t romon_rtt_rto(const struct romon_rtt *rtt)
{
	int64_t base = ROMON_RTT_RTO_FIRST, rto;
	unsigned int i;

	if (rtt->srtt) {
		base = rtt->srtt + 4 * rtt->rttvar;
		/*
		 * Even if nothing varies, the other side may delay its
		 * acknowledgment.
		 */
		if (base < rtt->srtt + ROMON_RTT_RTO_MIN / 2)
			base = rtt->srtt + ROMON_RTT_RTO_MIN / 2;
		if (base < ROMON_RTT_RTO_MIN)
			base = ROMON_RTT_RTO_MIN;
	}
	rto = base;
	for (i = 0; i < rtt->backoff && rto < ROMON_RTT_RTO_MAX; i++)
		rto *= 2;
	if (rto > ROMON_RTT_RTO_MAX)
		rto = ROMON_RTT_RTO_MAX;
	return rto > base ? rto : base;
}
