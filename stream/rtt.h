/* SPDX-License-Identifier: GPL-2.0-only */
/* The round trip time and the timer of retransmission that follows from it. */

#ifndef ROMON_RTT_H
#define ROMON_RTT_H

#include <stdint.h>

#define ROMON_RTT_MS		1000000LL
#define ROMON_RTT_RTO_MIN	(200 * ROMON_RTT_MS)
#define ROMON_RTT_RTO_MAX	(4000 * ROMON_RTT_MS)
#define ROMON_RTT_RTO_FIRST	(1000 * ROMON_RTT_MS)

/* All in nanoseconds. */
struct romon_rtt {
	/* RFC 6298, 2 */
	int64_t srtt;			/* 0 if there was no sample */
	int64_t rttvar;
	int64_t min;
	unsigned int backoff;		/* timeouts in a row */
};

void romon_rtt_sample(struct romon_rtt *rtt, int64_t sample);
int64_t romon_rtt_rto(const struct romon_rtt *rtt);

#endif /* ROMON_RTT_H */
