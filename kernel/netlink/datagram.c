// SPDX-License-Identifier: GPL-2.0-only
/* Datagrams from and to programs. */

#include <net/genetlink.h>

#include "family.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "path/local.h"
#include "path/raise.h"

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
	err = romon_local_send(rn, &dg, &NETLINK_CB(skb), info->extack);
	if (err == -ENOTCONN)
		NL_SET_BAD_ATTR(info->extack,
				attrs[ROMON_A_DATAGRAM_LOCAL_PORT]);
	return err;
}

/**
 * romon_raise_delivery() - hand a datagram to the socket that bound its port
 * @rn:		the router
 * @portid:	the socket
 * @dg:		the datagram; its skb stays the caller's
 *
 * In softirq, or in process context with RCU. The message is allocated here:
 * what a program receives is its own copy, and its socket bounds how many.
 *
 * Return: 0, -ENOMEM, or another negative errno if the socket takes no more.
 */
int romon_raise_delivery(struct romon_net *rn, u32 portid,
			 const struct romon_delivery *dg)
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
