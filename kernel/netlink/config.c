// SPDX-License-Identifier: GPL-2.0-only
/* Settings of the router, and what it says of itself. */

#include <linux/rtnetlink.h>
#include <net/genetlink.h>

#include "family.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "path/secret.h"
#include "topology/topology.h"

/* A string that is not terminated where it stands. */
static int romon_nl_put_str(struct sk_buff *skb, int type, const char *str,
			    u8 len)
{
	struct nlattr *attr = nla_reserve(skb, type, len + 1);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), str, len);
	((char *)nla_data(attr))[len] = '\0';
	return 0;
}

static int romon_nl_fill_config(struct sk_buff *skb, struct romon_net *rn,
				u32 portid, u32 seq, u8 cmd, bool admin)
{
	const struct romon_limits *l = &rn->limits;
	char version[ROMON_VERSION_STRLEN];
	char hostname[ROMON_IDENTITY_MAX_LEN];
	const struct romon_self *self;
	struct romon_about about;
	u32 nodes, edges;
	void *hdr;

	ASSERT_RTNL();
	romon_topology_count(rn, &nodes, &edges);
	hdr = genlmsg_put(skb, portid, seq, &romon_nl_family, 0, cmd);
	if (!hdr)
		return -EMSGSIZE;
	self = rtnl_dereference(rn->self);
	romon_wire_version_str(version, sizeof(version), romon_version);
	romon_net_about(rn, self, &about, hostname);
	if (nla_put_u8(skb, ROMON_A_CONFIG_ENABLED, rn->enabled) ||
	    nla_put(skb, ROMON_A_CONFIG_ID, ETH_ALEN, rn->id) ||
	    (self && nla_put(skb, ROMON_A_CONFIG_CURRENT_ID, ETH_ALEN,
			     self->id)) ||
	    romon_nl_put_str(skb, ROMON_A_CONFIG_IDENTITY, about.identity,
			     about.identity_len) ||
	    nla_put_u8(skb, ROMON_A_CONFIG_IDENTITY_AUTO, !*rn->identity) ||
	    romon_nl_put_str(skb, ROMON_A_CONFIG_BOARD, about.board,
			     about.board_len) ||
	    nla_put_u8(skb, ROMON_A_CONFIG_BOARD_AUTO, !*rn->board) ||
	    nla_put_string(skb, ROMON_A_CONFIG_VERSION, version) ||
	    (rn->enabled &&
	     nla_put_u32(skb, ROMON_A_CONFIG_UPTIME,
			 div_u64(get_jiffies_64() - rn->enabled_at, HZ))) ||
	    nla_put_u8(skb, ROMON_A_CONFIG_HOP_LIMIT, l->hop_limit) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_FLOOD_WINDOW, l->flood_window_ms) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_FLOOD_RATE, l->flood_rate) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_ANSWER_DELAY, l->answer_delay_ms) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_NODE_TIMEOUT, l->node_timeout_s) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_MAX_NODES, l->max_nodes) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_MAX_EDGES, l->max_edges) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_MAX_ORIGINS, l->max_origins) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_MAX_PORTS, l->max_ports) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_MAX_ENDPOINTS, l->max_endpoints) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_QUEUE_LEN, l->queue_len) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_HELLO_INTERVAL,
			l->hello_interval_s) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_MAX_NEIGHBORS, l->max_neighbors) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_ANSWER_RATE, l->answer_rate) ||
	    romon_nl_fill_secrets(skb, ROMON_A_CONFIG_SECRETS,
				  ROMON_A_CONFIG_SECRETS_COUNT,
				  rtnl_dereference(rn->secrets), admin) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_NODES, nodes) ||
	    nla_put_u32(skb, ROMON_A_CONFIG_EDGES, edges) ||
	    romon_nl_fill_stats(skb, ROMON_A_CONFIG_STATS, rn->stats)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int romon_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	struct sk_buff *msg;
	int err;

	msg = genlmsg_new(2 * NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	rtnl_lock();
	err = romon_nl_fill_config(msg, rn, info->snd_portid, info->snd_seq,
				   ROMON_CMD_CONFIG_GET,
				   romon_nl_is_admin(skb, rn));
	rtnl_unlock();
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

void romon_nl_config_ntf(struct romon_net *rn)
{
	struct sk_buff *msg;
	int err;

	ASSERT_RTNL();
	msg = romon_nl_event_new(rn, NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return;
	err = romon_nl_fill_config(msg, rn, 0, 0, ROMON_CMD_CONFIG_CHANGE_NTF,
				   false);
	romon_nl_event_send(rn, msg, err, GFP_KERNEL);
}

static void romon_nl_get_u32(struct genl_info *info, int attr, u32 *value)
{
	if (info->attrs[attr])
		*value = nla_get_u32(info->attrs[attr]);
}

/*
 * A bound of a table. Anybody may make a network namespace within a user
 * namespace of his own, and not all of what fills these tables is charged to
 * him: so only who administers the host raises one above its default.
 */
static int romon_nl_get_bound(struct sk_buff *skb, struct genl_info *info,
			      int attr, u32 most, u32 *value)
{
	u32 is = *value;

	romon_nl_get_u32(info, attr, value);
	if (*value <= is || *value <= most ||
	    netlink_capable(skb, CAP_NET_ADMIN))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
			    "Only the administrator of the host may raise this limit above its default");
	return -EPERM;
}

static int romon_nl_get_bounds(struct sk_buff *skb, struct genl_info *info,
			       struct romon_limits *l)
{
	const struct romon_limits *most = &romon_limits_default;
	const struct {
		int attr;
		u32 most;
		u32 *value;
	} bounds[] = {
		{ ROMON_A_CONFIG_MAX_NODES, most->max_nodes, &l->max_nodes },
		{ ROMON_A_CONFIG_MAX_EDGES, most->max_edges, &l->max_edges },
		{ ROMON_A_CONFIG_MAX_ORIGINS, most->max_origins,
		  &l->max_origins },
		{ ROMON_A_CONFIG_MAX_PORTS, most->max_ports, &l->max_ports },
		{ ROMON_A_CONFIG_MAX_ENDPOINTS, most->max_endpoints,
		  &l->max_endpoints },
		{ ROMON_A_CONFIG_QUEUE_LEN, most->queue_len, &l->queue_len },
		{ ROMON_A_CONFIG_MAX_NEIGHBORS, most->max_neighbors,
		  &l->max_neighbors },
	};
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(bounds); i++)
		err = romon_nl_get_bound(skb, info, bounds[i].attr,
					 bounds[i].most, bounds[i].value);
	return err;
}

int romon_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	struct nlattr **attrs = info->attrs;
	struct romon_config *config;
	struct romon_limits *l;
	int err;

	config = kzalloc_obj(*config, GFP_KERNEL);
	if (!config) {
		romon_nl_wipe(info);
		return -ENOMEM;
	}
	l = &config->limits;
	if (attrs[ROMON_A_CONFIG_SECRETS]) {
		config->secrets = romon_nl_get_secrets(info,
						       attrs[ROMON_A_CONFIG_SECRETS]);
		config->set_secrets = true;
		if (IS_ERR(config->secrets)) {
			err = PTR_ERR(config->secrets);
			goto out_free;
		}
	}

	rtnl_lock();
	romon_net_config(rn, config);
	if (attrs[ROMON_A_CONFIG_ENABLED])
		config->enabled = nla_get_u8(attrs[ROMON_A_CONFIG_ENABLED]);
	if (attrs[ROMON_A_CONFIG_ID]) {
		nla_memcpy(config->id, attrs[ROMON_A_CONFIG_ID], ETH_ALEN);
		if (is_broadcast_ether_addr(config->id)) {
			NL_SET_ERR_MSG_ATTR(info->extack,
					    attrs[ROMON_A_CONFIG_ID],
					    "ff:ff:ff:ff:ff:ff means everybody, it cannot be an ID");
			err = -EINVAL;
			goto out;
		}
	}
	if (attrs[ROMON_A_CONFIG_IDENTITY])
		nla_strscpy(config->identity, attrs[ROMON_A_CONFIG_IDENTITY],
			    sizeof(config->identity));
	if (attrs[ROMON_A_CONFIG_BOARD])
		nla_strscpy(config->board, attrs[ROMON_A_CONFIG_BOARD],
			    sizeof(config->board));
	if (attrs[ROMON_A_CONFIG_HOP_LIMIT])
		l->hop_limit = nla_get_u8(attrs[ROMON_A_CONFIG_HOP_LIMIT]);
	romon_nl_get_u32(info, ROMON_A_CONFIG_FLOOD_WINDOW, &l->flood_window_ms);
	romon_nl_get_u32(info, ROMON_A_CONFIG_FLOOD_RATE, &l->flood_rate);
	romon_nl_get_u32(info, ROMON_A_CONFIG_ANSWER_DELAY, &l->answer_delay_ms);
	romon_nl_get_u32(info, ROMON_A_CONFIG_NODE_TIMEOUT, &l->node_timeout_s);
	romon_nl_get_u32(info, ROMON_A_CONFIG_HELLO_INTERVAL,
			 &l->hello_interval_s);
	romon_nl_get_u32(info, ROMON_A_CONFIG_ANSWER_RATE, &l->answer_rate);
	err = romon_nl_get_bounds(skb, info, l);
	if (err)
		goto out;

	err = romon_net_set(rn, config, info->extack);
	if (!err) {
		/* The list is the router's now. */
		config->secrets = NULL;
		romon_nl_config_ntf(rn);
	}
out:
	rtnl_unlock();
	romon_secrets_free_rcu(config->secrets);
out_free:
	kfree(config);
	return err ?: romon_topology_settle(rn);
}
