// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hash and verify frames: HMAC-MD5 over body, head, and the head's length.
 * The one place that knows the layout of the 24 bytes; protocol.rst,
 * "Authentication", says why it is what it is.
 *
 * A secret's key was made when it was set, so a frame costs its bytes and one
 * block more, and nothing is allocated.
 */

#include <crypto/algapi.h>
#include <linux/bitops.h>
#include <linux/etherdevice.h>
#include <linux/fips.h>
#include <linux/random.h>

#include "auth.h"

/* In FIPS mode; then whatever has secrets is closed. */
static bool romon_no_md5 __read_mostly;

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

/* Make the key of a secret, which is no longer than a block. */
int romon_auth_prepare(struct romon_secret *secret)
{
	BUILD_BUG_ON(ROMON_SECRET_MAX_LEN > ROMON_MD5_BLOCK);
	BUILD_BUG_ON(ROMON_DIGEST_LEN != ROMON_MD5_DIGEST);
	BUILD_BUG_ON(ROMON_SECRETS_MAX >
		     8 * sizeof_field(struct romon_auth, tried));
	if (romon_no_md5)
		return -EOPNOTSUPP;
	romon_hmac_key(&secret->key, secret->value, secret->len);
	return 0;
}

/* One or two digests of a frame that are being computed. */
struct romon_auth_pass {
	struct romon_md5 in;
	struct romon_md5 out;
	bool both;
};

static void romon_auth_add(struct romon_auth_pass *p, const void *in,
			   const void *out, unsigned int len)
{
	if (p->both)
		romon_md5_update_both(&p->in, &p->out, in, out, len);
	else
		romon_md5_update(&p->in, in, len);
}

/* The body, wherever the skb has it. */
static void romon_auth_body(struct romon_auth_pass *p,
			    const struct sk_buff *skb, unsigned int body)
{
	struct skb_seq_state seq;
	unsigned int len, used = 0;
	const u8 *data;

	if (!skb_is_nonlinear(skb)) {
		data = skb->data + body;
		romon_auth_add(p, data, data, skb->len - body);
		return;
	}
	skb_prepare_seq_read((struct sk_buff *)skb, body, skb->len, &seq);
	while ((len = skb_seq_read(used, &data, &seq))) {
		romon_auth_add(p, data, data, len);
		used += len;
	}
}

/* What is hashed of a frame before its route entries. */
struct romon_auth_head {
	unsigned int len;
	u8 bytes[2 * ETH_ALEN + ROMON_MARK_LEN +
		 sizeof(struct romon_wire_discover)];
};

/* @fixed: so many bytes of the frame, of the header at least */
static void romon_auth_head(struct romon_auth_head *head, const u8 *dst,
			    const u8 *src, u64 mark, const u8 *frame,
			    unsigned int fixed)
{
	unsigned int off = offsetof(struct romon_wire_header, auth.digest);
	__be64 mark_be = cpu_to_be64(mark);
	u8 *to = head->bytes;

	memcpy(to, dst, ETH_ALEN);
	memcpy(to + ETH_ALEN, src, ETH_ALEN);
	to += 2 * ETH_ALEN;
	if (mark) {
		memcpy(to, &mark_be, sizeof(mark_be));
		to += sizeof(mark_be);
	}
	memcpy(to, frame, fixed);
	memset(to + off, 0, ROMON_DIGEST_LEN);
	head->len = to + fixed - head->bytes;
}

/* The length of all that is hashed but the body, which ends it. */
static __be16 romon_auth_len(const struct romon_auth_head *head,
			     unsigned int fixed, unsigned int body)
{
	return cpu_to_be16(head->len - fixed + body);
}

/* The digest of a frame, which is readable up to its body. */
static void romon_auth_one(const struct romon_secret *secret,
			   const struct sk_buff *skb, unsigned int body,
			   const u8 *dst, const u8 *src, u64 mark, u8 *digest)
{
	unsigned int fixed = sizeof(struct romon_wire_header);
	struct romon_auth_pass p = { .both = false };
	struct romon_auth_head head;
	__be16 len;

	romon_hmac_begin(&p.in, &secret->key);
	romon_auth_body(&p, skb, body);
	romon_auth_head(&head, dst, src, mark, skb->data, fixed);
	romon_md5_update(&p.in, head.bytes, head.len);
	romon_md5_update(&p.in, skb->data + fixed, body - fixed);
	len = romon_auth_len(&head, fixed, body);
	romon_md5_update(&p.in, &len, sizeof(len));
	romon_hmac_end(&p.in, &secret->key, digest);
}

/* Likewise, and the one that it has when it goes on. */
static void romon_auth_both(const struct romon_secret *secret,
			    const struct sk_buff *skb,
			    const struct romon_frame *f, u64 mark, u8 *digest,
			    struct romon_auth_next *next)
{
	unsigned int fixed = f->entries, size = sizeof(struct romon_wire_entry);
	unsigned int at = fixed + f->ptr * size;
	struct romon_auth_pass p = { .both = true };
	const struct ethhdr *eth = eth_hdr(skb);
	struct romon_auth_head in, out;
	struct romon_wire_data *d;
	__be16 len_in, len_out;

	BUILD_BUG_ON(offsetof(struct romon_wire_data, ptr) !=
		     offsetof(struct romon_wire_discover, ptr));
	romon_hmac_begin(&p.in, &secret->key);
	romon_hmac_begin(&p.out, &next->secret->key);
	romon_auth_body(&p, skb, f->body);

	romon_auth_head(&in, eth->h_dest, eth->h_source, mark, skb->data, fixed);
	romon_auth_head(&out, next->dst, next->src, next->mark, skb->data,
			fixed);
	d = (void *)(out.bytes + out.len - fixed);
	d->h.auth.seq = cpu_to_be64(next->seq);
	d->ptr = next->ptr;
	if (in.len == out.len) {
		romon_auth_add(&p, in.bytes, out.bytes, in.len);
	} else {
		romon_md5_update(&p.in, in.bytes, in.len);
		romon_md5_update(&p.out, out.bytes, out.len);
	}
	if (next->replaces) {
		romon_auth_add(&p, skb->data + fixed, skb->data + fixed,
			       at - fixed);
		romon_auth_add(&p, skb->data + at, &next->entry, size);
		at += size;
	} else {
		at = fixed;
	}
	romon_auth_add(&p, skb->data + at, skb->data + at, f->body - at);

	len_in = romon_auth_len(&in, fixed, f->body);
	len_out = romon_auth_len(&out, fixed, f->body);
	romon_auth_add(&p, &len_in, &len_out, sizeof(len_in));
	romon_hmac_end_both(&p.in, &p.out, &secret->key, &next->secret->key,
			    digest, next->digest);
	next->hashed = true;
}

static bool romon_auth_try(const struct romon_secret *secret,
			   const struct sk_buff *skb,
			   const struct romon_frame *f, u64 mark,
			   struct romon_auth_next *next)
{
	const struct romon_wire_header *h = (const void *)skb->data;
	const struct ethhdr *eth = eth_hdr(skb);
	u8 digest[ROMON_DIGEST_LEN];
	bool right;

	if (next && next->egress && !next->hashed)
		romon_auth_both(secret, skb, f, mark, digest, next);
	else
		romon_auth_one(secret, skb, f->body, eth->h_dest,
			       eth->h_source, mark, digest);
	right = !crypto_memneq(digest, h->auth.digest, sizeof(digest));
	/* With it a forger need not know the secret. */
	memzero_explicit(digest, sizeof(digest));
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
	const void *auth = skb->data + offsetof(struct romon_wire_header, auth);
	const u64 *word = auth;

	return get_unaligned(word) | get_unaligned(word + 1) |
	       get_unaligned(word + 2);
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
	if (!romon_auth_try(secret, skb, f, mark, auth->next))
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
 * @next:	how the frame would go on, to be hashed for that too; or NULL
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
				  u8 first, struct romon_auth_next *next,
				  struct romon_auth *auth)
{
	bool hello = f->type == ROMON_TYPE_HELLO ||
		     f->type == ROMON_TYPE_SEQERR;

	auth->hashed = false;
	auth->secret = NULL;
	auth->mark = 0;
	auth->tried = 0;
	auth->next = next;
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

/**
 * romon_auth_hash() - write the authentication of a frame
 * @secret:	to hash with, under RCU
 * @skb:	the frame, data at its type byte, writable up to its body
 * @dst:	destination MAC that it will have
 * @src:	source MAC that it will have
 * @seq:	sequence number of the sending port
 * @mark:	of the receiving port; 0 if the frame is bound to none
 *
 * In any context.
 */
void romon_auth_hash(const struct romon_secret *secret, struct sk_buff *skb,
		     const u8 *dst, const u8 *src, u64 seq, u64 mark)
{
	struct romon_wire_header *h = (void *)skb->data;

	h->auth.seq = cpu_to_be64(seq);
	romon_auth_one(secret, skb, romon_wire_body(skb->data), dst, src, mark,
		       h->auth.digest);
}

void romon_auth_init(void)
{
	romon_no_md5 = fips_enabled;
	if (romon_no_md5)
		pr_warn("romon: no MD5 in FIPS mode: ports with secrets are closed\n");
}

void romon_auth_exit(void)
{
	/* Lists that are being freed are ours. */
	rcu_barrier();
}
