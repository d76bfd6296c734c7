// SPDX-License-Identifier: GPL-2.0-only
/* Records of what was sent, a queue in the order of the stream. */

#include <stdlib.h>
#include <string.h>

#include "sent.h"

#define ROMON_SENT_SMALL	64

static struct romon_sent_record *romon_sent_at(const struct romon_sent *sent,
					       unsigned int i)
{
	return &sent->records[(sent->first + i) & (sent->size - 1)];
}

void romon_sent_init(struct romon_sent *sent, struct romon_pool *pool)
{
	memset(sent, 0, sizeof(*sent));
	sent->pool = pool;
}

size_t romon_sent_memory(const struct romon_sent *sent)
{
	return sent->size * sizeof(*sent->records);
}

void romon_sent_free(struct romon_sent *sent)
{
	sent->pool->used -= romon_sent_memory(sent);
	free(sent->records);
	romon_sent_init(sent, sent->pool);
}

static bool romon_sent_grow(struct romon_sent *sent)
{
	unsigned int size = sent->size ? sent->size * 2 : 16, i;
	struct romon_sent_record *records;

	if (sent->n < sent->size)
		return true;
	if (size > ROMON_SENT_MAX)
		return false;
	records = malloc(size * sizeof(*records));
	if (!records)
		return false;
	for (i = 0; i < sent->n; i++)
		records[i] = *romon_sent_at(sent, i);
	sent->pool->used += (size - sent->size) * sizeof(*records);
	free(sent->records);
	sent->records = records;
	sent->first = 0;
	sent->size = size;
	return true;
}

/* What ends at @end, and begins where the last one did, is sent now. */
void romon_sent_add(struct romon_sent *sent, int64_t end, int64_t now)
{
	if (!romon_sent_grow(sent)) {
		/* Without a record: its time is that of the one before. */
		if (sent->n)
			romon_sent_at(sent, sent->n - 1)->end = end;
		return;
	}
	*romon_sent_at(sent, sent->n++) = (struct romon_sent_record){
		.end = end,
		.at = now,
	};
}

/* RFC 6298, 3: an acknowledgment of these does not tell which one it is for. */
void romon_sent_again(struct romon_sent *sent, int64_t from, int64_t to,
		      int64_t now)
{
	unsigned int low = 0, high = sent->n;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (romon_sent_at(sent, mid)->end <= from)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < sent->n; low++) {
		struct romon_sent_record *r = romon_sent_at(sent, low);

		r->again = true;
		r->at = now;
		if (r->end >= to)
			break;
	}
}

/* When the one that is to be acknowledged next was sent. */
int64_t romon_sent_first(const struct romon_sent *sent)
{
	return sent->n ? romon_sent_at(sent, 0)->at : INT64_MAX;
}

/*
 * If one of them was sent more than once, the others have been waiting for it
 * at the other side, and tell nothing either.
 */
void romon_sent_acked(struct romon_sent *sent, int64_t to,
		      struct romon_sent_sample *sample)
{
	bool again = false;

	memset(sample, 0, sizeof(*sample));
	while (sent->n) {
		struct romon_sent_record *r = romon_sent_at(sent, 0);

		if (r->end > to)
			break;
		again |= r->again;
		if (!sample->segments++)
			sample->oldest = r->at;
		sample->newest = r->at;
		sent->first = (sent->first + 1) & (sent->size - 1);
		sent->n--;
	}
	sample->valid = sample->segments && !again;
	if (!sent->n && sent->size > ROMON_SENT_SMALL)
		romon_sent_free(sent);
}
