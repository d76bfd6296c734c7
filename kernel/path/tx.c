// SPDX-License-Identifier: GPL-2.0-only
/* Frames going out: the only way to a device. */

#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/if_vlan.h>
#include <linux/netfilter_netdev.h>

#include "auth.h"
#include "neigh.h"
#include "net.h"
#include "port/lookup.h"
#include "tx.h"

/**
 * romon_tx_alloc() - an empty frame
 * @port:	where it will leave by
 * @len:	from the type byte on
 * @gfp:	for the allocation
 *
 * Return: an skb with room for the Ethernet header before @len bytes that the
 * caller fills in, or NULL.
 */
struct sk_buff *romon_tx_alloc(const struct romon_port *port, unsigned int len,
			       gfp_t gfp)
{
	unsigned int headroom = LL_RESERVED_SPACE(port->dev);
	struct sk_buff *skb;

	skb = alloc_skb(headroom + len + port->dev->needed_tailroom, gfp);
	if (!skb)
		return NULL;
	skb_reserve(skb, headroom);
	skb_put(skb, len);
	return skb;
}

/* What a frame in transit is hashed with that would leave for @dst, if it is. */
void romon_tx_expect(struct romon_port *port, const u8 *dst,
		     struct romon_auth_next *next)
{
	const struct romon_secrets *list = romon_port_secrets_rcu(port);

	if (!romon_secrets_hash(list) || romon_secrets_closed(list))
		return;
	next->egress = port;
	next->secret = romon_secrets_key(list);
	memcpy(next->dst, dst, ETH_ALEN);
	memcpy(next->src, port->dev->dev_addr, ETH_ALEN);
	next->seq = atomic64_inc_return(&port->seq);
	next->mark = romon_neigh_mark(port, dst);
}

/* Whether this is what was expected, and is hashed already. */
static bool romon_tx_is_expected(const struct romon_port *port,
				 const struct romon_secret *secret,
				 const u8 *dst,
				 const struct romon_auth_next *next)
{
	return next && next->hashed && next->egress == port &&
	       next->secret == secret &&
	       ether_addr_equal_unaligned(next->dst, dst);
}

/*
 * Hash a frame if the secrets of the port say so; Hello and SeqErr always.
 * The frame is writable up to its body. What the way in left there must not
 * go out again.
 */
static int romon_tx_authenticate(struct romon_port *port, struct sk_buff *skb,
				 const u8 *dst,
				 const struct romon_auth *verified)
{
	const struct romon_secrets *list = romon_port_secrets_rcu(port);
	const struct romon_secret *secret = romon_secrets_key(list);
	struct romon_wire_header *h = (void *)skb->data;
	u64 mark = 0;

	if (romon_secrets_hash(list) && verified &&
	    romon_tx_is_expected(port, secret, dst, verified->next)) {
		h->auth.seq = cpu_to_be64(verified->next->seq);
		memcpy(h->auth.digest, verified->next->digest,
		       ROMON_DIGEST_LEN);
		return 0;
	}
	memset(&h->auth, 0, sizeof(h->auth));
	if (h->type == ROMON_TYPE_HELLO || h->type == ROMON_TYPE_SEQERR) {
		/* A frame of its own: only the secret is that of the other. */
		if (verified) {
			secret = verified->secret;
			mark = verified->mark;
		}
	} else if (!romon_secrets_hash(list)) {
		return 0;
	} else if (!is_multicast_ether_addr(dst)) {
		mark = romon_neigh_mark(port, dst);
	}
	if (!secret)
		return -ENOKEY;
	romon_auth_hash(secret, skb, dst, port->dev->dev_addr,
			atomic64_inc_return(&port->seq), mark);
	return 0;
}

/**
 * romon_xmit() - send a frame
 * @port:	where it leaves by; the caller is in an RCU section
 * @skb:	the frame, its data at the type byte
 * @dst:	link MAC of the next node, or the group
 * @priority:	TC_PRIO_CONTROL for what keeps the overlay together, which goes
 *		before everything else; TC_PRIO_BESTEFFORT for Data, and for
 *		what else any stranger may have in transit without end
 * @verified:	what verifying the frame has found out that this one is in
 *		transit, or that this Hello or SeqErr is about; else NULL
 *
 * With softirqs off. Consumes the skb, and counts what becomes of it.
 */
void romon_xmit(struct romon_port *port, struct sk_buff *skb, const u8 *dst,
		u32 priority, const struct romon_auth *verified)
{
	struct net_device *dev = port->dev;
	unsigned int len = skb->len;
	int err;

	if (!romon_tx_fits(port, len)) {
		romon_drop(port->rn, port, skb, ROMON_DROP_too_big);
		return;
	}
	if (skb_cow_head(skb, LL_RESERVED_SPACE(dev))) {
		romon_drop(port->rn, port, skb, ROMON_DROP_no_memory);
		return;
	}
	if (romon_secrets_closed(romon_port_secrets_rcu(port))) {
		romon_drop(port->rn, port, skb, ROMON_DROP_no_md5);
		return;
	}
	if (romon_tx_authenticate(port, skb, dst, verified)) {
		romon_drop(port->rn, port, skb, ROMON_DROP_hash_failed);
		return;
	}

	/* Nothing that the way in left on the skb may follow it out. */
	skb_scrub_packet(skb, false);
	skb_clear_tstamp(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb->ip_summed = CHECKSUM_NONE;
	skb->mark = 0;
	skb->priority = priority;
	skb->dev = dev;
	skb->protocol = htons(ETH_P_ROMON);
	skb_reset_network_header(skb);
	if (dev_hard_header(skb, dev, ETH_P_ROMON, dst, NULL, len) < 0) {
		romon_drop(port->rn, port, skb, ROMON_DROP_xmit);
		return;
	}
	skb_reset_mac_header(skb);
	/* As on the way in, no chain of nftables on the port is asked. */
	nf_skip_egress(skb, true);

	err = dev_queue_xmit(skb);
	if (net_xmit_eval(err))
		romon_count_drop(port->rn, port, ROMON_DROP_xmit);
	else
		romon_stats_packet(port->stats, ROMON_STAT_TX_PACKETS, len);
}

void romon_xmit_group(struct romon_port *port, struct sk_buff *skb)
{
	static const u8 group[ETH_ALEN] __aligned(2) = ROMON_GROUP_MAC;

	romon_xmit(port, skb, group, TC_PRIO_CONTROL, NULL);
}
