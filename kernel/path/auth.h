/* SPDX-License-Identifier: GPL-2.0-only */
/* Hash and verify frames. */

#ifndef ROMON_AUTH_H
#define ROMON_AUTH_H

#include <linux/skbuff.h>

#include "secret.h"
#include "wire.h"

struct romon_port;

/**
 * struct romon_auth_next - how a frame in transit would go on
 * @egress:	by which port; NULL if that is not known, or needs no hash
 * @secret:	hashed with this secret, under RCU
 * @dst:	to this MAC
 * @src:	from this one
 * @seq:	with this number
 * @mark:	bound to this port, or 0
 * @ptr:	route pointer
 * @replaces:	the entry that the pointer has named becomes @entry
 * @entry:	see there
 * @hashed:	@digest is that of all this
 * @digest:	see there
 *
 * The frame as it came in and as it goes out have most bytes in common. Both
 * digests together take no longer than one, so both are computed before it is
 * known whether the first is right. See md5.c.
 */
struct romon_auth_next {
	const struct romon_port	*egress;
	const struct romon_secret *secret;
	u8	dst[ETH_ALEN] __aligned(2);
	u8	src[ETH_ALEN] __aligned(2);
	u64	seq;
	u64	mark;
	u8	ptr;
	bool	replaces;
	bool	hashed;
	struct romon_wire_entry entry;
	u8	digest[ROMON_DIGEST_LEN];
};

/* What verifying a frame has found out. */
struct romon_auth {
	const struct romon_secret *secret;	/* the right one, or NULL */
	u64	seq;
	u64	mark;				/* to hash an echo with, or 0 */
	u16	tried;				/* secrets of the list, bits */
	u8	index;				/* of @secret in its list */
	bool	hashed;				/* the frame is */
	struct romon_auth_next *next;		/* or NULL */
};

bool romon_auth_is_hashed(const struct sk_buff *skb);
enum romon_drop romon_auth_verify(const struct romon_secrets *list,
				  const struct sk_buff *skb,
				  const struct romon_frame *f, u64 mark,
				  u8 first, struct romon_auth_next *next,
				  struct romon_auth *auth);
bool romon_auth_has_others(const struct romon_secrets *list,
			   const struct romon_auth *auth);
enum romon_drop romon_auth_verify_others(const struct romon_secrets *list,
					 const struct sk_buff *skb,
					 const struct romon_frame *f, u64 mark,
					 struct romon_auth *auth);
void romon_auth_hash(const struct romon_secret *secret, struct sk_buff *skb,
		     const u8 *dst, const u8 *src, u64 seq, u64 mark);
u64 romon_auth_first_seq(void);
int romon_auth_prepare(struct romon_secret *secret);

void romon_auth_init(void);
void romon_auth_exit(void);

#endif /* ROMON_AUTH_H */
