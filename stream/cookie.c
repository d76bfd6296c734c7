// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cookies, as RFC 4987, 3.6 has them. The upper half is a hash of IDs and ports,
 * the lower one of these and the opener's first number. So a segment that comes
 * before the first one is known for what it is, although it does not tell that
 * number: refused, it would end a stream that is about to begin.
 */

#include <string.h>

#include "cookie.h"

#define ROMON_COOKIE_FLOW	(ROMON_STREAM_ID_LEN + 2 * sizeof(uint16_t))

static void romon_cookie_key(struct romon_siphash_key *key,
			     const struct romon_mux_ops *ops, void *arg)
{
	ops->random(arg, key, sizeof(*key));
}

void romon_cookie_init(struct romon_cookies *c, int64_t now,
		       const struct romon_mux_ops *ops, void *arg)
{
	memset(c, 0, sizeof(*c));
	romon_cookie_key(&c->key[0], ops, arg);
	romon_cookie_key(&c->key[1], ops, arg);
	c->until = now + ROMON_COOKIE_STEP_NS;
}

/* Every step has a key of its own. */
void romon_cookie_rotate(struct romon_cookies *c, int64_t now,
			 const struct romon_mux_ops *ops, void *arg)
{
	if (now < c->until)
		return;
	if (now < c->until + ROMON_COOKIE_STEP_NS)
		c->key[1] = c->key[0];
	else
		romon_cookie_key(&c->key[1], ops, arg);
	romon_cookie_key(&c->key[0], ops, arg);
	c->until = now + ROMON_COOKIE_STEP_NS;
}

/* What tells one stream from another, and at the end the opener's number. */
struct romon_cookie_input {
	uint8_t bytes[ROMON_COOKIE_FLOW + sizeof(uint32_t)];
};

static void romon_cookie_input(struct romon_cookie_input *in,
			       const struct romon_datagram *d)
{
	memcpy(in->bytes, d->id, ROMON_STREAM_ID_LEN);
	memcpy(in->bytes + ROMON_STREAM_ID_LEN, &d->local_port,
	       sizeof(uint16_t));
	memcpy(in->bytes + ROMON_STREAM_ID_LEN + sizeof(uint16_t),
	       &d->remote_port, sizeof(uint16_t));
}

static uint16_t romon_cookie_upper(const struct romon_siphash_key *key,
				   const struct romon_cookie_input *in)
{
	return romon_siphash(key, in->bytes, ROMON_COOKIE_FLOW);
}

static uint16_t romon_cookie_lower(const struct romon_siphash_key *key,
				   struct romon_cookie_input *in, uint32_t irs)
{
	memcpy(in->bytes + ROMON_COOKIE_FLOW, &irs, sizeof(irs));
	return romon_siphash(key, in->bytes, sizeof(in->bytes));
}

uint32_t romon_cookie_make(const struct romon_cookies *c,
			   const struct romon_datagram *d, uint32_t irs)
{
	struct romon_cookie_input in;

	romon_cookie_input(&in, d);
	return (uint32_t)romon_cookie_upper(&c->key[0], &in) << 16 |
	       romon_cookie_lower(&c->key[0], &in, irs);
}

static unsigned int romon_cookie_place(uint32_t cookie)
{
	return (cookie >> 16) % ROMON_COOKIE_SPENT;
}

/*
 * A stream has begun with it, or was refused: what comes late of that stream,
 * when it is over, must begin none, nor be refused for another reason.
 */
void romon_cookie_spend(struct romon_cookies *c, uint32_t cookie,
			enum romon_stream_reason refused)
{
	c->spent[romon_cookie_place(cookie)] = (struct romon_cookie_spent){
		.cookie = cookie,
		.refused = refused,
	};
}

/* Why what it would have begun was refused; END if it was not. */
enum romon_stream_reason romon_cookie_refused(const struct romon_cookies *c,
					      uint32_t cookie)
{
	const struct romon_cookie_spent *spent;

	spent = &c->spent[romon_cookie_place(cookie)];
	return spent->cookie == cookie ? spent->refused : ROMON_STREAM_END;
}

/* Its own number is the first one; or that before, see romon_snd_ask(). */
static bool romon_cookie_is(const struct romon_siphash_key *key,
			    struct romon_cookie_input *in,
			    const struct romon_segment *seg, uint32_t *irs)
{
	uint16_t lower = seg->ack;

	*irs = seg->seq;
	if (romon_cookie_lower(key, in, *irs) == lower)
		return true;
	*irs = seg->seq + 1;
	return seg->kind == ROMON_SEGMENT_DATA && !seg->len &&
	       romon_cookie_lower(key, in, *irs) == lower;
}

/* Of a segment that is for no stream. If it is right, also their first number. */
enum romon_cookie_verdict
romon_cookie_check(const struct romon_cookies *c,
		   const struct romon_datagram *d,
		   const struct romon_segment *seg, uint32_t *irs)
{
	enum romon_cookie_verdict verdict = ROMON_COOKIE_WRONG;
	uint32_t spent = c->spent[romon_cookie_place(seg->ack)].cookie;
	uint16_t upper = seg->ack >> 16;
	struct romon_cookie_input in;
	unsigned int i;

	romon_cookie_input(&in, d);
	for (i = 0; i < 2; i++) {
		if (romon_cookie_upper(&c->key[i], &in) != upper)
			continue;
		if (romon_cookie_is(&c->key[i], &in, seg, irs))
			return seg->ack == spent ? ROMON_COOKIE_WRONG :
						   ROMON_COOKIE_RIGHT;
		if (spent >> 16 != upper)
			verdict = ROMON_COOKIE_EARLY;
	}
	return verdict;
}
