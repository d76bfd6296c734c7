// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of the copies of a flood.
 *
 * Frames carry no flood identifier. What tells the copies of one flood from
 * the next flood is time: all that comes from an origin within the flood
 * window is one flood. See protocol.rst, "Flooding and limits".
 */

#include <linux/etherdevice.h>
#include <linux/jhash.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/pkt_sched.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "fisheye.h"
#include "net.h"
#include "origins.h"
#include "port/port.h"
#include "rate.h"

/* Ports by which floods of one origin are counted, each for itself. */
#define ROMON_ORIGIN_INGRESSES	4
/* Floods of one origin that a port may bring before one a window is enough. */
#define ROMON_ORIGIN_BURST	8
/* An origin may have this part of the answers that a port may have. */
#define ROMON_ORIGIN_ANSWERS	4
/* This part of the flood window after the first copy comes another flood. */
#define ROMON_ORIGIN_LATE	8
/* Nobody waits for longer to be told of all links. */
#define ROMON_ORIGIN_WHOLE	(10ull * NSEC_PER_SEC)

/* What an origin has had by one port; see romon_rate_take(). */
struct romon_origin_ingress {
	u64	flood_due;
	u64	answer_due;
	u32	link;
};

/* A router whose flood was passed on within the flood window. */
struct romon_origin {
	struct hlist_node hash;
	struct list_head lru;
	struct romon_origin_ingress ingress[ROMON_ORIGIN_INGRESSES];
	u64	since;			/* ktime_get_ns() of the first copy */
	u32	link;			/* where the best copy came in */
	u8	id[ETH_ALEN];
	u8	hops;			/* of the best copy passed on */
	bool	late;			/* one that came later was, too */
	bool	used;
	bool	whole;			/* answered for the sake of all links */
	u8	floods;			/* to come before the next such one */
	u32	changes;		/* romon_net.link_changes at the last one */
	u64	whole_at;		/* ktime_get_ns() of that */
};

/*
 * All origins there will ever be room for, allocated when RoMON is enabled:
 * receiving allocates none.
 */
struct romon_origins {
	struct rcu_head	rcu;
	u32		size;
	u32		mask;
	u32		seed;
	/* guards all that follows; taken in softirq only, inside of nothing */
	spinlock_t	lock;
	struct list_head lru;		/* of all of @pool, oldest first */
	struct hlist_head *buckets;
	struct romon_origin pool[];
};

/* As many a second. */
static bool romon_rate_take_per_s(u64 *due, u64 now, u32 rate)
{
	return romon_rate_take(due, now, div_u64(NSEC_PER_SEC, rate),
			       max_t(u32, rate, 2));
}

static struct romon_origin *romon_origins_find(struct romon_origins *o,
					       struct hlist_head *bucket,
					       const u8 *id)
{
	struct romon_origin *origin;

	lockdep_assert_held(&o->lock);
	hlist_for_each_entry(origin, bucket, hash)
		if (ether_addr_equal_unaligned(origin->id, id))
			return origin;
	return NULL;
}

/* The account of a port; a new one is that of the port idle for longest. */
static struct romon_origin_ingress *
romon_origin_ingress(struct romon_origin *origin, u32 link)
{
	struct romon_origin_ingress *in, *oldest = &origin->ingress[0];
	unsigned int i;

	for (i = 0; i < ROMON_ORIGIN_INGRESSES; i++) {
		in = &origin->ingress[i];
		if (in->link == link)
			return in;
		if (in->flood_due < oldest->flood_due)
			oldest = in;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->link = link;
	return oldest;
}

/*
 * Whether a copy that came in by @port may be answered; ROMON_DROP_NONE if so.
 * @origin: its origin, or NULL if that is not known.
 */
static enum romon_drop romon_origins_judge_answer(struct romon_port *port,
						  struct romon_origin *origin,
						  u64 now)
{
	u32 rate = READ_ONCE(port->rn->limits.answer_rate);
	struct romon_origin_ingress *in;

	if (origin) {
		in = romon_origin_ingress(origin, port->link);
		if (!romon_rate_take_per_s(&in->answer_due, now,
					   DIV_ROUND_UP(rate,
							ROMON_ORIGIN_ANSWERS)))
			return ROMON_DROP_answer_rate;
	}
	if (!romon_rate_take_per_s(&port->answer_due, now, rate))
		return ROMON_DROP_answer_rate;
	return ROMON_DROP_NONE;
}

/* Whether what an origin floods is more than it may by @port. */
static enum romon_drop romon_origins_judge_rate(struct romon_port *port,
						struct romon_origin *origin,
						u64 now, u64 window)
{
	u32 rate = READ_ONCE(port->rn->limits.flood_rate);
	struct romon_origin_ingress *in;

	if (origin) {
		in = romon_origin_ingress(origin, port->link);
		if (!romon_rate_take(&in->flood_due, now, window,
				     ROMON_ORIGIN_BURST))
			return ROMON_DROP_origin_rate;
	}
	if (!romon_rate_take_per_s(&port->flood_due, now, rate))
		return ROMON_DROP_flood_rate;
	return ROMON_DROP_NONE;
}

/* Whether what comes now may be another flood than the one passed on. */
static bool romon_origin_is_late(const struct romon_origin *origin, u64 now,
				 u64 window)
{
	return now >= origin->since + div_u64(window, ROMON_ORIGIN_LATE);
}

/*
 * Whether a copy is to be passed on that came within the window of another one
 * that was: if it is better; or, for once, if it came so late that it is
 * another flood, one of which was not sent by whom it names.
 */
static enum romon_drop romon_origins_judge_copy(struct romon_port *port,
						struct romon_origin *origin,
						u8 hops, u64 now, u64 window)
{
	if (hops < origin->hops)
		return ROMON_DROP_NONE;
	if (origin->late || !romon_origin_is_late(origin, now, window) ||
	    romon_origins_judge_rate(port, origin, now, window))
		return ROMON_DROP_duplicate;
	origin->late = true;
	return ROMON_DROP_NONE;
}

/* Likewise for one that is the first in its window; sets @found. */
static enum romon_drop romon_origins_judge_first(struct romon_port *port,
						 struct romon_origins *o,
						 struct hlist_head *bucket,
						 struct romon_origin **found,
						 const u8 *id, u64 now,
						 u64 window)
{
	struct romon_origin *origin = *found;
	enum romon_drop reason;

	lockdep_assert_held(&o->lock);
	if (!origin) {
		origin = list_first_entry(&o->lru, struct romon_origin, lru);
		if (origin->used && now < origin->since + window)
			return ROMON_DROP_flood_table;
	}
	reason = romon_origins_judge_rate(port, *found, now, window);
	if (reason)
		return reason;
	if (!*found) {
		if (origin->used)
			hlist_del(&origin->hash);
		memset(origin->ingress, 0, sizeof(origin->ingress));
		origin->whole_at = 0;
		memcpy(origin->id, id, ETH_ALEN);
		origin->used = true;
		hlist_add_head(&origin->hash, bucket);
		romon_origin_ingress(origin, port->link)->flood_due = now +
								      window;
		*found = origin;
	}
	list_move_tail(&origin->lru, &o->lru);
	return ROMON_DROP_NONE;
}

/*
 * A flood has come by its first copy, over @hops: whether the others of its
 * copies are answered as well. Not all routers leave out the same floods.
 */
static void romon_origin_see_whole(struct romon_origin *origin,
				   const struct romon_net *rn, u32 hops, u64 now)
{
	u32 period = romon_fisheye_period(hops), changes;

	changes = atomic_read(&rn->link_changes);
	origin->whole = !origin->floods || !origin->whole_at ||
			origin->changes != changes ||
			now >= origin->whole_at + ROMON_ORIGIN_WHOLE;
	if (!origin->whole) {
		origin->floods--;
		return;
	}
	origin->floods = origin->whole_at ? period - 1 :
					    get_random_u32_below(period);
	origin->changes = changes;
	origin->whole_at = now;
}

/*
 * Whether a copy that is not passed on needs no answer, because its sender is
 * told of otherwise: by another flood; or by its own answer to the copy that was
 * passed on to it, if it is no nearer to the origin, and of two that are as near
 * if it has the greater ID. What is late may be another flood than the one that
 * was passed on.
 */
static bool romon_origin_tells(const struct romon_origin *origin,
			       const struct romon_port *port, const u8 *sender,
			       const u8 *self, u8 hops, u64 now, u64 window)
{
	if (!origin->whole)
		return true;
	if (port->link == origin->link ||
	    romon_origin_is_late(origin, now, window))
		return false;
	return hops > origin->hops + 1 ||
	       (hops == origin->hops + 1 && memcmp(sender, self, ETH_ALEN) > 0);
}

/**
 * romon_origins_judge() - what becomes of a copy of a flood
 * @port:	where it came in
 * @id:		ID of who asks
 * @sender:	ID of who sent the copy
 * @self:	ID of this router
 * @hops:	recorded in the copy
 *
 * In softirq, under RCU. Return: the verdict, which is accounted for already.
 */
struct romon_origin_verdict
romon_origins_judge(struct romon_port *port, const u8 *id, const u8 *sender,
		    const u8 *self, u8 hops)
{
	struct romon_origin_verdict verdict = {
		.pass = ROMON_DROP_flood_table,
		.answer = ROMON_DROP_flood_table,
	};
	struct romon_net *rn = port->rn;
	u64 window, now = ktime_get_ns();
	struct romon_origin *origin;
	struct hlist_head *bucket;
	struct romon_origins *o;

	o = rcu_dereference(rn->origins);
	if (!o)
		return verdict;

	window = (u64)READ_ONCE(rn->limits.flood_window_ms) * NSEC_PER_MSEC;
	spin_lock(&o->lock);
	bucket = &o->buckets[jhash(id, ETH_ALEN, o->seed) & o->mask];
	origin = romon_origins_find(o, bucket, id);
	if (origin && now < origin->since + window) {
		verdict.pass = romon_origins_judge_copy(port, origin, hops, now,
							window);
		verdict.told = verdict.pass &&
			       romon_origin_tells(origin, port, sender, self,
						  hops, now, window);
	} else {
		verdict.pass = romon_origins_judge_first(port, o, bucket,
							 &origin, id, now,
							 window);
		if (!verdict.pass) {
			origin->since = now;
			origin->hops = hops;
			origin->link = port->link;
			origin->late = false;
			romon_origin_see_whole(origin, rn, hops + 1, now);
		}
	}
	if (!verdict.pass && hops < origin->hops) {
		origin->hops = hops;
		origin->link = port->link;
	}
	if (!verdict.told)
		verdict.answer = romon_origins_judge_answer(port, origin, now);
	spin_unlock(&o->lock);
	return verdict;
}

/**
 * romon_origins_transit_priority() - how urgent an answer in transit is
 * @port:	where it came in
 *
 * Nobody can tell whether an answer was asked for: those above the rate are any
 * stranger's bulk, and wait as Data does.
 *
 * Return: a priority of romon_xmit().
 */
u32 romon_origins_transit_priority(struct romon_port *port)
{
	struct romon_net *rn = port->rn;
	struct romon_origins *o;
	bool passes;

	o = rcu_dereference(rn->origins);
	if (!o)
		return TC_PRIO_BESTEFFORT;
	spin_lock(&o->lock);
	passes = romon_rate_take_per_s(&port->transit_due, ktime_get_ns(),
				       READ_ONCE(rn->limits.answer_rate));
	spin_unlock(&o->lock);
	return passes ? TC_PRIO_CONTROL : TC_PRIO_BESTEFFORT;
}

static struct romon_origins *romon_origins_alloc(u32 size)
{
	struct romon_origins *o;
	u32 i, buckets = roundup_pow_of_two(size);

	o = kvzalloc(struct_size(o, pool, size), GFP_KERNEL_ACCOUNT);
	if (!o)
		return NULL;
	o->buckets = kvcalloc(buckets, sizeof(*o->buckets),
			      GFP_KERNEL_ACCOUNT);
	if (!o->buckets) {
		kvfree(o);
		return NULL;
	}
	spin_lock_init(&o->lock);
	o->size = size;
	o->mask = buckets - 1;
	o->seed = get_random_u32();
	INIT_LIST_HEAD(&o->lru);
	for (i = 0; i < size; i++)
		list_add_tail(&o->pool[i].lru, &o->lru);
	return o;
}

/* After a grace period, from process context. */
static void romon_origins_free(struct romon_origins *o)
{
	if (!o)
		return;
	kvfree(o->buckets);
	kvfree(o);
}

/* Before rn->self is published. Return: 0 or -ENOMEM. */
int romon_origins_start(struct romon_net *rn)
{
	struct romon_origins *o;

	ASSERT_RTNL();
	o = romon_origins_alloc(rn->limits.max_origins);
	if (!o)
		return -ENOMEM;
	rcu_assign_pointer(rn->origins, o);
	return 0;
}

/* Before there is the first port: no origin is known yet. */
void romon_origins_seed(struct romon_net *rn)
{
	rtnl_dereference(rn->origins)->seed = get_random_u32();
}

/*
 * Forgets which floods were passed on, which costs one copy of each. Return: 0 or
 * -ENOMEM.
 */
int romon_origins_resize(struct romon_net *rn, u32 max_origins)
{
	struct romon_origins *old, *new;

	ASSERT_RTNL();
	old = rtnl_dereference(rn->origins);
	if (!old || old->size == max_origins)
		return 0;
	new = romon_origins_alloc(max_origins);
	if (!new)
		return -ENOMEM;
	rcu_assign_pointer(rn->origins, new);
	synchronize_net();
	romon_origins_free(old);
	return 0;
}

/* Nobody judges any more. */
void romon_origins_stop(struct romon_net *rn)
{
	struct romon_origins *o = rtnl_dereference(rn->origins);

	RCU_INIT_POINTER(rn->origins, NULL);
	synchronize_net();
	romon_origins_free(o);
}
