// SPDX-License-Identifier: GPL-2.0-only
/* Sparse store of bytes. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

/* A table larger than this is not kept for the next time. */
#define ROMON_RING_SMALL	64

static int64_t romon_ring_number(int64_t at)
{
	return at / ROMON_RING_CHUNK;
}

static uint8_t **romon_ring_slot(const struct romon_ring *ring, int64_t number)
{
	return &ring->chunks[(uint64_t)number & (ring->size - 1)];
}

static void romon_ring_account(struct romon_ring *ring, size_t more, size_t less)
{
	ring->memory += more - less;
	ring->pool->used += more - less;
}

void romon_ring_init(struct romon_ring *ring, struct romon_pool *pool)
{
	memset(ring, 0, sizeof(*ring));
	ring->pool = pool;
}

static void romon_ring_free_chunk(struct romon_ring *ring, int64_t number)
{
	uint8_t **slot = romon_ring_slot(ring, number);

	if (!*slot)
		return;
	free(*slot);
	*slot = NULL;
	romon_ring_account(ring, 0, ROMON_RING_CHUNK);
}

/* Frees the memory; the place in the stream stays. */
void romon_ring_free(struct romon_ring *ring)
{
	size_t i;

	for (i = 0; i < ring->size; i++)
		romon_ring_free_chunk(ring, i);
	free(ring->chunks);
	free(ring->islands);
	romon_ring_account(ring, 0, ring->memory);
	ring->chunks = NULL;
	ring->size = 0;
	ring->islands = NULL;
	ring->n_islands = 0;
	ring->max_islands = 0;
	ring->start = ring->end;
}

int64_t romon_ring_top(const struct romon_ring *ring)
{
	if (ring->n_islands)
		return ring->islands[ring->n_islands - 1].to;
	return ring->end;
}

/* A table that has a slot for each chunk from the first one to @last. */
static int romon_ring_reach(struct romon_ring *ring, int64_t last)
{
	int64_t first = romon_ring_number(ring->start);
	size_t size = ring->size ? ring->size : 4, old = ring->size, i;
	uint8_t **chunks, **old_chunks = ring->chunks;

	while (size < (uint64_t)(last - first) + 1)
		size *= 2;
	if (size == ring->size)
		return 0;
	chunks = calloc(size, sizeof(*chunks));
	if (!chunks)
		return -ENOMEM;
	ring->chunks = chunks;
	ring->size = size;
	/* The old table holds the chunks from the first one on, all different. */
	for (i = 0; i < old; i++)
		*romon_ring_slot(ring, first + (int64_t)i) =
			old_chunks[(uint64_t)(first + (int64_t)i) & (old - 1)];
	free(old_chunks);
	romon_ring_account(ring, size * sizeof(*chunks), old * sizeof(*chunks));
	return 0;
}

static int romon_ring_alloc(struct romon_ring *ring, int64_t first,
			    int64_t last, size_t budget)
{
	size_t need = 0;
	int64_t i;
	int err;

	err = romon_ring_reach(ring, last);
	if (err)
		return err;
	for (i = first; i <= last; i++)
		need += *romon_ring_slot(ring, i) ? 0 : ROMON_RING_CHUNK;
	if (need > budget)
		return -ENOMEM;
	for (i = first; i <= last; i++) {
		uint8_t **slot = romon_ring_slot(ring, i);

		if (*slot)
			continue;
		*slot = malloc(ROMON_RING_CHUNK);
		if (!*slot)
			return -ENOMEM;
		romon_ring_account(ring, ROMON_RING_CHUNK, 0);
	}
	return 0;
}

/* The first island that ends at @at or later. */
static unsigned int romon_ring_find(const struct romon_ring *ring, int64_t at)
{
	unsigned int low = 0, high = ring->n_islands;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (ring->islands[mid].to < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool romon_ring_is_new(const struct romon_ring *ring, int64_t from,
			      int64_t to)
{
	unsigned int i = romon_ring_find(ring, from);

	return i == ring->n_islands || ring->islands[i].from > to;
}

static int romon_ring_reserve(struct romon_ring *ring)
{
	unsigned int max = ring->max_islands ? ring->max_islands * 2 : 8;
	struct romon_island *islands;

	if (ring->n_islands < ring->max_islands)
		return 0;
	if (ring->n_islands == ROMON_RING_ISLANDS)
		return -ENOSPC;
	islands = realloc(ring->islands, max * sizeof(*islands));
	if (!islands)
		return -ENOMEM;
	romon_ring_account(ring, max * sizeof(*islands),
			   ring->max_islands * sizeof(*islands));
	ring->islands = islands;
	ring->max_islands = max;
	return 0;
}

static void romon_ring_remove(struct romon_ring *ring, unsigned int i,
			      unsigned int n)
{
	if (!n)
		return;
	memmove(&ring->islands[i], &ring->islands[i + n],
		(ring->n_islands - i - n) * sizeof(*ring->islands));
	ring->n_islands -= n;
}

/* Room for one more has been made. */
static void romon_ring_join(struct romon_ring *ring, int64_t from, int64_t to)
{
	unsigned int i = romon_ring_find(ring, from), n = 0;

	while (i + n < ring->n_islands && ring->islands[i + n].from <= to) {
		if (ring->islands[i + n].from < from)
			from = ring->islands[i + n].from;
		if (ring->islands[i + n].to > to)
			to = ring->islands[i + n].to;
		n++;
	}
	if (from <= ring->end) {
		if (to > ring->end)
			ring->end = to;
		romon_ring_remove(ring, i, n);
		return;
	}
	if (n) {
		romon_ring_remove(ring, i, n - 1);
	} else {
		memmove(&ring->islands[i + 1], &ring->islands[i],
			(ring->n_islands - i) * sizeof(*ring->islands));
		ring->n_islands++;
	}
	ring->islands[i].from = from;
	ring->islands[i].to = to;
}

/*
 * Keeps bytes, of which those that are there already must be the same. They
 * must not lie before start. @budget: how many bytes of chunks may be added.
 * All or nothing: 0, -ENOMEM, or -ENOSPC if there are too many gaps.
 */
int romon_ring_put(struct romon_ring *ring, int64_t at, const void *data,
		   size_t len, size_t budget)
{
	const uint8_t *from = data;
	int64_t to = at + (int64_t)len;
	int err;

	if (!len)
		return 0;
	if (at > ring->end && romon_ring_is_new(ring, at, to)) {
		err = romon_ring_reserve(ring);
		if (err)
			return err;
	}
	err = romon_ring_alloc(ring, romon_ring_number(at),
			       romon_ring_number(to - 1), budget);
	if (err)
		return err;
	romon_ring_join(ring, at, to);
	while (len) {
		size_t skip = at % ROMON_RING_CHUNK;
		size_t n = ROMON_RING_CHUNK - skip;

		if (n > len)
			n = len;
		memcpy(*romon_ring_slot(ring, romon_ring_number(at)) + skip,
		       from, n);
		from += n;
		at += n;
		len -= n;
	}
	return 0;
}

/* All of it must be there. */
void romon_ring_get(const struct romon_ring *ring, int64_t at, void *buf,
		    size_t len)
{
	uint8_t *to = buf;

	while (len) {
		size_t skip = at % ROMON_RING_CHUNK;
		size_t n = ROMON_RING_CHUNK - skip;

		if (n > len)
			n = len;
		memcpy(to, *romon_ring_slot(ring, romon_ring_number(at)) + skip,
		       n);
		to += n;
		at += n;
		len -= n;
	}
}

/* What lies before @to, which is end at most, is not needed any more. */
void romon_ring_drop(struct romon_ring *ring, int64_t to)
{
	int64_t i, last = romon_ring_number(to);

	if (ring->size) {
		for (i = romon_ring_number(ring->start); i < last; i++)
			romon_ring_free_chunk(ring, i);
	}
	ring->start = to;
	if (to < ring->end || ring->n_islands)
		return;
	if (ring->size > ROMON_RING_SMALL ||
	    ring->max_islands > ROMON_RING_SMALL)
		romon_ring_free(ring);
	else if (ring->size)
		romon_ring_free_chunk(ring, last);
}
