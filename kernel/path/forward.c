// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that follow a source route: on to the next node, or arrived here.
 *
 * A forwarder keeps no state and looks nothing up but its own link number
 * (protocol.rst, "Source routes"). Runs in softirq, allocates nothing.
 */

#include <linux/etherdevice.h>

#include "auth.h"
#include "forward.h"
#include "local.h"
#include "net.h"
#include "origins.h"
#include "port/lookup.h"
#include "raise.h"
#include "trace.h"
#include "tx.h"

/* Send a frame in transit to the node that @next names. Consumes the skb. */
static void romon_forward(struct romon_port *ingress, struct sk_buff *skb,
			  struct romon_frame *f,
			  const struct romon_auth *auth, u32 priority,
			  const struct romon_wire_entry *next)
{
	struct romon_net *rn = ingress->rn;
	struct romon_port *egress;
	enum romon_drop reason;
	u8 mac[ETH_ALEN] __aligned(2);

	/* Or everybody on the link who happens to have the number would. */
	reason = ROMON_DROP_other_host;
	if (is_multicast_ether_addr(eth_hdr(skb)->h_dest))
		goto drop;
	egress = romon_port_running_rcu(rn, be32_to_cpu(next->link));
	reason = ROMON_DROP_no_link;
	if (!egress)
		goto drop;
	reason = ROMON_DROP_bad_next;
	if (!is_valid_ether_addr(next->mac))
		goto drop;
	reason = ROMON_DROP_too_big;
	if (!romon_tx_fits(egress, skb->len))
		goto drop;

	/* The entry is in the skb, which transmitting may move. */
	memcpy(mac, next->mac, ETH_ALEN);
	trace_romon_forward(egress, skb, f);
	romon_stats_inc(ingress->stats, ROMON_STAT_FORWARDED);
	romon_xmit(egress, skb, mac, priority, auth);
	return;
drop:
	romon_drop(rn, ingress, skb, reason);
}

/*
 * A route visits no node twice. The MACs of a Data frame's entries are those
 * that it was sent from, up to the pointer, and those that it will be sent to;
 * of a DiscoverResp's, those that the Discover was sent from. Only the entry
 * that the pointer names may name this node.
 */
static bool romon_forward_loops(struct romon_net *rn, const struct sk_buff *skb,
				const struct romon_frame *f)
{
	const struct romon_wire_entry *entry;
	unsigned int i;

	entry = (const void *)(skb->data + f->entries);
	for (i = 0; i < f->hops; i++)
		if (i != f->ptr && romon_port_is_own_mac_rcu(rn, entry[i].mac))
			return true;
	return false;
}

/**
 * romon_forward_expect() - how a frame would go on if it may be believed
 * @ingress:	where it has come in
 * @skb:	the frame
 * @f:		its parse
 * @next:	filled in if it would, and is to be hashed then
 *
 * In softirq. What is wrong with the frame otherwise is not seen here; then it
 * was hashed for nothing, which takes no time: see struct romon_auth_next. A
 * frame that is not sent has used a number, of which there are enough.
 */
void romon_forward_expect(struct romon_port *ingress, const struct sk_buff *skb,
			  const struct romon_frame *f,
			  struct romon_auth_next *next)
{
	const struct romon_wire_entry *entry;
	struct romon_port *egress;

	if (f->type == ROMON_TYPE_DATA && f->ptr + 1 < f->hops) {
		next->ptr = f->ptr + 1;
		next->replaces = true;
		next->entry.link = cpu_to_be32(ingress->link);
		memcpy(next->entry.mac, eth_hdr(skb)->h_source, ETH_ALEN);
	} else if (f->type == ROMON_TYPE_RESP && f->ptr) {
		next->ptr = f->ptr - 1;
		next->replaces = false;
	} else {
		return;
	}
	entry = (const void *)(skb->data + f->entries);
	entry += next->ptr;
	egress = romon_port_running_rcu(ingress->rn, be32_to_cpu(entry->link));
	if (egress)
		romon_tx_expect(egress, entry->mac, next);
}

/* A Data frame has come in. Consumes the skb. */
void romon_forward_data(struct romon_port *port, const struct romon_self *self,
			struct sk_buff *skb, struct romon_frame *f,
			const struct romon_auth *auth)
{
	struct romon_net *rn = port->rn;
	struct romon_wire_data *d;
	enum romon_drop reason;

	reason = ROMON_DROP_loop;
	if (romon_forward_loops(rn, skb, f))
		goto drop;
	/* It came from the neighbour that it is to be sent back to. */
	reason = ROMON_DROP_no_memory;
	if (skb_ensure_writable(skb, f->body))
		goto drop;

	d = (void *)skb->data;
	d->entry[f->ptr].link = cpu_to_be32(port->link);
	memcpy(d->entry[f->ptr].mac, eth_hdr(skb)->h_source, ETH_ALEN);

	if (f->ptr == f->hops - 1) {
		reason = ROMON_DROP_not_mine;
		if (!ether_addr_equal_unaligned(d->h.dst, self->id))
			goto drop;
		romon_local_rcv(port, self, skb, f);
		return;
	}
	f->ptr++;
	d->ptr = f->ptr;
	romon_forward(port, skb, f, auth, TC_PRIO_BESTEFFORT,
		      &d->entry[f->ptr]);
	return;
drop:
	romon_drop(rn, port, skb, reason);
}

/* A DiscoverResp has come in. Consumes the skb. */
void romon_forward_resp(struct romon_port *port, const struct romon_self *self,
			struct sk_buff *skb, struct romon_frame *f,
			const struct romon_auth *auth)
{
	struct romon_wire_discover *d = (void *)skb->data;
	struct romon_net *rn = port->rn;
	enum romon_drop reason;

	if (!f->ptr) {
		reason = ROMON_DROP_not_mine;
		if (!ether_addr_equal_unaligned(d->h.src, self->id))
			goto drop;
		trace_romon_deliver(port, skb, f);
		romon_raise_answer(port, skb);
		return;
	}
	/* An origin never forwards answers to its own question. */
	reason = ROMON_DROP_loop;
	if (ether_addr_equal_unaligned(d->h.src, self->id) ||
	    romon_forward_loops(rn, skb, f))
		goto drop;
	reason = ROMON_DROP_no_memory;
	if (skb_ensure_writable(skb, f->body))
		goto drop;

	d = (void *)skb->data;
	f->ptr--;
	d->ptr = f->ptr;
	romon_forward(port, skb, f, auth, romon_origins_transit_priority(port),
		      &d->entry[f->ptr]);
	return;
drop:
	romon_drop(rn, port, skb, reason);
}
