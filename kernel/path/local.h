/* SPDX-License-Identifier: GPL-2.0-only */
/* Datagrams of this router: the echo service and bound endpoints. */

#ifndef ROMON_LOCAL_H
#define ROMON_LOCAL_H

#include <linux/skbuff.h>

#include "wire.h"

struct netlink_ext_ack;
struct netlink_skb_parms;
struct romon_frame;
struct romon_net;
struct romon_port;
struct romon_self;

/* A datagram as a program gives it. */
struct romon_datagram {
	u8	dst[ETH_ALEN];
	u16	local_port;
	u16	remote_port;
	const void *payload;
	unsigned int payload_len;
	const struct romon_wire_entry *route;	/* NULL: the best known one */
	u8	hops;
};

void romon_local_rcv(struct romon_port *port, const struct romon_self *self,
		     struct sk_buff *skb, const struct romon_frame *f);

int romon_local_bind(struct romon_net *rn, u16 *number,
		     const struct netlink_skb_parms *who,
		     struct netlink_ext_ack *extack);
int romon_local_unbind(struct romon_net *rn, u16 number,
		       const struct netlink_skb_parms *who,
		       struct netlink_ext_ack *extack);
int romon_local_send(struct romon_net *rn, const struct romon_datagram *dg,
		     const struct netlink_skb_parms *who,
		     struct netlink_ext_ack *extack);

int romon_local_xmit_rcu(struct romon_port *port, const struct romon_self *self,
			 struct sk_buff *skb, const u8 *dst,
			 const struct romon_wire_entry *route, u8 hops,
			 u16 local_port, u16 remote_port);

void romon_local_net_init(struct romon_net *rn);
void romon_local_net_exit(struct romon_net *rn);
int romon_local_init(void);
void romon_local_exit(void);

#endif /* ROMON_LOCAL_H */
