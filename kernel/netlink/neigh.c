// SPDX-License-Identifier: GPL-2.0-only
/* Neighbours of the ports. */

#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "family.h"
#include "net.h"
#include "netlink-gen.h"
#include "path/neigh.h"
#include "path/raise.h"
#include "port/port.h"
#include "topology/graph.h"
#include "topology/map.h"
#include "topology/topology.h"

static int romon_nl_fill_neigh(struct sk_buff *skb, struct romon_port *port,
			       const struct romon_neigh_info *info,
			       const char *identity, u32 portid, u32 seq,
			       int flags, u8 cmd)
{
	void *hdr = genlmsg_put(skb, portid, seq, &romon_nl_family, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, ROMON_A_NEIGHBOR_INTERFACE, port->dev->name) ||
	    nla_put_u32(skb, ROMON_A_NEIGHBOR_LINK, port->link) ||
	    nla_put(skb, ROMON_A_NEIGHBOR_MAC, ETH_ALEN, info->mac) ||
	    (!is_zero_ether_addr(info->id) &&
	     nla_put(skb, ROMON_A_NEIGHBOR_ID, ETH_ALEN, info->id)) ||
	    (identity &&
	     nla_put_string(skb, ROMON_A_NEIGHBOR_IDENTITY, identity)) ||
	    nla_put_u32(skb, ROMON_A_NEIGHBOR_STATE,
			info->up ? ROMON_NEIGHBOR_STATE_UP :
				   ROMON_NEIGHBOR_STATE_INIT) ||
	    nla_put_u64_64bit(skb, ROMON_A_NEIGHBOR_SINCE, info->since_ms,
			      ROMON_A_NEIGHBOR_PAD) ||
	    nla_put_u32(skb, ROMON_A_NEIGHBOR_HEARD, info->heard_ms) ||
	    (info->rtt_us &&
	     nla_put_u32(skb, ROMON_A_NEIGHBOR_RTT, info->rtt_us)) ||
	    (info->secret &&
	     nla_put_u32(skb, ROMON_A_NEIGHBOR_SECRET, info->secret))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* A neighbour has come or gone. In softirq too. */
void romon_raise_neigh(struct romon_port *port,
		       const struct romon_neigh_info *info)
{
	struct romon_net *rn = port->rn;
	struct sk_buff *msg;
	int err;

	msg = romon_nl_event_new(rn, NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!msg)
		return;
	err = romon_nl_fill_neigh(msg, port, info, NULL, 0, 0, 0,
				  ROMON_CMD_NEIGHBOR_CHANGE_NTF);
	romon_nl_event_send(rn, msg, err, GFP_ATOMIC);
}

/* Where a dump of neighbours goes on. */
struct romon_nl_neigh_cursor {
	u32	port;
	u8	mac[ETH_ALEN];		/* the last one shown of that port */
};

/* What a router says that it is called, or NULL. Under RCU. */
static const char *romon_nl_identity(struct romon_net *rn, const u8 *id)
{
	struct romon_topology *topo = romon_topology_rcu(rn);
	const struct romon_text *identity;
	const struct romon_map *map;
	u32 i;

	if (!topo)
		return NULL;
	map = romon_topology_map_rcu(topo);
	i = romon_map_find(map, id);
	if (i == ROMON_MAP_NONE)
		return NULL;
	identity = rcu_dereference(map->node[i].node->identity);
	return identity ? identity->value : NULL;
}

int romon_nl_neighbor_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct romon_nl_neigh_cursor *cursor = (void *)cb->ctx;
	struct romon_net *rn = romon_net(sock_net(skb->sk));
	u32 portid = NETLINK_CB(cb->skb).portid;
	struct romon_neigh_info info;
	struct romon_port *port;
	int err = 0;
	u32 i = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	rtnl_lock();
	cb->seq = rn->port_gen + 1;
	rcu_read_lock();
	list_for_each_entry(port, &rn->ports, list) {
		if (i++ < cursor->port)
			continue;
		while (romon_neigh_next(port, cursor->mac, &info)) {
			err = romon_nl_fill_neigh(skb, port, &info,
						  romon_nl_identity(rn, info.id),
						  portid, cb->nlh->nlmsg_seq,
						  NLM_F_MULTI,
						  ROMON_CMD_NEIGHBOR_GET);
			if (err)
				goto out;
			memcpy(cursor->mac, info.mac, ETH_ALEN);
		}
		cursor->port++;
		memset(cursor->mac, 0, ETH_ALEN);
	}
out:
	rcu_read_unlock();
	rtnl_unlock();
	return skb->len ?: err;
}
