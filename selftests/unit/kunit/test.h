/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of KUnit as kernel/tests/ use, for a program: each test, and each
 * parameter of one, is a line of TAP. What a failed expectation says comes
 * before its line.
 */

#ifndef KUNIT_TEST_H
#define KUNIT_TEST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

/* Nothing is missing in a program. */
#define kunit_skip(test, why)	abort()

#define GFP_KERNEL	0
#define KUNIT_PARAM_DESC_SIZE 128

struct kunit {
	const void *param_value;
	bool failed;
	jmp_buf abort;
	/* freed when the test ends */
	void **memory;
	size_t n_memory;
	/* and before that, done */
	struct {
		void (*action)(void *context);
		void *context;
	} *actions;
	size_t n_actions;
};

struct kunit_case {
	void (*run)(struct kunit *test);
	const char *name;
	const void *(*params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(test)		{ test, #test, NULL }
#define KUNIT_CASE_PARAM(test, params)	{ test, #test, params }

#define KUNIT_ARRAY_NEXT(array, prev)					       \
	((prev) == (array) + ARRAY_SIZE(array) - 1 ? NULL :		       \
	 (prev) ? (const __typeof__((array)[0]) *)(prev) + 1 : (array))

#define KUNIT_ARRAY_PARAM(name, array, describe)			       \
	static const void *name##_gen_params(const void *prev, char *desc)     \
	{								       \
		__typeof__(&(array)[0]) next = KUNIT_ARRAY_NEXT(array, prev);  \
									       \
		if (next)						       \
			describe(next, desc);				       \
		return next;						       \
	}

#define KUNIT_ARRAY_PARAM_DESC(name, array, member)			       \
	static void name##_describe(__typeof__(&(array)[0]) row, char *desc)   \
	{								       \
		snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", row[0].member);    \
	}								       \
	KUNIT_ARRAY_PARAM(name, array, name##_describe)

void *kunit_kmalloc(struct kunit *test, size_t size, int gfp);
int kunit_add_action_or_reset(struct kunit *test, void (*action)(void *context),
			      void *context);
void kunit_kfree(struct kunit *test, const void *p);
#define kunit_kzalloc(test, size, gfp) \
	memset(kunit_kmalloc(test, size, gfp), 0, size)
bool kunit_memeq(const void *left, const void *right, size_t size);

#define KUNIT_FAIL(test, fmt, ...) do {					       \
	printf("# %s:%d: " fmt "\n", __FILE__, __LINE__, ##__VA_ARGS__);       \
	(test)->failed = true;						       \
} while (0)

#define KUNIT_BINARY(test, left, op, right, fmt, ...) ({		       \
	__auto_type _left = (left);					       \
	__auto_type _right = (right);					       \
	bool _ok = _left op _right;					       \
									       \
	if (!_ok)							       \
		KUNIT_FAIL(test, "%s %s %s: %lld, %lld " fmt, #left, #op,      \
			   #right, (long long)_left, (long long)_right,	       \
			   ##__VA_ARGS__);				       \
	_ok;								       \
})

#define KUNIT_CHECK(test, ok, fmt, ...) ({				       \
	bool _ok = (ok);						       \
									       \
	if (!_ok)							       \
		KUNIT_FAIL(test, fmt, ##__VA_ARGS__);			       \
	_ok;								       \
})

#define KUNIT_ASSERT(test, ok) do {					       \
	if (!(ok))							       \
		longjmp((test)->abort, 1);				       \
} while (0)

#define KUNIT_EXPECT_EQ(test, a, b)	KUNIT_BINARY(test, a, ==, b, "")
#define KUNIT_EXPECT_LT(test, a, b)	KUNIT_BINARY(test, a, <, b, "")
#define KUNIT_EXPECT_GT(test, a, b)	KUNIT_BINARY(test, a, >, b, "")
#define KUNIT_EXPECT_EQ_MSG(test, a, b, fmt, ...) \
	KUNIT_BINARY(test, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_TRUE(test, a) \
	KUNIT_CHECK(test, a, "%s is false", #a)
#define KUNIT_EXPECT_FALSE(test, a) \
	KUNIT_CHECK(test, !(a), "%s is true", #a)
#define KUNIT_EXPECT_STREQ(test, a, b) \
	KUNIT_CHECK(test, !strcmp(a, b), "%s: \"%s\" not \"%s\"", #a, a, b)
#define KUNIT_EXPECT_MEMEQ(test, a, b, size) \
	KUNIT_CHECK(test, kunit_memeq(a, b, size), "%s is not %s", #a, #b)

#define KUNIT_EXPECT_PTR_EQ(test, a, b) \
	KUNIT_CHECK(test, (a) == (b), "%s is not %s", #a, #b)

#define KUNIT_ASSERT_TRUE(test, a) \
	KUNIT_ASSERT(test, KUNIT_EXPECT_TRUE(test, a))
#define KUNIT_ASSERT_LE(test, a, b) \
	KUNIT_ASSERT(test, KUNIT_BINARY(test, a, <=, b, ""))
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a) \
	KUNIT_ASSERT(test, KUNIT_CHECK(test, (a) && !IS_ERR(a), "%s is none", #a))
#define KUNIT_ASSERT_EQ(test, a, b) \
	KUNIT_ASSERT(test, KUNIT_EXPECT_EQ(test, a, b))
#define KUNIT_ASSERT_PTR_EQ(test, a, b) \
	KUNIT_ASSERT(test, KUNIT_CHECK(test, (a) == (b), "%s is not %s", #a, #b))
#define KUNIT_ASSERT_NOT_NULL(test, a) \
	KUNIT_ASSERT(test, KUNIT_CHECK(test, a, "%s is NULL", #a))

/* Before main(): several files make one program. */
void kunit_add(const struct kunit_suite *suite);
#define kunit_test_suites(suite)					       \
	__attribute__((constructor)) static void kunit_add_suite(void)	       \
	{								       \
		kunit_add(suite);					       \
	}								       \
	struct kunit

#endif /* KUNIT_TEST_H */
