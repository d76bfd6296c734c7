// SPDX-License-Identifier: GPL-2.0-only
/*
 * RFC 5681 with RFC 3465 (bytes count, not acknowledgments), RFC 6582 and
 * RFC 9406. The last one matters more here than in TCP: without selective
 * acknowledgments, a slow start that ends in the loss of half a window is
 * repaired by sending most of that window again.
 */

#include <stddef.h>

#include "cong.h"

#define ROMON_CONG_MS		1000000LL
#define ROMON_CONG_DELAY_MIN	(4 * ROMON_CONG_MS)
#define ROMON_CONG_DELAY_MAX	(16 * ROMON_CONG_MS)
#define ROMON_CONG_SAMPLES	8
#define ROMON_CONG_CSS_ROUNDS	5
#define ROMON_CONG_CSS_DIVISOR	4
#define ROMON_CONG_TRAIN	16	/* segments: no train before that */
#define ROMON_CONG_TRAIN_GAP	(2 * ROMON_CONG_MS)

static uint32_t romon_cong_max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void romon_cong_set(struct romon_cong *c, uint64_t cwnd)
{
	if (cwnd > c->max)
		cwnd = c->max;
	c->cwnd = romon_cong_max32(cwnd, c->mss);
}

void romon_cong_init(struct romon_cong *c, uint32_t mss, uint32_t max)
{
	*c = (struct romon_cong){ .mss = mss, .max = max, .first = true };
	c->ssthresh = max;
	romon_cong_set(c, (uint64_t)mss * ROMON_CONG_INITIAL);
}

/* The window stays the same number of bytes, and a segment at least. */
void romon_cong_set_mss(struct romon_cong *c, uint32_t mss)
{
	c->mss = mss;
	c->ssthresh = romon_cong_max32(c->ssthresh, 2 * mss);
	romon_cong_set(c, c->cwnd);
}

/*
 * RFC 5681, 3.1. @flight was on the way before @acked of it arrived. @burst: by
 * how many segments one acknowledgment may raise the window in slow start (L in
 * RFC 3465, 2.2; this end acknowledges up to eight at once, see there, 2.3).
 */
void romon_cong_ack(struct romon_cong *c, uint32_t acked, uint32_t flight,
		    unsigned int burst)
{
	if (c->cwnd < c->ssthresh) {
		/* A window that was not used has not been tried. */
		if (flight < c->cwnd / 2)
			return;
		if (acked > burst * c->mss)
			acked = burst * c->mss;
		if (c->css)
			acked /= ROMON_CONG_CSS_DIVISOR;
		romon_cong_set(c, (uint64_t)c->cwnd + acked);
		return;
	}
	if ((uint64_t)flight + 2 * c->mss < c->cwnd)
		return;
	c->acked += acked;
	if (c->acked < c->cwnd)
		return;
	c->acked -= c->cwnd;
	romon_cong_set(c, (uint64_t)c->cwnd + c->mss);
}

static void romon_cong_round(struct romon_cong *c, int64_t nxt)
{
	c->round_end = nxt;
	c->train_at = 0;
	c->last_min_rtt = c->min_rtt;
	c->min_rtt = 0;
	c->samples = 0;
	if (!c->css || ++c->css_rounds < ROMON_CONG_CSS_ROUNDS)
		return;
	c->ssthresh = c->cwnd;
	c->first = false;
	c->css = false;
}

/*
 * RFC 9406, 4.2: a sample, of an acknowledgment of @segments up to @una. If a
 * queue grows, round trips become longer: time to grow more slowly, or to stop.
 */
void romon_cong_rtt(struct romon_cong *c, int64_t rtt, unsigned int segments,
		    int64_t una, int64_t nxt)
{
	int64_t delay;

	if (!c->first || c->cwnd >= c->ssthresh)
		return;
	if (una >= c->round_end)
		romon_cong_round(c, nxt);
	if (!c->min_rtt || rtt < c->min_rtt)
		c->min_rtt = rtt;
	/* As if every second one had been acknowledged by itself. */
	c->samples += (segments + 1) / 2;
	if (c->samples < ROMON_CONG_SAMPLES)
		return;
	if (c->css) {
		if (c->min_rtt < c->css_rtt)
			c->css = false;
		return;
	}
	if (!c->last_min_rtt)
		return;
	delay = c->last_min_rtt / 8;
	if (delay < ROMON_CONG_DELAY_MIN)
		delay = ROMON_CONG_DELAY_MIN;
	if (delay > ROMON_CONG_DELAY_MAX)
		delay = ROMON_CONG_DELAY_MAX;
	if (c->min_rtt < c->last_min_rtt + delay)
		return;
	c->css = true;
	c->css_rtt = c->min_rtt;
	c->css_rounds = 0;
}

/*
 * Acknowledgments come at the rate of the narrowest link. If they have come
 * without a pause for half the time of a round trip, the window that they are
 * for fills the way for that half, and what they have made of the window fills
 * the rest. (The train of HyStart, by Ha and Rhee.) A delay tells of the same,
 * but a round trip later, when the window is twice as large.
 */
void romon_cong_train(struct romon_cong *c, int64_t now, int64_t min_rtt)
{
	if (!c->first || c->cwnd >= c->ssthresh)
		return;
	if (!c->train_at || now - c->train_last > ROMON_CONG_TRAIN_GAP)
		c->train_at = now;
	c->train_last = now;
	if (now - c->train_at < min_rtt / 2 ||
	    c->cwnd < ROMON_CONG_TRAIN * c->mss)
		return;
	c->ssthresh = c->cwnd;
	c->first = false;
	c->css = false;
}

/* RFC 5681, 3.1, (4) */
static void romon_cong_halve(struct romon_cong *c, uint32_t flight)
{
	c->first = false;
	c->css = false;
	c->acked = 0;
	c->ssthresh = romon_cong_max32(flight / 2, 2 * c->mss);
}

static void romon_cong_save(struct romon_cong *c)
{
	c->old_cwnd = c->cwnd;
	c->old_ssthresh = c->ssthresh;
	c->old_first = c->first;
}

/* RFC 6582, 3.2, 2: duplicate acknowledgments have told of a loss. */
void romon_cong_recover(struct romon_cong *c, uint32_t flight,
			unsigned int dupacks)
{
	romon_cong_save(c);
	romon_cong_halve(c, flight < c->cwnd ? flight : c->cwnd);
	romon_cong_set(c, c->ssthresh + (uint64_t)dupacks * c->mss);
}

/* RFC 5681, 3.2, 4, in recovery: a segment has left the network. */
void romon_cong_dupack(struct romon_cong *c)
{
	romon_cong_set(c, (uint64_t)c->cwnd + c->mss);
}

/* RFC 6582, 3.2, 3, of a partial acknowledgment. */
void romon_cong_partial(struct romon_cong *c, uint32_t acked)
{
	uint64_t cwnd = c->cwnd > acked ? c->cwnd - acked : 0;

	romon_cong_set(c, cwnd + (acked >= c->mss ? c->mss : 0));
}

/* RFC 6582, 3.2, 3, of a full one: and no burst, if little is in flight. */
void romon_cong_recovered(struct romon_cong *c, uint32_t flight)
{
	uint64_t cwnd = (uint64_t)romon_cong_max32(flight, c->mss) + c->mss;

	romon_cong_set(c, cwnd < c->ssthresh ? cwnd : c->ssthresh);
}

/* All is sent again, as acknowledgments of what is in flight come in. */
void romon_cong_resend(struct romon_cong *c, uint32_t flight)
{
	uint64_t cwnd = (uint64_t)c->mss * ROMON_CONG_INITIAL + flight;

	romon_cong_set(c, cwnd < c->ssthresh ? cwnd : c->ssthresh);
}

/* What was sent again was lost again. */
void romon_cong_again(struct romon_cong *c)
{
	romon_cong_halve(c, c->cwnd);
	romon_cong_set(c, c->mss);
}

/* So much was acknowledged at once that what is in flight says more. */
void romon_cong_jumped(struct romon_cong *c, uint32_t flight)
{
	uint64_t cwnd = (uint64_t)c->mss * ROMON_CONG_INITIAL + flight;

	if (cwnd < c->cwnd)
		romon_cong_set(c, cwnd);
}

/* @again: without anything new acknowledged since, or in recovery. */
void romon_cong_timeout(struct romon_cong *c, uint32_t flight, bool again)
{
	if (!again) {
		romon_cong_save(c);
		romon_cong_halve(c, flight < c->cwnd ? flight : c->cwnd);
	}
	c->acked = 0;
	romon_cong_set(c, c->mss);
}

/* The last loss was none. */
void romon_cong_undo(struct romon_cong *c)
{
	c->ssthresh = romon_cong_max32(c->ssthresh, c->old_ssthresh);
	c->first = c->old_first;
	c->old_first = false;
	romon_cong_set(c, romon_cong_max32(c->cwnd, c->old_cwnd));
}

/*
 * RFC 5681, 4.1: nothing was sent for so long that the window says nothing any
 * more.
 */
void romon_cong_idle(struct romon_cong *c)
{
	uint64_t initial = (uint64_t)c->mss * ROMON_CONG_INITIAL;

	if (c->cwnd <= initial)
		return;
	c->ssthresh = romon_cong_max32(c->ssthresh, c->cwnd / 4 * 3);
	c->acked = 0;
	romon_cong_set(c, initial);
}
