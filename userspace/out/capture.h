/* SPDX-License-Identifier: GPL-2.0-only */
/* Capture files: pcap and pcapng. */

#ifndef ROMON_CAPTURE_H
#define ROMON_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"

bool capture_is_one(const uint8_t *data, size_t len);

/*
 * Adds the frames of a capture; of all else that may be in a pcapng file nothing
 * is read. Returns NULL, or a sentence for what is wrong with the file, up to
 * which its frames are there.
 */
const char *capture_parse(struct frames *frames, const uint8_t *data,
			  size_t len);

#endif /* ROMON_CAPTURE_H */
