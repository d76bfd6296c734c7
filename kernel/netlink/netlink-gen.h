/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/romon.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_ROMON_GEN_H
#define _LINUX_ROMON_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/romon.h>
#include <net/net_namespace.h>

/* Common nested types */
extern const struct nla_policy romon_secrets_nl_policy[ROMON_A_SECRETS_SECRET + 1];

int romon_nl_admin_pre_doit(const struct genl_split_ops *ops,
			    struct sk_buff *skb, struct genl_info *info);

int romon_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int romon_nl_port_add_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_port_del_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_node_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int romon_nl_edge_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int romon_nl_discover_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_endpoint_bind_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_endpoint_unbind_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_datagram_send_doit(struct sk_buff *skb, struct genl_info *info);
int romon_nl_neighbor_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);

enum {
	ROMON_NLGRP_EVENTS,
};

extern struct genl_family romon_nl_family;

#endif /* _LINUX_ROMON_GEN_H */
