// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer that misbehaves, made by hand: it costs bounded memory, and its own
 * stream at most. Also one that is only strange, as a foreign one may be.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "segment.h"
#include "sim.h"
#include "stream.h"
#include "tap.h"

#define PEER_PORT	5000

static const struct sim_link plain = {
	.rate = 1000000000, .delay = SIM_MS / 10, .queue = 1000, .mtu = 1400,
	.room = 1400,
};

/* What the victim, side 1, has sent to the peer's port. */
static struct {
	unsigned int n, kinds[5];
	struct romon_segment last;
	uint8_t data[32768];
	size_t longest;
	uint32_t iss;
	uint16_t port;
	size_t hops;
} seen;

static bool seen_tap(struct sim *sim, int from, const struct romon_datagram *d)
{
	struct romon_segment seg;

	(void)sim;
	if (from != 1 || d->remote_port != seen.port ||
	    romon_segment_parse(&seg, d->payload, d->len))
		return true;
	seen.n++;
	seen.kinds[seg.kind]++;
	seen.last = seg;
	seen.hops = d->hops;
	memcpy(seen.data, seg.data, seg.len);
	seen.longest = seg.len > seen.longest ? seg.len : seen.longest;
	seen.last.data = seen.data;
	if (seg.kind == ROMON_SEGMENT_ANSWER)
		seen.iss = seg.seq;
	return false;
}

static void wait_ms(struct sim *sim, int64_t ms)
{
	sim_run(sim, sim->now + ms * SIM_MS, NULL, NULL);
}

static const uint8_t peer_id[6] = { 2, 2, 2, 2, 2, 9 };

static void from(struct sim *sim, const uint8_t *id, uint16_t port, int kind,
		 uint32_t seq, uint32_t ack, const void *data, size_t len)
{
	uint8_t buf[20000 + ROMON_SEGMENT_HLEN];

	romon_segment_build(buf, kind, seq, ack);
	/* Any value. */
	buf[1] = seq ^ 0xc3;
	if (len)
		memcpy(buf + ROMON_SEGMENT_HLEN, data, len);
	sim_inject(sim, 1, id, 3, port, buf, ROMON_SEGMENT_HLEN + len);
}

static void inject(struct sim *sim, int kind, uint32_t seq, uint32_t ack,
		   const void *data, size_t len)
{
	from(sim, peer_id, PEER_PORT, kind, seq, ack, data, len);
}

/* With a stream of somebody else's, which must not notice. */
static struct sim *setup(struct sim_app **other)
{
	struct sim *sim = sim_new(7, &plain);

	memset(&seen, 0, sizeof(seen));
	seen.port = PEER_PORT;
	*other = sim_open(sim, 0, 3, 1000);
	(*other)->end_after = false;
	wait_ms(sim, 100);
	sim->tap = seen_tap;
	return sim;
}

static bool setdown(struct sim *sim, struct sim_app *other)
{
	bool good;

	sim->tap = NULL;
	other->send = 300000;
	other->end_after = true;
	sim_app_write(other);
	wait_ms(sim, 20000);
	good = sim->side[1].accepted[0]->received == 300000 &&
	       !sim->side[1].accepted[0]->wrong && other->got_end;
	sim_app_free(other);
	sim_free(sim);
	return good;
}

static struct sim_app *handshake(struct sim *sim, uint32_t iss)
{
	inject(sim, ROMON_SEGMENT_OPEN, iss, 0, NULL, 0);
	wait_ms(sim, 1);
	inject(sim, ROMON_SEGMENT_ACK, iss, seen.iss, NULL, 0);
	wait_ms(sim, 1);
	return sim->side[1].accepted[sim->side[1].n_accepted - 1];
}

static void in_the_seen_order(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	char byte;

	inject(sim, ROMON_SEGMENT_OPEN, 0xfffffffe, 0, NULL, 0);
	wait_ms(sim, 1);
	tap_ok(seen.n == 1 && seen.last.kind == ROMON_SEGMENT_ANSWER &&
	       seen.last.ack == 0xfffffffe && !seen.last.len,
	       "an open by hand is answered");
	inject(sim, ROMON_SEGMENT_OPEN, 0xfffffffe, 0, NULL, 0);
	tap_ok(seen.n == 2 && seen.last.kind == ROMON_SEGMENT_ANSWER &&
	       seen.last.seq == seen.iss && seen.last.ack == 0xfffffffe,
	       "... and again, in the same way");
	app = handshake(sim, 0xfffffffe);
	tap_ok(sim->side[1].n_accepted == 2 && app->opened, "it opens");
	/* What they send is what the program expects: see sim_byte(). */
	byte = 0;
	inject(sim, ROMON_SEGMENT_DATA, 0xfffffffe, seen.iss, &byte, 1);
	wait_ms(sim, 50);
	tap_ok(app->received == 1 && seen.last.kind == ROMON_SEGMENT_ACK &&
	       seen.last.ack == 0xffffffff && seen.last.seq == seen.iss,
	       "data that still carries the first number is taken");
	inject(sim, ROMON_SEGMENT_DATA, 0xffffffff, seen.iss, "ab", 2);
	wait_ms(sim, 50);
	tap_ok(app->received == 3 && seen.last.ack == 1, "numbers wrap");
	app->send = 5;
	sim_app_write(app);
	wait_ms(sim, 1);
	tap_ok(seen.last.kind == ROMON_SEGMENT_DATA && seen.last.len == 5 &&
	       seen.last.seq == seen.iss && seen.last.ack == 1,
	       "data is sent with the first number, and acknowledges");
	inject(sim, ROMON_SEGMENT_ACK, 1, seen.iss + 5, NULL, 0);
	wait_ms(sim, 500);
	tap_ok(seen.kinds[ROMON_SEGMENT_DATA] == 1, "... once, if that arrives");
	inject(sim, ROMON_SEGMENT_CLOSE, 1, seen.iss + 5, NULL, 0);
	wait_ms(sim, 50);
	tap_ok(app->got_end && seen.last.kind == ROMON_SEGMENT_CLOSE &&
	       !seen.last.len && seen.last.ack == 2 &&
	       seen.last.seq == seen.iss + 5,
	       "an end is answered with one, and acknowledged by the next number");
	inject(sim, ROMON_SEGMENT_ACK, 2, seen.iss + 6, NULL, 0);
	wait_ms(sim, 50);
	tap_ok(app->closed && !app->error, "... and that is the end");
	tap_ok(setdown(sim, other), "another stream goes on");
}

static void foreign(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	unsigned int i;

	app = handshake(sim, 100);
	app->end_after = true;
	inject(sim, ROMON_SEGMENT_CLOSE, 100, seen.iss, NULL, 0);
	for (i = 0; i < 400 && !app->closed; i++) {
		wait_ms(sim, 50);
		inject(sim, ROMON_SEGMENT_ACK, 101, seen.iss, NULL, 0);
	}
	tap_ok(app->closed && !app->error && i > 10,
	       "a peer that never acknowledges the end is let go, after %u ms",
	       i * 50);
	tap_ok(setdown(sim, other), "another stream goes on");
}

static void wrong_numbers(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	struct romon_mux_stats stats;
	unsigned int i;

	inject(sim, ROMON_SEGMENT_OPEN, 100, 0, NULL, 0);
	wait_ms(sim, 1);
	inject(sim, ROMON_SEGMENT_ACK, 100, seen.iss + 1, NULL, 0);
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss - 1, "x", 1);
	inject(sim, ROMON_SEGMENT_ACK, 101, seen.iss, NULL, 0);
	wait_ms(sim, 1);
	tap_ok(sim->side[1].n_accepted == 1,
	       "an answer with a wrong number opens nothing");
	app = handshake(sim, 100);
	app->send = 3000;
	sim_app_write(app);
	wait_ms(sim, 1);
	memset(seen.kinds, 0, sizeof(seen.kinds));
	for (i = 0; i < 1000; i++) {
		inject(sim, ROMON_SEGMENT_ACK, 100, seen.iss + 3001 + i, NULL, 0);
		inject(sim, ROMON_SEGMENT_ACK, 100, seen.iss - 5000000 - i, NULL,
		       0);
		inject(sim, ROMON_SEGMENT_DATA, 5000000 + i, seen.iss, "x", 1);
		inject(sim, ROMON_SEGMENT_DATA, -5000000 - i, seen.iss, "x", 1);
		inject(sim, ROMON_SEGMENT_CLOSE, -5000000 - i,
		       seen.iss + 1000000 + i, "\5", 1);
	}
	romon_mux_stats(sim->side[1].mux, &stats);
	tap_ok(!app->closed && !app->received && stats.bad >= 5000,
	       "numbers out of all bounds change nothing, and are counted");
	tap_ok(seen.kinds[ROMON_SEGMENT_ACK] <= 2,
	       "... and answered %u times", seen.kinds[ROMON_SEGMENT_ACK]);
	inject(sim, ROMON_SEGMENT_ACK, 100, seen.iss + 3000, NULL, 0);
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss + 3000, "x", 1);
	wait_ms(sim, 100);
	tap_ok(app->received == 1, "... and right ones go on");
	for (i = 0; i < 1000; i++)
		inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss + 3000, "x", 1);
	tap_ok(app->received == 1, "old data is taken once");
	inject(sim, ROMON_SEGMENT_CLOSE, 101, seen.iss + 3000, "\5", 1);
	wait_ms(sim, 1);
	tap_ok(app->closed && app->error == -ECONNRESET &&
	       app->reason == ROMON_STREAM_ABORTED,
	       "who knows the numbers may break it off");
	tap_ok(setdown(sim, other), "another stream goes on");
}

static void greedy(void)
{
	struct romon_mux_stats stats;
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	static uint8_t data[16000];
	uint32_t at;
	unsigned int i;

	/* It acknowledges nothing. */
	app = handshake(sim, 100);
	app->send = 1 << 30;
	sim_app_write(app);
	wait_ms(sim, 5000);
	tap_ok(sim->memory[1] < 300000 && !app->closed,
	       "who acknowledges nothing is sent little: %zu bytes held",
	       sim->memory[1]);
	wait_ms(sim, 30000);
	tap_ok(app->closed && app->error == -ETIMEDOUT, "... and is given up");

	/* It sends more than may be in flight, to who does not read. */
	sim->side[1].template.paused = true;
	app = handshake(sim, 200);
	for (at = 0; at < 40000000; at += sizeof(data)) {
		inject(sim, ROMON_SEGMENT_DATA, 200 + at, seen.iss, data,
		       sizeof(data));
		if (at % 1000000 < sizeof(data))
			wait_ms(sim, 1);
	}
	tap_ok(sim->memory[1] < (4608 << 10) + (64 << 10),
	       "who sends without bounds is stored up to a bound: %zu KB",
	       sim->memory[1] / 1000);
	romon_stream_free(app->s);
	app->s = NULL;

	/* Bytes far from each other, and then more gaps than there may be. */
	app = handshake(sim, 300);
	for (i = 0; i < 100000; i++)
		inject(sim, ROMON_SEGMENT_DATA, 300 + 2 + (i * 8192 + i * 2) %
		       4190000, seen.iss, data, 1);
	romon_mux_stats(sim->side[1].mux, &stats);
	tap_ok(stats.memory > 512 && stats.memory < 100000,
	       "who leaves gaps everywhere takes no more than is sent: %zu KB",
	       stats.memory / 1000);
	/* An end in the middle of it. */
	inject(sim, ROMON_SEGMENT_CLOSE, 300 + 1000, seen.iss, NULL, 0);
	inject(sim, ROMON_SEGMENT_CLOSE, 300 + 4190001, seen.iss, NULL, 0);
	inject(sim, ROMON_SEGMENT_CLOSE, 300 + 4190002, seen.iss, NULL, 0);
	inject(sim, ROMON_SEGMENT_DATA, 300 + 4190002, seen.iss, data, 1);
	wait_ms(sim, 10);
	tap_ok(!app->got_end, "ends that contradict each other are none");
	romon_stream_free(app->s);
	app->s = NULL;
	tap_ok(setdown(sim, other), "another stream goes on");
}

static unsigned int streams(struct sim *sim)
{
	struct romon_mux_stats stats;

	romon_mux_stats(sim->side[1].mux, &stats);
	return stats.streams;
}

/* Nobody says how long segments may be but who sends a very long one. */
static void giant(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	static uint8_t data[20000];

	sim->side[1].link.room = 0;
	sim->side[1].link.mtu = 0;
	app = handshake(sim, 100);
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss, data, sizeof(data));
	wait_ms(sim, 50);
	tap_ok(app->received == sizeof(data) &&
	       seen.last.ack == 100 + sizeof(data),
	       "a segment that is longer than ours are is taken");
	app->send = 200000;
	sim_app_write(app);
	wait_ms(sim, 1000);
	tap_ok(seen.longest > 2000 && seen.longest <= ROMON_SEGMENT_MAX,
	       "... and answered by such of %zu bytes", seen.longest);
	romon_stream_free(app->s);
	app->s = NULL;
	sim->side[1].link = plain;
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* Its program is done with the stream, and nobody would break it off. */
static void never_lets_go(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	unsigned int i, after = 0;
	int64_t start;

	app = handshake(sim, 100);
	app->send = 3000;
	app->end_after = true;
	sim_app_write(app);
	tap_ok(app->ended && app->s, "a stream has ended, with data in flight");
	romon_stream_free(app->s);
	app->s = NULL;
	start = sim->now;
	for (i = 0; i < 600 && !after; i++) {
		inject(sim, ROMON_SEGMENT_ACK, 100, seen.iss, NULL, 0);
		wait_ms(sim, 100);
		if (streams(sim) == 1)
			after = (sim->now - start) / SIM_MS;
	}
	tap_ok(after >= 29000 && after <= 31000,
	       "who acknowledges nothing of it but goes on speaking is let go, after %u ms",
	       after);
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* One that is over, and freed or not; what its end is acknowledged by. */
static uint32_t make_over(struct sim *sim, bool freed)
{
	struct sim_app *app = handshake(sim, 100);
	uint32_t end = seen.iss + 3001;

	app->keep = !freed;
	app->send = 3000;
	app->end_after = true;
	sim_app_write(app);
	wait_ms(sim, 10);
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss, "\0", 1);
	inject(sim, ROMON_SEGMENT_CLOSE, 101, end, NULL, 0);
	wait_ms(sim, 100);
	tap_ok(app->closed && !app->error && !app->s == freed,
	       "a stream is over, and %s", freed ? "freed" : "not freed");
	memset(seen.kinds, 0, sizeof(seen.kinds));
	return end;
}

/* Of somebody who may have seen the numbers, or guesses them. */
static void again_and_again(bool freed)
{
	struct sim_app *other;
	struct sim *sim = setup(&other);
	uint32_t end = make_over(sim, freed);
	unsigned int i;

	inject(sim, ROMON_SEGMENT_CLOSE, 101, end, NULL, 0);
	tap_ok(seen.kinds[ROMON_SEGMENT_ACK] == 1 && seen.last.ack == 102,
	       "an end that comes again is acknowledged at once");
	wait_ms(sim, 100);
	inject(sim, ROMON_SEGMENT_DATA, 100, end, "\0", 1);
	inject(sim, ROMON_SEGMENT_CLOSE, 101, end, NULL, 0);
	wait_ms(sim, 100);
	tap_ok(seen.kinds[ROMON_SEGMENT_ACK] == 3 && seen.last.ack == 102,
	       "... with data before it, once more after that");
	inject(sim, ROMON_SEGMENT_DATA, 101, end, NULL, 0);
	tap_ok(seen.kinds[ROMON_SEGMENT_ACK] == 4, "a question is answered");
	wait_ms(sim, 1000);
	memset(seen.kinds, 0, sizeof(seen.kinds));
	for (i = 0; i < 1000; i++) {
		inject(sim, ROMON_SEGMENT_DATA, 100, end, "\0", 1);
		inject(sim, ROMON_SEGMENT_CLOSE, 101, end, NULL, 0);
		wait_ms(sim, 1);
	}
	tap_ok(seen.kinds[ROMON_SEGMENT_ACK] >= 10 &&
	       seen.kinds[ROMON_SEGMENT_ACK] <= 30,
	       "2000 in a second are answered %u times",
	       seen.kinds[ROMON_SEGMENT_ACK]);
	wait_ms(sim, 1000);
	memset(seen.kinds, 0, sizeof(seen.kinds));
	for (i = 0; i < 1000; i++) {
		inject(sim, ROMON_SEGMENT_DATA, 5000000 + i, end, "x", 1);
		inject(sim, ROMON_SEGMENT_DATA, -5000000 - i, end, "x", 1);
		inject(sim, ROMON_SEGMENT_DATA, 101, end, "x", 1);
		inject(sim, ROMON_SEGMENT_DATA, 100, end + 1 + i, "\0", 1);
		inject(sim, ROMON_SEGMENT_CLOSE, 102 + i, end, NULL, 0);
		inject(sim, ROMON_SEGMENT_CLOSE, 100, end, NULL, 0);
	}
	tap_ok(seen.kinds[ROMON_SEGMENT_ACK] == 1,
	       "wrong numbers are answered once, not %u times",
	       seen.kinds[ROMON_SEGMENT_ACK]);
	for (i = 0; i < 400 && freed; i++) {
		inject(sim, ROMON_SEGMENT_DATA, 5000000, end, "x", 1);
		inject(sim, ROMON_SEGMENT_CLOSE, 5000000, end, NULL, 0);
		wait_ms(sim, 100);
	}
	if (freed)
		tap_ok(seen.kinds[ROMON_SEGMENT_CLOSE],
		       "... and have nothing remembered for longer");
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* Of somebody who can send in another router's name, but sees nothing. */
static void forged_opens(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	unsigned int i;

	app = handshake(sim, 100);
	memset(seen.kinds, 0, sizeof(seen.kinds));
	for (i = 0; i < 1000; i++) {
		inject(sim, ROMON_SEGMENT_OPEN, 5000 + i * 7777, 0, NULL, 0);
		if (i % 10 == 0)
			wait_ms(sim, 1);
	}
	tap_ok(!app->closed && sim->side[1].n_accepted == 2 &&
	       streams(sim) == 2, "forged opens do not end a stream");
	tap_ok(seen.n < 1100 && seen.kinds[ROMON_SEGMENT_ACK] &&
	       seen.kinds[ROMON_SEGMENT_ACK] <= 4,
	       "... and are asked about %u times",
	       seen.kinds[ROMON_SEGMENT_ACK]);
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss, "x", 1);
	wait_ms(sim, 100);
	tap_ok(app->received == 1, "... which goes on");
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* Begins again and again, and takes nothing of what it is sent. */
static void never_reads(bool forges)
{
	uint8_t id[6] = { 2, 2, 2, 2, 2, 9 };
	struct sim_app *other, *app, *there;
	struct sim *sim = setup(&other);
	struct romon_mux_limits limits;
	unsigned int i, most = 0;

	romon_mux_limits(sim->side[1].mux, &limits);
	limits.streams = 40;
	romon_mux_set_limits(sim->side[1].mux, &limits);
	for (i = 0; i < 100; i++) {
		seen.port = 1000 + i;
		id[5] += forges;
		sim->neighbor = 7;
		from(sim, id, 1000 + i, ROMON_SEGMENT_OPEN, 100, 0, NULL, 0);
		from(sim, id, 1000 + i, ROMON_SEGMENT_ACK, 100, seen.iss, NULL,
		     0);
		sim->neighbor = 0;
		wait_ms(sim, 2);
		there = sim->side[1].accepted[1 + i];
		there->send = 1000;
		there->end_after = true;
		sim_app_write(there);
		romon_stream_free(there->s);
		there->s = NULL;
		wait_ms(sim, 10);
		most = streams(sim) > most ? streams(sim) : most;
	}
	tap_ok(most == 1 + 20, "who never reads%s has half of the places: %u",
	       forges ? ", in many names," : "", most - 1);
	app = sim_open(sim, 0, 3, 10);
	wait_ms(sim, 100);
	tap_ok(app->opened, "... and others get in");
	sim_app_free(app);
	wait_ms(sim, 60000);
	tap_ok(streams(sim) == 1, "... and it has none in the end");
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* As many as there may be, while others only knock. */
static void crowded(void)
{
	struct sim_app *other, *real[40];
	struct sim *sim = setup(&other);
	struct romon_mux_limits limits;
	uint8_t id[6] = { 2, 4 };
	unsigned int i, late = 0, closed = 0;

	romon_mux_limits(sim->side[1].mux, &limits);
	limits.streams = 40;
	romon_mux_set_limits(sim->side[1].mux, &limits);
	for (i = 0; i < 39; i++) {
		int64_t start = sim->now;

		for (id[2] = 0; id[2] < 200; id[2]++) {
			id[3] = i;
			from(sim, id, 77, ROMON_SEGMENT_OPEN, i, 0, NULL, 0);
		}
		real[i] = sim_open(sim, 0, 3, 10);
		real[i]->end_after = false;
		wait_ms(sim, 20);
		late += !real[i]->opened ||
			real[i]->opened_at - start > SIM_MS;
	}
	tap_ok(!late && streams(sim) == 40,
	       "who only sends opens takes no place: 39 others get in at once");
	real[39] = sim_open(sim, 0, 3, 10);
	memset(seen.kinds, 0, sizeof(seen.kinds));
	handshake(sim, 100);
	wait_ms(sim, 100);
	tap_ok(real[39]->error == -ECONNREFUSED &&
	       real[39]->reason == ROMON_STREAM_BUSY,
	       "one more is told that it is too many");
	tap_ok(seen.kinds[ROMON_SEGMENT_ANSWER] == 1 &&
	       seen.kinds[ROMON_SEGMENT_CLOSE] == 1 &&
	       seen.last.data[0] == ROMON_STREAM_BUSY && seen.last.ack == 100 &&
	       seen.last.seq == seen.iss,
	       "... when it has shown that it receives, not before");
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss, "x", 1);
	inject(sim, ROMON_SEGMENT_CLOSE, 101, seen.iss, NULL, 0);
	tap_ok(seen.kinds[ROMON_SEGMENT_CLOSE] == 3 &&
	       seen.last.data[0] == ROMON_STREAM_BUSY,
	       "... and again if it goes on");
	for (i = 0; i < 40; i++) {
		closed += real[i]->closed && i < 39;
		sim_app_free(real[i]);
	}
	tap_ok(!closed, "... and none that was open is ended for that");
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* 20 opens a millisecond, of as many routers, for two seconds. */
static void flood(int64_t rtt)
{
	struct sim_link link = plain;
	struct sim_app *app[20];
	unsigned int ms, i, late = 0;
	uint8_t id[6] = { 2, 5 };
	int64_t start[20];
	struct sim *sim;
	long before;

	link.delay = rtt / 2;
	sim = sim_new(10, &link);
	seen.port = 77;
	sim->tap = seen_tap;
	before = alloc_n;
	for (ms = 0; ms < 2000; ms++) {
		if (ms == 100)
			before = alloc_n;
		for (i = 0; i < 20; i++) {
			id[2] = i;
			id[3] = ms;
			id[4] = ms >> 8;
			from(sim, id, 77, ROMON_SEGMENT_OPEN, ms, 0, NULL, 0);
		}
		if (ms == 1000)
			tap_ok(alloc_n == before && !streams(sim),
			       "20000 opens take no piece of memory, no stream");
		if (ms >= 1000 && ms % 50 == 0) {
			i = (ms - 1000) / 50;
			start[i] = sim->now;
			app[i] = sim_open(sim, 0, 3, 10);
			app[i]->end_after = false;
		}
		wait_ms(sim, 1);
	}
	wait_ms(sim, 1000);
	for (i = 0; i < 20; i++) {
		late += !app[i]->opened ||
			app[i]->opened_at - start[i] > rtt + SIM_MS;
		sim_app_free(app[i]);
	}
	tap_ok(!late && sim->side[1].n_accepted == 20,
	       "... and keep nobody out for longer than a round trip of %lld ms",
	       (long long)(rtt / SIM_MS));
	sim_free(sim);
}

/* An open is answered thrice more, if nobody says anything. */
static void answers_again(void)
{
	struct sim_app *other;
	struct sim *sim = setup(&other);

	inject(sim, ROMON_SEGMENT_OPEN, 100, 0, NULL, 0);
	wait_ms(sim, 2000);
	tap_ok(seen.n == 4 && seen.kinds[ROMON_SEGMENT_ANSWER] == 4,
	       "an answer that is not acknowledged comes again by itself");
	wait_ms(sim, 20000);
	tap_ok(seen.n == 4, "... but not for ever");
	inject(sim, ROMON_SEGMENT_ACK, 100, seen.iss, NULL, 0);
	wait_ms(sim, 1);
	tap_ok(sim->side[1].n_accepted == 2,
	       "... and may be acknowledged after that");
	inject(sim, ROMON_SEGMENT_CLOSE, 100, seen.iss, "\5", 1);
	seen.n = 0;
	inject(sim, ROMON_SEGMENT_OPEN, 200, 0, NULL, 0);
	inject(sim, ROMON_SEGMENT_CLOSE, 200, 0, "\5", 1);
	wait_ms(sim, 2000);
	tap_ok(seen.n == 1, "who gave up is not answered again");
	inject(sim, ROMON_SEGMENT_OPEN, 300, 0, NULL, 0);
	wait_ms(sim, 70000);
	seen.n = 0;
	inject(sim, ROMON_SEGMENT_ACK, 300, seen.iss, NULL, 0);
	wait_ms(sim, 1);
	tap_ok(sim->side[1].n_accepted == 2 &&
	       seen.last.kind == ROMON_SEGMENT_CLOSE,
	       "an answer is good for a minute");
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* What comes third may be missing, or be late. */
static void third(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	uint32_t iss;

	inject(sim, ROMON_SEGMENT_OPEN, 100, 0, NULL, 0);
	seen.n = 0;
	inject(sim, ROMON_SEGMENT_DATA, 101, seen.iss, "b", 1);
	wait_ms(sim, 1);
	tap_ok(!seen.n && sim->side[1].n_accepted == 1,
	       "data that has overtaken the first is not refused");
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss, "a", 1);
	inject(sim, ROMON_SEGMENT_DATA, 101, seen.iss, "b", 1);
	wait_ms(sim, 1);
	app = sim->side[1].accepted[1];
	tap_ok(app->received == 2, "... and comes again");
	iss = seen.iss;
	inject(sim, ROMON_SEGMENT_CLOSE, 102, iss, "\5", 1);
	wait_ms(sim, 1);
	tap_ok(app->closed, "it is over");
	seen.n = 0;
	inject(sim, ROMON_SEGMENT_ACK, 100, iss, NULL, 0);
	inject(sim, ROMON_SEGMENT_DATA, 101, iss, "b", 1);
	wait_ms(sim, 1);
	tap_ok(sim->side[1].n_accepted == 2 && seen.n == 2 &&
	       seen.last.kind == ROMON_SEGMENT_CLOSE,
	       "what comes late of it begins no other");
	inject(sim, ROMON_SEGMENT_OPEN, 500, 0, NULL, 0);
	inject(sim, ROMON_SEGMENT_DATA, 499, seen.iss, NULL, 0);
	wait_ms(sim, 1);
	tap_ok(sim->side[1].n_accepted == 3,
	       "a question opens it as well as an acknowledgment");
	tap_ok(setdown(sim, other), "another stream goes on");
}

static void for_none(void)
{
	struct sim_app *other;
	struct sim *sim = setup(&other);
	unsigned int i;

	for (i = 0; i < 1000; i++)
		inject(sim, ROMON_SEGMENT_CLOSE, i, i * 7, "\1", i % 2);
	tap_ok(!seen.n, "closes for no stream are not answered");
	for (i = 1; i < 4; i++) {
		inject(sim, i, 1000, 77, "abc", i == 2 ? 3 : 0);
		tap_ok(seen.n == i && seen.last.kind == ROMON_SEGMENT_CLOSE &&
		       seen.last.seq == 77 &&
		       seen.last.ack == (i == 2 ? 1003u : 1000u) &&
		       seen.last.len == 1 &&
		       seen.last.data[0] == ROMON_STREAM_UNKNOWN,
		       "kind %u for no stream is, with its own numbers", i);
	}
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* Who knows IDs and ports, but no number, as RFC 5961 has it. */
static void blind(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	static const char zeros[100];
	unsigned int i;

	app = handshake(sim, 100);
	app->send = 3000;
	sim_app_write(app);
	wait_ms(sim, 1);
	memset(seen.kinds, 0, sizeof(seen.kinds));
	for (i = 0; i < 1000; i++) {
		inject(sim, ROMON_SEGMENT_CLOSE, 101 + i * 4000,
		       seen.iss + i * 3, "\5", 1);
		inject(sim, ROMON_SEGMENT_CLOSE, 99 - i, seen.iss + i * 3,
		       "\5", 1);
	}
	wait_ms(sim, 1);
	tap_ok(!app->closed,
	       "who does not know the next number breaks off nothing");
	tap_ok(seen.kinds[ROMON_SEGMENT_ACK] == 1,
	       "... and is asked %u times", seen.kinds[ROMON_SEGMENT_ACK]);
	inject(sim, ROMON_SEGMENT_ACK, 100, seen.iss + 3000, NULL, 0);
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss - 1000000, "x", 1);
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss + 3001, "x", 1);
	tap_ok(!app->received && streams(sim) == 2,
	       "data with an acknowledgment out of bounds is not taken");

	/* An end where there is none yet. */
	inject(sim, ROMON_SEGMENT_CLOSE, 150, seen.iss + 3000, NULL, 0);
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss + 3000, zeros, 100);
	inject(sim, ROMON_SEGMENT_CLOSE, 300, seen.iss + 3000, NULL, 0);
	inject(sim, ROMON_SEGMENT_CLOSE, 200, seen.iss + 3000, NULL, 0);
	wait_ms(sim, 50);
	tap_ok(app->received == 100 && app->got_end,
	       "a wrong end stops no data, and the right one is believed");

	inject(sim, ROMON_SEGMENT_CLOSE, 201, seen.iss + 3000, "\5", 1);
	wait_ms(sim, 1);

	/* Theirs is lost but for the end, and they have forgotten it. */
	app = handshake(sim, 5000);
	inject(sim, ROMON_SEGMENT_CLOSE, 5010, seen.iss, "\4", 1);
	tap_ok(!app->closed && seen.last.kind == ROMON_SEGMENT_ACK &&
	       seen.last.ack == 5000, "who may have lost something is asked");
	inject(sim, ROMON_SEGMENT_CLOSE, seen.last.ack, seen.last.seq, "\1", 1);
	wait_ms(sim, 1);
	tap_ok(app->closed && app->error == -ECONNRESET &&
	       app->reason == ROMON_STREAM_FAILED,
	       "... and believed then, with the reason given first");
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* Refusals of what is being opened, of somebody who does not know its number. */
static void blind_refusals(void)
{
	struct sim *sim = sim_new(11, &plain);
	struct sim_app *app = sim_open(sim, 1, 5, 100);
	uint8_t buf[ROMON_SEGMENT_HLEN];
	unsigned int i;

	sim->tap = seen_tap;
	seen.port = 5;
	wait_ms(sim, 1);
	for (i = 2; i < 1000; i++) {
		romon_segment_build(buf, ROMON_SEGMENT_CLOSE, i,
				    app->s->iss + i);
		sim_inject(sim, 1, sim->side[0].id, 49152, 5, buf, sizeof(buf));
	}
	tap_ok(streams(sim) == 1 && !romon_stream_error(app->s),
	       "nor does a refusal without a reason and its number end an open");
	romon_segment_build(buf, ROMON_SEGMENT_CLOSE, i, app->s->iss + 1);
	sim_inject(sim, 1, sim->side[0].id, 49152, 5, buf, sizeof(buf));
	wait_ms(sim, 1);
	tap_ok(app->error == -ECONNREFUSED, "... but with it, as TCP has it");
	sim_app_free(app);
	sim_free(sim);
}

static void challenges(void)
{
	struct sim_app *other;
	struct sim *sim = setup(&other);
	uint32_t iss[400], sum = 0;
	unsigned int i, s;

	for (i = 0; i < 400; i++) {
		seen.port = 1000 + i;
		from(sim, peer_id, seen.port, ROMON_SEGMENT_OPEN, 100, 0, NULL,
		     0);
		from(sim, peer_id, seen.port, ROMON_SEGMENT_ACK, 100, seen.iss,
		     NULL, 0);
		iss[i] = seen.iss;
	}
	wait_ms(sim, 10);
	for (s = 0; s < 3; s++) {
		seen.n = 0;
		for (i = 0; i < 400; i++) {
			seen.port = 1000 + i;
			from(sim, peer_id, seen.port, ROMON_SEGMENT_CLOSE, 200,
			     iss[i], "\5", 1);
		}
		sum += seen.n;
		tap_ok(seen.n >= 64 && seen.n < 128,
		       "of 400 streams, %u are asked about in a second", seen.n);
		sim->tap = NULL;
		wait_ms(sim, 1000);
		sim->tap = seen_tap;
	}
	tap_ok(sum % 3 || sum / 3 != seen.n, "... not always as many");
	for (i = 0; i < 400; i++)
		from(sim, peer_id, 1000 + i, ROMON_SEGMENT_CLOSE, 100, iss[i],
		     "\5", 1);
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* A kind of segment that nobody knows: may be RouterOS's own keepalive. */
static void strange(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);
	unsigned int i;

	app = handshake(sim, 100);
	wait_ms(sim, 900);
	seen.n = 0;
	for (i = 0; i < 100; i++)
		inject(sim, 5 + i, 100, seen.iss, "abc", i % 3);
	tap_ok(seen.n == 1 && seen.last.kind == ROMON_SEGMENT_ACK &&
	       seen.last.ack == 100 && seen.last.seq == seen.iss,
	       "an unknown kind is answered by an acknowledgment, once");
	sim->side[0].no_echo = true;
	for (i = 0; i < 60; i++) {
		wait_ms(sim, 1000);
		inject(sim, 9, 100, seen.iss, NULL, 0);
	}
	tap_ok(!app->closed, "... and is a sign of life");
	for (i = 0; i < 60; i++) {
		wait_ms(sim, 1000);
		inject(sim, 9, 100 - 5000000, seen.iss, NULL, 0);
	}
	tap_ok(app->closed, "... unless its numbers are wrong");
	seen.n = 0;
	inject(sim, 9, 100, seen.iss, NULL, 0);
	tap_ok(!seen.n, "... for no stream it is not answered");
	tap_ok(setdown(sim, other), "another stream goes on");
}

/* All that one side says comes back to it, or comes twice. */
static bool mirror_tap(struct sim *sim, int side, const struct romon_datagram *d)
{
	static unsigned int depth;
	uint8_t id[6];

	memcpy(id, d->id, sizeof(id));
	if (depth || d->remote_port == ROMON_STREAM_PORT_ECHO ||
	    d->local_port == ROMON_STREAM_PORT_ECHO)
		return true;
	depth++;
	sim_inject(sim, side, id, d->local_port, d->remote_port, d->payload,
		   d->len);
	depth--;
	return true;
}

static void mirror(void)
{
	struct sim *sim = sim_new(9, &plain);
	struct sim_app *app = sim_open(sim, 0, 3, 100000);

	sim->tap = mirror_tap;
	wait_ms(sim, 60000);
	tap_ok(sim->side[0].xmitted < 20000 && sim->side[1].xmitted < 20000,
	       "reflected segments make no storm: %llu and %llu",
	       (unsigned long long)sim->side[0].xmitted,
	       (unsigned long long)sim->side[1].xmitted);
	sim_app_free(app);
	sim_free(sim);
}

static void routes(void)
{
	struct sim_app *other, *app;
	struct sim *sim = setup(&other);

	sim->side[1].link.hops = 3;
	app = handshake(sim, 100);
	tap_ok(seen.hops == 3, "answers take the way that a segment came by");
	sim->side[1].link.hops = 4;
	inject(sim, ROMON_SEGMENT_DATA, 100, seen.iss, "abc", 3);
	wait_ms(sim, 50);
	tap_ok(seen.hops == 4, "... the newest");
	sim->side[1].link.hops = 2;
	inject(sim, ROMON_SEGMENT_DATA, 99, seen.iss, NULL, 0);
	wait_ms(sim, 1);
	tap_ok(seen.hops == 4, "... not that of one that was overtaken");
	wait_ms(sim, 300);
	inject(sim, ROMON_SEGMENT_DATA, 99, seen.iss, NULL, 0);
	wait_ms(sim, 1);
	tap_ok(seen.hops == 2, "... unless nothing newer comes");
	app->send = 100;
	sim_app_write(app);
	wait_ms(sim, 1);
	tap_ok(seen.hops == 2, "data as well");
	wait_ms(sim, 5000);
	tap_ok(seen.hops == 0, "... and the best known way, if that is silent");
	tap_ok(setdown(sim, other), "another stream goes on");
}

int main(void)
{
	in_the_seen_order();
	foreign();
	wrong_numbers();
	greedy();
	giant();
	never_lets_go();
	again_and_again(true);
	again_and_again(false);
	forged_opens();
	never_reads(false);
	never_reads(true);
	crowded();
	flood(SIM_MS);
	flood(50 * SIM_MS);
	answers_again();
	third();
	blind();
	blind_refusals();
	challenges();
	strange();
	for_none();
	mirror();
	routes();
	tap_ok(!alloc_n, "all memory is back");
	return 0;
}
