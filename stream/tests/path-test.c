// SPDX-License-Identifier: GPL-2.0-only
/* Paths that change: too narrow for a segment, slower, of another order. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "sim.h"
#include "tap.h"

static void wait_ms(struct sim *sim, int64_t ms)
{
	sim_run(sim, sim->now + ms * SIM_MS, NULL, NULL);
}

static bool done_end(void *arg)
{
	return ((struct sim_app *)arg)->got_end;
}

/* All of it within @ms, in segments of @least to @most bytes. */
static void narrow(const char *what, const struct sim_link *link, int64_t ms,
		   uint32_t least, uint32_t most)
{
	struct sim *sim = sim_new(1, link);
	struct sim_app *app = sim_open(sim, 0, 3, 2000000), *there;
	struct romon_stream_info info = { 0 };
	int64_t start = sim->now;

	app->keep = true;
	wait_ms(sim, 50);
	there = sim->side[1].accepted[0];
	sim_run(sim, start + ms * SIM_MS, done_end, there);
	romon_stream_info(app->s, &info);
	tap_ok(there->got_end && there->received == 2000000 &&
	       info.segment >= least && info.segment <= most,
	       "%s: segments of %u bytes, %lld ms", what, info.segment,
	       (long long)(sim->now - start) / SIM_MS);
	sim_app_free(app);
	sim_free(sim);
}

static void sizes(void)
{
	struct sim_link link = {
		.rate = 100000000, .delay = SIM_MS, .queue = 100, .mtu = 1400,
		.room = 1400,
	};

	narrow("a path of known length", &link, 1000, 1390, 1390);
	link.room = 0;
	narrow("an unknown one", &link, 1000, 1000, 1200);
	link.room = 1500;
	narrow("shorter than said, with an error", &link, 1000, 1000, 1390);
	link.mtu = 300;
	narrow("much shorter", &link, 1000, 64, 290);
	link.mtu = 1250;
	link.silent = true;
	narrow("shorter than said, without a word", &link, 5000, 1000, 1240);
	link.room = 4000;
	narrow("much shorter", &link, 10000, 1000, 1240);
	link.silent = false;
	link.late = true;
	link.mtu = 1250;
	link.room = 1500;
	narrow("shorter than said, with an error that comes later", &link, 1000,
	       900, 1240);
	link.mtu = 300;
	narrow("much shorter", &link, 1000, 64, 290);
}

/*
 * The link becomes narrower, or its host refuses all for a moment, while much is
 * on its way: it goes on without waiting for a timeout.
 */
static void host_refuses(const char *what, int err, size_t mtu, int64_t ms,
			 uint64_t timeouts)
{
	struct sim_link link = {
		.rate = 100000000, .delay = 20 * SIM_MS, .queue = 500,
		.mtu = 1400, .room = 1400, .late = true,
	};
	struct sim *sim = sim_new(5, &link);
	struct sim_app *app = sim_open(sim, 0, 3, 20000000), *there;
	struct romon_mux_stats before, after;
	int64_t start = sim->now;

	wait_ms(sim, 500);
	there = sim->side[1].accepted[0];
	romon_mux_stats(sim->side[0].mux, &before);
	link.mtu = mtu;
	link.refuse = err;
	sim->side[0].link = link;
	wait_ms(sim, ms);
	link.refuse = 0;
	sim->side[0].link = link;
	sim_run(sim, start + 20 * SIM_SECOND, done_end, there);
	romon_mux_stats(sim->side[0].mux, &after);
	tap_ok(there->received == 20000000 && !there->wrong &&
	       after.timeouts - before.timeouts <= timeouts,
	       "%s: %llu timeouts, %lld ms", what,
	       (unsigned long long)(after.timeouts - before.timeouts),
	       (long long)(sim->now - start) / SIM_MS);
	printf("# %llu refused, %llu sent again\n",
	       (unsigned long long)sim->side[0].refused,
	       (unsigned long long)(after.retransmitted -
				    before.retransmitted));
	sim_app_free(app);
	sim_free(sim);
}

/* Nothing is sent any more, and nothing ever will be. */
static void gives_up(const char *what, int err, bool opened)
{
	struct sim_link link = { .delay = SIM_MS, .mtu = 1400, .room = 1400 };
	struct sim *sim = sim_new(6, &link);
	struct sim_app *app = sim_open(sim, 0, 3, 1000000);
	int64_t start;

	app->end_after = false;
	if (opened)
		wait_ms(sim, 1000);
	link.refuse = err;
	sim->side[0].link = link;
	app->send += 1000;
	if (opened)
		sim_app_write(app);
	start = sim->now;
	wait_ms(sim, 100);
	tap_ok(app->closed && app->error == err &&
	       app->closed_at - start < 10 * SIM_MS, "%s ends at once", what);
	sim_app_free(app);
	sim_free(sim);
}

/* The way back is gone; the best one is not. */
static void way_back(void)
{
	struct sim_link link = { .delay = SIM_MS, .mtu = 1400, .room = 1400 };
	struct sim *sim = sim_new(7, &link);
	struct sim_app *app = sim_open(sim, 0, 3, 0), *there;
	struct romon_mux_stats stats;

	app->end_after = false;
	wait_ms(sim, 100);
	there = sim->side[1].accepted[0];
	link.refuse = -ENETDOWN;
	link.routed = true;
	sim->side[1].link = link;
	there->send = 1000000;
	sim_app_write(there);
	sim_run(sim, sim->now + 20 * SIM_SECOND, NULL, NULL);
	romon_mux_stats(sim->side[1].mux, &stats);
	tap_ok(app->received == 1000000 && !app->wrong && !there->error &&
	       !stats.timeouts,
	       "what the way back does not take goes by the best one: %llu timeouts, %llu refused",
	       (unsigned long long)stats.timeouts,
	       (unsigned long long)sim->side[1].refused);
	sim_app_free(app);
	sim_free(sim);
}

/* While the host takes nothing, what is refused is not tried again and again. */
static void refused_for_long(int err)
{
	struct sim_link link = {
		.rate = 100000000, .delay = SIM_MS, .queue = 100, .mtu = 1400,
		.room = 1400,
	};
	struct sim *sim = sim_new(8, &link);
	struct sim_app *app = sim_open(sim, 0, 3, 100000000), *there;
	uint64_t received;

	wait_ms(sim, 100);
	there = sim->side[1].accepted[0];
	received = there->received;
	link.refuse = err;
	sim->side[0].link = link;
	wait_ms(sim, 10000);
	/* All that was in flight, twice, and what timers send. */
	tap_ok(sim->side[0].refused < 2 * (4 << 20) / 1390 + 100 &&
	       !app->error, "refused for long, %llu segments are tried",
	       (unsigned long long)sim->side[0].refused);
	link.refuse = 0;
	sim->side[0].link = link;
	sim_run(sim, sim->now + 20 * SIM_SECOND, done_end, there);
	tap_ok(there->received == 100000000 && there->received > received,
	       "... and it goes on");
	sim_app_free(app);
	sim_free(sim);
}

static void refusals(void)
{
	host_refuses("a link that becomes narrower", 0, 1100, 0, 0);
	host_refuses("no room for a moment", -ENOBUFS, 1400, 1, 0);
	host_refuses("no memory for a moment", -ENOMEM, 1400, 1, 0);
	refused_for_long(-ENOBUFS);
	gives_up("an open that may not be sent", -ENETDOWN, false);
	gives_up("a stream of a host that has no network any more", -ENETDOWN, true);
	gives_up("a stream whose port is not ours any more", -ENOTCONN, true);
	way_back();
}

/* The round trip time leaps; nothing is lost. */
static void slower(void)
{
	struct sim_link link = {
		.rate = 100000000, .delay = 10 * SIM_MS, .queue = 300,
		.mtu = 1400, .room = 1400,
	};
	struct sim *sim = sim_new(2, &link);
	struct sim_app *app = sim_open(sim, 0, 3, 100000000);
	struct romon_mux_stats before, after;
	struct romon_stream_info info;
	uint32_t cwnd;

	wait_ms(sim, 1000);
	romon_stream_info(app->s, &info);
	cwnd = info.cwnd;
	romon_mux_stats(sim->side[0].mux, &before);
	link.delay = 500 * SIM_MS;
	sim_set_link(sim, &link);
	wait_ms(sim, 4000);
	romon_stream_info(app->s, &info);
	romon_mux_stats(sim->side[0].mux, &after);
	tap_ok(after.timeouts > before.timeouts && info.cwnd >= cwnd / 2 &&
	       after.retransmitted - before.retransmitted < 20,
	       "a leap of the round trip is no loss: %u KB, then %u KB in flight",
	       cwnd / 1000, info.cwnd / 1000);
	printf("# %llu timeouts, %llu sent again\n",
	       (unsigned long long)(after.timeouts - before.timeouts),
	       (unsigned long long)(after.retransmitted - before.retransmitted));
	sim_app_free(app);
	sim_free(sim);
}

/* One in so many overtakes the others, all of which arrive. */
static void reordered(unsigned int share, int64_t late, unsigned int percent)
{
	struct sim_link link = {
		.rate = 100000000, .delay = 20 * SIM_MS, .queue = 500,
		.mtu = 1400, .room = 1400, .reorder = share,
		.reorder_delay = late,
	};
	struct sim *sim = sim_new(3, &link);
	struct sim_app *app = sim_open(sim, 0, 3, 50000000), *there;
	struct romon_mux_stats stats;
	int64_t start = sim->now, rate;

	wait_ms(sim, 100);
	there = sim->side[1].accepted[0];
	sim_run(sim, start + 100 * SIM_SECOND, done_end, there);
	romon_mux_stats(sim->side[0].mux, &stats);
	rate = 50000000 * 8LL / ((sim->now - start) / 1000);
	tap_ok(there->received == 50000000 && rate >= percent,
	       "%u %% late by up to %lld ms: %lld Mbit/s of 100", share / 10000,
	       (long long)late / SIM_MS, (long long)rate);
	printf("# %llu recoveries, %llu sent again\n",
	       (unsigned long long)stats.recoveries,
	       (unsigned long long)stats.retransmitted);
	sim_app_free(app);
	sim_free(sim);
}

/* The network is gone for a while. */
static void outage(int64_t ms)
{
	struct sim_link link = {
		.rate = 100000000, .delay = 5 * SIM_MS, .queue = 100,
		.mtu = 1400, .room = 1400,
	};
	struct sim *sim = sim_new(4, &link);
	struct sim_app *app = sim_open(sim, 0, 3, 1000000000), *there;
	uint64_t received;
	int64_t start;

	wait_ms(sim, 1000);
	there = sim->side[1].accepted[0];
	link.down = true;
	sim_set_link(sim, &link);
	wait_ms(sim, ms);
	received = there->received;
	link.down = false;
	sim_set_link(sim, &link);
	start = sim->now;
	while (there->received == received && sim->now < start + 10 * SIM_SECOND)
		wait_ms(sim, 10);
	tap_ok(sim->now - start < 4500 * SIM_MS,
	       "after %lld ms without a network it goes on in %lld ms",
	       (long long)ms, (long long)(sim->now - start) / SIM_MS);
	received = there->received;
	wait_ms(sim, 2000);
	tap_ok(there->received - received > 10000000, "... with %lld KB a second",
	       (long long)(there->received - received) / 2000);
	sim_app_free(app);
	sim_free(sim);
}

int main(void)
{
	sizes();
	refusals();
	slower();
	reordered(10000, 2 * SIM_MS, 80);
	reordered(100000, 5 * SIM_MS, 40);
	reordered(500000, 20 * SIM_MS, 5);
	outage(500);
	outage(5000);
	outage(20000);
	tap_ok(!alloc_n, "all memory is back");
	return 0;
}
