// SPDX-License-Identifier: GPL-2.0-only
/* Whether the other side is still there. */

#include <errno.h>
#include <string.h>

#include "stream.h"

/* An unanswered stream of a router that is there is over after so many times. */
#define ROMON_ALIVE_PATIENCE	4

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

void romon_alive_start(struct romon_stream *s)
{
	romon_alive_heard(s);
	s->ask_at = s->mux->now + s->mux->limits.keepalive_ns / 3 +
		    romon_alive_phase(s);
}

/* The timer finds out by itself. */
void romon_alive_heard(struct romon_stream *s)
{
	s->heard = s->mux->now;
	s->heard_stream = s->mux->now;
}

void romon_alive_timer(struct romon_stream *s)
{
	int64_t keepalive = s->mux->limits.keepalive_ns, now = s->mux->now;
	int64_t silence = now - s->heard, next;

	if (silence >= keepalive ||
	    (s->max > s->una && now - s->heard_stream >=
	     ROMON_ALIVE_PATIENCE * keepalive)) {
		romon_snd_close(s, ROMON_STREAM_TIMEOUT);
		romon_stream_fail(s, -ETIMEDOUT, ROMON_STREAM_TIMEOUT);
		return;
	}
	if (silence < keepalive / 3) {
		s->ask_at = s->heard + keepalive / 3 + romon_alive_phase(s);
		if (s->ask_at <= now)
			s->ask_at = now + ROMON_MS;
		return;
	}
	if (s->accepted && silence >= keepalive / 3 +
				      3 * romon_alive_interval(s))
		s->route_lost = true;
	romon_snd_ask(s);
	next = now + romon_alive_interval(s);
	s->ask_at = next < s->heard + keepalive ? next : s->heard + keepalive;
}

/* An answer of the echo service: to a probe, or to nobody. */
void romon_alive_echo(struct romon_mux *mux, const struct romon_datagram *d)
{
	const uint8_t *p = d->payload;
	struct romon_list *l;
	uint32_t number;

	if (d->len < sizeof(number))
		return;
	number = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		 (uint32_t)p[2] << 8 | p[3];
	for (l = mux->live.next; l != &mux->live; l = l->next) {
		struct romon_stream *s;

		s = romon_list_entry(l, struct romon_stream, node);
		if (s->echo == number && s->local_port == d->local_port &&
		    !memcmp(s->id, d->id, sizeof(s->id)))
			s->heard = mux->now;
	}
}
