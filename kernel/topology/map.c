// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network as it was when routes were last computed, with the routes.
 *
 * A copy of the graph in which everything has a number: to search it is to walk
 * arrays, and whoever reads it needs no lock and is waited for by nobody.
 */

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "graph.h"
#include "map.h"
#include "private.h"

static struct romon_map *romon_map_alloc(u32 n_nodes, u32 n_edges)
{
	size_t nodes, edges, ends, size;
	struct romon_map *map;

	nodes = size_mul(sizeof(*map->node), size_add(n_nodes, 1));
	edges = size_mul(sizeof(*map->edge), n_edges);
	ends = size_mul(2 * sizeof(*map->adjacency), n_edges);
	size = size_add(size_add(sizeof(*map), nodes), size_add(edges, ends));
	map = kvzalloc(size, ROMON_LEARN_GFP);
	if (!map)
		return NULL;
	map->node = (void *)(map + 1);
	map->edge = (void *)map->node + nodes;
	map->adjacency = (void *)map->edge + edges;
	map->n_edges = n_edges;
	return map;
}

/* Number the nodes that have edges, and the edges of each. */
static void romon_map_number(struct romon_topology *topo, struct romon_map *map)
{
	struct rb_node *rb, *e;
	u32 edges = 0;

	for (rb = rb_first(&topo->nodes); rb; rb = rb_next(rb)) {
		struct romon_node *node = romon_node_rb(rb);

		cond_resched();
		node->index = ROMON_MAP_NONE;
		if (RB_EMPTY_ROOT(&node->edges) && node != topo->self)
			continue;
		if (node == topo->self)
			map->self = map->n_nodes;
		node->index = map->n_nodes;
		map->node[map->n_nodes].node = node;
		map->node[map->n_nodes].via = ROMON_MAP_NONE;
		map->n_nodes++;
		for (e = rb_first(&node->edges); e; e = rb_next(e)) {
			struct romon_edge_end *end = romon_edge_rb(e);
			struct romon_edge *edge = romon_edge_of(end);

			cond_resched();
			if (end->index)
				continue;
			map->edge[edges].edge = edge;
			map->edge[edges].end[0].port = edge->end[0].port;
			map->edge[edges].end[1].port = edge->end[1].port;
			map->l2mtu = max(map->l2mtu,
					 romon_map_l2mtu(map, 2 * edges));
			edge->index = edges++;
		}
	}
}

static void romon_map_connect(struct romon_map *map)
{
	struct rb_node *e;
	u32 i, ends = 0;

	for (i = 0; i < map->n_nodes; i++) {
		struct romon_node *node = map->node[i].node;

		cond_resched();
		map->node[i].ends = ends;
		for (e = rb_first(&node->edges); e; e = rb_next(e)) {
			struct romon_edge_end *end = romon_edge_rb(e);
			u32 edge = romon_edge_of(end)->index;

			cond_resched();
			map->edge[edge].end[end->index].node = i;
			map->adjacency[ends++] = 2 * edge + end->index;
		}
	}
	map->node[i].ends = ends;
}

/**
 * romon_map_build() - copy the graph
 * @topo:	the topology, whose work calls this
 *
 * Return: the map, still without routes, or NULL if there is no memory; then
 * the numbers of the last one still hold.
 */
struct romon_map *romon_map_build(struct romon_topology *topo)
{
	struct romon_map *map = romon_map_alloc(topo->n_nodes, topo->n_edges);

	if (!map)
		return NULL;
	romon_map_number(topo, map);
	romon_map_connect(map);
	return map;
}

void romon_map_free_rcu(struct romon_map *map)
{
	if (map)
		kvfree_rcu(map, rcu);
}

/* The number of the first node whose ID is not below @id. */
static u32 romon_map_lower(const struct romon_map *map, const u8 *id)
{
	u32 low = 0, high = map->n_nodes;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (memcmp(map->node[mid].node->id, id, ETH_ALEN) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The number of the node with an ID, or ROMON_MAP_NONE. */
u32 romon_map_find(const struct romon_map *map, const u8 *id)
{
	u32 i = romon_map_lower(map, id);

	return i < map->n_nodes &&
	       !memcmp(map->node[i].node->id, id, ETH_ALEN) ? i : ROMON_MAP_NONE;
}

/* The number of the node with the lowest ID above @id, or ROMON_MAP_NONE. */
u32 romon_map_after(const struct romon_map *map, const u8 *id)
{
	u32 i = romon_map_lower(map, id);

	if (i < map->n_nodes && !memcmp(map->node[i].node->id, id, ETH_ALEN))
		i++;
	return i < map->n_nodes ? i : ROMON_MAP_NONE;
}

/* Whether a node is shown: reachable, and it has said who it is. */
bool romon_map_is_known(const struct romon_map *map, u32 node)
{
	return map->node[node].via != ROMON_MAP_NONE &&
	       READ_ONCE(map->node[node].node->answered);
}

void romon_map_edge_key(const struct romon_map *map, u32 edge,
			struct romon_edge_key *key)
{
	const struct romon_map_end *end = map->edge[edge].end;

	memcpy(key->id, map->node[end[0].node].node->id, ETH_ALEN);
	memcpy(key->peer, map->node[end[1].node].node->id, ETH_ALEN);
	key->link = end[0].port.link;
	key->peer_link = end[1].port.link;
}

static int romon_edge_key_cmp(const struct romon_edge_key *a,
			      const struct romon_edge_key *b)
{
	int cmp = memcmp(a->id, b->id, ETH_ALEN);

	if (cmp)
		return cmp;
	if (a->link != b->link)
		return a->link < b->link ? -1 : 1;
	cmp = memcmp(a->peer, b->peer, ETH_ALEN);
	if (cmp)
		return cmp;
	if (a->peer_link != b->peer_link)
		return a->peer_link < b->peer_link ? -1 : 1;
	return 0;
}

/*
 * The number of the first edge behind @key, or ROMON_MAP_NONE; an all zero key
 * is before all of them.
 */
u32 romon_map_edge_after(const struct romon_map *map,
			 const struct romon_edge_key *key)
{
	u32 low = 0, high = map->n_edges;
	struct romon_edge_key other;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		romon_map_edge_key(map, mid, &other);
		if (romon_edge_key_cmp(&other, key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < map->n_edges ? low : ROMON_MAP_NONE;
}
