// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is computed for a frame, a function for each step: run by valgrind, which
 * counts the instructions of each; see ./count.
 */

#include <linux/etherdevice.h>
#include <linux/skbuff.h>

#include "path/auth.h"
#include "path/replay.h"

#define TIMES		1000
#define HEAD		14
#define STEP(name)	__attribute__((noinline)) static void step_##name

static const u8 from[ETH_ALEN] __aligned(2) = { 2, 1, 0, 0, 0, 1 };
static const u8 to[ETH_ALEN] __aligned(2) = { 2, 1, 0, 0, 0, 2 };
static const u8 id[2][ETH_ALEN] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };

/* Data of so many bytes with its Ethernet header, over so many hops. */
static struct sk_buff *data_frame(unsigned int len, u8 hops)
{
	unsigned int payload = len - HEAD - romon_wire_data_len(hops, 0);
	struct romon_wire_entry route[128] = {};
	struct sk_buff *skb = alloc_skb(len, 0);

	if (!skb)
		abort();
	skb_reset_mac_header(skb);
	memcpy(skb_put(skb, HEAD), to, ETH_ALEN);
	memcpy(skb->data + ETH_ALEN, from, ETH_ALEN);
	for (u8 i = 0; i < hops; i++)
		memcpy(route[i].mac, to, ETH_ALEN);
	romon_wire_build_data(skb_put(skb, len - HEAD), id[0], id[1], route,
			      hops, 5000, 1, payload);
	skb_pull(skb, HEAD);
	return skb;
}

static void parse(const struct sk_buff *skb, struct romon_frame *f)
{
	if (romon_wire_parse(f, skb->data, skb->len, skb->len))
		abort();
}

static void verify(const struct romon_secrets *list, const struct sk_buff *skb,
		   struct romon_auth_next *next)
{
	struct romon_frame f;
	struct romon_auth auth;

	parse(skb, &f);
	if (next)
		next->hashed = false;
	if (romon_auth_verify(list, skb, &f, 0, 0, next, &auth) ||
	    (next && !next->hashed))
		abort();
}

STEP(parse_2_hops)(const struct sk_buff *skb)
{
	struct romon_frame f;

	parse(skb, &f);
}

STEP(parse_16_hops)(const struct sk_buff *skb)
{
	struct romon_frame f;

	parse(skb, &f);
}

STEP(verify_128_bytes)(const struct romon_secrets *list,
		       const struct sk_buff *skb)
{
	verify(list, skb, NULL);
}

STEP(verify_and_hash_128_bytes)(const struct romon_secrets *list,
				const struct sk_buff *skb,
				struct romon_auth_next *next)
{
	verify(list, skb, next);
}

STEP(verify_1500_bytes)(const struct romon_secrets *list,
			const struct sk_buff *skb)
{
	verify(list, skb, NULL);
}

STEP(verify_and_hash_1500_bytes)(const struct romon_secrets *list,
				 const struct sk_buff *skb,
				 struct romon_auth_next *next)
{
	verify(list, skb, next);
}

STEP(use_a_number)(struct romon_replay *window, u64 seq)
{
	if (!romon_replay_use(window, seq))
		abort();
}

STEP(refuse_a_number)(struct romon_replay *window, u64 seq)
{
	if (romon_replay_use(window, seq))
		abort();
}

int main(void)
{
	struct sk_buff *small = data_frame(128, 2), *big = data_frame(1500, 2);
	struct sk_buff *far = data_frame(512, 16);
	struct romon_auth_next next = { .replaces = true };
	const struct romon_secret_text text = { (const u8 *)"secret", 6 };
	struct romon_secrets *list = romon_secrets_alloc(&text, 1);
	struct romon_replay window;

	if (!list || IS_ERR(list))
		abort();
	romon_auth_hash(&list->secret[0], small, to, from, 1, 0);
	romon_auth_hash(&list->secret[0], big, to, from, 1, 0);
	/* Only ever compared with NULL. */
	next.egress = (void *)&next;
	next.secret = &list->secret[0];
	memcpy(next.dst, from, ETH_ALEN);
	memcpy(next.src, to, ETH_ALEN);
	romon_replay_start(&window, 1000);

	for (u64 i = 0; i < TIMES; i++) {
		step_parse_2_hops(small);
		step_parse_16_hops(far);
		step_verify_128_bytes(list, small);
		step_verify_and_hash_128_bytes(list, small, &next);
		step_verify_1500_bytes(list, big);
		step_verify_and_hash_1500_bytes(list, big, &next);
		step_use_a_number(&window, 1001 + i);
		step_refuse_a_number(&window, 1001 + i);
	}
	romon_secrets_free(list);
	kfree_skb(small);
	kfree_skb(big);
	kfree_skb(far);
	return 0;
}
