// SPDX-License-Identifier: GPL-2.0-only
/* What comes in for a stream: segments, and when they are acknowledged. */

#include <errno.h>
#include <string.h>

#include "stream.h"

/* In order, in one batch of input: then it takes an acknowledgment. */
#define ROMON_RCV_BATCH		8
/* After a loss the other side may have a window of one segment. */
#define ROMON_RCV_QUICK		8
/* Between answers to what is not believed, and to how much of it in a second. */
#define ROMON_RCV_BAD_NS	(500 * ROMON_MS)
#define ROMON_RCV_BAD_MOST	128
/* A frame that looks old may be no reordered one, but all that still comes. */
#define ROMON_RCV_ROUTE_NS	(100 * ROMON_MS)

/* The next byte expected; their end counts as one. */
int64_t romon_rcv_next(const struct romon_stream *s)
{
	return s->in.end + s->fin_taken;
}

/* How far they may know that: what the program does not read is held back. */
int64_t romon_rcv_ack(const struct romon_stream *s)
{
	int64_t limit = s->in.start + ROMON_BACKLOG;
	int64_t next = romon_rcv_next(s);

	return next < limit ? next : limit;
}

/* They are told. */
void romon_rcv_acked(struct romon_stream *s, int64_t ack)
{
	if (ack > s->last_ack_sent)
		s->last_ack_sent = ack;
	s->ack_now = false;
	s->ack_at = ROMON_NEVER;
	s->in_order = 0;
}

/* Acknowledgments do not move, although there is something to acknowledge. */
static bool romon_rcv_withheld(const struct romon_stream *s)
{
	return romon_rcv_ack(s) <= s->last_ack_sent &&
	       romon_rcv_next(s) > s->last_ack_sent;
}

/*
 * RFC 5961, 7, for all streams together. How many it takes must not be known, or
 * whoever has a stream of his own could count those of others.
 */
static bool romon_rcv_may_challenge(struct romon_mux *mux)
{
	if (mux->now >= mux->challenges_until) {
		mux->challenges_until = mux->now + ROMON_SECOND;
		mux->challenges = ROMON_RCV_BAD_MOST / 2 +
				  romon_mux_random(mux) %
				  (ROMON_RCV_BAD_MOST / 2);
	}
	if (!mux->challenges)
		return false;
	mux->challenges--;
	return true;
}

/* What is not believed is answered by what would be: a challenge of RFC 5961. */
static void romon_rcv_bad(struct romon_stream *s)
{
	int64_t now = s->mux->now;

	s->mux->stats.bad++;
	if (now < s->bad_at || !romon_rcv_may_challenge(s->mux))
		return;
	s->bad_at = now + ROMON_RCV_BAD_NS;
	romon_snd_ack(s);
}

/* RFC 5681, 4.2: something new has come in, in order. */
static void romon_rcv_due(struct romon_stream *s, bool now)
{
	int64_t news = romon_rcv_ack(s) - s->last_ack_sent;

	if (news <= 0)
		return;
	if (now || ++s->in_order >= ROMON_RCV_BATCH) {
		romon_snd_ack(s);
	} else if (news >= 2 * (int64_t)s->rcv_mss || s->quick) {
		s->quick -= s->quick ? 1 : 0;
		s->ack_now = true;
		romon_mux_ready(s);
	} else if (s->ack_at == ROMON_NEVER && !s->ack_now) {
		s->ack_at = s->mux->now + ROMON_DELACK_NS;
	}
}

/* The program has read: what was held back may be told. */
void romon_rcv_read(struct romon_stream *s)
{
	int64_t ack = romon_rcv_ack(s), news = ack - s->last_ack_sent;

	/* A delayed one is on its way already; one that is over needs none. */
	if (news <= 0 || s->ack_now || s->ack_at != ROMON_NEVER || s->error)
		return;
	if (news < 2 * (int64_t)s->rcv_mss && ack != romon_rcv_next(s))
		return;
	s->ack_now = true;
	romon_mux_ready(s);
}

static void romon_rcv_take_end(struct romon_stream *s)
{
	if (s->fin_taken || s->fin != s->in.end)
		return;
	s->fin_taken = true;
	if (!s->orphan)
		romon_stream_note(s, ROMON_STREAM_READABLE);
}

static size_t romon_rcv_budget(const struct romon_stream *s, bool in_order)
{
	size_t budget = romon_stream_budget(s, &s->in);
	size_t least = romon_ring_need(ROMON_SEGMENT_MAX);

	/* What the program waits for comes in, whoever holds the memory. */
	if (in_order && budget < least &&
	    s->in.end - s->in.start < ROMON_RESERVE)
		return least;
	return budget;
}

static void romon_rcv_size(struct romon_stream *s, size_t len)
{
	if (len <= s->rcv_mss)
		return;
	s->rcv_mss = len;
	/* If nothing else is known, what they send us passes. */
	romon_snd_size(s);
}

static void romon_rcv_again(struct romon_stream *s)
{
	s->quick = ROMON_RCV_QUICK;
	romon_snd_ack(s);
}

static void romon_rcv_data(struct romon_stream *s, int64_t at,
			   const uint8_t *data, size_t len)
{
	int64_t next = s->in.end, end = at + (int64_t)len;
	int64_t limit = s->last_ack_sent + ROMON_WINDOW;
	bool gaps = s->in.n_islands;

	if (s->fin >= 0 && end > s->fin) {
		romon_rcv_bad(s);
		if (s->fin_taken)
			return;
		/* Whoever invented that end shall not stop what goes on. */
		s->fin = -1;
	}
	if (end <= next) {
		/* An empty one in its place carries an acknowledgment only. */
		if (len || at != next)
			romon_rcv_again(s);
		return;
	}
	romon_rcv_size(s, len);
	if (s->orphan && s->ended && s->snd_una > s->out.end) {
		/* They go on, but nobody reads it. */
		romon_snd_close(s, ROMON_STREAM_ABORTED);
		romon_stream_fail(s, -ECONNABORTED, ROMON_STREAM_END);
		return;
	}
	if (at < next) {
		data += next - at;
		at = next;
	}
	if (end > limit)
		end = limit;
	if (end <= at)
		return;
	if (romon_ring_put(&s->in, at, data, end - at,
			   romon_rcv_budget(s, at == next))) {
		s->mux->stats.no_memory++;
		return;
	}
	if (s->in.end == next) {
		/* Held back, it would look as if what is here were lost. */
		if (!romon_rcv_withheld(s))
			romon_rcv_again(s);
		return;
	}
	if (s->orphan)
		romon_ring_drop(&s->in, s->in.end);
	else
		romon_stream_note(s, ROMON_STREAM_READABLE);
	romon_rcv_take_end(s);
	romon_rcv_due(s, gaps || s->fin_taken);
}

static void romon_rcv_end(struct romon_stream *s, int64_t at)
{
	if (s->fin_taken ? s->fin != at : romon_ring_top(&s->in) > at) {
		romon_rcv_bad(s);
		return;
	}
	/* The true one comes again, and so is the last one. */
	s->fin = at;
	romon_rcv_take_end(s);
	if (s->fin_taken || !romon_rcv_withheld(s))
		romon_snd_ack(s);
}

/*
 * Answers take the way of the newest frame: one that was overtaken may have
 * come by a way that is gone.
 */
static void romon_rcv_route(struct romon_stream *s,
			    const struct romon_datagram *d, int64_t at,
			    int64_t ack)
{
	int64_t now = s->mux->now;

	s->route_lost = false;
	if (!s->accepted)
		return;
	if ((at < s->route_seq || ack < s->route_ack) &&
	    now - s->route_at < ROMON_RCV_ROUTE_NS)
		return;
	s->route_seq = at;
	s->route_ack = ack;
	s->route_at = now;
	romon_snd_route(s, d->route, d->hops);
}

static enum romon_stream_reason
romon_rcv_reason(const struct romon_segment *seg)
{
	if (!seg->len)
		return ROMON_STREAM_END;
	if (!seg->data[0] || seg->data[0] >= __ROMON_STREAM_REASONS)
		return ROMON_STREAM_ABORTED;
	return seg->data[0];
}

/*
 * RFC 5961, 3.2: broken off, by somebody who knows what comes next here. If the
 * other side does, but something before was lost, it has no stream any more, and
 * answers the challenge with that number. Its reason is kept until then.
 */
static void romon_rcv_broken(struct romon_stream *s,
			     const struct romon_segment *seg, int64_t at)
{
	enum romon_stream_reason reason = romon_rcv_reason(seg);
	bool refused;

	if (at != romon_rcv_next(s) && at != s->last_ack_sent) {
		if (at < s->last_ack_sent ||
		    at > s->last_ack_sent + (int64_t)ROMON_WINDOW) {
			s->mux->stats.bad++;
			return;
		}
		s->claimed = reason;
		romon_rcv_bad(s);
		return;
	}
	if (reason == ROMON_STREAM_UNKNOWN && s->fin_taken && s->ended &&
	    s->snd_una == s->out.end && s->snd_max > s->snd_una) {
		/* They have forgotten what they had acknowledged. */
		romon_loss_acked(s, s->snd_max);
		romon_stream_settle(s);
		return;
	}
	if (s->fin_taken && !s->ended && s->snd_una == s->out.end) {
		romon_stream_forsaken(s);
		return;
	}
	if (reason == ROMON_STREAM_UNKNOWN && s->claimed)
		reason = s->claimed;
	/* Who has not shown that it receives is not refused before. */
	refused = !s->accepted && !s->confirmed &&
		  reason <= ROMON_STREAM_FAILED;
	romon_stream_fail(s, refused ? -ECONNREFUSED : -ECONNRESET, reason);
}

/*
 * RFC 5961, 5.2. No window is announced: an acknowledgment may be as old as what
 * has been in flight, and what a program holds back, allow.
 */
static bool romon_rcv_acceptable(const struct romon_stream *s, int64_t at,
				 int64_t ack)
{
	int64_t behind = s->max_flight > ROMON_BACKLOG ? s->max_flight :
							 ROMON_BACKLOG;

	return ack <= s->snd_max && ack >= s->snd_una - behind &&
	       at <= s->last_ack_sent + (int64_t)ROMON_WINDOW &&
	       at >= s->in.end - (int64_t)ROMON_WINDOW - ROMON_SEGMENT_MAX;
}

static int64_t romon_rcv_ack_of(const struct romon_stream *s,
				const struct romon_segment *seg)
{
	return romon_segment_offset(s->snd_una, s->iss, seg->ack);
}

static int64_t romon_rcv_place_of(const struct romon_stream *s,
				  const struct romon_segment *seg)
{
	return romon_segment_offset(s->in.end, s->irs, seg->seq);
}

/* Of a kind that is not known; it may ask whether we are there. */
void romon_rcv_strange(struct romon_stream *s, const struct romon_segment *seg)
{
	if (romon_rcv_acceptable(s, romon_rcv_place_of(s, seg),
				 romon_rcv_ack_of(s, seg)))
		romon_alive_heard(s, ROMON_SEGMENT_DATA);
	romon_rcv_bad(s);
}

static void romon_rcv_open(struct romon_stream *s,
			   const struct romon_datagram *d,
			   const struct romon_segment *seg)
{
	int64_t ack = romon_rcv_ack_of(s, seg);
	int64_t at = romon_rcv_place_of(s, seg);

	if (seg->kind == ROMON_SEGMENT_CLOSE && seg->len) {
		romon_rcv_broken(s, seg, at);
		return;
	}
	if (!romon_rcv_acceptable(s, at, ack)) {
		romon_rcv_bad(s);
		return;
	}
	s->confirmed = true;
	romon_alive_heard(s, seg->kind);
	romon_rcv_route(s, d, at, ack);
	if (ack > s->snd_una)
		romon_loss_acked(s, ack);
	else if (ack == s->snd_una && seg->kind == ROMON_SEGMENT_ACK)
		romon_loss_dupack(s);
	if (seg->kind == ROMON_SEGMENT_DATA)
		romon_rcv_data(s, at, seg->data, seg->len);
	else if (seg->kind == ROMON_SEGMENT_CLOSE)
		romon_rcv_end(s, at);
	romon_stream_settle(s);
}

static void romon_rcv_opening(struct romon_stream *s,
			      const struct romon_datagram *d,
			      const struct romon_segment *seg)
{
	if (seg->kind == ROMON_SEGMENT_CLOSE) {
		/* As TCP would, who gives no reason may count the open. */
		if (seg->ack == s->iss ||
		    (!seg->len && seg->ack == s->iss + 1))
			romon_stream_fail(s, -ECONNREFUSED,
					  romon_rcv_reason(seg));
		else
			s->mux->stats.bad++;
		return;
	}
	if (seg->kind != ROMON_SEGMENT_ANSWER) {
		/*
		 * If it did not overtake the answer it is of a stream that this
		 * side has forgotten, and that is in the way of the new one.
		 */
		if (seg->ack != s->iss)
			romon_snd_reject(s->mux, d, seg, ROMON_STREAM_UNKNOWN);
		return;
	}
	if (seg->ack != s->iss) {
		s->mux->stats.bad++;
		return;
	}
	s->irs = seg->seq;
	romon_stream_opened(s, s->opened_at);
	romon_snd_ack(s);
}

/*
 * All of theirs is here, and acknowledged: they may not have heard so. What they
 * send again lies before their end, and one acknowledgment is for all of it.
 */
static void romon_rcv_over(struct romon_stream *s,
			   const struct romon_segment *seg)
{
	int64_t at = romon_rcv_place_of(s, seg), now = s->mux->now;

	if (seg->kind == ROMON_SEGMENT_ACK ||
	    (seg->kind == ROMON_SEGMENT_CLOSE && seg->len))
		return;
	if (!romon_rcv_acceptable(s, at, romon_rcv_ack_of(s, seg)) ||
	    (seg->kind == ROMON_SEGMENT_CLOSE ?
	     at != s->fin : at + (int64_t)seg->len > s->fin)) {
		romon_rcv_bad(s);
		return;
	}
	if (s->state == ROMON_LINGER)
		romon_stream_remember(s);
	if (now >= s->again_at) {
		s->again_at = now + ROMON_DELACK_NS;
		romon_snd_ack(s);
	} else if (!s->ack_now && s->ack_at == ROMON_NEVER) {
		s->ack_at = s->again_at;
		s->again_at += ROMON_DELACK_NS;
	}
}

void romon_rcv_segment(struct romon_stream *s, const struct romon_datagram *d,
		       const struct romon_segment *seg)
{
	bool over = s->state >= ROMON_OVER;

	if (over && s->error) {
		if (seg->kind != ROMON_SEGMENT_CLOSE)
			romon_snd_reject(s->mux, d, seg, ROMON_STREAM_UNKNOWN);
		return;
	}
	if (seg->kind == ROMON_SEGMENT_OPEN) {
		/* Again: our answer was lost, or this was late. */
		if (!s->accepted || over) {
			s->mux->stats.bad++;
			return;
		}
		if (seg->seq != s->irs) {
			/* Who has really forgotten the stream says so to this. */
			romon_rcv_bad(s);
			return;
		}
		romon_snd_answer(s->mux, d, s->iss, s->irs);
		return;
	}
	if (s->state == ROMON_OPENING) {
		romon_rcv_opening(s, d, seg);
	} else if (seg->kind == ROMON_SEGMENT_ANSWER) {
		if (s->accepted || seg->seq != s->irs || seg->ack != s->iss)
			s->mux->stats.bad++;
		else
			romon_snd_ack(s);
	} else if (over) {
		romon_rcv_over(s, seg);
	} else {
		romon_rcv_open(s, d, seg);
	}
}
