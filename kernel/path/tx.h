/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames going out. */

#ifndef ROMON_TX_H
#define ROMON_TX_H

#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/skbuff.h>

#include "port/lookup.h"

struct romon_auth;
struct romon_auth_next;

/* Whether a frame of @len bytes from the type byte on may leave by a port. */
static inline bool romon_tx_fits(const struct romon_port *port,
				 unsigned int len)
{
	return len <= romon_port_l2mtu(port) && len <= U16_MAX - ETH_HLEN;
}

struct sk_buff *romon_tx_alloc(const struct romon_port *port, unsigned int len,
			       gfp_t gfp);
void romon_tx_expect(struct romon_port *port, const u8 *dst,
		     struct romon_auth_next *next);
void romon_xmit(struct romon_port *port, struct sk_buff *skb, const u8 *dst,
		u32 priority, const struct romon_auth *verified);
void romon_xmit_group(struct romon_port *port, struct sk_buff *skb);

#endif /* ROMON_TX_H */
