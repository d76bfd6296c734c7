// SPDX-License-Identifier: GPL-2.0-only
/* Who gives way when all places are taken. */

#include <stdlib.h>
#include <string.h>

#include "share.h"

/* One in so many places had by those of whom nothing is known is many. */
#define SHARE_EARLY	3

/* Places side by side, and how many others the newcomer has. */
struct share_group {
	struct share_place *first;
	size_t n, own;
};

static int share_compare(const void *a, const void *b)
{
	const struct share_place *p = a, *q = b;

	return memcmp(p->neighbor, q->neighbor, sizeof(p->neighbor));
}

/*
 * Of sorted places, the most that agree in their first @len bytes, but for those
 * that agree with @neighbor.
 */
static struct share_group share_greediest(struct share_place *places, size_t n,
					  const uint8_t *neighbor, size_t len)
{
	struct share_group g = { 0 };
	size_t i, end;

	for (i = 0; i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (memcmp(places[i].neighbor, places[end].neighbor,
				   len))
				break;
		if (!memcmp(places[i].neighbor, neighbor, len)) {
			g.own = end - i;
		} else if (end - i > g.n) {
			g.n = end - i;
			g.first = &places[i];
		}
	}
	return g;
}

/* The one that has been silent for longest; or else, if it may be, the newest. */
static struct share_place *share_choose(const struct share_group *g, bool spoke)
{
	struct share_place *oldest = NULL, *newest = g->first, *p;

	for (p = g->first; p < g->first + g->n; p++) {
		if (!p->spoke && (!oldest || p->since < oldest->since))
			oldest = p;
		if (p->since > newest->since)
			newest = p;
	}
	return oldest || !spoke ? oldest : newest;
}

static struct share_place *share_from(const struct share_group *g, size_t n)
{
	size_t part = n / SHARE_PART ? n / SHARE_PART : 1;

	if (g->n <= g->own + 1)
		return NULL;
	return share_choose(g, g->own < part && g->n > part);
}

/* Of a link that has more than the newcomer's: one of whoever has most there. */
static struct share_place *share_from_link(const struct share_group *link,
					   size_t n)
{
	static const uint8_t nobody[API_HOP_LEN];
	struct share_place *p = share_from(link, n), *of_most;
	struct share_group most;

	if (!p)
		return NULL;
	most = share_greediest(link->first, link->n, nobody, API_HOP_LEN);
	of_most = most.n > 1 ? share_choose(&most, p->spoke) : NULL;
	return of_most ? of_most : p;
}

struct share_place *share_yields(struct share_place *places, size_t n,
				 const uint8_t *neighbor)
{
	struct share_place *p, *own = places;
	struct share_group link, most;

	qsort(places, n, sizeof(*places), share_compare);
	link = share_greediest(places, n, neighbor, API_LINK_LEN);
	p = share_from_link(&link, n);
	if (p || !link.own)
		return p;
	while (memcmp(own->neighbor, neighbor, API_LINK_LEN))
		own++;
	most = share_greediest(own, link.own, neighbor, API_HOP_LEN);
	return share_from(&most, link.own);
}

bool share_refuses_early(unsigned int unknown, unsigned int places,
			 uint32_t random)
{
	unsigned int from = places / SHARE_EARLY;

	if (unknown < from || unknown < 2)
		return false;
	/* From three in ten on, to all. */
	return random % (10 * (places - from)) <
	       3 * (places - from) + 7 * (unknown - from);
}
