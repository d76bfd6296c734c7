// SPDX-License-Identifier: GPL-2.0-only
/* Hops between two routers. */

#include <net/genetlink.h>
#include <net/sock.h>

#include "family.h"
#include "net.h"
#include "netlink-gen.h"
#include "topology/graph.h"
#include "topology/map.h"
#include "topology/topology.h"

static int romon_nl_put_edge_end(struct sk_buff *skb, int attr,
				 const struct romon_map *map,
				 const struct romon_map_end *end)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	const u8 *id = map->node[end->node].node->id;

	if (!nest ||
	    nla_put(skb, ROMON_A_EDGE_END_ID, ETH_ALEN, id) ||
	    nla_put_u32(skb, ROMON_A_EDGE_END_LINK, end->port.link) ||
	    nla_put(skb, ROMON_A_EDGE_END_MAC, ETH_ALEN, end->port.mac) ||
	    nla_put_u16(skb, ROMON_A_EDGE_END_COST, end->port.cost) ||
	    nla_put_u32(skb, ROMON_A_EDGE_END_L2MTU, end->port.l2mtu))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* An edge in the direction that routes use it, else as it was told. */
static int romon_nl_fill_edge(struct sk_buff *skb, struct romon_topology *topo,
			      const struct romon_map *map, u32 edge,
			      struct netlink_callback *cb)
{
	u32 portid = NETLINK_CB(cb->skb).portid;
	const struct romon_map_end *from, *to;
	u32 end = 2 * edge + 1;
	unsigned long seen;
	bool active;
	void *hdr;

	active = romon_topology_uses_rcu(topo, map, end);
	if (romon_topology_uses_rcu(topo, map, romon_map_peer(end))) {
		end = romon_map_peer(end);
		active = true;
	}
	to = romon_map_end(map, end);
	from = romon_map_end(map, romon_map_peer(end));
	seen = READ_ONCE(map->edge[edge].edge->seen);
	hdr = genlmsg_put(skb, portid, cb->nlh->nlmsg_seq, &romon_nl_family,
			  NLM_F_MULTI, ROMON_CMD_EDGE_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (romon_nl_put_edge_end(skb, ROMON_A_EDGE_FROM, map, from) ||
	    romon_nl_put_edge_end(skb, ROMON_A_EDGE_TO, map, to) ||
	    nla_put_u32(skb, ROMON_A_EDGE_COST, romon_map_cost(map, end)) ||
	    nla_put_u32(skb, ROMON_A_EDGE_L2MTU, romon_map_l2mtu(map, end)) ||
	    nla_put_u8(skb, ROMON_A_EDGE_ACTIVE, active) ||
	    nla_put_u32(skb, ROMON_A_EDGE_AGE,
			jiffies_to_msecs(jiffies - seen))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* Where a dump of edges goes on: behind @key. */
struct romon_nl_edge_cursor {
	struct romon_edge_key key;
	u8	begun;
};

/* Go on at the cursor, as far as there is room. Under RCU. */
static int romon_nl_dump_edges(struct sk_buff *skb, struct netlink_callback *cb,
			       struct romon_net *rn)
{
	struct romon_nl_edge_cursor *cursor = (void *)cb->ctx;
	struct romon_topology *topo = romon_topology_rcu(rn);
	const struct romon_map *map;
	int err;
	u32 i;

	if (!topo)
		return 0;
	map = romon_topology_map_rcu(topo);
	for (i = romon_map_edge_after(map, &cursor->key); i < map->n_edges;
	     i++) {
		err = romon_nl_fill_edge(skb, topo, map, i, cb);
		if (err)
			return err;
		romon_map_edge_key(map, i, &cursor->key);
	}
	return 0;
}

int romon_nl_edge_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct romon_nl_edge_cursor *cursor = (void *)cb->ctx;
	struct romon_net *rn = romon_net(sock_net(skb->sk));
	int err;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	err = romon_nl_dump_begin(rn, &cursor->begun);
	if (err)
		return err;
	rcu_read_lock();
	cb->seq = romon_nl_topology_seq(rn);
	err = romon_nl_dump_edges(skb, cb, rn);
	rcu_read_unlock();
	return skb->len ?: err;
}
