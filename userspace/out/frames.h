/* SPDX-License-Identifier: GPL-2.0-only */
/* Recorded frames: captures and hex dumps. */

#ifndef ROMON_FRAMES_H
#define ROMON_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One frame, perhaps with its Ethernet header, perhaps cut off. */
struct frame {
	uint8_t *data;
	size_t len;		/* bytes at data */
	size_t wire_len;	/* bytes that there were */
	double time;		/* 0 if not known */
	bool bare;		/* of a hex dump: its lines had no offsets */
	bool cooked;		/* from the type byte on: a header that is gone said so */
};

struct frames {
	struct frame *v;
	size_t n;
	bool capture;		/* and no hex dump */
	bool damaged;		/* there should have been more; complained of */
};

/* Complains. */
bool frames_load(struct frames *frames, const char *file);
void frames_free(struct frames *frames);
/* A copy of the bytes; valid until the next one is added. */
struct frame *frames_add(struct frames *frames, const uint8_t *data,
			 size_t len);
void frames_parse_hex(struct frames *frames, const char *text);

/* Where the type byte is, or false if this is no RoMON frame. */
bool frame_find(const struct frame *frame, size_t *start);

#endif /* ROMON_FRAMES_H */
