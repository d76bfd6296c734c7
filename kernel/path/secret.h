/* SPDX-License-Identifier: GPL-2.0-only */
/* Secret lists: which to send with, which to accept. */

#ifndef ROMON_SECRET_H
#define ROMON_SECRET_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#include <uapi/linux/romon.h>

#include "md5.h"

/* A secret, and the key that it makes. */
struct romon_secret {
	u8	len;		/* 0: the empty secret */
	u8	value[ROMON_SECRET_MAX_LEN];
	u64	tag;		/* that of the same secret in any list */
	struct romon_hmac_key key;
};

/**
 * struct romon_secrets - a list of secrets, at least one
 * @rcu:	frees and wipes it
 * @n:		how many
 * @closed:	there shall be no MD5: nothing is accepted, and nothing sent
 * @unhashed:	contains the empty secret: frames without a hash are accepted
 * @key:	index of the first secret that is not empty; @n if there is none
 * @secret:	the list
 *
 * Immutable. No list at all is NULL. The vendor's rules: protocol.rst,
 * "Authentication".
 */
struct romon_secrets {
	struct rcu_head	rcu;
	u8	n;
	u8	key;
	bool	closed;
	bool	unhashed;
	struct romon_secret secret[];
};

/* One secret as it came from outside. */
struct romon_secret_text {
	const u8 *value;
	u8	len;
};

struct romon_secrets *romon_secrets_alloc(const struct romon_secret_text *text,
					  u8 n);
void romon_secrets_free(struct romon_secrets *list);
void romon_secrets_free_rcu(struct romon_secrets *list);

/* Whether secrets are asked for that the kernel cannot hash with. */
static inline bool romon_secrets_closed(const struct romon_secrets *list)
{
	return list && list->closed;
}

u32 romon_secrets_find(const struct romon_secrets *list, u64 tag);

/* Whether what is sent is hashed; otherwise with which secret it would be. */
static inline bool romon_secrets_hash(const struct romon_secrets *list)
{
	return list && !list->key;
}

static inline const struct romon_secret *
romon_secrets_key(const struct romon_secrets *list)
{
	return list && list->key < list->n ? &list->secret[list->key] : NULL;
}

static inline bool romon_secrets_unhashed(const struct romon_secrets *list)
{
	return !list || list->unhashed;
}

#endif /* ROMON_SECRET_H */
