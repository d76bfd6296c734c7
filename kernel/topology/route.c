// SPDX-License-Identifier: GPL-2.0-only
/* The best routes over the topology, the second best, and detours. */

#include <linux/jhash.h>

#include "net.h"
#include "reach.h"
#include "route.h"
#include "topology.h"

static struct romon_edge_end *romon_edge_rb(struct rb_node *rb)
{
	return rb_entry(rb, struct romon_edge_end, rb);
}

static u32 romon_edge_cost(struct romon_edge_end *end)
{
	return end->port.cost + romon_edge_peer(end)->port.cost;
}

static u32 romon_edge_l2mtu(struct romon_edge_end *end)
{
	return min(end->port.l2mtu, romon_edge_peer(end)->port.l2mtu);
}

/* The less doubted way is before the cheaper one, and that before a shorter. */
static int romon_label_cmp(const struct romon_label *a,
			   const struct romon_label *b)
{
	if (a->doubts != b->doubts)
		return a->doubts < b->doubts ? -1 : 1;
	if (a->cost != b->cost)
		return a->cost < b->cost ? -1 : 1;
	if (a->hops != b->hops)
		return a->hops < b->hops ? -1 : 1;
	return 0;
}

static bool romon_label_before(const struct romon_node *a,
			       const struct romon_node *b)
{
	int cmp = romon_label_cmp(&a->label, &b->label);

	return cmp ? cmp < 0 : memcmp(a->id, b->id, ETH_ALEN) < 0;
}

static void romon_heap_add(struct rb_root_cached *heap,
			   struct romon_node *node)
{
	struct rb_node **link = &heap->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (romon_label_before(node,
				       rb_entry(parent, struct romon_node,
						label.heap))) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&node->label.heap, parent, link);
	rb_insert_color_cached(&node->label.heap, heap, leftmost);
}

static struct romon_node *romon_heap_pop(struct rb_root_cached *heap)
{
	struct rb_node *rb = rb_first_cached(heap);

	if (!rb)
		return NULL;
	rb_erase_cached(rb, heap);
	return rb_entry(rb, struct romon_node, label.heap);
}

/*
 * Of two edges between the same nodes, whether @a makes one doubt that @b is
 * still there: @b may be a port's whose number has changed since.
 */
static bool romon_edge_supersedes(struct romon_topology *topo,
				  struct romon_edge_end *a,
				  struct romon_edge_end *b)
{
	struct romon_edge_end *a2 = romon_edge_peer(a), *b2 = romon_edge_peer(b);
	s32 later = romon_edge_of(a)->flood - romon_edge_of(b)->flood;

	if (a2->node != b2->node || later <= 0)
		return false;
	/* The same two ports under other numbers. */
	if (!memcmp(a->port.mac, b->port.mac, ETH_ALEN) &&
	    !memcmp(a2->port.mac, b2->port.mac, ETH_ALEN))
		return true;
	/* Of equal links one may have lost an answer: no reason to move. */
	if (romon_edge_missed(topo, romon_edge_of(b)) > 1)
		return true;
	topo->undecided = true;
	return false;
}

/* Whether @node is reached better over @end, a port of its, than so far. */
static void romon_label_relax(struct romon_topology *topo,
			      struct rb_root_cached *heap,
			      struct romon_node *parent,
			      struct romon_edge_end *end)
{
	struct romon_edge *edge = romon_edge_of(end);
	struct romon_node *node = end->node;
	struct romon_label *old = &node->label;
	struct romon_label new = {
		.via = end,
		.doubts = parent->label.doubts,
		.cost = parent->label.cost + romon_edge_cost(end),
		.hops = parent->label.hops + 1,
	};
	int cmp;

	if (old->settled)
		return;
	if (edge->doubt_round == topo->doubt_round)
		new.doubts += edge->doubts;
	if (node->doubt_round == topo->doubt_round)
		new.doubts += node->doubts;

	cmp = old->via ? romon_label_cmp(&new, old) : -1;
	/* Of equals the one in use, if it is one of them. */
	if (!cmp && (romon_edge_supersedes(topo, end, old->via) ||
		     (end == node->via &&
		      !romon_edge_supersedes(topo, old->via, end))))
		cmp = -1;
	if (cmp >= 0)
		return;
	if (old->via)
		rb_erase_cached(&old->heap, heap);
	*old = new;
	romon_heap_add(heap, node);
}

/* What follows from the way to a node, once that is known. */
static void romon_route_settle(struct romon_node *node)
{
	struct romon_node *parent;
	u32 words[4] = {};

	node->via = node->label.via;
	node->cost = node->label.cost;
	node->hops = node->label.hops;
	if (!node->via)
		return;
	parent = romon_edge_peer(node->via)->node;
	node->l2mtu = min_t(u32, parent->l2mtu, romon_edge_l2mtu(node->via));
	words[0] = romon_edge_peer(node->via)->port.link;
	words[1] = node->cost;
	memcpy(&words[2], node->via->port.mac, ETH_ALEN);
	node->path_hash = jhash2(words, ARRAY_SIZE(words), parent->path_hash);
}

/* Like the path_hash of a node, of any route. */
u32 romon_route_hash(const struct romon_route *route)
{
	u32 i, hash = 0, cost = 0;

	for (i = 0; i < route->hops; i++) {
		u32 words[4] = {};

		cost += romon_edge_cost(route->hop[i]);
		words[0] = romon_edge_peer(route->hop[i])->port.link;
		words[1] = cost;
		memcpy(&words[2], route->hop[i]->port.mac, ETH_ALEN);
		hash = jhash2(words, ARRAY_SIZE(words), hash);
	}
	return hash;
}

/*
 * Label nodes with the way to them: the least doubted, then the cheapest, then
 * the shortest; all of them and for good, or up to @target only.
 */
static void romon_route_label(struct romon_topology *topo,
			      struct romon_node *target, u32 hop_limit)
{
	struct rb_root_cached heap = RB_ROOT_CACHED;
	struct romon_node *node;
	struct rb_node *rb, *e;

	lockdep_assert_held(&topo->lock);
	for (rb = rb_first(&topo->nodes); rb; rb = rb_next(rb)) {
		node = rb_entry(rb, struct romon_node, rb);
		memset(&node->label, 0, sizeof(node->label));
	}
	romon_heap_add(&heap, topo->self);
	while ((node = romon_heap_pop(&heap))) {
		cond_resched();
		node->label.settled = true;
		if (!target)
			romon_route_settle(node);
		else if (node == target)
			return;
		if (node->label.hops >= hop_limit)
			continue;
		for (e = rb_first(&node->edges); e; e = rb_next(e))
			romon_label_relax(topo, &heap, node,
					  romon_edge_peer(romon_edge_rb(e)));
	}
}

static bool romon_alternative_before(const struct romon_alternative *a,
				     const struct romon_alternative *b)
{
	return a->cost != b->cost ? a->cost < b->cost : a->hops < b->hops;
}

/* Keep the best of each last hop, and of those the best few, in order. */
static void romon_alternative_add(struct romon_node *node,
				  const struct romon_alternative *new)
{
	struct romon_alternative *alts = node->alternatives;
	unsigned int i, n = node->n_alternatives;

	for (i = 0; i < n; i++)
		if (alts[i].last == new->last)
			break;
	if (i < n) {
		if (!romon_alternative_before(new, &alts[i]))
			return;
	} else if (n < ROMON_ALTERNATIVES) {
		node->n_alternatives++;
	} else {
		i = n - 1;
		if (!romon_alternative_before(new, &alts[i]))
			return;
	}
	for (; i && romon_alternative_before(new, &alts[i - 1]); i--)
		alts[i] = alts[i - 1];
	alts[i] = *new;
}

/*
 * An edge that no best route uses is another way to the node behind it, and,
 * against the best routes, to the nodes before that one, up to where the way
 * to its near side has branched off.
 */
static void romon_route_alternative(struct romon_topology *topo,
				    struct romon_edge_end *entry,
				    u32 hop_limit)
{
	struct romon_node *from = romon_edge_peer(entry)->node;
	struct romon_node *node, *to = entry->node;
	struct romon_alternative alt = {
		.entry = entry,
		.last = entry,
	};

	if (to->via == entry || !from->label.settled || !to->label.settled)
		return;

	topo->mark++;
	for (node = from; node->via; node = romon_edge_peer(node->via)->node)
		node->mark = topo->mark;
	node->mark = topo->mark;

	for (node = to; node->mark != topo->mark;
	     node = romon_edge_peer(node->via)->node) {
		alt.cost = from->cost + romon_edge_cost(entry) +
			   to->cost - node->cost;
		alt.hops = from->hops + 1 + to->hops - node->hops;
		if (alt.hops <= hop_limit)
			romon_alternative_add(node, &alt);
		alt.last = romon_edge_peer(node->via);
	}
}

/* Best routes from this router to all others, by cost, then by hops. */
void romon_route_compute(struct romon_topology *topo, u32 hop_limit)
{
	struct romon_node *node;
	struct rb_node *rb, *e;

	lockdep_assert_held(&topo->lock);
	topo->undecided = false;
	topo->decided_flood = romon_topology_flood_is_fresh(topo) ?
			      topo->flood - 1 : topo->flood;
	/* Nobody's doubts: the best route is the same for all. */
	topo->doubt_round++;
	topo->self->l2mtu = U16_MAX;
	romon_route_label(topo, NULL, hop_limit);
	for (rb = rb_first(&topo->nodes); rb; rb = rb_next(rb)) {
		node = rb_entry(rb, struct romon_node, rb);
		node->n_alternatives = 0;
		if (!node->label.settled)
			node->via = NULL;
	}

	for (rb = rb_first(&topo->nodes); rb; rb = rb_next(rb)) {
		cond_resched();
		node = rb_entry(rb, struct romon_node, rb);
		for (e = rb_first(&node->edges); e; e = rb_next(e))
			romon_route_alternative(topo, romon_edge_rb(e),
						hop_limit);
	}
	topo->dirty = false;
	topo->computed++;
	topo->generation++;
}

/*
 * Search the best way to @target past the doubts of this round, and write it
 * to topo->route. Return: whether there is one.
 */
bool romon_route_search(struct romon_topology *topo, struct romon_node *target,
			u32 hop_limit)
{
	struct romon_route *route = &topo->route;
	struct romon_node *n;
	u32 i;

	romon_route_label(topo, target, hop_limit);
	if (!target->label.via)
		return false;
	route->node = target;
	route->active = false;
	route->cost = target->label.cost;
	route->hops = target->label.hops;
	route->l2mtu = U16_MAX;
	for (n = target, i = route->hops; i;
	     n = romon_edge_peer(n->label.via)->node) {
		route->hop[--i] = n->label.via;
		route->l2mtu = min_t(u32, route->l2mtu,
				     romon_edge_l2mtu(n->label.via));
	}
	return true;
}

/* Fill in topo->route from its hops, which may be what @hop points to. */
void romon_route_write(struct romon_topology *topo,
		       struct romon_edge_end * const *hop, u32 hops)
{
	struct romon_route *route = &topo->route;
	u32 i;

	lockdep_assert_held(&topo->lock);
	route->node = hop[hops - 1]->node;
	route->hops = hops;
	route->cost = 0;
	route->l2mtu = U16_MAX;
	for (i = 0; i < hops; i++) {
		route->hop[i] = hop[i];
		route->cost += romon_edge_cost(hop[i]);
		route->l2mtu = min_t(u32, route->l2mtu,
				     romon_edge_l2mtu(hop[i]));
	}
}

/**
 * romon_route_get() - write out a route
 * @topo:	locked, and stays so while the route is used
 * @node:	where to
 * @index:	0 is the route in use; while that is a detour 1 is the best
 *		route; then come the alternatives
 *
 * Return: the route, valid until the next call, or NULL if there are no more.
 */
const struct romon_route *romon_route_get(struct romon_topology *topo,
					  struct romon_node *node,
					  unsigned int index)
{
	struct romon_route *route = &topo->route;
	bool detour = romon_reach_has_detour(node);
	struct romon_edge_end *entry = NULL;
	struct romon_node *n, *via = node;
	u32 i, hops = node->hops;

	lockdep_assert_held(&topo->lock);
	if (!node->via || index > node->n_alternatives + detour)
		return NULL;
	route->active = !index;
	if (detour && !index) {
		romon_route_write(topo, node->reach->detour,
				  node->reach->detour_hops);
		return route;
	}

	index -= detour;
	if (index) {
		const struct romon_alternative *alt;

		alt = &node->alternatives[index - 1];
		hops = alt->hops;
		entry = alt->entry;
		via = romon_edge_peer(entry)->node;
	}
	for (n = via, i = via->hops; i; n = romon_edge_peer(n->via)->node)
		route->hop[--i] = n->via;
	if (entry) {
		i = via->hops;
		route->hop[i++] = entry;
		for (n = entry->node; n != node;
		     n = romon_edge_peer(n->via)->node)
			route->hop[i++] = romon_edge_peer(n->via);
	}
	romon_route_write(topo, route->hop, hops);
	return route;
}

/*
 * Whether there is a route number *@index, or else a later one, which it is
 * then set to: an alternative that is the detour is shown as that only.
 */
bool romon_route_exists(struct romon_topology *topo, struct romon_node *node,
			unsigned int *index)
{
	const struct romon_route *route = romon_route_get(topo, node, *index);

	while (route && *index && romon_reach_has_detour(node) &&
	       romon_route_hash(route) == node->reach->detour_hash)
		route = romon_route_get(topo, node, ++*index);
	return route;
}

/* A route as it goes into a frame. Return: the number of entries. */
u8 romon_route_wire(const struct romon_route *route,
		    struct romon_wire_entry *wire)
{
	u32 i;

	for (i = 0; i < route->hops; i++) {
		wire[i].link = cpu_to_be32(romon_edge_peer(route->hop[i])->port.link);
		memcpy(wire[i].mac, route->hop[i]->port.mac, ETH_ALEN);
	}
	return route->hops;
}
