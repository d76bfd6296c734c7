// SPDX-License-Identifier: GPL-2.0-only
/* One neighbour takes all places; another one wants some. */

#include <string.h>

#include "serve/share.h"
#include "tap.h"

#define PLACES	32

static struct share_place places[PLACES];

/* So many by each neighbour, 0 first; those before @spoke have sent data. */
static void fill(const unsigned int *counts, size_t spoke)
{
	size_t i, by = 0, left = counts[0];

	memset(places, 0, sizeof(places));
	for (i = 0; i < PLACES; i++) {
		while (!left)
			left = counts[++by];
		left--;
		places[i].neighbor[9] = (uint8_t)by;
		places[i].since = (int64_t)i + 1;
		places[i].spoke = i < spoke;
	}
}

/* Since when the one has its place that gives way; 0 if none does. */
static int64_t yields(uint8_t by)
{
	const uint8_t neighbor[API_HOP_LEN] = { [9] = by };
	struct share_place *p = share_yields(places, PLACES, neighbor);

	return p ? p->since : 0;
}

/* How many a neighbour gets that comes again and again. */
static unsigned int gets(uint8_t by, bool spoke)
{
	const uint8_t neighbor[API_HOP_LEN] = { [9] = by };
	struct share_place *p;
	unsigned int n = 0;

	while ((p = share_yields(places, PLACES, neighbor))) {
		memcpy(p->neighbor, neighbor, sizeof(neighbor));
		p->spoke = spoke;
		p->since = 1000 + n++;
	}
	return n;
}

int main(void)
{
	static const unsigned int one[] = { PLACES }, two[] = { 16, 16 },
				  some[] = { 20, 8, 4 },
				  eight[] = { 4, 4, 4, 4, 4, 4, 4, 4 };

	fill(one, 0);
	tap_ok(yields(0) == 0, "nobody gives way to who has all");
	tap_ok(yields(1) == 1, "the oldest that is silent gives way to another");
	fill(one, 10);
	tap_ok(yields(1) == 11, "... not one that has sent data, before it");
	fill(one, PLACES);
	tap_ok(yields(1) == PLACES, "where all have, the newest gives way");
	tap_ok(gets(1, true) == PLACES / SHARE_PART,
	       "... for a part of all that each neighbour may have");
	tap_ok(gets(2, false) == PLACES / SHARE_PART, "... the next one too");
	fill(one, 0);
	tap_ok(gets(1, true) == PLACES / 2, "silent ones are shared evenly");
	fill(two, PLACES);
	tap_ok(gets(2, true) == PLACES / SHARE_PART,
	       "two that have all give way in turn");
	fill(some, PLACES);
	tap_ok(yields(2) == 0 && yields(3) == 20,
	       "it is the greediest, and not to who has his part");
	fill(eight, PLACES);
	tap_ok(gets(8, true) == 0, "who has no more than his part keeps it");
	return 0;
}
