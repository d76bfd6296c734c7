/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel has last said of routers, and when to ask it again. Frames of
 * others decide how often somebody wants to know it, so they must not decide how
 * often the kernel is asked: of one router once a second, and of all together as
 * often as KNOWN_RATE says.
 */

#ifndef ROMON_KNOWN_H
#define ROMON_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/romon.h>

#include "base/rate.h"

/* Routers; the one that was wanted longest ago gives way. */
#define KNOWN_MAX		64
#define KNOWN_FRESH_NS		RUN_SECOND
#define KNOWN_RATE		50

struct known {
	uint8_t id[ROMON_ID_LEN];
	bool used;
	bool waits;			/* it was asked, and has not answered */
	bool found;			/* there is such a router, with a route */
	uint32_t hops, l2mtu;		/* of that */
	int64_t asked_at, wanted_at;
	char identity[ROMON_IDENTITY_MAX_LEN + 1];	/* empty: not known */
};

struct known_table {
	struct known v[KNOWN_MAX];
	struct rate rate;
};

/* What there is of a router; the kernel is to be asked if *@ask. */
struct known *known_want(struct known_table *t, const uint8_t *id, int64_t now,
			 bool *ask);
/* NULL if nobody has wanted it lately. */
struct known *known_find(struct known_table *t, const uint8_t *id);
/* Whether it is time to ask the kernel, and that it has been asked. */
bool known_is_old(const struct known *k, int64_t now);
void known_asked(struct known *k, int64_t now);
/* Whether an answer is about to come; one that was lost does not. */
bool known_is_coming(const struct known *k, int64_t now);

#endif /* ROMON_KNOWN_H */
