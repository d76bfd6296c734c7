/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of the copies of a flood. */

#ifndef ROMON_ORIGINS_H
#define ROMON_ORIGINS_H

#include <linux/types.h>

#include "drop.h"

struct romon_net;
struct romon_port;

/* What becomes of a copy; ROMON_DROP_NONE if it is passed on, or answered. */
struct romon_origin_verdict {
	enum romon_drop pass;
	enum romon_drop answer;
	/* No answer: the origin is told of the link otherwise. */
	bool	told;
};

struct romon_origin_verdict
romon_origins_judge(struct romon_port *port, const u8 *id, const u8 *sender,
		    const u8 *self, u8 hops);
u32 romon_origins_transit_priority(struct romon_port *port);

int romon_origins_start(struct romon_net *rn);
void romon_origins_seed(struct romon_net *rn);
int romon_origins_resize(struct romon_net *rn, u32 max_origins);
void romon_origins_stop(struct romon_net *rn);

#endif /* ROMON_ORIGINS_H */
