// SPDX-License-Identifier: GPL-2.0-only
/*
 * All streams of a program: a table to find them by what comes in, a heap to
 * find the one that is due, a list of those that have something to tell or to
 * send.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

#define ROMON_MUX_BUCKETS	64

static const struct romon_mux_limits romon_mux_defaults = {
	.streams = 1024,
	.memory = 64u << 20,
	.keepalive_ns = 30 * ROMON_SECOND,
	.open_ns = 10 * ROMON_SECOND,
};

uint64_t romon_mux_random(struct romon_mux *mux)
{
	mux->count++;
	return romon_siphash(&mux->random_key, &mux->count, sizeof(mux->count));
}

static struct romon_stream **romon_mux_bucket(const struct romon_mux *mux,
					      const uint8_t *id, uint16_t local,
					      uint16_t remote)
{
	uint8_t name[ROMON_STREAM_ID_LEN + sizeof(local) + sizeof(remote)];

	memcpy(name, id, ROMON_STREAM_ID_LEN);
	memcpy(name + ROMON_STREAM_ID_LEN, &local, sizeof(local));
	memcpy(name + ROMON_STREAM_ID_LEN + sizeof(local), &remote,
	       sizeof(remote));
	return &mux->table[romon_siphash(&mux->table_key, name, sizeof(name)) &
			   (mux->buckets - 1)];
}

struct romon_stream *romon_mux_find(const struct romon_mux *mux,
				    const uint8_t *id, uint16_t local_port,
				    uint16_t remote_port)
{
	struct romon_stream *s;

	s = *romon_mux_bucket(mux, id, local_port, remote_port);
	for (; s; s = s->chain) {
		if (s->local_port == local_port &&
		    s->remote_port == remote_port &&
		    !memcmp(s->id, id, sizeof(s->id)))
			return s;
	}
	return NULL;
}

/* Without memory for a larger table, chains are longer. */
static void romon_mux_grow(struct romon_mux *mux)
{
	size_t old = mux->buckets, i;
	struct romon_stream **from = mux->table, **table, *s, *next;

	table = calloc(old * 2, sizeof(struct romon_stream *));
	if (!table)
		return;
	mux->table = table;
	mux->buckets = old * 2;
	for (i = 0; i < old; i++) {
		for (s = from[i]; s; s = next) {
			struct romon_stream **b;

			next = s->chain;
			b = romon_mux_bucket(mux, s->id, s->local_port,
					     s->remote_port);
			s->chain = *b;
			*b = s;
		}
	}
	free(from);
}

static void romon_mux_place(struct romon_mux *mux, size_t i,
			    struct romon_stream *s)
{
	mux->heap[i] = s;
	s->place = i;
}

static void romon_mux_up(struct romon_mux *mux, struct romon_stream *s)
{
	size_t i = s->place;

	while (i && mux->heap[(i - 1) / 2]->deadline > s->deadline) {
		romon_mux_place(mux, i, mux->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	romon_mux_place(mux, i, s);
}

static void romon_mux_down(struct romon_mux *mux, struct romon_stream *s)
{
	size_t i = s->place, child;

	for (;;) {
		child = 2 * i + 1;
		if (child >= mux->heap_n)
			break;
		if (child + 1 < mux->heap_n &&
		    mux->heap[child + 1]->deadline < mux->heap[child]->deadline)
			child++;
		if (mux->heap[child]->deadline >= s->deadline)
			break;
		romon_mux_place(mux, i, mux->heap[child]);
		i = child;
	}
	romon_mux_place(mux, i, s);
}

/* The heap has a place for every stream, so that no deadline is refused. */
static int romon_mux_reserve(struct romon_mux *mux)
{
	size_t size = mux->heap_size ? mux->heap_size * 2 : 64;
	struct romon_stream **heap;

	if (mux->heap_n < mux->heap_size)
		return 0;
	heap = realloc(mux->heap, size * sizeof(struct romon_stream *));
	if (!heap)
		return -ENOMEM;
	mux->heap = heap;
	mux->heap_size = size;
	return 0;
}

int romon_mux_add(struct romon_mux *mux, struct romon_stream *s)
{
	struct romon_stream **b;
	int err;

	err = romon_mux_reserve(mux);
	if (err)
		return err;
	if (mux->n >= mux->buckets)
		romon_mux_grow(mux);
	b = romon_mux_bucket(mux, s->id, s->local_port, s->remote_port);
	s->chain = *b;
	*b = s;
	mux->n++;
	s->deadline = ROMON_NEVER;
	s->place = mux->heap_n;
	mux->heap[mux->heap_n++] = s;
	return 0;
}

/* What comes in is not for this one any more. */
void romon_mux_hide(struct romon_mux *mux, struct romon_stream *s)
{
	struct romon_stream **p;

	if (s->hidden)
		return;
	p = romon_mux_bucket(mux, s->id, s->local_port, s->remote_port);
	while (*p != s)
		p = &(*p)->chain;
	*p = s->chain;
	mux->n--;
	s->hidden = true;
}

void romon_mux_del(struct romon_mux *mux, struct romon_stream *s)
{
	struct romon_stream *last;

	romon_mux_hide(mux, s);
	last = mux->heap[--mux->heap_n];
	if (last == s)
		return;
	romon_mux_place(mux, s->place, last);
	romon_mux_up(mux, last);
	romon_mux_down(mux, last);
}

/* After anything that may have changed when it is due. */
void romon_mux_rearm(struct romon_stream *s)
{
	const int64_t times[] = {
		s->over_at, s->open_at, s->rto_at, s->probe_at, s->ack_at,
		s->ask_at,
	};
	int64_t first = ROMON_NEVER, before = s->deadline;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		first = times[i] < first ? times[i] : first;
	if (first == before)
		return;
	s->deadline = first;
	if (first < before)
		romon_mux_up(s->mux, s);
	else
		romon_mux_down(s->mux, s);
}

void romon_mux_ready(struct romon_stream *s)
{
	if (romon_list_empty(&s->ready))
		romon_list_move(&s->ready, &s->mux->ready);
}

size_t romon_mux_free_memory(const struct romon_mux *mux)
{
	if (mux->pool.used >= mux->limits.memory)
		return 0;
	return mux->limits.memory - mux->pool.used;
}

struct romon_mux *romon_mux_new(const struct romon_mux_ops *ops, void *arg,
				int64_t now)
{
	struct romon_mux *mux = calloc(1, sizeof(*mux));

	if (!mux)
		return NULL;
	mux->table = calloc(ROMON_MUX_BUCKETS, sizeof(struct romon_stream *));
	if (!mux->table) {
		free(mux);
		return NULL;
	}
	mux->buckets = ROMON_MUX_BUCKETS;
	mux->ops = *ops;
	mux->arg = arg;
	ops->random(arg, &mux->table_key, sizeof(mux->table_key));
	ops->random(arg, &mux->random_key, sizeof(mux->random_key));
	mux->now = now;
	romon_cookie_init(&mux->cookies, now, ops, arg);
	romon_listen_init(mux);
	mux->limits = romon_mux_defaults;
	romon_list_init(&mux->live);
	romon_list_init(&mux->orphans);
	romon_list_init(&mux->lingering);
	romon_list_init(&mux->ready);
	return mux;
}

static void romon_mux_free_list(struct romon_list *list)
{
	while (!romon_list_empty(list))
		romon_stream_break_off(romon_list_entry(list->next,
							struct romon_stream,
							node));
}

void romon_mux_free(struct romon_mux *mux)
{
	if (!mux)
		return;
	romon_mux_free_list(&mux->live);
	romon_mux_free_list(&mux->orphans);
	romon_mux_free_list(&mux->lingering);
	free(mux->table);
	free(mux->heap);
	free(mux->ports);
	free(mux);
}

void romon_mux_limits(const struct romon_mux *mux,
		      struct romon_mux_limits *limits)
{
	*limits = mux->limits;
}

/* Of what is there already, nothing is taken away. */
void romon_mux_set_limits(struct romon_mux *mux,
			  const struct romon_mux_limits *limits)
{
	mux->limits = *limits;
}

void romon_mux_stats(const struct romon_mux *mux, struct romon_mux_stats *stats)
{
	*stats = mux->stats;
	stats->memory = mux->pool.used;
}

static void romon_mux_unknown(struct romon_mux *mux,
			      const struct romon_datagram *d,
			      const struct romon_segment *seg)
{
	mux->stats.unknown++;
	/* A close needs no answer, and two sides would never end. */
	if (seg->kind != ROMON_SEGMENT_CLOSE)
		romon_snd_reject(mux, d, seg, ROMON_STREAM_UNKNOWN);
}

void romon_mux_input(struct romon_mux *mux, const struct romon_datagram *d,
		     int64_t now)
{
	struct romon_segment seg;
	struct romon_stream *s;
	int err;

	if (now > mux->now)
		mux->now = now;
	if (d->remote_port == ROMON_STREAM_PORT_ECHO) {
		romon_alive_echo(mux, d);
		return;
	}
	mux->stats.segments_in++;
	err = romon_segment_parse(&seg, d->payload, d->len);
	s = romon_mux_find(mux, d->id, d->local_port, d->remote_port);
	if (err) {
		if (err == -EPROTONOSUPPORT && s && s->state == ROMON_OPEN)
			romon_rcv_strange(s, &seg);
		else
			mux->stats.bad++;
		return;
	}
	if ((!s || (s->accepted && s->state >= ROMON_OVER)) &&
	    romon_listen_input(mux, d, &seg, s))
		return;
	if (!s) {
		romon_mux_unknown(mux, d, &seg);
		return;
	}
	romon_rcv_segment(s, d, &seg);
	romon_mux_rearm(s);
}

void romon_mux_room_changed(struct romon_mux *mux, const uint8_t *id,
			    int64_t now)
{
	struct romon_list *l;

	mux->now = now;
	for (l = mux->live.next; l != &mux->live; l = l->next) {
		struct romon_stream *s;

		s = romon_list_entry(l, struct romon_stream, node);
		if (memcmp(s->id, id, sizeof(s->id)) || s->state >= ROMON_OVER)
			continue;
		/* What was too long for the old way may not be for this. */
		s->mss_cap = 0;
		romon_snd_size(s);
	}
}

void romon_mux_room_known(struct romon_mux *mux, int64_t now)
{
	struct romon_list *l;

	mux->now = now;
	for (l = mux->live.next; l != &mux->live; l = l->next) {
		struct romon_stream *s;

		s = romon_list_entry(l, struct romon_stream, node);
		if (s->room_unknown && s->state < ROMON_OVER)
			romon_snd_size(s);
	}
}

void romon_mux_unreachable(struct romon_mux *mux, const uint8_t *id,
			   uint16_t local_port, uint16_t remote_port, int err,
			   int64_t now)
{
	struct romon_stream *s;

	if (now > mux->now)
		mux->now = now;
	s = romon_mux_find(mux, id, local_port, remote_port);
	if (!s)
		return;
	if (!err)
		err = -EHOSTUNREACH;
	if (s->state == ROMON_OPENING)
		romon_stream_fail(s, err < 0 ? err : -err, ROMON_STREAM_END);
	else if (s->state == ROMON_OPEN && err == -EMSGSIZE)
		romon_loss_small(s);
	romon_mux_rearm(s);
}

void romon_mux_refused(struct romon_mux *mux, const struct romon_datagram *d,
		       int err, int64_t now)
{
	struct romon_segment seg;
	struct romon_stream *s;

	if (now > mux->now)
		mux->now = now;
	s = romon_mux_find(mux, d->id, d->local_port, d->remote_port);
	if (!s || romon_segment_parse(&seg, d->payload, d->len))
		return;
	if (s->state == ROMON_OPENING && err != -EMSGSIZE && err != -ENOBUFS &&
	    err != -ENOMEM)
		romon_stream_fail(s, err, ROMON_STREAM_END);
	else if (s->state == ROMON_OPEN)
		romon_loss_refused(s, &seg, d->hops, err);
	romon_mux_rearm(s);
}

/* Whoever was refused memory while others held it hears of it from here. */
static void romon_mux_feed(struct romon_mux *mux)
{
	struct romon_list *p;

	if (!mux->starved || mux->pool.used > mux->limits.memory / 4 * 3)
		return;
	mux->starved = false;
	for (p = mux->live.next; p != &mux->live; p = p->next)
		romon_stream_writable(romon_list_entry(p, struct romon_stream,
						       node));
}

void romon_mux_run(struct romon_mux *mux, int64_t now)
{
	struct romon_list batch, quiet;
	struct romon_stream *s;
	unsigned int events;

	if (now > mux->now)
		mux->now = now;
	while (mux->heap_n && mux->heap[0]->deadline <= mux->now)
		romon_stream_timer(mux->heap[0]);
	romon_listen_run(mux);
	romon_mux_feed(mux);

	/* What the program does here is sent below. It may free any stream. */
	romon_list_take(&batch, &mux->ready);
	romon_list_init(&quiet);
	while (!romon_list_empty(&batch)) {
		s = romon_list_entry(batch.next, struct romon_stream, ready);
		romon_list_move(&s->ready, &quiet);
		events = s->pending;
		s->pending = 0;
		if (events && !s->orphan)
			mux->ops.event(mux->arg, s, events);
	}
	while (!romon_list_empty(&quiet)) {
		s = romon_list_entry(quiet.next, struct romon_stream, ready);
		romon_list_del(&s->ready);
		if (s->pending)
			romon_mux_ready(s);
		romon_snd_run(s);
		romon_mux_rearm(s);
	}
}

bool romon_mux_delivers(const struct romon_mux *mux)
{
	const struct romon_list *p;

	for (p = mux->orphans.next; p != &mux->orphans; p = p->next) {
		const struct romon_stream *s;

		s = romon_list_entry(p, struct romon_stream, node);
		if (s->state < ROMON_OVER && s->snd_una <= s->out.end)
			return true;
	}
	return false;
}

int64_t romon_mux_deadline(const struct romon_mux *mux)
{
	if (!romon_list_empty(&mux->ready))
		return 0;
	if (mux->heap_n && mux->heap[0]->deadline < mux->answers_at)
		return mux->heap[0]->deadline;
	return mux->answers_at;
}

struct romon_stream *romon_mux_next(struct romon_mux *mux,
				    const struct romon_stream *s)
{
	const struct romon_list *next = s ? s->node.next : mux->live.next;

	if (next == &mux->live)
		return NULL;
	return romon_list_entry(next, struct romon_stream, node);
}
