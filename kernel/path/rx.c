// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames coming in: own the skb, parse, authenticate, dispatch.
 *
 * There are two ways in, see internals.rst, "Receiving"; no frame takes both.
 * All of it runs in softirq under RCU. Each step either consumes the frame or
 * leaves it to the next with all that is known about it in struct romon_frame.
 */

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netfilter.h>
#include <linux/netfilter_netdev.h>
#include <linux/skbuff.h>

#include "auth.h"
#include "discover.h"
#include "forward.h"
#include "neigh.h"
#include "net.h"
#include "port/lookup.h"
#include "raise.h"
#include "rx.h"
#include "trace.h"

/*
 * protocol.rst, "Ethernet": the port, the group, or broadcast, which is what
 * some tunnels make of the group. A tagged frame of a VLAN that has no device
 * arrives here as somebody else's.
 */
static bool romon_rx_is_for_port(const struct romon_port *port,
				 const struct sk_buff *skb)
{
	static const u8 group[ETH_ALEN] __aligned(2) = ROMON_GROUP_MAC;
	const u8 *dst = eth_hdr(skb)->h_dest;

	if (skb->pkt_type == PACKET_OTHERHOST)
		return false;
	/* Aligned for eth_type_trans() as well. */
	return ether_addr_equal(dst, port->dev->dev_addr) ||
	       ether_addr_equal(dst, group) ||
	       is_broadcast_ether_addr(dst);
}

static enum romon_drop romon_rx_parse(struct sk_buff *skb,
				      struct romon_frame *f)
{
	int ret;

	for (;;) {
		ret = romon_wire_parse(f, skb->data, skb_headlen(skb),
				       skb->len);
		if (ret != ROMON_WIRE_MORE)
			return ret;
		if (!pskb_may_pull(skb, f->need))
			return ROMON_DROP_no_memory;
	}
}

/* Whether a frame may be believed, at the cost of few passes if it may not. */
static enum romon_drop romon_rx_verify(struct romon_port *port,
				       const struct romon_self *self,
				       const struct sk_buff *skb,
				       const struct romon_frame *f,
				       struct romon_auth_next *next,
				       struct romon_auth *auth)
{
	const struct romon_secrets *list = romon_port_secrets_rcu(port);
	u64 mark = romon_neigh_own_mark(port, self);
	enum romon_drop reason;
	u8 index = 0;

	if (romon_secrets_key(list) && !romon_secrets_closed(list) &&
	    romon_auth_is_hashed(skb)) {
		reason = romon_neigh_expect(port, skb, f, &index);
		if (reason)
			return reason;
		romon_forward_expect(port, skb, f, next);
	}
	reason = romon_auth_verify(list, skb, f, mark, index, next, auth);
	if (reason == ROMON_DROP_wrong_digest &&
	    romon_auth_has_others(list, auth) &&
	    romon_neigh_may_guess(port, eth_hdr(skb)->h_source))
		reason = romon_auth_verify_others(list, skb, f, mark, auth);
	if (reason)
		romon_raise_refused(port, eth_hdr(skb)->h_source, reason);
	return reason;
}

/*
 * What a frame of a known length asks for. Consumes the skb; @next is the
 * caller's to wipe.
 */
static void romon_rx_dispatch(struct romon_port *port, struct sk_buff *skb,
			      struct romon_frame *f,
			      struct romon_auth_next *next)
{
	const struct romon_self *self = rcu_dereference(port->rn->self);
	enum romon_drop reason;
	struct romon_auth auth;

	/* A port that is going away while RoMON is being disabled. */
	reason = ROMON_DROP_no_link;
	if (!self)
		goto drop;

	reason = romon_rx_verify(port, self, skb, f, next, &auth);
	if (reason)
		goto drop;
	if (f->type == ROMON_TYPE_HELLO || f->type == ROMON_TYPE_SEQERR) {
		trace_romon_rx(port, skb, f);
		romon_neigh_rcv(port, self, skb, f, &auth);
		return;
	}
	if (auth.secret) {
		reason = romon_neigh_accept(port, self, skb, &auth);
		if (reason)
			goto drop;
	}

	trace_romon_rx(port, skb, f);
	switch (f->type) {
	case ROMON_TYPE_DISCOVER:
		romon_discover_rcv(port, self, skb, f);
		return;
	case ROMON_TYPE_RESP:
		romon_forward_resp(port, self, skb, f, &auth);
		return;
	case ROMON_TYPE_DATA:
		romon_forward_data(port, self, skb, f, &auth);
		return;
	}
	reason = ROMON_DROP_unknown_type;
drop:
	romon_drop(port->rn, port, skb, reason);
}

/* A frame that is dropped before its end is known: all of it counts. */
static void romon_rx_drop(struct romon_port *port, struct sk_buff *skb,
			  enum romon_drop reason)
{
	romon_stats_packet(port->stats, ROMON_STAT_RX_PACKETS, skb->len);
	romon_drop(port->rn, port, skb, reason);
}

/* The pipeline behind both entries. Consumes the skb. */
static void romon_rx(struct romon_port *port, struct sk_buff *skb)
{
	struct romon_auth_next next;
	enum romon_drop reason;
	struct romon_frame f;

	reason = ROMON_DROP_bad_source;
	if (!is_valid_ether_addr(eth_hdr(skb)->h_source))
		goto drop;

	reason = romon_rx_parse(skb, &f);
	if (reason)
		goto drop;
	reason = ROMON_DROP_no_memory;
	if (pskb_trim_rcsum(skb, f.len))
		goto drop;
	romon_stats_packet(port->stats, ROMON_STAT_RX_PACKETS, f.len);

	next.egress = NULL;
	next.hashed = false;
	romon_rx_dispatch(port, skb, &f, &next);
	/* If the frame was forged this is what its forger would like to know. */
	if (next.hashed)
		memzero_explicit(next.digest, sizeof(next.digest));
	return;

drop:
	romon_rx_drop(port, skb, reason);
}

/* A frame for the port, which a tap may hold too. Consumes the skb. */
static int romon_rx_own(struct romon_port *port, struct sk_buff *skb)
{
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb) {
		romon_count_drop(port->rn, port, ROMON_DROP_no_memory);
		return NET_RX_DROP;
	}
	romon_rx(port, skb);
	return NET_RX_SUCCESS;
}

/*
 * The second entry: frames that have not passed the first, because the kernel
 * has none, because tc has sent them round it by way of an ifb, or because the
 * first has left them to macvlans. Those that it has left to others end here.
 * Consumes the skb.
 */
static int romon_rx_packet_type(struct sk_buff *skb, struct net_device *dev,
				struct packet_type *pt,
				struct net_device *orig_dev)
{
	struct romon_port *port;

	/*
	 * The frame has become another device's on the way up, a VLAN's for
	 * example: that device's port is asked, too, and it is the right one.
	 */
	if (dev != pt->dev) {
		consume_skb(skb);
		return NET_RX_SUCCESS;
	}
	port = container_of(pt, struct romon_port, pt);
	if (!romon_rx_is_for_port(port, skb)) {
		romon_rx_drop(port, skb, ROMON_DROP_other_host);
		return NET_RX_DROP;
	}
	return romon_rx_own(port, skb);
}

#ifdef CONFIG_NETFILTER_INGRESS
/* Whether a frame is the device's own and not that of a VLAN upon it. */
static bool romon_rx_is_untagged(const struct sk_buff *skb)
{
	if (likely(!skb_vlan_tag_present(skb)))
		return true;
	/* VID 0 is a priority and no VLAN, unless a device says otherwise. */
	return !skb_vlan_tag_get_id(skb) &&
	       !__vlan_find_dev_deep_rcu(skb->dev, skb->vlan_proto, 0);
}

/*
 * The first entry, before VLAN devices and before the receive handler of a
 * master or macvlan. Tags are off the frame already, in the skb. What is not
 * for this port goes on to whoever would have had it without RoMON.
 */
static unsigned int romon_rx_ingress(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	struct romon_port *port = priv;

	if (likely(skb->protocol != htons(ETH_P_ROMON)) ||
	    !romon_rx_is_untagged(skb) || !romon_rx_is_for_port(port, skb))
		return NF_ACCEPT;
	/* Macvlans have to get their copies of group frames first. */
	if (netif_is_macvlan_port(skb->dev) &&
	    is_multicast_ether_addr(eth_hdr(skb)->h_dest))
		return NF_ACCEPT;
	romon_rx_own(port, skb);
	return NF_STOLEN;
}

static int romon_rx_hook(struct romon_port *port)
{
	port->hook.hook = romon_rx_ingress;
	port->hook.priv = port;
	port->hook.dev = port->dev;
	port->hook.pf = NFPROTO_NETDEV;
	port->hook.hooknum = NF_NETDEV_INGRESS;
	/* Before all chains of nftables: none can drop our frames. */
	port->hook.priority = INT_MIN;
	return nf_register_net_hook(port->rn->net, &port->hook);
}

static void romon_rx_unhook(struct romon_port *port)
{
	nf_unregister_net_hook(port->rn->net, &port->hook);
}
#else
static int romon_rx_hook(struct romon_port *port)
{
	return 0;
}

static void romon_rx_unhook(struct romon_port *port)
{
}
#endif

/* Let frames in: they may come before this returns. */
int romon_rx_start(struct romon_port *port)
{
	int err;

	ASSERT_RTNL();
	err = romon_rx_hook(port);
	if (err)
		return err;
	port->pt.type = htons(ETH_P_ROMON);
	port->pt.dev = port->dev;
	port->pt.func = romon_rx_packet_type;
	dev_add_pack(&port->pt);
	return 0;
}

/*
 * Let no more frames in. Those that are in the pipeline are through after a
 * grace period, for which the caller has to wait.
 */
void romon_rx_stop(struct romon_port *port)
{
	ASSERT_RTNL();
	__dev_remove_pack(&port->pt);
	romon_rx_unhook(port);
}
