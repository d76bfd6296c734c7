// SPDX-License-Identifier: GPL-2.0-only
/* Who gives way when all places are taken. */

#include <stdlib.h>
#include <string.h>

#include "share.h"

static int share_compare(const void *a, const void *b)
{
	const struct share_place *p = a, *q = b;

	return memcmp(p->neighbor, q->neighbor, sizeof(p->neighbor));
}

/* The one that has been silent for longest; or else, if it may be, the newest. */
static struct share_place *share_choose(struct share_place *p, size_t n,
					bool spoke)
{
	struct share_place *oldest = NULL, *newest = p;

	for (; n--; p++) {
		if (!p->spoke && (!oldest || p->since < oldest->since))
			oldest = p;
		if (p->since > newest->since)
			newest = p;
	}
	return oldest || !spoke ? oldest : newest;
}

struct share_place *share_yields(struct share_place *places, size_t n,
				 const uint8_t *neighbor)
{
	size_t own = 0, most = 0, part = n / SHARE_PART, i, end;
	struct share_place *greediest = NULL;

	qsort(places, n, sizeof(*places), share_compare);
	for (i = 0; i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (share_compare(&places[i], &places[end]))
				break;
		if (!memcmp(places[i].neighbor, neighbor,
			    sizeof(places[i].neighbor))) {
			own = end - i;
		} else if (end - i > most) {
			most = end - i;
			greediest = &places[i];
		}
	}
	if (most <= own + 1)
		return NULL;
	part = part ? part : 1;
	return share_choose(greediest, most, own < part && most > part);
}
