/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fisheye: what is far away is told of less often, so that a large network does
 * not drown in answers. See protocol.rst, "The fisheye".
 */

#ifndef ROMON_FISHEYE_H
#define ROMON_FISHEYE_H

#include <linux/log2.h>
#include <linux/math.h>
#include <linux/types.h>

/* All links within this many hops are told of in each flood. */
#define ROMON_FISHEYE_NEAR	8

/*
 * In how many floods a router that is @hops (from 1) away tells of each of its
 * links once: twice the distance, half as often.
 */
static inline u32 romon_fisheye_period(u32 hops)
{
	return roundup_pow_of_two(DIV_ROUND_UP(hops, ROMON_FISHEYE_NEAR));
}

#endif /* ROMON_FISHEYE_H */
