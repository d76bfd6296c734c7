/* SPDX-License-Identifier: GPL-2.0-only */
/* What wire.c needs of the kernel, for programs. */

#ifndef ROMON_WIRE_ENV_H
#define ROMON_WIRE_ENV_H

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;

#define be16_to_cpu(x)		be16toh(x)
#define be32_to_cpu(x)		be32toh(x)
#define cpu_to_be16(x)		htobe16(x)
#define cpu_to_be32(x)		htobe32(x)

#ifndef __packed
#define __packed		__attribute__((packed))
#endif

static inline bool is_broadcast_ether_addr(const u8 *addr)
{
	static const u8 broadcast[ETH_ALEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};

	return !memcmp(addr, broadcast, ETH_ALEN);
}

static inline bool is_zero_ether_addr(const u8 *addr)
{
	static const u8 zero[ETH_ALEN];

	return !memcmp(addr, zero, ETH_ALEN);
}

#endif /* ROMON_WIRE_ENV_H */
