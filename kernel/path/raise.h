/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What frames bring about outside of this folder. It says what has happened
 * and does not know whom it concerns: who that is has these functions.
 */

#ifndef ROMON_RAISE_H
#define ROMON_RAISE_H

#include <linux/types.h>

#include "drop.h"

struct netlink_ext_ack;
struct romon_datagram;
struct romon_neigh_info;
struct romon_net;
struct romon_port;
struct romon_wire_entry;
struct sk_buff;

/* A datagram on its way to a program. */
struct romon_delivery {
	const u8 *id;
	u16	local_port;
	u16	remote_port;
	const struct romon_wire_entry *route;	/* as recorded; NULL if looped back */
	u8	hops;
	const struct sk_buff *skb;
	unsigned int offset;		/* of the payload in @skb */
	u32	link;
	const char *interface;		/* NULL if looped back */
};

/* In netlink/; none of these sleeps. */
int romon_raise_delivery(struct romon_net *rn, u32 portid,
			 const struct romon_delivery *dg);
void romon_raise_neigh(struct romon_port *port,
		       const struct romon_neigh_info *info);
void romon_raise_refused(struct romon_port *port, const u8 *mac,
			 enum romon_drop reason);

/* In topology/; the first two in softirq under RCU, the others elsewhere. */
void romon_raise_answer(struct romon_port *port, struct sk_buff *skb);
void romon_raise_heard(struct romon_net *rn, const u8 *id,
		       const struct romon_wire_entry *entry, u8 hops);
void romon_raise_flood(struct romon_net *rn);
int romon_raise_unrouted(struct romon_net *rn, struct sk_buff *skb,
			 const struct romon_datagram *dg, u32 portid,
			 struct netlink_ext_ack *extack);

#endif /* ROMON_RAISE_H */
