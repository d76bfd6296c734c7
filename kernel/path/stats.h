/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters of a port, or of what belongs to no port. */

#ifndef ROMON_STATS_H
#define ROMON_STATS_H

#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>

#include "drop.h"

struct romon_net;
struct romon_port;
struct sk_buff;

enum romon_stat {
	ROMON_STAT_RX_PACKETS,
	ROMON_STAT_RX_BYTES,
	ROMON_STAT_TX_PACKETS,
	ROMON_STAT_TX_BYTES,
	ROMON_STAT_FORWARDED,
	ROMON_STAT_DELIVERED,
	ROMON_STAT_COUNT
};

struct romon_stats {
	u64_stats_t		stat[ROMON_STAT_COUNT];
	u64_stats_t		drop[ROMON_DROP_COUNT];
	struct u64_stats_sync	syncp;
};

struct romon_stats_sum {
	u64	stat[ROMON_STAT_COUNT];
	u64	drop[ROMON_DROP_COUNT];
};

struct romon_stats __percpu *romon_stats_alloc(void);
void romon_stats_sum(const struct romon_stats __percpu *stats,
		     struct romon_stats_sum *sum);

/*
 * Frames are counted with softirqs off, so that two of a CPU cannot meet; what
 * is dropped is counted anywhere. The counter of bytes is behind that of packets.
 */
static inline void romon_stats_packet(struct romon_stats __percpu *stats,
				      enum romon_stat packets,
				      unsigned int len)
{
	struct romon_stats *s;

	lockdep_assert_in_softirq();
	s = this_cpu_ptr(stats);
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->stat[packets]);
	u64_stats_add(&s->stat[packets + 1], len);
	u64_stats_update_end(&s->syncp);
}

static inline void romon_stats_inc(struct romon_stats __percpu *stats,
				   enum romon_stat stat)
{
	struct romon_stats *s;

	lockdep_assert_in_softirq();
	s = this_cpu_ptr(stats);
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->stat[stat]);
	u64_stats_update_end(&s->syncp);
}

void romon_count_drop(struct romon_net *rn, struct romon_port *port,
		      enum romon_drop reason);
void romon_drop(struct romon_net *rn, struct romon_port *port,
		struct sk_buff *skb, enum romon_drop reason);

#endif /* ROMON_STATS_H */
