/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Split operations of generic netlink, Linux 6.2: a do and a dump of the same
 * command each have an entry, and hooks are the operation's, not the family's.
 * Here a family with split operations registers one with full operations.
 *
 * One difference stays: the dump of a command that also has a do accepts the
 * attributes of the do.
 */

#ifndef ROMON_COMPAT_GENETLINK_H
#define ROMON_COMPAT_GENETLINK_H

#include <net/genetlink.h>

struct genl_split_ops {
	int (*pre_doit)(const struct genl_split_ops *ops, struct sk_buff *skb,
			struct genl_info *info);
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 flags;
};

struct romon_compat_genl_family {
	char name[GENL_NAMSIZ];
	unsigned int version;
	u8 netnsok:1;
	u8 parallel_ops:1;
	struct module *module;
	const struct genl_split_ops *split_ops;
	unsigned int n_split_ops;
	const struct genl_multicast_group *mcgrps;
	unsigned int n_mcgrps;

	struct genl_family real;
	struct genl_ops *ops;
};

int romon_compat_genl_register(struct romon_compat_genl_family *family);
int romon_compat_genl_unregister(struct romon_compat_genl_family *family);

static inline void *
romon_compat_genlmsg_put(struct sk_buff *skb, u32 portid, u32 seq,
			 const struct romon_compat_genl_family *family,
			 int flags, u8 cmd)
{
	return genlmsg_put(skb, portid, seq, &family->real, flags, cmd);
}

static inline void *
romon_compat_genlmsg_put_reply(struct sk_buff *skb, struct genl_info *info,
			       const struct romon_compat_genl_family *family,
			       int flags, u8 cmd)
{
	return genlmsg_put(skb, info->snd_portid, info->snd_seq, &family->real,
			   flags, cmd);
}

static inline int
romon_compat_genlmsg_multicast_netns(const struct romon_compat_genl_family *f,
				     struct net *net, struct sk_buff *skb,
				     u32 portid, unsigned int group, gfp_t gfp)
{
	return genlmsg_multicast_netns(&f->real, net, skb, portid, group, gfp);
}

static inline int
romon_compat_genl_has_listeners(const struct romon_compat_genl_family *family,
				struct net *net, unsigned int group)
{
	return genl_has_listeners(&family->real, net, group);
}

static inline int
romon_compat_genl_set_err(const struct romon_compat_genl_family *family,
			  struct net *net, u32 portid, u32 group, int code)
{
	return genl_set_err(&family->real, net, portid, group, code);
}

/* A group's number is relative to the real family: leave it as it is. */
#define genl_family romon_compat_genl_family
#define genl_register_family romon_compat_genl_register
#define genl_unregister_family romon_compat_genl_unregister
#define genlmsg_put romon_compat_genlmsg_put
#define genlmsg_put_reply romon_compat_genlmsg_put_reply
#define genlmsg_multicast_netns romon_compat_genlmsg_multicast_netns
#define genl_has_listeners romon_compat_genl_has_listeners
#define genl_set_err romon_compat_genl_set_err

#endif /* ROMON_COMPAT_GENETLINK_H */
