// SPDX-License-Identifier: GPL-2.0-only
/* Whatever the network does, every byte arrives, once and in order. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "sim.h"
#include "tap.h"

#define SEEDS	4

struct both {
	struct sim *sim;
	struct sim_app *app;
};

static bool both_closed(void *arg)
{
	struct both *both = arg;
	struct sim_side *side = &both->sim->side[1];

	return both->app->closed && side->n_accepted &&
	       side->accepted[0]->closed;
}

/* Both directions at once. How long it took, or -1. */
static int64_t transfer(const struct sim_link *link, uint64_t seed,
			uint64_t bytes)
{
	struct sim *sim = sim_new(seed, link);
	struct both both = { .sim = sim };
	struct sim_app *there;
	int64_t start = sim->now, took = -1;
	bool good;

	/* Every second one has numbers that wrap. */
	if (seed % 2) {
		sim->side[0].iss = -50000;
		sim_wrap(sim, 1, 20000);
	}
	sim->side[1].template.send = bytes;
	sim->side[1].template.end_after = true;
	sim->side[1].template.end_on_end = false;
	both.app = sim_open(sim, 0, ROMON_STREAM_PORT_SSH, bytes);
	good = sim_run(sim, sim->now + 600 * SIM_SECOND, both_closed, &both);
	there = sim->side[1].n_accepted ? sim->side[1].accepted[0] : NULL;
	good = good && there && both.app->received == bytes &&
	       there->received == bytes && both.app->got_end &&
	       there->got_end && !both.app->wrong && !there->wrong &&
	       !both.app->error && !there->error;
	if (good) {
		took = sim->now - start;
		/* All that lingers goes. */
		sim_run(sim, sim->now + 40 * SIM_SECOND, NULL, NULL);
		good = !sim->side[0].bound;
		if (!good) {
			printf("# a port stays bound\n");
			took = -1;
		}
	} else {
		printf("# seed %llu: here %llu/%llu received, end %d, error %d, wrong %llu\n",
		       (unsigned long long)seed,
		       (unsigned long long)both.app->received,
		       (unsigned long long)bytes, both.app->got_end,
		       both.app->error, (unsigned long long)both.app->wrong);
		if (there)
			printf("# there %llu received, end %d, error %d, wrong %llu\n",
			       (unsigned long long)there->received,
			       there->got_end, there->error,
			       (unsigned long long)there->wrong);
	}
	sim_app_free(both.app);
	sim_free(sim);
	return took;
}

static void check(const char *what, const struct sim_link *link,
		  uint64_t bytes)
{
	long before = alloc_n;
	int64_t took, most = 0, sum = 0;
	unsigned int seed;
	bool good = true;

	for (seed = 1; seed <= SEEDS; seed++) {
		took = transfer(link, seed, bytes);
		good = good && took >= 0;
		sum += took;
		most = took > most ? took : most;
	}
	tap_ok(good && alloc_n == before,
	       "%s, %lld ms: %llu KB each way arrive whole and in order",
	       what, (long long)(link->delay / SIM_MS),
	       (unsigned long long)bytes / 1000);
	printf("# %lld ms on average, %lld at most\n",
	       (long long)(sum / SEEDS / SIM_MS), (long long)(most / SIM_MS));
	if (alloc_n != before)
		printf("# %ld pieces of memory left\n", alloc_n - before);
}

int main(void)
{
	static const struct {
		const char *what;
		unsigned int loss, dup, reorder;
		uint64_t bytes;
	} cases[] = {
		{ "nothing lost", 0, 0, 0, 1000000 },
		{ "2 % lost", 20000, 0, 0, 1000000 },
		{ "10 % lost", 100000, 0, 0, 300000 },
		{ "25 % reordered", 0, 0, 250000, 1000000 },
		{ "5 % twice", 0, 50000, 0, 1000000 },
		{ "2 % lost, 5 % twice, 25 % reordered", 20000, 50000, 250000,
		  1000000 },
		{ "10 % lost, 25 % twice, 50 % reordered", 100000, 250000,
		  500000, 100000 },
		{ "40 % lost", 400000, 0, 0, 20000 },
	};
	unsigned int i, j;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (j = 0; j < 2; j++) {
			struct sim_link link = {
				.rate = 100000000,
				.delay = j ? 40 * SIM_MS : SIM_MS / 10,
				.queue = 100,
				.loss = cases[i].loss,
				.dup = cases[i].dup,
				.reorder = cases[i].reorder,
				.reorder_delay = 5 * SIM_MS,
				.mtu = 1400,
				.room = 1400,
			};

			check(cases[i].what, &link, cases[i].bytes);
		}
	}
	return 0;
}
