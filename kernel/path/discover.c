// SPDX-License-Identifier: GPL-2.0-only
/*
 * Discover: originate, answer, pass on.
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
#include <linux/random.h>
#include <linux/slab.h>

#include "discover.h"
#include "net.h"
#include "port/lookup.h"
#include "raise.h"
#include "rate.h"
#include "tx.h"

/* Ports by which floods of one origin are counted, each for itself. */
#define ROMON_ORIGIN_INGRESSES	4
/* Floods of one origin that a port may bring before one a window is enough. */
#define ROMON_ORIGIN_BURST	8
/* An origin may have this part of the answers that a port may have. */
#define ROMON_ORIGIN_ANSWERS	4
/* This part of the flood window after the first copy comes another flood. */
#define ROMON_ORIGIN_LATE	8

/* What becomes of a copy; ROMON_DROP_NONE if it is passed on, or answered. */
struct romon_origin_verdict {
	enum romon_drop pass;
	enum romon_drop answer;
	/* The other end of the link tells the origin of it. */
	bool	told;
};

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

/* Answers sent at once; others that are due wait for a tick. */
#define ROMON_ANSWER_SLICE	64
/* Ports by which a flood is sent at once; more than that is for a work item. */
#define ROMON_FLOOD_SLICE	64

/* Behind the skbs that wait in romon_answers.queue. */
struct romon_answer_cb {
	unsigned long	due;		/* jiffies */
	u32		link;
	u8		mac[ETH_ALEN];
};

#define ROMON_ANSWER_CB(skb)	((struct romon_answer_cb *)(skb)->cb)

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
	if (origin->late ||
	    now < origin->since + div_u64(window, ROMON_ORIGIN_LATE) ||
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
 * Whether the sender of a copy is told of by its own answer to the copy that was
 * passed on to it: if it is no nearer to the origin. Of two that are as near, the
 * one with the greater ID answers. What comes late may be another flood than the
 * one that was passed on.
 */
static bool romon_origins_tells(const struct romon_origin *origin,
				const struct romon_port *port,
				const u8 *sender, const u8 *self, u8 hops,
				u64 now, u64 window)
{
	if (port->link == origin->link ||
	    now >= origin->since + div_u64(window, ROMON_ORIGIN_LATE))
		return false;
	return hops > origin->hops + 1 ||
	       (hops == origin->hops + 1 && memcmp(sender, self, ETH_ALEN) > 0);
}

/* @sender: the ID of who sent the copy, @self: of this router. */
static struct romon_origin_verdict
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
			       romon_origins_tells(origin, port, sender, self,
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
 * romon_discover_transit_priority() - how urgent an answer in transit is
 * @port:	where it came in
 *
 * Nobody can tell whether an answer was asked for: those above the rate are any
 * stranger's bulk, and wait as Data does.
 *
 * Return: a priority of romon_xmit().
 */
u32 romon_discover_transit_priority(struct romon_port *port)
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

static struct sk_buff *romon_answers_first(struct romon_answers *a)
{
	lockdep_assert_held(&a->lock);
	return skb_rb_first(&a->queue.rb_root);
}

static void romon_answers_unlink(struct romon_answers *a, struct sk_buff *skb)
{
	lockdep_assert_held(&a->lock);
	rb_erase_cached(&skb->rbnode, &a->queue);
	a->len--;
	/* The tree's node lies over these. */
	skb->next = NULL;
	skb->prev = NULL;
	skb->dev = NULL;
}

/* Behind the skbs that wait in romon_net.passing: where they came in. */
struct romon_passing_cb {
	u32	link;
};

#define ROMON_PASSING_CB(skb)	((struct romon_passing_cb *)(skb)->cb)

/* Send the answers that are due; runs when the first one is. */
static void romon_answers_timer(struct timer_list *timer)
{
	struct romon_answers *a = container_of(timer, struct romon_answers,
					       timer);
	struct romon_net *rn = container_of(a, struct romon_net, answers);
	unsigned int left = ROMON_ANSWER_SLICE;
	struct sk_buff_head due;
	struct sk_buff *skb;

	__skb_queue_head_init(&due);
	spin_lock(&a->lock);
	while ((skb = romon_answers_first(a))) {
		if (time_before(jiffies, ROMON_ANSWER_CB(skb)->due)) {
			mod_timer(&a->timer, ROMON_ANSWER_CB(skb)->due);
			break;
		}
		if (!left--) {
			mod_timer(&a->timer, jiffies + 1);
			break;
		}
		romon_answers_unlink(a, skb);
		__skb_queue_tail(&due, skb);
	}
	spin_unlock(&a->lock);

	rcu_read_lock();
	while ((skb = __skb_dequeue(&due))) {
		struct romon_answer_cb cb = *ROMON_ANSWER_CB(skb);
		struct romon_port *port = romon_port_running_rcu(rn, cb.link);

		if (port)
			romon_xmit(port, skb, cb.mac, TC_PRIO_CONTROL, NULL);
		else
			romon_drop(rn, NULL, skb, ROMON_DROP_no_link);
	}
	rcu_read_unlock();
}

static void romon_answers_link(struct romon_answers *a, struct sk_buff *skb)
{
	struct rb_node **link = &a->queue.rb_root.rb_node, *parent = NULL;
	bool first = true;

	lockdep_assert_held(&a->lock);
	while (*link) {
		parent = *link;
		if (time_before(ROMON_ANSWER_CB(skb)->due,
				ROMON_ANSWER_CB(rb_to_skb(parent))->due)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&skb->rbnode, parent, link);
	rb_insert_color_cached(&skb->rbnode, &a->queue, first);
	a->len++;
	if (first)
		mod_timer(&a->timer, ROMON_ANSWER_CB(skb)->due);
}

/* Let an answer wait for a random time. Consumes the skb. */
static void romon_answers_queue(struct romon_port *port, struct sk_buff *skb,
				const u8 *mac)
{
	u32 delay_ms = READ_ONCE(port->rn->limits.answer_delay_ms);
	struct romon_answer_cb *cb = ROMON_ANSWER_CB(skb);
	struct romon_net *rn = port->rn;
	struct romon_answers *a = &rn->answers;
	bool room;

	BUILD_BUG_ON(sizeof(*cb) > sizeof(skb->cb));
	if (!delay_ms) {
		romon_xmit(port, skb, mac, TC_PRIO_CONTROL, NULL);
		return;
	}
	cb->due = jiffies + msecs_to_jiffies(get_random_u32_below(delay_ms) + 1);
	cb->link = port->link;
	memcpy(cb->mac, mac, ETH_ALEN);

	spin_lock(&a->lock);
	room = a->len < READ_ONCE(rn->limits.queue_len);
	if (room)
		romon_answers_link(a, skb);
	spin_unlock(&a->lock);
	if (!room)
		romon_drop(rn, port, skb, ROMON_DROP_answer_queue);
}

static void romon_answers_purge(struct romon_answers *a)
{
	struct sk_buff *skb;

	timer_delete_sync(&a->timer);
	spin_lock_bh(&a->lock);
	while ((skb = romon_answers_first(a))) {
		romon_answers_unlink(a, skb);
		kfree_skb(skb);
	}
	spin_unlock_bh(&a->lock);
}

/* Answer a Discover, which stays the caller's. */
static void romon_discover_answer(struct romon_port *port,
				  const struct romon_self *self,
				  const struct sk_buff *in,
				  const struct romon_frame *f)
{
	char hostname[ROMON_IDENTITY_MAX_LEN];
	struct romon_about about;
	struct romon_end ingress;
	struct sk_buff *skb;
	unsigned int len;

	romon_net_about(port->rn, self, &about, hostname);
	len = romon_wire_resp_len(f, &about);
	if (!romon_tx_fits(port, len)) {
		romon_count_drop(port->rn, port, ROMON_DROP_too_big);
		return;
	}
	skb = romon_tx_alloc(port, len, GFP_ATOMIC);
	if (!skb) {
		romon_count_drop(port->rn, port, ROMON_DROP_no_memory);
		return;
	}
	romon_port_end(port, &ingress);
	romon_wire_build_resp(skb->data, in->data, f, self->id, &ingress,
			      &about);
	romon_answers_queue(port, skb, eth_hdr(in)->h_source);
}

/* The next port that runs, from @link on, which is set to what is behind it. */
static struct romon_port *romon_discover_next_rcu(struct romon_net *rn,
						  unsigned long *link)
{
	struct romon_port *port;

	do
		port = romon_port_next_rcu(rn, link);
	while (port && !READ_ONCE(port->running));
	return port;
}

static void romon_discover_pass_on_by(struct romon_port *egress,
				      const struct romon_port *ingress,
				      const struct romon_self *self,
				      const struct sk_buff *in,
				      const struct romon_frame *f)
{
	unsigned int len = romon_wire_forward_len(f);
	struct romon_net *rn = egress->rn;
	struct romon_end from, to;
	struct sk_buff *skb;

	if (!romon_tx_fits(egress, len)) {
		romon_count_drop(rn, egress, ROMON_DROP_too_big);
		return;
	}
	skb = romon_tx_alloc(egress, len, GFP_ATOMIC);
	if (!skb) {
		romon_count_drop(rn, egress, ROMON_DROP_no_memory);
		return;
	}
	romon_port_end(ingress, &from);
	romon_port_end(egress, &to);
	romon_wire_build_forward(skb->data, in->data, f, self->id,
				 eth_hdr(in)->h_source, &from, &to);
	romon_xmit_group(egress, skb);
}

/*
 * Pass a Discover, which stays the caller's, on to the next of all other ports,
 * a slice of them. Return: whether there may be more, from @link on.
 */
static bool romon_discover_pass_slice(struct romon_port *ingress,
				      const struct romon_self *self,
				      const struct sk_buff *in,
				      const struct romon_frame *f,
				      unsigned long *link)
{
	unsigned int left = ROMON_FLOOD_SLICE + 1;
	struct romon_port *egress;

	while (left--) {
		egress = romon_discover_next_rcu(ingress->rn, link);
		if (!egress)
			return false;
		if (egress != ingress)
			romon_discover_pass_on_by(egress, ingress, self, in, f);
	}
	return true;
}

/* Pass a Discover that has waited on to all other ports. Consumes the skb. */
static void romon_passing_on(struct romon_net *rn, struct sk_buff *skb)
{
	const struct romon_self *self;
	struct romon_port *ingress;
	unsigned long link = 0;
	struct romon_frame f;
	bool more;

	/* Whole and well-formed, as it was found to be when it came in. */
	if (romon_wire_parse(&f, skb->data, skb->len, skb->len)) {
		kfree_skb(skb);
		return;
	}
	do {
		local_bh_disable();
		rcu_read_lock();
		self = rcu_dereference(rn->self);
		ingress = romon_port_running_rcu(rn,
						 ROMON_PASSING_CB(skb)->link);
		more = self && ingress &&
		       romon_discover_pass_slice(ingress, self, skb, &f, &link);
		rcu_read_unlock();
		local_bh_enable();
		cond_resched();
	} while (more);
	consume_skb(skb);
}

static void romon_passing_work(struct work_struct *work)
{
	struct romon_net *rn = container_of(work, struct romon_net,
					    passing_work);
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&rn->passing)))
		romon_passing_on(rn, skb);
}

/* Leave a Discover to the work. Consumes the skb. */
static void romon_passing_queue(struct romon_port *port, struct sk_buff *skb)
{
	struct romon_net *rn = port->rn;

	BUILD_BUG_ON(sizeof(struct romon_passing_cb) > sizeof(skb->cb));
	if (skb_queue_len_lockless(&rn->passing) >=
	    READ_ONCE(rn->limits.queue_len)) {
		romon_drop(rn, port, skb, ROMON_DROP_flood_queue);
		return;
	}
	/* It waits outside of RCU, which is all that holds these. */
	skb_orphan(skb);
	skb->dev = NULL;
	ROMON_PASSING_CB(skb)->link = port->link;
	skb_queue_tail(&rn->passing, skb);
	queue_work(system_dfl_wq, &rn->passing_work);
}

/* Pass a Discover on to all other ports. Consumes the skb. */
static void romon_discover_pass_on(struct romon_port *port,
				   const struct romon_self *self,
				   struct sk_buff *skb,
				   const struct romon_frame *f)
{
	unsigned long link = 0;

	if (READ_ONCE(port->rn->n_ports) > ROMON_FLOOD_SLICE) {
		romon_passing_queue(port, skb);
		return;
	}
	romon_discover_pass_slice(port, self, skb, f, &link);
	consume_skb(skb);
}

static bool romon_discover_looped(struct romon_net *rn,
				  const struct romon_self *self,
				  const struct sk_buff *skb,
				  const struct romon_frame *f)
{
	const struct romon_wire_discover *d = (const void *)skb->data;
	const struct romon_wire_route *route;
	unsigned int i;

	route = (const void *)(skb->data + f->route[0]);
	if (ether_addr_equal_unaligned(route->id, self->id))
		return true;
	for (i = 0; i < f->hops; i++)
		if (romon_port_is_own_mac_rcu(rn, d->entry[i].mac))
			return true;
	return false;
}

/* A Discover of another router has come in. Consumes the skb. */
void romon_discover_rcv(struct romon_port *port, const struct romon_self *self,
			struct sk_buff *skb, const struct romon_frame *f)
{
	const struct romon_wire_header *h = (const void *)skb->data;
	struct romon_origin_verdict verdict;
	const struct romon_wire_route *route;
	struct romon_net *rn = port->rn;
	enum romon_drop reason;

	reason = ROMON_DROP_own_flood;
	if (ether_addr_equal_unaligned(h->src, self->id))
		goto drop;
	reason = ROMON_DROP_loop;
	if (romon_discover_looped(rn, self, skb, f))
		goto drop;
	reason = ROMON_DROP_hop_limit;
	if (f->hops >= READ_ONCE(rn->limits.hop_limit))
		goto drop;

	/* One copy by each link is answered, so that other ways become known too. */
	route = (const void *)(skb->data + f->route[0]);
	verdict = romon_origins_judge(port, h->src, route->id, self->id, f->hops);
	if (!verdict.told && !verdict.answer)
		romon_discover_answer(port, self, skb, f);
	else if (!verdict.told)
		romon_count_drop(rn, port, verdict.answer);
	romon_stats_inc(port->stats, ROMON_STAT_DELIVERED);

	reason = verdict.pass;
	if (!reason && f->hops + 1 >= READ_ONCE(rn->limits.hop_limit))
		reason = ROMON_DROP_hop_limit;
	if (!reason) {
		romon_discover_pass_on(port, self, skb, f);
		return;
	}
	romon_count_drop(rn, port, reason);
	consume_skb(skb);
	return;
drop:
	romon_drop(rn, port, skb, reason);
}

/*
 * The next flood would be taken for this one if it came within the flood
 * window of anybody, so keep well away from it. Not by the same time always, or
 * others could invent one just before each.
 */
static unsigned long romon_discover_interval(const struct romon_net *rn)
{
	u32 window = READ_ONCE(rn->limits.flood_window_ms);

	return msecs_to_jiffies(window + window / 4 +
				get_random_u32_below(window / 4 + 1)) + 1;
}

static void romon_discover_send(struct romon_port *port,
				const struct romon_self *self)
{
	struct sk_buff *skb;
	struct romon_end out;

	skb = romon_tx_alloc(port, romon_wire_build_discover(NULL, NULL, NULL),
			     GFP_ATOMIC);
	if (!skb) {
		romon_count_drop(port->rn, port, ROMON_DROP_no_memory);
		return;
	}
	romon_port_end(port, &out);
	romon_wire_build_discover(skb->data, self->id, &out);
	romon_xmit_group(port, skb);
}

/*
 * Send this router's own Discover by the next ports, a slice of them. Return:
 * whether there may be more, from @link on.
 *
 * No softirq in between: on virtual links the first copy would pass through the
 * whole network before the second one is sent, and each better copy that comes
 * later would be passed on again.
 */
static bool romon_discover_send_slice(struct romon_net *rn, unsigned long *link)
{
	unsigned int left = ROMON_FLOOD_SLICE;
	struct romon_port *port = NULL;
	const struct romon_self *self;

	local_bh_disable();
	rcu_read_lock();
	self = rcu_dereference(rn->self);
	while (self && left--) {
		port = romon_discover_next_rcu(rn, link);
		if (!port)
			break;
		romon_discover_send(port, self);
	}
	rcu_read_unlock();
	local_bh_enable();
	return port;
}

/* Send this router's own Discover on every port. */
static void romon_discover_work(struct work_struct *work)
{
	struct romon_net *rn = container_of(to_delayed_work(work),
					    struct romon_net, flood_work);
	unsigned long link = 0;

	/* Before the frames: their answers may overtake us. */
	WRITE_ONCE(rn->flooded_at, get_jiffies_64());
	WRITE_ONCE(rn->flooded, true);
	romon_raise_flood(rn);

	while (romon_discover_send_slice(rn, &link))
		cond_resched();
}

/*
 * Ask for a flood. At once, or as soon as the last one is long enough ago;
 * requests until then are served by the same one. From any context.
 */
void romon_discover_request(struct romon_net *rn)
{
	u64 next, now = get_jiffies_64();
	unsigned long delay = 0;

	if (READ_ONCE(rn->flooded)) {
		next = READ_ONCE(rn->flooded_at) + romon_discover_interval(rn);
		if (time_before64(now, next))
			delay = next - now;
	}
	queue_delayed_work(system_percpu_wq, &rn->flood_work, delay);
}

void romon_discover_net_init(struct romon_net *rn)
{
	spin_lock_init(&rn->answers.lock);
	rn->answers.queue = RB_ROOT_CACHED;
	timer_setup(&rn->answers.timer, romon_answers_timer, 0);
	INIT_DELAYED_WORK(&rn->flood_work, romon_discover_work);
	skb_queue_head_init(&rn->passing);
	INIT_WORK(&rn->passing_work, romon_passing_work);
}

/* Before rn->self is published. */
int romon_discover_start(struct romon_net *rn)
{
	struct romon_origins *o;

	ASSERT_RTNL();
	o = romon_origins_alloc(rn->limits.max_origins);
	if (!o)
		return -ENOMEM;
	rcu_assign_pointer(rn->origins, o);
	WRITE_ONCE(rn->flooded, false);
	return 0;
}

/* Before there is the first port: no origin is known yet. */
void romon_discover_seed(struct romon_net *rn)
{
	rtnl_dereference(rn->origins)->seed = get_random_u32();
}

/* Forgets which floods were passed on, which costs one copy of each. */
int romon_discover_resize(struct romon_net *rn, u32 max_origins)
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

/*
 * After rn->self and all ports are gone: nothing queues any more. The work of
 * the topology may still ask, which is one flood too many if RoMON is back by
 * then.
 */
void romon_discover_stop(struct romon_net *rn)
{
	struct romon_origins *o;

	ASSERT_RTNL();
	cancel_delayed_work_sync(&rn->flood_work);
	cancel_work_sync(&rn->passing_work);
	skb_queue_purge(&rn->passing);
	romon_answers_purge(&rn->answers);

	o = rtnl_dereference(rn->origins);
	RCU_INIT_POINTER(rn->origins, NULL);
	synchronize_net();
	romon_origins_free(o);
}

/* After the topology's, the last one to ask. */
void romon_discover_net_exit(struct romon_net *rn)
{
	cancel_delayed_work_sync(&rn->flood_work);
}
