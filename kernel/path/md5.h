/* SPDX-License-Identifier: GPL-2.0-only */
/* MD5 (RFC 1321) and HMAC with it (RFC 2104), one or two at a time. */

#ifndef ROMON_MD5_H
#define ROMON_MD5_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include "wire-env.h"
#endif

#define ROMON_MD5_BLOCK		64
#define ROMON_MD5_DIGEST	16

/* After whole blocks. */
struct romon_md5_state {
	u32	word[ROMON_MD5_DIGEST / sizeof(u32)];
};

/* Amid a message. */
struct romon_md5 {
	struct romon_md5_state state;
	u32	len;			/* of the message so far */
	u8	rest[ROMON_MD5_BLOCK];	/* what fills no block yet */
};

/* A key of HMAC, already in. */
struct romon_hmac_key {
	struct romon_md5_state inner;
	struct romon_md5_state outer;
};

void romon_hmac_key(struct romon_hmac_key *key, const u8 *secret,
		    unsigned int len);

void romon_hmac_begin(struct romon_md5 *m, const struct romon_hmac_key *key);
void romon_md5_update(struct romon_md5 *m, const void *data, unsigned int len);
void romon_hmac_end(struct romon_md5 *m, const struct romon_hmac_key *key,
		    u8 *digest);

void romon_md5_update_both(struct romon_md5 *a, struct romon_md5 *b,
			   const void *for_a, const void *for_b,
			   unsigned int len);
void romon_hmac_end_both(struct romon_md5 *a, struct romon_md5 *b,
			 const struct romon_hmac_key *key_a,
			 const struct romon_hmac_key *key_b,
			 u8 *digest_a, u8 *digest_b);

#endif /* ROMON_MD5_H */
