/* SPDX-License-Identifier: GPL-2.0-only */
/* A frame, field by field. */

#ifndef ROMON_EXPLAIN_H
#define ROMON_EXPLAIN_H

#include "frames.h"
#include "out.h"

struct out *explain_begin(void);
void explain_frame(struct out *o, const struct frame *frame, size_t start,
		   size_t number);

#endif /* ROMON_EXPLAIN_H */
