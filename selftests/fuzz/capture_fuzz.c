// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz the reader of capture files. An input is the file.
 *
 * Frames are parts of the file, so together they are no longer, and what was
 * wrong is said in a sentence. Nothing is left of it afterwards, which the leak
 * sanitizer sees.
 */

#include "libfuzzer.h"
#include "out/capture.h"

int fuzz_input(const u8 *data, size_t size)
{
	struct frames frames = { 0 };
	const char *wrong;
	size_t total = 0;

	if (!capture_is_one(data, size))
		return 0;
	wrong = capture_parse(&frames, data, size);
	assert(!wrong || *wrong);
	for (size_t i = 0; i < frames.n; i++) {
		assert(frames.v[i].wire_len >= frames.v[i].len);
		total += frames.v[i].len;
	}
	assert(total <= size);
	frames_free(&frames);
	return 0;
}
