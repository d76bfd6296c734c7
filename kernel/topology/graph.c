// SPDX-License-Identifier: GPL-2.0-only
/*
 * What answers to this router's own floods have told: nodes and edges.
 *
 * The topology's work is the only one to call any of this, so there is no lock.
 * What it takes out stays allocated for as long as a map names it.
 */

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "graph.h"
#include "map.h"
#include "private.h"
#include "reach.h"
#include "teller.h"

bool romon_end_equal(const struct romon_end *a, const struct romon_end *b)
{
	return a->link == b->link && a->l2mtu == b->l2mtu &&
	       a->cost == b->cost && !memcmp(a->mac, b->mac, ETH_ALEN);
}

struct romon_node *romon_node_find(struct romon_topology *topo, const u8 *id)
{
	struct rb_node *rb = topo->nodes.rb_node;

	while (rb) {
		struct romon_node *node = romon_node_rb(rb);
		int cmp = memcmp(id, node->id, ETH_ALEN);

		if (!cmp)
			return node;
		rb = cmp < 0 ? rb->rb_left : rb->rb_right;
	}
	return NULL;
}

/* Return: the node, or NULL if there is no memory. */
struct romon_node *romon_node_add(struct romon_topology *topo, const u8 *id)
{
	struct rb_node **link = &topo->nodes.rb_node, *parent = NULL;
	struct romon_node *node;

	node = kzalloc_obj(*node, ROMON_LEARN_GFP);
	if (!node)
		return NULL;
	memcpy(node->id, id, ETH_ALEN);
	node->edges = RB_ROOT;
	node->index = ROMON_MAP_NONE;

	while (*link) {
		parent = *link;
		if (memcmp(id, romon_node_rb(parent)->id, ETH_ALEN) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&node->rb, parent, link);
	rb_insert_color(&node->rb, &topo->nodes);
	topo->n_nodes++;
	topo->n_empty++;
	return node;
}

/* A node that has no edges any more. */
void romon_node_del(struct romon_topology *topo, struct romon_node *node)
{
	romon_reach_del(topo, node);
	rb_erase(&node->rb, &topo->nodes);
	topo->n_nodes--;
	topo->n_empty--;
	node->gone = topo->gone_nodes;
	topo->gone_nodes = node;
}

/*
 * Take over a string from the wire. Control characters would only ever be an
 * attack on somebody's terminal. Return: whether it is another one.
 */
static bool romon_node_set_text(struct romon_text __rcu **where,
				const u8 *value, u8 len)
{
	struct romon_text *new, *old = rcu_dereference_protected(*where, true);
	u8 i;

	if (old && strlen(old->value) == len && !memcmp(old->value, value, len))
		return false;
	new = kmalloc(struct_size(new, value, len + 1), ROMON_LEARN_GFP);
	if (!new)
		return false;
	for (i = 0; i < len; i++)
		new->value[i] = value[i] < 0x20 || value[i] == 0x7f ? '?' :
								    value[i];
	new->value[len] = '\0';
	if (old && !strcmp(old->value, new->value)) {
		kfree(new);
		return false;
	}
	rcu_assign_pointer(*where, new);
	if (old)
		kfree_rcu(old, rcu);
	return true;
}

/* A router has told, in the frame @buf, parsed as @f, what it is. */
void romon_node_answered(struct romon_topology *topo, struct romon_node *node,
			 const u8 *buf, const struct romon_frame *f)
{
	bool changed = false;
	u32 version;

	changed |= romon_node_set_text(&node->identity, buf + f->identity.off,
				       f->identity.len);
	changed |= romon_node_set_text(&node->board, buf + f->board.off,
				       f->board.len);
	BUILD_BUG_ON(sizeof(version) != ROMON_VERSION_LEN);
	if (f->version.len) {
		memcpy(&version, buf + f->version.off, sizeof(version));
		changed |= version != node->version;
		WRITE_ONCE(node->version, version);
	}
	WRITE_ONCE(node->seen, jiffies);
	WRITE_ONCE(node->answered, true);
	if (changed) {
		node->changed = true;
		romon_topology_changed(topo);
	}
}

/* Order of the ends of a node: its port, then whom it leads to. */
static int romon_edge_end_cmp(u32 link, const u8 *peer, u32 peer_link,
			      struct romon_edge_end *end)
{
	struct romon_edge_end *other = romon_edge_peer(end);
	int cmp;

	if (link != end->port.link)
		return link < end->port.link ? -1 : 1;
	cmp = memcmp(peer, other->node->id, ETH_ALEN);
	if (cmp)
		return cmp;
	if (peer_link != other->port.link)
		return peer_link < other->port.link ? -1 : 1;
	return 0;
}

struct romon_edge_end *romon_edge_find(struct romon_node *node, u32 link,
				       const u8 *peer, u32 peer_link)
{
	struct rb_node *rb = node->edges.rb_node;

	while (rb) {
		struct romon_edge_end *end = romon_edge_rb(rb);
		int cmp = romon_edge_end_cmp(link, peer, peer_link, end);

		if (!cmp)
			return end;
		rb = cmp < 0 ? rb->rb_left : rb->rb_right;
	}
	return NULL;
}

static void romon_edge_link(struct romon_topology *topo,
			    struct romon_edge_end *end)
{
	struct rb_node **link = &end->node->edges.rb_node, *parent = NULL;
	struct romon_edge_end *other = romon_edge_peer(end);

	if (!*link)
		topo->n_empty--;
	while (*link) {
		parent = *link;
		if (romon_edge_end_cmp(end->port.link, other->node->id,
				       other->port.link,
				       romon_edge_rb(parent)) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&end->rb, parent, link);
	rb_insert_color(&end->rb, &end->node->edges);
}

/* Return: the edge, or NULL if there is no memory. */
struct romon_edge *romon_edge_add(struct romon_topology *topo,
				  struct romon_node *from,
				  const struct romon_end *out,
				  struct romon_node *to,
				  const struct romon_end *in)
{
	struct romon_edge *edge = kzalloc_obj(*edge, ROMON_LEARN_GFP);

	if (!edge)
		return NULL;
	edge->end[0].node = from;
	edge->end[0].port = *out;
	edge->end[1].node = to;
	edge->end[1].port = *in;
	edge->end[1].index = 1;
	edge->index = ROMON_MAP_NONE;
	romon_edge_link(topo, &edge->end[0]);
	romon_edge_link(topo, &edge->end[1]);
	topo->n_edges++;
	topo->dirty = true;
	return edge;
}

static void romon_edge_unlink(struct romon_topology *topo,
			      struct romon_edge_end *end)
{
	rb_erase(&end->rb, &end->node->edges);
	if (RB_EMPTY_ROOT(&end->node->edges))
		topo->n_empty++;
}

void romon_edge_del(struct romon_topology *topo, struct romon_edge *edge)
{
	romon_reach_edge_gone(edge);
	romon_teller_edge_gone(topo, edge);
	romon_edge_unlink(topo, &edge->end[0]);
	romon_edge_unlink(topo, &edge->end[1]);
	edge->gone = topo->gone_edges;
	topo->gone_edges = edge;
	topo->n_edges--;
	topo->dirty = true;
}

static void romon_node_free(struct romon_node *node)
{
	struct romon_text *identity, *board;

	identity = rcu_dereference_protected(node->identity, true);
	board = rcu_dereference_protected(node->board, true);
	if (identity)
		kfree_rcu(identity, rcu);
	if (board)
		kfree_rcu(board, rcu);
	kfree_rcu(node, rcu);
}

/* The newest map names nothing that has been taken out. */
void romon_graph_free_gone(struct romon_topology *topo)
{
	struct romon_edge *edge;
	struct romon_node *node;

	while ((edge = topo->gone_edges)) {
		topo->gone_edges = edge->gone;
		kfree_rcu(edge, rcu);
		cond_resched();
	}
	while ((node = topo->gone_nodes)) {
		topo->gone_nodes = node->gone;
		romon_node_free(node);
		cond_resched();
	}
}

/* Take out everything. The map may still name it, under RCU. */
void romon_graph_free(struct romon_topology *topo)
{
	struct rb_node *rb, *e;

	while ((rb = rb_first(&topo->nodes))) {
		struct romon_node *node = romon_node_rb(rb);

		while ((e = rb_first(&node->edges))) {
			romon_edge_del(topo, romon_edge_of(romon_edge_rb(e)));
			cond_resched();
		}
		romon_node_del(topo, node);
		cond_resched();
	}
	romon_graph_free_gone(topo);
}
