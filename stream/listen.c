// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that are listened at. An open is answered with a number that tells all
 * that would have to be remembered of it, see cookie.h; a stream begins with
 * what acknowledges that. So opens take nothing, whoever sends how many, and
 * who has not shown that it receives is not even refused.
 *
 * Only as a courtesy are the newest few answers remembered, to be sent again by
 * themselves: the answering side may be the one that is to speak first, and the
 * acknowledgment may have been lost.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

/* How often, beyond the first time: after 250, 500 and 1000 ms. */
#define ROMON_LISTEN_REPEATS	3

static struct romon_port *romon_listen_port(const struct romon_mux *mux,
					    uint16_t port)
{
	size_t i;

	for (i = 0; i < mux->n_ports; i++) {
		if (mux->ports[i].number == port)
			return &mux->ports[i];
	}
	return NULL;
}

static bool romon_listen_at(const struct romon_mux *mux, uint16_t port)
{
	const struct romon_port *p = romon_listen_port(mux, port);

	return p && p->listens;
}

int romon_mux_listen(struct romon_mux *mux, uint16_t port)
{
	struct romon_port *p = romon_listen_port(mux, port), *ports;

	if (!port || port == ROMON_STREAM_PORT_ECHO)
		return -EINVAL;
	if (p && p->listens)
		return -EADDRINUSE;
	if (!p) {
		ports = realloc(mux->ports,
				(mux->n_ports + 1) * sizeof(*ports));
		if (!ports)
			return -ENOMEM;
		mux->ports = ports;
		p = &ports[mux->n_ports++];
		p->number = port;
		p->streams = 0;
	}
	p->listens = true;
	return 0;
}

static void romon_listen_drop(struct romon_mux *mux, struct romon_port *p)
{
	uint16_t number = p->number;

	if (p->listens || p->streams)
		return;
	*p = mux->ports[--mux->n_ports];
	mux->ops.unbind(mux->arg, number);
}

void romon_mux_unlisten(struct romon_mux *mux, uint16_t port)
{
	struct romon_port *p = romon_listen_port(mux, port);

	if (!p || !p->listens)
		return;
	p->listens = false;
	romon_listen_drop(mux, p);
}

/* A stream that has come in by it begins. */
void romon_listen_use(struct romon_mux *mux, uint16_t port)
{
	romon_listen_port(mux, port)->streams++;
}

/* ... and is gone. */
void romon_listen_leave(struct romon_mux *mux, uint16_t port)
{
	struct romon_port *p = romon_listen_port(mux, port);

	p->streams--;
	romon_listen_drop(mux, p);
}

static struct romon_answer *romon_listen_find(struct romon_mux *mux,
					      const struct romon_datagram *d,
					      uint32_t irs)
{
	struct romon_answer *a;

	for (a = mux->answers; a < mux->answers + ROMON_ANSWERS; a++) {
		if (a->due != ROMON_NEVER && a->irs == irs &&
		    a->local_port == d->local_port &&
		    a->remote_port == d->remote_port &&
		    !memcmp(a->id, d->id, sizeof(a->id)))
			return a;
	}
	return NULL;
}

void romon_listen_init(struct romon_mux *mux)
{
	struct romon_answer *a;

	for (a = mux->answers; a < mux->answers + ROMON_ANSWERS; a++)
		a->due = ROMON_NEVER;
	mux->answers_at = ROMON_NEVER;
}

static void romon_listen_send(struct romon_mux *mux,
			      const struct romon_answer *a)
{
	struct romon_datagram d = {
		.local_port = a->local_port,
		.remote_port = a->remote_port,
		.route = a->hops ? a->route : NULL,
		.hops = a->hops,
	};

	memcpy(d.id, a->id, sizeof(d.id));
	romon_snd_answer(mux, &d, a->iss, a->irs);
}

static void romon_listen_remember(struct romon_mux *mux,
				  const struct romon_datagram *d, uint32_t iss,
				  uint32_t irs)
{
	struct romon_answer *a = &mux->answers[mux->next_answer++];

	mux->next_answer %= ROMON_ANSWERS;
	memcpy(a->id, d->id, sizeof(a->id));
	a->local_port = d->local_port;
	a->remote_port = d->remote_port;
	a->iss = iss;
	a->irs = irs;
	a->times = 1;
	a->at = mux->now;
	a->due = mux->now + ROMON_OPEN_NS;
	a->hops = d->hops <= ROMON_ANSWER_HOPS ? d->hops : 0;
	if (a->hops)
		memcpy(a->route, d->route, a->hops * ROMON_STREAM_ENTRY_LEN);
	if (a->due < mux->answers_at)
		mux->answers_at = a->due;
}

static void romon_listen_answer(struct romon_mux *mux,
				const struct romon_datagram *d, uint32_t irs)
{
	struct romon_answer *a = romon_listen_find(mux, d, irs);
	uint32_t iss;

	if (a) {
		a->at = -1;
		romon_snd_answer(mux, d, a->iss, irs);
		return;
	}
	romon_cookie_rotate(&mux->cookies, mux->now, &mux->ops, mux->arg);
	iss = romon_cookie_make(&mux->cookies, d, irs);
	romon_snd_answer(mux, d, iss, irs);
	romon_listen_remember(mux, d, iss, irs);
}

/* Answers that are to be sent again. */
void romon_listen_run(struct romon_mux *mux)
{
	struct romon_answer *a;

	if (mux->now < mux->answers_at)
		return;
	mux->answers_at = ROMON_NEVER;
	for (a = mux->answers; a < mux->answers + ROMON_ANSWERS; a++) {
		if (a->due <= mux->now) {
			if (!romon_listen_at(mux, a->local_port)) {
				a->due = ROMON_NEVER;
				continue;
			}
			a->at = -1;
			a->due = mux->now + (ROMON_OPEN_NS << a->times);
			romon_listen_send(mux, a);
			if (++a->times > ROMON_LISTEN_REPEATS)
				a->due = ROMON_NEVER;
		}
		if (a->due < mux->answers_at)
			mux->answers_at = a->due;
	}
}

/* When it was answered, if only once; or -1. It is not answered again. */
static int64_t romon_listen_forget(struct romon_mux *mux,
				   const struct romon_datagram *d, uint32_t irs)
{
	struct romon_answer *a = romon_listen_find(mux, d, irs);

	if (!a)
		return -1;
	a->due = ROMON_NEVER;
	return a->at;
}

/*
 * What comes third, or later: it begins the stream if it acknowledges our
 * answer. @old has the same ports, and is over.
 */
static bool romon_listen_begin(struct romon_mux *mux,
			       const struct romon_datagram *d,
			       const struct romon_segment *seg,
			       struct romon_stream *old)
{
	enum romon_stream_reason why;
	struct romon_stream *s;
	int64_t answered;
	uint32_t irs;

	romon_cookie_rotate(&mux->cookies, mux->now, &mux->ops, mux->arg);
	switch (romon_cookie_check(&mux->cookies, d, seg, &irs)) {
	case ROMON_COOKIE_WRONG:
		why = romon_cookie_refused(&mux->cookies, seg->ack);
		if (!why)
			return false;
		romon_snd_reject(mux, d, seg, why);
		return true;
	case ROMON_COOKIE_EARLY:
		/* It will come again. */
		return !old;
	case ROMON_COOKIE_RIGHT:
		break;
	}
	answered = romon_listen_forget(mux, d, irs);
	if (old)
		romon_stream_replaced(old);
	s = romon_stream_accept(mux, d, seg->ack, irs, &why);
	romon_cookie_spend(&mux->cookies, seg->ack, why);
	if (!s) {
		romon_snd_reject(mux, d, seg, why);
		return true;
	}
	romon_stream_opened(s, answered);
	romon_rcv_segment(s, d, seg);
	romon_mux_rearm(s);
	return true;
}

/* For no stream, or for one that is over. False: nor for a new one. */
bool romon_listen_input(struct romon_mux *mux, const struct romon_datagram *d,
			const struct romon_segment *seg,
			struct romon_stream *old)
{
	if (!romon_listen_at(mux, d->local_port))
		return false;
	switch (seg->kind) {
	case ROMON_SEGMENT_OPEN:
		if (old && old->irs == seg->seq)
			return false;
		romon_listen_answer(mux, d, seg->seq);
		return true;
	case ROMON_SEGMENT_CLOSE:
		if (!seg->len)
			return romon_listen_begin(mux, d, seg, old);
		/* They gave up before they had our answer. */
		romon_listen_forget(mux, d, seg->seq);
		return false;
	case ROMON_SEGMENT_DATA:
	case ROMON_SEGMENT_ACK:
		return romon_listen_begin(mux, d, seg, old);
	default:
		return false;
	}
}
