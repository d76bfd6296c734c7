/* SPDX-License-Identifier: GPL-2.0-only */
/* By which neighbours answers have come in, and how much they have told. */

#ifndef ROMON_TELLER_H
#define ROMON_TELLER_H

#include <linux/if_ether.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct romon_edge;
struct romon_topology;

/* How many edges are somebody's, and the place in a tree by that. */
struct romon_tally {
	struct rb_node	rb;
	u32		edges;
};

/* A port of this router by which answers came in. */
struct romon_teller_port {
	struct rb_node	rb;		/* in romon_topology.tellers, by @link */
	struct romon_tally tally;	/* in romon_topology.tallies */
	u32		link;
	struct rb_root	tellers;	/* by MAC */
	struct rb_root	tallies;	/* of them */
};

/**
 * struct romon_teller - a neighbour by which answers came in
 * @rb:		in romon_teller_port.tellers
 * @tally:	in romon_teller_port.tallies
 * @port:	where it is
 * @mac:	what its frames came from
 * @edges:	those that count as its own, the newest first
 *
 * The topology's work alone sees it. It lives by its edges, as its port does by
 * its tellers, so there are no more of either than edges.
 */
struct romon_teller {
	struct rb_node		rb;
	struct romon_tally	tally;
	struct romon_teller_port *port;
	u8			mac[ETH_ALEN];
	struct list_head	edges;
};

struct romon_teller *romon_teller_get(struct romon_topology *topo, u32 link,
				      const u8 *mac);
void romon_teller_put(struct romon_topology *topo, struct romon_teller *teller);
void romon_teller_told(struct romon_topology *topo, struct romon_teller *teller,
		       struct romon_edge *edge);
void romon_teller_edge_gone(struct romon_topology *topo,
			    struct romon_edge *edge);
struct romon_edge *romon_teller_spare(struct romon_topology *topo,
				      const struct romon_teller *teller);

#endif /* ROMON_TELLER_H */
