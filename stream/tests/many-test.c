// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many streams: at once, and one after the other. With a number as argument,
 * only so many of the latter: for valgrind.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "sim.h"
#include "tap.h"

static const struct sim_link plain = {
	.rate = 1000000000, .delay = SIM_MS / 2, .queue = 1000, .mtu = 1400,
	.room = 1400,
};

static bool done_closed(void *arg)
{
	return ((struct sim_app *)arg)->closed;
}

static void wait_ms(struct sim *sim, int64_t ms)
{
	sim_run(sim, sim->now + ms * SIM_MS, NULL, NULL);
}

static void forget(struct sim *sim)
{
	struct sim_side *side = &sim->side[1];

	while (side->n_accepted && side->accepted[side->n_accepted - 1]->closed)
		free(side->accepted[--side->n_accepted]);
}

/* Of all kinds: answered, refused, broken off by either side, at any time. */
static void one_after_the_other(unsigned int n)
{
	struct sim *sim = sim_new(1, &plain);
	struct romon_mux_stats stats[2];
	unsigned int i, bad = 0;
	long before, most = 0;

	before = alloc_n;
	for (i = 0; i < n; i++) {
		struct sim_app *app;

		sim->side[1].refuse = i % 7 == 3 ? ROMON_STREAM_BUSY : 0;
		app = sim_open(sim, 0, i % 11 == 5 ? 4 : 3, i % 3 * 100);
		if (i % 5 == 2) {
			app->end_after = false;
			sim_run(sim, sim->now + i % 6 * SIM_MS / 2, NULL, NULL);
			romon_stream_free(app->s);
			app->s = NULL;
		} else {
			sim_run(sim, sim->now + SIM_SECOND, done_closed, app);
			bad += !app->closed;
		}
		sim_app_free(app);
		wait_ms(sim, 5);
		forget(sim);
		most = alloc_n - before > most ? alloc_n - before : most;
	}
	wait_ms(sim, 60000);
	forget(sim);
	for (i = 0; i < 2; i++)
		romon_mux_stats(sim->side[i].mux, &stats[i]);
	tap_ok(!bad, "%u streams are opened and closed", n);
	tap_ok(!stats[0].streams && !stats[1].streams && !stats[0].memory &&
	       !stats[1].memory && !sim->side[0].bound,
	       "... and leave no stream, no memory and no port");
	printf("# %ld pieces of memory at most, %ld at the end\n", most,
	       alloc_n - before);
	tap_ok(most < 2000 && alloc_n - before < 20,
	       "... nor anything else, but tables that have grown");
	sim_free(sim);
}

static void at_once(unsigned int n)
{
	struct sim *sim = sim_new(2, &plain);
	struct romon_mux_stats stats;
	struct romon_stream_info info;
	struct sim_app *apps[1024];
	unsigned int i, good = 0;
	size_t memory = 0;

	sim->side[1].template.send = 100000;
	sim->side[1].template.end_after = true;
	sim->side[1].template.end_on_end = false;
	for (i = 0; i < n; i++) {
		apps[i] = sim_open(sim, 0, 3, 100000);
		if (i % 10 == 9)
			wait_ms(sim, 5);
	}
	wait_ms(sim, 10000);
	for (i = 0; i < n; i++)
		good += apps[i]->received == 100000 && !apps[i]->wrong &&
			apps[i]->closed && !apps[i]->error;
	for (i = 0; i < n && good < n; i++) {
		if (apps[i]->received != 100000 || apps[i]->error ||
		    !apps[i]->closed)
			printf("# %u: %llu received, closed %d, error %d, reason %d\n",
			       i, (unsigned long long)apps[i]->received,
			       apps[i]->closed, apps[i]->error,
			       apps[i]->reason);
	}
	tap_ok(good == n, "%u streams at once carry 100 KB each way", n);
	printf("# %zu KB of buffers at most, in all\n", sim->memory[0] / 1000);
	for (i = 0; i < n; i++)
		sim_app_free(apps[i]);

	/* Idle ones. */
	sim->side[1].template.send = 100;
	sim->side[1].template.end_after = false;
	for (i = 0; i < sim->side[1].n_accepted; i++)
		free(sim->side[1].accepted[i]);
	sim->side[1].n_accepted = 0;
	for (i = 0; i < n; i++) {
		apps[i] = sim_open(sim, 0, 3, 100);
		apps[i]->end_after = false;
		if (i % 10 == 9)
			wait_ms(sim, 5);
	}
	wait_ms(sim, 5000);
	romon_mux_stats(sim->side[0].mux, &stats);
	for (i = 0, good = 0; i < n; i++) {
		good += apps[i]->received == 100;
		romon_stream_info(apps[i]->s, &info);
		memory += info.memory;
	}
	tap_ok(good == n && memory / n < 2048,
	       "%u that are idle take %zu bytes each", n, memory / n);
	tap_ok(stats.streams == n, "... and are counted");
	for (i = 0; i < n; i++)
		sim_app_free(apps[i]);
	sim_free(sim);
}

static void too_many(void)
{
	struct romon_mux_limits limits;
	struct sim *sim = sim_new(3, &plain);
	struct sim_app *apps[11];
	unsigned int i;

	romon_mux_limits(sim->side[1].mux, &limits);
	limits.streams = 10;
	romon_mux_set_limits(sim->side[1].mux, &limits);
	for (i = 0; i < 11; i++) {
		apps[i] = sim_open(sim, 0, 3, 10);
		apps[i]->end_after = false;
		wait_ms(sim, 50);
	}
	tap_ok(apps[9]->opened && apps[10]->error == -ECONNREFUSED &&
	       apps[10]->reason == ROMON_STREAM_BUSY,
	       "one more than allowed is told that it is too many");
	limits.streams = 10;
	romon_mux_set_limits(sim->side[0].mux, &limits);
	sim_app_free(apps[10]);
	apps[10] = sim_open(sim, 0, 3, 10);
	tap_ok(!apps[10]->s && apps[10]->error == -ENFILE,
	       "... and is not opened either");
	for (i = 0; i < 11; i++)
		sim_app_free(apps[i]);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	one_after_the_other(argc > 1 ? atoi(argv[1]) : 10000);
	if (argc == 1) {
		at_once(300);
		too_many();
	}
	tap_ok(!alloc_n, "all memory is back");
	return 0;
}
