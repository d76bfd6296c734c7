// SPDX-License-Identifier: GPL-2.0-only
/* Sparse store of bytes. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

/* A table larger than this is not kept for the next time. */
#define ROMON_RING_SMALL	64

/* Memory for a piece, before it is one: the next of them stands in it. */
struct romon_block {
	struct romon_block *next;
};

/* What is not there: a piece of it, to become the one with this number. */
struct romon_hole {
	int64_t from, to;
	size_t i;
};

static struct romon_piece *romon_ring_piece(const struct romon_ring *ring,
					    size_t i)
{
	return &ring->pieces[ring->first + i];
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

/* Frees the memory; the place in the stream stays. */
void romon_ring_free(struct romon_ring *ring)
{
	size_t i;

	for (i = 0; i < ring->n; i++)
		free(romon_ring_piece(ring, i)->data);
	free(ring->pieces);
	romon_ring_account(ring, 0, ring->memory);
	ring->pieces = NULL;
	ring->first = 0;
	ring->n = 0;
	ring->size = 0;
	ring->n_islands = 0;
	ring->start = ring->end;
}

int64_t romon_ring_top(const struct romon_ring *ring)
{
	if (ring->n_islands)
		return romon_ring_piece(ring, ring->n - 1)->to;
	return ring->end;
}

/* The first piece that ends behind @at. */
static size_t romon_ring_find(const struct romon_ring *ring, int64_t at)
{
	size_t low = 0, high = ring->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (romon_ring_piece(ring, mid)->to <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The first hole in what is from @at to @to; false if there is none. */
static bool romon_ring_hole(const struct romon_ring *ring, int64_t at,
			    int64_t to, struct romon_hole *hole)
{
	size_t i = romon_ring_find(ring, at);

	for (; i < ring->n && romon_ring_piece(ring, i)->from <= at; i++)
		at = romon_ring_piece(ring, i)->to;
	if (at >= to)
		return false;
	if (i < ring->n && romon_ring_piece(ring, i)->from < to)
		to = romon_ring_piece(ring, i)->from;
	hole->from = at;
	hole->to = to - at < ROMON_RING_PIECE ? to : at + ROMON_RING_PIECE;
	hole->i = i;
	return true;
}

static bool romon_ring_is_new(const struct romon_ring *ring, int64_t from,
			      int64_t to)
{
	size_t i = romon_ring_find(ring, from - 1);

	return i == ring->n || romon_ring_piece(ring, i)->from > to;
}

/* Room in the table for so many more. */
static int romon_ring_reserve(struct romon_ring *ring, size_t more)
{
	size_t size = ring->size ? ring->size : 4;
	struct romon_piece *pieces;

	if (ring->first + ring->n + more <= ring->size)
		return 0;
	if (ring->first) {
		memmove(ring->pieces, romon_ring_piece(ring, 0),
			ring->n * sizeof(*pieces));
		/* Next time after as many again have been dropped. */
		more += ring->first < ring->size / 2 ? ring->size / 2 : 0;
		ring->first = 0;
	}
	while (size < ring->n + more)
		size *= 2;
	if (size == ring->size)
		return 0;
	pieces = realloc(ring->pieces, size * sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	romon_ring_account(ring, size * sizeof(*pieces),
			   ring->size * sizeof(*pieces));
	ring->pieces = pieces;
	ring->size = size;
	return 0;
}

static void romon_ring_release(struct romon_block *blocks)
{
	struct romon_block *next;

	for (; blocks; blocks = next) {
		next = blocks->next;
		free(blocks);
	}
}

/* Memory for all that is not there, in the order of the holes, or nothing. */
static int romon_ring_alloc(struct romon_ring *ring, int64_t at, int64_t to,
			    size_t budget, struct romon_block **blocks)
{
	struct romon_block **last = blocks;
	size_t need = 0, n = 0;
	struct romon_hole hole;
	int64_t from;
	int err;

	*last = NULL;
	for (from = at; romon_ring_hole(ring, from, to, &hole); from = hole.to) {
		need += hole.to - hole.from + ROMON_RING_OVERHEAD;
		n++;
	}
	if (need > budget)
		return -ENOMEM;
	err = romon_ring_reserve(ring, n);
	if (err)
		return err;
	for (from = at; romon_ring_hole(ring, from, to, &hole); from = hole.to) {
		size_t len = hole.to - hole.from;

		*last = malloc(len > sizeof(**last) ? len : sizeof(**last));
		if (!*last) {
			romon_ring_release(*blocks);
			return -ENOMEM;
		}
		(*last)->next = NULL;
		last = &(*last)->next;
	}
	return 0;
}

/* Room in the table has been made. */
static void romon_ring_insert(struct romon_ring *ring,
			      const struct romon_hole *hole, void *data)
{
	struct romon_piece *p = romon_ring_piece(ring, hole->i);
	bool left = hole->from == ring->end || (hole->i && p[-1].to == hole->from);
	bool right = hole->i < ring->n && p->from == hole->to;

	ring->n_islands += 1 - left - right;
	memmove(p + 1, p, (ring->n - hole->i) * sizeof(*p));
	ring->n++;
	p->from = hole->from;
	p->to = hole->to;
	p->data = data;
	romon_ring_account(ring, p->to - p->from + ROMON_RING_OVERHEAD, 0);
}

/* Without memory they stay two. */
static bool romon_ring_join(struct romon_ring *ring, size_t i)
{
	struct romon_piece *p = romon_ring_piece(ring, i), *next = p + 1;
	size_t len = p->to - p->from, more = next->to - next->from;
	uint8_t *data;

	if (p->to != next->from || len + more > ROMON_RING_PIECE)
		return false;
	data = realloc(p->data, len + more);
	if (!data)
		return false;
	memcpy(data + len, next->data, more);
	free(next->data);
	p->data = data;
	p->to = next->to;
	romon_ring_account(ring, 0, ROMON_RING_OVERHEAD);
	ring->n--;
	memmove(next, next + 1, (ring->n - i - 1) * sizeof(*next));
	return true;
}

/* What has come between @at and @to: how far is all there, what is short? */
static void romon_ring_settle(struct romon_ring *ring, int64_t at, int64_t to)
{
	size_t i = romon_ring_find(ring, ring->end);

	for (; i < ring->n && romon_ring_piece(ring, i)->from <= ring->end; i++)
		ring->end = romon_ring_piece(ring, i)->to;
	i = romon_ring_find(ring, at - 1);
	while (i + 1 < ring->n && romon_ring_piece(ring, i)->from <= to)
		i += !romon_ring_join(ring, i);
}

/*
 * Keeps bytes, of which those that are there already must be the same. They
 * must not lie before start. @budget: how many bytes of pieces may be added,
 * see romon_ring_need(). All or nothing: 0, -ENOMEM, or -ENOSPC if there are too
 * many gaps.
 */
int romon_ring_put(struct romon_ring *ring, int64_t at, const void *data,
		   size_t len, size_t budget)
{
	int64_t from, to = at + (int64_t)len;
	struct romon_block *blocks, *next;
	struct romon_hole hole;
	int err;

	if (!len)
		return 0;
	if (at > ring->end && ring->n_islands == ROMON_RING_ISLANDS &&
	    romon_ring_is_new(ring, at, to))
		return -ENOSPC;
	err = romon_ring_alloc(ring, at, to, budget, &blocks);
	if (err)
		return err;
	for (from = at; romon_ring_hole(ring, from, to, &hole); from = hole.to) {
		next = blocks->next;
		memcpy(blocks, (const uint8_t *)data + (hole.from - at),
		       hole.to - hole.from);
		romon_ring_insert(ring, &hole, blocks);
		blocks = next;
	}
	romon_ring_settle(ring, at, to);
	return 0;
}

/* All of it must be there. */
void romon_ring_get(const struct romon_ring *ring, int64_t at, void *buf,
		    size_t len)
{
	const struct romon_piece *p;
	uint8_t *to = buf;

	if (!len)
		return;
	p = romon_ring_piece(ring, romon_ring_find(ring, at));
	for (; len; p++) {
		size_t n = p->to - at;

		n = n < len ? n : len;
		memcpy(to, p->data + (at - p->from), n);
		to += n;
		at += n;
		len -= n;
	}
}

/* What lies before @to, which is end at most, is not needed any more. */
void romon_ring_drop(struct romon_ring *ring, int64_t to)
{
	ring->start = to;
	while (ring->n && romon_ring_piece(ring, 0)->to <= to) {
		struct romon_piece *p = romon_ring_piece(ring, 0);

		free(p->data);
		romon_ring_account(ring, 0, p->to - p->from +
				   ROMON_RING_OVERHEAD);
		ring->first++;
		ring->n--;
	}
	if (ring->n)
		return;
	ring->first = 0;
	if (ring->size > ROMON_RING_SMALL)
		romon_ring_free(ring);
}
