// SPDX-License-Identifier: GPL-2.0-only
/* Run the suites of some files of kernel/tests/. */

#include "test.h"

static const struct kunit_suite *suites[8];
static unsigned int n_suites;
static int n_run, n_failed;

void kunit_add(const struct kunit_suite *suite)
{
	if (n_suites == ARRAY_SIZE(suites))
		abort();
	suites[n_suites++] = suite;
}

/* Each allocation is malloc()'s, for the address sanitizer. */
void *kunit_kmalloc(struct kunit *test, size_t size, int gfp)
{
	void *p = malloc(size);

	(void)gfp;
	test->memory = realloc(test->memory,
			       (test->n_memory + 1) * sizeof(*test->memory));
	if (!test->memory)
		abort();
	test->memory[test->n_memory++] = p;
	return p;
}

int kunit_add_action_or_reset(struct kunit *test, void (*action)(void *context),
			      void *context)
{
	test->actions = realloc(test->actions,
				(test->n_actions + 1) * sizeof(*test->actions));
	if (!test->actions)
		abort();
	test->actions[test->n_actions].action = action;
	test->actions[test->n_actions++].context = context;
	return 0;
}

void kunit_kfree(struct kunit *test, const void *p)
{
	size_t i = test->n_memory;

	while (i--) {
		if (test->memory[i] != p)
			continue;
		free(test->memory[i]);
		test->memory[i] = test->memory[--test->n_memory];
		return;
	}
	abort();
}

bool kunit_memeq(const void *left, const void *right, size_t size)
{
	const unsigned char *a = left, *b = right;
	size_t i;

	for (i = 0; i < size; i++) {
		if (a[i] == b[i])
			continue;
		printf("# byte %zu: %02x, %02x\n", i, a[i], b[i]);
		return false;
	}
	return true;
}

static void run_case(const char *suite, const struct kunit_case *c,
		     const void *param, const char *desc)
{
	struct kunit test = { .param_value = param };

	if (!setjmp(test.abort))
		c->run(&test);
	while (test.n_actions--)
		test.actions[test.n_actions].action(test.actions[test.n_actions].context);
	free(test.actions);
	while (test.n_memory)
		kunit_kfree(&test, test.memory[test.n_memory - 1]);
	free(test.memory);

	n_run++;
	n_failed += test.failed;
	printf("%s %d - %s: %s%s%s\n", test.failed ? "not ok" : "ok", n_run,
	       suite, c->name, *desc ? ": " : "", desc);
}

static void run_suite(const struct kunit_suite *suite)
{
	const struct kunit_case *c;

	for (c = suite->test_cases; c->run; c++) {
		char desc[KUNIT_PARAM_DESC_SIZE] = "";
		const void *param = NULL;

		if (!c->params) {
			run_case(suite->name, c, NULL, desc);
			continue;
		}
		while ((param = c->params(param, desc)))
			run_case(suite->name, c, param, desc);
	}
}

int main(void)
{
	unsigned int i;

	/* What a sanitizer says goes where it belongs. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	for (i = 0; i < n_suites; i++)
		run_suite(suites[i]);
	printf("1..%d\n", n_run);
	printf("# %d passed, %d failed\n", n_run - n_failed, n_failed);
	return !!n_failed;
}
