/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may begin no session for a while: who begins too many a second, and from
 * where logins are guessed at. Anybody may claim any ID, so nothing is counted
 * by the ID alone: that would lock its owner out. It is counted by link, by
 * neighbour, which is link and MAC, and by ID of a neighbour. From where somebody
 * has logged in, the failures of others on that link, or behind that neighbour,
 * do not matter.
 *
 * What is remembered is bounded, and shared out among links: who invents
 * neighbours and IDs on one has only what was known of that one forgotten.
 */

#ifndef ROMON_SERVE_GUARD_H
#define ROMON_SERVE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nl/api.h"

/* Neighbours, and IDs of theirs, that are remembered. */
#define GUARD_ENTRIES	512
#define GUARD_LINKS	64

struct guard_who {
	uint8_t neighbor[API_HOP_LEN];
	uint8_t id[API_ID_LEN];
};

enum guard_end {
	GUARD_NOTHING,		/* nothing that could have been a guess */
	GUARD_FAILED,
	GUARD_LOGGED_IN,
};

/* A neighbour by which logins were guessed at, and how often, of late. */
struct guard_told {
	uint8_t neighbor[API_HOP_LEN];
	uint64_t failed, refused;
};

/* Forgets everybody. The seeds are secret, or somebody can make it slow. */
void guard_open(const uint64_t seed[4]);
/* One more session, which counts if it may be; so many a second, and at once. */
bool guard_may_begin(const struct guard_who *who, uint32_t a_second,
		     uint32_t at_once, int64_t now);
/* NULL, or why there may be no attempt to log in now. */
const char *guard_refuses(const struct guard_who *who, int64_t now);
/* Whether somebody has logged in from there, of late. */
bool guard_knows(const struct guard_who *who);
/* There is one, and this is what became of it. */
void guard_login(const struct guard_who *who);
void guard_login_over(const struct guard_who *who, enum guard_end end,
		      int64_t now);
/*
 * Since when guesses are counted that were not told of, or RUN_FOREVER; and the
 * worst of those, up to @max.
 */
int64_t guard_untold(void);
size_t guard_tell(struct guard_told *told, size_t max);

#endif /* ROMON_SERVE_GUARD_H */
