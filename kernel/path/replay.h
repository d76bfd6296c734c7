/* SPDX-License-Identifier: GPL-2.0-only */
/* Which sequence numbers of a neighbour were used: a pure type. */

#ifndef ROMON_REPLAY_H
#define ROMON_REPLAY_H

#include <linux/bits.h>
#include <linux/types.h>

/* Frames may overtake each other by this much, in several queues. */
#define ROMON_REPLAY_BITS	2048
/*
 * No frames are lost in such numbers. A neighbour whose numbers have jumped
 * further was started anew, and has to prove it: otherwise one that starts with
 * lower numbers than before would make all its old frames new.
 */
#define ROMON_REPLAY_JUMP	BIT_ULL(32)

#define ROMON_REPLAY_WORDS	(ROMON_REPLAY_BITS / BITS_PER_LONG)

/*
 * A ring of bits: number n has bit n % ROMON_REPLAY_BITS. The numbers of the
 * window are those up to @top, the highest one seen, and above
 * @top - ROMON_REPLAY_BITS.
 */
struct romon_replay {
	u64		top;
	unsigned long	used[ROMON_REPLAY_WORDS];
};

void romon_replay_start(struct romon_replay *w, u64 seq);
bool romon_replay_is_new(const struct romon_replay *w, u64 seq);
bool romon_replay_use(struct romon_replay *w, u64 seq);

#endif /* ROMON_REPLAY_H */
