/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes by their place in the stream, in pieces as long as what came in, or a
 * little longer. The sender's is without gaps, the receiver's may have some.
 */

#ifndef ROMON_RING_H
#define ROMON_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest piece; neighbours that are shorter together become one. */
#define ROMON_RING_PIECE	2048
/* What one takes beside its bytes, of the allocator. */
#define ROMON_RING_OVERHEAD	16
/* Stretches of bytes behind a gap; what would make one more is refused. */
#define ROMON_RING_ISLANDS	512

/* What all rings of a mux hold together. */
struct romon_pool {
	size_t used, limit;
};

struct romon_piece {
	int64_t from, to;
	uint8_t *data;
};

struct romon_ring {
	struct romon_pool *pool;
	int64_t start;			/* the first byte that is kept */
	int64_t end;			/* all from start up to here is there */
	struct romon_piece *pieces;	/* in order, apart, from the first on */
	size_t first, n, size;
	size_t memory;
	unsigned int n_islands;		/* stretches beyond end */
};

/* The budget that is enough for so many bytes, and the bytes for which one is. */
static inline size_t romon_ring_need(size_t len)
{
	return len + (len / ROMON_RING_PIECE + 1) * ROMON_RING_OVERHEAD;
}

static inline size_t romon_ring_fits(size_t budget)
{
	size_t whole = budget / (ROMON_RING_PIECE + ROMON_RING_OVERHEAD);
	size_t rest = budget % (ROMON_RING_PIECE + ROMON_RING_OVERHEAD);

	return whole * ROMON_RING_PIECE +
	       (rest > ROMON_RING_OVERHEAD ? rest - ROMON_RING_OVERHEAD : 0);
}

void romon_ring_init(struct romon_ring *ring, struct romon_pool *pool);
void romon_ring_free(struct romon_ring *ring);
int romon_ring_put(struct romon_ring *ring, int64_t at, const void *data,
		   size_t len, size_t budget);
void romon_ring_get(const struct romon_ring *ring, int64_t at, void *buf,
		    size_t len);
void romon_ring_drop(struct romon_ring *ring, int64_t to);
int64_t romon_ring_top(const struct romon_ring *ring);

#endif /* ROMON_RING_H */
