// SPDX-License-Identifier: GPL-2.0-only
/*
 * By which neighbours answers have come in, and how much they have told.
 *
 * Whoever answers can invent routers, and as many as it likes. All of that comes
 * in by one port and, beyond it, by one neighbour, whatever IDs it has. So when
 * a table is full, room is made among what the port with the most has brought,
 * and there among what the neighbour with the most has.
 */

#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "graph.h"
#include "private.h"
#include "teller.h"

static bool romon_tally_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct romon_tally, rb)->edges <
	       rb_entry(b, struct romon_tally, rb)->edges;
}

static void romon_tally_set(struct rb_root *root, struct romon_tally *tally,
			    u32 edges)
{
	rb_erase(&tally->rb, root);
	tally->edges = edges;
	rb_add(&tally->rb, root, romon_tally_less);
}

static int romon_teller_port_cmp(const void *link, const struct rb_node *rb)
{
	u32 a = *(const u32 *)link;
	u32 b = rb_entry(rb, struct romon_teller_port, rb)->link;

	return a < b ? -1 : a > b;
}

static bool romon_teller_port_less(struct rb_node *a, const struct rb_node *b)
{
	return romon_teller_port_cmp(&rb_entry(a, struct romon_teller_port,
					       rb)->link, b) < 0;
}

static int romon_teller_cmp(const void *mac, const struct rb_node *rb)
{
	return memcmp(mac, rb_entry(rb, struct romon_teller, rb)->mac,
		      ETH_ALEN);
}

static bool romon_teller_less(struct rb_node *a, const struct rb_node *b)
{
	return romon_teller_cmp(rb_entry(a, struct romon_teller, rb)->mac,
				b) < 0;
}

static struct romon_teller_port *
romon_teller_port_get(struct romon_topology *topo, u32 number)
{
	struct rb_node *rb = rb_find(&number, &topo->tellers,
				     romon_teller_port_cmp);
	struct romon_teller_port *port;

	if (rb)
		return rb_entry(rb, struct romon_teller_port, rb);
	port = kzalloc_obj(*port, ROMON_LEARN_GFP);
	if (!port)
		return NULL;
	port->link = number;
	port->tellers = RB_ROOT;
	port->tallies = RB_ROOT;
	rb_add(&port->rb, &topo->tellers, romon_teller_port_less);
	rb_add(&port->tally.rb, &topo->tallies, romon_tally_less);
	return port;
}

static void romon_teller_port_put(struct romon_topology *topo,
				  struct romon_teller_port *port)
{
	if (!RB_EMPTY_ROOT(&port->tellers))
		return;
	rb_erase(&port->rb, &topo->tellers);
	rb_erase(&port->tally.rb, &topo->tallies);
	kfree(port);
}

/**
 * romon_teller_get() - the neighbour by which an answer came in
 * @topo:	the topology
 * @link:	this router's port where it came in
 * @mac:	what it came from
 *
 * Return: the neighbour, for romon_teller_put(), or NULL if there is no memory.
 */
struct romon_teller *romon_teller_get(struct romon_topology *topo, u32 link,
				      const u8 *mac)
{
	struct romon_teller_port *port = romon_teller_port_get(topo, link);
	struct romon_teller *teller;
	struct rb_node *rb;

	if (!port)
		return NULL;
	rb = rb_find(mac, &port->tellers, romon_teller_cmp);
	if (rb)
		return rb_entry(rb, struct romon_teller, rb);
	teller = kzalloc_obj(*teller, ROMON_LEARN_GFP);
	if (!teller) {
		romon_teller_port_put(topo, port);
		return NULL;
	}
	teller->port = port;
	memcpy(teller->mac, mac, ETH_ALEN);
	INIT_LIST_HEAD(&teller->edges);
	rb_add(&teller->rb, &port->tellers, romon_teller_less);
	rb_add(&teller->tally.rb, &port->tallies, romon_tally_less);
	return teller;
}

/* None stays that has told of nothing. */
void romon_teller_put(struct romon_topology *topo, struct romon_teller *teller)
{
	struct romon_teller_port *port = teller->port;

	if (teller->tally.edges)
		return;
	rb_erase(&teller->rb, &port->tellers);
	rb_erase(&teller->tally.rb, &port->tallies);
	kfree(teller);
	romon_teller_port_put(topo, port);
}

static void romon_teller_count(struct romon_topology *topo,
			       struct romon_teller *teller, int by)
{
	struct romon_teller_port *port = teller->port;

	romon_tally_set(&port->tallies, &teller->tally,
			teller->tally.edges + by);
	romon_tally_set(&topo->tallies, &port->tally, port->tally.edges + by);
}

/*
 * Whether @a has brought more than @b, and would still have if an edge of it
 * were @b's instead.
 */
static bool romon_teller_is_greedier(const struct romon_teller *a,
				     const struct romon_teller *b)
{
	if (a->port != b->port)
		return a->port->tally.edges > b->port->tally.edges + 1;
	return a->tally.edges > b->tally.edges + 1;
}

/*
 * A neighbour has told of an edge. It is its own if it is new, or if the one
 * that told of it before has brought more: it cannot be that one's alone.
 */
void romon_teller_told(struct romon_topology *topo, struct romon_teller *teller,
		       struct romon_edge *edge)
{
	struct romon_teller *before = edge->teller;

	if (before == teller ||
	    (before && !romon_teller_is_greedier(before, teller)))
		return;
	if (before)
		romon_teller_edge_gone(topo, edge);
	edge->teller = teller;
	list_add(&edge->told, &teller->edges);
	romon_teller_count(topo, teller, 1);
}

/* An edge is nobody's any more. */
void romon_teller_edge_gone(struct romon_topology *topo,
			    struct romon_edge *edge)
{
	struct romon_teller *teller = edge->teller;

	if (!teller)
		return;
	edge->teller = NULL;
	list_del(&edge->told);
	romon_teller_count(topo, teller, -1);
	romon_teller_put(topo, teller);
}

/**
 * romon_teller_spare() - the edge that goes for one of which @teller tells
 * @topo:	the topology, of which a table is full
 * @teller:	a neighbour
 *
 * Return: the newest edge of the greediest neighbour by the greediest port, or by
 * that of @teller if none is greedier; NULL if that neighbour is @teller, or has
 * no more than that.
 */
struct romon_edge *romon_teller_spare(struct romon_topology *topo,
				      const struct romon_teller *teller)
{
	struct romon_teller_port *port;
	struct romon_teller *worst;
	struct rb_node *rb;

	rb = rb_last(&topo->tallies);
	port = rb_entry(rb, struct romon_teller_port, tally.rb);
	if (port->tally.edges <= teller->port->tally.edges + 1)
		port = teller->port;
	rb = rb_last(&port->tallies);
	worst = rb_entry(rb, struct romon_teller, tally.rb);
	if (!romon_teller_is_greedier(worst, teller))
		return NULL;
	return list_first_entry(&worst->edges, struct romon_edge, told);
}
