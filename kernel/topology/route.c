// SPDX-License-Identifier: GPL-2.0-only
/* The best routes over a map, the second best, and detours. */

#include <linux/etherdevice.h>
#include <linux/jhash.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "graph.h"
#include "map.h"
#include "net.h"
#include "private.h"
#include "reach.h"
#include "route.h"

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

/* Labels lie in the order of their nodes' IDs. */
static bool romon_label_before(const struct romon_label *a,
			       const struct romon_label *b)
{
	int cmp = romon_label_cmp(a, b);

	return cmp ? cmp < 0 : a < b;
}

static void romon_heap_add(struct rb_root_cached *heap,
			   struct romon_label *label)
{
	struct rb_node **link = &heap->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (romon_label_before(label,
				       rb_entry(parent, struct romon_label,
						heap))) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&label->heap, parent, link);
	rb_insert_color_cached(&label->heap, heap, leftmost);
}

static struct romon_label *romon_heap_pop(struct rb_root_cached *heap)
{
	struct rb_node *rb = rb_first_cached(heap);

	if (!rb)
		return NULL;
	rb_erase_cached(rb, heap);
	return rb_entry(rb, struct romon_label, heap);
}

/*
 * Of two ends of edges from the same node to the same node, whether @a makes
 * one doubt that the edge of @b is still there: that may be of a port whose
 * number has changed since.
 */
static bool romon_edge_supersedes(struct romon_topology *topo,
				  const struct romon_map *map, u32 a, u32 b)
{
	const struct romon_map_end *a1 = romon_map_end(map, a);
	const struct romon_map_end *b1 = romon_map_end(map, b);
	const struct romon_map_end *a2 = romon_map_end(map, romon_map_peer(a));
	const struct romon_map_end *b2 = romon_map_end(map, romon_map_peer(b));
	const struct romon_edge *edge = map->edge[b / 2].edge;
	s32 later = map->edge[a / 2].edge->flood - edge->flood;

	if (a2->node != b2->node || later <= 0)
		return false;
	/* The same two ports under other numbers. */
	if (!memcmp(a1->port.mac, b1->port.mac, ETH_ALEN) &&
	    !memcmp(a2->port.mac, b2->port.mac, ETH_ALEN))
		return true;
	/* Of equal links one may have lost an answer: no reason to move. */
	if (romon_edge_missed(topo, edge) > 1)
		return true;
	topo->undecided = true;
	return false;
}

/* Whether @end is that of the best route in the map before this one. */
static bool romon_end_was_used(const struct romon_map *map, u32 end)
{
	const struct romon_node *node;

	node = map->node[romon_map_end(map, end)->node].node;
	return node->via == romon_map_origin(map, end);
}

static u32 romon_end_doubts(const struct romon_topology *topo,
			    const struct romon_map *map, u32 end)
{
	const struct romon_edge *edge = map->edge[end / 2].edge;
	const struct romon_node *node;
	u32 doubts = 0;

	node = map->node[romon_map_end(map, end)->node].node;
	if (edge->doubt_round == topo->doubt_round)
		doubts += edge->doubts;
	if (node->doubt_round == topo->doubt_round)
		doubts += node->doubts;
	return doubts;
}

/* What labels are for. */
struct romon_query {
	struct romon_map *settle;	/* where all of them go; nobody's doubts */
	u32	target;			/* or the one that matters */
	u32	l2mtu;			/* only over edges of that or more */
};

/* Whether the node of @end is reached better over it than so far. */
static void romon_label_relax(struct romon_topology *topo,
			      const struct romon_map *map,
			      const struct romon_query *query,
			      struct rb_root_cached *heap,
			      const struct romon_label *parent, u32 end)
{
	struct romon_label *old = &topo->label[romon_map_end(map, end)->node];
	struct romon_label new = {
		.via = end,
		.doubts = parent->doubts,
		.cost = parent->cost + romon_map_cost(map, end),
		.hops = parent->hops + 1,
	};
	int cmp;

	if (old->settled || romon_map_l2mtu(map, end) < query->l2mtu)
		return;
	if (!query->settle)
		new.doubts += romon_end_doubts(topo, map, end);

	cmp = old->via != ROMON_MAP_NONE ? romon_label_cmp(&new, old) : -1;
	/* Of equals the one in use, if it is one of them. */
	if (!cmp && (romon_edge_supersedes(topo, map, end, old->via) ||
		     (romon_end_was_used(map, end) &&
		      !romon_edge_supersedes(topo, map, old->via, end))))
		cmp = -1;
	if (cmp >= 0)
		return;
	if (old->via != ROMON_MAP_NONE)
		rb_erase_cached(&old->heap, heap);
	*old = new;
	romon_heap_add(heap, old);
}

static u32 romon_hash_hop(const struct romon_map *map, u32 end, u32 cost,
			  u32 hash)
{
	u32 words[4] = {};

	words[0] = romon_map_end(map, romon_map_peer(end))->port.link;
	words[1] = cost;
	memcpy(&words[2], romon_map_end(map, end)->port.mac, ETH_ALEN);
	return jhash2(words, ARRAY_SIZE(words), hash);
}

/* What follows from the way to a node, once that is known. */
static void romon_route_settle(const struct romon_topology *topo,
			       struct romon_map *map, u32 i)
{
	const struct romon_label *label = &topo->label[i];
	struct romon_map_node *node = &map->node[i];
	const struct romon_map_node *parent;

	node->via = label->via;
	node->cost = label->cost;
	node->hops = label->hops;
	if (node->via == ROMON_MAP_NONE) {
		node->l2mtu = U16_MAX;
		return;
	}
	parent = &map->node[romon_map_from(map, node->via)];
	node->l2mtu = min(parent->l2mtu, romon_map_l2mtu(map, node->via));
	node->path_hash = romon_hash_hop(map, node->via, node->cost,
					 parent->path_hash);
}

/*
 * Label nodes with the way to them: the least doubted, then the cheapest, then
 * the shortest; as far as @query needs. Return: false if the topology is not
 * needed any more.
 */
static bool romon_route_label(struct romon_topology *topo,
			      const struct romon_map *map,
			      const struct romon_query *query)
{
	u32 hop_limit = READ_ONCE(topo->rn->limits.hop_limit);
	struct rb_root_cached heap = RB_ROOT_CACHED;
	struct romon_label *label;
	u32 i, e;

	for (i = 0; i < map->n_nodes; i++) {
		cond_resched();
		memset(&topo->label[i], 0, sizeof(*label));
		topo->label[i].via = ROMON_MAP_NONE;
	}
	romon_heap_add(&heap, &topo->label[map->self]);
	while ((label = romon_heap_pop(&heap))) {
		if (READ_ONCE(topo->stopping))
			return false;
		i = label - topo->label;
		label->settled = true;
		if (query->settle)
			romon_route_settle(topo, query->settle, i);
		if (i == query->target)
			break;
		if (label->hops >= hop_limit)
			continue;
		for (e = map->node[i].ends; e < map->node[i + 1].ends; e++) {
			cond_resched();
			romon_label_relax(topo, map, query, &heap, label,
					  romon_map_peer(map->adjacency[e]));
		}
	}
	return true;
}

static bool romon_alternative_before(const struct romon_alternative *a,
				     const struct romon_alternative *b)
{
	return a->cost != b->cost ? a->cost < b->cost : a->hops < b->hops;
}

/* Keep the best of each last hop, and of those the best few, in order. */
static void romon_alternative_add(struct romon_map_node *node,
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
				    struct romon_map *map, u32 entry)
{
	u32 hop_limit = READ_ONCE(topo->rn->limits.hop_limit);
	u32 near = romon_map_from(map, entry);
	u32 i, far = romon_map_end(map, entry)->node;
	struct romon_alternative alt = {
		.entry = entry,
		.last = entry,
	};

	if (map->node[far].via == entry || !topo->label[near].settled ||
	    !topo->label[far].settled)
		return;

	topo->mark++;
	for (i = near; i != map->self;
	     i = romon_map_from(map, map->node[i].via))
		topo->label[i].mark = topo->mark;
	topo->label[i].mark = topo->mark;

	for (i = far; topo->label[i].mark != topo->mark;
	     i = romon_map_from(map, map->node[i].via)) {
		alt.cost = map->node[near].cost + romon_map_cost(map, entry) +
			   map->node[far].cost - map->node[i].cost;
		alt.hops = map->node[near].hops + 1 + map->node[far].hops -
			   map->node[i].hops;
		if (alt.hops <= hop_limit)
			romon_alternative_add(&map->node[i], &alt);
		alt.last = romon_map_peer(map->node[i].via);
	}
}

/* The next map is told by this one which of equal routes were used. */
static void romon_route_remember(const struct romon_map *map)
{
	u32 i, via;

	for (i = 0; i < map->n_nodes; i++) {
		cond_resched();
		via = map->node[i].via;
		map->node[i].node->via = via == ROMON_MAP_NONE ? NULL :
					 romon_map_origin(map, via);
	}
}

/**
 * romon_route_compute() - write the best routes into a map
 * @topo:	the topology, whose work calls this
 * @map:	a map that nobody else sees yet
 *
 * Return: whether they are there: not if the topology is stopping.
 */
bool romon_route_compute(struct romon_topology *topo, struct romon_map *map)
{
	const struct romon_query query = {
		.settle = map,
		.target = ROMON_MAP_NONE,
	};
	u32 i, e;

	topo->undecided = false;
	topo->decided_flood = READ_ONCE(topo->flood) -
			      romon_topology_flood_is_fresh(topo);
	topo->mark = 0;
	if (!romon_route_label(topo, map, &query))
		return false;

	for (i = 0; i < map->n_nodes; i++) {
		if (READ_ONCE(topo->stopping))
			return false;
		for (e = map->node[i].ends; e < map->node[i + 1].ends; e++) {
			cond_resched();
			romon_route_alternative(topo, map, map->adjacency[e]);
		}
	}
	romon_route_remember(map);
	topo->computed++;
	return true;
}

/*
 * Search the best way to the node number @target of the newest map past the
 * doubts of this round, and over edges of at least @l2mtu. Return: whether there
 * is one.
 */
bool romon_route_search(struct romon_topology *topo, u32 target, u32 l2mtu,
			struct romon_path *path)
{
	const struct romon_map *map = romon_topology_map(topo);
	const struct romon_query query = {
		.target = target,
		.l2mtu = l2mtu,
	};
	u32 i, hop;

	if (!romon_route_label(topo, map, &query) ||
	    topo->label[target].via == ROMON_MAP_NONE)
		return false;
	path->hops = topo->label[target].hops;
	for (i = target, hop = path->hops; hop;
	     i = romon_map_from(map, topo->label[i].via))
		path->end[--hop] = topo->label[i].via;
	return true;
}

/**
 * romon_route_path() - the hops of a route that was computed
 * @map:	the map
 * @node:	where to
 * @index:	0 is the best route; then come the alternatives
 * @path:	set to the route
 *
 * Return: whether there is such a route.
 */
bool romon_route_path(const struct romon_map *map, u32 node,
		      unsigned int index, struct romon_path *path)
{
	const struct romon_map_node *to = &map->node[node];
	const struct romon_alternative *alt = NULL;
	u32 i, hop, via = node;

	if (to->via == ROMON_MAP_NONE || index > to->n_alternatives)
		return false;
	path->hops = to->hops;
	if (index) {
		alt = &to->alternatives[index - 1];
		path->hops = alt->hops;
		via = romon_map_from(map, alt->entry);
	}
	hop = map->node[via].hops;
	for (i = via; hop; i = romon_map_from(map, map->node[i].via))
		path->end[--hop] = map->node[i].via;
	if (!alt)
		return true;

	hop = map->node[via].hops;
	path->end[hop++] = alt->entry;
	for (i = romon_map_end(map, alt->entry)->node; i != node;
	     i = romon_map_from(map, map->node[i].via))
		path->end[hop++] = romon_map_peer(map->node[i].via);
	return true;
}

/* Room for a route of so many hops, or NULL if there is no memory. */
struct romon_route *romon_route_alloc(u32 hops)
{
	size_t size = sizeof(struct romon_wire_entry) + ETH_ALEN;
	struct romon_route *route;

	route = kzalloc(size_add(sizeof(*route), size_mul(hops, size)),
			ROMON_LEARN_GFP);
	if (route)
		route->room = hops;
	return route;
}

/* A copy for which there is just room, or NULL if there is no memory. */
struct romon_route *romon_route_copy(const struct romon_route *route)
{
	struct romon_route *copy = romon_route_alloc(route->hops);

	if (!copy)
		return NULL;
	copy->cost = route->cost;
	copy->l2mtu = route->l2mtu;
	copy->hash = route->hash;
	copy->detour = route->detour;
	copy->hops = route->hops;
	memcpy(copy->wire, route->wire,
	       flex_array_size(copy, wire, route->hops));
	memcpy(romon_route_id(copy, 0), romon_route_id(route, 0),
	       route->hops * ETH_ALEN);
	return copy;
}

/* Write out a route, for which there has to be room. */
void romon_route_write(const struct romon_map *map,
		       const struct romon_path *path, struct romon_route *route)
{
	u32 i;

	route->hops = path->hops;
	route->cost = 0;
	route->l2mtu = U16_MAX;
	route->hash = 0;
	route->detour = false;
	for (i = 0; i < path->hops; i++) {
		u32 end = path->end[i];
		const struct romon_map_end *to = romon_map_end(map, end);
		const struct romon_map_end *from =
			romon_map_end(map, romon_map_peer(end));

		route->wire[i].link = cpu_to_be32(from->port.link);
		memcpy(route->wire[i].mac, to->port.mac, ETH_ALEN);
		memcpy(romon_route_id(route, i), map->node[to->node].node->id,
		       ETH_ALEN);
		route->cost += romon_map_cost(map, end);
		route->l2mtu = min(route->l2mtu, romon_map_l2mtu(map, end));
		route->hash = romon_hash_hop(map, end, route->cost,
					     route->hash);
	}
}
