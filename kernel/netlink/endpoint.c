// SPDX-License-Identifier: GPL-2.0-only
/* RoMON ports that programs have bound. */

#include <net/genetlink.h>

#include "net.h"
#include "netlink-gen.h"
#include "path/local.h"

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
	err = romon_local_bind(rn, &number, &NETLINK_CB(skb), info->extack);
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
				 &NETLINK_CB(skb), info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack,
				info->attrs[ROMON_A_DATAGRAM_LOCAL_PORT]);
	return err;
}
