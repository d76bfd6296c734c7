// SPDX-License-Identifier: GPL-2.0-only
/* Frames make somebody want to know about routers; how often is it asked? */

#include <string.h>

#include "session/known.h"
#include "tap.h"

static struct known_table table;
static int64_t now;

static bool want(uint32_t number)
{
	uint8_t id[ROMON_ID_LEN] = { 2 };
	bool ask;

	memcpy(id + 2, &number, sizeof(number));
	known_want(&table, id, now, &ask);
	return ask;
}

static struct known *of(uint32_t number)
{
	uint8_t id[ROMON_ID_LEN] = { 2 };

	memcpy(id + 2, &number, sizeof(number));
	return known_find(&table, id);
}

static void test_one(void)
{
	unsigned int asked = 0;

	now = 5 * RUN_SECOND;
	tap_ok(want(1) && known_is_coming(of(1), now),
	       "what nobody has wanted yet is asked for");
	/* Ten seconds of a frame each tenth of a millisecond. */
	for (int i = 0; i < 100000; i++) {
		now += RUN_SECOND / 10000;
		asked += want(1);
	}
	tap_ok(asked == 10, "in ten seconds of frames, ten times");
	of(1)->waits = false;
	now += RUN_SECOND / 2;
	tap_ok(!known_is_coming(of(1), now), "an answer comes once");
	now += 10 * RUN_SECOND;
	want(1);
	now += 2 * RUN_SECOND;
	tap_ok(!known_is_coming(of(1), now), "a lost one is not waited for");
}

static void test_many(void)
{
	unsigned int asked = 0;

	now += 100 * RUN_SECOND;
	for (uint32_t i = 0; i < 100000; i++) {
		now += RUN_SECOND / 10000;
		asked += want(1000 + i);
	}
	tap_ok(asked >= 10 * KNOWN_RATE && asked <= 11 * KNOWN_RATE,
	       "of ten thousand routers a second, fifty times a second");
	tap_ok(of(100999) && !of(1000),
	       "those that were wanted last are remembered");
}

int main(void)
{
	test_one();
	test_many();
	return 0;
}
