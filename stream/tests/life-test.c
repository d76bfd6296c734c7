// SPDX-License-Identifier: GPL-2.0-only
/* How streams begin and end: opened, refused, ended, broken off, forgotten. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "segment.h"
#include "sim.h"
#include "tap.h"

static const struct sim_link plain = {
	.rate = 100000000, .delay = 2 * SIM_MS, .queue = 100, .mtu = 1400,
	.room = 1400,
};

/* Segments of one kind that are lost, and those seen. */
static struct {
	int kind, from;
	unsigned int lose;
	size_t len;			/* of payload; SIZE_MAX: any */
	unsigned int seen;
} filter;

static bool filter_tap(struct sim *sim, int from, const struct romon_datagram *d)
{
	struct romon_segment seg;

	(void)sim;
	if (d->remote_port == ROMON_STREAM_PORT_ECHO ||
	    d->local_port == ROMON_STREAM_PORT_ECHO ||
	    romon_segment_parse(&seg, d->payload, d->len))
		return true;
	if ((int)seg.kind != filter.kind || from != filter.from ||
	    (filter.len != SIZE_MAX && seg.len != filter.len))
		return true;
	return filter.seen++ >= filter.lose;
}

static void lose(struct sim *sim, int kind, int from, size_t len, unsigned int n)
{
	filter.kind = kind;
	filter.from = from;
	filter.len = len;
	filter.lose = n;
	filter.seen = 0;
	sim->tap = filter_tap;
}

static bool done_closed(void *arg)
{
	return ((struct sim_app *)arg)->closed;
}

static bool done_opened(void *arg)
{
	return ((struct sim_app *)arg)->opened;
}

static void wait_ms(struct sim *sim, int64_t ms)
{
	sim_run(sim, sim->now + ms * SIM_MS, NULL, NULL);
}

/* That all is over, nothing is left. */
static bool gone(struct sim *sim)
{
	struct romon_mux_stats stats;
	bool good = true;
	int i;

	wait_ms(sim, 40000);
	for (i = 0; i < 2; i++) {
		romon_mux_stats(sim->side[i].mux, &stats);
		good = good && !stats.streams && !stats.memory &&
		       !sim->side[i].bound;
		if (stats.streams || stats.memory || sim->side[i].bound)
			printf("# side %d: %u streams, %zu bytes, %u ports\n",
			       i, stats.streams, stats.memory,
			       sim->side[i].bound);
	}
	return good;
}

static void half_close(void)
{
	struct sim *sim = sim_new(1, &plain);
	struct sim_app *app, *there;

	sim->side[1].template.end_on_end = false;
	app = sim_open(sim, 0, 3, 1000);
	wait_ms(sim, 200);
	there = sim->side[1].accepted[0];
	tap_ok(there->got_end && there->received == 1000 && !app->closed,
	       "the end of one direction leaves the other open");
	there->send = 500000;
	sim_app_write(there);
	wait_ms(sim, 1000);
	tap_ok(app->received == 500000 && !app->wrong && !app->got_end,
	       "... for as much data as there is");
	romon_stream_end(there->s);
	wait_ms(sim, 100);
	tap_ok(app->got_end && app->closed && there->closed && !app->error &&
	       !there->error, "... until it ends as well");
	tap_ok(app->events[3] == 1 && there->events[3] == 1 &&
	       app->events[0] == 1 && there->events[0] == 1,
	       "each side is told once that it opened, and that it closed");
	tap_ok(gone(sim), "... and leaves nothing");
	sim_app_free(app);

	app = sim_open(sim, 0, 3, 0);
	app->end_after = false;
	wait_ms(sim, 100);
	there = sim->side[1].accepted[1];
	romon_stream_end(there->s);
	wait_ms(sim, 100);
	tap_ok(app->got_end && !app->closed && !there->got_end,
	       "the other side may end first");
	app->send = 300000;
	app->end_after = true;
	sim_app_write(app);
	wait_ms(sim, 1000);
	tap_ok(there->received == 300000 && there->got_end && app->closed &&
	       there->closed && !there->error, "... and still gets it all");
	tap_ok(gone(sim), "... and leaves nothing");
	sim_app_free(app);
	sim_free(sim);
}

static void lost_closes(void)
{
	unsigned int side;

	for (side = 0; side < 2; side++) {
		struct sim *sim = sim_new(2 + side, &plain);
		struct sim_app *app = sim_open(sim, 0, 3, 100);

		lose(sim, ROMON_SEGMENT_CLOSE, side, SIZE_MAX, 3);
		sim_run(sim, sim->now + 20 * SIM_SECOND, done_closed, app);
		wait_ms(sim, 5000);
		tap_ok(app->closed && !app->error && app->got_end &&
		       sim->side[1].accepted[0]->closed &&
		       !sim->side[1].accepted[0]->error && filter.seen > 3,
		       "ends of side %u are sent again if they are lost", side);
		tap_ok(gone(sim), "... and leave nothing");
		sim_app_free(app);
		sim_free(sim);
	}
	for (side = 0; side < 2; side++) {
		struct sim *sim = sim_new(5 + side, &plain);
		struct sim_app *app = sim_open(sim, 0, 3, 100);

		wait_ms(sim, 5);
		lose(sim, ROMON_SEGMENT_ACK, side, SIZE_MAX, 6);
		wait_ms(sim, 20000);
		tap_ok(app->closed && !app->error &&
		       sim->side[1].accepted[0]->closed &&
		       !sim->side[1].accepted[0]->error,
		       "acknowledgments of ends are repeated by side %u, for who asks",
		       side);
		tap_ok(gone(sim), "... and leave nothing");
		sim_app_free(app);
		sim_free(sim);
	}
}

/* All has arrived, and only the other side does not know, for a long time. */
static void late_word(void)
{
	struct sim *sim = sim_new(7, &plain);
	struct sim_app *app, *there;

	sim->side[1].template.end_on_end = false;
	app = sim_open(sim, 0, 3, 100);
	wait_ms(sim, 100);
	there = sim->side[1].accepted[0];
	sim->side[0].link.down = true;
	there->send = 5000;
	sim_app_write(there);
	romon_stream_end(there->s);
	sim_run(sim, sim->now + SIM_SECOND, done_closed, app);
	tap_ok(app->closed && !app->error && app->received == 5000 &&
	       !there->closed, "a side has had all, and has ended");
	sim->side[1].link.down = true;
	wait_ms(sim, 20000);
	sim_set_link(sim, &plain);
	sim_run(sim, sim->now + 20 * SIM_SECOND, done_closed, there);
	tap_ok(there->closed && !there->error,
	       "... which the other one hears after 20 s without a network");
	sim_app_free(app);
	tap_ok(gone(sim), "... and nothing is left");
	sim_free(sim);
}

/* A port that is not listened at any more is free when its streams are gone. */
static void unlistened(void)
{
	struct sim *sim = sim_new(18, &plain);
	struct sim_side *side = &sim->side[1];
	struct sim_app *one = sim_open(sim, 0, 3, 100);
	struct sim_app *two = sim_open(sim, 0, 3, 100);

	one->end_after = false;
	two->end_after = false;
	wait_ms(sim, 100);
	side->bound = 1;
	romon_mux_unlisten(side->mux, 3);
	sim_app_free(one);
	wait_ms(sim, 1000);
	tap_ok(side->bound == 1 && !side->accepted[1]->closed,
	       "a port that was listened at stays bound for its streams");
	tap_ok(!romon_mux_listen(side->mux, 3) &&
	       romon_mux_listen(side->mux, 3) == -EADDRINUSE,
	       "... and may be listened at again");
	romon_mux_unlisten(side->mux, 3);
	romon_mux_unlisten(side->mux, 3);
	tap_ok(side->bound == 1, "... and no more");
	romon_stream_end(two->s);
	tap_ok(gone(sim) && two->closed && !two->error,
	       "it is free when the last of them has gone");
	sim_app_free(two);
	side->bound = 1;
	tap_ok(!romon_mux_listen(side->mux, 3) && side->bound == 1,
	       "it is listened at again");
	romon_mux_unlisten(side->mux, 3);
	tap_ok(!side->bound, "one without streams is free at once");
	sim_free(sim);
}

static void refused(void)
{
	enum romon_stream_reason reason;

	for (reason = ROMON_STREAM_UNKNOWN; reason <= ROMON_STREAM_FAILED;
	     reason++) {
		struct sim *sim = sim_new(10, &plain);
		struct sim_app *app;
		int64_t start = sim->now;

		sim->side[1].refuse = reason;
		app = sim_open(sim, 0, 3, 100);
		sim_run(sim, sim->now + SIM_SECOND, done_closed, app);
		tap_ok(app->closed && app->error == -ECONNREFUSED &&
		       app->reason == reason && !app->received &&
		       !sim->side[1].n_accepted &&
		       sim->now - start < 10 * SIM_MS,
		       "reason %d of a refusal is told, at once", reason);
		tap_ok(sim->side[1].asked == 1,
		       "... and the program is asked once");
		sim_app_free(app);
		tap_ok(gone(sim), "... and nothing is left");
		sim_free(sim);
	}
}

static void unanswered(void)
{
	struct sim *sim = sim_new(11, &plain);
	struct sim_app *app = sim_open(sim, 0, 4, 100);
	int64_t start;

	sim_run(sim, sim->now + SIM_SECOND, done_closed, app);
	tap_ok(app->error == -ECONNREFUSED &&
	       app->reason == ROMON_STREAM_UNKNOWN, "nobody listens: refused");
	sim_app_free(app);

	sim->side[1].dead = true;
	app = sim_open(sim, 0, 3, 100);
	start = sim->now;
	sim_run(sim, sim->now + 60 * SIM_SECOND, done_closed, app);
	tap_ok(app->error == -ETIMEDOUT &&
	       sim->now - start >= 10 * SIM_SECOND &&
	       sim->now - start < 11 * SIM_SECOND, "nobody is there: ten seconds");
	sim_app_free(app);

	app = sim_open(sim, 0, 3, 100);
	wait_ms(sim, 100);
	romon_mux_unreachable(sim->side[0].mux, sim->side[1].id,
			      sim->side[0].next_port - 1, 3, EHOSTUNREACH,
			      sim->now);
	start = sim->now;
	sim_run(sim, sim->now + SIM_SECOND, done_closed, app);
	tap_ok(app->error == -EHOSTUNREACH && sim->now == start,
	       "no route: at once");
	sim_app_free(app);
	sim->side[1].dead = false;
	tap_ok(gone(sim), "... and nothing is left");
	sim_free(sim);
}

static void broken_off(void)
{
	struct sim *sim = sim_new(12, &plain);
	struct sim_app *app = sim_open(sim, 0, 3, 100), *there;

	app->end_after = false;
	wait_ms(sim, 100);
	there = sim->side[1].accepted[0];
	romon_stream_abort(there->s, ROMON_STREAM_FAILED);
	wait_ms(sim, 100);
	tap_ok(app->closed && app->error == -ECONNRESET &&
	       app->reason == ROMON_STREAM_FAILED && there->closed &&
	       there->error == -ECONNABORTED,
	       "a stream is broken off, with the reason");
	sim_app_free(app);

	app = sim_open(sim, 0, 3, 100);
	app->end_after = false;
	wait_ms(sim, 100);
	there = sim->side[1].accepted[1];
	sim_app_free(app);
	wait_ms(sim, 100);
	tap_ok(there->closed && there->error == -ECONNRESET &&
	       there->reason == ROMON_STREAM_ABORTED && there->received == 100,
	       "one that is freed before its end is broken off as well");

	app = sim_open(sim, 0, 3, 60000);
	sim_run(sim, sim->now + SIM_SECOND, done_opened, app);
	tap_ok(app->sent == 60000, "one that is freed after its end");
	sim_app_free(app);
	wait_ms(sim, 1000);
	there = sim->side[1].accepted[2];
	tap_ok(there->received == 60000 && there->got_end && there->closed &&
	       !there->error, "... arrives whole");
	tap_ok(gone(sim), "... and leaves nothing");

	sim->side[1].template.end_on_end = false;
	app = sim_open(sim, 0, 3, 1000);
	wait_ms(sim, 100);
	sim_app_free(app);
	there = sim->side[1].accepted[3];
	there->send = 1000000;
	sim_app_write(there);
	wait_ms(sim, 1000);
	tap_ok(there->closed && there->error == -ECONNRESET,
	       "who writes to somebody who is gone is told");

	app = sim_open(sim, 0, 3, 1000);
	wait_ms(sim, 100);
	sim_app_free(app);
	there = sim->side[1].accepted[4];
	there->keep = true;
	wait_ms(sim, 1000);
	tap_ok(there->got_end && !there->closed, "who has nothing to write has time");
	wait_ms(sim, 2000);
	tap_ok(there->closed && !there->error,
	       "... but not for ever, and no error for it");
	tap_ok(romon_stream_write(there->s, "x", 1) == -EPIPE,
	       "... unless something is written after all");
	romon_stream_free(there->s);
	there->s = NULL;
	wait_ms(sim, 1000);
	tap_ok(gone(sim), "... and nothing is left");
	sim_free(sim);
}

/* A program ends, and with it all streams that it has. */
static void program_ends(void)
{
	struct sim_link slow = plain;
	struct sim_app *app, *there, *old;
	struct sim *sim;

	slow.rate = 1000000;
	sim = sim_new(17, &slow);
	sim->side[1].template.end_on_end = false;
	old = sim_open(sim, 0, 3, 100);
	wait_ms(sim, 100);
	sim_app_free(old);
	tap_ok(!romon_mux_delivers(sim->side[0].mux),
	       "a stream that waits for the other side's end delivers nothing");
	app = sim_open(sim, 0, 3, 60000);
	app->keep = true;
	wait_ms(sim, 100);
	sim_app_free(app);
	wait_ms(sim, 10);
	there = sim->side[1].accepted[1];
	tap_ok(romon_mux_delivers(sim->side[0].mux) && !there->closed,
	       "one that is freed with bytes in flight does");
	romon_mux_free(sim->side[0].mux);
	sim->side[0].mux = NULL;
	sim->side[0].dead = true;
	wait_ms(sim, 1000);
	old = sim->side[1].accepted[0];
	tap_ok(there->closed && there->error == -ECONNRESET &&
	       there->reason == ROMON_STREAM_ABORTED,
	       "it is broken off when its program ends");
	tap_ok(old->closed && !old->error,
	       "the other one had all, and is closed without an error");
	sim_free(sim);
}

static void vanished(void)
{
	int64_t start;
	int flight;

	for (flight = 0; flight < 2; flight++) {
		struct sim *sim = sim_new(13, &plain);
		struct sim_app *app = sim_open(sim, 0, 3, flight ? 1 << 30 : 10);
		struct sim_app *there;

		app->end_after = false;
		wait_ms(sim, flight ? 500 : 20000);
		there = sim->side[1].accepted[0];
		sim->side[0].link.down = true;
		sim->side[1].link.down = true;
		start = sim->now;
		sim_run(sim, start + 100 * SIM_SECOND, done_closed, app);
		sim_run(sim, start + 100 * SIM_SECOND, done_closed, there);
		tap_ok(app->error == -ETIMEDOUT && there->error == -ETIMEDOUT &&
		       app->closed_at - start > 18 * SIM_SECOND &&
		       app->closed_at - start < 31 * SIM_SECOND &&
		       there->closed_at - start > 18 * SIM_SECOND &&
		       there->closed_at - start < 31 * SIM_SECOND,
		       "%s in flight and the network gone: over after %lld and %lld ms",
		       flight ? "data" : "nothing",
		       (long long)(app->closed_at - start) / SIM_MS,
		       (long long)(there->closed_at - start) / SIM_MS);
		tap_ok(gone(sim), "... and nothing is left");
		sim_app_free(app);
		sim_free(sim);
	}
	for (flight = 0; flight < 2; flight++) {
		struct sim *sim = sim_new(14, &plain);
		struct sim_app *app = sim_open(sim, 0, 3, flight ? 1 << 30 : 10);

		app->end_after = false;
		wait_ms(sim, flight ? 500 : 5000);
		sim->side[1].dead = true;
		start = sim->now;
		sim_run(sim, start + 100 * SIM_SECOND, done_closed, app);
		tap_ok(app->error == -ETIMEDOUT &&
		       app->closed_at - start < 31 * SIM_SECOND,
		       "%s in flight and the program gone: over after %lld ms",
		       flight ? "data" : "nothing",
		       (long long)(app->closed_at - start) / SIM_MS);
		sim_app_free(app);
		sim_free(sim);
	}
}

static void started_anew(void)
{
	int flight;

	for (flight = 0; flight < 2; flight++) {
		struct sim *sim = sim_new(15, &plain);
		struct sim_app *app = sim_open(sim, 0, 3, 10), *there;
		int64_t start;

		app->end_after = false;
		wait_ms(sim, 21000);
		there = sim->side[1].accepted[0];
		/* It forgets all, and its library has the same port again. */
		lose(sim, ROMON_SEGMENT_CLOSE, 0, SIZE_MAX, 1);
		sim_app_free(app);
		sim->side[0].next_port--;
		tap_ok(filter.seen == 1 && !there->closed,
		       "a peer has gone without a word");
		if (flight) {
			there->send = 5000;
			sim_app_write(there);
		}
		start = sim->now;
		app = sim_open(sim, 0, 3, 10);
		app->end_after = false;
		wait_ms(sim, 2000);
		tap_ok(app->opened && sim->side[1].n_accepted == 2 &&
		       app->opened_at - start < SIM_SECOND &&
		       there->closed && there->error == -ECONNRESET,
		       "... and may use the same ports when it comes again, after %lld ms",
		       (long long)(app->opened_at - start) / SIM_MS);
		there = sim->side[1].accepted[1];
		tap_ok(there->received == 10 && !there->wrong,
		       "... for another stream");
		sim_app_free(app);
		tap_ok(gone(sim), "... and nothing is left");
		sim_free(sim);
	}
}

static void keeps(void)
{
	struct sim *sim = sim_new(16, &plain);
	struct sim_app *app = sim_open(sim, 0, 3, 10), *there;

	app->end_after = false;
	sim->side[1].template.end_on_end = false;
	wait_ms(sim, 3600 * 1000);
	there = sim->side[1].accepted[0];
	tap_ok(!app->closed && !there->closed && app->s && there->s,
	       "an idle stream stays open for an hour");
	printf("# %llu datagrams there, %llu back\n",
	       (unsigned long long)sim->side[0].xmitted,
	       (unsigned long long)sim->side[1].xmitted);
	tap_ok(sim->side[0].xmitted + sim->side[1].xmitted < 4000,
	       "... with a datagram in a second at most");
	app->send = 20;
	app->end_after = true;
	sim_app_write(app);
	wait_ms(sim, 100);
	tap_ok(there->received == 20 && there->got_end, "... and carries data");
	sim_app_free(app);
	sim_free(sim);
}

int main(void)
{
	half_close();
	lost_closes();
	late_word();
	unlistened();
	refused();
	unanswered();
	broken_off();
	program_ends();
	vanished();
	started_anew();
	keeps();
	tap_ok(!alloc_n, "all memory is back");
	return 0;
}
