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
#include "port/port.h"
#include "topology/topology.h"

/* What a node says of itself; version has room for any. */
static int romon_nl_put_node(struct sk_buff *skb, const struct romon_node *node)
{
	static const u8 none[ROMON_VERSION_LEN];
	char version[ROMON_VERSION_STRLEN];

	if (nla_put(skb, ROMON_A_NODE_ID, ETH_ALEN, node->id) ||
	    (node->identity && *node->identity &&
	     nla_put_string(skb, ROMON_A_NODE_IDENTITY, node->identity)))
		return -EMSGSIZE;
	if (!memcmp(node->version, none, sizeof(none)))
		return 0;
	romon_wire_version_str(version, sizeof(version), node->version);
	return nla_put_string(skb, ROMON_A_NODE_VERSION, version);
}

/* @wire: write the source route too, for which a dump has no room. */
static int romon_nl_fill_node(struct sk_buff *skb, struct romon_net *rn,
			      struct romon_node *node, unsigned int index,
			      u32 portid, u32 seq, int flags, u8 cmd, bool wire,
			      const enum romon_route_reason *reason,
			      struct netlink_callback *cb)
{
	struct romon_topology *topo = &rn->topo;
	const struct romon_route *route;
	struct romon_port *port;
	void *hdr;
	u32 i;

	lockdep_assert_held(&topo->lock);
	hdr = genlmsg_put(skb, portid, seq, &romon_nl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	if (romon_nl_put_node(skb, node) ||
	    (reason && nla_put_u32(skb, ROMON_A_NODE_REASON, *reason)))
		goto cancel;

	route = romon_route_get(topo, node, index);
	if (!route)
		goto end;
	if (nla_put_u8(skb, ROMON_A_NODE_ACTIVE, route->active) ||
	    nla_put_u32(skb, ROMON_A_NODE_COST, route->cost) ||
	    nla_put_u32(skb, ROMON_A_NODE_HOPS, route->hops) ||
	    nla_put_u32(skb, ROMON_A_NODE_L2MTU, route->l2mtu) ||
	    nla_put_u32(skb, ROMON_A_NODE_AGE,
			jiffies_to_msecs(jiffies - node->seen)) ||
	    (node->board && *node->board &&
	     nla_put_string(skb, ROMON_A_NODE_BOARD, node->board)))
		goto cancel;
	for (i = 0; i < route->hops; i++)
		if (nla_put(skb, ROMON_A_NODE_PATH, ETH_ALEN,
			    route->hop[i]->node->id))
			goto cancel;
	if (wire) {
		romon_route_wire(route, topo->wire);
		if (nla_put(skb, ROMON_A_NODE_ROUTE,
			    route->hops * sizeof(*topo->wire), topo->wire))
			goto cancel;
	}
	rcu_read_lock();
	port = romon_port_find_rcu(rn, romon_edge_peer(route->hop[0])->port.link);
	if (port && nla_put_string(skb, ROMON_A_NODE_INTERFACE,
				   port->dev->name)) {
		rcu_read_unlock();
		goto cancel;
	}
	rcu_read_unlock();
end:
	genlmsg_end(skb, hdr);
	return 0;
cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

/* @reason: why its route has changed, or why it has none any more */
void romon_nl_node_ntf(struct romon_net *rn, struct romon_node *node, u8 cmd,
		       const enum romon_route_reason *reason)
{
	struct sk_buff *msg;
	int err;

	msg = romon_nl_event_new(rn, NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return;
	err = romon_nl_fill_node(msg, rn, node, 0, 0, 0, 0, cmd, false, reason,
				 NULL);
	romon_nl_event_send(rn, msg, err, GFP_KERNEL);
}

int romon_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	struct romon_topology *topo = &rn->topo;
	struct romon_node *node;
	struct sk_buff *msg;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, ROMON_A_NODE_ID)) {
		NL_SET_ERR_MSG(info->extack, "Which router is not said");
		return -EINVAL;
	}
	msg = genlmsg_new(NLMSG_GOODSIZE + ROMON_ROUTE_MAX_LEN, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;

	mutex_lock(&topo->lock);
	node = romon_node_find(topo, nla_data(info->attrs[ROMON_A_NODE_ID]));
	if (node && romon_node_is_known(node)) {
		err = romon_nl_fill_node(msg, rn, node, 0, info->snd_portid,
					 info->snd_seq, 0, ROMON_CMD_NODE_GET,
					 true, NULL, NULL);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ROMON_A_NODE_ID],
				    "No router of this ID is known");
		err = -ENOENT;
	}
	mutex_unlock(&topo->lock);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/* Where a dump of nodes goes on: at @route of @id, or behind @id. */
struct romon_nl_node_cursor {
	u8	id[ETH_ALEN];
	u8	within;
	unsigned int route;
};

int romon_nl_node_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct romon_nl_node_cursor *cursor = (void *)cb->ctx;
	struct romon_net *rn = romon_net(sock_net(skb->sk));
	u32 portid = NETLINK_CB(cb->skb).portid;
	struct romon_topology *topo = &rn->topo;
	struct romon_node *node = NULL;
	int err = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	mutex_lock(&topo->lock);
	cb->seq = topo->generation;
	if (cursor->within)
		node = romon_node_find(topo, cursor->id);
	if (!node) {
		cursor->route = 0;
		node = romon_node_after(topo, cursor->id);
	}
	for (; node; node = romon_node_after(topo, cursor->id)) {
		memcpy(cursor->id, node->id, ETH_ALEN);
		cursor->within = true;
		while (romon_node_is_known(node) &&
		       romon_route_exists(topo, node, &cursor->route)) {
			err = romon_nl_fill_node(skb, rn, node, cursor->route,
						 portid, cb->nlh->nlmsg_seq,
						 NLM_F_MULTI,
						 ROMON_CMD_NODE_GET, false,
						 NULL, cb);
			if (err)
				goto out;
			cursor->route++;
		}
		cursor->within = false;
		cursor->route = 0;
	}
out:
	mutex_unlock(&topo->lock);
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
