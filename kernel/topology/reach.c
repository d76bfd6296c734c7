// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which routers answer, and the way round what does not.
 *
 * The only thing that tells of a break further away at once is that answers
 * stay out. A route that is not answered is doubted, edge by edge, for its own
 * destination alone: somebody else's datagrams there may well be answered. What
 * comes next takes the way that avoids the doubted edges and routers best,
 * while a flood finds out which of them are still there.
 */

#include <linux/etherdevice.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "net.h"
#include "reach.h"
#include "route.h"
#include "topology.h"

/* No answer for this long at least, or for so many of the usual round trips. */
#define ROMON_REACH_PATIENCE		(HZ / 10)
#define ROMON_REACH_ROUND_TRIPS		2
/* Until a round trip was seen, and how long the longest of them counts. */
#define ROMON_REACH_RTT_FIRST		(HZ / 2)
#define ROMON_REACH_RTT_AGE		(10 * HZ)
/* Doublings of the patience while no answer comes at all. */
#define ROMON_REACH_BACKOFF_MAX		8
/* One lost datagram is no reason to doubt a route. */
#define ROMON_REACH_UNANSWERED		2
/* How often to look whether the best route may be used again. */
#define ROMON_REACH_LOOK		(HZ / 10)
/* How long to stay off it at least, the more often it has failed. */
#define ROMON_REACH_HOLD_MIN		HZ
#define ROMON_REACH_HOLD_MAX		(64 * HZ)
/* Searches in one review: each may look at all edges, and holds the lock. */
#define ROMON_REACH_SEARCHES		8
/* Between floods asked for on behalf of one router while doubts stay. */
#define ROMON_REACH_ASK_MIN		(HZ / 2)
#define ROMON_REACH_ASK_MAX		(32 * HZ)
/* For all routers together: so many at once, then one each so often. */
#define ROMON_REACH_ASK_BURST		8
#define ROMON_REACH_ASK_REFILL		(4 * HZ)
/* What is known of a router to which nothing is sent is forgotten. */
#define ROMON_REACH_IDLE		(60 * HZ)

struct romon_way {
	struct rcu_head	rcu;
	u8	hops;
	struct romon_wire_entry entry[];
};

bool romon_reach_has_detour(const struct romon_node *node)
{
	return node->reach && node->reach->detour_hops;
}

static struct hlist_head *romon_reach_bucket(struct romon_topology *topo,
					     const u8 *id)
{
	return &topo->reach_hash[jhash(id, ETH_ALEN, topo->reach_seed) %
				 ROMON_REACH_BUCKETS];
}

static struct romon_reach *romon_reach_find_rcu(struct romon_topology *topo,
						const u8 *id)
{
	struct romon_reach *r;

	hlist_for_each_entry_rcu(r, romon_reach_bucket(topo, id), hash)
		if (ether_addr_equal_unaligned(r->id, id))
			return r;
	return NULL;
}

static struct romon_reach *romon_reach_add(struct romon_topology *topo,
					   struct romon_node *node)
{
	struct romon_reach *r = kzalloc(sizeof(*r), GFP_KERNEL);

	lockdep_assert_held(&topo->lock);
	if (!r)
		return NULL;
	memcpy(r->id, node->id, ETH_ALEN);
	r->node = node;
	r->sent = jiffies;
	r->heard = jiffies;
	r->rtt = ROMON_REACH_RTT_FIRST;
	r->rtt_at = jiffies - ROMON_REACH_RTT_AGE - 1;
	r->hold = ROMON_REACH_HOLD_MIN;
	r->returned = jiffies - ROMON_REACH_HOLD_MAX;
	node->reach = r;
	list_add_tail(&r->list, &topo->reaches);
	hlist_add_head_rcu(&r->hash, romon_reach_bucket(topo, r->id));
	WRITE_ONCE(topo->n_reaches, topo->n_reaches + 1);
	return r;
}

static struct romon_way *romon_reach_way(const struct romon_topology *topo,
					 const struct romon_reach *r)
{
	return rcu_dereference_protected(r->way,
					 lockdep_is_held(&topo->lock));
}

static void romon_reach_drop_detour(struct romon_reach *r)
{
	u32 i;

	for (i = 0; i < r->detour_hops; i++)
		romon_edge_of(r->detour[i])->held--;
	kfree(r->detour);
	r->detour = NULL;
	r->detour_hops = 0;
}

static void romon_reach_drop_doubt(struct romon_reach *r, unsigned int i)
{
	r->doubts[i].edge->held--;
	r->doubts[i] = r->doubts[--r->n_doubts];
}

/* The node goes, or nothing is sent there any more. */
void romon_reach_del(struct romon_topology *topo, struct romon_node *node)
{
	struct romon_reach *r = node->reach;
	struct romon_way *way;

	lockdep_assert_held(&topo->lock);
	if (!r)
		return;
	romon_reach_drop_detour(r);
	while (r->n_doubts)
		romon_reach_drop_doubt(r, 0);
	node->reach = NULL;
	list_del(&r->list);
	hlist_del_rcu(&r->hash);
	WRITE_ONCE(topo->n_reaches, topo->n_reaches - 1);
	way = romon_reach_way(topo, r);
	if (way)
		kfree_rcu(way, rcu);
	kfree(r->doubts);
	kfree_rcu(r, rcu);
}

/* An edge is about to be freed. */
void romon_reach_edge_gone(struct romon_topology *topo, struct romon_edge *edge)
{
	struct romon_reach *r;
	unsigned int i;

	lockdep_assert_held(&topo->lock);
	if (!edge->held)
		return;
	list_for_each_entry(r, &topo->reaches, list) {
		for (i = 0; i < r->detour_hops; i++) {
			if (romon_edge_of(r->detour[i]) == edge) {
				romon_reach_drop_detour(r);
				break;
			}
		}
		for (i = 0; i < r->n_doubts; i++) {
			if (r->doubts[i].edge == edge) {
				romon_reach_drop_doubt(r, i);
				break;
			}
		}
	}
}

static struct romon_doubt *romon_reach_doubt(struct romon_reach *r,
					     const struct romon_edge *edge)
{
	unsigned int i;

	for (i = 0; i < r->n_doubts; i++)
		if (r->doubts[i].edge == edge)
			return &r->doubts[i];
	return NULL;
}

/* Doubt all edges of a route: which of them is broken nobody tells. */
static void romon_reach_add_doubts(struct romon_topology *topo,
				   struct romon_reach *r,
				   const struct romon_route *route)
{
	struct romon_doubt *doubt;
	u32 i;

	lockdep_assert_held(&topo->lock);
	for (i = 0; i < route->hops; i++) {
		struct romon_edge *edge = romon_edge_of(route->hop[i]);

		doubt = romon_reach_doubt(r, edge);
		if (!doubt) {
			if (r->n_doubts == ROMON_DOUBTS)
				continue;
			doubt = &r->doubts[r->n_doubts++];
			doubt->edge = edge;
			doubt->times = 0;
			edge->held++;
		}
		doubt->flood = topo->flood;
		doubt->times++;
	}
}

/*
 * A later flood that tells of an edge refutes the doubt. Not at once: it says
 * nothing of datagrams, which may be lost there all the same.
 */
static void romon_reach_refute(struct romon_reach *r)
{
	unsigned int i = 0;

	if (r->n_doubts && time_before(jiffies, r->held))
		return;
	while (i < r->n_doubts) {
		if ((s32)(r->doubts[i].edge->flood - r->doubts[i].flood) > 0) {
			romon_reach_drop_doubt(r, i);
			r->again = true;
		} else {
			i++;
		}
	}
}

static bool romon_reach_doubts_best(struct romon_reach *r)
{
	struct romon_node *node;

	if (!r->n_doubts)
		return false;
	for (node = r->node; node->via; node = romon_edge_peer(node->via)->node)
		if (romon_reach_doubt(r, romon_edge_of(node->via)))
			return true;
	return false;
}

static void romon_node_doubt(struct romon_topology *topo,
			     struct romon_node *node, u32 times)
{
	if (node->doubt_round != topo->doubt_round)
		node->doubts = 0;
	node->doubt_round = topo->doubt_round;
	node->doubts = max(node->doubts, times);
}

/*
 * Take the least doubted way. A router that stands may have all of its edges
 * on different ways, so those in the middle of a doubted route are avoided too.
 */
static void romon_reach_search(struct romon_net *rn, struct romon_reach *r)
{
	struct romon_topology *topo = &rn->topo;
	const struct romon_route *route = &topo->route;
	struct romon_edge_end **hop;
	unsigned int i;

	lockdep_assert_held(&topo->lock);
	r->searched = topo->computed;
	r->again = false;
	topo->doubt_round++;
	for (i = 0; i < r->n_doubts; i++) {
		struct romon_doubt *doubt = &r->doubts[i];

		doubt->edge->doubt_round = topo->doubt_round;
		doubt->edge->doubts = doubt->times;
		romon_node_doubt(topo, doubt->edge->end[0].node, doubt->times);
		romon_node_doubt(topo, doubt->edge->end[1].node, doubt->times);
	}
	/* Every way goes there. */
	romon_node_doubt(topo, r->node, 0);
	r->node->doubts = 0;

	romon_reach_drop_detour(r);
	if (!romon_route_search(topo, r->node,
				READ_ONCE(rn->limits.hop_limit)))
		return;
	if (romon_route_hash(route) == r->node->path_hash)
		return;
	hop = kmemdup(route->hop, array_size(route->hops, sizeof(*hop)),
		      GFP_KERNEL);
	if (!hop) {
		r->again = true;
		return;
	}
	for (i = 0; i < route->hops; i++)
		romon_edge_of(hop[i])->held++;
	r->detour = hop;
	r->detour_hops = route->hops;
	r->detour_cost = route->cost;
	r->detour_hash = romon_route_hash(route);
}

/* Costs and link numbers of the edges may have changed. */
static void romon_reach_refresh_detour(struct romon_topology *topo,
				       struct romon_reach *r)
{
	lockdep_assert_held(&topo->lock);
	romon_route_write(topo, r->detour, r->detour_hops);
	r->detour_cost = topo->route.cost;
	r->detour_hash = romon_route_hash(&topo->route);
}

/*
 * Choose between the best route and a detour. A detour that works stays until
 * all of the best route is beyond doubt, or has become another; and then still
 * if it is no worse. A search is one of @searches. Return: whether one is still
 * to be done because none was left.
 */
static bool romon_reach_choose(struct romon_net *rn, struct romon_reach *r,
			       unsigned int *searches)
{
	romon_reach_refute(r);
	r->looked = jiffies;
	/* Found when more hops were allowed. */
	if (r->detour_hops > READ_ONCE(rn->limits.hop_limit))
		romon_reach_drop_detour(r);
	if (r->detour_hops)
		romon_reach_refresh_detour(&rn->topo, r);
	if (r->node->via && romon_reach_doubts_best(r)) {
		/* Where there was none there is none, unless something is new. */
		if (!r->detour_hops &&
		    (r->again || r->searched != rn->topo.computed)) {
			if (!*searches)
				return true;
			--*searches;
			romon_reach_search(rn, r);
		}
	} else if (r->detour_hops &&
		   (!r->node->via || r->detour_cost > r->node->cost ||
		    r->detour_hops > r->node->hops ||
		    r->detour_hash == r->node->path_hash)) {
		romon_reach_drop_detour(r);
		r->returned = jiffies;
		r->confirmed = true;
	}
	return false;
}

/* Why the route in use to a node has changed, if nothing else is a reason. */
enum romon_route_reason romon_reach_reason(struct romon_node *node,
					   enum romon_route_reason reason)
{
	struct romon_reach *r = node->reach;

	if (r && reason == ROMON_ROUTE_REASON_EDGE_CHANGED) {
		if (r->confirmed)
			reason = ROMON_ROUTE_REASON_CONFIRMED;
		else if (r->n_doubts && r->detour_hops)
			reason = ROMON_ROUTE_REASON_NO_ANSWER;
	}
	if (r)
		r->confirmed = false;
	return reason;
}

/*
 * Routes have been computed anew, or answers to a flood were read. The caller
 * tells of what that changes. Searches that are too many for once are left to
 * the next review, and to datagrams.
 */
void romon_reach_review(struct romon_net *rn)
{
	unsigned int searches = ROMON_REACH_SEARCHES;
	struct romon_topology *topo = &rn->topo;
	struct romon_reach *r, *left = NULL;

	lockdep_assert_held(&topo->lock);
	list_for_each_entry(r, &topo->reaches, list) {
		cond_resched();
		if (!r->n_doubts && !r->detour_hops)
			continue;
		if (romon_reach_choose(rn, r, &searches) && !left)
			left = r;
	}
	/* Who had none begins the next one, or some would never have any. */
	if (left)
		list_rotate_to_front(&left->list, &topo->reaches);
}

static bool romon_reach_take_token(struct romon_topology *topo)
{
	u64 now = get_jiffies_64(), new;

	lockdep_assert_held(&topo->lock);
	new = div_u64(now - topo->ask_refilled, ROMON_REACH_ASK_REFILL);
	if (new) {
		topo->ask_tokens = min_t(u64, topo->ask_tokens + new,
					 ROMON_REACH_ASK_BURST);
		topo->ask_refilled += new * ROMON_REACH_ASK_REFILL;
	}
	if (!topo->ask_tokens)
		return false;
	topo->ask_tokens--;
	return true;
}

static void romon_reach_ask(struct romon_net *rn, struct romon_reach *r)
{
	r->asked = jiffies;
	if (romon_reach_take_token(&rn->topo))
		romon_topology_ask(rn);
}

static unsigned long romon_reach_patience(const struct romon_reach *r)
{
	return max_t(unsigned long, ROMON_REACH_PATIENCE,
		     ROMON_REACH_ROUND_TRIPS * READ_ONCE(r->rtt));
}

static bool romon_reach_is_silent(const struct romon_reach *r)
{
	unsigned long since = r->since, heard = READ_ONCE(r->heard);

	if (atomic_read(&r->unanswered) < ROMON_REACH_UNANSWERED)
		return false;
	/* An answer that came while the first of them was being sent. */
	if (time_after(heard, since))
		since = heard;
	return time_after(jiffies,
			  since + (romon_reach_patience(r) << r->backoff));
}

/*
 * Nothing has come back over the route in use. Return: whether that is noted;
 * without memory the next datagram finds it out once more.
 */
static bool romon_reach_suspect(struct romon_net *rn, struct romon_reach *r,
				const struct romon_route *route)
{
	if (!r->doubts)
		r->doubts = kcalloc(ROMON_DOUBTS, sizeof(*r->doubts),
				    GFP_KERNEL);
	if (!r->doubts)
		return false;
	if (r->backoff < ROMON_REACH_BACKOFF_MAX)
		r->backoff++;
	if (!r->detour_hops) {
		/* Again, soon after it was thought to work? */
		if (time_before(jiffies, r->returned + 2 * r->hold + 10 * HZ))
			r->hold = min_t(unsigned long, 2 * r->hold,
					ROMON_REACH_HOLD_MAX);
		else
			r->hold = ROMON_REACH_HOLD_MIN;
	}
	r->held = jiffies + r->hold;
	if (!r->n_doubts)
		r->ask_wait = ROMON_REACH_ASK_MIN;
	romon_reach_add_doubts(&rn->topo, r, route);
	romon_reach_search(rn, r);
	r->looked = jiffies;
	romon_reach_ask(rn, r);
	romon_topology_tell(rn, r->node, ROMON_ROUTE_REASON_NO_ANSWER);
	return true;
}

/* Whether the best route may be used again, and if not, whether to ask. */
static void romon_reach_look(struct romon_net *rn, struct romon_reach *r)
{
	unsigned int searches = 1;

	romon_reach_choose(rn, r, &searches);
	romon_topology_tell(rn, r->node, ROMON_ROUTE_REASON_EDGE_CHANGED);
	if (romon_reach_doubts_best(r) &&
	    time_after(jiffies, r->asked + r->ask_wait)) {
		r->ask_wait = min_t(unsigned long, 2 * r->ask_wait,
				    ROMON_REACH_ASK_MAX);
		romon_reach_ask(rn, r);
	}
}

static bool romon_way_is(const struct romon_way *way,
			 const struct romon_wire_entry *wire, u8 hops)
{
	return way && way->hops == hops &&
	       !memcmp(way->entry, wire, flex_array_size(way, entry, hops));
}

/* What comes from now on answers what is sent from now on. */
static void romon_reach_begin(struct romon_topology *topo,
			      struct romon_reach *r, u8 hops)
{
	struct romon_way *way, *old = romon_reach_way(topo, r);

	lockdep_assert_held(&topo->lock);
	if (!romon_way_is(old, topo->wire, hops)) {
		/* Without one any frame of the router is an answer. */
		way = kmalloc(struct_size(way, entry, hops), GFP_KERNEL);
		if (way) {
			way->hops = hops;
			memcpy(way->entry, topo->wire,
			       flex_array_size(way, entry, hops));
		}
		rcu_assign_pointer(r->way, way);
		if (old)
			kfree_rcu(old, rcu);
	}
	WRITE_ONCE(r->proven, false);
	atomic_set(&r->unanswered, 0);
}

/**
 * romon_reach_route() - the route for a datagram that is about to be sent
 * @rn:		the router
 * @node:	where to; it has a route
 * @hops:	set to the number of entries in romon_topology.wire
 *
 * Return: the route, valid until routes are looked at again.
 */
const struct romon_route *romon_reach_route(struct romon_net *rn,
					    struct romon_node *node, u8 *hops)
{
	struct romon_topology *topo = &rn->topo;
	struct romon_reach *r = node->reach;
	const struct romon_route *route;

	lockdep_assert_held(&topo->lock);
	if (!r)
		r = romon_reach_add(topo, node);
	if (r && READ_ONCE(r->proven))
		r->backoff = 0;
	if (r && r->n_doubts &&
	    time_after(jiffies, r->looked + ROMON_REACH_LOOK))
		romon_reach_look(rn, r);

	route = romon_route_get(topo, node, 0);
	*hops = romon_route_wire(route, topo->wire);
	if (!r)
		return route;

	if (!romon_way_is(romon_reach_way(topo, r), topo->wire, *hops)) {
		romon_reach_begin(topo, r, *hops);
	} else if (romon_reach_is_silent(r) &&
		   romon_reach_suspect(rn, r, route)) {
		route = romon_route_get(topo, node, 0);
		*hops = romon_route_wire(route, topo->wire);
		romon_reach_begin(topo, r, *hops);
	}
	return route;
}

/*
 * A datagram is sent there now by the route that was asked for. Before it is:
 * on virtual links the answer is here before transmitting returns.
 */
void romon_reach_sent(struct romon_topology *topo, struct romon_node *node)
{
	struct romon_reach *r = node->reach;

	lockdep_assert_held(&topo->lock);
	if (!r)
		return;
	r->sent = jiffies;
	if (!atomic_read(&r->unanswered))
		WRITE_ONCE(r->since, jiffies);
	atomic_inc(&r->unanswered);
}

static bool romon_way_is_reverse(const struct romon_way *way,
				 const struct romon_wire_entry *entry, u8 hops)
{
	u8 i;

	if (way->hops != hops)
		return false;
	for (i = 0; i < hops; i++)
		if (memcmp(&way->entry[i], &entry[hops - 1 - i],
			   sizeof(*entry)))
			return false;
	return true;
}

/**
 * romon_reach_hear() - a Data frame has arrived here
 * @rn:		the router
 * @id:		who has sent it
 * @entry:	its entries: the way back, reversed
 * @hops:	how many
 *
 * Once the route in use was answered along the way that it takes, frames that
 * come by others are no answers: the router may have a way to here while there
 * is none to it. In softirq, under RCU.
 */
void romon_reach_hear(struct romon_net *rn, const u8 *id,
		      const struct romon_wire_entry *entry, u8 hops)
{
	unsigned long sample, now = jiffies;
	const struct romon_way *way;
	struct romon_reach *r;
	int unanswered;

	if (!READ_ONCE(rn->topo.n_reaches))
		return;
	r = romon_reach_find_rcu(&rn->topo, id);
	if (!r)
		return;
	way = rcu_dereference(r->way);
	if (way && romon_way_is_reverse(way, entry, hops)) {
		if (!READ_ONCE(r->proven))
			WRITE_ONCE(r->proven, true);
	} else if (READ_ONCE(r->proven)) {
		return;
	}
	if (READ_ONCE(r->heard) != now)
		WRITE_ONCE(r->heard, now);
	unanswered = atomic_read(&r->unanswered);
	if (!unanswered)
		return;
	/* If there are several this may answer a later one, the first lost. */
	sample = now - READ_ONCE(r->since);
	if ((unanswered == 1 || sample <= romon_reach_patience(r)) &&
	    (sample >= READ_ONCE(r->rtt) ||
	     time_after(now, READ_ONCE(r->rtt_at) + ROMON_REACH_RTT_AGE))) {
		WRITE_ONCE(r->rtt, min_t(unsigned long, sample, HZ));
		WRITE_ONCE(r->rtt_at, now);
	}
	atomic_set(&r->unanswered, 0);
}

/* Forget routers to which nothing was sent for long. */
void romon_reach_age(struct romon_net *rn)
{
	struct romon_reach *r, *next;
	struct romon_node *node;

	lockdep_assert_held(&rn->topo.lock);
	list_for_each_entry_safe(r, next, &rn->topo.reaches, list) {
		if (time_before(jiffies, r->sent + ROMON_REACH_IDLE))
			continue;
		node = r->node;
		romon_reach_del(&rn->topo, node);
		romon_topology_tell(rn, node, ROMON_ROUTE_REASON_FORGOTTEN);
	}
}

void romon_reach_net_init(struct romon_net *rn)
{
	struct romon_topology *topo = &rn->topo;
	unsigned int i;

	INIT_LIST_HEAD(&topo->reaches);
	for (i = 0; i < ROMON_REACH_BUCKETS; i++)
		INIT_HLIST_HEAD(&topo->reach_hash[i]);
	topo->reach_seed = get_random_u32();
	topo->ask_tokens = ROMON_REACH_ASK_BURST;
	topo->ask_refilled = get_jiffies_64();
}
