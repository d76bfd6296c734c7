// SPDX-License-Identifier: GPL-2.0-only
/* Segments: parse and build. */

#include <errno.h>

#include "segment.h"

static uint32_t romon_segment_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void romon_segment_put32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

/*
 * What follows the header of an open, an answer or an acknowledgment has no
 * meaning that is known; it is there, as @len says, and nobody looks at it.
 * -EPROTONOSUPPORT: all but the kind is known.
 */
int romon_segment_parse(struct romon_segment *seg, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	if (len < ROMON_SEGMENT_HLEN)
		return -EBADMSG;
	seg->kind = p[0];
	/* p[1] has been seen with any value. */
	seg->seq = romon_segment_get32(p + 2);
	seg->ack = romon_segment_get32(p + 6);
	seg->data = p + ROMON_SEGMENT_HLEN;
	seg->len = len - ROMON_SEGMENT_HLEN;
	return p[0] < __ROMON_SEGMENT_KINDS ? 0 : -EPROTONOSUPPORT;
}

/* The header only; the payload is the caller's. */
void romon_segment_build(void *buf, enum romon_segment_kind kind, uint32_t seq,
			 uint32_t ack)
{
	uint8_t *p = buf;

	p[0] = kind;
	p[1] = 0;
	romon_segment_put32(p + 2, seq);
	romon_segment_put32(p + 6, ack);
}
