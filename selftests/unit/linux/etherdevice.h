/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_ETHERDEVICE_H
#define ROMON_UNIT_ETHERDEVICE_H

#include <arpa/inet.h>
#include <linux/if_ether.h>

#include <linux/random.h>

static inline bool is_multicast_ether_addr(const u8 *addr)
{
	return addr[0] & 1;
}

static inline void eth_random_addr(u8 *addr)
{
	u64 random = get_random_u64();

	memcpy(addr, &random, ETH_ALEN);
	addr[0] = (addr[0] & ~1) | 2;
}

#endif /* ROMON_UNIT_ETHERDEVICE_H */
