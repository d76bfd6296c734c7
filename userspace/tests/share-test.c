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

/* The same, with a neighbour's link beside its MAC. */
static void fill_links(const uint8_t (*of)[2], size_t spoke)
{
	memset(places, 0, sizeof(places));
	for (size_t i = 0; i < PLACES; i++) {
		places[i].neighbor[3] = of[i][0];
		places[i].neighbor[9] = of[i][1];
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

static struct share_place *yields_link(uint8_t link, uint8_t by)
{
	const uint8_t neighbor[API_HOP_LEN] = { [3] = link, [9] = by };

	return share_yields(places, PLACES, neighbor);
}

/* On link 1 every session has a MAC of its own; links 2 and 3 have a few. */
static void test_invented(void)
{
	uint8_t of[PLACES][2];
	struct share_place *p;
	unsigned int n = 0;

	for (uint8_t i = 0; i < PLACES; i++) {
		of[i][0] = 1;
		of[i][1] = i;
	}
	fill_links(of, PLACES);
	p = yields_link(2, 7);
	tap_ok(p && p->neighbor[3] == 1,
	       "who has invented neighbours on a link gives way to another link");
	while ((p = yields_link(2, 7)) && n++ < PLACES) {
		p->neighbor[3] = 2;
		p->neighbor[9] = 7;
		p->since = 1000 + n;
	}
	tap_ok(n == PLACES / SHARE_PART, "... a link's part, which it keeps");
	n = 0;
	for (uint8_t by = 100; by < 200; by++)
		n += !!yields_link(1, by);
	tap_ok(n == 0, "no number of neighbours gets a link more than it has");
	fill_links(of, 0);
	n = 0;
	while ((p = yields_link(2, 7)) && n++ < PLACES) {
		p->neighbor[3] = 2;
		p->neighbor[9] = 7;
	}
	tap_ok(n == PLACES / 2, "silent ones are shared evenly by link");
	for (uint8_t i = 0; i < PLACES; i++) {
		of[i][0] = i < 20 ? 1 : 2;
		of[i][1] = i < 4 ? 8 : i < 20 ? 9 : i;
	}
	fill_links(of, 4);
	p = yields_link(2, 50);
	tap_ok(p && p->since == 5,
	       "of the greediest link it is who has most there");
	fill_links(of, 20);
	p = yields_link(2, 50);
	tap_ok(!p, "what has shown what it wants stays beyond a link's part");
}

/* How many of a thousand are refused, as the dice fall. */
static unsigned int refused_early(unsigned int unknown)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < 1000; i++)
		n += share_refuses_early(unknown, PLACES, i * 2654435761u);
	return n;
}

static void test_early(void)
{
	bool ok = true;

	tap_ok(!refused_early(0) && !refused_early(9),
	       "none is refused early while few are unknown");
	tap_ok(refused_early(10) > 250 && refused_early(10) < 350,
	       "three in ten are when a third are");
	for (unsigned int i = 11; i <= PLACES; i++)
		ok &= refused_early(i) + 20 > refused_early(i - 1);
	tap_ok(ok && refused_early(PLACES) == 1000, "and more with each, to all");
	tap_ok(!share_refuses_early(0, 1, 0) && !share_refuses_early(1, 1, 0) &&
	       !share_refuses_early(1, 2, 0), "where there is one place, none");
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
	test_invented();
	test_early();
	return 0;
}
