// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel has last said of routers, and when to ask it again. */

#include <string.h>

#include "known.h"

struct known *known_find(struct known_table *t, const uint8_t *id)
{
	for (struct known *k = t->v; k < t->v + KNOWN_MAX; k++)
		if (k->used && !memcmp(k->id, id, sizeof(k->id)))
			return k;
	return NULL;
}

static struct known *known_new(struct known_table *t, const uint8_t *id)
{
	struct known *oldest = t->v, *k;

	for (k = t->v; k < t->v + KNOWN_MAX && oldest->used; k++)
		if (!k->used || k->wanted_at < oldest->wanted_at)
			oldest = k;
	memset(oldest, 0, sizeof(*oldest));
	memcpy(oldest->id, id, sizeof(oldest->id));
	oldest->used = true;
	return oldest;
}

struct known *known_want(struct known_table *t, const uint8_t *id, int64_t now,
			 bool *ask)
{
	struct known *k = known_find(t, id);

	if (!k)
		k = known_new(t, id);
	k->wanted_at = now;
	*ask = known_is_old(k, now) &&
	       rate_take(&t->rate, KNOWN_RATE, KNOWN_RATE, now);
	if (*ask)
		known_asked(k, now);
	return k;
}

bool known_is_old(const struct known *k, int64_t now)
{
	return !k->asked_at || now - k->asked_at >= KNOWN_FRESH_NS;
}

void known_asked(struct known *k, int64_t now)
{
	k->asked_at = now;
	k->waits = true;
}

bool known_is_coming(const struct known *k, int64_t now)
{
	return k->waits && now - k->asked_at < KNOWN_FRESH_NS;
}
