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

#include "graph.h"
#include "map.h"
#include "net.h"
#include "private.h"
#include "reach.h"
#include "route.h"

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
/* Searches in one review: each may look at all edges, and others wait. */
#define ROMON_REACH_SEARCHES		8
/* Between floods asked for on behalf of one router while doubts stay. */
#define ROMON_REACH_ASK_MIN		(HZ / 2)
#define ROMON_REACH_ASK_MAX		(32 * HZ)
/* For all routers together: so many at once, then one each so often. */
#define ROMON_REACH_ASK_BURST		8
#define ROMON_REACH_ASK_REFILL		(4 * HZ)
/* What is known of a router to which nothing is sent is forgotten. */
#define ROMON_REACH_IDLE		(60 * HZ)

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

	if (!READ_ONCE(topo->n_reaches))
		return NULL;
	hlist_for_each_entry_rcu(r, romon_reach_bucket(topo, id), hash)
		if (ether_addr_equal_unaligned(r->id, id))
			return r;
	return NULL;
}

static struct romon_reach *romon_reach_add(struct romon_topology *topo,
					   struct romon_node *node)
{
	struct romon_reach *r = kzalloc_obj(*r, ROMON_LEARN_GFP);
	u64 now = get_jiffies_64();

	if (!r)
		return NULL;
	memcpy(r->id, node->id, ETH_ALEN);
	r->node = node;
	r->sent = now;
	r->refreshed = now;
	r->heard = now;
	r->rtt = ROMON_REACH_RTT_FIRST;
	r->rtt_at = now - ROMON_REACH_RTT_AGE - 1;
	r->hold = ROMON_REACH_HOLD_MIN;
	r->returned = now - ROMON_REACH_HOLD_MAX;
	r->narrow = U32_MAX;
	node->reach = r;
	list_add_tail(&r->list, &topo->reaches);
	hlist_add_head_rcu(&r->hash, romon_reach_bucket(topo, r->id));
	WRITE_ONCE(topo->n_reaches, topo->n_reaches + 1);
	return r;
}

static const struct romon_map_node *
romon_reach_best(struct romon_topology *topo, const struct romon_reach *r)
{
	return &romon_topology_map(topo)->node[r->node->index];
}

static bool romon_reach_has_best(struct romon_topology *topo,
				 const struct romon_reach *r)
{
	return r->node->index != ROMON_MAP_NONE &&
	       romon_reach_best(topo, r)->via != ROMON_MAP_NONE;
}

/* The route in use, as the work sees it. */
static struct romon_route *romon_reach_current(const struct romon_reach *r)
{
	return rcu_dereference_protected(r->route, true);
}

/* What was found for long datagrams is not true any more. */
static void romon_reach_drop_wide(struct romon_reach *r)
{
	struct romon_route *wide = rcu_dereference_protected(r->wide, true);

	RCU_INIT_POINTER(r->wide, NULL);
	WRITE_ONCE(r->narrow, U32_MAX);
	if (wide)
		kfree_rcu(wide, rcu);
}

/* Find the hops of the route in use. Return: whether there is one. */
static bool romon_reach_path(struct romon_topology *topo,
			     const struct romon_reach *r,
			     struct romon_path *path)
{
	u32 i;

	if (!romon_reach_has_best(topo, r))
		return false;
	if (!r->detour_hops)
		return romon_route_path(romon_topology_map(topo),
					r->node->index, 0, path);
	path->hops = r->detour_hops;
	for (i = 0; i < r->detour_hops; i++) {
		struct romon_edge_end *end = r->detour[i].end;

		path->end[i] = 2 * romon_edge_of(end)->index + end->index;
	}
	return true;
}

static void romon_reach_drop_detour(struct romon_reach *r)
{
	u32 i;

	for (i = 0; i < r->detour_hops; i++)
		hlist_del(&r->detour[i].of_edge);
	kfree(r->detour);
	r->detour = NULL;
	r->detour_hops = 0;
}

static void romon_reach_drop_doubt(struct romon_reach *r, unsigned int i)
{
	struct romon_doubt *doubt = &r->doubts[i];
	struct romon_doubt *last = &r->doubts[--r->n_doubts];

	hlist_del(&doubt->of_edge);
	if (doubt != last) {
		hlist_del(&last->of_edge);
		*doubt = *last;
		hlist_add_head(&doubt->of_edge, &doubt->edge->doubted);
	}
	WRITE_ONCE(r->doubted, r->n_doubts);
}

/* The node goes, or nothing is sent there any more. */
void romon_reach_del(struct romon_topology *topo, struct romon_node *node)
{
	struct romon_reach *r = node->reach;
	struct romon_route *route;

	if (!r)
		return;
	romon_reach_drop_detour(r);
	while (r->n_doubts)
		romon_reach_drop_doubt(r, 0);
	node->reach = NULL;
	list_del(&r->list);
	hlist_del_rcu(&r->hash);
	WRITE_ONCE(topo->n_reaches, topo->n_reaches - 1);
	route = romon_reach_current(r);
	if (route)
		kfree_rcu(route, rcu);
	romon_reach_drop_wide(r);
	kfree(r->doubts);
	kfree_rcu(r, rcu);
}

/* An edge is taken out. */
void romon_reach_edge_gone(struct romon_edge *edge)
{
	struct romon_detour *hop;
	struct romon_doubt *doubt;

	while (!hlist_empty(&edge->detours)) {
		hop = hlist_entry(edge->detours.first, struct romon_detour,
				  of_edge);
		romon_reach_drop_detour(hop->reach);
	}
	while (!hlist_empty(&edge->doubted)) {
		doubt = hlist_entry(edge->doubted.first, struct romon_doubt,
				    of_edge);
		romon_reach_drop_doubt(doubt->reach,
				       doubt - doubt->reach->doubts);
	}
}

static struct romon_doubt *romon_reach_doubt(struct romon_reach *r,
					     const struct romon_edge *edge)
{
	unsigned int i;

	if (hlist_empty(&edge->doubted))
		return NULL;
	for (i = 0; i < r->n_doubts; i++)
		if (r->doubts[i].edge == edge)
			return &r->doubts[i];
	return NULL;
}

/* Doubt all edges of a route: which of them is broken nobody tells. */
static void romon_reach_add_doubts(struct romon_topology *topo,
				   struct romon_reach *r,
				   const struct romon_path *path)
{
	const struct romon_map *map = romon_topology_map(topo);
	struct romon_doubt *doubt;
	u32 i;

	for (i = 0; i < path->hops; i++) {
		struct romon_edge *edge = map->edge[path->end[i] / 2].edge;

		doubt = romon_reach_doubt(r, edge);
		if (!doubt) {
			if (r->n_doubts == ROMON_DOUBTS)
				continue;
			doubt = &r->doubts[r->n_doubts++];
			doubt->reach = r;
			doubt->edge = edge;
			doubt->times = 0;
			hlist_add_head(&doubt->of_edge, &edge->doubted);
		}
		doubt->flood = READ_ONCE(topo->flood);
		doubt->times++;
	}
	WRITE_ONCE(r->doubted, r->n_doubts);
}

/*
 * A later flood that tells of an edge refutes the doubt. Not at once: it says
 * nothing of datagrams, which may be lost there all the same.
 */
static void romon_reach_refute(struct romon_reach *r)
{
	unsigned int i = 0;

	if (r->n_doubts && time_before64(get_jiffies_64(), r->held))
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

static bool romon_reach_doubts_best(struct romon_topology *topo,
				    struct romon_reach *r)
{
	const struct romon_map *map = romon_topology_map(topo);
	u32 i;

	if (!r->n_doubts || !romon_reach_has_best(topo, r))
		return false;
	for (i = r->node->index; i != map->self;
	     i = romon_map_from(map, map->node[i].via))
		if (romon_reach_doubt(r, map->edge[map->node[i].via / 2].edge))
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

/* Take a detour. Return: false if there is no memory. */
static bool romon_reach_take_detour(struct romon_topology *topo,
				    struct romon_reach *r,
				    const struct romon_path *path)
{
	const struct romon_map *map = romon_topology_map(topo);
	struct romon_detour *hop;
	u32 i;

	r->detour = kmalloc_array(path->hops, sizeof(*hop), ROMON_LEARN_GFP);
	if (!r->detour)
		return false;
	for (i = 0; i < path->hops; i++) {
		hop = &r->detour[i];
		hop->reach = r;
		hop->end = romon_map_origin(map, path->end[i]);
		hlist_add_head(&hop->of_edge,
			       &romon_edge_of(hop->end)->detours);
	}
	r->detour_hops = path->hops;
	return true;
}

/*
 * Have the next search avoid what is in doubt. A router that stands may have all
 * of its edges on different ways, so those in the middle of a doubted route are
 * avoided too.
 */
static void romon_reach_mark_doubts(struct romon_topology *topo,
				    struct romon_reach *r)
{
	unsigned int i;

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
}

/* Take the least doubted way. */
static void romon_reach_search(struct romon_topology *topo,
			       struct romon_reach *r)
{
	struct romon_path *path = &topo->path;

	r->searched = topo->computed;
	r->again = false;
	romon_reach_mark_doubts(topo, r);
	romon_reach_drop_detour(r);
	if (!romon_route_search(topo, r->node->index, 0, path))
		return;
	romon_route_write(romon_topology_map(topo), path, topo->route);
	if (topo->route->hash == romon_reach_best(topo, r)->path_hash)
		return;
	if (!romon_reach_take_detour(topo, r, path)) {
		r->again = true;
		return;
	}
	r->detour_cost = topo->route->cost;
	r->detour_hash = topo->route->hash;
}

/* Costs and link numbers of the edges may have changed. */
static void romon_reach_refresh_detour(struct romon_topology *topo,
				       struct romon_reach *r)
{
	if (!romon_reach_path(topo, r, &topo->path))
		return;
	romon_route_write(romon_topology_map(topo), &topo->path, topo->route);
	r->detour_cost = topo->route->cost;
	r->detour_hash = topo->route->hash;
}

/*
 * Choose between the best route and a detour. A detour that works stays until
 * all of the best route is beyond doubt, or has become another; and then still
 * if it is no worse. A search is one of @searches. Return: whether one is still
 * to be done because none was left.
 */
static bool romon_reach_choose(struct romon_topology *topo,
			       struct romon_reach *r, unsigned int *searches)
{
	const struct romon_map_node *best;

	romon_reach_refute(r);
	WRITE_ONCE(r->looked, get_jiffies_64());
	/* Found when more hops were allowed. */
	if (r->detour_hops > READ_ONCE(topo->rn->limits.hop_limit))
		romon_reach_drop_detour(r);
	if (r->detour_hops)
		romon_reach_refresh_detour(topo, r);
	if (romon_reach_doubts_best(topo, r)) {
		/* Where there was none there is none, unless something is new. */
		if (!r->detour_hops &&
		    (r->again || r->searched != topo->computed)) {
			if (!*searches)
				return true;
			--*searches;
			romon_reach_search(topo, r);
		}
		return false;
	}
	if (!r->detour_hops)
		return false;
	best = romon_reach_has_best(topo, r) ? romon_reach_best(topo, r) : NULL;
	if (!best || r->detour_cost > best->cost ||
	    r->detour_hops > best->hops || r->detour_hash == best->path_hash) {
		romon_reach_drop_detour(r);
		r->returned = get_jiffies_64();
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

static bool romon_route_is(const struct romon_route *route,
			   const struct romon_wire_entry *wire, u8 hops)
{
	return route && route->hops == hops &&
	       !memcmp(route->wire, wire, flex_array_size(route, wire, hops));
}

/* What comes from now on answers what is sent from now on. */
static void romon_reach_begin(struct romon_reach *r)
{
	if (READ_ONCE(r->proven))
		WRITE_ONCE(r->backoff, 0);
	WRITE_ONCE(r->proven, false);
	atomic_set(&r->unanswered, 0);
}

/* Have senders use the route that is in use now. */
static void romon_reach_publish(struct romon_topology *topo,
				struct romon_reach *r)
{
	struct romon_route *old = romon_reach_current(r), *new = NULL;
	const struct romon_route *route = topo->route;
	bool same = false;

	if (romon_reach_path(topo, r, &topo->path)) {
		romon_route_write(romon_topology_map(topo), &topo->path,
				  topo->route);
		topo->route->detour = r->detour_hops;
		same = romon_route_is(old, route->wire, route->hops);
		if (same && old->cost == route->cost &&
		    old->l2mtu == route->l2mtu && old->detour == route->detour)
			return;
		/* Without one any frame of the router is an answer. */
		new = romon_route_copy(route);
	}
	rcu_assign_pointer(r->route, new);
	if (old)
		kfree_rcu(old, rcu);
	if (!same)
		romon_reach_begin(r);
}

/*
 * Routes have been computed anew, or answers to a flood were read. The caller
 * tells of what that changes. Searches that are too many for once are left to
 * the next review, and to datagrams.
 */
void romon_reach_review(struct romon_topology *topo)
{
	unsigned int searches = ROMON_REACH_SEARCHES;
	struct romon_reach *r, *left = NULL;

	list_for_each_entry(r, &topo->reaches, list) {
		cond_resched();
		if (r->widened != topo->computed)
			romon_reach_drop_wide(r);
		if ((r->n_doubts || r->detour_hops) &&
		    romon_reach_choose(topo, r, &searches) && !left)
			left = r;
		romon_reach_publish(topo, r);
	}
	/* Who had none begins the next one, or some would never have any. */
	if (left)
		list_rotate_to_front(&left->list, &topo->reaches);
}

static bool romon_reach_take_token(struct romon_topology *topo)
{
	u64 now = get_jiffies_64(), new;

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

static void romon_reach_ask(struct romon_topology *topo, struct romon_reach *r)
{
	r->asked = get_jiffies_64();
	if (romon_reach_take_token(topo))
		romon_topology_ask(topo);
}

static unsigned long romon_reach_patience(const struct romon_reach *r)
{
	return max_t(unsigned long, ROMON_REACH_PATIENCE,
		     ROMON_REACH_ROUND_TRIPS * READ_ONCE(r->rtt));
}

static bool romon_reach_is_silent(const struct romon_reach *r)
{
	u64 since = READ_ONCE(r->since), heard = READ_ONCE(r->heard);
	unsigned int backoff = READ_ONCE(r->proven) ? 0 : READ_ONCE(r->backoff);

	if (atomic_read(&r->unanswered) < ROMON_REACH_UNANSWERED)
		return false;
	/* An answer that came while the first of them was being sent. */
	if (time_after64(heard, since))
		since = heard;
	return time_after64(get_jiffies_64(),
			    since + (romon_reach_patience(r) << backoff));
}

/*
 * Nothing has come back over the route in use. Without memory to note it the
 * next datagram finds it out once more.
 */
static void romon_reach_suspect(struct romon_topology *topo,
				struct romon_reach *r)
{
	u64 now = get_jiffies_64();

	if (!r->doubts)
		r->doubts = kcalloc(ROMON_DOUBTS, sizeof(*r->doubts),
				    ROMON_LEARN_GFP);
	if (!r->doubts || !romon_reach_path(topo, r, &topo->path))
		return;
	if (READ_ONCE(r->proven))
		WRITE_ONCE(r->backoff, 0);
	if (r->backoff < ROMON_REACH_BACKOFF_MAX)
		WRITE_ONCE(r->backoff, r->backoff + 1);
	if (!r->detour_hops) {
		/* Again, soon after it was thought to work? */
		if (time_before64(now, r->returned + 2 * r->hold + 10 * HZ))
			r->hold = min_t(unsigned long, 2 * r->hold,
					ROMON_REACH_HOLD_MAX);
		else
			r->hold = ROMON_REACH_HOLD_MIN;
	}
	r->held = now + r->hold;
	if (!r->n_doubts)
		r->ask_wait = ROMON_REACH_ASK_MIN;
	romon_reach_add_doubts(topo, r, &topo->path);
	romon_reach_drop_wide(r);
	romon_reach_search(topo, r);
	WRITE_ONCE(r->looked, get_jiffies_64());
	WRITE_ONCE(r->proven, false);
	romon_reach_publish(topo, r);
	romon_reach_begin(r);
	romon_reach_ask(topo, r);
	romon_topology_tell(topo, r->node, ROMON_ROUTE_REASON_NO_ANSWER);
}

/* Whether the best route may be used again, and if not, whether to ask. */
static void romon_reach_look_at(struct romon_topology *topo,
				struct romon_reach *r)
{
	unsigned int searches = 1;

	romon_reach_choose(topo, r, &searches);
	romon_reach_publish(topo, r);
	romon_topology_tell(topo, r->node, ROMON_ROUTE_REASON_EDGE_CHANGED);
	if (romon_reach_doubts_best(topo, r) &&
	    time_after64(get_jiffies_64(), r->asked + r->ask_wait)) {
		r->ask_wait = min_t(unsigned long, 2 * r->ask_wait,
				    ROMON_REACH_ASK_MAX);
		romon_reach_ask(topo, r);
	}
}

/* Look at the routes for which a sender has found that it is time. */
void romon_reach_look(struct romon_topology *topo)
{
	struct romon_reach *r;

	list_for_each_entry(r, &topo->reaches, list) {
		cond_resched();
		if (!READ_ONCE(r->look))
			continue;
		WRITE_ONCE(r->look, false);
		if (r->n_doubts)
			romon_reach_look_at(topo, r);
	}
}

/**
 * romon_reach_route() - the route for a datagram that was handed to the work
 * @topo:	the topology
 * @node:	where to; it has a route
 *
 * Return: the route, valid until routes are looked at again.
 */
const struct romon_route *romon_reach_route(struct romon_topology *topo,
					    struct romon_node *node)
{
	struct romon_reach *r = node->reach;
	const struct romon_route *route = NULL;

	if (!r)
		r = romon_reach_add(topo, node);
	if (r) {
		if (!romon_reach_current(r))
			romon_reach_publish(topo, r);
		else if (romon_reach_is_silent(r))
			romon_reach_suspect(topo, r);
		route = romon_reach_current(r);
	}
	if (route)
		return route;
	romon_route_path(romon_topology_map(topo), node->index, 0, &topo->path);
	romon_route_write(romon_topology_map(topo), &topo->path, topo->route);
	return topo->route;
}

/*
 * Search the best way for a datagram. How long its frame is depends on the
 * hops, which are not known before; with what is left out for their sake a
 * longer way may be found, and then fewer edges do. Return: whether there is
 * one, which is in @topo's path then.
 */
static bool romon_reach_search_wide(struct romon_topology *topo,
				    struct romon_reach *r, unsigned int len)
{
	u32 hop_limit = READ_ONCE(topo->rn->limits.hop_limit);
	u32 hops = 1;

	romon_reach_mark_doubts(topo, r);
	while (romon_route_search(topo, r->node->index,
				  romon_wire_data_len(hops, len),
				  &topo->path)) {
		romon_route_write(romon_topology_map(topo), &topo->path,
				  topo->route);
		if (romon_route_fits(topo->route, len))
			return true;
		hops = max(topo->path.hops, hops + 1);
		if (hops > hop_limit)
			break;
	}
	return false;
}

/**
 * romon_reach_wide() - the route for a datagram that does not fit the one in use
 * @topo:	the topology
 * @node:	where to; it has a route
 * @len:	bytes of the datagram
 *
 * Return: the route, valid until routes are looked at again, or NULL if there is
 * none.
 */
const struct romon_route *romon_reach_wide(struct romon_topology *topo,
					   struct romon_node *node,
					   unsigned int len)
{
	struct romon_reach *r = node->reach;
	struct romon_route *wide;

	if (!r || len >= r->narrow)
		return NULL;
	wide = rcu_dereference_protected(r->wide, true);
	if (wide && romon_route_fits(wide, len))
		return wide;
	r->widened = topo->computed;
	if (!romon_reach_search_wide(topo, r, len)) {
		WRITE_ONCE(r->narrow, len);
		return NULL;
	}
	/* Without memory the next datagram searches once more. */
	wide = romon_route_copy(topo->route);
	if (!wide)
		return topo->route;
	wide = rcu_replace_pointer(r->wide, wide, true);
	if (wide)
		kfree_rcu(wide, rcu);
	return rcu_dereference_protected(r->wide, true);
}

/* Likewise, if it is at hand. From any context, under RCU. */
const struct romon_route *romon_reach_wide_rcu(const struct romon_reach *r,
					       unsigned int len)
{
	const struct romon_route *wide = rcu_dereference(r->wide);

	return wide && romon_route_fits(wide, len) ? wide : NULL;
}

/* Whether it is known that there is none. From any context, under RCU. */
bool romon_reach_is_narrow_rcu(struct romon_topology *topo, const u8 *id,
			       unsigned int len)
{
	const struct romon_reach *r = romon_reach_find_rcu(topo, id);

	return r && len >= READ_ONCE(r->narrow);
}

/**
 * romon_reach_use_rcu() - the route for a datagram, if there is nothing to do
 * @topo:	the topology
 * @id:		where to
 * @reach:	set to what romon_reach_sent() takes
 *
 * From any context, under RCU.
 *
 * Return: the route in use, or NULL if the work has to find one, because it
 * is not kept, or because nothing comes back over it.
 */
const struct romon_route *romon_reach_use_rcu(struct romon_topology *topo,
					      const u8 *id,
					      struct romon_reach **reach)
{
	struct romon_reach *r = romon_reach_find_rcu(topo, id);

	*reach = r;
	if (!r || romon_reach_is_silent(r))
		return NULL;
	if (READ_ONCE(r->doubted) && !READ_ONCE(r->look) &&
	    time_after64(get_jiffies_64(),
			 READ_ONCE(r->looked) + ROMON_REACH_LOOK)) {
		WRITE_ONCE(r->look, true);
		romon_topology_hurry(topo->rn);
	}
	return rcu_dereference(r->route);
}

/*
 * A datagram is sent there now. Before it is: on virtual links the answer is
 * here before transmitting returns.
 */
void romon_reach_sent(struct romon_reach *r)
{
	u64 now = get_jiffies_64();

	WRITE_ONCE(r->sent, now);
	if (!atomic_read(&r->unanswered))
		WRITE_ONCE(r->since, now);
	atomic_inc(&r->unanswered);
}

/* The route in use to a router if it is not the best one, else NULL. */
const struct romon_route *romon_reach_detour_rcu(struct romon_topology *topo,
						 const u8 *id)
{
	struct romon_reach *r = romon_reach_find_rcu(topo, id);
	const struct romon_route *route = r ? rcu_dereference(r->route) : NULL;

	return route && route->detour ? route : NULL;
}

static bool romon_route_is_reverse(const struct romon_route *route,
				   const struct romon_wire_entry *entry,
				   u8 hops)
{
	u8 i;

	if (route->hops != hops)
		return false;
	for (i = 0; i < hops; i++)
		if (memcmp(&route->wire[i], &entry[hops - 1 - i],
			   sizeof(*entry)))
			return false;
	return true;
}

/**
 * romon_reach_hear() - a Data frame has arrived here
 * @topo:	the topology
 * @id:		who has sent it
 * @entry:	its entries: the way back, reversed
 * @hops:	how many
 *
 * Once the route in use was answered along the way that it takes, frames that
 * come by others are no answers: the router may have a way to here while there
 * is none to it. In softirq, under RCU.
 */
void romon_reach_hear(struct romon_topology *topo, const u8 *id,
		      const struct romon_wire_entry *entry, u8 hops)
{
	struct romon_reach *r = romon_reach_find_rcu(topo, id);
	const struct romon_route *route;
	u64 sample, now = get_jiffies_64();
	int unanswered;

	if (!r)
		return;
	route = rcu_dereference(r->route);
	if (route && romon_route_is_reverse(route, entry, hops)) {
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
	     time_after64(now, READ_ONCE(r->rtt_at) + ROMON_REACH_RTT_AGE))) {
		WRITE_ONCE(r->rtt, min_t(u64, sample, HZ));
		WRITE_ONCE(r->rtt_at, now);
	}
	atomic_set(&r->unanswered, 0);
}

/* A route in use is refreshed before it is forgotten. */
static void romon_reach_refresh(struct romon_topology *topo,
				struct romon_reach *r)
{
	u32 timeout = READ_ONCE(topo->rn->limits.node_timeout_s);
	const struct romon_map *map = romon_topology_map(topo);
	u64 before = r->refreshed;
	const struct romon_edge *edge;

	r->refreshed = get_jiffies_64();
	if (time_before64(READ_ONCE(r->sent), before) ||
	    !romon_reach_has_best(topo, r))
		return;
	edge = map->edge[romon_reach_best(topo, r)->via / 2].edge;
	if (time_after(jiffies, edge->seen + (unsigned long)timeout * HZ / 2))
		romon_topology_ask(topo);
}

/* Once a second: keep what is used, forget what was not for long. */
void romon_reach_age(struct romon_topology *topo)
{
	struct romon_reach *r, *next;
	struct romon_node *node;

	list_for_each_entry_safe(r, next, &topo->reaches, list) {
		cond_resched();
		romon_reach_refresh(topo, r);
		if (time_before64(get_jiffies_64(),
				  READ_ONCE(r->sent) + ROMON_REACH_IDLE))
			continue;
		node = r->node;
		romon_reach_del(topo, node);
		romon_topology_tell(topo, node, ROMON_ROUTE_REASON_FORGOTTEN);
	}
}

void romon_reach_init(struct romon_topology *topo)
{
	unsigned int i;

	INIT_LIST_HEAD(&topo->reaches);
	for (i = 0; i < ROMON_REACH_BUCKETS; i++)
		INIT_HLIST_HEAD(&topo->reach_hash[i]);
	topo->reach_seed = get_random_u32();
	topo->ask_tokens = ROMON_REACH_ASK_BURST;
	topo->ask_refilled = get_jiffies_64();
}
