// SPDX-License-Identifier: GPL-2.0-only
/* Answers to floods: each waits for a random time, so that not all come at once. */

#include <linux/random.h>
#include <linux/skbuff.h>

#include "answers.h"
#include "net.h"
#include "port/lookup.h"
#include "tx.h"

/*
 * The further away, the more routers there are as far, and the answers of all
 * leave by the same last hops: up to so many hops have one answer-delay.
 */
#define ROMON_ANSWER_NEAR	4
/* Answers sent at once; others that are due wait for a tick. */
#define ROMON_ANSWER_SLICE	64

/* Behind the skbs that wait in romon_answers.queue. */
struct romon_answer_cb {
	unsigned long	due;		/* jiffies */
	u32		link;
	u8		mac[ETH_ALEN];
};

#define ROMON_ANSWER_CB(skb)	((struct romon_answer_cb *)(skb)->cb)

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

/**
 * romon_answers_queue() - let an answer wait for a random time
 * @port:	by which it leaves
 * @skb:	the answer, data at its type
 * @mac:	to whom
 * @hops:	over how many hops, from 1
 *
 * In softirq. Consumes the skb.
 */
void romon_answers_queue(struct romon_port *port, struct sk_buff *skb,
			 const u8 *mac, u32 hops)
{
	u32 delay_ms = READ_ONCE(port->rn->limits.answer_delay_ms) *
		       DIV_ROUND_UP(hops, ROMON_ANSWER_NEAR);
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

/* Nobody queues any more. */
void romon_answers_purge(struct romon_net *rn)
{
	struct romon_answers *a = &rn->answers;
	struct sk_buff *skb;

	timer_delete_sync(&a->timer);
	spin_lock_bh(&a->lock);
	while ((skb = romon_answers_first(a))) {
		romon_answers_unlink(a, skb);
		kfree_skb(skb);
	}
	spin_unlock_bh(&a->lock);
}

void romon_answers_init(struct romon_net *rn)
{
	spin_lock_init(&rn->answers.lock);
	rn->answers.queue = RB_ROOT_CACHED;
	timer_setup(&rn->answers.timer, romon_answers_timer, 0);
}
