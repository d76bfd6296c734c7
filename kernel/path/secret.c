// SPDX-License-Identifier: GPL-2.0-only
/* Secret lists: made when they are set, wiped when they go. */

#include <linux/net.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "auth.h"
#include "secret.h"

/* So that a tag tells nothing of its secret. */
static siphash_aligned_key_t romon_secret_tag_key __read_mostly;

static u64 romon_secret_tag(const struct romon_secret *s)
{
	net_get_random_once(&romon_secret_tag_key,
			    sizeof(romon_secret_tag_key));
	return siphash(s->value, s->len, &romon_secret_tag_key);
}

/**
 * romon_secrets_find() - where in a list a secret is
 * @list:	the list, or NULL
 * @tag:	of the secret, which may be of a list that there is no more
 *
 * Return: its place, from 1, or 0 if it is not there.
 */
u32 romon_secrets_find(const struct romon_secrets *list, u64 tag)
{
	u8 i;

	for (i = 0; list && i < list->n; i++) {
		if (list->secret[i].len && list->secret[i].tag == tag)
			return i + 1;
	}
	return 0;
}

/**
 * romon_secrets_alloc() - prepare a list
 * @text:	the secrets, which stay the caller's to wipe
 * @n:		how many, at least 1
 *
 * As there shall be no MD5 in FIPS mode, the list is one there that
 * closes: who is refused it might go on without.
 * Return: the list, or an error pointer.
 */
struct romon_secrets *romon_secrets_alloc(const struct romon_secret_text *text,
					  u8 n)
{
	struct romon_secrets *list;
	int err;
	u8 i;

	list = kzalloc(struct_size(list, secret, n), GFP_KERNEL_ACCOUNT);
	if (!list)
		return ERR_PTR(-ENOMEM);
	list->n = n;
	list->key = n;
	for (i = 0; i < n; i++) {
		struct romon_secret *s = &list->secret[i];

		s->len = text[i].len;
		if (!s->len) {
			list->unhashed = true;
			continue;
		}
		memcpy(s->value, text[i].value, s->len);
		s->tag = romon_secret_tag(s);
		err = romon_auth_prepare(s);
		if (err == -EOPNOTSUPP) {
			list->closed = true;
			err = 0;
		}
		if (err) {
			romon_secrets_free(list);
			return ERR_PTR(err);
		}
		if (list->key == n)
			list->key = i;
	}
	return list;
}

/* Without a grace period: for a list that nobody else has seen. */
void romon_secrets_free(struct romon_secrets *list)
{
	kfree_sensitive(list);
}

static void romon_secrets_rcu(struct rcu_head *rcu)
{
	romon_secrets_free(container_of(rcu, struct romon_secrets, rcu));
}

/*
 * After nobody can find it any more. Not kfree_rcu(), which does not wipe; so
 * the module waits for it before it goes. NULL is fine.
 */
void romon_secrets_free_rcu(struct romon_secrets *list)
{
	if (list)
		call_rcu(&list->rcu, romon_secrets_rcu);
}
