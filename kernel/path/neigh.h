/* SPDX-License-Identifier: GPL-2.0-only */
/* Neighbours: who is alive on a link, and which of its frames are new. */

#ifndef ROMON_NEIGH_H
#define ROMON_NEIGH_H

#include <linux/if_ether.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include "replay.h"
#include "wire.h"

struct romon_auth;
struct romon_net;
struct romon_port;
struct romon_self;
struct sk_buff;

/**
 * struct romon_neigh - a link MAC that has sent a frame with a right hash
 * @rb:		in struct romon_neighs
 * @list:	likewise, in the list of those that are @up or of those that are not
 * @mac:	its link MAC; never changes
 * @mark:	that its frames told last, which those to it are bound to; or 0
 * @id:		RoMON ID in its last Hello or SeqErr, zero until then
 * @up:		it has proved to be alive
 * @pending:	it was sent @challenge and has not echoed it yet
 * @index:	where the secret was by which its last frame is hashed, from 0
 * @secret:	tag of that secret
 * @challenge:	what it has to echo
 * @asked_top:	highest number seen when that was made
 * @challenged:	jiffies64 when it was made
 * @asked_at:	when it was last sent, for the round trip
 * @looked:	jiffies64 when a frame with an impossible number was last verified,
 *		0 if none was
 * @guess_due:	of frames of it for which all secrets were tried
 * @answered:	jiffies64 of the last frame that one of its frames made us send,
 *		0 if there was none
 * @heard:	jiffies of its last frame that was new
 * @since:	jiffies64 of the last change of @up
 * @rtt_us:	of the last handshake
 * @window:	sequence numbers used, while @up
 *
 * All under romon_neighs.lock.
 */
struct romon_neigh {
	struct rb_node		rb;
	struct list_head	list;
	u8			mac[ETH_ALEN];
	u8			id[ETH_ALEN];
	bool			up;
	bool			pending;
	u8			index;
	u8			challenge[ROMON_CHALLENGE_LEN];
	u64			asked_top;
	u64			challenged;
	ktime_t			asked_at;
	u64			looked;
	u64			guess_due;
	u64			answered;
	unsigned long		heard;
	u64			since;
	u32			rtt_us;
	u64			mark;
	u64			secret;
	struct romon_replay	window;
};

/* The neighbours of a port. */
struct romon_neighs {
	/* guards the tree and all in it; taken in softirq and process */
	spinlock_t		lock;
	struct rb_root		tree;	/* by MAC, which others choose */
	struct list_head	up;	/* the latest first */
	struct list_head	down;	/* the latest last */
	u32			count;	/* in both; read without the lock too */
	u64			room_due; /* of looks for a port with more */
	/* of who is not up: as in struct romon_neigh */
	u8			index;
	u64			guess_due;
};

/* What netlink shows of a neighbour. */
struct romon_neigh_info {
	u8	mac[ETH_ALEN];
	u8	id[ETH_ALEN] __aligned(2);
	bool	up;
	u32	secret;		/* place of it in the list that is set, or 0 */
	u64	since_ms;
	u32	heard_ms;
	u32	rtt_us;
};

enum romon_drop romon_neigh_expect(struct romon_port *port,
				   const struct sk_buff *skb,
				   const struct romon_frame *f, u8 *index);
bool romon_neigh_may_guess(struct romon_port *port, const u8 *mac);
enum romon_drop romon_neigh_accept(struct romon_port *port,
				   const struct romon_self *self,
				   const struct sk_buff *skb,
				   const struct romon_auth *auth);
void romon_neigh_rcv(struct romon_port *port, const struct romon_self *self,
		     struct sk_buff *skb, const struct romon_frame *f,
		     struct romon_auth *auth);
u64 romon_neigh_own_mark(const struct romon_port *port,
			 const struct romon_self *self);
u64 romon_neigh_mark(struct romon_port *port, const u8 *mac);
bool romon_neigh_is_lost_rcu(struct romon_port *port, const u8 *mac);
void romon_neigh_announce(struct romon_net *rn);

bool romon_neigh_next(struct romon_port *port, const u8 *mac,
		      struct romon_neigh_info *info);

void romon_neigh_port_init(struct romon_port *port);
void romon_neigh_port_flush(struct romon_port *port);

void romon_neigh_net_init(struct romon_net *rn);
void romon_neigh_stop(struct romon_net *rn);

#endif /* ROMON_NEIGH_H */
