// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stays of secrets in memory that was freed: nothing.
 *
 * Such memory is read behind KASAN's back. While KASAN holds it back from
 * being used again it is as it was left.
 */

#include <kunit/test.h>
#include <linux/slab.h>

#include "path/secret.h"

#define SECRET	"a secret of which nothing may stay"

#define STATE_LEN	sizeof(struct romon_md5_state)

struct remains {
	u8 inner[STATE_LEN];
	u8 outer[STATE_LEN];
	const void *at;
	size_t size;
};

static struct romon_secrets *make(struct kunit *test, struct remains *remains)
{
	static const struct romon_secret_text text[] = {
		{ .value = "", .len = 0 },
		{ .value = SECRET, .len = sizeof(SECRET) - 1 },
	};
	struct romon_secrets *list = romon_secrets_alloc(text, 2);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, list);
	if (list->closed) {
		romon_secrets_free(list);
		kunit_skip(test, "no MD5 in FIPS mode");
	}
	memcpy(remains->inner, &list->secret[1].key.inner, STATE_LEN);
	memcpy(remains->outer, &list->secret[1].key.outer, STATE_LEN);
	remains->at = list;
	remains->size = struct_size(list, secret, 2);
	return list;
}

static __no_sanitize_address void peek(u8 *to, const u8 *from, size_t len)
{
	/* Not memcpy(), nor what the compiler would make one of. */
	while (len--)
		*to++ = READ_ONCE(*from++);
}

static bool found(struct kunit *test, const struct remains *remains,
		  const void *what, size_t len)
{
	u8 *copy = kunit_kzalloc(test, remains->size, GFP_KERNEL);
	bool found = false;
	size_t at;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	peek(copy, remains->at, remains->size);
	for (at = 0; at + len <= remains->size; at++)
		found = found || !memcmp(copy + at, what, len);
	kunit_kfree(test, copy);
	return found;
}

static void expect_nothing(struct kunit *test, const struct remains *remains)
{
	/* Any piece of it that is long enough to be no accident. */
	KUNIT_EXPECT_FALSE(test, found(test, remains, SECRET, 8));
	KUNIT_EXPECT_FALSE(test, found(test, remains,
				       SECRET + sizeof(SECRET) - 9, 8));
	KUNIT_EXPECT_FALSE(test, found(test, remains, remains->inner,
				       STATE_LEN));
	KUNIT_EXPECT_FALSE(test, found(test, remains, remains->outer,
				       STATE_LEN));
}

/* That the other tests would find what was left. */
static void memory_that_is_not_wiped_is_seen(struct kunit *test)
{
	struct remains remains;
	struct romon_secrets *list = make(test, &remains);

	KUNIT_EXPECT_TRUE(test, found(test, &remains, SECRET, 8));
	KUNIT_EXPECT_TRUE(test, found(test, &remains, remains.inner,
				      STATE_LEN));
	KUNIT_EXPECT_TRUE(test, found(test, &remains, remains.outer,
				      STATE_LEN));
	kfree(list);
	if (!IS_ENABLED(CONFIG_KASAN_GENERIC))
		kunit_skip(test, "freed memory is not held back here");
	KUNIT_EXPECT_TRUE(test, found(test, &remains,
				      SECRET + sizeof(SECRET) - 9, 8));
	KUNIT_EXPECT_TRUE(test, found(test, &remains, remains.outer,
				      STATE_LEN));
}

static void a_list_that_is_freed_leaves_nothing(struct kunit *test)
{
	struct remains remains;

	romon_secrets_free(make(test, &remains));
	expect_nothing(test, &remains);
}

static void a_list_that_was_replaced_leaves_nothing(struct kunit *test)
{
	struct remains remains;

	romon_secrets_free_rcu(make(test, &remains));
	rcu_barrier();
	expect_nothing(test, &remains);
}

static struct kunit_case romon_secret_cases[] = {
	KUNIT_CASE(memory_that_is_not_wiped_is_seen),
	KUNIT_CASE(a_list_that_is_freed_leaves_nothing),
	KUNIT_CASE(a_list_that_was_replaced_leaves_nothing),
	{}
};

static struct kunit_suite romon_secret_test_suite = {
	.name = "romon_secret",
	.test_cases = romon_secret_cases,
};

kunit_test_suites(&romon_secret_test_suite);
