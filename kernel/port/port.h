/* SPDX-License-Identifier: GPL-2.0-only */
/* Port entries, and the devices that take part. */

#ifndef ROMON_PORT_H
#define ROMON_PORT_H

#include <linux/bitmap.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>

#include <uapi/linux/romon.h>

#include "path/neigh.h"
#include "path/secret.h"
#include "path/stats.h"
#include "path/wire.h"

struct netlink_ext_ack;
struct romon_net;

#define ROMON_PORT_ALL		"all"
#define ROMON_COST_DEFAULT	100
#define ROMON_PORT_BUCKETS	256

/*
 * What the administrator said of a device name, alternative or not, whether
 * there is such a device or not. All members under rtnl.
 */
struct romon_entry {
	struct list_head list;
	char	name[IFNAMSIZ];
	u32	ifindex;	/* of its device, when it was last looked for */
	u32	was;		/* before that; romon_entry_refresh_rtnl()'s */
	u16	cost;
	bool	forbid;
	bool	disabled;
	char	*comment;	/* may be NULL */
	struct romon_secrets *secrets;	/* NULL: those of the router */
};

/**
 * struct romon_port - a device that takes part
 * @rn:		the router it belongs to; never changes
 * @dev:	the device, held by @dev_tracker; never changes
 * @stats:	counters; the pointer never changes
 * @secrets:	own list, or NULL for the router's. RCU
 * @by_mac:	in romon_ports_table.mac. Read under RCU
 * @by_link:	in romon_ports_table.link. Read under RCU
 * @link:	this router's number for the port; never changes
 * @cost:	read anywhere
 * @running:	up and with carrier. Read anywhere
 * @hashed:	the MAC by which it is in romon_ports_table.mac
 *
 * @hook:	the first way in, before masters. rx.c's own
 * @pt:		the second way in. rx.c's own
 *
 * @downs:	how often it has ceased to be @running. Read anywhere
 * @list:	in romon_net.ports. Read under RCU
 * @closed:	on its way out
 * @dev_tracker: of @dev
 *
 * @seq:	sequence number of the last hashed frame sent
 * @neighs:	own lock
 * @refused_at:	jiffies64 of the last refused frame that was told, 0 if none
 *		since the secrets are those of now
 * @refused:	its source MAC, and above that why; read and written whole
 * @flood_due:	of floods that came in here and were passed on; under the lock
 *		of romon_net.origins
 * @answer_due:	of answers to them; likewise
 * @transit_due: of answers that came in here for others and went on before all
 *		else; likewise
 *
 * Created and destroyed under rtnl, by romon_port_sync() alone. Everybody else
 * finds it under RCU and keeps no reference.
 */
struct romon_port {
	/* What frames read, of which none changes while nothing else does. */
	struct romon_net	*rn;
	struct net_device	*dev;
	struct romon_stats __percpu *stats;
	struct romon_secrets __rcu *secrets;
	struct hlist_node	by_mac;
	struct hlist_node	by_link;
	u32			link;
	u16			cost;
	bool			running;
	u8			hashed[ETH_ALEN] __aligned(2);

	/* Of rx.c; under rtnl. */
	struct nf_hook_ops	hook;
	struct packet_type	pt;

	/* Under rtnl. */
	u32			downs;
	struct list_head	list;
	struct list_head	closed;
	netdevice_tracker	dev_tracker;

	/* Written by frames that leave hashed. */
	atomic64_t		seq ____cacheline_aligned_in_smp;

	/* Written by frames that come in hashed, and by floods and answers. */
	struct romon_neighs	neighs ____cacheline_aligned_in_smp;
	u64			refused_at;
	atomic64_t		refused;
	u64			flood_due;
	u64			answer_due;
	u64			transit_due;
};

/**
 * struct romon_ports_table - ports as frames look them up
 * @mac:	by link MAC, hashed, so that nobody outside can aim at a bucket
 * @mac_seed:	of that hash
 * @mac_ends:	the last bytes that MACs of ports have: most MACs are those of no
 *		port, and this byte alone says so
 * @n_mac_ends:	of how many ports; only written
 * @link:	by link number; these are given one after another
 *
 * Read under RCU, written under rtnl.
 */
struct romon_ports_table {
	DECLARE_BITMAP(mac_ends, 1 << BITS_PER_BYTE);
	u32			mac_seed;
	struct hlist_head	mac[ROMON_PORT_BUCKETS];
	struct hlist_head	link[ROMON_PORT_BUCKETS];
	u32			n_mac_ends[1 << BITS_PER_BYTE];
};

/* What netlink shows of an entry, of a device, or of both. */
struct romon_port_info {
	const struct romon_entry *entry;
	struct net_device	*dev;	/* NULL if absent */
	struct romon_port	*port;	/* NULL if it does not take part */
	enum romon_port_state	state;
	bool			dynamic;
};

bool romon_port_may_rtnl(struct romon_net *rn, struct net_device *dev);

struct romon_port *romon_port_next_rcu(struct romon_net *rn,
				       unsigned long *link);
bool __romon_port_is_own_mac_rcu(struct romon_net *rn, const u8 *mac);
void romon_port_end(const struct romon_port *port, struct romon_end *end);

void romon_port_seed(struct romon_net *rn);
int romon_port_net_init(struct romon_net *rn);
void romon_port_net_exit(struct romon_net *rn);
int romon_port_sync(struct romon_net *rn, struct net_device *dev, bool gone,
		    u8 ntf);
int romon_port_sync_all(struct romon_net *rn);
void romon_port_review(struct romon_net *rn);
void romon_port_look_again(struct romon_net *rn);
void romon_port_shrink_rtnl(struct romon_net *rn, u32 n_ports);
void romon_port_new_secrets_rtnl(struct romon_net *rn);

struct romon_entry *romon_entry_find_rtnl(struct romon_net *rn,
					  const char *name);
struct romon_entry *romon_entry_by_any_name_rtnl(struct romon_net *rn,
						 const char *name);
void romon_entry_refresh_rtnl(struct romon_net *rn,
			      const struct net_device *but);
int romon_entry_add_rtnl(struct romon_net *rn, const struct romon_entry *new,
			 struct netlink_ext_ack *extack);
int romon_entry_set_rtnl(struct romon_net *rn, struct romon_entry *entry,
			 const struct romon_entry *new);
int romon_entry_del_rtnl(struct romon_net *rn, struct romon_entry *entry);
bool romon_entry_is_default(const struct romon_entry *entry);

void romon_port_info_entry_rtnl(struct romon_net *rn,
				const struct romon_entry *entry,
				struct romon_port_info *info);
bool romon_port_info_dev_rtnl(struct romon_net *rn, struct net_device *dev,
			      struct romon_port_info *info);

#endif /* ROMON_PORT_H */
