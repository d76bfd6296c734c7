// SPDX-License-Identifier: GPL-2.0-only
/* Datagrams of programs here: sent at once, or waiting for a route. */

#include <linux/skbuff.h>
#include <linux/sizes.h>

#include "graph.h"
#include "map.h"
#include "net.h"
#include "netlink/netlink.h"
#include "path/local.h"
#include "path/raise.h"
#include "path/stats.h"
#include "port/lookup.h"
#include "private.h"
#include "reach.h"
#include "route.h"

/* How long a datagram waits for a route, and how often it asks for one. */
#define ROMON_PENDING_TIMEOUT		(3 * HZ / 2)
#define ROMON_PENDING_ASK		(HZ / 2)
/* Most memory for such datagrams; their number is bounded by queue-len. */
#define ROMON_PENDING_SIZE		SZ_1M

/* Behind the skbs that wait in romon_topology.handed and .waiting. */
struct romon_pending_cb {
	unsigned long	since;		/* jiffies */
	u32		portid;
	u16		local_port;
	u16		remote_port;
	u8		dst[ETH_ALEN] __aligned(2);
};

#define ROMON_PENDING_CB(skb)	((struct romon_pending_cb *)(skb)->cb)

/*
 * The port where a route leaves, or NULL if it runs no more: then the work is
 * about to hear of that, and to find another route.
 */
static struct romon_port *
romon_pending_port_rcu(struct romon_net *rn, const struct romon_route *route)
{
	return romon_port_running_rcu(rn, be32_to_cpu(route->wire[0].link));
}

/*
 * Send a datagram on a route that leaves by @port. Consumes the skb. Under RCU.
 * Return: 0 or a negative errno; then nothing was sent, and the drop is
 * counted.
 */
static int romon_pending_xmit_rcu(struct romon_port *port, struct sk_buff *skb,
				  const struct romon_route *route,
				  struct romon_reach *reach, const u8 *dst,
				  u16 local_port, u16 remote_port)
{
	struct romon_net *rn = port->rn;
	const struct romon_self *self = rcu_dereference(rn->self);

	if (!self) {
		romon_drop(rn, NULL, skb, ROMON_DROP_no_link);
		return -ENETDOWN;
	}
	if (!romon_route_fits(route, skb->len)) {
		romon_drop(rn, NULL, skb, ROMON_DROP_too_big);
		return -EMSGSIZE;
	}
	if (reach)
		romon_reach_sent(reach);
	return romon_local_xmit_rcu(port, self, skb, dst, route->wire,
				    route->hops, local_port, remote_port);
}

static void romon_pending_unqueue(struct romon_topology *topo,
				  struct sk_buff *skb)
{
	__skb_unlink(skb, &topo->waiting);
	spin_lock_bh(&topo->handed.lock);
	topo->n_pending--;
	topo->pending_size -= skb->truesize;
	spin_unlock_bh(&topo->handed.lock);
}

static void romon_pending_fail(struct romon_topology *topo,
			       const struct romon_pending_cb *cb, int err)
{
	romon_nl_datagram_error(topo->rn, cb->portid, cb->dst, cb->local_port,
				cb->remote_port, -err);
}

/*
 * The route for a datagram of @len bytes: the one in use, unless it fits another
 * one only. What is sent on that is not counted in @reach, for the one in use
 * is what answers are expected on.
 */
static const struct romon_route *
romon_pending_route(struct romon_topology *topo, struct romon_node *node,
		    unsigned int len, struct romon_reach **reach)
{
	const struct romon_route *route = romon_reach_route(topo, node), *wide;

	*reach = node->reach;
	if (romon_route_fits(route, len))
		return route;
	wide = romon_reach_wide(topo, node, len);
	if (!wide)
		return route;
	*reach = NULL;
	return wide;
}

/* Whether a datagram had a route and waits no more; @err is what came of it. */
static bool romon_pending_leave(struct romon_topology *topo,
				struct sk_buff *skb, int *err)
{
	const struct romon_map *map = romon_topology_map(topo);
	struct romon_pending_cb cb = *ROMON_PENDING_CB(skb);
	u32 i = romon_map_find(map, cb.dst);
	const struct romon_route *route;
	struct romon_reach *reach;
	struct romon_port *port;

	if (i == ROMON_MAP_NONE || map->node[i].via == ROMON_MAP_NONE)
		return false;
	route = romon_pending_route(topo, map->node[i].node, skb->len, &reach);
	rcu_read_lock();
	port = romon_pending_port_rcu(topo->rn, route);
	if (port) {
		romon_pending_unqueue(topo, skb);
		memset(skb->cb, 0, sizeof(skb->cb));
		*err = romon_pending_xmit_rcu(port, skb, route, reach, cb.dst,
					      cb.local_port, cb.remote_port);
	}
	rcu_read_unlock();
	return port;
}

/* Send what has got a route, give up what has waited for too long. */
void romon_pending_serve(struct romon_topology *topo)
{
	struct romon_net *rn = topo->rn;
	struct sk_buff *skb, *next;

	spin_lock_bh(&topo->handed.lock);
	skb_queue_splice_tail_init(&topo->handed, &topo->waiting);
	spin_unlock_bh(&topo->handed.lock);

	skb_queue_walk_safe(&topo->waiting, skb, next) {
		struct romon_pending_cb cb = *ROMON_PENDING_CB(skb);
		int err = 0;

		cond_resched();
		if (romon_pending_leave(topo, skb, &err)) {
			/* Sent, or refused for good. */
		} else if (time_after(jiffies,
				      cb.since + ROMON_PENDING_TIMEOUT)) {
			err = -EHOSTUNREACH;
			romon_pending_unqueue(topo, skb);
			romon_drop(rn, NULL, skb, ROMON_DROP_no_route);
		} else {
			continue;
		}
		if (err)
			romon_pending_fail(topo, &cb, err);
	}
	if (!skb_queue_empty(&topo->waiting) &&
	    time_after64(get_jiffies_64(), topo->asked_at + ROMON_PENDING_ASK))
		romon_topology_ask(topo);
}

static int romon_pending_hand(struct romon_topology *topo, struct sk_buff *skb,
			      const struct romon_datagram *dg, u32 portid,
			      struct netlink_ext_ack *extack)
{
	struct romon_pending_cb *cb = ROMON_PENDING_CB(skb);
	struct romon_net *rn = topo->rn;
	bool room;

	BUILD_BUG_ON(sizeof(*cb) > sizeof(skb->cb));
	cb->since = jiffies;
	cb->portid = portid;
	cb->local_port = dg->local_port;
	cb->remote_port = dg->remote_port;
	memcpy(cb->dst, dg->dst, ETH_ALEN);

	spin_lock_bh(&topo->handed.lock);
	room = topo->n_pending < READ_ONCE(rn->limits.queue_len) &&
	       topo->pending_size + skb->truesize <= ROMON_PENDING_SIZE;
	if (room) {
		__skb_queue_tail(&topo->handed, skb);
		topo->n_pending++;
		topo->pending_size += skb->truesize;
	}
	spin_unlock_bh(&topo->handed.lock);
	if (!room) {
		romon_drop(rn, NULL, skb, ROMON_DROP_route_queue);
		NL_SET_ERR_MSG(extack, "Too many datagrams wait for a route already");
		return -ENOBUFS;
	}
	romon_topology_hurry(rn);
	return 0;
}

/*
 * Whether a router is known and all ways there are too small for a datagram. If
 * that takes a search, it is the work that finds out.
 */
static bool romon_pending_is_small(struct romon_topology *topo,
				   const struct romon_datagram *dg)
{
	const struct romon_map *map = rcu_dereference(topo->map);
	u32 i = romon_map_find(map, dg->dst), e, hops = 2;

	if (i == ROMON_MAP_NONE || map->node[i].via == ROMON_MAP_NONE)
		return false;
	for (e = map->node[i].ends; e < map->node[i + 1].ends; e++)
		if (romon_map_from(map, map->adjacency[e]) == map->self)
			hops = 1;
	return romon_wire_data_len(hops, dg->payload_len) > map->l2mtu ||
	       romon_reach_is_narrow_rcu(topo, dg->dst, dg->payload_len);
}

/* The route in use, or the one past what is too small, if it is at hand. */
static const struct romon_route *
romon_pending_route_rcu(struct romon_topology *topo,
			const struct romon_datagram *dg,
			struct romon_reach **reach)
{
	const struct romon_route *route;

	route = romon_reach_use_rcu(topo, dg->dst, reach);
	if (!route || romon_route_fits(route, dg->payload_len))
		return route;
	route = romon_reach_wide_rcu(*reach, dg->payload_len);
	*reach = NULL;
	return route;
}

/**
 * romon_raise_unrouted() - send a datagram on the best known route
 * @rn:		the router
 * @skb:	the payload
 * @dg:		where from and to
 * @portid:	the netlink socket to tell if no route is found
 * @extack:	for a sentence
 *
 * Consumes the skb. Where the route in use is at hand it is sent at once, and
 * no lock is taken. Else it is handed to the work; if that has no route either
 * it waits while one is searched.
 *
 * Return: 0 or a negative errno; then nothing was sent.
 */
int romon_raise_unrouted(struct romon_net *rn, struct sk_buff *skb,
			 const struct romon_datagram *dg, u32 portid,
			 struct netlink_ext_ack *extack)
{
	const struct romon_route *route;
	struct romon_topology *topo;
	struct romon_reach *reach;
	struct romon_port *port;
	int err;

	rcu_read_lock();
	topo = rcu_dereference(rn->topo);
	if (!topo) {
		kfree_skb(skb);
		NL_SET_ERR_MSG(extack, "RoMON is not running");
		err = -ENETDOWN;
		goto out;
	}
	route = romon_pending_route_rcu(topo, dg, &reach);
	port = route ? romon_pending_port_rcu(rn, route) : NULL;
	if (port) {
		err = romon_pending_xmit_rcu(port, skb, route, reach, dg->dst,
					     dg->local_port, dg->remote_port);
		if (err == -ENETDOWN)
			NL_SET_ERR_MSG(extack, "RoMON is not running");
	} else if (romon_pending_is_small(topo, dg)) {
		romon_drop(rn, NULL, skb, ROMON_DROP_too_big);
		err = -EMSGSIZE;
	} else {
		err = romon_pending_hand(topo, skb, dg, portid, extack);
	}
	if (err == -EMSGSIZE)
		NL_SET_ERR_MSG(extack,
			       "The datagram is longer than the L2 MTU of the route allows");
out:
	rcu_read_unlock();
	return err;
}

/* Nobody hands over any more, and there is no router that could send. */
void romon_pending_purge(struct romon_topology *topo)
{
	struct sk_buff *skb, *next;

	skb_queue_splice_tail_init(&topo->handed, &topo->waiting);
	skb_queue_walk_safe(&topo->waiting, skb, next) {
		romon_pending_fail(topo, ROMON_PENDING_CB(skb), -ENETDOWN);
		__skb_unlink(skb, &topo->waiting);
		kfree_skb(skb);
	}
}
