/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of an skb as kernel/path/auth.c and its tests use. */

#ifndef ROMON_UNIT_SKBUFF_H
#define ROMON_UNIT_SKBUFF_H

#include <linux/if_ether.h>

#include <linux/bitops.h>
#include <linux/string.h>

#define PAGE_SIZE		4096
#define UNIT_FRAGS		4

struct page {
	u8 bytes[PAGE_SIZE];
};

struct skb_shared_info {
	unsigned int nr_frags;
	struct {
		struct page *page;
		unsigned int off, len;
	} frags[UNIT_FRAGS];
};

struct sk_buff {
	unsigned int len;	/* of all */
	unsigned int linear;	/* of what is at @data */
	u8 *data;
	u8 *mac;
	struct skb_shared_info shared;
	u8 head[];
};

static inline struct skb_shared_info *skb_shinfo(struct sk_buff *skb)
{
	return &skb->shared;
}

static inline bool skb_is_nonlinear(const struct sk_buff *skb)
{
	return skb->len != skb->linear;
}

static inline struct ethhdr *eth_hdr(const struct sk_buff *skb)
{
	return (void *)skb->mac;
}

static inline struct sk_buff *alloc_skb(unsigned int size, int gfp)
{
	struct sk_buff *skb = calloc(1, sizeof(*skb) + size);

	(void)gfp;
	if (skb)
		skb->data = skb->head;
	return skb;
}

static inline struct page *alloc_page(int gfp)
{
	(void)gfp;
	return malloc(sizeof(struct page));
}

#define page_address(page)	((page)->bytes)

static inline void kfree_skb(struct sk_buff *skb)
{
	while (skb->shared.nr_frags)
		free(skb->shared.frags[--skb->shared.nr_frags].page);
	free(skb);
}

static inline void skb_reset_mac_header(struct sk_buff *skb)
{
	skb->mac = skb->data;
}

static inline void *skb_put(struct sk_buff *skb, unsigned int n)
{
	u8 *at = skb->data + skb->linear;

	skb->linear += n;
	skb->len += n;
	return at;
}

static inline void skb_put_data(struct sk_buff *skb, const void *from,
				unsigned int n)
{
	memcpy(skb_put(skb, n), from, n);
}

static inline void skb_pull(struct sk_buff *skb, unsigned int n)
{
	skb->data += n;
	skb->linear -= n;
	skb->len -= n;
}

static inline void skb_add_rx_frag(struct sk_buff *skb, unsigned int i,
				   struct page *page, unsigned int off,
				   unsigned int n, unsigned int truesize)
{
	(void)truesize;
	if (i >= UNIT_FRAGS)
		abort();
	skb->shared.frags[i].page = page;
	skb->shared.frags[i].off = off;
	skb->shared.frags[i].len = n;
	skb->shared.nr_frags = i + 1;
	skb->len += n;
}

/* Only of what is linear. */
static inline void skb_trim(struct sk_buff *skb, unsigned int n)
{
	if (n >= skb->len)
		return;
	if (skb_is_nonlinear(skb))
		abort();
	skb->len = n;
	skb->linear = n;
}

struct skb_seq_state {
	const struct sk_buff *skb;
	unsigned int from, to;
};

static inline void skb_prepare_seq_read(struct sk_buff *skb, unsigned int from,
					unsigned int to,
					struct skb_seq_state *seq)
{
	*seq = (struct skb_seq_state){ skb, from, to };
}

/* What follows the first @used bytes, as far as it is in one piece. */
static inline unsigned int skb_seq_read(unsigned int used, const u8 **data,
					struct skb_seq_state *seq)
{
	const struct sk_buff *skb = seq->skb;
	unsigned int at = seq->from + used, end = skb->linear, i = 0;
	const u8 *from = skb->data;

	if (at >= seq->to)
		return 0;
	while (at >= end) {
		if (i == skb->shared.nr_frags)
			abort();
		from = skb->shared.frags[i].page->bytes +
		       skb->shared.frags[i].off - end;
		end += skb->shared.frags[i++].len;
	}
	*data = from + at;
	return (end < seq->to ? end : seq->to) - at;
}

#define skb_abort_seq_read(seq)	((void)(seq))

static inline int skb_copy_bits(const struct sk_buff *skb, unsigned int from,
				void *to, unsigned int n)
{
	struct skb_seq_state seq = { skb, from, from + n };
	unsigned int used = 0, len;
	const u8 *data;

	while ((len = skb_seq_read(used, &data, &seq))) {
		memcpy((u8 *)to + used, data, len);
		used += len;
	}
	return 0;
}

#endif /* ROMON_UNIT_SKBUFF_H */
