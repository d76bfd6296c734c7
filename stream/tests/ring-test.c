// SPDX-License-Identifier: GPL-2.0-only
/* The store of bytes, against one that is a plain array. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "ring.h"
#include "tap.h"

#define ALL	SIZE_MAX
#define SPAN	300000
#define CHUNK	8192

static struct romon_pool pool;

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

static uint8_t byte(int64_t at)
{
	return at * 7 ^ at >> 9;
}

static int put(struct romon_ring *ring, int64_t at, size_t len, size_t budget)
{
	uint8_t *data = malloc(len + 1);
	size_t i;
	int err;

	for (i = 0; i < len; i++)
		data[i] = byte(at + i);
	err = romon_ring_put(ring, at, data, len, budget);
	free(data);
	return err;
}

static bool right(const struct romon_ring *ring, int64_t at, size_t len)
{
	uint8_t *data = malloc(len + 1);
	bool good = true;
	size_t i;

	romon_ring_get(ring, at, data, len);
	for (i = 0; i < len; i++)
		good = good && data[i] == byte(at + i);
	free(data);
	return good;
}

/* Pieces in any order, again and again, dropped now and then. */
static bool random_pieces(unsigned int seed, int64_t base)
{
	bool *there = calloc(SPAN, 1), good = true;
	struct romon_ring ring;
	int64_t start = 0, end = 0;
	unsigned int i;

	romon_ring_init(&ring, &pool);
	ring.start = base;
	ring.end = base;
	for (i = 0; i < 3000 && good; i++) {
		int64_t at = start + next(&seed) % 60000;
		size_t len = next(&seed) % 3000;
		int err;

		if (next(&seed) % 3 == 0)
			at = end;
		if (at + len > SPAN)
			break;
		err = put(&ring, base + at, len, ALL);
		good = good && (!err || err == -ENOSPC);
		if (!err)
			memset(there + at, true, len);
		while (end < SPAN && there[end])
			end++;
		good = good && ring.end == base + end;
		if (end > start && next(&seed) % 4 == 0) {
			size_t n = next(&seed) % (end - start + 1);

			good = good && right(&ring, base + start, n);
			start += n;
			romon_ring_drop(&ring, base + start);
		}
		good = good && ring.memory == pool.used;
	}
	romon_ring_free(&ring);
	free(there);
	return good && !pool.used;
}

int main(void)
{
	struct romon_ring ring;
	unsigned int i;
	bool good = true;
	size_t before;

	for (i = 0; i < 20; i++)
		good = good && random_pieces(i, i % 2 ? 0 : 0xfffff000ll);
	tap_ok(good, "pieces in any order come out in order");

	romon_ring_init(&ring, &pool);
	tap_ok(!put(&ring, 0, 5000, ALL) && !put(&ring, 5000, 5000, ALL) &&
	       ring.end == 10000 && right(&ring, 0, 10000),
	       "what is put at the end is there");
	romon_ring_drop(&ring, 9000);
	tap_ok(ring.memory < 2 * CHUNK, "what is dropped is freed");
	romon_ring_drop(&ring, 10000);
	tap_ok(ring.memory < CHUNK, "nothing is kept of nothing");
	before = pool.used;
	tap_ok(put(&ring, 10000, 20000, CHUNK) == -ENOMEM &&
	       pool.used == before && ring.end == 10000,
	       "what exceeds the budget is refused as a whole");
	romon_ring_free(&ring);

	romon_ring_init(&ring, &pool);
	for (i = 0, good = true; i < ROMON_RING_ISLANDS; i++)
		good = good && !put(&ring, 10 + 10 * i, 5, ALL);
	tap_ok(good && put(&ring, 10 + 10 * i, 5, ALL) == -ENOSPC,
	       "gaps are bounded");
	tap_ok(ring.memory < 100 * ROMON_RING_ISLANDS,
	       "what is short takes little: %zu bytes for %u times 5",
	       ring.memory, ROMON_RING_ISLANDS);
	tap_ok(!put(&ring, 0, 10, ALL) && ring.end == 15 &&
	       !put(&ring, 15, 6000, ALL) && !ring.n_islands &&
	       right(&ring, 0, ring.end), "... and are filled");
	romon_ring_free(&ring);

	/* Far from each other, and then all between them, a byte at a time. */
	romon_ring_init(&ring, &pool);
	for (i = 0, good = true; i < ROMON_RING_ISLANDS; i++)
		good = good && !put(&ring, 100 + 8192 * i, 1, ALL);
	tap_ok(good && ring.memory < 100 * ROMON_RING_ISLANDS,
	       "a byte far behind a gap takes as little: %zu bytes for %u",
	       ring.memory, ROMON_RING_ISLANDS);
	for (i = 0; i < 200000; i++)
		good = good && !put(&ring, i, 1, ALL);
	tap_ok(good && ring.end == 200000 && right(&ring, 0, 200000) &&
	       ring.memory < 2 * 200000,
	       "bytes that come one by one are kept together: %zu for 200000",
	       ring.memory);
	romon_ring_free(&ring);

	alloc_fail = 3;
	for (i = 0, good = true; i < 20; i++) {
		unsigned int j;

		romon_ring_init(&ring, &pool);
		for (j = 0; j < 100; j++) {
			char data[700] = { 0 };
			int err = romon_ring_put(&ring, j * 1000 % 7300, data,
						 sizeof(data), ALL);

			good = good && (!err || err == -ENOMEM);
		}
		romon_ring_free(&ring);
	}
	alloc_fail = 0;
	tap_ok(good && !pool.used && !alloc_n,
	       "without memory nothing is broken, and nothing is left");
	return 0;
}
