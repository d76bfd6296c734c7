/* SPDX-License-Identifier: GPL-2.0-only */
/* Nodes, edges, and the best routes over them. */

#ifndef ROMON_TOPOLOGY_H
#define ROMON_TOPOLOGY_H

#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>

#include <uapi/linux/romon.h>

#include "reach.h"
#include "route.h"
#include "path/wire.h"

struct netlink_ext_ack;
struct romon_datagram;
struct romon_net;
struct romon_node;
struct romon_port;

/* One end of an edge, in the tree of its node. */
struct romon_edge_end {
	struct rb_node	rb;
	struct romon_node *node;
	struct romon_end port;
	u8	index;			/* in romon_edge.end */
};

/* A hop between two nodes: a port of the one and a port of the other. */
struct romon_edge {
	struct romon_edge_end end[2];	/* as last told: parent, answerer */
	unsigned long	seen;		/* jiffies */
	u32		flood;		/* number of the flood that told */
	u32		held;		/* by doubts and detours */
	u32		doubt_round;	/* is romon_topology.doubt_round if */
	u32		doubts;		/* it has these */
};

/* The way to a node in the search under way, by which it is ordered. */
struct romon_label {
	struct rb_node	heap;
	struct romon_edge_end *via;
	u32		doubts;
	u32		cost;
	u32		hops;
	bool		settled;	/* no better one will be found */
};

/**
 * struct romon_node - a router, this one included
 * @rb:		in romon_topology.nodes, by @id
 * @id:		never changes
 * @edges:	its ends of edges
 * @answered:	it has answered itself, so what follows is known
 * @seen:	jiffies when it last did
 * @identity:	without control characters, NUL-terminated, or NULL
 * @board:	likewise
 * @version:	as on the wire
 * @via:	the end at this node of the last hop of the best route; NULL
 *		if there is none
 * @cost:	of the best route
 * @hops:	of the best route
 * @l2mtu:	smallest on the best route
 * @path_hash:	tells whether the best route has changed
 * @told_hash:	that of the route in use when it was last told
 * @told_cost:	cost of the route in use when it was last told
 * @told:	an event said that it was found
 * @changed:	what it says of itself has changed since then
 * @label:	of the search under way
 * @doubt_round: is romon_topology.doubt_round if @doubts is of this round
 * @doubts:	of a router on routes that were not answered
 * @mark:	tells ancestors of a node, while looking for alternatives
 * @alternatives: by cost
 * @n_alternatives: how many
 * @reach:	whether it answers; NULL if nothing was sent there lately
 *
 * All under romon_topology.lock.
 */
struct romon_node {
	struct rb_node	rb;
	u8		id[ETH_ALEN];
	struct rb_root	edges;

	bool		answered;
	unsigned long	seen;
	char		*identity;
	char		*board;
	u8		version[ROMON_VERSION_LEN];

	struct romon_edge_end *via;
	u32		cost;
	u32		hops;
	u32		l2mtu;
	u32		path_hash;
	u32		told_hash;
	u32		told_cost;
	bool		told;
	bool		changed;
	struct romon_label label;
	u32		doubt_round;
	u32		doubts;
	u32		mark;

	struct romon_alternative alternatives[ROMON_ALTERNATIVES];
	u8		n_alternatives;
	struct romon_reach *reach;
};

/**
 * struct romon_topology - what is known of the network
 * @lock:	guards all that has no lock named here. Taken inside rtnl
 * @nodes:	by ID
 * @n_nodes:	how many, this router among them
 * @n_edges:	how many
 * @self:	this router's node; NULL while RoMON does not run
 * @generation:	changes with all that a dump shows
 * @flood:	number of this router's last flood
 * @flood_at:	jiffies64 of it
 * @dirty:	edges have changed since routes were computed
 * @undecided:	of equal links one was used that the last flood did not find
 * @decided_flood: number of the last flood that all routes take account of
 * @aged_at:	jiffies64 of the last look for old edges
 * @pending:	datagrams that wait for a route
 * @pending_size: memory that they take
 * @asked_at:	jiffies64 of the last flood asked for on their behalf
 * @rcv:	answers that wait to be read; own lock
 * @work:	reads @rcv, computes, ages, serves @pending
 * @kicked:	bit 0: @work has been asked to run soon
 * @pause:	jiffies that @work lets answers gather, by how long it took last
 * @computed:	how often routes were computed
 * @mark:	last value used for romon_node.mark
 * @doubt_round: number of the last search for a detour, or of routes
 * @reaches:	all of &struct romon_reach
 * @reach_hash:	they, by ID. Changed under @lock, read under RCU
 * @reach_seed:	of their hash
 * @n_reaches:	how many; read without @lock
 * @ask_tokens:	floods that may still be asked for because of routes that
 *		are not answered
 * @ask_refilled: jiffies64 when the last one was added
 * @route:	what romon_route_get() returns
 * @wire:	a route as it goes into a frame
 *
 * Answers are queued in softirq as they are and read in process context, so
 * the tables need neither atomic allocations nor RCU, and a burst of answers
 * is one computation.
 */
struct romon_topology {
	struct mutex		lock;		/* see above */
	struct rb_root		nodes;
	u32			n_nodes;
	u32			n_edges;
	struct romon_node	*self;
	u32			generation;
	u32			flood;
	u64			flood_at;
	bool			dirty;
	bool			undecided;
	u32			decided_flood;
	u64			aged_at;
	struct sk_buff_head	pending;
	u32			pending_size;
	u64			asked_at;

	struct sk_buff_head	rcv;
	struct delayed_work	work;
	unsigned long		kicked;
	unsigned long		pause;

	u32			computed;
	u32			mark;
	u32			doubt_round;
	struct list_head	reaches;
	struct hlist_head	reach_hash[ROMON_REACH_BUCKETS];
	u32			reach_seed;
	u32			n_reaches;
	u32			ask_tokens;
	u64			ask_refilled;
	struct romon_route	route;
	struct romon_wire_entry	wire[ROMON_HOP_LIMIT_MAX];
};

void romon_topology_rcv(struct romon_port *port, struct sk_buff *skb);
int romon_topology_send(struct romon_net *rn, struct sk_buff *skb,
			const struct romon_datagram *dg, u32 portid,
			struct netlink_ext_ack *extack);

void romon_topology_refresh(struct romon_net *rn);
void romon_topology_flood(struct romon_net *rn);
void romon_topology_port_down(struct romon_net *rn, u32 link);
void romon_topology_port_change(struct romon_net *rn,
				const struct romon_end *end);

struct romon_node *romon_node_find(struct romon_topology *topo, const u8 *id);
struct romon_node *romon_node_after(struct romon_topology *topo, const u8 *id);
bool romon_node_is_known(const struct romon_node *node);
struct romon_edge_end *romon_node_via(const struct romon_node *node);

void romon_topology_ask(struct romon_net *rn);
void romon_topology_tell(struct romon_net *rn, struct romon_node *node,
			 enum romon_route_reason reason);
bool romon_topology_flood_is_fresh(const struct romon_topology *topo);
u32 romon_edge_missed(const struct romon_topology *topo,
		      const struct romon_edge *edge);

/* Where a dump of edges goes on. */
struct romon_edge_key {
	u8	id[ETH_ALEN];
	u8	peer[ETH_ALEN];
	u32	link;
	u32	peer_link;
};

struct romon_edge *romon_edge_of(struct romon_edge_end *end);
struct romon_edge_end *romon_edge_peer(struct romon_edge_end *end);
struct romon_edge *romon_edge_after(struct romon_topology *topo,
				    const struct romon_edge_key *key);
void romon_edge_key(struct romon_edge *edge, struct romon_edge_key *key);

void romon_topology_net_init(struct romon_net *rn);
int romon_topology_start(struct romon_net *rn, const u8 *id);
void romon_topology_stop(struct romon_net *rn);

#endif /* ROMON_TOPOLOGY_H */
