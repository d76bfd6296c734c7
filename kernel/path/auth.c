// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hash and verify frames: HMAC-MD5 over body, head, and the head's length.
 * The one place that knows the layout of the 24 bytes; protocol.rst,
 * "Authentication", says why it is what it is.
 *
 * The keys are in the states that romon_auth_prepare() has exported when the
 * secret was set, so a frame costs its bytes and two short finishes, and
 * nothing is allocated.
 */

#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <crypto/md5.h>
#include <linux/bitops.h>
#include <linux/etherdevice.h>
#include <linux/fips.h>
#include <linux/random.h>

#include "auth.h"

/* NULL if the kernel has no MD5; then whatever has secrets is closed. */
static struct crypto_shash *romon_md5;

/* An unused digest, and what stands for one while hashing. */
static const u8 romon_no_digest[ROMON_DIGEST_LEN];

static int romon_auth_pad(struct shash_desc *desc, const u8 *key, u8 pad,
			  u8 *state)
{
	u8 block[MD5_HMAC_BLOCK_SIZE];
	unsigned int i;
	int err;

	for (i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	err = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, block, sizeof(block)) ?:
	      crypto_shash_export(desc, state);
	memzero_explicit(block, sizeof(block));
	return err;
}

/*
 * Where the sequence numbers of a port begin: anywhere, so that neither what
 * this port sent before a reboot nor what another port of the same MAC sends
 * is near enough to fit into anybody's window. A clock would have to be right
 * for that, and would bring the ports close to each other.
 */
u64 romon_auth_first_seq(void)
{
	return get_random_u64() >> 2;
}

/* Put the keys of a secret, no longer than a block, into its states. */
int romon_auth_prepare(struct romon_secret *secret)
{
	u8 key[MD5_HMAC_BLOCK_SIZE] = {};
	int err;

	BUILD_BUG_ON(ROMON_SECRET_MAX_LEN > MD5_HMAC_BLOCK_SIZE);
	BUILD_BUG_ON(ROMON_SECRETS_MAX >
		     8 * sizeof_field(struct romon_auth, tried));
	if (!romon_md5)
		return -EOPNOTSUPP;
	memcpy(key, secret->value, secret->len);
	{
		SHASH_DESC_ON_STACK(desc, romon_md5);

		desc->tfm = romon_md5;
		err = romon_auth_pad(desc, key, 0x36, secret->inner) ?:
		      romon_auth_pad(desc, key, 0x5c, secret->outer);
		shash_desc_zero(desc);
	}
	memzero_explicit(key, sizeof(key));
	return err;
}

/* The body, wherever the skb has it. */
static int romon_auth_body(struct shash_desc *desc, const struct sk_buff *skb,
			   unsigned int body)
{
	struct skb_seq_state seq;
	unsigned int len, used = 0;
	const u8 *data;
	int err = 0;

	if (body == skb->len)
		return 0;
	skb_prepare_seq_read((struct sk_buff *)skb, body, skb->len, &seq);
	while ((len = skb_seq_read(used, &data, &seq))) {
		err = crypto_shash_update(desc, data, len);
		if (err) {
			skb_abort_seq_read(&seq);
			break;
		}
		used += len;
	}
	return err;
}

/* Everything after the body; the frame is readable up to there. */
static int romon_auth_finish(struct shash_desc *desc,
			     const struct romon_secret *secret,
			     const u8 *frame, unsigned int body,
			     const u8 *dst, const u8 *src, u64 mark,
			     u8 *digest)
{
	unsigned int off = offsetof(struct romon_wire_header, auth.digest);
	unsigned int mark_len = mark ? ROMON_MARK_LEN : 0;
	__be16 len = cpu_to_be16(2 * ETH_ALEN + mark_len + body);
	__be64 mark_be = cpu_to_be64(mark);

	return crypto_shash_update(desc, dst, ETH_ALEN) ?:
	       crypto_shash_update(desc, src, ETH_ALEN) ?:
	       crypto_shash_update(desc, (const u8 *)&mark_be, mark_len) ?:
	       crypto_shash_update(desc, frame, off) ?:
	       crypto_shash_update(desc, romon_no_digest, ROMON_DIGEST_LEN) ?:
	       crypto_shash_update(desc, frame + off + ROMON_DIGEST_LEN,
				   body - off - ROMON_DIGEST_LEN) ?:
	       crypto_shash_update(desc, (const u8 *)&len, sizeof(len)) ?:
	       crypto_shash_final(desc, digest) ?:
	       crypto_shash_import(desc, secret->outer) ?:
	       crypto_shash_finup(desc, digest, ROMON_DIGEST_LEN, digest);
}

static bool romon_auth_try(const struct romon_secret *secret,
			   const struct sk_buff *skb,
			   const struct romon_frame *f, u64 mark,
			   struct romon_auth *auth)
{
	const struct romon_wire_header *h = (const void *)skb->data;
	const struct ethhdr *eth = eth_hdr(skb);
	u8 digest[ROMON_DIGEST_LEN];
	SHASH_DESC_ON_STACK(desc, romon_md5);
	bool right;

	desc->tfm = romon_md5;
	right = !crypto_shash_import(desc, secret->inner) &&
	       !romon_auth_body(desc, skb, f->body) &&
	       !crypto_shash_export(desc, auth->body) &&
	       !romon_auth_finish(desc, secret, skb->data, f->body,
				  eth->h_dest, eth->h_source, mark, digest) &&
	       !crypto_memneq(digest, h->auth.digest, sizeof(digest));
	/* With it a forger need not know the secret. */
	memzero_explicit(digest, sizeof(digest));
	shash_desc_zero(desc);
	return right;
}

/*
 * Whether a frame is for one port alone, whose mark is hashed with it. Who asks
 * may not know the mark yet, so only echoes of Hellos and SeqErrs are bound.
 */
static bool romon_auth_is_bound(const struct romon_frame *f, const u8 *dst)
{
	bool hello = f->type == ROMON_TYPE_HELLO ||
		     f->type == ROMON_TYPE_SEQERR;

	return !is_multicast_ether_addr(dst) && (!hello || f->echo);
}

/* Whether any of the 24 bytes is not zero. */
bool romon_auth_is_hashed(const struct sk_buff *skb)
{
	const struct romon_wire_header *h = (const void *)skb->data;
	u64 auth[sizeof(h->auth) / sizeof(u64)];

	memcpy(auth, &h->auth, sizeof(auth));
	return auth[0] | auth[1] | auth[2];
}

/* Whether the secret number @i is right, if it was not tried and not empty. */
static bool romon_auth_try_one(const struct romon_secrets *list, u8 i,
			       const struct sk_buff *skb,
			       const struct romon_frame *f, u64 mark,
			       struct romon_auth *auth)
{
	const struct romon_wire_header *h = (const void *)skb->data;
	const struct romon_secret *secret = &list->secret[i];

	if (!secret->len || auth->tried & BIT(i))
		return false;
	auth->tried |= BIT(i);
	if (!romon_auth_is_bound(f, eth_hdr(skb)->h_dest))
		mark = 0;
	if (!romon_auth_try(secret, skb, f, mark, auth))
		return false;
	auth->secret = secret;
	auth->seq = be64_to_cpu(h->auth.seq);
	auth->index = i;
	return true;
}

/* Up to @n secrets that were not tried, beginning at any of them. */
static enum romon_drop romon_auth_try_some(const struct romon_secrets *list,
					   const struct sk_buff *skb,
					   const struct romon_frame *f,
					   u64 mark, u8 n,
					   struct romon_auth *auth)
{
	unsigned int most = hweight16(auth->tried) + n;
	u8 i, start = get_random_u32_below(list->n);

	for (i = 0; i < list->n && hweight16(auth->tried) < most; i++)
		if (romon_auth_try_one(list, (start + i) % list->n, skb, f,
				       mark, auth))
			return ROMON_DROP_NONE;
	return ROMON_DROP_wrong_digest;
}

/**
 * romon_auth_verify() - whether a frame may be believed, replays aside
 * @list:	secrets of the ingress port, under RCU; may be NULL
 * @skb:	the frame, trimmed to its length and parsed
 * @f:		its parse
 * @mark:	of the ingress port
 * @first:	number of the secret that is most likely, or any
 * @auth:	what is found out, defined if ROMON_DROP_NONE is returned
 *
 * In softirq. Tries @first and one other at random, so that a forged frame
 * costs two passes. If that was not enough, ROMON_DROP_wrong_digest is
 * returned, and romon_auth_has_others() says whether there are more.
 * Return: ROMON_DROP_NONE or a reason to drop the frame.
 */
enum romon_drop romon_auth_verify(const struct romon_secrets *list,
				  const struct sk_buff *skb,
				  const struct romon_frame *f, u64 mark,
				  u8 first, struct romon_auth *auth)
{
	bool hello = f->type == ROMON_TYPE_HELLO ||
		     f->type == ROMON_TYPE_SEQERR;

	auth->hashed = false;
	auth->secret = NULL;
	auth->mark = 0;
	auth->tried = 0;
	if (romon_secrets_closed(list))
		return ROMON_DROP_no_md5;
	if (hello && !romon_secrets_key(list))
		return ROMON_DROP_no_secret;
	if (!romon_auth_is_hashed(skb))
		return hello || !romon_secrets_unhashed(list) ?
		       ROMON_DROP_unhashed : ROMON_DROP_NONE;
	if (!romon_secrets_key(list))
		return ROMON_DROP_hashed;

	auth->hashed = true;
	if (first >= list->n || !list->secret[first].len)
		first = list->key;
	if (romon_auth_try_one(list, first, skb, f, mark, auth))
		return ROMON_DROP_NONE;
	return romon_auth_try_some(list, skb, f, mark, 1, auth);
}

/* Whether secrets are left that romon_auth_verify() has not tried. */
bool romon_auth_has_others(const struct romon_secrets *list,
			   const struct romon_auth *auth)
{
	u8 i;

	if (!auth->hashed)
		return false;
	for (i = 0; i < list->n; i++)
		if (list->secret[i].len && !(auth->tried & BIT(i)))
			return true;
	return false;
}

/* Go on with those; as romon_auth_verify(). */
enum romon_drop romon_auth_verify_others(const struct romon_secrets *list,
					 const struct sk_buff *skb,
					 const struct romon_frame *f, u64 mark,
					 struct romon_auth *auth)
{
	return romon_auth_try_some(list, skb, f, mark, list->n, auth);
}

/* When a frame has been dealt with: what is left of its secret on the stack. */
void romon_auth_wipe(struct romon_auth *auth)
{
	if (auth->hashed)
		memzero_explicit(auth->body, sizeof(auth->body));
}

static bool romon_auth_same(const struct romon_secret *secret,
			    const struct romon_auth *verified)
{
	return verified && verified->secret &&
	       verified->secret->len == secret->len &&
	       !crypto_memneq(verified->secret->value, secret->value,
			      secret->len);
}

/**
 * romon_auth_hash() - write the authentication of a frame
 * @secret:	to hash with, under RCU
 * @skb:	the frame, data at its type byte, writable up to its body
 * @dst:	destination MAC that it will have
 * @src:	source MAC that it will have
 * @seq:	sequence number of the sending port
 * @mark:	of the receiving port; 0 if the frame is bound to none
 * @verified:	what verifying the same body has found out, or NULL
 *
 * Return: 0 or a negative errno.
 */
int romon_auth_hash(const struct romon_secret *secret, struct sk_buff *skb,
		    const u8 *dst, const u8 *src, u64 seq, u64 mark,
		    const struct romon_auth *verified)
{
	struct romon_wire_header *h = (void *)skb->data;
	unsigned int body = romon_wire_body(skb->data);
	u8 digest[ROMON_DIGEST_LEN];
	SHASH_DESC_ON_STACK(desc, romon_md5);
	int err;

	desc->tfm = romon_md5;
	h->auth.seq = cpu_to_be64(seq);
	if (romon_auth_same(secret, verified))
		err = crypto_shash_import(desc, verified->body);
	else
		err = crypto_shash_import(desc, secret->inner) ?:
		      romon_auth_body(desc, skb, body);
	err = err ?: romon_auth_finish(desc, secret, skb->data, body, dst, src,
				       mark, digest);
	if (!err)
		memcpy(h->auth.digest, digest, sizeof(digest));
	memzero_explicit(digest, sizeof(digest));
	shash_desc_zero(desc);
	return err;
}

int romon_auth_init(void)
{
	struct crypto_shash *md5;

	if (fips_enabled) {
		pr_warn("romon: no MD5 in FIPS mode: ports with secrets are closed\n");
		return 0;
	}
	md5 = crypto_alloc_shash("md5", 0, 0);
	if (IS_ERR(md5)) {
		pr_warn("romon: no MD5 (error %ld): ports with secrets are closed\n",
			PTR_ERR(md5));
		return 0;
	}
	if (WARN_ON(crypto_shash_statesize(md5) > ROMON_MD5_STATE)) {
		crypto_free_shash(md5);
		return -EINVAL;
	}
	romon_md5 = md5;
	return 0;
}

void romon_auth_exit(void)
{
	/* Lists that are being freed do not use it, but are ours. */
	rcu_barrier();
	if (romon_md5)
		crypto_free_shash(romon_md5);
}
