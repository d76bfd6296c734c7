/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers to floods that wait to be sent. */

#ifndef ROMON_ANSWERS_H
#define ROMON_ANSWERS_H

#include <linux/types.h>

struct romon_net;
struct romon_port;
struct sk_buff;

void romon_answers_init(struct romon_net *rn);
void romon_answers_queue(struct romon_port *port, struct sk_buff *skb,
			 const u8 *mac, u32 hops);
void romon_answers_purge(struct romon_net *rn);

#endif /* ROMON_ANSWERS_H */
