/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices: which of them can be ports, and what happens to them. */

#ifndef ROMON_DEV_H
#define ROMON_DEV_H

#include <linux/types.h>
#include <uapi/linux/romon.h>

struct net_device;

enum romon_port_state romon_dev_kind_rtnl(struct net_device *dev);
enum romon_port_state romon_dev_guard_rtnl(struct net_device *dev);
bool romon_dev_is_ethernet_rtnl(struct net_device *dev);
bool romon_dev_is_up(const struct net_device *dev);

int romon_dev_init(void);
void romon_dev_exit(void);

#endif /* ROMON_DEV_H */
