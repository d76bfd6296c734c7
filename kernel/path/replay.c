// SPDX-License-Identifier: GPL-2.0-only
/* Which sequence numbers of a neighbour were used. */

#include <linux/bitmap.h>
#include <linux/minmax.h>

#include "replay.h"

/* Begin with @seq: this one and all before it count as used. */
void romon_replay_start(struct romon_replay *w, u64 seq)
{
	w->top = seq;
	bitmap_fill(w->used, ROMON_REPLAY_BITS);
}

/* Numbers that the window now leaves behind give their bits to new ones. */
static void romon_replay_advance(struct romon_replay *w, u64 seq)
{
	unsigned int first, n;

	if (seq - w->top >= ROMON_REPLAY_BITS) {
		bitmap_zero(w->used, ROMON_REPLAY_BITS);
	} else {
		first = (w->top + 1) % ROMON_REPLAY_BITS;
		n = min_t(u64, seq - w->top, ROMON_REPLAY_BITS - first);
		bitmap_clear(w->used, first, n);
		bitmap_clear(w->used, 0, seq - w->top - n);
	}
	w->top = seq;
}

/* Whether a number could be used, if its frame is verified. */
bool romon_replay_is_new(const struct romon_replay *w, u64 seq)
{
	if (seq > w->top)
		return seq - w->top <= ROMON_REPLAY_JUMP;
	return w->top - seq < ROMON_REPLAY_BITS &&
	       !test_bit(seq % ROMON_REPLAY_BITS, w->used);
}

/**
 * romon_replay_use() - use a number
 * @w:		the window
 * @seq:	the number, of a frame that was verified
 *
 * Return: whether it is new. Each number is so once.
 */
bool romon_replay_use(struct romon_replay *w, u64 seq)
{
	if (!romon_replay_is_new(w, seq))
		return false;
	if (seq > w->top)
		romon_replay_advance(w, seq);
	__set_bit(seq % ROMON_REPLAY_BITS, w->used);
	return true;
}
