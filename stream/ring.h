/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes by their place in the stream, in chunks that are there only where
 * bytes are. The sender's is without gaps, the receiver's may have some.
 */

#ifndef ROMON_RING_H
#define ROMON_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROMON_RING_CHUNK	8192
/* Stretches of bytes behind a gap; what would make one more is refused. */
#define ROMON_RING_ISLANDS	512

/* What all rings of a mux hold together. */
struct romon_pool {
	size_t used, limit;
};

struct romon_island {
	int64_t from, to;
};

struct romon_ring {
	struct romon_pool *pool;
	int64_t start;			/* the first byte that is kept */
	int64_t end;			/* all from start up to here is there */
	uint8_t **chunks;		/* by number of chunk modulo size */
	size_t size;			/* of that table, a power of two */
	size_t memory;
	struct romon_island *islands;	/* beyond end, in order, apart */
	unsigned int n_islands, max_islands;
};

void romon_ring_init(struct romon_ring *ring, struct romon_pool *pool);
void romon_ring_free(struct romon_ring *ring);
int romon_ring_put(struct romon_ring *ring, int64_t at, const void *data,
		   size_t len, size_t budget);
void romon_ring_get(const struct romon_ring *ring, int64_t at, void *buf,
		    size_t len);
void romon_ring_drop(struct romon_ring *ring, int64_t to);
int64_t romon_ring_top(const struct romon_ring *ring);

#endif /* ROMON_RING_H */
