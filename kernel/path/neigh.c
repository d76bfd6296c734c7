// SPDX-License-Identifier: GPL-2.0-only
/*
 * Neighbours: who is alive on a link, and which of its frames are new.
 *
 * Only frames with a right hash get here, so somebody without a secret can
 * neither create a neighbour nor change one. What somebody who has recorded
 * frames can do is make this router send a challenge or an echo now and then.
 * protocol.rst, "Replay".
 */

#include <crypto/algapi.h>
#include <linux/etherdevice.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "auth.h"
#include "neigh.h"
#include "net.h"
#include "port/lookup.h"
#include "raise.h"
#include "rate.h"
#include "tx.h"

/* A challenge is sent again for this long, then it gives way to a fresh one. */
#define ROMON_CHALLENGE_LIFE	HZ
/* Shortest time between two frames that a neighbour's frames make us send. */
#define ROMON_ANSWER_INTERVAL	DIV_ROUND_UP(HZ, 100)
/*
 * For so many frames a second, and at once, all secrets are tried, by neighbour
 * that is up and for all others of a port. It is seldom needed: when somebody
 * is new, or has changed what it hashes with.
 */
#define ROMON_GUESS_RATE	16
/* So often a second, and at once, a port looks for one that has more. */
#define ROMON_ROOM_RATE		64
/* How often in a hello interval lost neighbours are looked for. */
#define ROMON_HELLO_TICKS	4
/* Ports that are looked at before others have their turn. */
#define ROMON_HELLO_SLICE	64
/* Not heard for so many of those: 2.5 intervals. */
#define ROMON_HELLO_LOST	10
/* For so many: it has been away long enough to begin anew. */
#define ROMON_HELLO_FORGOTTEN	(4 * ROMON_HELLO_LOST)

static struct romon_neigh *romon_neigh_rb(const struct rb_node *rb)
{
	return rb_entry(rb, struct romon_neigh, rb);
}

static int romon_neigh_cmp(const void *mac, const struct rb_node *rb)
{
	return memcmp(mac, romon_neigh_rb(rb)->mac, ETH_ALEN);
}

static bool romon_neigh_less(struct rb_node *a, const struct rb_node *b)
{
	return romon_neigh_cmp(romon_neigh_rb(a)->mac, b) < 0;
}

static struct romon_neigh *romon_neigh_find(struct romon_port *port,
					    const u8 *mac)
{
	struct rb_node *rb;

	lockdep_assert_held(&port->neighs.lock);
	rb = rb_find(mac, &port->neighs.tree, romon_neigh_cmp);
	return rb ? romon_neigh_rb(rb) : NULL;
}

/* Take a neighbour out of its port, but not out of the count of all. */
static void romon_neigh_unlink(struct romon_port *port, struct romon_neigh *n)
{
	lockdep_assert_held(&port->neighs.lock);
	rb_erase(&n->rb, &port->neighs.tree);
	list_del(&n->list);
	WRITE_ONCE(port->neighs.count, port->neighs.count - 1);
	kfree(n);
}

static void romon_neigh_del(struct romon_port *port, struct romon_neigh *n)
{
	romon_neigh_unlink(port, n);
	atomic_dec(&port->rn->n_neighs);
}

/* A new frame of a neighbour was hashed with this secret. */
static void romon_neigh_hashed(struct romon_neigh *n,
			       const struct romon_auth *auth)
{
	n->index = auth->index;
	n->secret = auth->secret->tag;
}

static void romon_neigh_show(struct romon_port *port,
			     const struct romon_neigh *n,
			     struct romon_neigh_info *info)
{
	memcpy(info->mac, n->mac, ETH_ALEN);
	memcpy(info->id, n->id, ETH_ALEN);
	info->up = n->up;
	/* Where it is now: another list may have been set since. */
	rcu_read_lock();
	info->secret = romon_secrets_find(romon_port_secrets_rcu(port),
					  n->secret);
	rcu_read_unlock();
	info->since_ms = jiffies64_to_msecs(get_jiffies_64() - n->since);
	info->heard_ms = jiffies_to_msecs(jiffies - n->heard);
	info->rtt_us = n->rtt_us;
}

static void romon_neigh_tell(struct romon_port *port,
			     const struct romon_neigh *n)
{
	struct romon_neigh_info info;

	lockdep_assert_held(&port->neighs.lock);
	romon_neigh_show(port, n, &info);
	romon_raise_neigh(port, &info);
}

static void romon_neigh_set_up(struct romon_port *port, struct romon_neigh *n,
			       bool up)
{
	lockdep_assert_held(&port->neighs.lock);
	if (n->up == up)
		return;
	n->up = up;
	n->since = get_jiffies_64();
	if (up)
		list_move(&n->list, &port->neighs.up);
	else
		list_move_tail(&n->list, &port->neighs.down);
	atomic_inc(&port->rn->link_changes);
	romon_neigh_tell(port, n);
}

/* @mac has sent a frame with a right hash, and is counted among all already. */
static struct romon_neigh *romon_neigh_add(struct romon_port *port,
					   const u8 *mac)
{
	struct romon_neigh *n;

	lockdep_assert_held(&port->neighs.lock);
	n = kzalloc_obj(*n, GFP_ATOMIC);
	if (!n)
		return NULL;
	memcpy(n->mac, mac, ETH_ALEN);
	n->heard = jiffies;
	n->since = get_jiffies_64();
	rb_add(&n->rb, &port->neighs.tree, romon_neigh_less);
	list_add_tail(&n->list, &port->neighs.down);
	WRITE_ONCE(port->neighs.count, port->neighs.count + 1);
	return n;
}

/*
 * Have a neighbour of the port with the most give way to one more of a port
 * that has @count, and leave its place in the count of all. First goes who has
 * not proved to be alive for the longest time, at last who is up since the
 * shortest: who was there before a flood stays. Under RCU, in softirq, without
 * a lock.
 * Return: whether one did.
 */
static bool romon_neigh_spare_rcu(struct romon_net *rn, u32 count)
{
	struct romon_port *port, *most = NULL;
	struct romon_neigh *n = NULL;

	list_for_each_entry_rcu(port, &rn->ports, list) {
		if (!most || READ_ONCE(port->neighs.count) >
			     READ_ONCE(most->neighs.count))
			most = port;
	}
	if (!most)
		return false;

	spin_lock(&most->neighs.lock);
	/* With one fewer it still has as many as the other with one more. */
	if (most->neighs.count > count + 1)
		n = list_first_entry_or_null(&most->neighs.down,
					     struct romon_neigh, list) ?:
		    list_first_entry(&most->neighs.up, struct romon_neigh,
				     list);
	if (n) {
		romon_neigh_set_up(most, n, false);
		romon_neigh_unlink(most, n);
	}
	spin_unlock(&most->neighs.lock);
	return n;
}

/* Count one more among all: there is a place, or one is made. As below. */
static bool romon_neigh_reserve(struct romon_port *port)
	__must_hold(&port->neighs.lock)
{
	struct romon_net *rn = port->rn;
	u32 count = port->neighs.count;
	bool spared;

	lockdep_assert_held(&port->neighs.lock);
	if (atomic_inc_return(&rn->n_neighs) <=
	    (int)READ_ONCE(rn->limits.max_neighbors))
		return true;
	atomic_dec(&rn->n_neighs);
	if (!romon_rate_take(&port->neighs.room_due, ktime_get_ns(),
			     NSEC_PER_SEC / ROMON_ROOM_RATE, ROMON_ROOM_RATE))
		return false;

	/* The locks of two ports are never held together. */
	spin_unlock(&port->neighs.lock);
	spared = romon_neigh_spare_rcu(rn, count);
	spin_lock(&port->neighs.lock);
	return spared;
}

/*
 * The neighbour @mac, which has sent a frame with a right hash, a new one if
 * need be. NULL, and why: this router's own frames, which come back over a
 * cable between two of its ports or from whoever returns them, have a right
 * hash too. In softirq; the lock may be given away meanwhile.
 */
static struct romon_neigh *romon_neigh_get(struct romon_port *port,
					   const u8 *mac,
					   enum romon_drop *reason)
	__must_hold(&port->neighs.lock)
{
	struct romon_neigh *n = romon_neigh_find(port, mac), *other;

	if (n)
		return n;
	*reason = ROMON_DROP_own_source;
	if (romon_port_is_own_mac_rcu(port->rn, mac))
		return NULL;
	*reason = ROMON_DROP_neighbor_table;
	if (!romon_neigh_reserve(port))
		return NULL;
	/* Another frame of it may have come in while there was no lock. */
	other = romon_neigh_find(port, mac);
	n = other ?: romon_neigh_add(port, mac);
	if (!n || other)
		atomic_dec(&port->rn->n_neighs);
	return n;
}

/*
 * Whether a neighbour's frame may make us send one now, and what it shall
 * have to echo, if it shall.
 */
static bool romon_neigh_may_answer(struct romon_neigh *n)
{
	u64 now = get_jiffies_64();

	if (n->answered &&
	    time_before64(now, n->answered + ROMON_ANSWER_INTERVAL))
		return false;
	n->answered = now;
	return true;
}

/* Whether this is what a neighbour has to echo; anybody may have seen it. */
static bool romon_neigh_is_asked(const struct romon_neigh *n, const u8 *echo)
{
	return n->pending &&
	       !crypto_memneq(echo, n->challenge, sizeof(n->challenge));
}

static void romon_neigh_challenge(struct romon_neigh *n, u8 *challenge)
{
	u64 now = get_jiffies_64();

	if (!n->pending ||
	    time_after64(now, n->challenged + ROMON_CHALLENGE_LIFE)) {
		get_random_bytes(n->challenge, sizeof(n->challenge));
		n->challenged = now;
		n->asked_top = n->window.top;
		n->pending = true;
	}
	n->asked_at = ktime_get();
	memcpy(challenge, n->challenge, sizeof(n->challenge));
}

/*
 * What a port is told apart by from others of this router, whose MAC may be
 * the same, and from ports of other routers. It is no secret, and the same
 * after a reboot if the order of the devices is: what was sent to it before is
 * then for the port still, which asks for a handshake.
 */
u64 romon_neigh_own_mark(const struct romon_port *port,
			 const struct romon_self *self)
{
	return (u64)self->id_hash << 32 | port->dev->ifindex;
}

/* What a frame to @mac is bound to, 0 if its port has told no mark. In softirq. */
u64 romon_neigh_mark(struct romon_port *port, const u8 *mac)
{
	const struct romon_neigh *n;
	u64 mark;

	spin_lock(&port->neighs.lock);
	n = romon_neigh_find(port, mac);
	mark = n ? n->mark : 0;
	spin_unlock(&port->neighs.lock);
	return mark;
}

/*
 * Send a Hello or SeqErr to @dst, or to the group if it is NULL. Under RCU. One
 * that a frame has asked for, with @asked, is hashed with the secret of that
 * frame, which the neighbour certainly knows.
 */
static void romon_neigh_xmit(struct romon_port *port,
			     const struct romon_self *self, u8 type,
			     const u8 *dst, const u8 *challenge, const u8 *echo,
			     const struct romon_auth *asked)
{
	__be64 mark = cpu_to_be64(romon_neigh_own_mark(port, self));
	unsigned int len = romon_wire_build_hello(NULL, type, NULL, challenge,
						  echo, (u8 *)&mark);
	struct sk_buff *skb = romon_tx_alloc(port, len, GFP_ATOMIC);

	if (!skb) {
		romon_count_drop(port->rn, port, ROMON_DROP_no_memory);
		return;
	}
	romon_wire_build_hello(skb->data, type, self->id, challenge, echo,
			       (u8 *)&mark);
	if (dst)
		romon_xmit(port, skb, dst, TC_PRIO_CONTROL, asked);
	else
		romon_xmit_group(port, skb);
}

/**
 * romon_neigh_expect() - whether to verify a hashed frame, and how
 * @port:	where it came in
 * @skb:	the frame
 * @f:		its parse
 * @index:	number of the secret to begin with
 *
 * In softirq, before a pass is spent on it. Number and MAC may be forged, so
 * nothing is changed, but for when a neighbour that is up was last found to
 * have an impossible number: it may have been rebooted, and that is looked into
 * as often as it would be asked to prove it.
 * Return: ROMON_DROP_NONE, or why not.
 */
enum romon_drop romon_neigh_expect(struct romon_port *port,
				   const struct sk_buff *skb,
				   const struct romon_frame *f, u8 *index)
{
	const struct romon_wire_header *h = (const void *)skb->data;
	enum romon_drop reason = ROMON_DROP_NONE;
	u64 now = get_jiffies_64();
	struct romon_neigh *n;

	spin_lock(&port->neighs.lock);
	n = romon_neigh_find(port, eth_hdr(skb)->h_source);
	*index = n && n->up ? n->index : port->neighs.index;
	if (!n || !n->up ||
	    romon_replay_is_new(&n->window, be64_to_cpu(h->auth.seq)) ||
	    (f->echo && romon_neigh_is_asked(n, skb->data + f->echo)))
		goto out;
	if (n->looked && time_before64(now, n->looked + ROMON_ANSWER_INTERVAL))
		reason = ROMON_DROP_replayed;
	else
		n->looked = now;
out:
	spin_unlock(&port->neighs.lock);
	return reason;
}

/* Whether all secrets may be tried for a frame that says to be of @mac. In softirq. */
bool romon_neigh_may_guess(struct romon_port *port, const u8 *mac)
{
	struct romon_neigh *n;
	bool may;

	spin_lock(&port->neighs.lock);
	n = romon_neigh_find(port, mac);
	may = romon_rate_take(n && n->up ? &n->guess_due :
					   &port->neighs.guess_due,
			      ktime_get_ns(), NSEC_PER_SEC / ROMON_GUESS_RATE,
			      ROMON_GUESS_RATE);
	spin_unlock(&port->neighs.lock);
	return may;
}

/**
 * romon_neigh_accept() - whether a verified frame is new
 * @port:	where it came in
 * @self:	this router
 * @skb:	the frame, which stays the caller's
 * @auth:	what verifying it has found out; its secret is not NULL
 *
 * In softirq. A neighbour that has to prove first that it is alive is asked
 * to. Return: ROMON_DROP_NONE, once for each frame, or why not.
 */
enum romon_drop romon_neigh_accept(struct romon_port *port,
				   const struct romon_self *self,
				   const struct sk_buff *skb,
				   const struct romon_auth *auth)
{
	const u8 *mac = eth_hdr(skb)->h_source;
	u8 challenge[ROMON_CHALLENGE_LEN];
	enum romon_drop reason;
	struct romon_neigh *n;
	bool answer = false;
	u8 type;

	spin_lock(&port->neighs.lock);
	if (port->neighs.index != auth->index)
		port->neighs.index = auth->index;
	n = romon_neigh_get(port, mac, &reason);
	if (!n)
		goto out;

	if (n->up && romon_replay_use(&n->window, auth->seq)) {
		romon_neigh_hashed(n, auth);
		n->heard = jiffies;
		reason = ROMON_DROP_NONE;
		goto out;
	}
	reason = n->up ? ROMON_DROP_replayed : ROMON_DROP_neighbor_down;
	type = n->up ? ROMON_TYPE_SEQERR : ROMON_TYPE_HELLO;
	answer = romon_neigh_may_answer(n);
	if (answer)
		romon_neigh_challenge(n, challenge);
out:
	spin_unlock(&port->neighs.lock);
	if (answer)
		romon_neigh_xmit(port, self, type, mac, challenge, NULL, auth);
	return reason;
}

/*
 * The right echo, once, proves that the frame is not an old one: its number
 * begins the window. That also brings back a neighbour whose numbers have
 * become lower because it has lost its clock.
 */
static bool romon_neigh_is_echo(struct romon_neigh *n, const u8 *echo)
{
	if (!romon_neigh_is_asked(n, echo))
		return false;
	n->pending = false;
	memzero_explicit(n->challenge, sizeof(n->challenge));
	return true;
}

/**
 * romon_neigh_rcv() - a verified Hello or SeqErr has come in
 * @port:	where
 * @self:	this router
 * @skb:	the frame
 * @f:		its parse
 * @auth:	what verifying it has found out
 *
 * In softirq. Consumes the skb.
 */
void romon_neigh_rcv(struct romon_port *port, const struct romon_self *self,
		     struct sk_buff *skb, const struct romon_frame *f,
		     struct romon_auth *auth)
{
	const struct romon_wire_header *h = (const void *)skb->data;
	const u8 *echo = f->echo ? skb->data + f->echo : NULL;
	const u8 *ask = f->challenge ? skb->data + f->challenge : NULL;
	u64 mark = f->mark ? get_unaligned_be64(skb->data + f->mark) : 0;
	const u8 *mac = eth_hdr(skb)->h_source;
	u8 challenge[ROMON_CHALLENGE_LEN];
	enum romon_drop reason;
	bool proved, need, answer;
	struct romon_neigh *n;

	spin_lock(&port->neighs.lock);
	port->neighs.index = auth->index;
	n = romon_neigh_get(port, mac, &reason);
	if (!n) {
		spin_unlock(&port->neighs.lock);
		romon_drop(port->rn, port, skb, reason);
		return;
	}

	reason = ROMON_DROP_NONE;
	proved = echo && romon_neigh_is_echo(n, echo);
	/*
	 * Numbers that went on growing need no new window; one that began with
	 * an echo held back on its way would take frames a second time.
	 */
	if (proved && n->up && auth->seq > n->asked_top &&
	    auth->seq - n->asked_top <= ROMON_REPLAY_JUMP)
		proved = false;
	if (proved) {
		romon_replay_start(&n->window, auth->seq);
		n->rtt_us = ktime_us_delta(ktime_get(), n->asked_at);
		memcpy(n->id, h->src, ETH_ALEN);
		n->mark = mark;
		romon_neigh_hashed(n, auth);
		n->heard = jiffies;
		romon_neigh_set_up(port, n, true);
	} else if (n->up && romon_replay_use(&n->window, auth->seq)) {
		memcpy(n->id, h->src, ETH_ALEN);
		n->mark = mark;
		romon_neigh_hashed(n, auth);
		n->heard = jiffies;
	} else {
		reason = n->up ? ROMON_DROP_replayed : ROMON_DROP_neighbor_down;
	}

	/*
	 * An old frame may make us echo its challenge: nobody waits for that
	 * any more. Whoever did not prove anything is asked to.
	 */
	need = reason != ROMON_DROP_NONE;
	answer = (ask || need) && (proved || romon_neigh_may_answer(n));
	if (answer && need)
		romon_neigh_challenge(n, challenge);
	spin_unlock(&port->neighs.lock);

	/* An echo is for the port that has asked: nobody else's challenge. */
	auth->mark = ask ? mark : 0;
	if (answer)
		romon_neigh_xmit(port, self, ROMON_TYPE_HELLO, mac,
				 need ? challenge : NULL, ask, auth);
	if (reason) {
		romon_drop(port->rn, port, skb, reason);
		return;
	}
	romon_stats_inc(port->stats, ROMON_STAT_DELIVERED);
	consume_skb(skb);
}

/* Tell everybody on a port that this router is there. Under RCU. */
static void romon_neigh_hello(struct romon_port *port,
			      const struct romon_self *self)
{
	if (READ_ONCE(port->running) &&
	    romon_secrets_key(romon_port_secrets_rcu(port)))
		romon_neigh_xmit(port, self, ROMON_TYPE_HELLO, NULL, NULL,
				 NULL, NULL);
}

/*
 * Who was not heard for @lost jiffies is not alive any more, who was not for
 * @forget need not be remembered.
 */
static void romon_neigh_expire(struct romon_port *port, unsigned long lost,
			       unsigned long forget)
{
	struct rb_node *rb, *next;
	struct romon_neigh *n;
	unsigned long silent;

	spin_lock_bh(&port->neighs.lock);
	for (rb = rb_first(&port->neighs.tree); rb; rb = next) {
		next = rb_next(rb);
		n = romon_neigh_rb(rb);
		silent = jiffies - n->heard;
		if (n->up && silent >= lost) {
			romon_neigh_set_up(port, n, false);
			n->pending = false;
		}
		if (silent >= forget)
			romon_neigh_del(port, n);
	}
	spin_unlock_bh(&port->neighs.lock);
}

static unsigned long romon_neigh_tick(const struct romon_net *rn)
{
	u32 interval = READ_ONCE(rn->limits.hello_interval_s);

	return max(1UL, (unsigned long)interval * HZ / ROMON_HELLO_TICKS);
}

/*
 * Whether a neighbour that should be heard is not heard any more. Nothing is
 * said of one that may speak unhashed, or that was never heard. Under RCU.
 */
bool romon_neigh_is_lost_rcu(struct romon_port *port, const u8 *mac)
{
	unsigned long timeout = ROMON_HELLO_LOST * romon_neigh_tick(port->rn);
	const struct romon_neigh *n;
	bool lost;

	if (romon_secrets_unhashed(romon_port_secrets_rcu(port)))
		return false;
	spin_lock_bh(&port->neighs.lock);
	n = romon_neigh_find(port, mac);
	lost = n && !n->up && time_after(jiffies, n->heard + timeout);
	spin_unlock_bh(&port->neighs.lock);
	return lost;
}

/*
 * Look at the neighbours of the next ports, a slice of them, and send each a
 * Hello if @hello. Return: whether there may be more, from @link on.
 */
static bool romon_neigh_look(struct romon_net *rn, unsigned long tick,
			     bool hello, unsigned long *link)
{
	unsigned int left = ROMON_HELLO_SLICE;
	struct romon_port *port = NULL;
	const struct romon_self *self;

	rcu_read_lock();
	self = rcu_dereference(rn->self);
	while (self && left--) {
		port = romon_port_next_rcu(rn, link);
		if (!port)
			break;
		romon_neigh_expire(port, ROMON_HELLO_LOST * tick,
				   ROMON_HELLO_FORGOTTEN * tick);
		if (hello) {
			local_bh_disable();
			romon_neigh_hello(port, self);
			local_bh_enable();
		}
	}
	rcu_read_unlock();
	return port;
}

static void romon_neigh_work(struct work_struct *work)
{
	struct romon_net *rn = container_of(to_delayed_work(work),
					    struct romon_net, hello_work);
	unsigned long tick = romon_neigh_tick(rn);
	unsigned long link = 0;
	bool hello;

	hello = test_and_clear_bit(0, &rn->hello_now) ||
		++rn->hello_ticks >= ROMON_HELLO_TICKS;
	if (hello)
		rn->hello_ticks = 0;

	while (romon_neigh_look(rn, tick, hello, &link))
		cond_resched();
	if (!rcu_access_pointer(rn->self))
		return;
	romon_port_look_again(rn);
	queue_delayed_work(system_percpu_wq, &rn->hello_work, tick);
}

/*
 * Send a Hello now: a port has come up, or secrets have changed. From any
 * context.
 */
void romon_neigh_announce(struct romon_net *rn)
{
	set_bit(0, &rn->hello_now);
	if (rcu_access_pointer(rn->self))
		mod_delayed_work(system_percpu_wq, &rn->hello_work, 0);
}

/**
 * romon_neigh_next() - show a port's neighbours, one after another
 * @port:	the port
 * @mac:	the one before, zeros for the first
 * @info:	what is shown of the next
 *
 * In the order of MACs: none is shown twice or left out because another has
 * come or gone meanwhile.
 *
 * Context: takes the lock of the neighbours.
 * Return: whether there is another.
 */
bool romon_neigh_next(struct romon_port *port, const u8 *mac,
		      struct romon_neigh_info *info)
{
	struct romon_neigh *next = NULL;
	struct rb_node *rb;

	spin_lock_bh(&port->neighs.lock);
	rb = port->neighs.tree.rb_node;
	while (rb) {
		if (romon_neigh_cmp(mac, rb) < 0) {
			next = romon_neigh_rb(rb);
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
	}
	if (next)
		romon_neigh_show(port, next, info);
	spin_unlock_bh(&port->neighs.lock);
	return next;
}

void romon_neigh_port_init(struct romon_port *port)
{
	spin_lock_init(&port->neighs.lock);
	port->neighs.tree = RB_ROOT;
	INIT_LIST_HEAD(&port->neighs.up);
	INIT_LIST_HEAD(&port->neighs.down);
}

/* The port is down or goes away: nobody is known to be alive there. */
void romon_neigh_port_flush(struct romon_port *port)
{
	romon_neigh_expire(port, 0, 0);
}

void romon_neigh_net_init(struct romon_net *rn)
{
	INIT_DELAYED_WORK(&rn->hello_work, romon_neigh_work);
}

/* After rn->self is gone. */
void romon_neigh_stop(struct romon_net *rn)
{
	cancel_delayed_work_sync(&rn->hello_work);
}
