/* SPDX-License-Identifier: GPL-2.0-only */
/* The topology of a router that runs: for those in this folder only. */

#ifndef ROMON_TOPOLOGY_PRIVATE_H
#define ROMON_TOPOLOGY_PRIVATE_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "graph.h"
#include "map.h"
#include "reach.h"
#include "route.h"
#include "topology.h"

struct romon_net;

/*
 * For what is learnt: charged to who has enabled RoMON, see
 * romon_topology_work(). None of his programs is killed to make room for what
 * others say: it is dropped, and learnt later.
 */
#define ROMON_LEARN_GFP		(GFP_KERNEL_ACCOUNT | __GFP_NORETRY)
/* Ports are told apart by so many remainders when answers are counted. */
#define ROMON_LEARN_SHARES	64

/**
 * struct romon_topology - what a router that runs knows of the network
 * @rcu:	for freeing
 * @rn:		the router
 * @id:		its ID
 * @stopping:	nobody needs it any more: what takes time breaks off
 * @dead:	in romon_net.topo_dead
 *
 * @map:	nodes, edges and routes for all to read. RCU, replaced by the work
 * @reach_hash:	all of &struct romon_reach, by ID. RCU, changed by the work
 * @reach_seed:	of their hash
 * @n_reaches:	how many
 *
 * @rcv:	answers that wait to be read; under its lock
 * @rcv_share:	how many of them came in by which ports, told apart by the
 *		remainder of their link numbers; likewise
 * @learn_at:	jiffies64 before which they gather, by how long the last ones
 *		took. Written by the work
 * @handed:	datagrams for which the work has to find a route; under its lock
 * @n_pending:	how many are in @handed and @waiting; under @handed's lock
 * @pending_size: memory that they take; likewise
 * @flood:	number of this router's last flood. Written by that alone
 * @flood_at:	jiffies64 of it
 * @counted:	number of the last flood of which it is known who answered
 * @bits:	how much all of them say by not telling of something:
 *		ROMON_FLOOD_BITS each, or less if many were not heard
 *
 * @nodes:	by ID
 * @n_nodes:	how many, this router among them
 * @n_empty:	how many of @nodes have no edges and are about to go
 * @n_edges:	how many
 * @tellers:	neighbours by which answers came in, by port
 * @tallies:	the same ports, by how many edges were told there
 * @self:	this router's node
 * @gone_edges:	taken out, but the newest map may name them
 * @gone_nodes:	likewise
 * @dirty:	edges have changed since routes were computed
 * @undecided:	of equal links one was used that the last flood did not find
 * @decided_flood: number of the last flood that all routes take account of
 * @poked:	romon_net.topo_poked when ports were last looked at
 * @aged_at:	jiffies64 of the last look for old edges
 * @waiting:	datagrams that wait for a route
 * @asked_at:	jiffies64 of the last flood asked for
 * @computed:	how often routes were computed
 * @doubt_round: number of the last search for a detour, or of routes
 * @label:	of the search under way, for as many nodes as the newest map has
 * @mark:	last value used for romon_label.mark
 * @reaches:	all of &struct romon_reach
 * @ask_tokens:	floods that may still be asked for because of routes that
 *		are not answered
 * @ask_refilled: jiffies64 when the last one was added
 * @path:	scratch
 * @route:	scratch, with room for any
 *
 * There is one while RoMON runs, and for each ID another. From @nodes on all of
 * it belongs to romon_net.topo_work, which runs once at a time: answers,
 * datagrams without a route, ports and settings that have changed are queued to
 * it, so the tables need neither atomic allocations nor a lock, and a burst of
 * answers is one computation.
 *
 * Times that nothing may renew for weeks are jiffies64: on 32 bits others turn
 * from long ago into the future.
 */
struct romon_topology {
	struct rcu_head		rcu;
	struct romon_net	*rn;
	u8			id[ETH_ALEN];
	bool			stopping;
	struct list_head	dead;

	struct romon_map __rcu	*map;
	struct hlist_head	reach_hash[ROMON_REACH_BUCKETS];
	u32			reach_seed;
	u32			n_reaches;

	struct sk_buff_head	rcv;
	u32			rcv_share[ROMON_LEARN_SHARES];
	u64			learn_at;
	struct sk_buff_head	handed;
	u32			n_pending;
	u32			pending_size;
	u32			flood;
	u64			flood_at;
	u32			counted;
	u32			bits;

	struct rb_root		nodes;
	u32			n_nodes;
	u32			n_empty;
	u32			n_edges;
	struct rb_root		tellers;
	struct rb_root		tallies;
	struct romon_node	*self;
	struct romon_edge	*gone_edges;
	struct romon_node	*gone_nodes;
	bool			dirty;
	bool			undecided;
	u32			decided_flood;
	int			poked;
	u64			aged_at;
	struct sk_buff_head	waiting;
	u64			asked_at;
	u32			computed;
	u32			doubt_round;
	struct romon_label	*label;
	u32			mark;
	struct list_head	reaches;
	u32			ask_tokens;
	u64			ask_refilled;
	struct romon_path	path;
	struct romon_route	*route;
};

/* The newest map, for the work, which alone replaces it. */
static inline struct romon_map *romon_topology_map(struct romon_topology *topo)
{
	return rcu_dereference_protected(topo->map, true);
}

/* What an end of a map is a copy of; the work alone may look there. */
static inline struct romon_edge_end *
romon_map_origin(const struct romon_map *map, u32 end)
{
	return &map->edge[end / 2].edge->end[end & 1];
}

void romon_topology_hurry(struct romon_net *rn);
void romon_topology_kick(struct romon_topology *topo);
void romon_topology_changed(struct romon_topology *topo);
void romon_topology_ask(struct romon_topology *topo);
void romon_topology_tell(struct romon_topology *topo, struct romon_node *node,
			 enum romon_route_reason reason);

bool romon_learn_drain(struct romon_topology *topo);
void romon_learn_lost_neighbors(struct romon_topology *topo);
void romon_learn_age(struct romon_topology *topo);
void romon_learn_lost_ports(struct romon_topology *topo);
void romon_learn_changed_ports(struct romon_topology *topo);
bool romon_topology_flood_is_fresh(const struct romon_topology *topo);
u32 romon_edge_missed(const struct romon_topology *topo,
		      const struct romon_edge *edge);

void romon_pending_serve(struct romon_topology *topo);
void romon_pending_purge(struct romon_topology *topo);

#endif /* ROMON_TOPOLOGY_PRIVATE_H */
