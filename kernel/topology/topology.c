// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes, edges, and the best routes over them.
 *
 * Written by the answers to this router's own Discovers, and by nothing else.
 */

#include <linux/etherdevice.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "path/discover.h"
#include "path/local.h"
#include "net.h"
#include "netlink/netlink.h"
#include "port/port.h"
#include "topology.h"

/* Answers to a Discover older than this are nobody's business any more. */
#define ROMON_ANSWER_TIMEOUT		(10 * HZ)
/* An edge that this many floods in a row did not tell of is gone. */
#define ROMON_EDGE_MISSED_FLOODS	3
/* How long a datagram waits for a route, and how often it asks for one. */
#define ROMON_PENDING_TIMEOUT		(3 * HZ / 2)
#define ROMON_PENDING_ASK		(HZ / 2)
/* Most memory for such datagrams; their number is bounded by queue-len. */
#define ROMON_PENDING_SIZE		SZ_1M

/* Behind the skbs that wait in romon_topology.pending. */
struct romon_pending_cb {
	unsigned long	since;		/* jiffies */
	u32		portid;
	u16		local_port;
	u16		remote_port;
	u8		dst[ETH_ALEN];
};

#define ROMON_PENDING_CB(skb)	((struct romon_pending_cb *)(skb)->cb)

struct romon_edge_end *romon_edge_peer(struct romon_edge_end *end)
{
	return end->index ? end - 1 : end + 1;
}

struct romon_edge *romon_edge_of(struct romon_edge_end *end)
{
	return container_of(end - end->index, struct romon_edge, end[0]);
}

static struct romon_edge_end *romon_edge_rb(struct rb_node *rb)
{
	return rb_entry(rb, struct romon_edge_end, rb);
}

static bool romon_end_equal(const struct romon_end *a,
			    const struct romon_end *b)
{
	return a->link == b->link && a->l2mtu == b->l2mtu &&
	       a->cost == b->cost && !memcmp(a->mac, b->mac, ETH_ALEN);
}

struct romon_node *romon_node_find(struct romon_topology *topo, const u8 *id)
{
	struct rb_node *rb = topo->nodes.rb_node;

	lockdep_assert_held(&topo->lock);
	while (rb) {
		struct romon_node *node = rb_entry(rb, struct romon_node, rb);
		int cmp = memcmp(id, node->id, ETH_ALEN);

		if (!cmp)
			return node;
		rb = cmp < 0 ? rb->rb_left : rb->rb_right;
	}
	return NULL;
}

/* The node with the lowest ID above @id. */
struct romon_node *romon_node_after(struct romon_topology *topo, const u8 *id)
{
	struct rb_node *rb = topo->nodes.rb_node;
	struct romon_node *found = NULL;

	lockdep_assert_held(&topo->lock);
	while (rb) {
		struct romon_node *node = rb_entry(rb, struct romon_node, rb);

		if (memcmp(node->id, id, ETH_ALEN) > 0) {
			found = node;
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
	}
	return found;
}

/* Whether a node is shown: reachable, and it has said who it is. */
bool romon_node_is_known(const struct romon_node *node)
{
	return node->via && node->answered;
}

/* The end at a node of the last hop of the route in use. */
struct romon_edge_end *romon_node_via(const struct romon_node *node)
{
	return romon_reach_has_detour(node) ?
	       node->reach->detour[node->reach->detour_hops - 1] : node->via;
}

static struct romon_node *romon_node_add(struct romon_topology *topo,
					 const u8 *id)
{
	struct rb_node **link = &topo->nodes.rb_node, *parent = NULL;
	struct romon_node *node;

	lockdep_assert_held(&topo->lock);
	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return NULL;
	memcpy(node->id, id, ETH_ALEN);
	node->edges = RB_ROOT;

	while (*link) {
		parent = *link;
		if (memcmp(id, rb_entry(parent, struct romon_node, rb)->id,
			   ETH_ALEN) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&node->rb, parent, link);
	rb_insert_color(&node->rb, &topo->nodes);
	topo->n_nodes++;
	return node;
}

static void romon_node_free(struct romon_topology *topo,
			    struct romon_node *node)
{
	lockdep_assert_held(&topo->lock);
	romon_reach_del(topo, node);
	rb_erase(&node->rb, &topo->nodes);
	topo->n_nodes--;
	kfree(node->identity);
	kfree(node->board);
	kfree(node);
}

/* Order of the ends of a node: its port, then whom it leads to. */
static int romon_edge_end_cmp(u32 link, const u8 *peer, u32 peer_link,
			      struct romon_edge_end *end)
{
	struct romon_edge_end *other = romon_edge_peer(end);
	int cmp;

	if (link != end->port.link)
		return link < end->port.link ? -1 : 1;
	cmp = memcmp(peer, other->node->id, ETH_ALEN);
	if (cmp)
		return cmp;
	if (peer_link != other->port.link)
		return peer_link < other->port.link ? -1 : 1;
	return 0;
}

static struct romon_edge_end *romon_edge_find(struct romon_node *node, u32 link,
					      const u8 *peer, u32 peer_link)
{
	struct rb_node *rb = node->edges.rb_node;

	while (rb) {
		struct romon_edge_end *end = romon_edge_rb(rb);
		int cmp = romon_edge_end_cmp(link, peer, peer_link, end);

		if (!cmp)
			return end;
		rb = cmp < 0 ? rb->rb_left : rb->rb_right;
	}
	return NULL;
}

static void romon_edge_link(struct romon_edge_end *end)
{
	struct rb_node **link = &end->node->edges.rb_node, *parent = NULL;
	struct romon_edge_end *other = romon_edge_peer(end);

	while (*link) {
		parent = *link;
		if (romon_edge_end_cmp(end->port.link, other->node->id,
				       other->port.link,
				       romon_edge_rb(parent)) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&end->rb, parent, link);
	rb_insert_color(&end->rb, &end->node->edges);
}

static struct romon_edge *romon_edge_add(struct romon_topology *topo,
					 struct romon_node *from,
					 const struct romon_end *out,
					 struct romon_node *to,
					 const struct romon_end *in)
{
	struct romon_edge *edge = kzalloc(sizeof(*edge), GFP_KERNEL);

	lockdep_assert_held(&topo->lock);
	if (!edge)
		return NULL;
	edge->end[0].node = from;
	edge->end[0].port = *out;
	edge->end[1].node = to;
	edge->end[1].port = *in;
	edge->end[1].index = 1;
	romon_edge_link(&edge->end[0]);
	romon_edge_link(&edge->end[1]);
	topo->n_edges++;
	topo->dirty = true;
	return edge;
}

/*
 * Routes point to edges: romon_topology_update() has to run before anybody
 * looks at one again.
 */
static void romon_edge_del(struct romon_topology *topo,
			   struct romon_edge *edge)
{
	lockdep_assert_held(&topo->lock);
	romon_reach_edge_gone(topo, edge);
	rb_erase(&edge->end[0].rb, &edge->end[0].node->edges);
	rb_erase(&edge->end[1].rb, &edge->end[1].node->edges);
	kfree(edge);
	topo->n_edges--;
	topo->dirty = true;
}

void romon_edge_key(struct romon_edge *edge, struct romon_edge_key *key)
{
	memcpy(key->id, edge->end[0].node->id, ETH_ALEN);
	memcpy(key->peer, edge->end[1].node->id, ETH_ALEN);
	key->link = edge->end[0].port.link;
	key->peer_link = edge->end[1].port.link;
}

/*
 * The next edge of a dump, which shows each once, with its first end's node;
 * an all zero key is before all of them.
 */
struct romon_edge *romon_edge_after(struct romon_topology *topo,
				    const struct romon_edge_key *key)
{
	struct romon_node *node = romon_node_find(topo, key->id);
	struct rb_node *rb = NULL, *next;

	lockdep_assert_held(&topo->lock);
	if (node) {
		for (next = node->edges.rb_node; next;) {
			if (romon_edge_end_cmp(key->link, key->peer,
					       key->peer_link,
					       romon_edge_rb(next)) < 0) {
				rb = next;
				next = next->rb_left;
			} else {
				next = next->rb_right;
			}
		}
	} else {
		node = romon_node_after(topo, key->id);
		rb = node ? rb_first(&node->edges) : NULL;
	}

	while (node) {
		for (; rb; rb = rb_next(rb)) {
			if (!romon_edge_rb(rb)->index)
				return romon_edge_of(romon_edge_rb(rb));
		}
		next = rb_next(&node->rb);
		node = next ? rb_entry(next, struct romon_node, rb) : NULL;
		rb = node ? rb_first(&node->edges) : NULL;
	}
	return NULL;
}

/* Tell of a node what has changed since it was last told of. */
void romon_topology_tell(struct romon_net *rn, struct romon_node *node,
			 enum romon_route_reason reason)
{
	struct romon_topology *topo = &rn->topo;
	bool known = romon_node_is_known(node), moved;
	u32 hash = node->path_hash, cost = node->cost;

	lockdep_assert_held(&topo->lock);
	if (romon_reach_has_detour(node)) {
		hash = node->reach->detour_hash;
		cost = node->reach->detour_cost;
	}
	moved = node->told_hash != hash;
	reason = romon_reach_reason(node, reason);
	if (known && node->told && cost < node->told_cost &&
	    (reason == ROMON_ROUTE_REASON_EDGE_CHANGED ||
	     reason == ROMON_ROUTE_REASON_EDGE_LOST))
		reason = ROMON_ROUTE_REASON_CHEAPER;

	if (known && !node->told)
		romon_nl_node_ntf(rn, node, ROMON_CMD_NODE_ADD_NTF, NULL);
	else if (!known && node->told)
		romon_nl_node_ntf(rn, node, ROMON_CMD_NODE_DEL_NTF, &reason);
	else if (known && (node->changed || moved))
		romon_nl_node_ntf(rn, node, ROMON_CMD_NODE_CHANGE_NTF,
				  moved ? &reason : NULL);
	if (moved)
		topo->generation++;
	node->told = known;
	node->told_hash = hash;
	node->told_cost = cost;
	node->changed = false;
}

/*
 * Compute if need be, and tell what that has changed, and why. To be called
 * before the lock is dropped by whoever removes edges.
 */
static void romon_topology_update(struct romon_net *rn,
				  enum romon_route_reason reason)
{
	struct romon_topology *topo = &rn->topo;
	struct romon_node *node;
	struct rb_node *rb, *next;

	lockdep_assert_held(&topo->lock);
	if (topo->dirty)
		romon_route_compute(topo, READ_ONCE(rn->limits.hop_limit));
	romon_reach_review(rn);

	for (rb = rb_first(&topo->nodes); rb; rb = next) {
		next = rb_next(rb);
		node = rb_entry(rb, struct romon_node, rb);
		if (node == topo->self)
			continue;
		romon_topology_tell(rn, node, reason);
		if (RB_EMPTY_ROOT(&node->edges)) {
			topo->generation++;
			romon_node_free(topo, node);
		}
	}
}

/*
 * Take over a string from the wire. Control characters would only ever be an
 * attack on somebody's terminal.
 */
static bool romon_node_string(char **where, const char *value, u8 len)
{
	char *new;
	u8 i;

	if (*where && strlen(*where) == len && !memcmp(*where, value, len))
		return false;
	new = kmalloc(len + 1, GFP_KERNEL);
	if (!new)
		return false;
	for (i = 0; i < len; i++)
		new[i] = value[i] < 0x20 && value[i] >= 0 ? '?' :
			 value[i] == 0x7f ? '?' : value[i];
	new[len] = '\0';
	if (*where && !strcmp(*where, new)) {
		kfree(new);
		return false;
	}
	kfree(*where);
	*where = new;
	return true;
}

static void romon_node_answered(struct romon_topology *topo,
				struct romon_node *node, const u8 *buf,
				const struct romon_frame *f)
{
	bool changed = false;

	lockdep_assert_held(&topo->lock);
	changed |= romon_node_string(&node->identity,
				     (const char *)buf + f->identity.off,
				     f->identity.len);
	changed |= romon_node_string(&node->board,
				     (const char *)buf + f->board.off,
				     f->board.len);
	if (f->version.len &&
	    memcmp(node->version, buf + f->version.off, ROMON_VERSION_LEN)) {
		memcpy(node->version, buf + f->version.off, ROMON_VERSION_LEN);
		changed = true;
	}
	node->seen = jiffies;
	node->answered = true;
	if (changed) {
		node->changed = true;
		topo->generation++;
	}
}

static struct romon_node *romon_node_get(struct romon_net *rn, const u8 *id,
					 enum romon_drop *reason)
{
	struct romon_topology *topo = &rn->topo;
	struct romon_node *node = romon_node_find(topo, id);

	if (node)
		return node;
	/* This router's own node is not one that it knows. */
	*reason = ROMON_DROP_topology_full;
	if (topo->n_nodes > READ_ONCE(rn->limits.max_nodes))
		return NULL;
	*reason = ROMON_DROP_no_memory;
	return romon_node_add(topo, id);
}

/* What this router itself says of its port, not what others make of it. */
static bool romon_topology_own_end(struct romon_net *rn, struct romon_end *end)
{
	struct romon_port *port;

	rcu_read_lock();
	port = romon_port_running_rcu(rn, end->link);
	if (port)
		romon_port_end(port, end);
	rcu_read_unlock();
	return port;
}

/* Read an answer, which stays the caller's. */
static enum romon_drop romon_topology_learn(struct romon_net *rn,
					    const struct sk_buff *skb)
{
	const struct romon_wire_discover *d = (const void *)skb->data;
	const struct romon_wire_route *from, *to;
	struct romon_topology *topo = &rn->topo;
	struct romon_node *parent, *answerer;
	struct romon_edge_end *end;
	enum romon_drop reason;
	struct romon_end out, in;
	struct romon_edge *edge;
	struct romon_frame f;
	unsigned int i;

	lockdep_assert_held(&topo->lock);
	/* Whole and well-formed, as it was found to be when it came in. */
	if (romon_wire_parse(&f, skb->data, skb->len, skb->len) ||
	    !ether_addr_equal_unaligned(d->h.src, topo->self->id))
		return ROMON_DROP_not_mine;

	from = (const void *)(skb->data + f.route[0]);
	to = (const void *)(skb->data + f.route[1]);
	romon_wire_end_get(&out, &from->out);
	romon_wire_end_get(&in, &to->in);
	if (!is_valid_ether_addr(in.mac) || !is_valid_ether_addr(out.mac))
		return ROMON_DROP_bad_route_tlv;
	if (!f.hops && !romon_topology_own_end(rn, &out))
		return ROMON_DROP_no_link;

	parent = romon_node_get(rn, from->id, &reason);
	if (!parent)
		return reason;
	answerer = romon_node_get(rn, to->id, &reason);
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
		if (topo->n_edges >= READ_ONCE(rn->limits.max_edges))
			goto out_prune;
		reason = ROMON_DROP_no_memory;
		edge = romon_edge_add(topo, parent, &out, answerer, &in);
		if (!edge)
			goto out_prune;
	}
	edge->seen = jiffies;
	edge->flood = topo->flood;
	romon_node_answered(topo, answerer, skb->data, &f);
	return ROMON_DROP_NONE;

out_prune:
	/* Nodes live by their edges: none stays that was made for nothing. */
	for (i = 0; i < 2; i++) {
		struct romon_node *node;

		node = romon_node_find(topo, i ? to->id : from->id);
		if (node && node != topo->self && RB_EMPTY_ROOT(&node->edges))
			romon_node_free(topo, node);
	}
	return reason;
}

/* Soon, but not once an answer: what has come in until then is read at once. */
static void romon_topology_kick(struct romon_topology *topo)
{
	if (!test_and_set_bit(0, &topo->kicked))
		mod_delayed_work(system_dfl_wq, &topo->work,
				 READ_ONCE(topo->pause));
}

/**
 * romon_topology_rcv() - an answer to this router's Discover has come in
 * @port:	where
 * @skb:	a DiscoverResp that was found to be well-formed, data at its type
 *
 * In softirq. Consumes the skb.
 */
void romon_topology_rcv(struct romon_port *port, struct sk_buff *skb)
{
	struct romon_net *rn = port->rn;
	struct romon_topology *topo = &rn->topo;

	if (!READ_ONCE(rn->flooded) ||
	    time_after64(get_jiffies_64(), READ_ONCE(rn->flooded_at) +
					   ROMON_ANSWER_TIMEOUT)) {
		romon_drop(rn, port, skb, ROMON_DROP_unsolicited);
		return;
	}

	/* It waits outside of RCU, which is all that holds these. */
	skb_orphan(skb);
	skb->dev = NULL;

	spin_lock(&topo->rcv.lock);
	if (skb_queue_len(&topo->rcv) >= READ_ONCE(rn->limits.queue_len)) {
		spin_unlock(&topo->rcv.lock);
		romon_drop(rn, port, skb, ROMON_DROP_topology_queue);
		return;
	}
	__skb_queue_tail(&topo->rcv, skb);
	spin_unlock(&topo->rcv.lock);

	romon_stats_inc(port, ROMON_STAT_DELIVERED);
	romon_topology_kick(topo);
}

static void romon_topology_drain(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;
	struct sk_buff_head rcv;
	enum romon_drop reason;
	struct sk_buff *skb;

	lockdep_assert_held(&topo->lock);
	/* What comes in meanwhile is for the next run: others want the lock. */
	__skb_queue_head_init(&rcv);
	spin_lock_bh(&topo->rcv.lock);
	skb_queue_splice_init(&topo->rcv, &rcv);
	spin_unlock_bh(&topo->rcv.lock);

	while ((skb = __skb_dequeue(&rcv))) {
		reason = topo->self ? romon_topology_learn(rn, skb) :
				      ROMON_DROP_not_mine;
		if (reason)
			romon_drop(rn, NULL, skb, reason);
		else
			consume_skb(skb);
		cond_resched();
	}
}

/* Answers to the last flood may still be on their way. */
bool romon_topology_flood_is_fresh(const struct romon_topology *topo)
{
	return time_before64(get_jiffies_64(), topo->flood_at + HZ / 4);
}

/* How many floods in a row have not told of an edge. */
u32 romon_edge_missed(const struct romon_topology *topo,
		      const struct romon_edge *edge)
{
	u32 missed = topo->flood - edge->flood;

	return missed && romon_topology_flood_is_fresh(topo) ? missed - 1 :
	       missed;
}

/*
 * An edge is old if nobody has told of it for a long time, or if several
 * floods, the last of them long enough ago, should have found it and did not.
 */
static bool romon_edge_is_old(const struct romon_net *rn,
			      const struct romon_edge *edge)
{
	u32 timeout = READ_ONCE(rn->limits.node_timeout_s);

	if (time_after(jiffies, edge->seen + (unsigned long)timeout * HZ))
		return true;
	return romon_edge_missed(&rn->topo, edge) >= ROMON_EDGE_MISSED_FLOODS &&
	       time_after(jiffies, edge->seen + HZ);
}

/* Take out the edges to neighbours that are not heard any more. */
static void romon_topology_miss_neighbors(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;
	struct rb_node *e, *next;

	lockdep_assert_held(&topo->lock);
	for (e = rb_first(&topo->self->edges); e; e = next) {
		struct romon_edge_end *end = romon_edge_rb(e);
		struct romon_port *port;
		bool lost;

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

static void romon_topology_age(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;
	struct rb_node *rb, *e, *next;

	lockdep_assert_held(&topo->lock);
	topo->aged_at = get_jiffies_64();
	romon_reach_age(rn);
	for (rb = rb_first(&topo->nodes); rb; rb = rb_next(rb)) {
		struct romon_node *node = rb_entry(rb, struct romon_node, rb);

		for (e = rb_first(&node->edges); e; e = next) {
			struct romon_edge *edge = romon_edge_of(romon_edge_rb(e));

			next = rb_next(e);
			if (romon_edge_is_old(rn, edge))
				romon_edge_del(topo, edge);
		}
	}
}

static int romon_topology_xmit(struct romon_net *rn, struct sk_buff *skb,
			       struct romon_node *node, u16 local_port,
			       u16 remote_port)
{
	struct romon_topology *topo = &rn->topo;
	const struct romon_self *self;
	const struct romon_route *route;
	int err = -ENETDOWN;
	u8 hops;

	lockdep_assert_held(&topo->lock);
	route = romon_reach_route(rn, node, &hops);
	if (romon_wire_data_len(hops, skb->len) > route->l2mtu) {
		romon_drop(rn, NULL, skb, ROMON_DROP_too_big);
		return -EMSGSIZE;
	}
	romon_reach_sent(topo, node);

	rcu_read_lock();
	self = rcu_dereference(rn->self);
	if (self)
		err = romon_local_xmit_rcu(rn, self, skb, node->id, topo->wire,
					   hops, local_port, remote_port);
	else
		romon_drop(rn, NULL, skb, ROMON_DROP_no_link);
	rcu_read_unlock();
	return err;
}

void romon_topology_ask(struct romon_net *rn)
{
	rn->topo.asked_at = get_jiffies_64();
	romon_discover_request(rn);
}

static void romon_topology_unqueue(struct romon_topology *topo,
				   struct sk_buff *skb)
{
	lockdep_assert_held(&topo->lock);
	__skb_unlink(skb, &topo->pending);
	topo->pending_size -= skb->truesize;
}

/* Send what has got a route, give up what has waited for too long. */
static void romon_topology_serve(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;
	struct sk_buff *skb, *next;

	lockdep_assert_held(&topo->lock);
	/* Under the mutex alone; nobody takes the lock of this queue. */
	skb_queue_walk_safe(&topo->pending, skb, next) {
		struct romon_pending_cb cb = *ROMON_PENDING_CB(skb);
		struct romon_node *node = romon_node_find(topo, cb.dst);
		int err = -EHOSTUNREACH;

		if (node && node->via) {
			romon_topology_unqueue(topo, skb);
			memset(skb->cb, 0, sizeof(skb->cb));
			err = romon_topology_xmit(rn, skb, node, cb.local_port,
						  cb.remote_port);
		} else if (time_after(jiffies,
				      cb.since + ROMON_PENDING_TIMEOUT)) {
			romon_topology_unqueue(topo, skb);
			romon_drop(rn, NULL, skb, ROMON_DROP_no_route);
		} else {
			continue;
		}
		if (err)
			romon_nl_datagram_error(rn, cb.portid, cb.dst,
						cb.local_port, cb.remote_port,
						-err);
	}
	if (!skb_queue_empty(&topo->pending) &&
	    time_after64(get_jiffies_64(), topo->asked_at + ROMON_PENDING_ASK))
		romon_topology_ask(rn);
}

static void romon_topology_work(struct work_struct *work)
{
	struct romon_topology *topo = container_of(to_delayed_work(work),
						   struct romon_topology, work);
	struct romon_net *rn = container_of(topo, struct romon_net, topo);
	unsigned long delay = 0, start = jiffies;

	clear_bit(0, &topo->kicked);
	/* Before @rcv is looked at: what comes in later kicks again. */
	smp_mb__after_atomic();

	mutex_lock(&topo->lock);
	romon_topology_drain(rn);
	if (topo->self) {
		/* Equal links, of which the last flood has told otherwise. */
		if (topo->undecided && topo->decided_flood != topo->flood &&
		    !romon_topology_flood_is_fresh(topo))
			topo->dirty = true;
		romon_topology_update(rn, ROMON_ROUTE_REASON_EDGE_CHANGED);
		if (time_after64(get_jiffies_64(), topo->aged_at + HZ)) {
			romon_topology_miss_neighbors(rn);
			if (topo->dirty)
				romon_topology_update(rn, ROMON_ROUTE_REASON_NEIGHBOR_LOST);
			romon_topology_age(rn);
			if (topo->dirty)
				romon_topology_update(rn, ROMON_ROUTE_REASON_EDGE_LOST);
		}
		romon_topology_serve(rn);
		if (!skb_queue_empty(&topo->pending))
			delay = HZ / 10;
		else if (topo->n_edges)
			delay = HZ;
	}
	mutex_unlock(&topo->lock);

	/* In a large network routes are computed a third of the time at most. */
	WRITE_ONCE(topo->pause, clamp(2 * (jiffies - start), 1UL, (unsigned long)HZ));

	if (delay)
		queue_delayed_work(system_dfl_wq, &topo->work, delay);
}

/**
 * romon_topology_send() - send a datagram on the best known route
 * @rn:		the router
 * @skb:	the payload
 * @dg:		where from and to
 * @portid:	the netlink socket to tell if no route is found
 * @extack:	for a sentence
 *
 * Consumes the skb. If there is no route yet it waits while one is searched.
 *
 * Return: 0 or a negative errno; then nothing was sent.
 */
int romon_topology_send(struct romon_net *rn, struct sk_buff *skb,
			const struct romon_datagram *dg, u32 portid,
			struct netlink_ext_ack *extack)
{
	struct romon_pending_cb *cb = ROMON_PENDING_CB(skb);
	struct romon_topology *topo = &rn->topo;
	unsigned long half_life;
	struct romon_node *node;
	int err = 0;

	BUILD_BUG_ON(sizeof(*cb) > sizeof(skb->cb));
	mutex_lock(&topo->lock);
	if (!topo->self) {
		kfree_skb(skb);
		NL_SET_ERR_MSG(extack, "RoMON is not running");
		err = -ENETDOWN;
		goto out;
	}

	node = romon_node_find(topo, dg->dst);
	if (node && node->via) {
		/* A route in use is refreshed before it is forgotten. */
		half_life = (unsigned long)READ_ONCE(rn->limits.node_timeout_s) * HZ / 2;
		if (time_after(jiffies, romon_edge_of(node->via)->seen + half_life) &&
		    time_after64(get_jiffies_64(), topo->asked_at + HZ))
			romon_topology_ask(rn);
		err = romon_topology_xmit(rn, skb, node, dg->local_port,
					  dg->remote_port);
		if (err == -EMSGSIZE)
			NL_SET_ERR_MSG(extack,
				       "The datagram is longer than the L2 MTU of the route allows");
		else
			romon_local_explain(err, extack);
		goto out;
	}

	if (skb_queue_len(&topo->pending) >= READ_ONCE(rn->limits.queue_len) ||
	    topo->pending_size + skb->truesize > ROMON_PENDING_SIZE) {
		romon_drop(rn, NULL, skb, ROMON_DROP_route_queue);
		NL_SET_ERR_MSG(extack, "Too many datagrams wait for a route already");
		err = -ENOBUFS;
		goto out;
	}
	cb->since = jiffies;
	cb->portid = portid;
	cb->local_port = dg->local_port;
	cb->remote_port = dg->remote_port;
	memcpy(cb->dst, dg->dst, ETH_ALEN);
	__skb_queue_tail(&topo->pending, skb);
	topo->pending_size += skb->truesize;
	romon_topology_ask(rn);
	romon_topology_kick(topo);
out:
	mutex_unlock(&topo->lock);
	return err;
}

/* This router's own Discover is about to be sent. */
void romon_topology_flood(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;

	mutex_lock(&topo->lock);
	topo->flood++;
	topo->flood_at = get_jiffies_64();
	mutex_unlock(&topo->lock);
}

/* A port of this router is gone or down, and all edges over it with it. */
void romon_topology_port_down(struct romon_net *rn, u32 link)
{
	struct romon_topology *topo = &rn->topo;
	struct rb_node *e, *next;

	mutex_lock(&topo->lock);
	if (!topo->self)
		goto out;
	for (e = rb_first(&topo->self->edges); e; e = next) {
		struct romon_edge_end *end = romon_edge_rb(e);

		next = rb_next(e);
		if (end->port.link == link)
			romon_edge_del(topo, romon_edge_of(end));
	}
	romon_topology_update(rn, rcu_access_pointer(rn->self) ?
			      ROMON_ROUTE_REASON_PORT_DOWN :
			      ROMON_ROUTE_REASON_OFF);
out:
	mutex_unlock(&topo->lock);
}

/* Cost, L2 MTU or link MAC of a port of this router may have changed. */
void romon_topology_port_change(struct romon_net *rn,
				const struct romon_end *new)
{
	struct romon_topology *topo = &rn->topo;
	struct rb_node *e;

	mutex_lock(&topo->lock);
	if (!topo->self)
		goto out;
	for (e = rb_first(&topo->self->edges); e; e = rb_next(e)) {
		struct romon_edge_end *end = romon_edge_rb(e);

		if (end->port.link == new->link &&
		    !romon_end_equal(&end->port, new)) {
			end->port = *new;
			topo->dirty = true;
		}
	}
	romon_topology_update(rn, ROMON_ROUTE_REASON_PORT_CHANGED);
out:
	mutex_unlock(&topo->lock);
}

/* Settings that routes depend on have changed. */
void romon_topology_refresh(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;

	mutex_lock(&topo->lock);
	topo->dirty = true;
	if (topo->self)
		romon_topology_update(rn, ROMON_ROUTE_REASON_SETTINGS);
	mutex_unlock(&topo->lock);
}

void romon_topology_net_init(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;

	mutex_init(&topo->lock);
	topo->nodes = RB_ROOT;
	__skb_queue_head_init(&topo->pending);
	skb_queue_head_init(&topo->rcv);
	topo->pause = 1;
	romon_reach_net_init(rn);
	INIT_DELAYED_WORK(&topo->work, romon_topology_work);
}

/* Before frames of this ID can come in. */
int romon_topology_start(struct romon_net *rn, const u8 *id)
{
	struct romon_topology *topo = &rn->topo;
	struct romon_node *self;

	mutex_lock(&topo->lock);
	self = romon_node_add(topo, id);
	topo->self = self;
	topo->aged_at = get_jiffies_64();
	topo->asked_at = get_jiffies_64();
	topo->generation++;
	mutex_unlock(&topo->lock);
	return self ? 0 : -ENOMEM;
}

/* After frames can come in no more. */
void romon_topology_stop(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;
	enum romon_route_reason off = ROMON_ROUTE_REASON_OFF;
	struct rb_node *rb, *e;
	struct sk_buff *skb;

	mutex_lock(&topo->lock);
	topo->self = NULL;
	while ((rb = rb_first(&topo->nodes))) {
		struct romon_node *node = rb_entry(rb, struct romon_node, rb);

		while ((e = rb_first(&node->edges)))
			romon_edge_del(topo, romon_edge_of(romon_edge_rb(e)));
		node->via = NULL;
		node->n_alternatives = 0;
		if (node->told)
			romon_nl_node_ntf(rn, node, ROMON_CMD_NODE_DEL_NTF,
					  &off);
		romon_node_free(topo, node);
		cond_resched();
	}
	topo->dirty = false;
	topo->generation++;
	while ((skb = skb_peek(&topo->pending))) {
		struct romon_pending_cb *cb = ROMON_PENDING_CB(skb);

		romon_topology_unqueue(topo, skb);
		romon_nl_datagram_error(rn, cb->portid, cb->dst, cb->local_port,
					cb->remote_port, ENETDOWN);
		kfree_skb(skb);
	}
	mutex_unlock(&topo->lock);

	cancel_delayed_work_sync(&topo->work);
	clear_bit(0, &topo->kicked);
	skb_queue_purge(&topo->rcv);
}
