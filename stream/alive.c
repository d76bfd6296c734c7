// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the other side is still there.
 *
 * What is in flight is a question in itself: whoever sends again what is not
 * acknowledged must be answered, or a lost acknowledgment would stop a stream
 * for ever. A stream with nothing in flight asks with an empty segment. This
 * library answers that; others may not, so the router is asked as well, by its
 * echo service, and its answer counts for as long as the stream has not shown
 * that it answers by itself. To know that in time the first question is early.
 */

#include <errno.h>
#include <string.h>

#include "stream.h"

#define ROMON_ALIVE_TRIES	3
#define ROMON_ALIVE_EARLY_NS	(1 * ROMON_SECOND)

static int64_t romon_alive_interval(const struct romon_stream *s)
{
	int64_t interval = s->mux->limits.keepalive_ns / 6;

	if (interval > ROMON_SECOND)
		interval = ROMON_SECOND;
	return interval > ROMON_MS ? interval : ROMON_MS;
}

/* Not all streams at once. */
static int64_t romon_alive_phase(const struct romon_stream *s)
{
	return romon_mux_random(s->mux) % (uint64_t)romon_alive_interval(s);
}

static bool romon_alive_early(const struct romon_stream *s)
{
	return !s->answers && s->tries < ROMON_ALIVE_TRIES &&
	       s->snd_una == s->snd_max;
}

/* Silence that is asked about. */
static int64_t romon_alive_patience(const struct romon_stream *s)
{
	int64_t patience = s->mux->limits.keepalive_ns / 3;

	if (romon_alive_early(s) && patience > ROMON_ALIVE_EARLY_NS)
		return ROMON_ALIVE_EARLY_NS;
	return patience;
}

void romon_alive_start(struct romon_stream *s)
{
	romon_alive_heard(s, ROMON_SEGMENT_ANSWER);
	s->ask_at = s->mux->now + romon_alive_patience(s) +
		    romon_alive_phase(s);
}

/* The timer finds out by itself. */
void romon_alive_heard(struct romon_stream *s, enum romon_segment_kind kind)
{
	s->heard = s->mux->now;
	s->heard_stream = s->mux->now;
	if (kind == ROMON_SEGMENT_ACK && s->asked && s->snd_una == s->snd_max)
		s->answers = true;
	s->asked = false;
}

static int64_t romon_alive_since(const struct romon_stream *s)
{
	if (s->snd_una < s->snd_max && s->flight_at > s->heard_stream)
		return s->flight_at;
	return s->snd_una < s->snd_max || s->answers ? s->heard_stream :
						       s->heard;
}

static void romon_alive_ask(struct romon_stream *s, int64_t silence)
{
	bool early = romon_alive_early(s);

	/* The way back may be what is gone. */
	if (s->accepted && silence >= romon_alive_patience(s) +
				      3 * romon_alive_interval(s))
		s->route_lost = true;
	s->asked = true;
	s->tries += early ? 1 : 0;
	romon_snd_ask(s);
	if (!early)
		romon_snd_echo(s);
}

void romon_alive_timer(struct romon_stream *s)
{
	int64_t keepalive = s->mux->limits.keepalive_ns, now = s->mux->now;
	int64_t since = romon_alive_since(s), patience, next;

	if (now - since >= keepalive) {
		romon_snd_close(s, ROMON_STREAM_TIMEOUT);
		romon_stream_fail(s, -ETIMEDOUT, ROMON_STREAM_TIMEOUT);
		return;
	}
	patience = romon_alive_patience(s);
	if (now - since >= patience) {
		romon_alive_ask(s, now - since);
		next = now + romon_alive_interval(s);
	} else {
		next = since + patience + romon_alive_phase(s);
	}
	if (next > since + keepalive)
		next = since + keepalive;
	s->ask_at = next > now ? next : now + ROMON_MS;
}

/* An answer of the echo service: to a question, or to nobody. */
void romon_alive_echo(struct romon_mux *mux, const struct romon_datagram *d)
{
	const uint8_t *p = d->payload;
	struct romon_stream *s;
	struct romon_list *l;
	uint32_t number;

	if (d->len < sizeof(number))
		return;
	number = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		 (uint32_t)p[2] << 8 | p[3];
	for (l = mux->live.next; l != &mux->live; l = l->next) {
		s = romon_list_entry(l, struct romon_stream, node);
		if (s->echo == number && s->local_port == d->local_port &&
		    !memcmp(s->id, d->id, sizeof(s->id)))
			s->heard = mux->now;
	}
}
