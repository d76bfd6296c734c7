/* SPDX-License-Identifier: GPL-2.0-only */
/* The router of a network namespace. */

#ifndef ROMON_NET_H
#define ROMON_NET_H

#include <linux/if_ether.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include <uapi/linux/romon.h>

#include "path/neigh.h"
#include "path/secret.h"
#include "path/stats.h"
#include "path/wire.h"
#include "port/port.h"

/*
 * What this router says of itself. Immutable once published; a change
 * publishes a new one. There is one exactly while RoMON is enabled and has an
 * ID, so "is there a self" is "does RoMON run" for every frame.
 */
struct romon_self {
	struct rcu_head	rcu;
	u8	id[ETH_ALEN];
	u32	id_hash;		/* see romon_neigh_own_mark() */
	bool	follow_hostname;
	u8	identity_len;
	u8	board_len;
	char	identity[ROMON_IDENTITY_MAX_LEN];
	char	board[ROMON_IDENTITY_MAX_LEN];
};

/* Written under rtnl with WRITE_ONCE(), read anywhere with READ_ONCE(). */
struct romon_limits {
	u8	hop_limit;
	u32	flood_window_ms;
	u32	flood_rate;
	u32	answer_delay_ms;
	u32	answer_rate;
	u32	node_timeout_s;
	u32	max_nodes;
	u32	max_edges;
	u32	max_origins;
	u32	max_ports;
	u32	max_endpoints;
	u32	queue_len;
	u32	hello_interval_s;
	u32	max_neighbors;
};

/* Of tables also the most, but for whoever administers the host. */
extern const struct romon_limits romon_limits_default;

struct romon_origins;
struct romon_topology;
struct mem_cgroup;

/* Answers to Discovers of others that wait for their random delay. */
struct romon_answers {
	/* guards all of it; taken in softirq, and to stop in process context */
	spinlock_t		lock;
	struct rb_root_cached	queue;	/* by due time */
	u32			len;
	struct timer_list	timer;
};

/**
 * struct romon_net - the router of a network namespace
 * @net:	its namespace; outlives it
 * @auto_board:	what its board is unless that is configured
 *
 * @stats:	what belongs to no port
 * @table:	ports as frames look them up
 *
 * @self:	what it says of itself
 * @secrets:	of ports that have none of their own
 * @origins:	floods being told apart
 * @topo:	what it knows of the network; there is one exactly while there is
 *		a self
 * @links:	ports by link number, for walks
 * @ports:	ports, in the order they came
 *
 * @limits:	see struct romon_limits
 *
 * @enabled:	as set by the administrator; read without a lock too
 * @seeded:	random numbers have been drawn that stay
 * @seed_work:	starts what is enabled once there are random numbers
 * @id:		configured ID, zero for automatic
 * @auto_id:	ID chosen when it was first needed; stays until RoMON is
 *		disabled, whatever the devices do
 * @identity:	configured, empty for automatic
 * @board:	configured, empty for automatic
 * @hostname:	of whoever enabled RoMON last
 * @enabled_at:	jiffies64
 * @entries:	port entries, the wildcard first
 * @n_entries:	how many
 * @n_ports:	how many; read in softirq too
 * @next_link:	for cyclic allocation
 * @ifindex:	ports by ifindex
 * @port_gen:	changes with every entry, device and port
 * @port_work:	looks at all devices again; asked to run from anywhere
 *
 * @answers:	own lock
 * @n_neighs:	of all ports
 * @link_changes: how often ports began to run, or neighbours came or went
 *
 * @hello_work:	sends Hellos, misses neighbours
 * @hello_now:	bit 0: @hello_work shall send one at once
 * @hello_ticks: looks for neighbours since the last Hello; @hello_work's own
 *
 * @flood_work:	sends this router's own Discover
 * @flooded_at:	jiffies64 of the last one; read in softirq
 * @flooded:	there was a last one since RoMON was enabled; likewise
 * @flood_gap_ms: the least time between two for the sake of the network
 * @flood_shift: how often it was doubled; @topo_work's own
 *
 * @passing:	floods that wait to be passed on by many ports; own lock
 * @passing_work: passes them on
 *
 * @topo_work:	the one who writes in @topo
 * @topo_kicked: why it shall run
 * @topo_poked:	how often ports or settings have changed, for it to follow
 * @topo_served: up to which of those it has
 * @topo_wait:	for whoever waits for that
 * @topo_generation: changes with all that a dump shows
 * @topo_lock:	guards @topo_dead; process context
 * @topo_dead:	topologies that the work is still to bury
 * @topo_memcg:	whom the work charges; set once, before there is a topology
 *
 * @endpoint_lock: inside of it only the lock of the xarray
 * @endpoints:	bound RoMON ports by number. Read under RCU
 * @n_endpoints: how many
 *
 * Lock order: rtnl, endpoint_lock; rtnl, topo_lock. The softirq locks (origins,
 * answers, the topology's queues) are leaves and are never held together.
 */
struct romon_net {
	/* Never changes. */
	struct net		*net;
	char			auto_board[ROMON_IDENTITY_MAX_LEN + 1];
	/* Since RoMON was first enabled. */
	struct romon_stats __percpu *stats;
	struct romon_ports_table *table;

	/* What frames look at: under RCU, replaced or changed under rtnl. */
	struct romon_self __rcu	*self;
	struct romon_secrets __rcu *secrets;
	struct romon_origins __rcu *origins;
	struct romon_topology __rcu *topo;
	struct xarray		links;
	struct list_head	ports;

	/* Read anywhere, written under rtnl. */
	struct romon_limits	limits;

	/* Under rtnl. */
	bool			enabled;
	bool			seeded;
	struct delayed_work	seed_work;
	u8			id[ETH_ALEN] __aligned(2);
	u8			auto_id[ETH_ALEN] __aligned(2);
	char			identity[ROMON_IDENTITY_MAX_LEN + 1];
	char			board[ROMON_IDENTITY_MAX_LEN + 1];
	char			hostname[65];
	u64			enabled_at;
	struct list_head	entries;
	u32			n_entries;
	u32			n_ports;
	u32			next_link;
	struct xarray		ifindex;
	u32			port_gen;
	struct work_struct	port_work;

	/* Written in softirq. */
	struct romon_answers	answers;
	atomic_t		n_neighs;
	atomic_t		link_changes;

	/* Of hello_work; asked to run from anywhere. */
	struct delayed_work	hello_work;
	unsigned long		hello_now;
	u32			hello_ticks;

	/* Of flood_work; asked to run from anywhere. */
	struct delayed_work	flood_work;
	u64			flooded_at;
	bool			flooded;
	u32			flood_gap_ms;
	u32			flood_shift;

	/* Of passing_work; left there in softirq. */
	struct sk_buff_head	passing;
	struct work_struct	passing_work;

	/* Between topo_work and those who leave it notes. */
	struct delayed_work	topo_work;
	unsigned long		topo_kicked;
	atomic_t		topo_poked;
	atomic_t		topo_served;
	wait_queue_head_t	topo_wait;
	atomic_t		topo_generation;
	spinlock_t		topo_lock;	/* see above */
	struct list_head	topo_dead;
	struct mem_cgroup	*topo_memcg;

	/* Under endpoint_lock. */
	struct mutex		endpoint_lock;	/* see above */
	struct xarray		endpoints;
	u32			n_endpoints;
};

struct romon_net *romon_net(struct net *net);

/* All settings at once, so that a change is all or nothing. */
struct romon_config {
	bool	enabled;
	u8	id[ETH_ALEN] __aligned(2);
	char	identity[ROMON_IDENTITY_MAX_LEN + 1];
	char	board[ROMON_IDENTITY_MAX_LEN + 1];
	struct romon_limits limits;
	bool	set_secrets;
	struct romon_secrets *secrets;	/* NULL for none */
};

void romon_net_config(const struct romon_net *rn, struct romon_config *config);
int romon_net_set(struct romon_net *rn, const struct romon_config *config,
		  struct netlink_ext_ack *extack);
void romon_net_refresh_self(struct romon_net *rn);
void romon_net_about(const struct romon_net *rn, const struct romon_self *self,
		     struct romon_about *about, char *identity);

int romon_net_init(struct net *net);
void romon_net_exit(struct net *net);

extern const u8 romon_version[ROMON_VERSION_LEN];

#endif /* ROMON_NET_H */
