// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window of sequence numbers. The same file is a KUnit suite and, with
 * selftests/unit/kunit/test.h, a program.
 */

#include <kunit/test.h>

#include "path/replay.h"

#define WINDOW	((u64)ROMON_REPLAY_BITS)
#define SEQ_MAX	(~(u64)0)

/* Where windows begin: anywhere, at edges of the ring, and at both ends. */
struct start {
	const char *name;
	u64 seq;
};

static const struct start starts[] = {
	{ "0", 0 },
	{ "1", 1 },
	{ "last bit of the ring", WINDOW - 1 },
	{ "first bit of the ring", WINDOW },
	{ "second bit of the ring", WINDOW + 1 },
	{ "last bit of a word", 5 * WINDOW + BITS_PER_LONG - 1 },
	{ "first bit of a word", 5 * WINDOW + BITS_PER_LONG },
	{ "amid the ring", 77 * WINDOW + 1234 },
	{ "the year 2026 in nanoseconds", 1795000000000000000ULL },
	{ "below 2^32", (1ULL << 32) - 1 },
	{ "2^32", 1ULL << 32 },
	{ "below 2^63", (1ULL << 63) - 1 },
	{ "2^63", 1ULL << 63 },
	{ "far below the end", SEQ_MAX - 8 * WINDOW },
};

KUNIT_ARRAY_PARAM_DESC(starts, starts, name);

static struct romon_replay *begin(struct kunit *test, u64 seq)
{
	struct romon_replay *w = kunit_kmalloc(test, sizeof(*w), GFP_KERNEL);

	/* An old window, full of holes. */
	memset(w, 0x5a, sizeof(*w));
	romon_replay_start(w, seq);
	return w;
}

static void numbers_up_to_the_start_are_used(struct kunit *test)
{
	const struct start *start = test->param_value;
	struct romon_replay *w = begin(test, start->seq);
	u64 back;

	for (back = 0; back <= 2 * WINDOW && back <= start->seq; back++)
		KUNIT_EXPECT_FALSE(test, romon_replay_use(w, start->seq - back));
	KUNIT_EXPECT_EQ(test, w->top, start->seq);
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, 0));
}

static void each_number_after_the_start_is_new_once(struct kunit *test)
{
	const struct start *start = test->param_value;
	struct romon_replay *w = begin(test, start->seq);
	u64 n;

	for (n = 1; n <= 2 * WINDOW + 3; n++) {
		KUNIT_EXPECT_TRUE(test, romon_replay_use(w, start->seq + n));
		KUNIT_EXPECT_FALSE(test, romon_replay_use(w, start->seq + n));
		KUNIT_EXPECT_FALSE(test,
				   romon_replay_use(w, start->seq + n - 1));
		KUNIT_EXPECT_EQ(test, w->top, start->seq + n);
	}
}

/*
 * One jump, and after it: what was used before it, what it skipped, and both
 * sides of either edge.
 */
struct jump {
	const char *name;
	u64 by;
};

static const struct jump jumps[] = {
	{ "1", 1 },
	{ "2", 2 },
	{ "a word", BITS_PER_LONG },
	{ "WINDOW - 2", WINDOW - 2 },
	{ "WINDOW - 1", WINDOW - 1 },
	{ "WINDOW", WINDOW },
	{ "WINDOW + 1", WINDOW + 1 },
	{ "2 WINDOW - 1", 2 * WINDOW - 1 },
	{ "2 WINDOW", 2 * WINDOW },
	{ "3 WINDOW + 7", 3 * WINDOW + 7 },
};

KUNIT_ARRAY_PARAM_DESC(jumps, jumps, name);

static void a_jump_skips_numbers_that_may_still_come(struct kunit *test)
{
	const struct jump *jump = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		u64 start = starts[i].seq, top = start + jump->by;
		struct romon_replay *w = begin(test, start);
		u64 back;

		KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top));
		KUNIT_EXPECT_EQ(test, w->top, top);
		/* Below the window, oldest last. */
		for (back = WINDOW; back < WINDOW + 3 && back <= top; back++)
			KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top - back));
		/* In it, down to the bottom; and none a second time. */
		for (back = 1; back < WINDOW && back <= top; back++) {
			bool fresh = top - back > start;

			KUNIT_EXPECT_EQ_MSG(test, romon_replay_use(w, top - back),
					    fresh, "%llu below the top",
					    (unsigned long long)back);
			KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top - back));
		}
		KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top));
		KUNIT_EXPECT_EQ(test, w->top, top);
		/* And on. */
		KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top + 1));
		KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top + 1));
	}
}

/* The edges by their numbers: top - WINDOW is out, top - WINDOW + 1 is in. */
static void the_window_has_exactly_bits_numbers(struct kunit *test)
{
	const struct start *start = test->param_value;
	struct romon_replay *w = begin(test, start->seq);
	u64 top = start->seq + 3 * WINDOW;

	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top - WINDOW - 1));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top - WINDOW));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top - WINDOW + 1));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top - WINDOW + 1));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top - WINDOW + 3));

	/* One further: the lower edge moves by one, over a used one. */
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top + 1));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top - WINDOW + 1));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top - WINDOW + 2));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top - WINDOW + 2));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top - WINDOW + 3));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top - 1));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top + 1));
}

/* What is too far ahead is not new, and moves nothing. */
static void a_jump_is_bounded(struct kunit *test)
{
	const struct start *start = test->param_value;
	struct romon_replay *w = begin(test, start->seq);
	const u64 jump = ROMON_REPLAY_JUMP;
	u64 top = start->seq;

	if (top > SEQ_MAX - 2 * jump)
		return;
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, SEQ_MAX));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top + jump + 2));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top + jump + 1));
	KUNIT_EXPECT_EQ(test, w->top, top);
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top + 1));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top + jump + 1));
	KUNIT_EXPECT_EQ(test, w->top, top + jump + 1);
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top + 2));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, top + jump + 2 - WINDOW));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, top + jump + 1 - WINDOW));
}

static void numbers_do_not_wrap(struct kunit *test)
{
	struct romon_replay *w = begin(test, SEQ_MAX - 3);

	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, 0));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, SEQ_MAX));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, SEQ_MAX));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, SEQ_MAX - 2));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, SEQ_MAX - 3));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, SEQ_MAX - WINDOW));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, 0));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, 1));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, WINDOW));
	KUNIT_EXPECT_EQ(test, w->top, SEQ_MAX);

	w = begin(test, SEQ_MAX);
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, SEQ_MAX));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, 0));
	KUNIT_EXPECT_EQ(test, w->top, SEQ_MAX);
}

static void a_new_start_forgets_the_old_window(struct kunit *test)
{
	struct romon_replay *w = begin(test, 10 * WINDOW);

	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, 10 * WINDOW + 5));
	romon_replay_start(w, 3);
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, 2));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, 3));
	KUNIT_EXPECT_TRUE(test, romon_replay_use(w, 4));
	KUNIT_EXPECT_FALSE(test, romon_replay_use(w, 4));
}

/* The same by a model that remembers every number. */
#define SPAN	(8 * ROMON_REPLAY_BITS)

static void any_order_gives_what_a_list_of_all_numbers_gives(struct kunit *test)
{
	const struct start *start = test->param_value;
	struct romon_replay *w = begin(test, start->seq);
	u8 *used = kunit_kmalloc(test, SPAN, GFP_KERNEL);
	u32 state = 12345, top = 0, n, i;

	memset(used, 0, SPAN);
	used[0] = 1;
	for (i = 0; i < 20000; i++) {
		bool fresh;

		/* xorshift: the same numbers everywhere */
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		/* mostly near the top, at times far behind or a jump */
		n = top + 40;
		n -= state % (state & 0x10000 ? 64 : ROMON_REPLAY_BITS + 64);
		if ((int)n < 0)
			n = 0;
		if (n >= SPAN - 2)
			break;

		fresh = n > top || (top - n < ROMON_REPLAY_BITS && !used[n]);
		if (fresh)
			used[n] = 1;
		if (n > top)
			top = n;
		KUNIT_EXPECT_EQ_MSG(test,
				    romon_replay_is_new(w, start->seq + n),
				    fresh, "%u after the start, looked at", n);
		KUNIT_EXPECT_EQ_MSG(test, romon_replay_use(w, start->seq + n),
				    fresh, "%u after the start", n);
		KUNIT_EXPECT_EQ(test, w->top, start->seq + top);
	}
	KUNIT_EXPECT_GT(test, top, (u32)ROMON_REPLAY_BITS * 2);
}

static struct kunit_case romon_replay_cases[] = {
	KUNIT_CASE_PARAM(numbers_up_to_the_start_are_used, starts_gen_params),
	KUNIT_CASE_PARAM(each_number_after_the_start_is_new_once,
			 starts_gen_params),
	KUNIT_CASE_PARAM(a_jump_skips_numbers_that_may_still_come,
			 jumps_gen_params),
	KUNIT_CASE_PARAM(the_window_has_exactly_bits_numbers,
			 starts_gen_params),
	KUNIT_CASE_PARAM(a_jump_is_bounded, starts_gen_params),
	KUNIT_CASE(numbers_do_not_wrap),
	KUNIT_CASE(a_new_start_forgets_the_old_window),
	KUNIT_CASE_PARAM(any_order_gives_what_a_list_of_all_numbers_gives,
			 starts_gen_params),
	{}
};

static struct kunit_suite romon_replay_test_suite = {
	.name = "romon_replay",
	.test_cases = romon_replay_cases,
};

kunit_test_suites(&romon_replay_test_suite);
