/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that follow a source route: on to the next node, or arrived here. */

#ifndef ROMON_FORWARD_H
#define ROMON_FORWARD_H

#include <linux/skbuff.h>

struct romon_auth;
struct romon_auth_next;
struct romon_frame;
struct romon_port;
struct romon_self;

void romon_forward_expect(struct romon_port *ingress, const struct sk_buff *skb,
			  const struct romon_frame *f,
			  struct romon_auth_next *next);
void romon_forward_data(struct romon_port *port, const struct romon_self *self,
			struct sk_buff *skb, struct romon_frame *f,
			const struct romon_auth *auth);
void romon_forward_resp(struct romon_port *port, const struct romon_self *self,
			struct sk_buff *skb, struct romon_frame *f,
			const struct romon_auth *auth);

#endif /* ROMON_FORWARD_H */
