/* SPDX-License-Identifier: GPL-2.0-only */
/* The best routes over the topology, the second best, and detours. */

#ifndef ROMON_ROUTE_H
#define ROMON_ROUTE_H

#include <linux/if_ether.h>
#include <linux/types.h>
#include <uapi/linux/romon.h>

struct romon_edge_end;
struct romon_node;
struct romon_topology;
struct romon_wire_entry;

/* Alternative routes kept for a node beside the best one. */
#define ROMON_ALTERNATIVES	3

/*
 * A loop-free route that reaches its node over another last hop than the best
 * route does: the best route to the far side of @entry, over it, and from
 * there against the best routes back up to the node.
 */
struct romon_alternative {
	struct romon_edge_end *entry;	/* the end nearer to the node */
	struct romon_edge_end *last;	/* of the last hop, the end at the node */
	u32	cost;
	u32	hops;
};

/* A route written out. */
struct romon_route {
	const struct romon_node *node;
	u32	cost;
	u32	hops;
	u32	l2mtu;
	bool	active;			/* the one in use */
	/* ends at the node that is reached, from the first hop to the last */
	struct romon_edge_end *hop[ROMON_HOP_LIMIT_MAX];
};

void romon_route_compute(struct romon_topology *topo, u32 hop_limit);
bool romon_route_search(struct romon_topology *topo, struct romon_node *target,
			u32 hop_limit);
void romon_route_write(struct romon_topology *topo,
		       struct romon_edge_end * const *hop, u32 hops);
const struct romon_route *romon_route_get(struct romon_topology *topo,
					  struct romon_node *node,
					  unsigned int index);
bool romon_route_exists(struct romon_topology *topo, struct romon_node *node,
			unsigned int *index);
u32 romon_route_hash(const struct romon_route *route);
u8 romon_route_wire(const struct romon_route *route,
		    struct romon_wire_entry *wire);

#endif /* ROMON_ROUTE_H */
