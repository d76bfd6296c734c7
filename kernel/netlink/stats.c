// SPDX-License-Identifier: GPL-2.0-only
/* Counters of the router and of its ports. */

#include <net/genetlink.h>
#include <uapi/linux/romon.h>

#include "family.h"
#include "path/stats.h"
#include "path/wire.h"

int romon_nl_fill_stats(struct sk_buff *skb, int attr,
			const struct romon_stats __percpu *stats)
{
	struct romon_stats_sum sum;
	struct nlattr *nest, *drop;
	unsigned int i;

	/* The attributes stand in the order of enum romon_stat. */
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_RX_BYTES !=
		     ROMON_A_STATS_RX_BYTES);
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_TX_PACKETS !=
		     ROMON_A_STATS_TX_PACKETS);
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_TX_BYTES !=
		     ROMON_A_STATS_TX_BYTES);
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_FORWARDED !=
		     ROMON_A_STATS_FORWARDED);
	BUILD_BUG_ON(ROMON_A_STATS_RX_PACKETS + ROMON_STAT_DELIVERED !=
		     ROMON_A_STATS_DELIVERED);

	romon_stats_sum(stats, &sum);
	nest = nla_nest_start(skb, attr);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ROMON_STAT_COUNT; i++) {
		if (nla_put_u64_64bit(skb, ROMON_A_STATS_RX_PACKETS + i,
				      sum.stat[i], ROMON_A_STATS_PAD))
			return -EMSGSIZE;
	}
	for (i = ROMON_DROP_NONE + 1; i < ROMON_DROP_COUNT; i++) {
		if (!sum.drop[i])
			continue;
		drop = nla_nest_start(skb, ROMON_A_STATS_DROP);
		if (!drop ||
		    nla_put_string(skb, ROMON_A_DROP_REASON,
				   romon_drop_name(i)) ||
		    nla_put_u64_64bit(skb, ROMON_A_DROP_PACKETS, sum.drop[i],
				      ROMON_A_DROP_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, drop);
	}
	nla_nest_end(skb, nest);
	return 0;
}
