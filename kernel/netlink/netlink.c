// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family: requests, dumps, events and datagrams.
 * Documentation/netlink/specs/romon.yaml describes it.
 */

#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "path/discover.h"
#include "path/local.h"
#include "path/neigh.h"
#include "net.h"
#include "netlink.h"
#include "netlink-gen.h"
#include "port/port.h"
#include "path/secret.h"
#include "topology/topology.h"

static void romon_nl_wipe_secrets(struct nlattr *nest)
{
	struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, nest, rem)
		memzero_explicit(nla_data(attr), nla_len(attr));
}

/* A request is refused before its secrets were read. */
static void romon_nl_wipe(struct genl_info *info)
{
	struct nlattr *nest = NULL;

	switch (info->genlhdr->cmd) {
	case ROMON_CMD_CONFIG_SET:
		nest = info->attrs[ROMON_A_CONFIG_SECRETS];
		break;
	case ROMON_CMD_PORT_ADD:
	case ROMON_CMD_PORT_SET:
		nest = info->attrs[ROMON_A_PORT_SECRETS];
		break;
	}
	if (nest)
		romon_nl_wipe_secrets(nest);
}

/* Everything that changes something passes here first. */
int romon_nl_admin_pre_doit(const struct genl_split_ops *ops,
			    struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_ns_capable(skb, genl_info_net(info)->user_ns,
			       CAP_NET_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "Needs CAP_NET_ADMIN over the network namespace");
	romon_nl_wipe(info);
	return -EPERM;
}

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

static int romon_nl_fill_stats(struct sk_buff *skb, int attr,
			       const struct romon_stats __percpu *stats)
{
	struct romon_stats_sum sum;
	struct nlattr *nest, *drop;
	unsigned int i;

	romon_stats_sum(stats, &sum);
	nest = nla_nest_start(skb, attr);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ROMON_STAT_COUNT; i++) {
		/* The attributes stand in the order of enum romon_stat. */
		if (nla_put_u64_64bit(skb, ROMON_A_STATS_RX_PACKETS + i,
				      sum.stat[i], ROMON_A_STATS_PAD))
			return -EMSGSIZE;
	}
	for (i = ROMON_DROP_NONE + 1; i < ROMON_DROP_COUNT; i++) {
		if (!sum.drop[i])
			continue;
		drop = nla_nest_start(skb, ROMON_A_STATS_DROP);
		if (!drop ||
		    nla_put_string(skb, ROMON_A_DROP_REASON,
				   romon_drop_name(i)) ||
		    nla_put_u64_64bit(skb, ROMON_A_DROP_PACKETS, sum.drop[i],
				      ROMON_A_DROP_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, drop);
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* Whether whoever asks, in @skb, may be told secrets. */
static bool romon_nl_is_admin(const struct sk_buff *skb,
			      const struct romon_net *rn)
{
	return netlink_ns_capable(skb, rn->net->user_ns, CAP_NET_ADMIN);
}

static int romon_nl_fill_secrets(struct sk_buff *skb, int attr, int count,
				 const struct romon_secrets *list, bool admin)
{
	struct nlattr *nest;
	unsigned int i;

	if (nla_put_u32(skb, count, list ? list->n : 0))
		return -EMSGSIZE;
	if (!list || !admin)
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < list->n; i++)
		if (nla_put(skb, ROMON_A_SECRETS_SECRET, list->secret[i].len,
			    list->secret[i].value))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Read a list of secrets, and wipe it from the request. An error pointer and
 * a sentence, a list, or NULL for an empty one.
 */
static struct romon_secrets *romon_nl_get_secrets(struct genl_info *info,
						  struct nlattr *nest)
{
	struct romon_secret_text text[ROMON_SECRETS_MAX];
	struct romon_secrets *list = NULL;
	struct nlattr *attr;
	int rem, err = 0;
	u8 n = 0;

	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != ROMON_A_SECRETS_SECRET)
			continue;
		if (n == ROMON_SECRETS_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "A list has at most 16 secrets");
			err = -E2BIG;
			break;
		}
		if (nla_len(attr) > ROMON_SECRET_MAX_LEN) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "A secret has at most 64 bytes");
			err = -EINVAL;
			break;
		}
		text[n].value = nla_data(attr);
		text[n].len = nla_len(attr);
		n++;
	}
	if (!err && n) {
		list = romon_secrets_alloc(text, n);
		err = PTR_ERR_OR_ZERO(list);
		if (err == -EOPNOTSUPP)
			NL_SET_ERR_MSG_ATTR(info->extack, nest,
					    "This kernel has no MD5");
	}
	romon_nl_wipe_secrets(nest);
	return err ? ERR_PTR(err) : list;
}

/* In romon_port.refused the reason is above the MAC. */
#define ROMON_NL_REFUSED_SHIFT	48

/* Devices are told of before and after there is a family. */
static bool romon_nl_registered;

static bool romon_nl_wanted(const struct romon_net *rn)
{
	return READ_ONCE(romon_nl_registered) &&
	       genl_has_listeners(&romon_nl_family, rn->net,
				  ROMON_NLGRP_EVENTS);
}

/* Whoever listens has to ask what became of everything. */
static void romon_nl_event_lost(const struct romon_net *rn)
{
	genl_set_err(&romon_nl_family, rn->net, 0, ROMON_NLGRP_EVENTS,
		     -ENOBUFS);
}

/* A message for romon_nl_event_send(), or NULL if nobody listens or it is lost. */
static struct sk_buff *romon_nl_event_new(const struct romon_net *rn,
					  size_t size, gfp_t gfp)
{
	struct sk_buff *msg;

	if (!romon_nl_wanted(rn))
		return NULL;
	msg = genlmsg_new(size, gfp);
	if (!msg)
		romon_nl_event_lost(rn);
	return msg;
}

/* Unless filling it has failed, with @err, which only want of room can do. */
static void romon_nl_event_send(const struct romon_net *rn,
				struct sk_buff *msg, int err, gfp_t gfp)
{
	if (err) {
		nlmsg_free(msg);
		romon_nl_event_lost(rn);
		return;
	}
	genlmsg_multicast_netns(&romon_nl_family, rn->net, msg, 0,
				ROMON_NLGRP_EVENTS, gfp);
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
	mutex_lock(&rn->topo.lock);
	nodes = rn->topo.n_nodes - !!rn->topo.self;
	edges = rn->topo.n_edges;
	mutex_unlock(&rn->topo.lock);

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

int romon_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	struct nlattr **attrs = info->attrs;
	struct romon_config *config;
	struct romon_limits *l;
	int err;

	config = kzalloc(sizeof(*config), GFP_KERNEL);
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
	romon_nl_get_u32(info, ROMON_A_CONFIG_MAX_NODES, &l->max_nodes);
	romon_nl_get_u32(info, ROMON_A_CONFIG_MAX_EDGES, &l->max_edges);
	romon_nl_get_u32(info, ROMON_A_CONFIG_MAX_ORIGINS, &l->max_origins);
	romon_nl_get_u32(info, ROMON_A_CONFIG_MAX_PORTS, &l->max_ports);
	romon_nl_get_u32(info, ROMON_A_CONFIG_MAX_ENDPOINTS, &l->max_endpoints);
	romon_nl_get_u32(info, ROMON_A_CONFIG_QUEUE_LEN, &l->queue_len);
	romon_nl_get_u32(info, ROMON_A_CONFIG_HELLO_INTERVAL,
			 &l->hello_interval_s);
	romon_nl_get_u32(info, ROMON_A_CONFIG_MAX_NEIGHBORS, &l->max_neighbors);

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
	return err;
}

/* The last refused frame, if there was any. */
static int romon_nl_fill_refused(struct sk_buff *skb,
				 const struct romon_port *port)
{
	u64 at = READ_ONCE(port->refused_at);
	u64 refused = atomic64_read(&port->refused);
	struct nlattr *nest;
	u8 mac[ETH_ALEN];

	if (!at)
		return 0;
	u64_to_ether_addr(refused, mac);
	nest = nla_nest_start(skb, ROMON_A_PORT_REFUSED);
	if (!nest ||
	    nla_put(skb, ROMON_A_REFUSAL_MAC, ETH_ALEN, mac) ||
	    nla_put_string(skb, ROMON_A_REFUSAL_REASON,
			   romon_drop_name(refused >> ROMON_NL_REFUSED_SHIFT)) ||
	    nla_put_u32(skb, ROMON_A_REFUSAL_AGE,
			min_t(u64, jiffies64_to_msecs(get_jiffies_64() - at),
			      U32_MAX)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int romon_nl_fill_port(struct sk_buff *skb,
			      const struct romon_port_info *info, u32 portid,
			      u32 seq, int flags, u8 cmd, bool admin,
			      struct netlink_callback *cb)
{
	const struct romon_entry *entry = info->entry;
	const struct net_device *dev = info->dev;
	struct romon_end end;
	void *hdr;

	ASSERT_RTNL();
	hdr = genlmsg_put(skb, portid, seq, &romon_nl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);

	if (nla_put_string(skb, ROMON_A_PORT_INTERFACE,
			   info->dynamic ? dev->name : entry->name) ||
	    nla_put_u16(skb, ROMON_A_PORT_COST, entry->cost) ||
	    nla_put_u8(skb, ROMON_A_PORT_FORBID, entry->forbid) ||
	    nla_put_u8(skb, ROMON_A_PORT_DISABLED, entry->disabled) ||
	    nla_put_u8(skb, ROMON_A_PORT_DEFAULT,
		       !info->dynamic && romon_entry_is_default(entry)) ||
	    nla_put_u8(skb, ROMON_A_PORT_DYNAMIC, info->dynamic) ||
	    nla_put_u32(skb, ROMON_A_PORT_STATE, info->state) ||
	    (entry->comment && !info->dynamic &&
	     nla_put_string(skb, ROMON_A_PORT_COMMENT, entry->comment)) ||
	    (!info->dynamic &&
	     romon_nl_fill_secrets(skb, ROMON_A_PORT_SECRETS,
				   ROMON_A_PORT_SECRETS_COUNT, entry->secrets,
				   admin)))
		goto cancel;
	if (dev && (nla_put(skb, ROMON_A_PORT_MAC, dev->addr_len,
			    dev->dev_addr) ||
		    nla_put_u32(skb, ROMON_A_PORT_IFINDEX, dev->ifindex)))
		goto cancel;
	if (info->port) {
		romon_port_end(info->port, &end);
		if (nla_put_u32(skb, ROMON_A_PORT_LINK, end.link) ||
		    nla_put_u32(skb, ROMON_A_PORT_L2MTU, end.l2mtu) ||
		    romon_nl_fill_stats(skb, ROMON_A_PORT_STATS,
					info->port->stats) ||
		    romon_nl_fill_refused(skb, info->port))
			goto cancel;
	}
	genlmsg_end(skb, hdr);
	return 0;
cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

void romon_nl_port_ntf(struct romon_net *rn, const struct romon_port_info *info,
		       u8 cmd)
{
	struct sk_buff *msg;
	int err;

	msg = romon_nl_event_new(rn, NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return;
	err = romon_nl_fill_port(msg, info, 0, 0, 0, cmd, false, NULL);
	romon_nl_event_send(rn, msg, err, GFP_KERNEL);
}

/* The name that a request is about, or NULL and a sentence. */
static const char *romon_nl_interface(struct genl_info *info)
{
	const char *name;

	if (GENL_REQ_ATTR_CHECK(info, ROMON_A_PORT_INTERFACE)) {
		NL_SET_ERR_MSG(info->extack, "Which interface is not said");
		return NULL;
	}
	name = nla_data(info->attrs[ROMON_A_PORT_INTERFACE]);
	if (!dev_valid_name(name)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ROMON_A_PORT_INTERFACE],
				    "Not a name that an interface can have");
		return NULL;
	}
	return name;
}

int romon_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	const char *name = romon_nl_interface(info);
	struct romon_port_info port;
	struct romon_entry *entry;
	struct net_device *dev;
	struct sk_buff *msg;
	int err;

	if (!name)
		return -EINVAL;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;

	rtnl_lock();
	entry = romon_entry_find_rtnl(rn, name);
	dev = __dev_get_by_name(rn->net, name);
	if (entry) {
		romon_port_info_entry_rtnl(rn, entry, &port);
	} else if (dev) {
		romon_port_info_dev_rtnl(rn, dev, &port);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ROMON_A_PORT_INTERFACE],
				    "Neither a device nor a port entry has this name");
		err = -ENODEV;
		goto err_unlock;
	}
	err = romon_nl_fill_port(msg, &port, info->snd_portid, info->snd_seq, 0,
				 ROMON_CMD_PORT_GET,
				 romon_nl_is_admin(skb, rn), NULL);
	if (err)
		goto err_unlock;
	rtnl_unlock();
	return genlmsg_reply(msg, info);

err_unlock:
	rtnl_unlock();
	nlmsg_free(msg);
	return err;
}

/* Where a dump of ports goes on: first all entries, then all other devices. */
struct romon_nl_port_cursor {
	unsigned long entries;
	unsigned long devices;
};

int romon_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct romon_nl_port_cursor *cursor = (void *)cb->ctx;
	struct romon_net *rn = romon_net(sock_net(skb->sk));
	u32 portid = NETLINK_CB(cb->skb).portid;
	bool admin = romon_nl_is_admin(cb->skb, rn);
	struct romon_port_info info;
	struct romon_entry *entry;
	struct net_device *dev;
	unsigned long i = 0;
	int err = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	rtnl_lock();
	cb->seq = rn->port_gen;
	list_for_each_entry(entry, &rn->entries, list) {
		if (i++ < cursor->entries)
			continue;
		romon_port_info_entry_rtnl(rn, entry, &info);
		err = romon_nl_fill_port(skb, &info, portid, cb->nlh->nlmsg_seq,
					 NLM_F_MULTI, ROMON_CMD_PORT_GET, admin,
					 cb);
		if (err)
			goto out;
		cursor->entries++;
	}
	i = 0;
	for_each_netdev(rn->net, dev) {
		if (i++ < cursor->devices)
			continue;
		if (romon_port_info_dev_rtnl(rn, dev, &info))
			err = romon_nl_fill_port(skb, &info, portid,
						 cb->nlh->nlmsg_seq,
						 NLM_F_MULTI,
						 ROMON_CMD_PORT_GET, admin, cb);
		if (err)
			goto out;
		cursor->devices++;
	}
out:
	rtnl_unlock();
	return skb->len ?: err;
}

static void romon_nl_get_port(struct genl_info *info, struct romon_entry *new)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[ROMON_A_PORT_COST])
		new->cost = nla_get_u16(attrs[ROMON_A_PORT_COST]);
	if (attrs[ROMON_A_PORT_FORBID])
		new->forbid = nla_get_u8(attrs[ROMON_A_PORT_FORBID]);
	if (attrs[ROMON_A_PORT_DISABLED])
		new->disabled = nla_get_u8(attrs[ROMON_A_PORT_DISABLED]);
	if (attrs[ROMON_A_PORT_COMMENT])
		new->comment = nla_data(attrs[ROMON_A_PORT_COMMENT]);
}

int romon_nl_port_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	struct romon_entry new = { .cost = ROMON_COST_DEFAULT };
	const char *name = romon_nl_interface(info);
	int err;

	if (info->attrs[ROMON_A_PORT_SECRETS]) {
		new.secrets = romon_nl_get_secrets(info, info->attrs[ROMON_A_PORT_SECRETS]);
		if (IS_ERR(new.secrets))
			return PTR_ERR(new.secrets);
	}
	if (!name) {
		romon_secrets_free(new.secrets);
		return -EINVAL;
	}
	strscpy(new.name, name, sizeof(new.name));
	romon_nl_get_port(info, &new);

	rtnl_lock();
	if (romon_entry_find_rtnl(rn, name)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ROMON_A_PORT_INTERFACE],
				    "There is a port entry of this name already");
		err = -EEXIST;
	} else {
		err = romon_entry_add_rtnl(rn, &new, info->extack);
		if (err)
			NL_SET_BAD_ATTR(info->extack,
					info->attrs[ROMON_A_PORT_INTERFACE]);
	}
	rtnl_unlock();
	if (err)
		romon_secrets_free(new.secrets);
	return err;
}

static struct romon_entry *romon_nl_entry(struct romon_net *rn,
					  struct genl_info *info,
					  const char *name)
{
	struct romon_entry *entry = romon_entry_find_rtnl(rn, name);

	if (!entry)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ROMON_A_PORT_INTERFACE],
				    "No port entry has this name");
	return entry;
}

int romon_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	const char *name = romon_nl_interface(info);
	struct nlattr *attr = info->attrs[ROMON_A_PORT_SECRETS];
	struct romon_secrets *secrets = NULL;
	struct romon_entry *entry, new;
	int err = -ENOENT;

	if (attr) {
		secrets = romon_nl_get_secrets(info, attr);
		if (IS_ERR(secrets))
			return PTR_ERR(secrets);
	}
	if (!name) {
		romon_secrets_free(secrets);
		return -EINVAL;
	}
	rtnl_lock();
	entry = romon_nl_entry(rn, info, name);
	if (!entry)
		goto out;
	if (romon_entry_is_default(entry) &&
	    (info->attrs[ROMON_A_PORT_DISABLED] ||
	     info->attrs[ROMON_A_PORT_COMMENT])) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ROMON_A_PORT_DISABLED] ?:
				    info->attrs[ROMON_A_PORT_COMMENT],
				    "The entry \"all\" has no disabled and no comment: forbid turns it off");
		err = -EOPNOTSUPP;
		goto out;
	}
	new = *entry;
	romon_nl_get_port(info, &new);
	if (attr)
		new.secrets = secrets;
	err = romon_entry_set_rtnl(rn, entry, &new);
out:
	rtnl_unlock();
	if (err)
		romon_secrets_free_rcu(secrets);
	return err;
}

int romon_nl_port_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	const char *name = romon_nl_interface(info);
	struct romon_entry *entry;
	int err = -ENOENT;

	if (!name)
		return -EINVAL;
	rtnl_lock();
	entry = romon_nl_entry(rn, info, name);
	if (!entry)
		goto out;
	if (romon_entry_is_default(entry)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ROMON_A_PORT_INTERFACE],
				    "The entry \"all\" is always there: forbid turns it off");
		err = -EOPNOTSUPP;
		goto out;
	}
	err = romon_entry_del_rtnl(rn, entry);
out:
	rtnl_unlock();
	return err;
}

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
	    nla_put_u32(skb, ROMON_A_NEIGHBOR_SINCE, info->since_ms) ||
	    nla_put_u32(skb, ROMON_A_NEIGHBOR_HEARD, info->heard_ms) ||
	    (info->rtt_us &&
	     nla_put_u32(skb, ROMON_A_NEIGHBOR_RTT, info->rtt_us)) ||
	    nla_put_u32(skb, ROMON_A_NEIGHBOR_SECRET, info->index + 1)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* From softirq too. */
void romon_nl_neigh_ntf(struct romon_port *port,
			const struct romon_neigh_info *info, u8 cmd)
{
	struct romon_net *rn = port->rn;
	struct sk_buff *msg;
	int err;

	msg = romon_nl_event_new(rn, NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!msg)
		return;
	err = romon_nl_fill_neigh(msg, port, info, NULL, 0, 0, 0, cmd);
	romon_nl_event_send(rn, msg, err, GFP_ATOMIC);
}

/*
 * Authentication has refused a frame that claims to come from @mac. In
 * softirq. Kept and told at most once a second for each port; the counters
 * tell all.
 */
void romon_nl_refused(struct romon_port *port, const u8 *mac,
		      enum romon_drop reason)
{
	struct romon_net *rn = port->rn;
	u64 told, now = get_jiffies_64();
	struct sk_buff *msg;
	int err = -EMSGSIZE;
	void *hdr;

	told = READ_ONCE(port->refused_at);
	if (told && time_before64(now, told + HZ))
		return;
	atomic64_set(&port->refused, ether_addr_to_u64(mac) |
				     (u64)reason << ROMON_NL_REFUSED_SHIFT);
	WRITE_ONCE(port->refused_at, now);

	msg = romon_nl_event_new(rn, NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &romon_nl_family, 0,
			  ROMON_CMD_REFUSED_NTF);
	if (hdr &&
	    !nla_put_string(msg, ROMON_A_REFUSED_INTERFACE, port->dev->name) &&
	    !nla_put(msg, ROMON_A_REFUSED_MAC, ETH_ALEN, mac) &&
	    !nla_put_string(msg, ROMON_A_REFUSED_REASON,
			    romon_drop_name(reason))) {
		genlmsg_end(msg, hdr);
		err = 0;
	}
	romon_nl_event_send(rn, msg, err, GFP_ATOMIC);
}

/* Where a dump of neighbours goes on. */
struct romon_nl_neigh_cursor {
	u32	port;
	u32	neigh;
};

int romon_nl_neighbor_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct romon_nl_neigh_cursor *cursor = (void *)cb->ctx;
	struct romon_net *rn = romon_net(sock_net(skb->sk));
	u32 portid = NETLINK_CB(cb->skb).portid;
	struct romon_neigh_info info;
	struct romon_port *port;
	struct romon_node *node;
	int err = 0;
	u32 i = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	rtnl_lock();
	cb->seq = rn->port_gen + 1;
	mutex_lock(&rn->topo.lock);
	list_for_each_entry(port, &rn->ports, list) {
		if (i++ < cursor->port)
			continue;
		while (romon_neigh_info(port, cursor->neigh, &info)) {
			node = romon_node_find(&rn->topo, info.id);
			err = romon_nl_fill_neigh(skb, port, &info,
						  node ? node->identity : NULL,
						  portid, cb->nlh->nlmsg_seq,
						  NLM_F_MULTI,
						  ROMON_CMD_NEIGHBOR_GET);
			if (err)
				goto out;
			cursor->neigh++;
		}
		cursor->port++;
		cursor->neigh = 0;
	}
out:
	mutex_unlock(&rn->topo.lock);
	rtnl_unlock();
	return skb->len ?: err;
}

static int romon_nl_check_running(struct romon_net *rn,
				  struct netlink_ext_ack *extack)
{
	if (rcu_access_pointer(rn->self))
		return 0;
	if (READ_ONCE(rn->enabled))
		NL_SET_ERR_MSG(extack, "RoMON has no ID: no Ethernet device to take one from");
	else
		NL_SET_ERR_MSG(extack, "RoMON is not enabled");
	return -ENETDOWN;
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

int romon_nl_endpoint_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	struct sk_buff *msg;
	u16 number = 0;
	void *hdr;
	int err;

	if (info->attrs[ROMON_A_DATAGRAM_LOCAL_PORT])
		number = nla_get_u16(info->attrs[ROMON_A_DATAGRAM_LOCAL_PORT]);

	msg = genlmsg_new(nla_total_size(sizeof(number)), GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &romon_nl_family, 0,
				ROMON_CMD_ENDPOINT_BIND);
	if (!hdr) {
		err = -EMSGSIZE;
		goto err_free_msg;
	}
	err = romon_local_bind(rn, &number, info->snd_portid, info->extack);
	if (err) {
		NL_SET_BAD_ATTR(info->extack,
				info->attrs[ROMON_A_DATAGRAM_LOCAL_PORT]);
		goto err_free_msg;
	}
	/* There is room: the message was made for it. */
	WARN_ON(nla_put_u16(msg, ROMON_A_DATAGRAM_LOCAL_PORT, number));
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

err_free_msg:
	nlmsg_free(msg);
	return err;
}

int romon_nl_endpoint_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct romon_net *rn = romon_net(genl_info_net(info));
	int err;

	if (GENL_REQ_ATTR_CHECK(info, ROMON_A_DATAGRAM_LOCAL_PORT)) {
		NL_SET_ERR_MSG(info->extack, "Which RoMON port is not said");
		return -EINVAL;
	}
	err = romon_local_unbind(rn,
				 nla_get_u16(info->attrs[ROMON_A_DATAGRAM_LOCAL_PORT]),
				 info->snd_portid, info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack,
				info->attrs[ROMON_A_DATAGRAM_LOCAL_PORT]);
	return err;
}

static int romon_nl_get_route(struct genl_info *info, struct romon_datagram *dg)
{
	const struct nlattr *attr = info->attrs[ROMON_A_DATAGRAM_ROUTE];
	unsigned int len, size = sizeof(struct romon_wire_entry);

	if (!attr)
		return 0;
	len = nla_len(attr);
	if (!len || len > ROMON_ROUTE_MAX_LEN || len % size) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "A route is 1 to 255 entries of 10 bytes");
		return -EINVAL;
	}
	dg->route = nla_data(attr);
	dg->hops = len / size;
	if (!is_valid_ether_addr(dg->route[0].mac)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "The first entry of the route has no unicast MAC");
		return -EINVAL;
	}
	return 0;
}

int romon_nl_datagram_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	static const int required[] = {
		ROMON_A_DATAGRAM_ID,
		ROMON_A_DATAGRAM_LOCAL_PORT,
		ROMON_A_DATAGRAM_REMOTE_PORT,
	};
	struct romon_net *rn = romon_net(genl_info_net(info));
	struct nlattr **attrs = info->attrs;
	struct romon_datagram dg = {};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(required); i++) {
		if (GENL_REQ_ATTR_CHECK(info, required[i])) {
			NL_SET_ERR_MSG(info->extack, "A datagram needs an ID and two RoMON ports");
			return -EINVAL;
		}
	}
	err = romon_nl_check_running(rn, info->extack);
	if (err)
		return err;

	nla_memcpy(dg.dst, attrs[ROMON_A_DATAGRAM_ID], ETH_ALEN);
	if (!romon_wire_is_id(dg.dst)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[ROMON_A_DATAGRAM_ID],
				    "Not an ID that a router can have");
		return -EINVAL;
	}
	dg.local_port = nla_get_u16(attrs[ROMON_A_DATAGRAM_LOCAL_PORT]);
	dg.remote_port = nla_get_u16(attrs[ROMON_A_DATAGRAM_REMOTE_PORT]);
	if (attrs[ROMON_A_DATAGRAM_PAYLOAD]) {
		dg.payload = nla_data(attrs[ROMON_A_DATAGRAM_PAYLOAD]);
		dg.payload_len = nla_len(attrs[ROMON_A_DATAGRAM_PAYLOAD]);
	}
	if (dg.payload_len > ROMON_PAYLOAD_MAX_LEN) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    attrs[ROMON_A_DATAGRAM_PAYLOAD],
				    "No frame holds this much payload");
		return -EMSGSIZE;
	}
	err = romon_nl_get_route(info, &dg);
	if (err)
		return err;
	err = romon_local_send(rn, &dg, info->snd_portid, info->extack);
	if (err == -ENOTCONN)
		NL_SET_BAD_ATTR(info->extack,
				attrs[ROMON_A_DATAGRAM_LOCAL_PORT]);
	return err;
}

/**
 * romon_nl_datagram_rcv() - hand a datagram to the socket that bound its port
 * @rn:		the router
 * @portid:	the socket
 * @dg:		the datagram; its skb stays the caller's
 *
 * In softirq, or in process context with RCU. The message is allocated here:
 * what a program receives is its own copy, and its socket bounds how many.
 *
 * Return: 0, -ENOMEM, or another negative errno if the socket takes no more.
 */
int romon_nl_datagram_rcv(struct romon_net *rn, u32 portid,
			  const struct romon_nl_datagram *dg)
{
	unsigned int len = dg->skb->len - dg->offset;
	unsigned int route = dg->hops * sizeof(struct romon_wire_entry);
	struct nlattr *attr;
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(nla_total_size(ETH_ALEN) +
			  2 * nla_total_size(sizeof(u16)) +
			  nla_total_size(sizeof(u32)) +
			  nla_total_size(IFNAMSIZ) +
			  nla_total_size(route) + nla_total_size(len),
			  GFP_ATOMIC);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put(msg, 0, 0, &romon_nl_family, 0,
			  ROMON_CMD_DATAGRAM_RCV);
	if (!hdr ||
	    nla_put(msg, ROMON_A_DATAGRAM_ID, ETH_ALEN, dg->id) ||
	    nla_put_u16(msg, ROMON_A_DATAGRAM_LOCAL_PORT, dg->local_port) ||
	    nla_put_u16(msg, ROMON_A_DATAGRAM_REMOTE_PORT, dg->remote_port))
		goto too_small;
	if (dg->interface &&
	    (nla_put_u32(msg, ROMON_A_DATAGRAM_LINK, dg->link) ||
	     nla_put_string(msg, ROMON_A_DATAGRAM_INTERFACE, dg->interface)))
		goto too_small;
	if (dg->route) {
		attr = nla_reserve(msg, ROMON_A_DATAGRAM_ROUTE, route);
		if (!attr)
			goto too_small;
		romon_wire_reverse(nla_data(attr), dg->route, dg->hops);
	}
	attr = nla_reserve(msg, ROMON_A_DATAGRAM_PAYLOAD, len);
	if (!attr || skb_copy_bits(dg->skb, dg->offset, nla_data(attr), len))
		goto too_small;
	genlmsg_end(msg, hdr);
	return genlmsg_unicast(rn->net, msg, portid);

too_small:
	WARN_ON_ONCE(1);
	nlmsg_free(msg);
	return -EMSGSIZE;
}

/* Tell a socket that a datagram of its was given up. In process context. */
void romon_nl_datagram_error(struct romon_net *rn, u32 portid, const u8 *id,
			     u16 local_port, u16 remote_port, int error)
{
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(nla_total_size(ETH_ALEN) +
			  2 * nla_total_size(sizeof(u16)) +
			  nla_total_size(sizeof(u32)), GFP_KERNEL);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &romon_nl_family, 0,
			  ROMON_CMD_DATAGRAM_ERROR);
	if (!hdr ||
	    nla_put(msg, ROMON_A_DATAGRAM_ID, ETH_ALEN, id) ||
	    nla_put_u16(msg, ROMON_A_DATAGRAM_LOCAL_PORT, local_port) ||
	    nla_put_u16(msg, ROMON_A_DATAGRAM_REMOTE_PORT, remote_port) ||
	    nla_put_u32(msg, ROMON_A_DATAGRAM_ERROR, error)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	genlmsg_unicast(rn->net, msg, portid);
}

int romon_nl_init(void)
{
	int err;

	/* romon_nl_fill_stats() counts on it. */
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_RX_BYTES !=
		     ROMON_A_STATS_RX_BYTES);
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_TX_PACKETS !=
		     ROMON_A_STATS_TX_PACKETS);
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_TX_BYTES !=
		     ROMON_A_STATS_TX_BYTES);
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_FORWARDED !=
		     ROMON_A_STATS_FORWARDED);
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_DELIVERED !=
		     ROMON_A_STATS_DELIVERED);
	BUILD_BUG_ON(ROMON_ID_LEN != ETH_ALEN);
	BUILD_BUG_ON(IFNAMSIZ != ROMON_IFNAME_MAX_LEN + 1);
	err = genl_register_family(&romon_nl_family);
	if (!err)
		WRITE_ONCE(romon_nl_registered, true);
	return err;
}

void romon_nl_exit(void)
{
	WRITE_ONCE(romon_nl_registered, false);
	genl_unregister_family(&romon_nl_family);
}
