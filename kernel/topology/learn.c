// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is learnt of the network: from answers to this router's own Discovers,
 * from their absence, and from its own ports.
 */

#include <linux/etherdevice.h>
#include <linux/skbuff.h>

#include "graph.h"
#include "net.h"
#include "path/discover.h"
#include "path/fisheye.h"
#include "path/neigh.h"
#include "path/raise.h"
#include "path/stats.h"
#include "port/lookup.h"
#include "private.h"
#include "reach.h"
#include "teller.h"

/* Answers to a Discover older than this are nobody's business any more. */
#define ROMON_ANSWER_TIMEOUT		(10 * HZ)
/* An edge that this many floods in a row did not tell of is gone. */
#define ROMON_EDGE_MISSED_FLOODS	3
/* Until then answers from far away to a flood may still be on their way. */
#define ROMON_FLOOD_FAR			HZ
/* Networks of fewer routers than that are not busy with answers. */
#define ROMON_FLOOD_MANY		64
/* What a flood can say of who was not heard, if nearly all others were. */
#define ROMON_FLOOD_BITS		4
/* Edges that go at once for a node: not all of them are the last of another. */
#define ROMON_LEARN_SPARED		8
/* A port may have so many times the places that are left in the queue. */
#define ROMON_LEARN_SHARE		4

/*
 * Behind the skbs that wait in romon_topology.rcv: the port where it came in,
 * and from whom.
 */
struct romon_learn_cb {
	u32	link;
	u8	mac[ETH_ALEN];
	u8	from[ETH_ALEN];
};

#define ROMON_LEARN_CB(skb)	((struct romon_learn_cb *)(skb)->cb)

/* Let an edge go for one of which @teller tells. Return: whether one did. */
static bool romon_learn_spare(struct romon_topology *topo,
			      const struct romon_teller *teller)
{
	struct romon_edge *edge = romon_teller_spare(topo, teller);

	if (!edge)
		return false;
	romon_edge_del(topo, edge);
	return true;
}

/*
 * Whether there is room for another node, beside @parent, which may be as new.
 * Those without edges are about to go, and this router's own is not one that it
 * knows.
 */
static bool romon_learn_has_room(const struct romon_topology *topo,
				 const struct romon_node *parent)
{
	u32 nodes = topo->n_nodes - topo->n_empty;

	nodes -= !RB_EMPTY_ROOT(&topo->self->edges);
	if (parent && parent != topo->self)
		nodes += RB_EMPTY_ROOT(&parent->edges);
	return nodes < READ_ONCE(topo->rn->limits.max_nodes);
}

/* The node with an ID, of which @teller tells beside @parent. */
static struct romon_node *
romon_learn_node(struct romon_topology *topo, const struct romon_teller *teller,
		 const struct romon_node *parent, const u8 *id,
		 enum romon_drop *reason)
{
	struct romon_node *node = romon_node_find(topo, id);
	unsigned int i;

	if (node && (node == topo->self || !RB_EMPTY_ROOT(&node->edges)))
		return node;
	for (i = 0; !romon_learn_has_room(topo, parent); i++) {
		if (i == ROMON_LEARN_SPARED ||
		    !romon_learn_spare(topo, teller)) {
			*reason = ROMON_DROP_topology_full;
			return NULL;
		}
	}
	*reason = ROMON_DROP_no_memory;
	return node ?: romon_node_add(topo, id);
}

/*
 * What this router itself says of its port, not what others make of it, and how
 * often the port has been down. Return: whether it runs.
 */
static bool romon_learn_own_end(struct romon_net *rn, struct romon_end *end,
				u32 *downs)
{
	struct romon_port *port;

	rcu_read_lock();
	port = romon_port_running_rcu(rn, end->link);
	if (port) {
		romon_port_end(port, end);
		*downs = READ_ONCE(port->downs);
	}
	rcu_read_unlock();
	return port;
}

/*
 * Whether an answer is one to the Discover that was sent by the port where it
 * came in, and one without hops by whom the frame is. Or whoever is on a cable
 * could make up ways over other ports, which may have secrets, or have frames
 * sent to others there. @out, @in: what the Route TLVs say of the first hop's
 * or, over hops, the last hop's ends.
 */
static bool romon_learn_is_by_port(const struct sk_buff *skb,
				   const struct romon_frame *f,
				   const struct romon_end *out,
				   const struct romon_end *in)
{
	const struct romon_learn_cb *cb = ROMON_LEARN_CB(skb);
	const struct romon_wire_entry *entry;

	if (!f->hops)
		return out->link == cb->link &&
		       !memcmp(in->mac, cb->from, ETH_ALEN);
	entry = (const void *)(skb->data + f->entries);
	return !memcmp(entry[0].mac, cb->mac, ETH_ALEN);
}

/* Read an answer of which @teller tells, and which stays the caller's. */
static enum romon_drop romon_learn_answer(struct romon_topology *topo,
					  struct romon_teller *teller,
					  const struct sk_buff *skb)
{
	const struct romon_wire_discover *d = (const void *)skb->data;
	const struct romon_wire_route *from, *to;
	struct romon_node *parent, *answerer;
	struct romon_net *rn = topo->rn;
	struct romon_edge_end *end;
	enum romon_drop reason;
	struct romon_end out, in;
	struct romon_edge *edge;
	struct romon_frame f;
	unsigned int i;
	u32 downs = 0;

	/* Whole and well-formed, as it was found to be when it came in. */
	if (romon_wire_parse(&f, skb->data, skb->len, skb->len) ||
	    !ether_addr_equal_unaligned(d->h.src, topo->id))
		return ROMON_DROP_not_mine;

	from = (const void *)(skb->data + f.route[0]);
	to = (const void *)(skb->data + f.route[1]);
	romon_wire_end_get(&out, &from->out);
	romon_wire_end_get(&in, &to->in);
	if (!is_valid_ether_addr(in.mac) || !is_valid_ether_addr(out.mac))
		return ROMON_DROP_bad_route_tlv;
	if (!romon_learn_is_by_port(skb, &f, &out, &in))
		return ROMON_DROP_wrong_port;
	/* This very frame has come over the hop. */
	if (min(out.l2mtu, in.l2mtu) < skb->len)
		return ROMON_DROP_small_l2mtu;
	if (!f.hops && !romon_learn_own_end(rn, &out, &downs))
		return ROMON_DROP_no_link;

	parent = romon_learn_node(topo, teller, NULL, from->id, &reason);
	if (!parent)
		return reason;
	answerer = romon_learn_node(topo, teller, parent, to->id, &reason);
	if (!answerer)
		goto out_prune;

	end = romon_edge_find(parent, out.link, to->id, in.link);
	if (end) {
		struct romon_edge_end *peer = romon_edge_peer(end);

		edge = romon_edge_of(end);
		if (!romon_end_equal(&end->port, &out) ||
		    !romon_end_equal(&peer->port, &in))
			topo->dirty = true;
		end->port = out;
		peer->port = in;
	} else {
		reason = ROMON_DROP_topology_full;
		if (topo->n_edges >= READ_ONCE(rn->limits.max_edges) &&
		    !romon_learn_spare(topo, teller))
			goto out_prune;
		reason = ROMON_DROP_no_memory;
		edge = romon_edge_add(topo, parent, &out, answerer, &in);
		if (!edge)
			goto out_prune;
	}
	romon_teller_told(topo, teller, edge);
	WRITE_ONCE(edge->seen, jiffies);
	edge->flood = READ_ONCE(topo->flood);
	/* This flood is not counted yet. */
	edge->bits = topo->bits + ROMON_FLOOD_BITS;
	edge->hops = f.hops + 1;
	answerer->flood = edge->flood;
	if (!f.hops)
		edge->downs = downs;
	romon_node_answered(topo, answerer, skb->data, &f);
	return ROMON_DROP_NONE;

out_prune:
	/* Nodes live by their edges: none stays that was made for nothing. */
	for (i = 0; i < 2; i++) {
		struct romon_node *node;

		node = romon_node_find(topo, i ? to->id : from->id);
		if (node && node != topo->self && !node->told &&
		    RB_EMPTY_ROOT(&node->edges))
			romon_node_del(topo, node);
	}
	return reason;
}

/*
 * Whether an answer that came in by @link may wait: a port by which many come
 * leaves places to the others.
 */
static bool romon_learn_has_place(const struct romon_topology *topo, u32 link)
{
	u32 limit = READ_ONCE(topo->rn->limits.queue_len);
	u32 len = skb_queue_len(&topo->rcv);

	lockdep_assert_held(&topo->rcv.lock);
	return len < limit && topo->rcv_share[link % ROMON_LEARN_SHARES] <
			      ROMON_LEARN_SHARE * (u64)(limit - len);
}

/* Take over an answer that has waited. Consumes the skb. */
static void romon_learn_read(struct romon_topology *topo, struct sk_buff *skb)
{
	const struct romon_learn_cb *cb = ROMON_LEARN_CB(skb);
	enum romon_drop reason = ROMON_DROP_no_memory;
	struct romon_teller *teller;

	teller = romon_teller_get(topo, cb->link, cb->from);
	if (teller) {
		reason = romon_learn_answer(topo, teller, skb);
		romon_teller_put(topo, teller);
	}
	if (reason)
		romon_drop(topo->rn, NULL, skb, reason);
	else
		consume_skb(skb);
}

/**
 * romon_raise_answer() - an answer to this router's Discover has come in
 * @port:	where
 * @skb:	a DiscoverResp that was found to be well-formed, data at its type
 *
 * In softirq. Consumes the skb.
 */
void romon_raise_answer(struct romon_port *port, struct sk_buff *skb)
{
	struct romon_net *rn = port->rn;
	struct romon_topology *topo = rcu_dereference(rn->topo);
	struct romon_learn_cb *cb = ROMON_LEARN_CB(skb);
	bool room;

	BUILD_BUG_ON(sizeof(*cb) > sizeof(skb->cb));
	if (!topo || !READ_ONCE(rn->flooded) ||
	    time_after64(get_jiffies_64(), READ_ONCE(rn->flooded_at) +
					   ROMON_ANSWER_TIMEOUT)) {
		romon_drop(rn, port, skb, ROMON_DROP_unsolicited);
		return;
	}

	/* It waits outside of RCU, which is all that holds these. */
	skb_orphan(skb);
	skb->dev = NULL;
	cb->link = port->link;
	memcpy(cb->mac, port->dev->dev_addr, ETH_ALEN);
	memcpy(cb->from, eth_hdr(skb)->h_source, ETH_ALEN);

	spin_lock(&topo->rcv.lock);
	room = romon_learn_has_place(topo, cb->link);
	if (room) {
		__skb_queue_tail(&topo->rcv, skb);
		topo->rcv_share[cb->link % ROMON_LEARN_SHARES]++;
	}
	spin_unlock(&topo->rcv.lock);
	if (!room) {
		romon_drop(rn, port, skb, ROMON_DROP_topology_queue);
		return;
	}

	romon_stats_inc(port->stats, ROMON_STAT_DELIVERED);
	romon_topology_kick(topo);
}

/*
 * What a flood says of a router that was not heard: if one in 2^n others was not,
 * it is n bits that this was no chance.
 */
static u32 romon_learn_bits(u32 known, u32 heard)
{
	if (known < ROMON_FLOOD_MANY || known == heard)
		return ROMON_FLOOD_BITS;
	return min_t(u32, ilog2(known / (known - heard)), ROMON_FLOOD_BITS);
}

/*
 * See who has answered a flood, once its answers are in. If few have, the network
 * is busy, and the next one is given more time.
 */
static void romon_learn_count(struct romon_topology *topo)
{
	u32 flood = READ_ONCE(topo->flood);
	u32 known = 0, heard = 0;
	struct rb_node *rb;

	if (time_before64(get_jiffies_64(),
			  READ_ONCE(topo->flood_at) + ROMON_FLOOD_FAR))
		flood--;
	/* Several that went by unseen count as one. */
	if (!topo->flood || flood == topo->counted)
		return;
	for (rb = rb_first(&topo->nodes); rb; rb = rb_next(rb)) {
		const struct romon_node *node = romon_node_rb(rb);

		cond_resched();
		known += node->answered;
		heard += node->answered &&
			 (s32)(node->flood - topo->counted) > 0;
	}
	topo->counted = flood;
	topo->bits += romon_learn_bits(known, heard);
	romon_discover_pace(topo->rn, known, heard);
}

/* Return: whether there was anything to read. */
bool romon_learn_drain(struct romon_topology *topo)
{
	struct sk_buff_head rcv;
	struct sk_buff *skb;
	bool any = false;

	romon_learn_count(topo);
	/* What comes in meanwhile is for the next run. */
	__skb_queue_head_init(&rcv);
	spin_lock_bh(&topo->rcv.lock);
	skb_queue_splice_init(&topo->rcv, &rcv);
	memset(topo->rcv_share, 0, sizeof(topo->rcv_share));
	spin_unlock_bh(&topo->rcv.lock);

	while ((skb = __skb_dequeue(&rcv))) {
		romon_learn_read(topo, skb);
		any = true;
		cond_resched();
	}
	return any;
}

/* Answers to the last flood may still be on their way. */
bool romon_topology_flood_is_fresh(const struct romon_topology *topo)
{
	return READ_ONCE(topo->flood) &&
	       time_before64(get_jiffies_64(),
			     READ_ONCE(topo->flood_at) + HZ / 4);
}

/*
 * How many floods in a row have not told of an edge, of those that should have
 * and were answered.
 */
u32 romon_edge_missed(const struct romon_topology *topo,
		      const struct romon_edge *edge)
{
	s32 missed = READ_ONCE(topo->flood) - edge->flood;

	if (edge->hops <= ROMON_FISHEYE_NEAR && topo->n_nodes < ROMON_FLOOD_MANY)
		return missed && romon_topology_flood_is_fresh(topo) ?
		       missed - 1 : missed;
	missed = topo->bits - edge->bits;
	return max(missed, 0) / (ROMON_FLOOD_BITS *
				 romon_fisheye_period(edge->hops));
}

/*
 * An edge is old if nobody has told of it for a long time, or if several
 * floods, the last of them long enough ago, should have found it and did not.
 */
static bool romon_edge_is_old(const struct romon_topology *topo,
			      const struct romon_edge *edge)
{
	u32 timeout = READ_ONCE(topo->rn->limits.node_timeout_s);

	if (time_after(jiffies, edge->seen + (unsigned long)timeout * HZ))
		return true;
	return romon_edge_missed(topo, edge) >= ROMON_EDGE_MISSED_FLOODS &&
	       time_after(jiffies, edge->seen + HZ);
}

/* Take out the edges to neighbours that are not heard any more. */
void romon_learn_lost_neighbors(struct romon_topology *topo)
{
	struct romon_net *rn = topo->rn;
	struct rb_node *e, *next;

	for (e = rb_first(&topo->self->edges); e; e = next) {
		struct romon_edge_end *end = romon_edge_rb(e);
		struct romon_port *port;
		bool lost;

		cond_resched();
		next = rb_next(e);
		rcu_read_lock();
		port = romon_port_running_rcu(rn, end->port.link);
		lost = port && romon_neigh_is_lost_rcu(port,
						       romon_edge_peer(end)->port.mac);
		rcu_read_unlock();
		if (lost)
			romon_edge_del(topo, romon_edge_of(end));
	}
}

void romon_learn_age(struct romon_topology *topo)
{
	struct rb_node *rb, *e, *next;

	topo->aged_at = get_jiffies_64();
	romon_learn_count(topo);
	romon_reach_age(topo);
	for (rb = rb_first(&topo->nodes); rb; rb = rb_next(rb)) {
		struct romon_node *node = romon_node_rb(rb);

		cond_resched();
		for (e = rb_first(&node->edges); e; e = next) {
			struct romon_edge *edge = romon_edge_of(romon_edge_rb(e));

			cond_resched();
			next = rb_next(e);
			if (romon_edge_is_old(topo, edge))
				romon_edge_del(topo, edge);
		}
	}
}

/*
 * Take out the edges over ports that are gone, down, or have been since the
 * edge was found.
 */
void romon_learn_lost_ports(struct romon_topology *topo)
{
	struct rb_node *e, *next;

	for (e = rb_first(&topo->self->edges); e; e = next) {
		struct romon_edge_end *end = romon_edge_rb(e);
		struct romon_end own = end->port;
		u32 downs = 0;

		cond_resched();
		next = rb_next(e);
		if (!romon_learn_own_end(topo->rn, &own, &downs) ||
		    downs != romon_edge_of(end)->downs)
			romon_edge_del(topo, romon_edge_of(end));
	}
}

/* Follow the cost, L2 MTU and link MAC of the ports. */
void romon_learn_changed_ports(struct romon_topology *topo)
{
	struct rb_node *e;

	for (e = rb_first(&topo->self->edges); e; e = rb_next(e)) {
		struct romon_edge_end *end = romon_edge_rb(e);
		struct romon_end own = end->port;
		u32 downs;

		cond_resched();
		if (romon_learn_own_end(topo->rn, &own, &downs) &&
		    !romon_end_equal(&end->port, &own)) {
			end->port = own;
			topo->dirty = true;
		}
	}
}
