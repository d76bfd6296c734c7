// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was lost, and what only seemed to be.
 *
 * Without selective acknowledgments: RFC 6582 for a few holes in a window, all
 * from the first one on again for many. Three things look like loss and are
 * none: a program at the other side that does not read (see romon_rcv_ack()),
 * a round trip that has become longer (RFC 5682), and segments that overtake
 * each other. Of each the other side's next acknowledgment tells, if one looks
 * at when it comes.
 *
 * The states of a stream, and what is sent in each:
 *
 *	OPEN		new data, as the window allows
 *	RECOVERY	RFC 6582, 3.2: what is at snd_una, for every partial
 *			acknowledgment; new data, as duplicates allow
 *	FRTO_1		RFC 5682, 2.1: what is at snd_una, for a timeout
 *	FRTO_2		... then up to two new segments
 *	RESEND		all from snd_una on, as acknowledgments come in
 *
 * What changes them: "all" is an acknowledgment of all that was sent when the
 * state was entered (recover), "more" one of a part of it, "same" a duplicate.
 *
 *	OPEN		same, as often as DupThresh says;
 *			more, if only the probe brought that about: RECOVERY
 *	RECOVERY	all: OPEN
 *			more, too soon to be an answer: OPEN, undone
 *			more, for too many holes: RESEND
 *	FRTO_1		more, too soon, or they had stalled: OPEN, undone
 *			all: OPEN
 *			more: FRTO_2, or RESEND if there is nothing new
 *	FRTO_2		more, all (step 3b): OPEN, undone
 *			same (step 3a): RESEND
 *	RESEND		all: OPEN
 *			same, after a round trip: again from snd_una on; in
 *			the third such round FRTO_1: they must have stalled
 *	any		timeout: FRTO_1;
 *			refused by this host: RESEND, from there on
 */

#include <errno.h>

#include "stream.h"

/* Holes that are mended one by one, a round trip each. */
#define ROMON_LOSS_HOLES	3
/* Segments that one acknowledgment may be for: see ROMON_RCV_BATCH. */
#define ROMON_LOSS_BATCH	8
/* Of sending all again without anything new acknowledged. */
#define ROMON_LOSS_ROUNDS	2
#define ROMON_LOSS_PROBE_MIN	(10 * ROMON_MS)
/* Retransmissions of the end that are answered, but not acknowledged. */
#define ROMON_LOSS_END_ANSWERS	3

/* RFC 5681, 2 */
uint32_t romon_loss_flight_size(const struct romon_stream *s)
{
	return s->snd_max - s->snd_una;
}

/* RFC 6298, 5. @anew: from now on; otherwise a timer that runs stays. */
void romon_loss_arm(struct romon_stream *s, bool anew)
{
	int64_t now = s->mux->now, rto, probe;

	if (s->snd_una == s->snd_max) {
		s->rto_at = ROMON_NEVER;
		s->probe_at = ROMON_NEVER;
		return;
	}
	rto = romon_rtt_rto(&s->rtt);
	if (anew || s->rto_at == ROMON_NEVER)
		s->rto_at = now + rto;
	if (s->rtt.backoff || s->probed || !s->rtt.srtt) {
		s->probe_at = ROMON_NEVER;
		return;
	}
	probe = 2 * s->rtt.srtt;
	/* A single one may be waiting for a second. */
	if (romon_loss_flight_size(s) <= s->mss)
		probe += ROMON_DELACK_NS + 10 * ROMON_MS;
	if (probe < ROMON_LOSS_PROBE_MIN)
		probe = ROMON_LOSS_PROBE_MIN;
	s->probe_at = probe < rto ? now + probe : ROMON_NEVER;
}

/* Sooner after the only retransmission than that could have been answered. */
static bool romon_loss_too_soon(const struct romon_stream *s)
{
	return s->resent == 1 && s->mux->now - s->resent_at < s->rtt.min / 2;
}

static void romon_loss_undo(struct romon_stream *s)
{
	romon_cong_undo(&s->cong);
	s->loss = ROMON_LOSS_OPEN;
	s->recover = s->snd_una;
	s->resend = false;
	s->snd_nxt = s->snd_max;
}

static void romon_loss_resend(struct romon_stream *s)
{
	s->resend = true;
	romon_mux_ready(s);
}

/*
 * What is sent again may have arrived before, and then acknowledgments jump,
 * which says nothing about how much has left the network: each tells of about
 * as much as one acknowledgment is for.
 */
static void romon_loss_left(struct romon_stream *s, uint32_t acked)
{
	uint32_t most = ROMON_LOSS_BATCH * s->mss;

	acked = acked < most ? acked : most;
	s->resend_flight -= acked < s->resend_flight ? acked : s->resend_flight;
	romon_cong_ack(&s->cong, acked, s->cong.cwnd, 2);
	romon_mux_ready(s);
}

/* All from snd_una on, as acknowledgments come in. */
static void romon_loss_resend_all(struct romon_stream *s)
{
	s->loss = ROMON_LOSS_RESEND;
	s->resend = false;
	s->snd_nxt = s->snd_una;
	romon_cong_resend(&s->cong, s->resend_flight);
	romon_mux_ready(s);
}

/* RFC 6582, 3.2, 2 */
static void romon_loss_recover(struct romon_stream *s, unsigned int dupacks)
{
	s->overshot = !s->recover;
	romon_cong_recover(&s->cong, romon_loss_flight_size(s), dupacks);
	s->loss = ROMON_LOSS_RECOVERY;
	s->recover = s->snd_max;
	s->holes = 1;
	s->probe_at = ROMON_NEVER;
	s->mux->stats.recoveries++;
	romon_loss_resend(s);
}

static void romon_loss_acked_open(struct romon_stream *s, uint32_t acked,
				  uint32_t flight)
{
	bool probed = s->probed, stalled = s->stalled;

	if (probed && !stalled &&
	    s->mux->now - s->probed_at >= s->rtt.min * 3 / 4) {
		/* It took the probe to get on: that was a loss. */
		romon_loss_recover(s, 0);
		if (s->snd_una < s->snd_max)
			return;
		s->resend = false;
		s->loss = ROMON_LOSS_OPEN;
		romon_cong_recovered(&s->cong, s->cong.ssthresh);
		return;
	}
	romon_cong_ack(&s->cong, acked, flight, 8);
}

/* RFC 6582, 3.2, 3 */
static void romon_loss_acked_recovery(struct romon_stream *s, uint32_t acked)
{
	uint32_t most = romon_loss_flight_size(s) / s->mss / 2;

	if (s->holes == 1 && !s->resend && romon_loss_too_soon(s)) {
		/* They were overtaken, by as many as it took to notice. */
		s->holes = 0;
		if (s->dupthresh <= s->dupacks)
			s->dupthresh = s->dupacks + 1;
		if (s->dupthresh > most)
			s->dupthresh = most;
		if (s->dupthresh > ROMON_DUPTHRESH_MAX)
			s->dupthresh = ROMON_DUPTHRESH_MAX;
		if (s->dupthresh < ROMON_DUPTHRESH)
			s->dupthresh = ROMON_DUPTHRESH;
		romon_loss_undo(s);
		return;
	}
	if (s->snd_una >= s->recover) {
		romon_cong_recovered(&s->cong, romon_loss_flight_size(s));
		s->loss = ROMON_LOSS_OPEN;
		s->resend = false;
		return;
	}
	/* A slow start loses every second one of its last round. */
	if (++s->holes > ROMON_LOSS_HOLES || s->overshot) {
		romon_loss_resend_all(s);
		return;
	}
	romon_cong_partial(&s->cong, acked);
	romon_loss_resend(s);
}

/* RFC 5682, 2.1, 2 and 3; RFC 5681, 3.1 */
static void romon_loss_acked_resend(struct romon_stream *s, uint32_t acked,
				    uint32_t flight)
{
	if (s->loss == ROMON_LOSS_FRTO_2 ||
	    (s->loss == ROMON_LOSS_FRTO_1 &&
	     (s->stalled || romon_loss_too_soon(s)))) {
		/* 3b: what was sent once arrives. */
		romon_loss_undo(s);
		return;
	}
	if (s->snd_una >= s->recover) {
		s->loss = ROMON_LOSS_OPEN;
		s->resend = false;
		romon_cong_ack(&s->cong, acked, flight, 2);
		/* This one may have jumped far: no burst. */
		romon_cong_jumped(&s->cong, romon_loss_flight_size(s));
		return;
	}
	if (s->loss == ROMON_LOSS_FRTO_1 && s->out.end > s->snd_max) {
		/* 2b: something new instead, and see what comes. */
		s->loss = ROMON_LOSS_FRTO_2;
		s->frto_left = 2;
		s->snd_nxt = s->snd_max;
		s->resend = false;
		return;
	}
	s->loss = ROMON_LOSS_RESEND;
	romon_loss_left(s, acked);
}

static void romon_loss_sample(struct romon_stream *s, int64_t ack)
{
	struct romon_sent_sample sample;
	int64_t now = s->mux->now;

	romon_sent_acked(&s->sent, ack, &sample);
	if (s->stalled)
		s->rtt_from = s->snd_max;
	if (!sample.valid || ack <= s->rtt_from)
		return;
	romon_rtt_sample(&s->rtt, now - sample.oldest);
	if (now - sample.newest < s->rtt.min)
		s->rtt.min = now - sample.newest > 0 ? now - sample.newest : 1;
	romon_cong_rtt(&s->cong, now - sample.newest, sample.segments, ack,
		       s->snd_max);
	romon_cong_train(&s->cong, now, s->rtt.min);
}

static bool romon_loss_resends(const struct romon_stream *s)
{
	return s->loss == ROMON_LOSS_FRTO_1 || s->loss == ROMON_LOSS_FRTO_2 ||
	       s->loss == ROMON_LOSS_RESEND;
}

/* Of what was sent again, one segment may have been missing. */
static void romon_loss_repeated(struct romon_stream *s, int64_t ack)
{
	int64_t again = (ack < s->snd_nxt ? ack : s->snd_nxt) - s->snd_una;

	if (!romon_loss_resends(s) || again <= s->mss)
		return;
	s->repeats += again / s->mss - 1;
	s->repeats_until = s->mux->now + s->rtt.srtt + s->rtt.srtt / 2;
}

/* @ack is beyond snd_una, and not beyond snd_max. */
void romon_loss_acked(struct romon_stream *s, int64_t ack)
{
	uint32_t acked = ack - s->snd_una, flight = romon_loss_flight_size(s);

	romon_loss_sample(s, ack);
	romon_loss_repeated(s, ack);
	s->snd_una = ack;
	/* Nobody else would end it. */
	if (s->orphan)
		s->over_at = s->mux->now + s->mux->limits.keepalive_ns;
	if (s->snd_nxt < ack)
		s->snd_nxt = ack;
	romon_ring_drop(&s->out, ack < s->out.end ? ack : s->out.end);
	s->rtt.backoff = 0;
	s->full_timeouts = 0;
	switch (s->loss) {
	case ROMON_LOSS_OPEN:
		romon_loss_acked_open(s, acked, flight);
		break;
	case ROMON_LOSS_RECOVERY:
		romon_loss_acked_recovery(s, acked);
		break;
	case ROMON_LOSS_FRTO_1:
	case ROMON_LOSS_FRTO_2:
	case ROMON_LOSS_RESEND:
		romon_loss_acked_resend(s, acked, flight);
		break;
	}
	s->dupacks = 0;
	s->resent = 0;
	s->rounds = 0;
	s->stalled = false;
	s->probed = false;
	romon_loss_arm(s, true);
	romon_stream_writable(s);
	romon_mux_ready(s);
}

/*
 * What was sent again has been answered, but not acknowledged: it had arrived
 * before, and is not acknowledged for another reason.
 */
static void romon_loss_answered(struct romon_stream *s, int64_t since)
{
	int64_t least = s->rtt.min ? s->rtt.min : ROMON_RTT_RTO_MIN;

	if (s->mux->now - since < least * 3 / 4)
		return;
	s->stalled = true;
	s->full_timeouts = 0;
}

/*
 * What was sent after a segment was sent again is answered, but that segment
 * still is not: it was lost once more.
 */
static bool romon_loss_once_more(const struct romon_stream *s)
{
	int64_t slack = 4 * s->rtt.rttvar, wait;

	if (slack < s->rtt.srtt / 4)
		slack = s->rtt.srtt / 4;
	/* Without a sample only a timeout would tell. */
	wait = s->rtt.srtt ? s->rtt.srtt + slack : romon_rtt_rto(&s->rtt);
	return s->mux->now - romon_sent_first(&s->sent) > wait;
}

/* RFC 5682, 2.1, 3a */
static void romon_loss_dupack_resend(struct romon_stream *s)
{
	if (s->loss == ROMON_LOSS_FRTO_2) {
		s->resend_flight = 0;
		romon_loss_resend_all(s);
	} else if (s->loss == ROMON_LOSS_FRTO_1) {
		if (!s->resend)
			romon_loss_answered(s, s->resent_at);
	} else {
		romon_loss_left(s, s->mss);
		if (!romon_loss_once_more(s) || s->snd_una >= s->snd_nxt)
			return;
		if (++s->rounds > ROMON_LOSS_ROUNDS) {
			/* Answered so often, it has arrived. */
			s->stalled = true;
			s->loss = ROMON_LOSS_FRTO_1;
			s->snd_nxt = s->snd_max;
			return;
		}
		/* ... and so may be many more. */
		romon_cong_again(&s->cong);
		s->recover = s->snd_max;
		s->resend_flight = 0;
		romon_loss_resend_all(s);
	}
}

void romon_loss_dupack(struct romon_stream *s)
{
	if (s->snd_una == s->snd_max)
		return;
	/* With nothing else in flight, it is to the end. */
	if (s->ended && s->snd_una == s->out.end && s->rtt.backoff)
		s->end_heard = true;
	if (s->loss == ROMON_LOSS_OPEN && s->repeats &&
	    s->mux->now < s->repeats_until) {
		s->repeats--;
		return;
	}
	s->dupacks++;
	switch (s->loss) {
	case ROMON_LOSS_OPEN:
		if (s->probed)
			romon_loss_answered(s, s->probed_at);
		/* RFC 6582: ours were received twice. */
		if (s->dupacks >= s->dupthresh && s->snd_una >= s->recover &&
		    !s->stalled)
			romon_loss_recover(s, s->dupacks);
		break;
	case ROMON_LOSS_RECOVERY:
		romon_cong_dupack(&s->cong);
		if (romon_loss_once_more(s))
			romon_loss_resend(s);
		break;
	case ROMON_LOSS_FRTO_1:
	case ROMON_LOSS_FRTO_2:
	case ROMON_LOSS_RESEND:
		if (s->repeats)
			s->repeats--;
		romon_loss_dupack_resend(s);
		break;
	}
	romon_stream_writable(s);
	romon_mux_ready(s);
}

/* Long segments do not pass, or nothing does; try with shorter ones. */
static void romon_loss_hole(struct romon_stream *s)
{
	uint32_t safe = romon_snd_safe(s), half = s->mss / 2;

	if (s->out.end - s->snd_una < s->mss ||
	    romon_loss_flight_size(s) < s->mss || s->mss <= safe)
		return;
	if (++s->full_timeouts >= 2)
		romon_snd_cap(s, half > safe ? half : safe);
}

/* RFC 6298, 5.4 to 5.6 */
void romon_loss_timeout(struct romon_stream *s)
{
	bool heard = s->heard_stream > s->resent_at && s->rtt.backoff;

	s->mux->stats.timeouts++;
	if (s->end_heard && ++s->end_answers >= ROMON_LOSS_END_ANSWERS) {
		/* They are there, have all, and do not know of ends. */
		romon_loss_acked(s, s->snd_max);
		return;
	}
	s->end_heard = false;
	if (s->rtt.backoff && s->accepted && !heard)
		s->route_lost = true;
	/* The way may have become another one. */
	romon_snd_size(s);
	romon_loss_hole(s);
	romon_cong_timeout(&s->cong, romon_loss_flight_size(s),
			   s->rtt.backoff || s->loss != ROMON_LOSS_OPEN);
	/* RFC 5682, 2.1, 1; in recovery too, because of programs that stall. */
	s->loss = ROMON_LOSS_FRTO_1;
	s->rtt.backoff++;
	s->recover = s->snd_max;
	s->snd_nxt = s->snd_una;
	s->resend_flight = 0;
	s->repeats = 0;
	s->dupacks = 0;
	s->dupthresh = ROMON_DUPTHRESH;
	s->probed = false;
	s->resent_at = s->mux->now;
	romon_loss_arm(s, true);
	romon_loss_resend(s);
}

/*
 * Two round trips of silence: send the first one again, without believing yet
 * that all is lost. (RFC 8985 sends the last one, and learns from the selective
 * acknowledgment of it what is missing. Here only the first one tells.)
 */
void romon_loss_probe(struct romon_stream *s)
{
	s->probe_at = ROMON_NEVER;
	s->probed = true;
	s->probed_at = s->mux->now;
	/* Nothing is in flight any more, or it would have been heard of. */
	s->resend_flight = 0;
	romon_loss_arm(s, true);
	romon_loss_resend(s);
}

/* All from @at on, of what has been sent, without waiting for what it may bring. */
static void romon_loss_resend_from(struct romon_stream *s, int64_t at)
{
	if (at < s->snd_una)
		at = s->snd_una;
	/* That is to be sent again as it is. */
	if (at >= s->snd_max || at >= s->snd_nxt)
		return;
	s->loss = ROMON_LOSS_RESEND;
	s->resend = false;
	s->snd_nxt = at;
	s->recover = s->snd_max;
	s->resend_flight = at - s->snd_una;
	s->refused_until = s->snd_max;
	romon_mux_ready(s);
}

/* Too long. True: what was as long may be sent again, in shorter segments. */
static bool romon_loss_too_long(struct romon_stream *s, size_t len)
{
	romon_snd_size(s);
	if (len > s->mss || len <= ROMON_SEGMENT_MIN)
		return false;
	romon_snd_cap(s, len / 4 * 3);
	return true;
}

/*
 * This host has refused a segment at once. Of those that were sent together all
 * are, one after the other; they are sent again once, and what is refused then
 * has to wait for the timeout, unless it has become shorter.
 */
void romon_loss_refused(struct romon_stream *s, const struct romon_segment *seg,
			bool routed, int err)
{
	int64_t at = romon_segment_offset(s->snd_una, s->iss, seg->seq);
	bool anew = at >= s->refused_until;

	switch (err) {
	case -EMSGSIZE:
		anew |= romon_loss_too_long(s, seg->len);
		break;
	case -ENOBUFS:
	case -ENOMEM:
		if (anew && s->loss == ROMON_LOSS_OPEN)
			romon_cong_recover(&s->cong, romon_loss_flight_size(s),
					   0);
		break;
	case -ENETDOWN:
		if (routed && !s->route_lost) {
			s->route_lost = true;
			romon_snd_size(s);
			if (seg->kind == ROMON_SEGMENT_ACK)
				s->ack_now = true;
			romon_mux_ready(s);
		}
		if (routed)
			break;
		/* fall through */
	default:
		romon_stream_fail(s, err, ROMON_STREAM_END);
		return;
	}
	/* Neither a question, nor what breaks off. */
	if (anew && (seg->kind == ROMON_SEGMENT_DATA ? seg->len > 0 :
		     seg->kind == ROMON_SEGMENT_CLOSE && !seg->len))
		romon_loss_resend_from(s, at);
}

/* The way that was found takes no segment as long as those that wait for it. */
void romon_loss_small(struct romon_stream *s)
{
	if (s->snd_una >= s->refused_until &&
	    romon_loss_too_long(s, s->mss))
		romon_loss_resend_from(s, s->snd_una);
}
