// SPDX-License-Identifier: GPL-2.0-only
/* A stream: how it begins and ends, and what the program does with it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

static struct romon_stream *romon_stream_alloc(struct romon_mux *mux,
					       const uint8_t *id,
					       uint16_t local, uint16_t remote)
{
	struct romon_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->mux = mux;
	memcpy(s->id, id, sizeof(s->id));
	s->local_port = local;
	s->remote_port = remote;
	if (romon_mux_add(mux, s)) {
		free(s);
		return NULL;
	}
	romon_list_init(&s->node);
	romon_list_init(&s->ready);
	romon_list_move(&s->node, &mux->live);
	mux->stats.streams++;
	s->iss = romon_mux_random(mux);
	s->echo = romon_mux_random(mux);
	romon_ring_init(&s->out, &mux->pool);
	romon_ring_init(&s->in, &mux->pool);
	romon_sent_init(&s->sent, &mux->pool);
	s->fin = -1;
	s->dupthresh = ROMON_DUPTHRESH;
	s->over_at = ROMON_NEVER;
	s->open_at = ROMON_NEVER;
	s->rto_at = ROMON_NEVER;
	s->probe_at = ROMON_NEVER;
	s->ack_at = ROMON_NEVER;
	s->ask_at = ROMON_NEVER;
	s->heard = mux->now;
	s->heard_stream = mux->now;
	s->bad_at = mux->now;
	return s;
}

void romon_stream_destroy(struct romon_stream *s)
{
	struct romon_mux *mux = s->mux;

	romon_mux_del(mux, s);
	romon_list_del(&s->node);
	romon_list_del(&s->ready);
	if (s->state == ROMON_LINGER)
		mux->n_lingering--;
	else
		mux->stats.streams--;
	if (s->bound)
		mux->ops.unbind(mux->arg, s->local_port);
	if (s->accepted)
		romon_listen_leave(mux, s->local_port);
	romon_ring_free(&s->out);
	romon_ring_free(&s->in);
	romon_sent_free(&s->sent);
	free(s->route);
	free(s);
}

/* Who would wait for one that is not over hears that it need not. */
void romon_stream_break_off(struct romon_stream *s)
{
	if (s->state < ROMON_OVER)
		romon_snd_close(s, ROMON_STREAM_ABORTED);
	romon_stream_destroy(s);
}

void romon_stream_note(struct romon_stream *s, unsigned int events)
{
	s->pending |= events;
	romon_mux_ready(s);
}

static size_t romon_stream_held(const struct romon_stream *s)
{
	return s->out.end - s->out.start;
}

/* How much it holds to be sent, what is in flight included. */
static size_t romon_stream_room(const struct romon_stream *s)
{
	uint64_t room = 2ULL * s->cong.cwnd;

	if (room < ROMON_SEND_MIN)
		room = ROMON_SEND_MIN;
	return room < ROMON_WINDOW ? room : ROMON_WINDOW;
}

static bool romon_stream_is_writable(const struct romon_stream *s)
{
	return !s->ended && s->state < ROMON_OVER &&
	       romon_stream_held(s) <= romon_stream_room(s) / 4 * 3;
}

void romon_stream_writable(struct romon_stream *s)
{
	if (!s->starved || !romon_stream_is_writable(s))
		return;
	s->starved = false;
	romon_stream_note(s, ROMON_STREAM_WRITABLE);
}

struct romon_stream *romon_stream_open(struct romon_mux *mux, const uint8_t *id,
				       uint16_t port, void *arg, int *err)
{
	struct romon_stream *s;
	uint16_t local = 0;

	*err = -EINVAL;
	if (!port || port == ROMON_STREAM_PORT_ECHO)
		return NULL;
	*err = -ENFILE;
	if (mux->stats.streams >= mux->limits.streams)
		return NULL;
	*err = mux->ops.bind(mux->arg, &local);
	if (*err)
		return NULL;
	*err = -EADDRINUSE;
	if (romon_mux_find(mux, id, local, port))
		goto err_unbind;
	*err = -ENOMEM;
	s = romon_stream_alloc(mux, id, local, port);
	if (!s)
		goto err_unbind;
	s->arg = arg;
	s->bound = true;
	s->state = ROMON_OPENING;
	romon_snd_size(s);
	romon_cong_init(&s->cong, s->mss, ROMON_WINDOW);
	romon_mux_ready(s);
	*err = 0;
	return s;

err_unbind:
	mux->ops.unbind(mux->arg, local);
	return NULL;
}

/* Our answer to an open was acknowledged. NULL, and why not. */
struct romon_stream *romon_stream_accept(struct romon_mux *mux,
					 const struct romon_datagram *d,
					 uint32_t iss, uint32_t irs,
					 enum romon_stream_reason *why)
{
	struct romon_stream *s;

	*why = ROMON_STREAM_BUSY;
	if (mux->stats.streams >= mux->limits.streams)
		return NULL;
	s = romon_stream_alloc(mux, d->id, d->local_port, d->remote_port);
	if (!s)
		return NULL;
	s->accepted = true;
	romon_listen_use(mux, s->local_port);
	s->state = ROMON_OPEN;
	s->iss = iss;
	s->irs = irs;
	if (d->route && d->hops)
		memcpy(s->neighbor, d->route, sizeof(s->neighbor));
	romon_snd_route(s, d->route, d->hops);
	romon_snd_size(s);
	romon_cong_init(&s->cong, s->mss, ROMON_WINDOW);
	*why = mux->ops.accept(mux->arg, s);
	if (*why != ROMON_STREAM_END) {
		romon_stream_destroy(s);
		return NULL;
	}
	return s;
}

/* Both sides know of it. @since: when ours was sent, if it was sent once. */
void romon_stream_opened(struct romon_stream *s, int64_t since)
{
	s->state = ROMON_OPEN;
	s->over_at = ROMON_NEVER;
	s->open_at = ROMON_NEVER;
	if (since > 0)
		romon_rtt_sample(&s->rtt, s->mux->now - since);
	romon_alive_start(s);
	romon_stream_note(s, ROMON_STREAM_OPENED);
}

static void romon_stream_over(struct romon_stream *s)
{
	s->state = ROMON_OVER;
	s->over_at = ROMON_NEVER;
	s->open_at = ROMON_NEVER;
	s->rto_at = ROMON_NEVER;
	s->probe_at = ROMON_NEVER;
	s->ask_at = ROMON_NEVER;
	romon_ring_free(&s->out);
	romon_sent_free(&s->sent);
}

/* ... and its program is told. An orphan is freed as soon as it is due. */
static void romon_stream_finish(struct romon_stream *s, unsigned int events)
{
	romon_stream_over(s);
	if (s->orphan)
		s->over_at = s->mux->now;
	else
		romon_stream_note(s, events);
}

/* It is over before its end. */
void romon_stream_fail(struct romon_stream *s, int error,
		       enum romon_stream_reason reason)
{
	if (s->state >= ROMON_OVER)
		return;
	romon_stream_finish(s, ROMON_STREAM_CLOSED | ROMON_STREAM_READABLE);
	s->ack_at = ROMON_NEVER;
	s->ack_now = false;
	s->error = error;
	s->reason = reason;
}

/*
 * Their program is gone, and here nothing is lost by that: they have sent their
 * end, and have all that was written so far.
 */
void romon_stream_forsaken(struct romon_stream *s)
{
	romon_stream_finish(s, ROMON_STREAM_CLOSED);
	s->ack_at = ROMON_NEVER;
	s->ack_now = false;
	s->end_alone = false;
}

/* The other side has a new stream in the place of this one. */
void romon_stream_replaced(struct romon_stream *s)
{
	if (s->orphan) {
		romon_stream_destroy(s);
		return;
	}
	romon_stream_fail(s, -ECONNRESET, ROMON_STREAM_END);
	romon_mux_hide(s->mux, s);
	romon_mux_rearm(s);
}

/* Something has come that may come again. */
void romon_stream_remember(struct romon_stream *s)
{
	int64_t ns = s->mux->limits.keepalive_ns;

	if (ns < ROMON_LINGER_MIN_NS)
		ns = ROMON_LINGER_MIN_NS;
	else if (ns > ROMON_LINGER_MAX_NS)
		ns = ROMON_LINGER_MAX_NS;
	s->over_at = s->mux->now + ns;
}

/*
 * An end that the other side has acknowledged together with its own end needs
 * nobody who remembers: only one of two that have crossed does, and one that
 * came first.
 */
static void romon_stream_linger(struct romon_stream *s)
{
	struct romon_mux *mux = s->mux;

	s->orphan = true;
	s->pending = 0;
	romon_ring_drop(&s->in, s->in.end);
	if (!s->end_alone && romon_rcv_ack(s) <= s->last_ack_sent) {
		romon_stream_destroy(s);
		return;
	}
	romon_ring_free(&s->in);
	if (romon_rcv_ack(s) > s->last_ack_sent)
		romon_snd_ack(s);
	s->ack_at = ROMON_NEVER;
	s->state = ROMON_LINGER;
	romon_stream_remember(s);
	romon_list_move(&s->node, &mux->lingering);
	mux->stats.streams--;
	mux->n_lingering++;
	romon_mux_rearm(s);
	if (mux->n_lingering > ROMON_LINGER_MAX)
		romon_stream_destroy(romon_list_entry(mux->lingering.next,
						      struct romon_stream,
						      node));
}

/* After anything that may have been the last that was missing. */
void romon_stream_settle(struct romon_stream *s)
{
	bool told = s->ended && s->snd_una > s->out.end;

	if (s->state != ROMON_OPEN || !told)
		return;
	if (!s->fin_taken) {
		/* Nobody reads; their end is waited for, but not for ever. */
		if (s->orphan && s->over_at > s->mux->now + ROMON_ORPHAN_NS)
			s->over_at = s->mux->now + ROMON_ORPHAN_NS;
		return;
	}
	romon_stream_finish(s, ROMON_STREAM_CLOSED);
}

/* What over_at stands for. True: the stream is gone. */
static bool romon_stream_expire(struct romon_stream *s)
{
	switch (s->state) {
	case ROMON_OPENING:
		romon_stream_fail(s, -ETIMEDOUT, ROMON_STREAM_END);
		return false;
	case ROMON_OPEN:
		romon_snd_close(s, ROMON_STREAM_ABORTED);
		break;
	case ROMON_OVER:
		if (s->error)
			break;
		romon_stream_linger(s);
		return true;
	case ROMON_LINGER:
		break;
	}
	romon_stream_destroy(s);
	return true;
}

void romon_stream_timer(struct romon_stream *s)
{
	int64_t now = s->mux->now;

	if (s->over_at <= now && romon_stream_expire(s))
		return;
	if (s->open_at <= now)
		romon_snd_open(s);
	if (s->ack_at <= now) {
		s->ack_at = ROMON_NEVER;
		s->ack_now = true;
		romon_mux_ready(s);
	}
	if (s->rto_at <= now)
		romon_loss_timeout(s);
	else if (s->probe_at <= now)
		romon_loss_probe(s);
	if (s->ask_at <= now)
		romon_alive_timer(s);
	romon_stream_settle(s);
	romon_mux_rearm(s);
}

void romon_stream_set_arg(struct romon_stream *s, void *arg)
{
	s->arg = arg;
}

void *romon_stream_arg(const struct romon_stream *s)
{
	return s->arg;
}

ssize_t romon_stream_read(struct romon_stream *s, void *buf, size_t len)
{
	size_t n = s->in.end - s->in.start;

	if (n) {
		n = n < len ? n : len;
		romon_ring_get(&s->in, s->in.start, buf, n);
		romon_ring_drop(&s->in, s->in.start + n);
		s->bytes_in += n;
		romon_rcv_read(s);
		return n;
	}
	if (s->fin_taken)
		return 0;
	return s->error ? s->error : -EAGAIN;
}

/*
 * How much more a ring may be given for the sake of all others: as much as
 * would leave them as much as it has itself. So no number of greedy streams
 * takes it all.
 */
size_t romon_stream_budget(const struct romon_stream *s,
			   const struct romon_ring *ring)
{
	size_t left = romon_mux_free_memory(s->mux);

	return left > ring->memory ? left - ring->memory : 0;
}

ssize_t romon_stream_write(struct romon_stream *s, const void *buf, size_t len)
{
	size_t room = romon_stream_room(s), held = romon_stream_held(s);
	size_t budget, fits, n;

	if (s->state >= ROMON_OVER)
		return s->error ? s->error : -EPIPE;
	if (s->ended)
		return -EPIPE;
	if (!len)
		return 0;
	/* A little may be sent, whoever has all the memory. */
	budget = romon_stream_budget(s, &s->out);
	if (held < ROMON_SEND_LEAST &&
	    budget < romon_ring_need(ROMON_SEND_LEAST - held))
		budget = romon_ring_need(ROMON_SEND_LEAST - held);
	fits = romon_ring_fits(budget);
	n = room > held ? room - held : 0;
	if (n > fits) {
		n = fits;
		s->mux->starved = true;
	}
	if (n < len)
		s->starved = true;
	else
		n = len;
	if (!n)
		return -EAGAIN;
	if (romon_ring_put(&s->out, s->out.end, buf, n, budget)) {
		s->mux->starved = true;
		s->starved = true;
		return -EAGAIN;
	}
	s->bytes_out += n;
	romon_mux_ready(s);
	return n;
}

void romon_stream_end(struct romon_stream *s)
{
	if (s->state >= ROMON_OVER || s->ended)
		return;
	s->ended = true;
	romon_mux_ready(s);
}

void romon_stream_abort(struct romon_stream *s, enum romon_stream_reason reason)
{
	if (s->state >= ROMON_OVER)
		return;
	romon_snd_close(s, reason ? reason : ROMON_STREAM_ABORTED);
	romon_stream_fail(s, -ECONNABORTED, ROMON_STREAM_END);
	romon_mux_rearm(s);
}

/* Of what we opened the ID is theirs; of what they did, it may be anybody's. */
static bool romon_stream_same_peer(const struct romon_stream *a,
				   const struct romon_stream *b)
{
	if (a->accepted != b->accepted)
		return false;
	return a->accepted ?
	       !memcmp(a->neighbor, b->neighbor, sizeof(a->neighbor)) :
	       !memcmp(a->id, b->id, sizeof(a->id));
}

/*
 * What freed streams have to deliver keeps their places from others, for as long
 * as the other side is there and does not read. One router that we opened them
 * to, or one neighbour by whom they came, may have half of all places so; beyond
 * that its oldest one goes.
 */
static void romon_stream_crowd(const struct romon_stream *newest)
{
	struct romon_mux *mux = newest->mux;
	struct romon_stream *oldest = NULL;
	unsigned int same = 0;
	struct romon_list *p;

	for (p = mux->orphans.next; p != &mux->orphans; p = p->next) {
		struct romon_stream *s;

		s = romon_list_entry(p, struct romon_stream, node);
		if (!romon_stream_same_peer(s, newest))
			continue;
		if (!same++)
			oldest = s;
	}
	if (same <= (mux->limits.streams + 1) / 2)
		return;
	romon_stream_break_off(oldest);
}

void romon_stream_free(struct romon_stream *s)
{
	if (!s)
		return;
	s->arg = NULL;
	if (s->state == ROMON_OVER) {
		if (s->error || s->hidden)
			romon_stream_destroy(s);
		else
			romon_stream_linger(s);
		return;
	}
	if (!s->ended) {
		romon_stream_break_off(s);
		return;
	}
	s->orphan = true;
	s->over_at = s->mux->now + s->mux->limits.keepalive_ns;
	s->pending = 0;
	romon_list_move(&s->node, &s->mux->orphans);
	romon_ring_drop(&s->in, s->in.end);
	romon_rcv_read(s);
	romon_stream_settle(s);
	romon_mux_rearm(s);
	romon_stream_crowd(s);
}

unsigned int romon_stream_events(const struct romon_stream *s)
{
	unsigned int events = 0;

	if (s->state == ROMON_OPEN || (s->state == ROMON_OVER && !s->error))
		events |= ROMON_STREAM_OPENED;
	if (s->in.end > s->in.start || s->fin_taken || s->error)
		events |= ROMON_STREAM_READABLE;
	if (romon_stream_is_writable(s))
		events |= ROMON_STREAM_WRITABLE;
	if (s->state >= ROMON_OVER)
		events |= ROMON_STREAM_CLOSED;
	return events;
}

int romon_stream_error(const struct romon_stream *s)
{
	return s->error;
}

enum romon_stream_reason romon_stream_reason(const struct romon_stream *s)
{
	return s->reason;
}

void romon_stream_info(const struct romon_stream *s,
		       struct romon_stream_info *info)
{
	memset(info, 0, sizeof(*info));
	memcpy(info->id, s->id, sizeof(info->id));
	info->local_port = s->local_port;
	info->remote_port = s->remote_port;
	info->accepted = s->accepted;
	memcpy(info->neighbor, s->neighbor, sizeof(info->neighbor));
	info->spoke = s->in.end > 0;
	info->bytes_in = s->bytes_in;
	info->bytes_out = s->bytes_out;
	info->retransmitted = s->retransmitted;
	info->segment = s->mss;
	info->cwnd = s->cong.cwnd;
	info->flight = romon_loss_flight_size(s);
	info->srtt_ns = s->rtt.srtt;
	info->memory = sizeof(*s) + s->in.memory + s->out.memory +
		       romon_sent_memory(&s->sent) +
		       s->hops * ROMON_STREAM_ENTRY_LEN;
	info->hops = s->hops;
}
