// SPDX-License-Identifier: GPL-2.0-only
/* Routers that are known, their routes, and the request to look for them. */

#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "family.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "path/discover.h"
#include "port/lookup.h"
#include "topology/graph.h"
#include "topology/map.h"
#include "topology/route.h"
#include "topology/topology.h"

/* What a node says of itself; version has room for any. Under RCU. */
static int romon_nl_put_node(struct sk_buff *skb, const struct romon_node *node)
{
	const struct romon_text *identity = rcu_dereference(node->identity);
	u32 raw = READ_ONCE(node->version);
	char version[ROMON_VERSION_STRLEN];

	if (nla_put(skb, ROMON_A_NODE_ID, ETH_ALEN, node->id) ||
	    (identity && *identity->value &&
	     nla_put_string(skb, ROMON_A_NODE_IDENTITY, identity->value)))
		return -EMSGSIZE;
	if (!raw)
		return 0;
	romon_wire_version_str(version, sizeof(version), (const u8 *)&raw);
	return nla_put_string(skb, ROMON_A_NODE_VERSION, version);
}

/* @wire: write the source route too, for which a dump has no room. */
static int romon_nl_put_route(struct sk_buff *skb, struct romon_net *rn,
			      const struct romon_node *node,
			      const struct romon_route *route, bool active,
			      bool wire)
{
	const struct romon_text *board = rcu_dereference(node->board);
	struct romon_port *port;
	u32 i;

	if (nla_put_u8(skb, ROMON_A_NODE_ACTIVE, active) ||
	    nla_put_u32(skb, ROMON_A_NODE_COST, route->cost) ||
	    nla_put_u32(skb, ROMON_A_NODE_HOPS, route->hops) ||
	    nla_put_u32(skb, ROMON_A_NODE_L2MTU, route->l2mtu) ||
	    nla_put_u32(skb, ROMON_A_NODE_AGE,
			jiffies_to_msecs(jiffies - READ_ONCE(node->seen))) ||
	    (board && *board->value &&
	     nla_put_string(skb, ROMON_A_NODE_BOARD, board->value)))
		return -EMSGSIZE;
	for (i = 0; i < route->hops; i++)
		if (nla_put(skb, ROMON_A_NODE_PATH, ETH_ALEN,
			    romon_route_id(route, i)))
			return -EMSGSIZE;
	if (wire && nla_put(skb, ROMON_A_NODE_ROUTE,
			    route->hops * sizeof(*route->wire), route->wire))
		return -EMSGSIZE;
	port = romon_port_find_rcu(rn, be32_to_cpu(route->wire[0].link));
	return port ? nla_put_string(skb, ROMON_A_NODE_INTERFACE,
				     port->dev->name) : 0;
}

/* A route to @node, the one in use if @active. Under RCU. */
static int romon_nl_fill_node(struct sk_buff *skb, struct romon_net *rn,
			      const struct romon_node *node,
			      const struct romon_route *route, bool active,
			      struct netlink_callback *cb)
{
	u32 portid = NETLINK_CB(cb->skb).portid;
	void *hdr;

	hdr = genlmsg_put(skb, portid, cb->nlh->nlmsg_seq, &romon_nl_family,
			  NLM_F_MULTI, ROMON_CMD_NODE_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (romon_nl_put_node(skb, node) ||
	    romon_nl_put_route(skb, rn, node, route, active, false)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * romon_nl_node_ntf() - tell what has become of a node
 * @rn:		the router
 * @node:	the node, which the caller keeps from going away
 * @route:	to it, NULL if there is none
 * @cmd:	what has happened
 * @reason:	why its route has changed, or why it has none any more; NULL if
 *		neither is so
 *
 * In process context.
 */
void romon_nl_node_ntf(struct romon_net *rn, const struct romon_node *node,
		       const struct romon_route *route, u8 cmd,
		       const enum romon_route_reason *reason)
{
	struct sk_buff *msg;
	int err = -EMSGSIZE;
	void *hdr;

	msg = romon_nl_event_new(rn, NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &romon_nl_family, 0, cmd);
	rcu_read_lock();
	if (hdr && !romon_nl_put_node(msg, node) &&
	    (!reason || !nla_put_u32(msg, ROMON_A_NODE_REASON, *reason)) &&
	    (!route || !romon_nl_put_route(msg, rn, node, route, true, false))) {
		genlmsg_end(msg, hdr);
		err = 0;
	}
	rcu_read_unlock();
	romon_nl_event_send(rn, msg, err, GFP_KERNEL);
}

/* Write a known node, with its source route. Under RCU. */
static int romon_nl_fill_known(struct sk_buff *msg, struct romon_net *rn,
			       struct genl_info *info, struct romon_route *buf)
{
	struct romon_topology *topo = romon_topology_rcu(rn);
	const struct romon_route *route;
	const struct romon_node *node;
	const struct romon_map *map;
	unsigned int index = 0;
	void *hdr;
	u32 i;

	if (!topo)
		return -ENOENT;
	map = romon_topology_map_rcu(topo);
	i = romon_map_find(map, nla_data(info->attrs[ROMON_A_NODE_ID]));
	if (i == ROMON_MAP_NONE || !romon_map_is_known(map, i))
		return -ENOENT;
	route = romon_topology_route_rcu(topo, map, i, &index, buf);
	node = map->node[i].node;
	hdr = genlmsg_put_reply(msg, info, &romon_nl_family, 0,
				ROMON_CMD_NODE_GET);
	if (!hdr || romon_nl_put_node(msg, node) ||
	    romon_nl_put_route(msg, rn, node, route, true, true))
		return -EMSGSIZE;
	genlmsg_end(msg, hdr);
	return 0;
}

/* Tell the ID of this router. */
static int romon_nl_node_get_self(struct romon_net *rn, struct genl_info *info)
{
	const struct romon_self *self;
	struct sk_buff *msg;
	int err = -EMSGSIZE;
	void *hdr;

	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &romon_nl_family, 0,
				ROMON_CMD_NODE_GET);
	rcu_read_lock();
	self = rcu_dereference(rn->self);
	if (!self) {
		NL_SET_ERR_MSG(info->extack, "RoMON is not running");
		err = -ENETDOWN;
	} else if (hdr && !nla_put(msg, ROMON_A_NODE_ID, ETH_ALEN, self->id)) {
		genlmsg_end(msg, hdr);
		err = 0;
	}
	rcu_read_unlock();
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/*
 * With now, neither rtnl nor the topology's work is waited for: who asks may be
 * hearing others, whose frames decide when it asks.
 */
int romon_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	bool now = nla_get_flag(info->attrs[ROMON_A_NODE_NOW]);
	struct romon_route *buf;
	struct sk_buff *msg;
	int err;

	if (now && !info->attrs[ROMON_A_NODE_ID])
		return romon_nl_node_get_self(rn, info);
	if (GENL_REQ_ATTR_CHECK(info, ROMON_A_NODE_ID)) {
		NL_SET_ERR_MSG(info->extack, "Which router is not said");
		return -EINVAL;
	}
	err = now ? 0 : romon_topology_settle(rn);
	if (err)
		return err;
	msg = genlmsg_new(NLMSG_GOODSIZE + ROMON_ROUTE_MAX_LEN, GFP_KERNEL);
	buf = romon_route_alloc(ROMON_HOP_LIMIT_MAX);
	if (!msg || !buf) {
		err = -ENOMEM;
		goto err_free;
	}
	rcu_read_lock();
	err = romon_nl_fill_known(msg, rn, info, buf);
	rcu_read_unlock();
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ROMON_A_NODE_ID],
				    "No router of this ID is known");
	if (err)
		goto err_free;
	kfree(buf);
	return genlmsg_reply(msg, info);

err_free:
	kfree(buf);
	nlmsg_free(msg);
	return err;
}

/* Where a dump of nodes goes on: at @route of @id, or behind @id. */
struct romon_nl_node_cursor {
	u8	id[ETH_ALEN];
	u8	within;
	u8	begun;
	unsigned int route;
};

/* Go on at the cursor, as far as there is room. Under RCU. */
static int romon_nl_dump_nodes(struct sk_buff *skb, struct netlink_callback *cb,
			       struct romon_net *rn, struct romon_route *buf)
{
	struct romon_nl_node_cursor *cursor = (void *)cb->ctx;
	struct romon_topology *topo = romon_topology_rcu(rn);
	const struct romon_route *route;
	const struct romon_map *map;
	u32 i = ROMON_MAP_NONE;
	int err;

	if (!topo)
		return 0;
	map = romon_topology_map_rcu(topo);
	if (cursor->within)
		i = romon_map_find(map, cursor->id);
	if (i == ROMON_MAP_NONE) {
		cursor->route = 0;
		i = romon_map_after(map, cursor->id);
	}
	for (; i < map->n_nodes; i++) {
		memcpy(cursor->id, map->node[i].node->id, ETH_ALEN);
		cursor->within = true;
		while (romon_map_is_known(map, i)) {
			route = romon_topology_route_rcu(topo, map, i,
							 &cursor->route, buf);
			if (!route)
				break;
			err = romon_nl_fill_node(skb, rn, map->node[i].node,
						 route, !cursor->route, cb);
			if (err)
				return err;
			cursor->route++;
		}
		cursor->within = false;
		cursor->route = 0;
	}
	return 0;
}

int romon_nl_node_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct romon_nl_node_cursor *cursor = (void *)cb->ctx;
	struct romon_net *rn = romon_net(sock_net(skb->sk));
	struct romon_route *buf;
	int err;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	err = romon_nl_dump_begin(rn, &cursor->begun);
	if (err)
		return err;
	buf = romon_route_alloc(ROMON_HOP_LIMIT_MAX);
	if (!buf)
		return -ENOMEM;
	rcu_read_lock();
	cb->seq = romon_nl_topology_seq(rn);
	err = romon_nl_dump_nodes(skb, cb, rn, buf);
	rcu_read_unlock();
	kfree(buf);
	return skb->len ?: err;
}

int romon_nl_discover_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	int err;

	/* Under rtnl nobody disables RoMON between the check and the request. */
	rtnl_lock();
	err = romon_nl_check_running(rn, info->extack);
	if (!err)
		romon_discover_request(rn);
	rtnl_unlock();
	return err;
}
