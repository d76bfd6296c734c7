/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who gives way when all places are taken. Anybody may claim any ID, and on an
 * open link any MAC; by which link a frame has come, this host knows. So places
 * are shared out among links, and those of a link among its neighbours.
 */

#ifndef ROMON_SERVE_SHARE_H
#define ROMON_SERVE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nl/api.h"

/* Of all places, a part that each link may have whatever others do. */
#define SHARE_PART	8

struct share_place {
	void *who;
	uint8_t neighbor[API_HOP_LEN];
	bool spoke;			/* the other side has shown what it wants */
	int64_t since;
};

/*
 * Of @n places, all that there are, which gives way to one more by @neighbor;
 * NULL if none does. Sorts them.
 */
struct share_place *share_yields(struct share_place *places, size_t n,
				 const uint8_t *neighbor);

/*
 * Whether one more is refused although there is room, where so many of all
 * places are had by those of whom nothing is known: the more there are the
 * likelier, so that by chance others get through.
 */
bool share_refuses_early(unsigned int unknown, unsigned int places,
			 uint32_t random);

#endif /* ROMON_SERVE_SHARE_H */
