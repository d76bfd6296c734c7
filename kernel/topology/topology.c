// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network as this router knows it, and datagrams that need a route.
 *
 * One work item owns all that is known, and publishes what others read. What
 * happens elsewhere is queued to it, or, where a look at what is now suffices,
 * just counted: nobody waits for it but those who want to see an effect, and
 * they hold no lock.
 */

#include <linux/memcontrol.h>
#include <linux/rtnetlink.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "graph.h"
#include "map.h"
#include "net.h"
#include "netlink/netlink.h"
#include "path/discover.h"
#include "path/raise.h"
#include "port/port.h"
#include "private.h"
#include "reach.h"
#include "route.h"

/* Until the work tries again for which there was no memory. */
#define ROMON_MEMORY_RETRY		(HZ / 10)

/* Bits of romon_net.topo_kicked. */
enum {
	ROMON_TOPOLOGY_SOON,		/* when answers have gathered */
	ROMON_TOPOLOGY_NOW,
	ROMON_TOPOLOGY_SETTINGS,	/* what routes depend on has changed */
};

/* Have the work run at once. From any context. */
void romon_topology_hurry(struct romon_net *rn)
{
	if (!test_and_set_bit(ROMON_TOPOLOGY_NOW, &rn->topo_kicked))
		mod_delayed_work(system_dfl_wq, &rn->topo_work, 0);
}

/* Soon, but not once an answer: what has come in until then is read at once. */
void romon_topology_kick(struct romon_topology *topo)
{
	s64 delay = READ_ONCE(topo->learn_at) - get_jiffies_64();
	struct romon_net *rn = topo->rn;

	if (test_and_set_bit(ROMON_TOPOLOGY_SOON, &rn->topo_kicked))
		return;
	if (!test_bit(ROMON_TOPOLOGY_NOW, &rn->topo_kicked))
		mod_delayed_work(system_dfl_wq, &rn->topo_work,
				 clamp_t(s64, delay, 1, HZ));
	/* Somebody who is in a hurry may have come in between. */
	if (test_bit(ROMON_TOPOLOGY_NOW, &rn->topo_kicked))
		mod_delayed_work(system_dfl_wq, &rn->topo_work, 0);
}

/* Something has changed that a dump shows. */
void romon_topology_changed(struct romon_topology *topo)
{
	atomic_inc(&topo->rn->topo_generation);
}

struct romon_topology *romon_topology_rcu(struct romon_net *rn)
{
	return rcu_dereference(rn->topo);
}

const struct romon_map *romon_topology_map_rcu(struct romon_topology *topo)
{
	return rcu_dereference(topo->map);
}

/**
 * romon_topology_route_rcu() - write out a route
 * @topo:	the topology
 * @map:	its map
 * @node:	where to
 * @index:	0 is the route in use; while that is a detour 1 is the best
 *		route; then come the alternatives. Set to the next one that there
 *		is: an alternative that is the detour is shown as that only
 * @buf:	room for any route
 *
 * Under RCU.
 *
 * Return: the route, valid as long as @buf and the RCU section, or NULL if
 * there are no more.
 */
const struct romon_route *romon_topology_route_rcu(struct romon_topology *topo,
						   const struct romon_map *map,
						   u32 node,
						   unsigned int *index,
						   struct romon_route *buf)
{
	const struct romon_route *detour;
	struct romon_path path;

	if (map->node[node].via == ROMON_MAP_NONE)
		return NULL;
	detour = romon_reach_detour_rcu(topo, map->node[node].node->id);
	if (detour && !*index)
		return detour;
	for (;; ++*index) {
		if (!romon_route_path(map, node, *index - !!detour, &path))
			return NULL;
		romon_route_write(map, &path, buf);
		if (!detour || buf->hash != detour->hash)
			return buf;
	}
}

/* Whether an end is the last one of the route in use to its node. */
bool romon_topology_uses_rcu(struct romon_topology *topo,
			     const struct romon_map *map, u32 end)
{
	const struct romon_map_end *to = romon_map_end(map, end), *from;
	const struct romon_map_node *node = &map->node[to->node];
	const struct romon_wire_entry *last;
	const struct romon_route *detour;

	detour = romon_reach_detour_rcu(topo, node->node->id);
	if (!detour)
		return node->via == end;
	from = romon_map_end(map, romon_map_peer(end));
	last = &detour->wire[detour->hops - 1];
	return be32_to_cpu(last->link) == from->port.link &&
	       !memcmp(last->mac, to->port.mac, ETH_ALEN) &&
	       !memcmp(detour->hops > 1 ?
		       romon_route_id(detour, detour->hops - 2) : topo->id,
		       map->node[from->node].node->id, ETH_ALEN);
}

/* How many other routers, and edges, routes were last computed with. */
void romon_topology_count(struct romon_net *rn, u32 *nodes, u32 *edges)
{
	const struct romon_map *map;
	struct romon_topology *topo;

	*nodes = 0;
	*edges = 0;
	rcu_read_lock();
	topo = rcu_dereference(rn->topo);
	if (topo) {
		map = rcu_dereference(topo->map);
		*nodes = map->n_nodes - 1;
		*edges = map->n_edges;
	}
	rcu_read_unlock();
}

static void romon_topology_ntf(struct romon_topology *topo,
			       const struct romon_node *node, u8 cmd,
			       const enum romon_route_reason *reason)
{
	const struct romon_route *route = NULL;
	unsigned int index = 0;

	/* The work alone replaces routes, so they stay without RCU. */
	if (cmd != ROMON_CMD_NODE_DEL_NTF && romon_nl_wanted(topo->rn)) {
		rcu_read_lock();
		route = romon_topology_route_rcu(topo, romon_topology_map(topo),
						 node->index, &index,
						 topo->route);
		rcu_read_unlock();
	}
	romon_nl_node_ntf(topo->rn, node, route, cmd, reason);
}

/* Tell of a node what has changed since it was last told of. */
void romon_topology_tell(struct romon_topology *topo, struct romon_node *node,
			 enum romon_route_reason reason)
{
	const struct romon_map *map = romon_topology_map(topo);
	u32 hash = node->told_hash, cost = 0;
	bool known = false, moved;

	if (node->index != ROMON_MAP_NONE) {
		known = romon_map_is_known(map, node->index);
		hash = map->node[node->index].path_hash;
		cost = map->node[node->index].cost;
	}
	if (romon_reach_has_detour(node)) {
		hash = node->reach->detour_hash;
		cost = node->reach->detour_cost;
	}
	moved = node->told_hash != hash;
	reason = romon_reach_reason(node, reason);
	if (known && node->told && cost < node->told_cost &&
	    (reason == ROMON_ROUTE_REASON_EDGE_CHANGED ||
	     reason == ROMON_ROUTE_REASON_EDGE_LOST))
		reason = ROMON_ROUTE_REASON_CHEAPER;

	if (known != node->told || (known && (node->changed || moved)))
		romon_topology_changed(topo);
	if (known && !node->told)
		romon_topology_ntf(topo, node, ROMON_CMD_NODE_ADD_NTF, NULL);
	else if (!known && node->told)
		romon_topology_ntf(topo, node, ROMON_CMD_NODE_DEL_NTF, &reason);
	else if (known && (node->changed || moved))
		romon_topology_ntf(topo, node, ROMON_CMD_NODE_CHANGE_NTF,
				   moved ? &reason : NULL);
	node->told = known;
	node->told_hash = hash;
	node->told_cost = cost;
	node->changed = false;
}

/*
 * Draw the map anew. Return: whether it is that of now; if there is no memory,
 * or nobody needs it any more, the old one stays.
 */
static bool romon_topology_redraw(struct romon_topology *topo)
{
	struct romon_map *map, *old = romon_topology_map(topo);
	struct romon_label *label;

	label = kvmalloc_array(topo->n_nodes, sizeof(*label),
			       ROMON_LEARN_GFP);
	if (!label)
		return false;
	map = romon_map_build(topo);
	if (!map) {
		kvfree(label);
		return false;
	}
	kvfree(topo->label);
	topo->label = label;
	if (!romon_route_compute(topo, map)) {
		kvfree(map);
		return false;
	}
	rcu_assign_pointer(topo->map, map);
	romon_map_free_rcu(old);
	topo->dirty = false;
	romon_topology_changed(topo);
	romon_graph_free_gone(topo);
	return true;
}

/* Compute if need be, and tell what that has changed, and why. */
static void romon_topology_update(struct romon_topology *topo,
				  enum romon_route_reason reason)
{
	struct romon_node *node;
	struct rb_node *rb, *next;

	if (topo->dirty && !romon_topology_redraw(topo))
		return;
	romon_reach_review(topo);

	for (rb = rb_first(&topo->nodes); rb; rb = next) {
		cond_resched();
		next = rb_next(rb);
		node = romon_node_rb(rb);
		if (node == topo->self)
			continue;
		romon_topology_tell(topo, node, reason);
		if (RB_EMPTY_ROOT(&node->edges))
			romon_node_del(topo, node);
	}
	romon_graph_free_gone(topo);
}

/* A Data frame has arrived here; see romon_reach_hear(). */
void romon_raise_heard(struct romon_net *rn, const u8 *id,
		       const struct romon_wire_entry *entry, u8 hops)
{
	struct romon_topology *topo = rcu_dereference(rn->topo);

	if (topo)
		romon_reach_hear(topo, id, entry, hops);
}

void romon_topology_ask(struct romon_topology *topo)
{
	topo->asked_at = get_jiffies_64();
	romon_discover_request(topo->rn);
}

/* Ports or settings have changed: take account of them at once. */
static void romon_topology_follow(struct romon_topology *topo, int poked)
{
	if (topo->poked != poked) {
		topo->poked = poked;
		romon_learn_lost_ports(topo);
		if (topo->dirty)
			romon_topology_update(topo, ROMON_ROUTE_REASON_PORT_DOWN);
		romon_learn_changed_ports(topo);
		if (topo->dirty)
			romon_topology_update(topo, ROMON_ROUTE_REASON_PORT_CHANGED);
	}
	if (test_and_clear_bit(ROMON_TOPOLOGY_SETTINGS,
			       &topo->rn->topo_kicked)) {
		topo->dirty = true;
		romon_topology_update(topo, ROMON_ROUTE_REASON_SETTINGS);
	}
}

/* In a large network routes are computed a third of the time at most. */
static void romon_topology_rest(struct romon_topology *topo, u64 start)
{
	u64 now = get_jiffies_64();

	WRITE_ONCE(topo->learn_at,
		   now + clamp_t(u64, 2 * (now - start), 1, HZ));
}

static void romon_topology_read(struct romon_topology *topo)
{
	u64 start = get_jiffies_64();
	bool any;

	if (time_before64(start, topo->learn_at))
		return;
	any = romon_learn_drain(topo);
	/* Equal links, of which the last flood has told otherwise. */
	if (topo->undecided && topo->decided_flood != READ_ONCE(topo->flood) &&
	    !romon_topology_flood_is_fresh(topo))
		topo->dirty = true;
	if (!any && !topo->dirty)
		return;
	romon_topology_update(topo, ROMON_ROUTE_REASON_EDGE_CHANGED);
	romon_topology_rest(topo, start);
}

/* Once a second. */
static void romon_topology_tick(struct romon_topology *topo)
{
	if (time_before64(get_jiffies_64(), topo->aged_at + HZ))
		return;
	romon_learn_lost_neighbors(topo);
	if (topo->dirty)
		romon_topology_update(topo, ROMON_ROUTE_REASON_NEIGHBOR_LOST);
	romon_learn_age(topo);
	romon_topology_update(topo, topo->dirty ? ROMON_ROUTE_REASON_EDGE_LOST :
			      ROMON_ROUTE_REASON_EDGE_CHANGED);
}

/* Return: jiffies until the work has to run again, 0 if there is no need. */
static unsigned long romon_topology_run(struct romon_topology *topo, int poked)
{
	u64 now;

	romon_topology_follow(topo, poked);
	romon_topology_read(topo);
	romon_topology_tick(topo);
	if (READ_ONCE(topo->stopping))
		return 0;
	romon_reach_look(topo);
	romon_pending_serve(topo);

	now = get_jiffies_64();
	if (!skb_queue_empty_lockless(&topo->rcv))
		return time_before64(now, topo->learn_at) ?
		       topo->learn_at - now : 1;
	if (topo->dirty)
		return ROMON_MEMORY_RETRY;
	if (!skb_queue_empty(&topo->waiting))
		return HZ / 10;
	return topo->n_edges ? HZ : 0;
}

static void romon_topology_free(struct romon_topology *topo)
{
	romon_map_free_rcu(romon_topology_map(topo));
	kvfree(topo->label);
	kfree(topo->route);
	kfree_rcu(topo, rcu);
}

/* Nobody finds the topology any more: tell what is over with it. */
static void romon_topology_bury(struct romon_topology *topo)
{
	enum romon_route_reason off = ROMON_ROUTE_REASON_OFF;
	struct rb_node *rb;

	synchronize_rcu();
	for (rb = rb_first(&topo->nodes); rb; rb = rb_next(rb)) {
		struct romon_node *node = romon_node_rb(rb);

		cond_resched();
		if (node->told)
			romon_topology_ntf(topo, node, ROMON_CMD_NODE_DEL_NTF,
					   &off);
	}
	romon_graph_free(topo);
	romon_topology_changed(topo);

	romon_pending_purge(topo);
	__skb_queue_purge(&topo->rcv);
	romon_topology_free(topo);
}

static void romon_topology_bury_all(struct romon_net *rn)
{
	struct romon_topology *topo, *next;
	LIST_HEAD(dead);

	spin_lock(&rn->topo_lock);
	list_splice_init(&rn->topo_dead, &dead);
	spin_unlock(&rn->topo_lock);
	list_for_each_entry_safe(topo, next, &dead, dead)
		romon_topology_bury(topo);
}

static void romon_topology_work(struct work_struct *work)
{
	struct romon_net *rn = container_of(to_delayed_work(work),
					    struct romon_net, topo_work);
	struct romon_topology *topo;
	unsigned long delay = 0;
	int poked;

	clear_bit(ROMON_TOPOLOGY_SOON, &rn->topo_kicked);
	clear_bit(ROMON_TOPOLOGY_NOW, &rn->topo_kicked);
	/* Before the queues are looked at: what comes in later kicks again. */
	smp_mb__after_atomic();
	poked = atomic_read_acquire(&rn->topo_poked);

	romon_topology_bury_all(rn);
	/* Only buried from here. */
	topo = rcu_dereference_protected(rn->topo, true);
	if (topo) {
		struct mem_cgroup *old = set_active_memcg(rn->topo_memcg);

		delay = romon_topology_run(topo, poked);
		set_active_memcg(old);
	}

	atomic_set_release(&rn->topo_served, poked);
	wake_up_all(&rn->topo_wait);
	if (delay)
		queue_delayed_work(system_dfl_wq, &rn->topo_work, delay);
}

/* This router's own Discover is about to be sent. */
void romon_raise_flood(struct romon_net *rn)
{
	struct romon_topology *topo;

	rcu_read_lock();
	topo = rcu_dereference(rn->topo);
	if (topo) {
		WRITE_ONCE(topo->flood_at, get_jiffies_64());
		WRITE_ONCE(topo->flood, topo->flood + 1);
	}
	rcu_read_unlock();
}

static void romon_topology_poke(struct romon_net *rn)
{
	atomic_inc_return_release(&rn->topo_poked);
	romon_topology_hurry(rn);
}

/*
 * A port has come, gone, or changed. The work looks at all of them: no order of
 * events, and no want of memory, can make it miss one.
 */
void romon_topology_port_changed(struct romon_net *rn)
{
	ASSERT_RTNL();
	if (rcu_access_pointer(rn->topo))
		romon_topology_poke(rn);
}

/* Settings that routes depend on have changed. */
void romon_topology_settings_changed(struct romon_net *rn)
{
	ASSERT_RTNL();
	if (!rcu_access_pointer(rn->topo))
		return;
	set_bit(ROMON_TOPOLOGY_SETTINGS, &rn->topo_kicked);
	romon_topology_poke(rn);
}

/**
 * romon_topology_settle() - wait for the effect of what has changed before
 * @rn:		the router
 *
 * In process context, without rtnl. Return: 0, or -ERESTARTSYS for a signal.
 */
int romon_topology_settle(struct romon_net *rn)
{
	int poked = atomic_read(&rn->topo_poked);

	might_sleep();
	return wait_event_killable(rn->topo_wait,
				   atomic_read_acquire(&rn->topo_served) -
				   poked >= 0);
}

void romon_topology_net_init(struct romon_net *rn)
{
	INIT_DELAYED_WORK(&rn->topo_work, romon_topology_work);
	spin_lock_init(&rn->topo_lock);
	INIT_LIST_HEAD(&rn->topo_dead);
	init_waitqueue_head(&rn->topo_wait);
}

/* RoMON is disabled, and the namespace goes. */
void romon_topology_net_exit(struct romon_net *rn)
{
	cancel_delayed_work_sync(&rn->topo_work);
	romon_topology_bury_all(rn);
	mem_cgroup_put(rn->topo_memcg);
}

/*
 * Charge what will be learnt to who enables RoMON. Only the first time: the work
 * reads it without a lock.
 */
void romon_topology_charge(struct romon_net *rn)
{
	ASSERT_RTNL();
	if (!rn->topo_memcg)
		rn->topo_memcg = get_mem_cgroup_from_mm(current->mm);
}

/* Before frames of this ID can come in. Return: 0 or -ENOMEM. */
int romon_topology_start(struct romon_net *rn, const u8 *id)
{
	struct romon_topology *topo;

	ASSERT_RTNL();
	topo = kzalloc_obj(*topo, GFP_KERNEL_ACCOUNT);
	if (!topo)
		return -ENOMEM;
	topo->rn = rn;
	memcpy(topo->id, id, ETH_ALEN);
	topo->nodes = RB_ROOT;
	topo->tellers = RB_ROOT;
	topo->tallies = RB_ROOT;
	skb_queue_head_init(&topo->rcv);
	skb_queue_head_init(&topo->handed);
	__skb_queue_head_init(&topo->waiting);
	romon_reach_init(topo);
	topo->poked = atomic_read(&rn->topo_poked);
	topo->learn_at = get_jiffies_64();
	topo->aged_at = get_jiffies_64();
	topo->asked_at = get_jiffies_64();
	topo->route = romon_route_alloc(ROMON_HOP_LIMIT_MAX);
	topo->self = romon_node_add(topo, id);
	if (!topo->route || !topo->self || !romon_topology_redraw(topo)) {
		romon_graph_free(topo);
		romon_topology_free(topo);
		return -ENOMEM;
	}
	rcu_assign_pointer(rn->topo, topo);
	return 0;
}

/* Leaves to the work what takes time. */
void romon_topology_stop(struct romon_net *rn)
{
	struct romon_topology *topo = rtnl_dereference(rn->topo);

	ASSERT_RTNL();
	if (!topo)
		return;
	RCU_INIT_POINTER(rn->topo, NULL);
	romon_topology_changed(topo);
	WRITE_ONCE(topo->stopping, true);
	spin_lock(&rn->topo_lock);
	list_add_tail(&topo->dead, &rn->topo_dead);
	spin_unlock(&rn->topo_lock);
	romon_topology_poke(rn);
}
