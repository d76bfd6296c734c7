// SPDX-License-Identifier: GPL-2.0-only
/* Datagrams of this router: the echo service and bound endpoints. */

#include <linux/etherdevice.h>
#include <linux/netlink.h>
#include <linux/random.h>

#include "local.h"
#include "net.h"
#include "port/lookup.h"
#include "raise.h"
#include "trace.h"
#include "tx.h"

/* Ports that bind gives to who does not care. Ours; nothing is known. */
#define ROMON_EPHEMERAL_FIRST	49152
#define ROMON_EPHEMERAL_LAST	65535

/*
 * A RoMON port bound by a netlink socket. Immutable; freed after RCU. The number
 * of a socket that is being closed may be another's before we hear of it, its
 * address may not.
 */
struct romon_endpoint {
	struct rcu_head	rcu;
	u32	portid;
	const struct sock *sk;	/* to compare with, no more */
};

static bool romon_endpoint_is_of(const struct romon_endpoint *endpoint,
				 const struct netlink_skb_parms *who)
{
	return endpoint && endpoint->portid == who->portid &&
	       endpoint->sk == who->sk;
}

/*
 * Answer an echo request in place: the recorded route, reversed, is the way
 * back. Consumes the skb.
 */
static void romon_local_echo(struct romon_port *port,
			     const struct romon_self *self,
			     struct sk_buff *skb, const struct romon_frame *f)
{
	struct romon_net *rn = port->rn;
	struct romon_wire_ports *ports;
	struct romon_wire_data *d;
	struct romon_port *egress;
	enum romon_drop reason;
	u8 mac[ETH_ALEN] __aligned(2);

	/* The body was pulled for parsing, and the way in made it writable. */
	reason = ROMON_DROP_no_memory;
	if (skb_ensure_writable(skb, f->body + sizeof(*ports)))
		goto drop;
	d = (void *)skb->data;
	ports = (void *)(skb->data + f->body);

	/* An answer to it would be another request, and so on for ever. */
	reason = ROMON_DROP_bad_transport;
	if (ports->src == cpu_to_be16(ROMON_SERVICE_ECHO))
		goto drop;

	romon_wire_reverse_inplace(d->entry, f->hops);
	d->ptr = 0;
	/* It is a frame of our own: what is reserved is zero in it. */
	d->h.zero = 0;
	memset(d->zero, 0, sizeof(d->zero));
	memcpy(d->h.dst, d->h.src, ETH_ALEN);
	memcpy(d->h.src, self->id, ETH_ALEN);
	swap(ports->src, ports->dst);

	reason = ROMON_DROP_no_link;
	egress = romon_port_running_rcu(rn, be32_to_cpu(d->entry[0].link));
	if (!egress)
		goto drop;
	memcpy(mac, d->entry[0].mac, ETH_ALEN);
	/* The ports have changed, so the body is another one. */
	romon_xmit(egress, skb, mac, TC_PRIO_BESTEFFORT, NULL);
	return;
drop:
	romon_drop(rn, port, skb, reason);
}

/*
 * Nobody has bound the port. If that looks like a segment of a stream its
 * sender is told, as a program that has died here can not tell it, and nothing
 * is served where nothing runs. The answer is no longer than what asked for it
 * but for a byte, and is never answered. Consumes the skb.
 */
static void romon_local_refuse(struct romon_port *port,
			       const struct romon_self *self,
			       struct sk_buff *skb, const struct romon_frame *f)
{
	unsigned int offset = f->body + sizeof(struct romon_wire_ports);
	const struct romon_wire_ports *ports;
	const struct romon_wire_segment *s;
	struct romon_wire_segment copy;
	struct romon_net *rn = port->rn;
	struct romon_wire_close close;
	struct romon_wire_data *d;
	struct romon_port *egress;
	struct sk_buff *answer;
	unsigned int len;

	s = skb_header_pointer(skb, offset, sizeof(copy), &copy);
	ports = (const void *)(skb->data + f->body);
	if (!s || ports->src == cpu_to_be16(ROMON_SERVICE_ECHO) ||
	    !romon_wire_build_refusal(&close, s,
				      skb->len - offset - sizeof(*s)))
		goto drop;

	if (skb_ensure_writable(skb, f->body))
		goto drop;
	d = (void *)skb->data;
	ports = (const void *)(skb->data + f->body);
	romon_wire_reverse_inplace(d->entry, f->hops);
	egress = romon_port_running_rcu(rn, be32_to_cpu(d->entry[0].link));
	if (!egress)
		goto drop;
	len = romon_wire_data_len(f->hops, sizeof(close));
	answer = romon_tx_fits(egress, len) ?
		 romon_tx_alloc(egress, len, GFP_ATOMIC) : NULL;
	if (!answer)
		goto drop;
	memcpy(romon_wire_build_data(answer->data, self->id, d->h.src, d->entry,
				     f->hops, be16_to_cpu(ports->dst),
				     be16_to_cpu(ports->src), sizeof(close)),
	       &close, sizeof(close));
	romon_xmit(egress, answer, d->entry[0].mac, TC_PRIO_BESTEFFORT, NULL);
drop:
	romon_drop(rn, port, skb, ROMON_DROP_no_endpoint);
}

/* Give a program its datagram, whose skb stays the caller's. Under RCU. */
static enum romon_drop
romon_local_deliver(struct romon_net *rn, const struct romon_endpoint *endpoint,
		    const struct romon_delivery *dg)
{
	switch (romon_raise_delivery(rn, endpoint->portid, dg)) {
	case 0:
		return ROMON_DROP_NONE;
	case -ENOMEM:
		return ROMON_DROP_no_memory;
	default:
		return ROMON_DROP_endpoint_queue;
	}
}

/* A Data frame for this router has come in. Consumes the skb. */
void romon_local_rcv(struct romon_port *port, const struct romon_self *self,
		     struct sk_buff *skb, const struct romon_frame *f)
{
	const struct romon_wire_data *d = (const void *)skb->data;
	const struct romon_wire_ports *ports;
	struct romon_delivery dg = {};
	struct romon_net *rn = port->rn;
	struct romon_endpoint *endpoint;
	enum romon_drop reason;

	trace_romon_deliver(port, skb, f);
	romon_stats_inc(port->stats, ROMON_STAT_DELIVERED);
	romon_raise_heard(rn, d->h.src, d->entry, f->hops);

	ports = (const void *)(skb->data + f->body);
	if (ports->dst == cpu_to_be16(ROMON_SERVICE_ECHO)) {
		romon_local_echo(port, self, skb, f);
		return;
	}

	endpoint = xa_load(&rn->endpoints, be16_to_cpu(ports->dst));
	if (!endpoint) {
		romon_local_refuse(port, self, skb, f);
		return;
	}
	dg.id = d->h.src;
	dg.local_port = be16_to_cpu(ports->dst);
	dg.remote_port = be16_to_cpu(ports->src);
	dg.route = d->entry;
	dg.hops = f->hops;
	dg.skb = skb;
	dg.offset = f->body + sizeof(*ports);
	dg.link = port->link;
	dg.interface = port->dev->name;
	reason = romon_local_deliver(rn, endpoint, &dg);
	if (reason)
		romon_drop(rn, port, skb, reason);
	else
		consume_skb(skb);
}

static int romon_local_insert(struct romon_net *rn,
			      struct romon_endpoint *endpoint, u16 *number,
			      struct netlink_ext_ack *extack)
{
	unsigned int n = ROMON_EPHEMERAL_LAST - ROMON_EPHEMERAL_FIRST + 1;
	unsigned int i, first;
	int err;

	lockdep_assert_held(&rn->endpoint_lock);
	if (*number) {
		err = xa_insert(&rn->endpoints, *number, endpoint,
				GFP_KERNEL_ACCOUNT);
		if (err == -EBUSY) {
			NL_SET_ERR_MSG(extack, "The RoMON port is bound already");
			err = -EADDRINUSE;
		}
		return err;
	}
	/* Not the same ones each time: late answers go to nobody. */
	first = get_random_u32_below(n);
	for (i = 0; i < n; i++) {
		*number = ROMON_EPHEMERAL_FIRST + (first + i) % n;
		err = xa_insert(&rn->endpoints, *number, endpoint,
				GFP_KERNEL_ACCOUNT);
		if (err != -EBUSY)
			return err;
	}
	NL_SET_ERR_MSG(extack, "All ephemeral RoMON ports are bound");
	return -EADDRINUSE;
}

/*
 * Bind a RoMON port, or an ephemeral one if *@number is 0, to the netlink
 * socket @who. It stays bound until unbound or the socket is closed.
 */
int romon_local_bind(struct romon_net *rn, u16 *number,
		     const struct netlink_skb_parms *who,
		     struct netlink_ext_ack *extack)
{
	struct romon_endpoint *endpoint;
	int err;

	if (*number == ROMON_SERVICE_ECHO) {
		NL_SET_ERR_MSG(extack, "RoMON port 1 is the kernel's echo service");
		return -EADDRINUSE;
	}
	endpoint = kzalloc_obj(*endpoint, GFP_KERNEL_ACCOUNT);
	if (!endpoint)
		return -ENOMEM;
	endpoint->portid = who->portid;
	endpoint->sk = who->sk;

	mutex_lock(&rn->endpoint_lock);
	if (rn->n_endpoints >= READ_ONCE(rn->limits.max_endpoints)) {
		NL_SET_ERR_MSG(extack, "As many RoMON ports are bound as max-endpoints allows");
		err = -ENOSPC;
	} else {
		err = romon_local_insert(rn, endpoint, number, extack);
	}
	if (!err)
		rn->n_endpoints++;
	mutex_unlock(&rn->endpoint_lock);
	if (err)
		kfree(endpoint);
	return err;
}

int romon_local_unbind(struct romon_net *rn, u16 number,
		       const struct netlink_skb_parms *who,
		       struct netlink_ext_ack *extack)
{
	struct romon_endpoint *endpoint;

	mutex_lock(&rn->endpoint_lock);
	endpoint = xa_load(&rn->endpoints, number);
	if (!romon_endpoint_is_of(endpoint, who)) {
		mutex_unlock(&rn->endpoint_lock);
		NL_SET_ERR_MSG(extack, "The RoMON port is not bound by this socket");
		return -ENOENT;
	}
	xa_erase(&rn->endpoints, number);
	rn->n_endpoints--;
	mutex_unlock(&rn->endpoint_lock);
	kfree_rcu(endpoint, rcu);
	return 0;
}

/**
 * romon_local_xmit_rcu() - send a datagram along a route
 * @port:	where the route leaves
 * @self:	this router's self
 * @skb:	the payload
 * @dst:	the router at the end of @route
 * @route:	the way there
 * @hops:	entries of @route, at least 1
 * @local_port:	RoMON port here
 * @remote_port: RoMON port there
 *
 * From process context, in an RCU section. Consumes the skb.
 *
 * Return: 0, -EMSGSIZE or -ENOMEM; then nothing was sent, and the drop is
 * counted.
 */
int romon_local_xmit_rcu(struct romon_port *port, const struct romon_self *self,
			 struct sk_buff *skb, const u8 *dst,
			 const struct romon_wire_entry *route, u8 hops,
			 u16 local_port, u16 remote_port)
{
	unsigned int payload = skb->len;
	unsigned int head = romon_wire_data_len(hops, 0);
	struct romon_net *rn = port->rn;

	if (!romon_tx_fits(port, head + payload)) {
		romon_drop(rn, port, skb, ROMON_DROP_too_big);
		return -EMSGSIZE;
	}
	if (skb_cow_head(skb, head + LL_RESERVED_SPACE(port->dev))) {
		romon_drop(rn, port, skb, ROMON_DROP_no_memory);
		return -ENOMEM;
	}
	romon_wire_build_data(skb_push(skb, head), self->id, dst, route, hops,
			      local_port, remote_port, payload);
	local_bh_disable();
	romon_xmit(port, skb, route[0].mac, TC_PRIO_BESTEFFORT, NULL);
	local_bh_enable();
	return 0;
}

/* To this router itself: there is no route, and nothing on the wire. */
static int romon_local_loop(struct romon_net *rn,
			    const struct romon_datagram *dg,
			    struct sk_buff *skb)
{
	struct romon_delivery rcv = {
		.id = dg->dst,
		.local_port = dg->remote_port,
		.remote_port = dg->local_port,
		.skb = skb,
	};
	struct romon_endpoint *endpoint;
	enum romon_drop reason;

	if (dg->remote_port == ROMON_SERVICE_ECHO) {
		rcv.local_port = dg->local_port;
		rcv.remote_port = dg->remote_port;
	}
	reason = ROMON_DROP_no_endpoint;
	endpoint = xa_load(&rn->endpoints, rcv.local_port);
	if (!endpoint)
		goto drop;
	reason = romon_local_deliver(rn, endpoint, &rcv);
	if (reason)
		goto drop;
	consume_skb(skb);
	return 0;
drop:
	romon_drop(rn, NULL, skb, reason);
	return 0;
}

/**
 * romon_local_send() - send a program's datagram
 * @rn:		the router
 * @dg:		the datagram; all pointers stay the caller's
 * @who:	the netlink socket, which must have bound the local port: that is
 *		all the right that it needs
 * @extack:	for a sentence
 *
 * Without a route the datagram waits for one to be found, and the socket is
 * told if none is.
 *
 * Return: 0 or a negative errno.
 */
int romon_local_send(struct romon_net *rn, const struct romon_datagram *dg,
		     const struct netlink_skb_parms *who,
		     struct netlink_ext_ack *extack)
{
	/* Room for what most routes need; longer ones reallocate. */
	unsigned int headroom = LL_MAX_HEADER + romon_wire_data_len(8, 0);
	const struct romon_self *self;
	struct romon_port *port;
	struct sk_buff *skb;
	bool bound;
	int err;

	rcu_read_lock();
	bound = romon_endpoint_is_of(xa_load(&rn->endpoints, dg->local_port),
				     who);
	rcu_read_unlock();
	if (!bound) {
		NL_SET_ERR_MSG(extack, "The RoMON port is not bound by this socket");
		return -ENOTCONN;
	}

	skb = alloc_skb(headroom + dg->payload_len, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, headroom);
	skb_put_data(skb, dg->payload, dg->payload_len);

	rcu_read_lock();
	self = rcu_dereference(rn->self);
	if (!self) {
		rcu_read_unlock();
		kfree_skb(skb);
		NL_SET_ERR_MSG(extack, "RoMON is not running");
		return -ENETDOWN;
	}
	if (ether_addr_equal_unaligned(dg->dst, self->id)) {
		err = romon_local_loop(rn, dg, skb);
		rcu_read_unlock();
		return err;
	}
	if (!dg->route) {
		rcu_read_unlock();
		return romon_raise_unrouted(rn, skb, dg, who->portid, extack);
	}
	port = romon_port_running_rcu(rn, be32_to_cpu(dg->route[0].link));
	if (!port) {
		romon_drop(rn, NULL, skb, ROMON_DROP_no_link);
		rcu_read_unlock();
		NL_SET_ERR_MSG(extack, "The port that the route leaves by is not running");
		return -ENETDOWN;
	}
	err = romon_local_xmit_rcu(port, self, skb, dg->dst, dg->route,
				   dg->hops, dg->local_port, dg->remote_port);
	rcu_read_unlock();
	if (err == -EMSGSIZE)
		NL_SET_ERR_MSG(extack, "The datagram is longer than the L2 MTU of the first link");
	return err;
}

void romon_local_net_init(struct romon_net *rn)
{
	xa_init(&rn->endpoints);
	mutex_init(&rn->endpoint_lock);
}

static void romon_local_unbind_all(struct romon_net *rn, u32 portid, bool all)
{
	struct romon_endpoint *endpoint;
	unsigned long number;

	mutex_lock(&rn->endpoint_lock);
	xa_for_each(&rn->endpoints, number, endpoint) {
		if (!all && endpoint->portid != portid)
			continue;
		xa_erase(&rn->endpoints, number);
		rn->n_endpoints--;
		kfree_rcu(endpoint, rcu);
	}
	mutex_unlock(&rn->endpoint_lock);
}

void romon_local_net_exit(struct romon_net *rn)
{
	romon_local_unbind_all(rn, 0, true);
	xa_destroy(&rn->endpoints);
}

/* A socket that is closed takes its endpoints with it. */
static int romon_local_netlink_event(struct notifier_block *nb,
				     unsigned long event, void *ptr)
{
	struct netlink_notify *n = ptr;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC)
		romon_local_unbind_all(romon_net(n->net), n->portid, false);
	return NOTIFY_DONE;
}

static struct notifier_block romon_local_notifier = {
	.notifier_call = romon_local_netlink_event,
};

int romon_local_init(void)
{
	return netlink_register_notifier(&romon_local_notifier);
}

void romon_local_exit(void)
{
	netlink_unregister_notifier(&romon_local_notifier);
}
