// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much gets through, in simulated time, beside what is possible: the rate
 * of the link, or, where segments are lost, what RFC 5681 gives by the square
 * root model of Mathis and others, mss / rtt * sqrt(3 / 2 / p).
 */

#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "tap.h"

#define RATE		100000000LL
#define MTU		1500
/* Of a frame of full size, the part that is data. */
#define SHARE(x)	((x) * (MTU - 10) / (MTU + 98))

static bool app_received(void *arg)
{
	struct sim *sim = arg;
	struct sim_side *side = &sim->side[1];

	return side->n_accepted && side->accepted[0]->got_end;
}

/* Bits a second of data, of all that is sent. */
static int64_t goodput(const struct sim_link *link, uint64_t bytes,
		       uint64_t seed)
{
	struct sim *sim = sim_new(seed, link);
	struct sim_app *app = sim_open(sim, 0, ROMON_STREAM_PORT_SSH, bytes);
	struct romon_mux_stats stats;
	int64_t start = sim->now, bits = 0;

	if (sim_run(sim, sim->now + 3600 * SIM_SECOND, app_received, sim))
		bits = (int64_t)bytes * 8 * 1000 /
		       ((sim->now - start) / 1000000);
	romon_mux_stats(sim->side[0].mux, &stats);
	printf("#   %llu segments and %llu acks, %llu sent again,\n",
	       (unsigned long long)stats.segments_out,
	       (unsigned long long)stats.segments_in,
	       (unsigned long long)stats.retransmitted);
	printf("#   %llu timeouts, %llu recoveries, %llu dropped\n",
	       (unsigned long long)stats.timeouts,
	       (unsigned long long)stats.recoveries,
	       (unsigned long long)sim->side[0].dropped);
	sim_app_free(app);
	sim_free(sim);
	return bits;
}

static uint64_t root(uint64_t x)
{
	uint64_t r = 0, bit = 1ULL << 31;

	for (; bit; bit >>= 1) {
		if ((r | bit) * (r | bit) <= x)
			r |= bit;
	}
	return r;
}

/* @percent: of what is possible that must get through. */
static void check(const char *what, int64_t delay, unsigned int queue,
		  unsigned int loss, uint64_t bytes, unsigned int percent)
{
	struct sim_link link = {
		.rate = RATE,
		.delay = delay / 2,
		.queue = queue,
		.loss = loss,
		.mtu = MTU,
		.room = MTU,
	};
	int64_t got, possible = SHARE(RATE), model;

	if (loss) {
		/* sqrt(3 / 2 / p), in thousandths */
		model = root(1500000ULL * 1000000 / loss);
		model = (MTU - 10) * 8 * model * 1000000 / delay;
		if (model < possible)
			possible = model;
	}
	got = goodput(&link, bytes, 1);
	tap_ok(got >= possible / 100 * percent,
	       "%s: %u %% of what is possible gets through", what, percent);
	printf("#   %lld.%lld Mbit/s, possible %lld.%lld\n",
	       (long long)got / 1000000, (long long)got / 100000 % 10,
	       (long long)possible / 1000000,
	       (long long)possible / 100000 % 10);
}

int main(void)
{
	check("1 ms, queue of 100", SIM_MS, 100, 0, 50000000, 90);
	check("1 ms, queue of 1000", SIM_MS, 1000, 0, 50000000, 90);
	check("1 ms, queue of 20", SIM_MS, 20, 0, 50000000, 90);
	check("40 ms, queue of 330", 40 * SIM_MS, 330, 0, 100000000, 90);
	check("40 ms, queue of 100", 40 * SIM_MS, 100, 0, 100000000, 60);
	check("40 ms, queue of 1000", 40 * SIM_MS, 1000, 0, 100000000, 90);
	check("200 ms, queue of 1000", 200 * SIM_MS, 1000, 0, 200000000, 50);
	check("1 ms, 1 % lost", SIM_MS, 100, 10000, 20000000, 60);
	check("40 ms, 1 % lost", 40 * SIM_MS, 100, 10000, 10000000, 60);
	check("80 ms, 1 % lost", 80 * SIM_MS, 100, 10000, 10000000, 60);
	check("40 ms, 0.1 % lost", 40 * SIM_MS, 100, 1000, 50000000, 60);
	return 0;
}
