/* SPDX-License-Identifier: GPL-2.0-only */
/* Discover: originate, answer, pass on. */

#ifndef ROMON_DISCOVER_H
#define ROMON_DISCOVER_H

#include <linux/skbuff.h>

struct romon_frame;
struct romon_net;
struct romon_port;
struct romon_self;

void romon_discover_rcv(struct romon_port *port, const struct romon_self *self,
			struct sk_buff *skb, const struct romon_frame *f);
void romon_discover_request(struct romon_net *rn);
void romon_discover_pace(struct romon_net *rn, u32 known, u32 heard);

void romon_discover_net_init(struct romon_net *rn);
int romon_discover_start(struct romon_net *rn);
void romon_discover_stop(struct romon_net *rn);
void romon_discover_net_exit(struct romon_net *rn);

#endif /* ROMON_DISCOVER_H */
