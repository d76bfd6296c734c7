// SPDX-License-Identifier: GPL-2.0-only
/*
 * Discover: originate, answer, pass on. Which copies are answered and passed on
 * is judged in origins.c; see protocol.rst, "Flooding and limits".
 */

#include <linux/etherdevice.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>

#include "answers.h"
#include "discover.h"
#include "net.h"
#include "origins.h"
#include "port/lookup.h"
#include "raise.h"
#include "tx.h"

/* Ports by which a flood is sent at once; more than that is for a work item. */
#define ROMON_FLOOD_SLICE	64
/* Time for each router's answers, over a link of 10 Mbit/s to all of them. */
#define ROMON_FLOOD_ROUTER_MS	1
/* How often that is doubled at most if answers fail to come. */
#define ROMON_FLOOD_SHIFT_MAX	3

/* Behind the skbs that wait in romon_net.passing: where they came in. */
struct romon_passing_cb {
	u32	link;
};

#define ROMON_PASSING_CB(skb)	((struct romon_passing_cb *)(skb)->cb)

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
	romon_answers_queue(port, skb, eth_hdr(in)->h_source, f->hops + 1);
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

	/* More than the first is answered, so that other ways become known too. */
	route = (const void *)(skb->data + f->route[0]);
	verdict = romon_origins_judge(port, h->src, route->id, self->id, f->hops);
	if (!verdict.told) {
		if (verdict.answer)
			romon_count_drop(rn, port, verdict.answer);
		else
			romon_discover_answer(port, self, skb, f);
	}
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

/**
 * romon_discover_pace() - space this router's floods
 * @rn:		the router
 * @known:	how many routers it knows
 * @heard:	how many of them have answered the last flood
 *
 * From the topology's work. If more than a quarter is missing the network, or a
 * link to it, may have too much to do.
 */
void romon_discover_pace(struct romon_net *rn, u32 known, u32 heard)
{
	if (heard < known - known / 4)
		rn->flood_shift = min(rn->flood_shift + 1, ROMON_FLOOD_SHIFT_MAX);
	else if (rn->flood_shift)
		rn->flood_shift--;
	WRITE_ONCE(rn->flood_gap_ms,
		   (known * ROMON_FLOOD_ROUTER_MS) << rn->flood_shift);
}

/*
 * The next flood would be taken for this one if it came within the flood
 * window of anybody, so keep well away from it. Not by the same time always, or
 * others could invent one just before each.
 */
static unsigned long romon_discover_interval(const struct romon_net *rn)
{
	u32 window = READ_ONCE(rn->limits.flood_window_ms);
	u32 gap = max(window + window / 4, READ_ONCE(rn->flood_gap_ms));

	return msecs_to_jiffies(gap + get_random_u32_below(window / 4 + 1)) + 1;
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
	romon_answers_init(rn);
	INIT_DELAYED_WORK(&rn->flood_work, romon_discover_work);
	skb_queue_head_init(&rn->passing);
	INIT_WORK(&rn->passing_work, romon_passing_work);
}

/* Before rn->self is published. Return: 0 or -ENOMEM. */
int romon_discover_start(struct romon_net *rn)
{
	int err;

	ASSERT_RTNL();
	err = romon_origins_start(rn);
	if (!err) {
		WRITE_ONCE(rn->flooded, false);
		WRITE_ONCE(rn->flood_gap_ms, 0);
	}
	return err;
}

/*
 * After rn->self and all ports are gone: nothing queues any more. The work of
 * the topology may still ask, which is one flood too many if RoMON is back by
 * then.
 */
void romon_discover_stop(struct romon_net *rn)
{
	ASSERT_RTNL();
	cancel_delayed_work_sync(&rn->flood_work);
	cancel_work_sync(&rn->passing_work);
	skb_queue_purge(&rn->passing);
	romon_answers_purge(rn);
	romon_origins_stop(rn);
}

/* After the topology's, the last one to ask. */
void romon_discover_net_exit(struct romon_net *rn)
{
	cancel_delayed_work_sync(&rn->flood_work);
}
