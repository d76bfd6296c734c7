/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who gives way when all places are taken. Anybody may claim any ID, so places
 * are shared out among neighbours: this host knows by whom a frame has come.
 */

#ifndef ROMON_SERVE_SHARE_H
#define ROMON_SERVE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nl/api.h"

/* Of all places, a part that each neighbour may have whatever others do. */
#define SHARE_PART	8

struct share_place {
	void *who;
	uint8_t neighbor[API_HOP_LEN];
	bool spoke;			/* the other side has sent something */
	int64_t since;
};

/*
 * Of @n places, all that there are, which gives way to one more by @neighbor;
 * NULL if none does. Sorts them.
 */
struct share_place *share_yields(struct share_place *places, size_t n,
				 const uint8_t *neighbor);

#endif /* ROMON_SERVE_SHARE_H */
