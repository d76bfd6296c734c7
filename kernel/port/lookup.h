/* SPDX-License-Identifier: GPL-2.0-only */
/* What each frame asks of ports, without a call. */

#ifndef ROMON_LOOKUP_H
#define ROMON_LOOKUP_H

#include <linux/minmax.h>

#include "net.h"
#include "port.h"

static inline struct hlist_head *romon_port_link_bucket(struct romon_net *rn,
							u32 link)
{
	return &rn->table->link[link % ROMON_PORT_BUCKETS];
}

static inline struct romon_port *romon_port_find_rcu(struct romon_net *rn,
						     u32 link)
{
	struct romon_port *port;

	hlist_for_each_entry_rcu(port, romon_port_link_bucket(rn, link),
				 by_link)
		if (port->link == link)
			return port;
	return NULL;
}

/* A port that frames may leave by, or NULL. */
static inline struct romon_port *romon_port_running_rcu(struct romon_net *rn,
							u32 link)
{
	struct romon_port *port = romon_port_find_rcu(rn, link);

	return port && READ_ONCE(port->running) ? port : NULL;
}

/* Asked for every entry of every route. */
static inline bool romon_port_is_own_mac_rcu(struct romon_net *rn,
					     const u8 *mac)
{
	return unlikely(test_bit(mac[ETH_ALEN - 1], rn->table->mac_ends)) &&
	       __romon_port_is_own_mac_rcu(rn, mac);
}

/* The secrets that apply to a port, or NULL. */
static inline const struct romon_secrets *
romon_port_secrets_rcu(const struct romon_port *port)
{
	return rcu_dereference(port->secrets) ?:
	       rcu_dereference(port->rn->secrets);
}

static inline u16 romon_port_l2mtu(const struct romon_port *port)
{
	return min_t(unsigned int, READ_ONCE(port->dev->mtu), U16_MAX);
}

#endif /* ROMON_LOOKUP_H */
