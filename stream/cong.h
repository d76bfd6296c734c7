/* SPDX-License-Identifier: GPL-2.0-only */
/* How much may be in flight: congestion control. */

#ifndef ROMON_CONG_H
#define ROMON_CONG_H

#include <stdbool.h>
#include <stdint.h>

#define ROMON_CONG_INITIAL	10	/* segments */

/* In bytes; places in the stream are those of segment.h. */
struct romon_cong {
	uint32_t mss, cwnd, ssthresh, max;
	uint32_t acked;			/* towards the next increase */
	/* Before the window was last made smaller. */
	uint32_t old_cwnd, old_ssthresh;
	bool old_first;
	/* RFC 9406, in the first slow start. */
	bool first, css;
	unsigned int css_rounds, samples;
	int64_t round_end;
	int64_t min_rtt, last_min_rtt, css_rtt;
	/* Acknowledgments that follow each other closely, since when. */
	int64_t train_at, train_last;
};

void romon_cong_init(struct romon_cong *c, uint32_t mss, uint32_t max);
void romon_cong_set_mss(struct romon_cong *c, uint32_t mss);
void romon_cong_ack(struct romon_cong *c, uint32_t acked, uint32_t flight,
		    unsigned int burst);
void romon_cong_rtt(struct romon_cong *c, int64_t rtt, unsigned int segments,
		    int64_t una, int64_t nxt);
void romon_cong_train(struct romon_cong *c, int64_t now, int64_t min_rtt);
void romon_cong_recover(struct romon_cong *c, uint32_t flight,
			unsigned int dupacks);
void romon_cong_dupack(struct romon_cong *c);
void romon_cong_partial(struct romon_cong *c, uint32_t acked);
void romon_cong_recovered(struct romon_cong *c, uint32_t flight);
void romon_cong_again(struct romon_cong *c);
void romon_cong_resend(struct romon_cong *c, uint32_t flight);
void romon_cong_jumped(struct romon_cong *c, uint32_t flight);
void romon_cong_timeout(struct romon_cong *c, uint32_t flight, bool again);
void romon_cong_undo(struct romon_cong *c);
void romon_cong_idle(struct romon_cong *c);

#endif /* ROMON_CONG_H */
