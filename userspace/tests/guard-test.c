// SPDX-License-Identifier: GPL-2.0-only
/* Who guesses, and who does not, by many links and neighbours. */

#include "base/run.h"
#include "serve/guard.h"
#include "tap.h"

static const uint64_t seed[4] = { 0x9e3779b97f4a7c15, 2, 3, 4 };

static struct guard_who who_is(uint8_t link, uint32_t mac, uint32_t id)
{
	struct guard_who who = { .neighbor = { [3] = link } };

	memcpy(who.neighbor + 6, &mac, sizeof(mac));
	memcpy(who.id, &id, sizeof(id));
	return who;
}

/* One attempt, if there may be one, that ends at once. */
static bool try(const struct guard_who *who, enum guard_end end, int64_t now)
{
	if (guard_refuses(who, now))
		return false;
	guard_login(who);
	guard_login_over(who, end, now);
	return true;
}

/*
 * How many of those that come by one link get through in so many seconds, a
 * hundred attempts in each, by so many neighbours with so many IDs each.
 */
static unsigned int guesses(uint8_t link, uint32_t macs, uint32_t ids,
			    int64_t from, int seconds)
{
	unsigned int n = 0;
	uint32_t turn = 0;

	for (int64_t t = 0; t < seconds * RUN_SECOND; t += RUN_SECOND / 100) {
		uint32_t by = turn++ % (macs * ids);
		struct guard_who who = who_is(link, by % macs, 1 + by / macs);

		n += try(&who, GUARD_FAILED, from + t);
	}
	return n;
}

static void tell_rate(const char *who, unsigned int first, unsigned int later)
{
	printf("# %s: %u in the first minute, %u in the ten minutes after an hour\n",
	       who, first, later);
}

static void test_guesser(void)
{
	struct guard_who other = who_is(2, 1, 1);
	unsigned int first, later;

	guard_open(seed);
	first = guesses(1, 1, 1, 0, 60);
	guesses(1, 1, 1, 60 * RUN_SECOND, 3540);
	later = guesses(1, 1, 1, 3600 * RUN_SECOND, 600);
	tell_rate("one ID", first, later);
	tap_ok(first >= 4 && first <= 10 && later && later <= 4,
	       "one ID has few attempts, and fewer each time");
	first = guesses(3, 1, 1000, 0, 60);
	guesses(3, 1, 1000, 60 * RUN_SECOND, 3540);
	later = guesses(3, 1, 1000, 3600 * RUN_SECOND, 600);
	tell_rate("a neighbour with any IDs", first, later);
	tap_ok(first <= 20 && later <= 20, "so has a neighbour with any IDs");
	first = guesses(4, 1000, 10, 0, 60);
	guesses(4, 1000, 10, 60 * RUN_SECOND, 3540);
	later = guesses(4, 1000, 10, 3600 * RUN_SECOND, 600);
	tell_rate("a link with any neighbours", first, later);
	tap_ok(first <= 40 && later <= 60, "so has a link with any neighbours");
	tap_ok(try(&other, GUARD_FAILED, 4000 * RUN_SECOND),
	       "another link is not concerned");
}

static void test_honest(void)
{
	struct guard_who same_id = who_is(2, 1, 1), known = who_is(1, 0, 7777);
	struct guard_who neighbor = who_is(1, 99, 5), new = who_is(1, 0, 7778);
	int64_t now = 1000 * RUN_SECOND;
	bool ok = true;

	guard_open(seed);
	for (int i = 0; i < 100; i++)
		ok &= try(&known, GUARD_LOGGED_IN, now);
	tap_ok(ok, "who logs in may do so again and again");
	tap_ok(guard_knows(&known) && !guard_knows(&new) &&
	       !guard_knows(&same_id), "... and is known by that neighbour only");
	ok = try(&neighbor, GUARD_LOGGED_IN, now);
	guesses(1, 1, 1, now, 60);
	now += 60 * RUN_SECOND;
	tap_ok(try(&same_id, GUARD_FAILED, now),
	       "an ID that was guessed with may log in by another link");
	guesses(1, 1, 1000, now, 60);
	now += 60 * RUN_SECOND;
	tap_ok(try(&known, GUARD_LOGGED_IN, now),
	       "behind a neighbour who guesses, who has logged in before may");
	try(&new, GUARD_FAILED, now);
	tap_ok(!try(&new, GUARD_LOGGED_IN, now), "... nobody else, for a while");
	guesses(1, 1000, 10, now, 60);
	now += 60 * RUN_SECOND;
	tap_ok(try(&neighbor, GUARD_LOGGED_IN, now),
	       "on a link where many guess, a neighbour by whom one has may");
	tap_ok(try(&known, GUARD_LOGGED_IN, now) && ok,
	       "... and that router, though thousands came meanwhile");
	tap_ok(guard_knows(&known) && guard_knows(&neighbor) &&
	       !guard_knows(&new), "... who are still known, and nobody else");
	for (int i = 0; i < 4; i++)
		try(&known, GUARD_FAILED, now);
	tap_ok(!try(&known, GUARD_FAILED, now), "but its own failures count");
	tap_ok(try(&known, GUARD_LOGGED_IN, now + 4 * RUN_SECOND),
	       "... for some seconds");
}

static void test_open(void)
{
	struct guard_who who = who_is(1, 1, 1);
	int64_t now = 1000 * RUN_SECOND;
	int n = 0;

	guard_open(seed);
	for (; n < 100 && !guard_refuses(&who, now); n++)
		guard_login(&who);
	tap_ok(n == 8, "eight may be logging in at a time");
	guard_login_over(&who, GUARD_LOGGED_IN, now);
	tap_ok(!guard_refuses(&who, now), "one more when one has");
	for (int i = 0; i < 7; i++)
		guard_login_over(&who, GUARD_NOTHING, now);
	tap_ok(try(&who, GUARD_FAILED, now), "what was no guess does not count");
	guard_login_over(&who, GUARD_NOTHING, now);
	tap_ok(try(&who, GUARD_FAILED, now), "nor an end of what never began");
}

/* Two neighbours, of which one is told of for its guesses. */
static void test_told(void)
{
	struct guard_told told[2];
	struct guard_who one = who_is(1, 0, 1), two = who_is(2, 2, 2);
	int64_t now = 1000 * RUN_SECOND;

	guard_open(seed);
	tap_ok(guard_untold() == RUN_FOREVER, "there is nothing to tell");
	try(&two, GUARD_FAILED, now);
	guesses(1, 1, 1, now + 1, 3);
	tap_ok(guard_untold() == now, "there is, since then");
	tap_ok(guard_tell(told, 2) == 1 && told[0].failed == 4 &&
	       told[0].refused == 296 &&
	       !memcmp(told[0].neighbor, one.neighbor, API_HOP_LEN),
	       "who guesses is told of, and who mistypes is not");
	tap_ok(guard_tell(told, 2) == 0 && guard_untold() == RUN_FOREVER,
	       "... once");
	guesses(1, 9, 9, now + 10 * RUN_SECOND, 10);
	guesses(2, 1, 9, now + 10 * RUN_SECOND, 10);
	tap_ok(guard_tell(told, 2) == 2 && told[0].neighbor[3] == 2 &&
	       told[0].failed >= told[1].failed, "the worst come first");
}

static void test_rate(void)
{
	struct guard_who one = who_is(1, 1, 1), two = who_is(1, 1, 2);
	int64_t now = 1000 * RUN_SECOND;
	int n = 0;

	guard_open(seed);
	while (n < 100 && guard_may_begin(&one, 10, 20, now))
		n++;
	tap_ok(n == 20 && guard_may_begin(&two, 10, 20, now),
	       "each ID of a neighbour has its own rate");
}

/* More links than are remembered, and more on each. */
static void test_bounds(void)
{
	struct guard_who late = who_is(200, 1, 1);
	bool ok = true;

	guard_open(seed);
	for (uint32_t i = 0; i < 200000; i++) {
		struct guard_who who = who_is((uint8_t)(i % 90), i / 90 % 50,
					      i * 2654435761u);

		try(&who, i % 7 ? GUARD_FAILED : GUARD_LOGGED_IN, i);
	}
	for (int i = 0; i < 4; i++)
		ok &= try(&late, GUARD_FAILED, RUN_SECOND);
	tap_ok(ok && !try(&late, GUARD_FAILED, RUN_SECOND),
	       "whoever comes after thousands is counted as the first one is");
}

int main(void)
{
	test_guesser();
	test_honest();
	test_open();
	test_told();
	test_rate();
	test_bounds();
	return 0;
}
