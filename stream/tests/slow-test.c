// SPDX-License-Identifier: GPL-2.0-only
/* Programs that do not read, or slowly; and memory that is short. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "sim.h"
#include "stream.h"
#include "tap.h"

static const struct sim_link plain = {
	.rate = 100000000, .delay = 5 * SIM_MS, .queue = 300, .mtu = 1400,
	.room = 1400,
};

static void wait_ms(struct sim *sim, int64_t ms)
{
	sim_run(sim, sim->now + ms * SIM_MS, NULL, NULL);
}

static bool done_end(void *arg)
{
	return ((struct sim_app *)arg)->got_end;
}

/* Reads so many bytes every 10 ms. */
static void read_slowly(struct sim_app *app, uint64_t bytes, uint64_t until)
{
	while (app->received < until && !app->got_end) {
		app->read_most = app->received + bytes;
		app->paused = false;
		sim_app_read(app);
		app->paused = true;
		wait_ms(app->sim, 10);
	}
	app->read_most = 0;
}

static void stalled(int64_t pause, bool loss)
{
	struct sim_link link = plain;
	struct sim *sim;
	struct sim_app *app, *there;
	struct romon_mux_stats before, after;
	struct romon_stream_info info;
	uint64_t received;
	int64_t start;
	uint32_t cwnd;

	link.loss = loss ? 1000 : 0;
	sim = sim_new(3, &link);
	app = sim_open(sim, 0, 3, 40000000);
	wait_ms(sim, 1000);
	there = sim->side[1].accepted[0];
	romon_stream_info(app->s, &info);
	cwnd = info.cwnd;
	there->paused = true;
	romon_mux_stats(sim->side[0].mux, &before);
	wait_ms(sim, pause);
	romon_mux_stats(sim->side[0].mux, &after);
	tap_ok(!app->closed && !there->closed &&
	       sim->memory[1] < (5 << 20) && sim->memory[0] < (6 << 20),
	       "%s: who does not read for %lld s stops the sender, with %zu KB here and %zu KB there",
	       loss ? "with loss" : "without loss",
	       (long long)(pause / 1000), sim->memory[0] / 1000,
	       sim->memory[1] / 1000);
	printf("# %llu timeouts, %llu sent again\n",
	       (unsigned long long)(after.timeouts - before.timeouts),
	       (unsigned long long)(after.retransmitted - before.retransmitted));
	tap_ok(after.retransmitted - before.retransmitted < (loss ? 300 : 30),
	       "... which sends little again meanwhile");
	start = sim->now;
	received = there->received;
	there->paused = false;
	sim_app_read(there);
	wait_ms(sim, 1000);
	romon_stream_info(app->s, &info);
	tap_ok(there->received - received > (loss ? 1000000 : 8000000),
	       "it goes on as soon as it reads: %llu KB in a second",
	       (unsigned long long)(there->received / 1000));
	if (!loss)
		tap_ok(info.cwnd >= cwnd / 4 * 3,
		       "... with the window that it had: %u KB, %u KB before",
		       info.cwnd / 1000, cwnd / 1000);
	sim_run(sim, start + 100 * SIM_SECOND, done_end, there);
	tap_ok(there->received == 40000000 && !there->wrong && there->got_end,
	       "... and gets all");
	sim_app_free(app);
	sim_free(sim);
}

static void slow(void)
{
	struct sim *sim = sim_new(4, &plain);
	struct sim_app *app, *there;
	struct romon_mux_stats stats;

	app = sim_open(sim, 0, 3, 20000000);
	wait_ms(sim, 300);
	there = sim->side[1].accepted[0];
	there->paused = true;
	/* 1 MB a second, then 100 kB */
	read_slowly(there, 10000, 10000000);
	read_slowly(there, 1000, 10500000);
	romon_mux_stats(sim->side[0].mux, &stats);
	tap_ok(sim->memory[1] < (5 << 20) && stats.retransmitted < 200,
	       "who reads slowly slows the sender: %zu KB, %llu sent again, %llu timeouts",
	       sim->memory[1] / 1000, (unsigned long long)stats.retransmitted,
	       (unsigned long long)stats.timeouts);
	there->paused = false;
	sim_app_read(there);
	sim_run(sim, sim->now + 10 * SIM_SECOND, done_end, there);
	tap_ok(there->received == 20000000 && !there->wrong, "... and gets all");
	sim_app_free(app);
	sim_free(sim);
}

/* Twenty that do not read, and one that does. */
static void crowd(void)
{
	struct romon_mux_limits limits;
	struct sim *sim = sim_new(5, &plain);
	struct sim_app *apps[20], *app, *there;
	unsigned int i;

	romon_mux_limits(sim->side[1].mux, &limits);
	limits.memory = 8 << 20;
	romon_mux_set_limits(sim->side[1].mux, &limits);
	sim->side[1].template.paused = true;
	for (i = 0; i < 20; i++) {
		apps[i] = sim_open(sim, 0, 3, 100000000);
		apps[i]->keep = true;
		wait_ms(sim, 100);
	}
	wait_ms(sim, 10000);
	tap_ok(sim->memory[1] <= limits.memory + 20 * (64 << 10),
	       "twenty that do not read use %zu KB, of %zu KB",
	       sim->memory[1] / 1000, limits.memory / 1000);
	sim->side[1].template.paused = false;
	app = sim_open(sim, 0, 3, 1000000);
	wait_ms(sim, 1000);
	there = sim->side[1].accepted[20];
	sim_run(sim, sim->now + 60 * SIM_SECOND, done_end, there);
	tap_ok(there->received == 1000000 && !there->wrong && there->got_end,
	       "... and are not in the way of one that does");
	sim_app_free(app);
	for (i = 0; i < 20; i++)
		sim_app_free(apps[i]);
	sim_free(sim);
}

static void fails(void)
{
	unsigned int good = 0, i;

	for (i = 0; i < 20; i++) {
		struct sim *sim = sim_new(6 + i, &plain);
		struct sim_app *app = sim_open(sim, 0, 3, 300000), *there;

		wait_ms(sim, 50);
		there = sim->side[1].n_accepted ? sim->side[1].accepted[0] : NULL;
		sim->fail = 4;
		sim_run(sim, sim->now + 100 * SIM_SECOND, done_end,
			there ? there : app);
		sim->fail = 0;
		good += there && there->received == 300000 && !there->wrong;
		sim_app_free(app);
		sim_free(sim);
	}
	tap_ok(good == 20, "allocations that fail are like loss");
}

int main(void)
{
	stalled(3000, false);
	stalled(60000, false);
	stalled(20000, true);
	slow();
	crowd();
	fails();
	tap_ok(!alloc_n, "all memory is back");
	return 0;
}
