// SPDX-License-Identifier: GPL-2.0-only
/* Port entries and the devices that take part; frames that they refuse. */

#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "family.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "path/raise.h"
#include "path/secret.h"
#include "port/port.h"
#include "topology/topology.h"

/* In romon_port.refused the reason is above the MAC. */
#define ROMON_NL_REFUSED_SHIFT	48

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
	    (dev && !info->dynamic && !romon_entry_is_default(entry) &&
	     strcmp(dev->name, entry->name) &&
	     nla_put_string(skb, ROMON_A_PORT_DEVICE, dev->name)) ||
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
	romon_entry_refresh_rtnl(rn, NULL);
	entry = romon_entry_by_any_name_rtnl(rn, name);
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
	romon_entry_refresh_rtnl(rn, NULL);
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
	romon_entry_refresh_rtnl(rn, NULL);
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
	return err ?: romon_topology_settle(rn);
}

static struct romon_entry *romon_nl_entry(struct romon_net *rn,
					  struct genl_info *info,
					  const char *name)
{
	struct romon_entry *entry;

	romon_entry_refresh_rtnl(rn, NULL);
	entry = romon_entry_by_any_name_rtnl(rn, name);
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
	return err ?: romon_topology_settle(rn);
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
	return err ?: romon_topology_settle(rn);
}

/*
 * Authentication has refused a frame that claims to come from @mac. In
 * softirq. Kept and told at most once a second for each port; the counters
 * tell all.
 */
void romon_raise_refused(struct romon_port *port, const u8 *mac,
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
