// SPDX-License-Identifier: GPL-2.0-only
/* Segments, byte for byte. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "segment.h"
#include "tap.h"

static bool parses(const char *bytes, size_t len, struct romon_segment *seg)
{
	/* No longer than it is, so that reading beyond is seen. */
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	memcpy(copy, bytes, len);
	err = romon_segment_parse(seg, copy, len);
	free(copy);
	return !err;
}

static bool builds(enum romon_segment_kind kind, uint32_t seq, uint32_t ack,
		   const char *bytes)
{
	uint8_t buf[ROMON_SEGMENT_HLEN];

	romon_segment_build(buf, kind, seq, ack);
	return !memcmp(buf, bytes, sizeof(buf));
}

int main(void)
{
	struct romon_segment seg;
	unsigned int i;
	bool good = true;

	tap_ok(builds(ROMON_SEGMENT_OPEN, 0x01020304, 0,
		      "\x00\x00\x01\x02\x03\x04\x00\x00\x00\x00"),
	       "an open has a number and acknowledges 0");
	tap_ok(builds(ROMON_SEGMENT_ANSWER, 0xf1f2f3f4, 0x01020304,
		      "\x01\x00\xf1\xf2\xf3\xf4\x01\x02\x03\x04"),
	       "the answer to it has both");
	tap_ok(builds(ROMON_SEGMENT_DATA, 0x80000000, 0xffffffff,
		      "\x02\x00\x80\x00\x00\x00\xff\xff\xff\xff"),
	       "data");
	tap_ok(builds(ROMON_SEGMENT_ACK, 1, 2,
		      "\x03\x00\x00\x00\x00\x01\x00\x00\x00\x02"),
	       "acknowledgment");
	tap_ok(builds(ROMON_SEGMENT_CLOSE, 1, 2,
		      "\x04\x00\x00\x00\x00\x01\x00\x00\x00\x02"), "close");

	for (i = 0; i < 256; i++) {
		char bytes[] = "\x02\x00\x11\x22\x33\x44\x55\x66\x77\x88wxyz";

		bytes[1] = i;
		good = good && parses(bytes, 14, &seg) &&
		       seg.kind == ROMON_SEGMENT_DATA &&
		       seg.seq == 0x11223344 && seg.ack == 0x55667788 &&
		       seg.len == 4;
	}
	tap_ok(good, "the byte after the kind may have any value");
	for (i = 0, good = true; i < 10; i++)
		good = good && !parses("\x02\0\0\0\0\0\0\0\0\0", i, &seg);
	tap_ok(good, "what is shorter than ten bytes is no segment");
	tap_ok(parses("\x03\xc0\0\0\0\1\0\0\0\2", 10, &seg) && !seg.len,
	       "ten bytes are one without payload");
	for (i = 5, good = true; i < 256; i++) {
		char bytes[10] = { i };

		good = good && !parses(bytes, 10, &seg);
	}
	tap_ok(good, "other kinds than those five are none");

	tap_ok(romon_segment_offset(0, 100, 100) == 0 &&
	       romon_segment_offset(0, 100, 99) == -1 &&
	       romon_segment_offset(50, 100, 120) == 20,
	       "numbers count from the first one");
	tap_ok(romon_segment_offset(0, 0xfffffff0, 0x10) == 0x20 &&
	       romon_segment_offset(0x20, 0xfffffff0, 0xfffffff0) == 0,
	       "... and wrap");
	tap_ok(romon_segment_offset(0x123456789ll, 7, 0x23456789 + 7 + 5) ==
	       0x12345678ell,
	       "... more than once");
	tap_ok(romon_segment_offset(0, 5, 0x80000004) == 0x7fffffff &&
	       romon_segment_offset(0, 5, 0x80000005) == -0x80000000ll,
	       "... half of them ahead, half behind");
	return 0;
}
