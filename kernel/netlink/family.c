// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family: who may ask, what is told to whom, and what its objects
 * share. Each object has a file. Documentation/netlink/specs/romon.yaml
 * describes all of it.
 */

#include <linux/capability.h>
#include <net/genetlink.h>

#include "family.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "topology/topology.h"

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

/* Whether whoever asks, in @skb, may be told secrets. */
bool romon_nl_is_admin(const struct sk_buff *skb, const struct romon_net *rn)
{
	return netlink_ns_capable(skb, rn->net->user_ns, CAP_NET_ADMIN);
}

int romon_nl_check_running(struct romon_net *rn,
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

/*
 * Have a dump of the topology begin with the effect of what has changed before.
 * @begun: in its cursor. Return: 0, or -ERESTARTSYS for a signal.
 */
int romon_nl_dump_begin(struct romon_net *rn, u8 *begun)
{
	if (*begun)
		return 0;
	*begun = true;
	return romon_topology_settle(rn);
}

/* What a dump of the topology compares: never 0, which would be none. */
unsigned int romon_nl_topology_seq(const struct romon_net *rn)
{
	return atomic_read(&rn->topo_generation) ?: 1;
}

/* Devices are told of before and after there is a family. */
static bool romon_nl_registered;

/* Whether anybody listens to events. */
bool romon_nl_wanted(const struct romon_net *rn)
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
struct sk_buff *romon_nl_event_new(const struct romon_net *rn, size_t size,
				   gfp_t gfp)
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
void romon_nl_event_send(const struct romon_net *rn, struct sk_buff *msg,
			 int err, gfp_t gfp)
{
	if (err) {
		nlmsg_free(msg);
		romon_nl_event_lost(rn);
		return;
	}
	genlmsg_multicast_netns(&romon_nl_family, rn->net, msg, 0,
				ROMON_NLGRP_EVENTS, gfp);
}

int romon_nl_init(void)
{
	int err;

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
