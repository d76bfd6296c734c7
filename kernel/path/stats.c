// SPDX-License-Identifier: GPL-2.0-only
/* Counters, and the one place where frames are dropped. */

#include <linux/percpu.h>
#include <linux/skbuff.h>

#include "net.h"
#include "port/port.h"
#include "stats.h"
#include "trace.h"

struct romon_stats __percpu *romon_stats_alloc(void)
{
	return __netdev_alloc_pcpu_stats(struct romon_stats,
					 GFP_KERNEL_ACCOUNT);
}

/* @stats: NULL as long as nothing can be counted. */
void romon_stats_sum(const struct romon_stats __percpu *stats,
		     struct romon_stats_sum *sum)
{
	int cpu, i;

	memset(sum, 0, sizeof(*sum));
	if (!stats)
		return;
	for_each_possible_cpu(cpu) {
		const struct romon_stats *s = per_cpu_ptr(stats, cpu);
		struct romon_stats_sum one;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			for (i = 0; i < ROMON_STAT_COUNT; i++)
				one.stat[i] = u64_stats_read(&s->stat[i]);
			for (i = 0; i < ROMON_DROP_COUNT; i++)
				one.drop[i] = u64_stats_read(&s->drop[i]);
		} while (u64_stats_fetch_retry(&s->syncp, start));

		for (i = 0; i < ROMON_STAT_COUNT; i++)
			sum->stat[i] += one.stat[i];
		for (i = 0; i < ROMON_DROP_COUNT; i++)
			sum->drop[i] += one.drop[i];
	}
}

/* Count a drop of a frame that somebody else frees. @port may be NULL. */
void romon_count_drop(struct romon_net *rn, struct romon_port *port,
		      enum romon_drop reason)
{
	struct romon_stats *s;

	trace_romon_drop(port, reason);

	local_bh_disable();
	s = this_cpu_ptr(port ? port->stats : rn->stats);
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->drop[reason]);
	u64_stats_update_end(&s->syncp);
	local_bh_enable();
}

/* Drop a frame, consuming it. @port may be NULL. */
void romon_drop(struct romon_net *rn, struct romon_port *port,
		struct sk_buff *skb, enum romon_drop reason)
{
	romon_count_drop(rn, port, reason);
	kfree_skb(skb);
}
