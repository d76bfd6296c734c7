/* SPDX-License-Identifier: GPL-2.0-only */
/* What answers to this router's own floods have told: nodes and edges. */

#ifndef ROMON_GRAPH_H
#define ROMON_GRAPH_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "path/wire.h"

struct romon_reach;
struct romon_teller;
struct romon_topology;

/* One end of an edge, in the tree of its node. */
struct romon_edge_end {
	struct rb_node	rb;
	struct romon_node *node;
	struct romon_end port;
	u8	index;			/* in romon_edge.end */
};

/**
 * struct romon_edge - a hop between two nodes: a port of each
 * @told:	in romon_teller.edges
 * @rcu:	for freeing
 * @seen:	jiffies when it was last told of. Read under RCU
 * @end:	as last told: parent, answerer
 * @flood:	number of the flood that told of it
 * @bits:	romon_topology.bits with that flood, at most
 * @hops:	how far away the answerer was then
 * @downs:	of the port here, if it is an edge of this router: what was
 *		learnt before the port was last down is not true any more
 * @doubted:	doubts of it, of whichever router
 * @detours:	hops of detours that it is
 * @doubt_round: is romon_topology.doubt_round if @doubts is of this round
 * @doubts:	of routes over it that were not answered
 * @index:	in romon_topology.map
 * @teller:	by whom answers came that told of it
 * @gone:	once it was taken out: the next one that waits for a map which does
 *		not name it
 *
 * The topology's work alone sees more than @seen. There may be a hundred thousand
 * of them: what is never needed at the same time shares its place.
 */
struct romon_edge {
	union {
		struct list_head told;
		struct rcu_head	rcu;
	};
	unsigned long	seen;

	struct romon_edge_end end[2];
	u32		flood;
	u32		bits;
	u32		downs;
	u8		hops;
	struct hlist_head doubted;
	struct hlist_head detours;
	u32		doubt_round;
	u32		doubts;
	u32		index;
	union {
		struct romon_teller *teller;
		struct romon_edge *gone;
	};
};

/* What a router says of itself: printable, immutable. */
struct romon_text {
	struct rcu_head	rcu;
	char	value[];
};

/**
 * struct romon_node - a router, this one included
 * @rb:		in romon_topology.nodes, by @id
 * @rcu:	for freeing
 * @id:		never changes
 * @answered:	it has answered itself, so what follows is known
 * @version:	as on the wire
 * @seen:	jiffies when it last answered
 * @identity:	without control characters, or NULL. RCU
 * @board:	likewise
 * @edges:	its ends of edges
 * @index:	in romon_topology.map, ROMON_MAP_NONE if it is not there
 * @via:	end at this node of the last hop of the best route, as of the
 *		last map; only ever compared
 * @told_hash:	of the route in use when it was last told
 * @told_cost:	likewise
 * @flood:	number of the last flood that it answered
 * @told:	an event said that it was found
 * @changed:	what it says of itself has changed since then
 * @doubt_round: is romon_topology.doubt_round if @doubts is of this round
 * @doubts:	of a router on routes that were not answered
 * @reach:	whether it answers; NULL if nothing was sent there lately
 * @gone:	once it was taken out: the next one that waits for a map which does
 *		not name it
 *
 * Up to @board it is written by the topology's work and read under RCU by
 * whoever has found it in a map. The rest is the work's own.
 */
struct romon_node {
	union {
		struct rb_node	rb;
		struct rcu_head	rcu;
	};
	u8		id[ETH_ALEN];
	bool		answered;
	u32		version;
	unsigned long	seen;
	struct romon_text __rcu *identity;
	struct romon_text __rcu *board;

	struct rb_root	edges;
	u32		index;
	const struct romon_edge_end *via;
	u32		told_hash;
	u32		told_cost;
	u32		flood;
	bool		told;
	bool		changed;
	u32		doubt_round;
	u32		doubts;
	struct romon_reach *reach;
	struct romon_node *gone;
};

static inline struct romon_edge_end *romon_edge_rb(struct rb_node *rb)
{
	return rb_entry(rb, struct romon_edge_end, rb);
}

static inline struct romon_node *romon_node_rb(struct rb_node *rb)
{
	return rb_entry(rb, struct romon_node, rb);
}

static inline struct romon_edge_end *romon_edge_peer(struct romon_edge_end *end)
{
	return end->index ? end - 1 : end + 1;
}

static inline struct romon_edge *romon_edge_of(struct romon_edge_end *end)
{
	return container_of(end - end->index, struct romon_edge, end[0]);
}

bool romon_end_equal(const struct romon_end *a, const struct romon_end *b);

struct romon_node *romon_node_find(struct romon_topology *topo, const u8 *id);
struct romon_node *romon_node_add(struct romon_topology *topo, const u8 *id);
void romon_node_del(struct romon_topology *topo, struct romon_node *node);
void romon_node_answered(struct romon_topology *topo, struct romon_node *node,
			 const u8 *buf, const struct romon_frame *f);

struct romon_edge_end *romon_edge_find(struct romon_node *node, u32 link,
				       const u8 *peer, u32 peer_link);
struct romon_edge *romon_edge_add(struct romon_topology *topo,
				  struct romon_node *from,
				  const struct romon_end *out,
				  struct romon_node *to,
				  const struct romon_end *in);
void romon_edge_del(struct romon_topology *topo, struct romon_edge *edge);

void romon_graph_free_gone(struct romon_topology *topo);
void romon_graph_free(struct romon_topology *topo);

#endif /* ROMON_GRAPH_H */
