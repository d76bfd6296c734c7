// SPDX-License-Identifier: GPL-2.0-only
/* In front of malloc() and the like, by the linker. */

#include <stdbool.h>
#include <stdlib.h>

#include "alloc.h"

void *alloc_malloc(size_t len) __asm__("__wrap_malloc");
void *alloc_calloc(size_t n, size_t len) __asm__("__wrap_calloc");
void *alloc_realloc(void *p, size_t len) __asm__("__wrap_realloc");
void alloc_free(void *p) __asm__("__wrap_free");
void *real_malloc(size_t len) __asm__("__real_malloc");
void *real_calloc(size_t n, size_t len) __asm__("__real_calloc");
void *real_realloc(void *p, size_t len) __asm__("__real_realloc");
void real_free(void *p) __asm__("__real_free");

long alloc_n;
unsigned int alloc_fail;

static bool alloc_refuse(void)
{
	static unsigned int seed = 1;

	if (!alloc_fail)
		return false;
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % alloc_fail == 0;
}

void *alloc_malloc(size_t len)
{
	void *p = alloc_refuse() ? NULL : real_malloc(len);

	alloc_n += p ? 1 : 0;
	return p;
}

void *alloc_calloc(size_t n, size_t len)
{
	void *p = alloc_refuse() ? NULL : real_calloc(n, len);

	alloc_n += p ? 1 : 0;
	return p;
}

void *alloc_realloc(void *old, size_t len)
{
	void *p = alloc_refuse() ? NULL : real_realloc(old, len);

	alloc_n += p && !old ? 1 : 0;
	return p;
}

void alloc_free(void *p)
{
	alloc_n -= p ? 1 : 0;
	real_free(p);
}
