/* SPDX-License-Identifier: GPL-2.0-only */
/* The segment of a stream: what follows the two ports of a datagram. */

#ifndef ROMON_SEGMENT_H
#define ROMON_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "romon-stream.h"

#define ROMON_SEGMENT_HLEN	ROMON_STREAM_HEAD_LEN

enum romon_segment_kind {
	ROMON_SEGMENT_OPEN,
	ROMON_SEGMENT_ANSWER,
	ROMON_SEGMENT_DATA,
	ROMON_SEGMENT_ACK,
	ROMON_SEGMENT_CLOSE,
	__ROMON_SEGMENT_KINDS
};

struct romon_segment {
	enum romon_segment_kind kind;
	uint32_t seq, ack;
	const uint8_t *data;		/* in the buffer that was parsed */
	size_t len;
};

int romon_segment_parse(struct romon_segment *seg, const void *buf, size_t len);
void romon_segment_build(void *buf, enum romon_segment_kind kind, uint32_t seq,
			 uint32_t ack);

/*
 * Inside, bytes are counted with 64 bits from the first one on, so that only
 * this function knows that numbers on the wire wrap. What is meant by @seq is
 * what lies nearest to @near; the first byte of all is @first on the wire.
 */
static inline int64_t romon_segment_offset(int64_t near, uint32_t first,
					   uint32_t seq)
{
	uint32_t ahead = seq - (first + (uint32_t)near);

	if (ahead & 0x80000000u)
		return near - (int64_t)(uint32_t)-ahead;
	return near + ahead;
}

#endif /* ROMON_SEGMENT_H */
