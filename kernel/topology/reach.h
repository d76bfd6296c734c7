/* SPDX-License-Identifier: GPL-2.0-only */
/* Which routers answer, and the way round what does not. */

#ifndef ROMON_REACH_H
#define ROMON_REACH_H

#include <linux/atomic.h>
#include <linux/if_ether.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <uapi/linux/romon.h>

struct romon_edge;
struct romon_edge_end;
struct romon_node;
struct romon_route;
struct romon_topology;
struct romon_wire_entry;

#define ROMON_REACH_BUCKETS	256
/* Edges of unanswered routes that are remembered for a router. */
#define ROMON_DOUBTS		64

/* An edge of routes that were not answered. */
struct romon_doubt {
	struct hlist_node of_edge;	/* in romon_edge.doubted */
	struct romon_reach *reach;
	struct romon_edge *edge;
	u32	flood;		/* number of this router's last flood then */
	u32	times;
};

/* A hop of the route in use, if that is not the best one. */
struct romon_detour {
	struct hlist_node of_edge;	/* in romon_edge.detours */
	struct romon_reach *reach;
	struct romon_edge_end *end;
};

/**
 * struct romon_reach - whether a router answers what is sent to it
 * @rcu:	for freeing
 * @hash:	in romon_topology.reach_hash. Read under RCU
 * @id:		of the router; never changes
 * @route:	the route in use, NULL if there is none or it could not be
 *		kept. RCU
 * @wide:	the route for datagrams that do not fit @route, NULL if there
 *		was none of them lately. RCU
 * @narrow:	there is none for so many bytes, or more
 * @doubted:	there are doubts, so @route has to be looked at now and then
 * @looked:	jiffies64 of the last look
 * @backoff:	times in a row that no answer came; each doubles the patience
 * @look:	a sender has found that it is time for a look
 * @sent:	jiffies64 of the last datagram
 * @unanswered:	datagrams sent on @route since the last answer
 * @since:	jiffies64 of the first of them
 * @heard:	jiffies64 of the last answer
 * @rtt:	longest time in jiffies that an answer took lately
 * @rtt_at:	jiffies64 when that was
 * @proven:	an answer has come along @route, so nothing less is taken for
 *		one
 * @list:	in romon_topology.reaches
 * @node:	whose it is
 * @refreshed:	jiffies64 up to which @sent was taken account of
 * @doubts:	edges of routes that were not answered; room for ROMON_DOUBTS,
 *		NULL until there is one
 * @n_doubts:	how many
 * @searched:	romon_topology.computed when a detour was last searched
 * @widened:	likewise when @wide or @narrow was
 * @again:	to be searched again, though routes are the same: there are
 *		fewer doubts, or there was no memory
 * @held:	jiffies64 until which a doubt stays, however often it is refuted
 * @hold:	how long that is
 * @returned:	jiffies64 when the best route was last taken up again
 * @asked:	jiffies64 of the last flood that it has asked for
 * @ask_wait:	until the next one
 * @detour:	the route in use if it is not the best one, from the first hop
 *		to the last
 * @detour_hops: its length, 0 if there is none
 * @detour_cost: its cost
 * @detour_hash: like romon_map_node.path_hash
 * @confirmed:	the best route was taken up again, which is still to be told
 *
 * Made for datagrams that programs of this router send, and bounded by
 * max-nodes because a node has one at most. Up to @backoff written by the
 * topology's work and read by senders; from @look to @since written by senders
 * too, and @unanswered, @heard to @proven by softirq. None of it has a lock: a
 * race costs an answer that is not counted or counted twice, and the next one
 * sets it right. From @list on it is the work's own.
 */
struct romon_reach {
	struct rcu_head		rcu;
	struct hlist_node	hash;
	u8			id[ETH_ALEN];
	struct romon_route __rcu *route;
	struct romon_route __rcu *wide;
	u32			narrow;
	bool			doubted;
	u64			looked;
	unsigned int		backoff;

	bool			look;
	u64			sent;
	atomic_t		unanswered;
	u64			since;
	u64			heard;
	unsigned long		rtt;
	u64			rtt_at;
	bool			proven;

	struct list_head	list;
	struct romon_node	*node;
	u64			refreshed;
	struct romon_doubt	*doubts;
	unsigned int		n_doubts;
	u32			searched;
	u32			widened;
	bool			again;
	u64			held;
	unsigned long		hold;
	u64			returned;
	u64			asked;
	unsigned long		ask_wait;
	struct romon_detour	*detour;
	u32			detour_hops;
	u32			detour_cost;
	u32			detour_hash;
	bool			confirmed;
};

/* In softirq or of a sender, under RCU. */
void romon_reach_hear(struct romon_topology *topo, const u8 *id,
		      const struct romon_wire_entry *entry, u8 hops);
const struct romon_route *romon_reach_use_rcu(struct romon_topology *topo,
					      const u8 *id,
					      struct romon_reach **reach);
const struct romon_route *romon_reach_wide_rcu(const struct romon_reach *r,
					       unsigned int len);
bool romon_reach_is_narrow_rcu(struct romon_topology *topo, const u8 *id,
			       unsigned int len);
void romon_reach_sent(struct romon_reach *r);
const struct romon_route *romon_reach_detour_rcu(struct romon_topology *topo,
						 const u8 *id);

/* Of the topology's work. */
bool romon_reach_has_detour(const struct romon_node *node);
const struct romon_route *romon_reach_route(struct romon_topology *topo,
					    struct romon_node *node);
const struct romon_route *romon_reach_wide(struct romon_topology *topo,
					   struct romon_node *node,
					   unsigned int len);
void romon_reach_edge_gone(struct romon_edge *edge);
void romon_reach_review(struct romon_topology *topo);
void romon_reach_look(struct romon_topology *topo);
enum romon_route_reason romon_reach_reason(struct romon_node *node,
					   enum romon_route_reason reason);
void romon_reach_age(struct romon_topology *topo);
void romon_reach_del(struct romon_topology *topo, struct romon_node *node);
void romon_reach_init(struct romon_topology *topo);

#endif /* ROMON_REACH_H */
