// SPDX-License-Identifier: GPL-2.0-only
/* What goes out: everything that calls ops->xmit(). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

/* An Ethernet frame of this is taken by all that RouterOS runs over. */
#define ROMON_SND_SAFE_FRAME	1280
/* Ethernet, the headers of RoMON, an entry of a route, the ports. */
#define ROMON_SND_OVERHEAD	(14 + 46 + 4)
/* Assumed, if the way is not known. */
#define ROMON_SND_HOPS		8

#define ROMON_SND_OPEN_MAX_NS	(1000 * ROMON_MS)
#define ROMON_SND_CAP_NS	(300 * ROMON_SECOND)

#define ROMON_SND_ECHO_LEN	32

static void romon_snd_address(const struct romon_stream *s,
			      struct romon_datagram *d)
{
	memset(d, 0, sizeof(*d));
	memcpy(d->id, s->id, sizeof(d->id));
	d->local_port = s->local_port;
	d->remote_port = s->remote_port;
	if (s->hops && !s->route_lost) {
		d->route = s->route;
		d->hops = s->hops;
	}
}

/* The payload is in the mux's buffer already. */
static int romon_snd_xmit(struct romon_stream *s, enum romon_segment_kind kind,
			  uint32_t seq, uint32_t ack, size_t len)
{
	struct romon_mux *mux = s->mux;
	struct romon_datagram d;

	romon_snd_address(s, &d);
	romon_segment_build(mux->buf, kind, seq, ack);
	d.payload = mux->buf;
	d.len = ROMON_SEGMENT_HLEN + len;
	mux->stats.segments_out++;
	return mux->ops.xmit(mux->arg, &d);
}

/* A payload that passes wherever 1280 bytes do. */
uint32_t romon_snd_safe(const struct romon_stream *s)
{
	size_t hops = s->hops ? s->hops : ROMON_SND_HOPS;
	size_t over = ROMON_SND_OVERHEAD + hops * ROMON_STREAM_ENTRY_LEN +
		      ROMON_SEGMENT_HLEN;

	if (over + ROMON_SEGMENT_MIN > ROMON_SND_SAFE_FRAME)
		return ROMON_SEGMENT_MIN;
	return ROMON_SND_SAFE_FRAME - over;
}

static void romon_snd_set_size(struct romon_stream *s, uint32_t mss)
{
	if (mss == s->mss)
		return;
	s->mss = mss;
	if (s->cong.mss)
		romon_cong_set_mss(&s->cong, mss);
}

/* How long segments may be, asked anew. */
void romon_snd_size(struct romon_stream *s)
{
	struct romon_mux *mux = s->mux;
	bool known = s->hops && !s->route_lost;
	size_t room;
	uint32_t mss;

	room = mux->ops.room(mux->arg, s->id, known ? s->route : NULL,
			     known ? s->hops : 0);
	s->room_unknown = !room;
	if (!room) {
		mss = romon_snd_safe(s);
		mss = mss > s->rcv_mss ? mss : s->rcv_mss;
		mss = mss < ROMON_SEGMENT_MAX ? mss : ROMON_SEGMENT_MAX;
	} else if (room < ROMON_SEGMENT_HLEN + ROMON_SEGMENT_MIN) {
		mss = ROMON_SEGMENT_MIN;
	} else {
		mss = room - ROMON_SEGMENT_HLEN < ROMON_SEGMENT_MAX ?
		      room - ROMON_SEGMENT_HLEN : ROMON_SEGMENT_MAX;
	}
	if (s->mss_cap && mux->now >= s->mss_cap_until)
		s->mss_cap = 0;
	if (s->mss_cap && mss > s->mss_cap)
		mss = s->mss_cap;
	romon_snd_set_size(s, mss);
}

/* Longer ones do not arrive, whatever room() says. */
void romon_snd_cap(struct romon_stream *s, uint32_t mss)
{
	if (mss < ROMON_SEGMENT_MIN)
		mss = ROMON_SEGMENT_MIN;
	s->mss_cap = mss;
	s->mss_cap_until = s->mux->now + ROMON_SND_CAP_NS;
	romon_snd_size(s);
}

/* The way to take from now on. Without memory the old one stays. */
void romon_snd_route(struct romon_stream *s, const uint8_t *route, size_t hops)
{
	size_t size = hops * ROMON_STREAM_ENTRY_LEN;
	bool other = hops != s->hops;
	uint8_t *copy;

	if (!route || !hops)
		return;
	if (!other && !memcmp(s->route, route, size))
		return;
	copy = realloc(s->route, size);
	if (!copy)
		return;
	memcpy(copy, route, size);
	s->route = copy;
	s->hops = hops;
	s->rtt.min = 0;
	if (s->mss)
		romon_snd_size(s);
}

/* Where there is no stream: back to where a datagram came from. */
static void romon_snd_reply(struct romon_mux *mux,
			    const struct romon_datagram *d,
			    enum romon_segment_kind kind, uint32_t seq,
			    uint32_t ack, const void *data, size_t len)
{
	struct romon_datagram reply = *d;

	romon_segment_build(mux->buf, kind, seq, ack);
	if (len)
		memcpy(mux->buf + ROMON_SEGMENT_HLEN, data, len);
	reply.payload = mux->buf;
	reply.len = ROMON_SEGMENT_HLEN + len;
	mux->stats.segments_out++;
	mux->ops.xmit(mux->arg, &reply);
}

/* To an open. */
void romon_snd_answer(struct romon_mux *mux, const struct romon_datagram *d,
		      uint32_t iss, uint32_t irs)
{
	romon_snd_reply(mux, d, ROMON_SEGMENT_ANSWER, iss, irs, NULL, 0);
}

/* The open, and when it is due again. */
void romon_snd_open(struct romon_stream *s)
{
	/* The first one tells of the round trip, if it is the only one. */
	s->opened_at = s->opened_at ? -1 : s->mux->now;
	s->open_at = s->mux->now + s->open_wait;
	s->open_wait *= 2;
	if (s->open_wait > ROMON_SND_OPEN_MAX_NS)
		s->open_wait = ROMON_SND_OPEN_MAX_NS;
	romon_snd_xmit(s, ROMON_SEGMENT_OPEN, s->iss, 0, 0);
}

void romon_snd_ack(struct romon_stream *s)
{
	int64_t ack = romon_rcv_ack(s);

	romon_snd_xmit(s, ROMON_SEGMENT_ACK, s->iss + (uint32_t)s->snd_max,
		       s->irs + (uint32_t)ack, 0);
	romon_rcv_acked(s, ack);
}

/* With a reason it is broken off, and this says so, once. */
void romon_snd_close(struct romon_stream *s, enum romon_stream_reason reason)
{
	uint32_t ack = s->irs + (uint32_t)romon_rcv_ack(s);

	s->mux->buf[ROMON_SEGMENT_HLEN] = reason;
	romon_snd_xmit(s, ROMON_SEGMENT_CLOSE, s->iss + (uint32_t)s->snd_max,
		       s->state == ROMON_OPENING ? 0 : ack, 1);
}

/* To what is for no stream: with numbers that show what it answers. */
void romon_snd_reject(struct romon_mux *mux, const struct romon_datagram *d,
		      const struct romon_segment *seg,
		      enum romon_stream_reason reason)
{
	uint8_t why = reason;
	uint32_t ack = seg->seq;

	if (seg->kind != ROMON_SEGMENT_OPEN)
		ack += (uint32_t)seg->len;
	romon_snd_reply(mux, d, ROMON_SEGMENT_CLOSE, seg->ack, ack, &why, 1);
}

/* Are they there? A byte that they have had: that takes an acknowledgment. */
void romon_snd_ask(struct romon_stream *s)
{
	romon_snd_xmit(s, ROMON_SEGMENT_DATA, s->iss + (uint32_t)s->snd_max - 1,
		       s->irs + (uint32_t)romon_rcv_ack(s), 0);
}

/* The same of their router, as RouterOS's ping has it. */
void romon_snd_echo(struct romon_stream *s)
{
	uint8_t echo[ROMON_SND_ECHO_LEN] = {
		s->echo >> 24, s->echo >> 16, s->echo >> 8, s->echo,
	};
	struct romon_datagram d;

	romon_snd_address(s, &d);
	d.remote_port = ROMON_STREAM_PORT_ECHO;
	d.payload = echo;
	d.len = sizeof(echo);
	s->mux->ops.xmit(s->mux->arg, &d);
}

static int romon_snd_try(struct romon_stream *s, int64_t at, size_t len)
{
	enum romon_segment_kind kind;

	kind = len ? ROMON_SEGMENT_DATA : ROMON_SEGMENT_CLOSE;
	romon_ring_get(&s->out, at, s->mux->buf + ROMON_SEGMENT_HLEN, len);
	return romon_snd_xmit(s, kind, s->iss + (uint32_t)at,
			      s->irs + (uint32_t)romon_rcv_ack(s), len);
}

/*
 * A segment, or the end, at @at, of @len bytes at most. Returns how many places
 * it took.
 */
static int64_t romon_snd_segment(struct romon_stream *s, int64_t at,
				 int64_t len, int *err)
{
	bool end = at == s->out.end;
	int64_t now = s->mux->now, n;

	for (;;) {
		len = len < s->mss ? len : s->mss;
		*err = romon_snd_try(s, at, end ? 0 : len);
		if (*err != -EMSGSIZE || s->mss <= ROMON_SEGMENT_MIN)
			break;
		romon_snd_size(s);
		if (len <= s->mss)
			romon_snd_cap(s, len / 4 * 3);
		if (end)
			break;
	}
	romon_rcv_acked(s, romon_rcv_ack(s));
	n = end ? 1 : len;
	s->sent_at = now;
	s->resend_flight += n;
	if (s->snd_una == s->snd_max)
		s->flight_at = now;
	if (at < s->snd_max) {
		romon_sent_again(&s->sent, at, at + n, now);
		s->retransmitted++;
		s->mux->stats.retransmitted++;
	} else {
		romon_sent_add(&s->sent, at + n, now);
		s->snd_max = at + n;
		if (romon_loss_flight_size(s) > s->max_flight)
			s->max_flight = romon_loss_flight_size(s);
		if (end)
			s->end_alone = !s->fin_taken ||
				       s->last_ack_sent < romon_rcv_next(s);
	}
	romon_loss_arm(s, false);
	return n;
}

/* How much at @at is sent again in one segment: not what was never sent. */
static int64_t romon_snd_old(const struct romon_stream *s, int64_t at)
{
	int64_t end = s->snd_max < s->out.end ? s->snd_max : s->out.end;

	return at < end ? end - at : 1;
}

static void romon_snd_resend(struct romon_stream *s)
{
	int64_t n;
	int err;

	s->resend = false;
	if (s->snd_una >= s->snd_max)
		return;
	/* One of many that are sent again, or what those since are added to. */
	if (s->loss == ROMON_LOSS_RECOVERY)
		s->resend_flight = 0;
	n = romon_snd_old(s, s->snd_una);
	n = romon_snd_segment(s, s->snd_una, n, &err);
	s->resent_at = s->mux->now;
	s->resent++;
	if (s->snd_nxt < s->snd_una + n)
		s->snd_nxt = s->snd_una + n;
}

static int64_t romon_snd_window(const struct romon_stream *s)
{
	uint64_t window = s->cong.cwnd;

	/* RFC 3042, and RFC 4653 if reordering is known. */
	if (s->loss == ROMON_LOSS_OPEN)
		window += (uint64_t)s->dupacks * s->mss;
	return s->snd_una + (window < ROMON_WINDOW ? window : ROMON_WINDOW);
}

/* What is new and may be sent now at snd_nxt, or 0. */
static int64_t romon_snd_new(struct romon_stream *s, int64_t limit)
{
	int64_t left = s->out.end - s->snd_nxt, room = limit - s->snd_nxt;

	if (left < 0 || (!left && !s->ended))
		return 0;
	if (s->loss == ROMON_LOSS_FRTO_2) {
		if (!s->frto_left)
			return 0;
		s->frto_left--;
		room = s->snd_una + ROMON_WINDOW - s->snd_nxt;
	}
	if (room <= 0)
		return 0;
	if (!left)
		return 1;
	left = left < s->mss ? left : s->mss;
	if (room >= left)
		return left;
	/*
	 * RFC 9293, 3.8.6.2.1: better a whole one later, unless nothing would
	 * bring that about.
	 */
	return s->snd_max > s->snd_una ? 0 : room;
}

/* How much to send now at snd_nxt, old or new; 0 for nothing. */
static int64_t romon_snd_next(struct romon_stream *s)
{
	int64_t limit = romon_snd_window(s);

	if (s->loss == ROMON_LOSS_RESEND) {
		if (s->resend_flight >= s->cong.cwnd)
			return 0;
		limit = s->snd_una + ROMON_WINDOW;
	}
	if (s->snd_nxt >= s->snd_max)
		return romon_snd_new(s, limit);
	return s->snd_nxt < limit ? romon_snd_old(s, s->snd_nxt) : 0;
}

static void romon_snd_data(struct romon_stream *s)
{
	int64_t now = s->mux->now, n;
	int err = 0;

	if (s->snd_una == s->snd_max &&
	    now - s->sent_at > romon_rtt_rto(&s->rtt))
		romon_cong_idle(&s->cong);
	/* After an error the next acknowledgment tries again. */
	while (!err) {
		n = romon_snd_next(s);
		if (!n)
			break;
		n = romon_snd_segment(s, s->snd_nxt, n, &err);
		s->snd_nxt += n;
	}
}

/* All that is due, at the end of a batch. */
void romon_snd_run(struct romon_stream *s)
{
	switch (s->state) {
	case ROMON_OPENING:
		if (s->open_wait)
			return;
		s->over_at = s->mux->now + s->mux->limits.open_ns;
		s->open_wait = ROMON_OPEN_NS;
		romon_snd_open(s);
		return;
	case ROMON_OPEN:
		if (s->resend)
			romon_snd_resend(s);
		romon_snd_data(s);
		break;
	default:
		break;
	}
	if (s->ack_now)
		romon_snd_ack(s);
}
