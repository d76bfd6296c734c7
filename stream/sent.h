/* SPDX-License-Identifier: GPL-2.0-only */
/* When which segment was sent, for the round trip time. */

#ifndef ROMON_SENT_H
#define ROMON_SENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

/* More, if they are small, share a record. */
#define ROMON_SENT_MAX		4096

struct romon_sent_record {
	int64_t end;			/* and begins where the one before ends */
	int64_t at;			/* the last time */
	bool again;			/* sent more than once */
};

struct romon_sent {
	struct romon_pool *pool;
	struct romon_sent_record *records;
	unsigned int first, n, size;	/* size is a power of two */
};

/* What an acknowledgment tells: of the first and last segment it is for. */
struct romon_sent_sample {
	bool valid;
	int64_t oldest, newest;		/* times of sending, if valid */
	unsigned int segments;
};

void romon_sent_init(struct romon_sent *sent, struct romon_pool *pool);
void romon_sent_free(struct romon_sent *sent);
size_t romon_sent_memory(const struct romon_sent *sent);
void romon_sent_add(struct romon_sent *sent, int64_t end, int64_t now);
void romon_sent_again(struct romon_sent *sent, int64_t from, int64_t to,
		      int64_t now);
int64_t romon_sent_first(const struct romon_sent *sent);
void romon_sent_acked(struct romon_sent *sent, int64_t to,
		      struct romon_sent_sample *sample);

#endif /* ROMON_SENT_H */
