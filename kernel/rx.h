/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames coming in. */

#ifndef ROMON_RX_H
#define ROMON_RX_H

#include <linux/netdevice.h>

int romon_rx_packet_type(struct sk_buff *skb, struct net_device *dev,
			 struct packet_type *pt, struct net_device *orig_dev);

#endif /* ROMON_RX_H */
