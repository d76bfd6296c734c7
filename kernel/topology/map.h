/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network as it was when routes were last computed, with the routes.
 * Immutable once published; read under RCU.
 */

#ifndef ROMON_MAP_H
#define ROMON_MAP_H

#include <linux/limits.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "path/wire.h"

struct romon_edge;
struct romon_node;
struct romon_topology;

/* No such node, or end. */
#define ROMON_MAP_NONE		U32_MAX

/* Alternative routes kept for a node beside the best one. */
#define ROMON_ALTERNATIVES	3

struct romon_map_end {
	u32	node;			/* whose port it is */
	struct romon_end port;
};

/*
 * An end is named by twice the number of its edge, plus one if it is the
 * second, so that its peer is that number with its lowest bit turned over.
 */
struct romon_map_edge {
	struct romon_edge *edge;	/* its @seen; all else is the work's */
	struct romon_map_end end[2];
};

/*
 * A loop-free route that reaches its node over another last hop than the best
 * route does: the best route to the far side of @entry, over it, and from
 * there against the best routes back up to the node.
 */
struct romon_alternative {
	u32	entry;			/* the end nearer to the node */
	u32	last;			/* of the last hop, the end at the node */
	u32	cost;
	u32	hops;
};

/**
 * struct romon_map_node - a router, and the best route to it
 * @node:	what it says of itself; the rest of it is the work's
 * @ends:	where its ends begin in romon_map.adjacency; those of the next
 *		node follow
 * @via:	end at this node of the last hop of the best route, or
 *		ROMON_MAP_NONE if there is none
 * @cost:	of the best route
 * @hops:	of the best route
 * @l2mtu:	smallest on the best route
 * @path_hash:	tells whether the best route is another
 * @n_alternatives: how many
 * @alternatives: by cost
 */
struct romon_map_node {
	struct romon_node *node;
	u32	ends;
	u32	via;
	u32	cost;
	u32	hops;
	u32	l2mtu;
	u32	path_hash;
	u32	n_alternatives;
	struct romon_alternative alternatives[ROMON_ALTERNATIVES];
};

/**
 * struct romon_map - nodes and edges by number
 * @rcu:	for freeing
 * @self:	this router's node
 * @n_nodes:	how many, this router among them
 * @n_edges:	how many
 * @l2mtu:	the largest of an edge
 * @node:	by ID; behind them one more, for its @ends
 * @edge:	by &struct romon_edge_key
 * @adjacency:	the ends of every node
 */
struct romon_map {
	struct rcu_head	rcu;
	u32		self;
	u32		n_nodes;
	u32		n_edges;
	u32		l2mtu;
	struct romon_map_node *node;
	struct romon_map_edge *edge;
	u32		*adjacency;
};

/* Where a dump of edges goes on. */
struct romon_edge_key {
	u8	id[ETH_ALEN];
	u8	peer[ETH_ALEN];
	u32	link;
	u32	peer_link;
};

static inline const struct romon_map_end *
romon_map_end(const struct romon_map *map, u32 end)
{
	return &map->edge[end / 2].end[end & 1];
}

static inline u32 romon_map_peer(u32 end)
{
	return end ^ 1;
}

/* The node from which an end is reached over its edge. */
static inline u32 romon_map_from(const struct romon_map *map, u32 end)
{
	return romon_map_end(map, romon_map_peer(end))->node;
}

static inline u32 romon_map_cost(const struct romon_map *map, u32 end)
{
	const struct romon_map_edge *edge = &map->edge[end / 2];

	return edge->end[0].port.cost + edge->end[1].port.cost;
}

static inline u32 romon_map_l2mtu(const struct romon_map *map, u32 end)
{
	const struct romon_map_edge *edge = &map->edge[end / 2];

	return min(edge->end[0].port.l2mtu, edge->end[1].port.l2mtu);
}

struct romon_map *romon_map_build(struct romon_topology *topo);
void romon_map_free_rcu(struct romon_map *map);

u32 romon_map_find(const struct romon_map *map, const u8 *id);
u32 romon_map_after(const struct romon_map *map, const u8 *id);
bool romon_map_is_known(const struct romon_map *map, u32 node);
u32 romon_map_edge_after(const struct romon_map *map,
			 const struct romon_edge_key *key);
void romon_map_edge_key(const struct romon_map *map, u32 edge,
			struct romon_edge_key *key);

#endif /* ROMON_MAP_H */
