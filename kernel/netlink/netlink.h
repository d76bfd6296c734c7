/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink family: what the rest of the module tells programs. */

#ifndef ROMON_NETLINK_H
#define ROMON_NETLINK_H

#include <linux/types.h>

#include <uapi/linux/romon.h>

struct romon_net;
struct romon_node;
struct romon_port_info;
struct romon_route;

void romon_nl_datagram_error(struct romon_net *rn, u32 portid, const u8 *id,
			     u16 local_port, u16 remote_port, int error);

bool romon_nl_wanted(const struct romon_net *rn);
void romon_nl_config_ntf(struct romon_net *rn);
void romon_nl_port_ntf(struct romon_net *rn, const struct romon_port_info *info,
		       u8 cmd);
void romon_nl_node_ntf(struct romon_net *rn, const struct romon_node *node,
		       const struct romon_route *route, u8 cmd,
		       const enum romon_route_reason *reason);

int romon_nl_init(void);
void romon_nl_exit(void);

#endif /* ROMON_NETLINK_H */
