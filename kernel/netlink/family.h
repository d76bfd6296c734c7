/* SPDX-License-Identifier: GPL-2.0-only */
/* What the objects of the netlink family share. Private to this folder. */

#ifndef ROMON_NETLINK_FAMILY_H
#define ROMON_NETLINK_FAMILY_H

#include <linux/types.h>

struct genl_info;
struct netlink_ext_ack;
struct nlattr;
struct romon_net;
struct romon_secrets;
struct romon_stats;
struct sk_buff;

bool romon_nl_is_admin(const struct sk_buff *skb, const struct romon_net *rn);
int romon_nl_check_running(struct romon_net *rn,
			   struct netlink_ext_ack *extack);

int romon_nl_dump_begin(struct romon_net *rn, u8 *begun);
unsigned int romon_nl_topology_seq(const struct romon_net *rn);

struct sk_buff *romon_nl_event_new(const struct romon_net *rn, size_t size,
				   gfp_t gfp);
void romon_nl_event_send(const struct romon_net *rn, struct sk_buff *msg,
			 int err, gfp_t gfp);

void romon_nl_wipe(struct genl_info *info);
int romon_nl_fill_secrets(struct sk_buff *skb, int attr, int count,
			  const struct romon_secrets *list, bool admin);
struct romon_secrets *romon_nl_get_secrets(struct genl_info *info,
					   struct nlattr *nest);

int romon_nl_fill_stats(struct sk_buff *skb, int attr,
			const struct romon_stats __percpu *stats);

#endif /* ROMON_NETLINK_FAMILY_H */
