// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames coming in: own the skb, parse, authenticate, dispatch.
 *
 * All of it runs in softirq under RCU. Each step either consumes the frame or
 * leaves it to the next with all that is known about it in struct romon_frame.
 */

#include <linux/etherdevice.h>
#include <linux/skbuff.h>

#include "auth.h"
#include "discover.h"
#include "forward.h"
#include "neigh.h"
#include "net.h"
#include "netlink.h"
#include "port.h"
#include "rx.h"
#include "topology.h"
#include "trace.h"

/*
 * protocol.rst, "Ethernet": the port, the group, or broadcast, which is what
 * some tunnels make of the group. A tagged frame of a VLAN that has no device
 * arrives here as somebody else's.
 */
static bool romon_rx_is_for_port(const struct romon_port *port,
				 const struct sk_buff *skb)
{
	static const u8 group[ETH_ALEN] = ROMON_GROUP_MAC;
	const u8 *dst = eth_hdr(skb)->h_dest;

	if (skb->pkt_type == PACKET_OTHERHOST)
		return false;
	return ether_addr_equal_unaligned(dst, port->dev->dev_addr) ||
	       ether_addr_equal_unaligned(dst, group) ||
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

/* The pipeline behind every receive hook. Consumes the skb. */
static void romon_rx(struct romon_port *port, struct sk_buff *skb)
{
	struct romon_net *rn = port->rn;
	const struct romon_self *self;
	struct romon_auth auth;
	enum romon_drop reason;
	struct romon_frame f;

	reason = ROMON_DROP_other_host;
	if (!romon_rx_is_for_port(port, skb))
		goto drop_uncounted;
	reason = ROMON_DROP_bad_source;
	if (!is_valid_ether_addr(eth_hdr(skb)->h_source))
		goto drop_uncounted;

	reason = romon_rx_parse(skb, &f);
	if (reason)
		goto drop_uncounted;
	reason = ROMON_DROP_no_memory;
	if (pskb_trim_rcsum(skb, f.len))
		goto drop_uncounted;
	romon_stats_rx(port, f.len);

	/* A port that is going away while RoMON is being disabled. */
	reason = ROMON_DROP_no_link;
	self = rcu_dereference(rn->self);
	if (!self)
		goto drop;

	reason = romon_auth_verify(romon_port_secrets_rcu(port), skb, &f,
				   &auth);
	if (reason) {
		romon_nl_refused(port, eth_hdr(skb)->h_source, reason);
		goto drop;
	}
	if (f.type == ROMON_TYPE_HELLO || f.type == ROMON_TYPE_SEQERR) {
		trace_romon_rx(port, skb, &f);
		romon_neigh_rcv(port, self, skb, &f, &auth);
		return;
	}
	if (auth.secret) {
		reason = romon_neigh_accept(port, self, skb, &auth);
		if (reason)
			goto drop;
	}

	trace_romon_rx(port, skb, &f);
	switch (f.type) {
	case ROMON_TYPE_DISCOVER:
		romon_discover_rcv(port, self, skb, &f);
		return;
	case ROMON_TYPE_RESP:
		romon_forward_resp(port, self, skb, &f, &auth);
		return;
	case ROMON_TYPE_DATA:
		romon_forward_data(port, self, skb, &f, &auth);
		return;
	}
	reason = ROMON_DROP_unknown_type;
drop:
	romon_drop(rn, port, skb, reason);
	return;

drop_uncounted:
	/* Where it ends is not known, so all of it counts. */
	romon_stats_rx(port, skb->len);
	romon_drop(rn, port, skb, reason);
}

/* Receive hook of ports whose frames no master takes. Consumes the skb. */
int romon_rx_packet_type(struct sk_buff *skb, struct net_device *dev,
			 struct packet_type *pt, struct net_device *orig_dev)
{
	struct romon_port *port = container_of(pt, struct romon_port, pt);

	/*
	 * The frame has become another device's on the way up, a VLAN's for
	 * example: that device's port is asked, too, and it is the right one.
	 */
	if (dev != pt->dev) {
		consume_skb(skb);
		return NET_RX_SUCCESS;
	}
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb) {
		romon_count_drop(port->rn, port, ROMON_DROP_no_memory);
		return NET_RX_DROP;
	}
	romon_rx(port, skb);
	return NET_RX_SUCCESS;
}
