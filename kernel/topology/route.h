/* SPDX-License-Identifier: GPL-2.0-only */
/* The best routes over a map, the second best, and detours. */

#ifndef ROMON_ROUTE_H
#define ROMON_ROUTE_H

#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <uapi/linux/romon.h>

#include "path/wire.h"

struct romon_map;
struct romon_topology;

/* The way to a node in the search under way, by which it is ordered. */
struct romon_label {
	struct rb_node	heap;
	u32		via;
	u32		doubts;
	u32		cost;
	u32		hops;
	u32		mark;		/* ancestors of a node, for alternatives */
	bool		settled;	/* no better one will be found */
};

/* A route as ends of a map: those at the nodes that its hops reach. */
struct romon_path {
	u32	hops;
	u32	end[ROMON_HOP_LIMIT_MAX];
};

/**
 * struct romon_route - a route written out, which needs no map
 * @rcu:	for freeing
 * @cost:	of all its hops
 * @l2mtu:	the smallest
 * @hash:	like romon_map_node.path_hash
 * @detour:	not the best route
 * @hops:	how many
 * @room:	for how many; behind @wire there is as much for IDs
 * @wire:	as it goes into frames
 */
struct romon_route {
	struct rcu_head	rcu;
	u32	cost;
	u32	l2mtu;
	u32	hash;
	bool	detour;
	u8	hops;
	u8	room;
	struct romon_wire_entry wire[];
};

/* The ID of the router that hop number @hop reaches. */
static inline u8 *romon_route_id(const struct romon_route *route, u32 hop)
{
	return (u8 *)(route->wire + route->room) + hop * ETH_ALEN;
}

/* Whether the frame of a datagram of @len bytes may be sent on all its links. */
static inline bool romon_route_fits(const struct romon_route *route,
				    unsigned int len)
{
	return romon_wire_data_len(route->hops, len) <= route->l2mtu;
}

struct romon_route *romon_route_alloc(u32 hops);
struct romon_route *romon_route_copy(const struct romon_route *route);
void romon_route_write(const struct romon_map *map,
		       const struct romon_path *path,
		       struct romon_route *route);
bool romon_route_path(const struct romon_map *map, u32 node,
		      unsigned int index, struct romon_path *path);

bool romon_route_compute(struct romon_topology *topo, struct romon_map *map);
bool romon_route_search(struct romon_topology *topo, u32 target, u32 l2mtu,
			struct romon_path *path);

#endif /* ROMON_ROUTE_H */
