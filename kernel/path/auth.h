/* SPDX-License-Identifier: GPL-2.0-only */
/* Hash and verify frames. */

#ifndef ROMON_AUTH_H
#define ROMON_AUTH_H

#include <linux/skbuff.h>

#include "secret.h"
#include "wire.h"

/*
 * What verifying a frame has found out. A forwarder that hashes anew with the
 * same secret goes on from @body instead of hashing the payload again.
 */
struct romon_auth {
	const struct romon_secret *secret;	/* the right one, or NULL */
	u64	seq;
	u64	mark;				/* to hash an echo with, or 0 */
	u16	tried;				/* secrets of the list, bits */
	u8	index;				/* of @secret in its list */
	bool	hashed;				/* @body is to be wiped */
	u8	body[ROMON_MD5_STATE] __aligned(8);
};

bool romon_auth_is_hashed(const struct sk_buff *skb);
enum romon_drop romon_auth_verify(const struct romon_secrets *list,
				  const struct sk_buff *skb,
				  const struct romon_frame *f, u64 mark,
				  u8 first, struct romon_auth *auth);
bool romon_auth_has_others(const struct romon_secrets *list,
			   const struct romon_auth *auth);
enum romon_drop romon_auth_verify_others(const struct romon_secrets *list,
					 const struct sk_buff *skb,
					 const struct romon_frame *f, u64 mark,
					 struct romon_auth *auth);
void romon_auth_wipe(struct romon_auth *auth);
int romon_auth_hash(const struct romon_secret *secret, struct sk_buff *skb,
		    const u8 *dst, const u8 *src, u64 seq, u64 mark,
		    const struct romon_auth *verified);
u64 romon_auth_first_seq(void);
int romon_auth_prepare(struct romon_secret *secret);

int romon_auth_init(void);
void romon_auth_exit(void);

#endif /* ROMON_AUTH_H */
