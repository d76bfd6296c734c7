// SPDX-License-Identifier: GPL-2.0-only
/* Hops between two routers. */

#include <net/genetlink.h>
#include <net/sock.h>

#include "net.h"
#include "netlink-gen.h"
#include "topology/topology.h"

static int romon_nl_put_edge_end(struct sk_buff *skb, int attr,
				 const struct romon_edge_end *end)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put(skb, ROMON_A_EDGE_END_ID, ETH_ALEN, end->node->id) ||
	    nla_put_u32(skb, ROMON_A_EDGE_END_LINK, end->port.link) ||
	    nla_put(skb, ROMON_A_EDGE_END_MAC, ETH_ALEN, end->port.mac) ||
	    nla_put_u16(skb, ROMON_A_EDGE_END_COST, end->port.cost) ||
	    nla_put_u32(skb, ROMON_A_EDGE_END_L2MTU, end->port.l2mtu))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* An edge in the direction that routes use it, else as it was told. */
static int romon_nl_fill_edge(struct sk_buff *skb, struct romon_edge *edge,
			      u32 portid, struct netlink_callback *cb)
{
	struct romon_edge_end *from = &edge->end[0], *to = &edge->end[1];
	bool active = romon_node_via(to->node) == to;
	void *hdr;

	if (romon_node_via(from->node) == from) {
		swap(from, to);
		active = true;
	}
	hdr = genlmsg_put(skb, portid, cb->nlh->nlmsg_seq, &romon_nl_family,
			  NLM_F_MULTI, ROMON_CMD_EDGE_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (romon_nl_put_edge_end(skb, ROMON_A_EDGE_FROM, from) ||
	    romon_nl_put_edge_end(skb, ROMON_A_EDGE_TO, to) ||
	    nla_put_u32(skb, ROMON_A_EDGE_COST,
			from->port.cost + to->port.cost) ||
	    nla_put_u32(skb, ROMON_A_EDGE_L2MTU,
			min(from->port.l2mtu, to->port.l2mtu)) ||
	    nla_put_u8(skb, ROMON_A_EDGE_ACTIVE, active) ||
	    nla_put_u32(skb, ROMON_A_EDGE_AGE,
			jiffies_to_msecs(jiffies - edge->seen))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int romon_nl_edge_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct romon_net *rn = romon_net(sock_net(skb->sk));
	struct romon_edge_key *cursor = (void *)cb->ctx;
	u32 portid = NETLINK_CB(cb->skb).portid;
	struct romon_topology *topo = &rn->topo;
	struct romon_edge *edge;
	int err = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	mutex_lock(&topo->lock);
	cb->seq = topo->generation;
	while ((edge = romon_edge_after(topo, cursor))) {
		err = romon_nl_fill_edge(skb, edge, portid, cb);
		if (err)
			break;
		romon_edge_key(edge, cursor);
	}
	mutex_unlock(&topo->lock);
	return skb->len ?: err;
}
