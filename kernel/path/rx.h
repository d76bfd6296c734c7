/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames coming in. */

#ifndef ROMON_RX_H
#define ROMON_RX_H

#include <linux/kconfig.h>
#include <linux/types.h>

struct romon_port;

/* Whether frames can be had before a master's receive handler takes them. */
static inline bool romon_rx_before_master(void)
{
	return IS_ENABLED(CONFIG_NETFILTER_INGRESS);
}

int romon_rx_start(struct romon_port *port);
void romon_rx_stop(struct romon_port *port);

#endif /* ROMON_RX_H */
