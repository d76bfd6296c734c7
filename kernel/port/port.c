// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port entries, and the devices that take part.
 *
 * Whatever happens - an entry changes, a device comes, goes or changes, RoMON
 * is enabled - ends in romon_port_sync(), which compares what should be with
 * what is. So no order of events can leave a port behind.
 */

#include <linux/jhash.h>
#include <linux/list.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>

#include "dev.h"
#include "lookup.h"
#include "net.h"
#include "netlink/netlink.h"
#include "path/auth.h"
#include "path/rx.h"
#include "port.h"
#include "topology/topology.h"

static const u8 romon_group_mac[ETH_ALEN] = ROMON_GROUP_MAC;

/* The next port, from @link on, which is set to what is behind it; or NULL. */
struct romon_port *romon_port_next_rcu(struct romon_net *rn, unsigned long *link)
{
	struct romon_port *port = xa_find(&rn->links, link, U32_MAX,
					  XA_PRESENT);

	if (port)
		++*link;
	return port;
}

static struct hlist_head *romon_port_mac_bucket(struct romon_net *rn,
						const u8 *mac)
{
	return &rn->table->mac[jhash(mac, ETH_ALEN, rn->table->mac_seed) %
			       ROMON_PORT_BUCKETS];
}

/* Whether a port has this MAC, which ends like that of one. */
bool __romon_port_is_own_mac_rcu(struct romon_net *rn, const u8 *mac)
{
	struct romon_port *port;

	hlist_for_each_entry_rcu(port, romon_port_mac_bucket(rn, mac), by_mac)
		if (ether_addr_equal_unaligned(port->dev->dev_addr, mac))
			return true;
	return false;
}

void romon_port_end(const struct romon_port *port, struct romon_end *end)
{
	end->link = port->link;
	end->l2mtu = romon_port_l2mtu(port);
	end->cost = READ_ONCE(port->cost);
	memcpy(end->mac, port->dev->dev_addr, ETH_ALEN);
}

bool romon_entry_is_default(const struct romon_entry *entry)
{
	return !strcmp(entry->name, ROMON_PORT_ALL);
}

struct romon_entry *romon_entry_find_rtnl(struct romon_net *rn,
					  const char *name)
{
	struct romon_entry *entry;

	ASSERT_RTNL();
	list_for_each_entry(entry, &rn->entries, list)
		if (!strcmp(entry->name, name))
			return entry;
	return NULL;
}

/*
 * How much an entry keeps out. No secrets are the router's, and a list that
 * lets in unhashed frames may be there to let in more than those do.
 */
static int romon_entry_strictness(const struct romon_entry *entry)
{
	if (entry->forbid)
		return 4;
	if (entry->disabled)
		return 3;
	if (!entry->secrets)
		return 1;
	return romon_secrets_unhashed(entry->secrets) ? 0 : 2;
}

/*
 * The entry that applies to a device: its own, else the wildcard. A second one
 * for a device can be added only if it closes it, but a device may be given the
 * name of another entry. The stricter applies, and of equals the one by its
 * name.
 */
static struct romon_entry *romon_entry_of_rtnl(struct romon_net *rn,
					       const struct net_device *dev)
{
	struct romon_entry *entry, *best = NULL;
	int more;

	ASSERT_RTNL();
	list_for_each_entry(entry, &rn->entries, list) {
		if (entry->ifindex != dev->ifindex)
			continue;
		more = best ? romon_entry_strictness(entry) -
			      romon_entry_strictness(best) : 1;
		if (more > 0 || (!more && !strcmp(entry->name, dev->name)))
			best = entry;
	}
	return best ?: list_first_entry(&rn->entries, struct romon_entry,
					list);
}

/* Why an entry that is not a device's own does not make it a port, or RUNNING. */
static enum romon_port_state
romon_port_guard_rtnl(const struct romon_entry *entry, struct net_device *dev)
{
	return romon_entry_is_default(entry) ? romon_dev_guard_rtnl(dev) :
					       ROMON_PORT_STATE_RUNNING;
}

/* Whether a device can be a port and its entry lets it. */
bool romon_port_may_rtnl(struct romon_net *rn, struct net_device *dev)
{
	const struct romon_entry *entry = romon_entry_of_rtnl(rn, dev);

	return !entry->forbid && !entry->disabled &&
	       romon_dev_kind_rtnl(dev) == ROMON_PORT_STATE_RUNNING &&
	       romon_port_guard_rtnl(entry, dev) == ROMON_PORT_STATE_RUNNING;
}

/* What should be; romon_port_state_rtnl() is what is. */
static bool romon_port_wanted_rtnl(struct romon_net *rn, struct net_device *dev)
{
	return rcu_access_pointer(rn->self) && romon_port_may_rtnl(rn, dev);
}

static enum romon_port_state
romon_port_state_rtnl(struct romon_net *rn, const struct romon_entry *entry,
		      struct net_device *dev, const struct romon_port *port)
{
	enum romon_port_state kind = ROMON_PORT_STATE_RUNNING;

	/* What no setting can change comes first. */
	if (dev)
		kind = romon_dev_kind_rtnl(dev);
	if (kind != ROMON_PORT_STATE_RUNNING &&
	    kind != ROMON_PORT_STATE_MEMBER)
		return kind;
	if (entry->forbid)
		return ROMON_PORT_STATE_FORBIDDEN;
	if (entry->disabled)
		return ROMON_PORT_STATE_DISABLED;
	if (!dev)
		return ROMON_PORT_STATE_ABSENT;
	if (kind != ROMON_PORT_STATE_RUNNING)
		return kind;
	kind = romon_port_guard_rtnl(entry, dev);
	if (kind != ROMON_PORT_STATE_RUNNING)
		return kind;
	/* Without an ID, or random numbers, it is enabled and does not run. */
	if (!rcu_access_pointer(rn->self))
		return ROMON_PORT_STATE_OFF;
	if (!port)
		return ROMON_PORT_STATE_LIMIT;
	if (!netif_running(dev))
		return ROMON_PORT_STATE_DOWN;
	if (!romon_dev_is_up(dev))
		return ROMON_PORT_STATE_NO_CARRIER;
	return ROMON_PORT_STATE_RUNNING;
}

void romon_port_info_entry_rtnl(struct romon_net *rn,
				const struct romon_entry *entry,
				struct romon_port_info *info)
{
	ASSERT_RTNL();
	memset(info, 0, sizeof(*info));
	info->entry = entry;
	if (romon_entry_is_default(entry)) {
		info->state = entry->forbid ? ROMON_PORT_STATE_FORBIDDEN :
			      rn->enabled ? ROMON_PORT_STATE_RUNNING :
			      ROMON_PORT_STATE_OFF;
		return;
	}
	info->dev = __dev_get_by_index(rn->net, entry->ifindex);
	if (info->dev) {
		info->port = xa_load(&rn->ifindex, info->dev->ifindex);
		entry = romon_entry_of_rtnl(rn, info->dev);
	}
	info->state = romon_port_state_rtnl(rn, entry, info->dev, info->port);
}

static void romon_port_hash(struct romon_port *port)
{
	struct romon_ports_table *table = port->rn->table;
	u8 end = port->dev->dev_addr[ETH_ALEN - 1];

	ether_addr_copy(port->hashed, port->dev->dev_addr);
	if (!table->n_mac_ends[end]++)
		set_bit(end, table->mac_ends);
	hlist_add_head_rcu(&port->by_mac,
			   romon_port_mac_bucket(port->rn, port->hashed));
}

static void romon_port_unhash(struct romon_port *port)
{
	struct romon_ports_table *table = port->rn->table;

	u8 end = port->hashed[ETH_ALEN - 1];

	hlist_del_init_rcu(&port->by_mac);
	if (!--table->n_mac_ends[end])
		clear_bit(end, table->mac_ends);
}

/*
 * Follow a changed MAC. A reader in the old bucket may end up in the new one
 * and miss the rest of the old: a loop that it did not see now is seen by the
 * next node.
 */
static void romon_port_rehash(struct romon_port *port)
{
	if (ether_addr_equal(port->hashed, port->dev->dev_addr))
		return;
	romon_port_unhash(port);
	romon_port_hash(port);
}

/* Nobody can find the port any more, but who has found it may still use it. */
static void romon_port_unlink(struct romon_port *port)
{
	struct romon_net *rn = port->rn;

	WRITE_ONCE(port->running, false);
	xa_erase(&rn->links, port->link);
	hlist_del_rcu(&port->by_link);
	romon_port_unhash(port);
	list_del_rcu(&port->list);
	WRITE_ONCE(rn->n_ports, rn->n_ports - 1);
}

static int romon_port_create(struct romon_net *rn, struct net_device *dev,
			     const struct romon_entry *entry)
{
	struct romon_port *port;
	int err;

	if (rn->n_ports >= rn->limits.max_ports)
		return -ENOSPC;

	port = kzalloc_obj(*port, GFP_KERNEL_ACCOUNT);
	if (!port)
		return -ENOMEM;
	port->stats = romon_stats_alloc();
	if (!port->stats) {
		err = -ENOMEM;
		goto err_free_port;
	}
	port->rn = rn;
	port->dev = dev;
	port->cost = entry->cost;
	atomic64_set(&port->seq, romon_auth_first_seq());
	romon_neigh_port_init(port);
	RCU_INIT_POINTER(port->secrets, entry->secrets);

	err = xa_insert(&rn->ifindex, dev->ifindex, port, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free_stats;
	err = dev_mc_add(dev, romon_group_mac);
	if (err)
		goto err_erase_ifindex;
	/* Whoever walks them needs a number behind the last one. */
	err = xa_alloc_cyclic(&rn->links, &port->link, port,
			      XA_LIMIT(1, U32_MAX - 1), &rn->next_link,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		goto err_del_mc;

	netdev_hold(dev, &port->dev_tracker, GFP_KERNEL);
	romon_port_hash(port);
	hlist_add_head_rcu(&port->by_link,
			   romon_port_link_bucket(rn, port->link));
	list_add_tail_rcu(&port->list, &rn->ports);
	WRITE_ONCE(rn->n_ports, rn->n_ports + 1);

	/* Last, when all is reachable: frames may come in at once. */
	err = romon_rx_start(port);
	if (err)
		goto err_unlink;
	return 0;

err_unlink:
	romon_port_unlink(port);
	synchronize_net();
	netdev_put(dev, &port->dev_tracker);
err_del_mc:
	dev_mc_del(dev, romon_group_mac);
err_erase_ifindex:
	xa_erase(&rn->ifindex, dev->ifindex);
err_free_stats:
	free_percpu(port->stats);
err_free_port:
	kfree(port);
	return err;
}

/* Let no frame in or out, but for those that are on their way. */
static void romon_port_close(struct romon_port *port, struct list_head *closed)
{
	romon_port_unlink(port);
	romon_rx_stop(port);
	xa_erase(&port->rn->ifindex, port->dev->ifindex);
	dev_mc_del(port->dev, romon_group_mac);
	romon_topology_port_changed(port->rn);
	list_add_tail(&port->closed, closed);
}

/*
 * Free ports that are closed, after a grace period for all of them together,
 * and so for all who have found one: frames, timers and work items keep none
 * beyond their RCU section. What is left is this function, and it still needs
 * the devices: that a neighbour is lost is told with the interface's name.
 */
static void romon_port_free_closed(struct list_head *closed)
{
	struct romon_port *port, *next;

	if (list_empty(closed))
		return;
	synchronize_net();
	list_for_each_entry_safe(port, next, closed, closed) {
		romon_neigh_port_flush(port);
		netdev_put(port->dev, &port->dev_tracker);
		free_percpu(port->stats);
		kfree(port);
	}
}

static void romon_port_destroy(struct romon_port *port)
{
	LIST_HEAD(closed);

	romon_port_close(port, &closed);
	romon_port_free_closed(&closed);
}

/* What was refused with other secrets says nothing of those that are set now. */
static void romon_port_forget_refused(struct romon_port *port)
{
	WRITE_ONCE(port->refused_at, 0);
}

/* The secrets of the router have changed. */
void romon_port_new_secrets_rtnl(struct romon_net *rn)
{
	struct romon_port *port;

	ASSERT_RTNL();
	list_for_each_entry(port, &rn->ports, list)
		if (!rcu_access_pointer(port->secrets))
			romon_port_forget_refused(port);
}

/* Follow what changed without the port coming or going. */
static void romon_port_update(struct romon_port *port,
			      const struct romon_entry *entry)
{
	struct romon_net *rn = port->rn;
	bool up = romon_dev_is_up(port->dev);

	romon_port_rehash(port);
	WRITE_ONCE(port->cost, entry->cost);
	if (rcu_access_pointer(port->secrets) != entry->secrets) {
		rcu_assign_pointer(port->secrets, entry->secrets);
		romon_port_forget_refused(port);
		romon_neigh_announce(rn);
	}
	if (port->running && !up) {
		WRITE_ONCE(port->running, false);
		WRITE_ONCE(port->downs, port->downs + 1);
		romon_neigh_port_flush(port);
	} else if (!port->running && up) {
		WRITE_ONCE(port->running, true);
		atomic_inc(&rn->link_changes);
		romon_neigh_announce(rn);
	}
	romon_topology_port_changed(rn);
}

/* Return: whether the device has no entry of its own, and so needs a row. */
bool romon_port_info_dev_rtnl(struct romon_net *rn, struct net_device *dev,
			      struct romon_port_info *info)
{
	ASSERT_RTNL();
	memset(info, 0, sizeof(*info));
	info->entry = romon_entry_of_rtnl(rn, dev);
	info->dynamic = romon_entry_is_default(info->entry);
	info->dev = dev;
	info->port = xa_load(&rn->ifindex, dev->ifindex);
	info->state = romon_port_state_rtnl(rn, info->entry, dev, info->port);
	return info->dynamic;
}

/* Tell of a device, by each of its entries if it has any. */
static void romon_port_ntf(struct romon_net *rn, struct net_device *dev,
			   bool gone, u8 cmd)
{
	struct romon_port_info info;
	struct romon_entry *entry;

	if (romon_port_info_dev_rtnl(rn, dev, &info)) {
		if (gone)
			info.state = romon_port_state_rtnl(rn, info.entry, NULL,
							   NULL);
		romon_nl_port_ntf(rn, &info, cmd);
		return;
	}
	list_for_each_entry(entry, &rn->entries, list) {
		if (entry->ifindex != dev->ifindex)
			continue;
		romon_port_info_entry_rtnl(rn, entry, &info);
		if (gone) {
			info.dev = NULL;
			info.state = romon_port_state_rtnl(rn, entry, NULL,
							   NULL);
		}
		romon_nl_port_ntf(rn, &info, ROMON_CMD_PORT_CHANGE_NTF);
	}
}

/* A device has left, and with it all of its names. */
static void romon_entry_leave(struct romon_net *rn,
			      const struct net_device *dev)
{
	struct romon_entry *entry;

	list_for_each_entry(entry, &rn->entries, list)
		if (entry->ifindex == dev->ifindex)
			entry->ifindex = 0;
}

/*
 * Make a device a port or not, as it should be, and tell. The only place
 * where ports come and go. @gone: the device leaves this namespace. Fails
 * only if it should become a port and cannot.
 */
int romon_port_sync(struct romon_net *rn, struct net_device *dev, bool gone,
		    u8 ntf)
{
	struct romon_port *port = xa_load(&rn->ifindex, dev->ifindex);
	struct romon_entry *entry = romon_entry_of_rtnl(rn, dev);
	bool wanted, listed;
	int err = 0;

	ASSERT_RTNL();
	/*
	 * While a device leaves, others who hear of it may change its master,
	 * MAC or MTU once more; it is not listed here any more then.
	 */
	listed = __dev_get_by_index(rn->net, dev->ifindex) == dev;
	gone |= !listed;
	wanted = !gone && romon_port_wanted_rtnl(rn, dev);
	rn->port_gen++;
	if (port && !wanted) {
		romon_port_destroy(port);
		port = NULL;
	} else if (!port && wanted) {
		err = romon_port_create(rn, dev, entry);
		if (!err)
			port = xa_load(&rn->ifindex, dev->ifindex);
	}
	if (port)
		romon_port_update(port, entry);
	romon_port_ntf(rn, dev, gone, ntf);
	if (!listed)
		romon_entry_leave(rn, dev);
	return err;
}

/* Destroy all at once what should be no port any more. */
static void romon_port_close_unwanted(struct romon_net *rn)
{
	struct romon_port *port, *next;
	LIST_HEAD(closed);

	list_for_each_entry_safe(port, next, &rn->ports, list)
		if (!romon_port_wanted_rtnl(rn, port->dev))
			romon_port_close(port, &closed);
	romon_port_free_closed(&closed);
}

/*
 * After the wildcard entry, or whether RoMON runs, has changed. Goes through
 * all devices even if one cannot become a port, and returns its error.
 */
int romon_port_sync_all(struct romon_net *rn)
{
	struct net_device *dev;
	int err, ret = 0;

	ASSERT_RTNL();
	romon_port_close_unwanted(rn);
	for_each_netdev(rn->net, dev) {
		err = romon_port_sync(rn, dev, false,
				      ROMON_CMD_PORT_CHANGE_NTF);
		if (err && !ret)
			ret = err;
	}
	return ret;
}

static void romon_port_work(struct work_struct *work)
{
	struct romon_net *rn = container_of(work, struct romon_net, port_work);

	rtnl_lock();
	romon_port_sync_all(rn);
	rtnl_unlock();
}

/*
 * A device may have changed without an event. From any context, under rtnl or in
 * work that ends before port_work is cancelled, so that a router that is about to
 * stop is seen to be disabled.
 */
void romon_port_review(struct romon_net *rn)
{
	if (READ_ONCE(rn->enabled))
		schedule_work(&rn->port_work);
}

/**
 * romon_port_look_again() - see what no event has told
 * @rn:		the router
 *
 * In a kernel without switchdev nobody is told that bridge(8) has locked a port,
 * or has unlocked it; so the hello work, which calls this, has a look now and
 * then. In process context.
 */
void romon_port_look_again(struct romon_net *rn)
{
	struct net_device *dev;

	if (IS_ENABLED(CONFIG_NET_SWITCHDEV) || !IS_ENABLED(CONFIG_BRIDGE))
		return;
	rcu_read_lock();
	for_each_netdev_rcu(rn->net, dev) {
		if (netif_is_bridge_port(dev)) {
			romon_port_review(rn);
			break;
		}
	}
	rcu_read_unlock();
}

/* Take back the ports that came last, until there are @n_ports. */
void romon_port_shrink_rtnl(struct romon_net *rn, u32 n_ports)
{
	struct romon_port *port;
	struct net_device *dev;

	ASSERT_RTNL();
	while (rn->n_ports > n_ports) {
		port = list_last_entry(&rn->ports, struct romon_port, list);
		dev = port->dev;
		romon_port_destroy(port);
		rn->port_gen++;
		romon_port_ntf(rn, dev, false, ROMON_CMD_PORT_CHANGE_NTF);
	}
}

/* The device that an entry is about has got another entry, or none. */
static int romon_entry_sync(struct romon_net *rn,
			    const struct romon_entry *entry)
{
	struct net_device *dev;

	rn->port_gen++;
	if (romon_entry_is_default(entry))
		return romon_port_sync_all(rn);
	dev = __dev_get_by_index(rn->net, entry->ifindex);
	return dev ? romon_port_sync(rn, dev, false,
				     ROMON_CMD_PORT_CHANGE_NTF) : 0;
}

/*
 * Whoever still uses the secrets that an entry had gets those of the entry
 * that applies now: found by the pointer, so that none can be missed.
 */
static void romon_entry_replace_secrets(struct romon_net *rn,
					const struct romon_secrets *old)
{
	const struct romon_entry *entry;
	struct romon_port *port;

	if (!old)
		return;
	list_for_each_entry(port, &rn->ports, list) {
		if (rcu_access_pointer(port->secrets) != old)
			continue;
		entry = romon_entry_of_rtnl(rn, port->dev);
		rcu_assign_pointer(port->secrets, entry->secrets);
	}
}

/* Tell of an entry, whether its device is there or not. */
static void romon_entry_ntf(struct romon_net *rn,
			    const struct romon_entry *entry, u8 cmd)
{
	struct romon_port_info info;

	romon_port_info_entry_rtnl(rn, entry, &info);
	romon_nl_port_ntf(rn, &info, cmd);
}

static u32 romon_entry_ifindex(struct romon_net *rn, const char *name)
{
	const struct net_device *dev = NULL;

	if (strcmp(name, ROMON_PORT_ALL))
		dev = __dev_get_by_name(rn->net, name);
	return dev ? dev->ifindex : 0;
}

/**
 * romon_entry_refresh_rtnl() - find the devices of all entries again
 * @rn:		the router
 * @but:	a device that the caller will look at itself, or NULL
 *
 * An entry names a device by its name or by an alternative one. These come and
 * go without an event as long as the device is down, when it neither gets nor
 * sends anything: so this is called before it comes up, and before anybody
 * looks at entries or changes them, besides after every event of a device.
 */
void romon_entry_refresh_rtnl(struct romon_net *rn,
			      const struct net_device *but)
{
	struct romon_entry *entry;
	struct net_device *dev;
	bool changed = false;
	u32 was;

	ASSERT_RTNL();
	/* First all of them: two entries may have swapped their devices. */
	list_for_each_entry(entry, &rn->entries, list) {
		entry->was = entry->ifindex;
		entry->ifindex = romon_entry_ifindex(rn, entry->name);
		changed |= entry->ifindex != entry->was;
	}
	if (!changed)
		return;
	rn->port_gen++;
	list_for_each_entry(entry, &rn->entries, list) {
		was = entry->was;
		if (was == entry->ifindex)
			continue;
		dev = __dev_get_by_index(rn->net, was);
		if (dev && dev != but)
			romon_port_sync(rn, dev, false,
					ROMON_CMD_PORT_CHANGE_NTF);
		dev = __dev_get_by_index(rn->net, entry->ifindex);
		if (dev && dev != but)
			romon_port_sync(rn, dev, false,
					ROMON_CMD_PORT_CHANGE_NTF);
		if (!dev)
			romon_entry_ntf(rn, entry, ROMON_CMD_PORT_CHANGE_NTF);
	}
}

/**
 * romon_entry_by_any_name_rtnl() - find an entry by any name of its device
 * @rn:		the router
 * @name:	the name of the entry, else a name of the device that it is of
 *
 * Return: the entry, or NULL.
 */
struct romon_entry *romon_entry_by_any_name_rtnl(struct romon_net *rn,
						 const char *name)
{
	struct romon_entry *entry = romon_entry_find_rtnl(rn, name);
	const struct net_device *dev;

	if (entry)
		return entry;
	dev = __dev_get_by_name(rn->net, name);
	if (!dev)
		return NULL;
	entry = romon_entry_of_rtnl(rn, dev);
	return romon_entry_is_default(entry) ? NULL : entry;
}

static int romon_entry_refuse(struct romon_net *rn,
			      const struct romon_entry *new,
			      struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_name(rn->net, new->name);

	if (!dev)
		return 0;
	/* One that closes it applies, as the stricter one. */
	if (!new->forbid && !new->disabled &&
	    !romon_entry_is_default(romon_entry_of_rtnl(rn, dev))) {
		NL_SET_ERR_MSG(extack,
			       "The device has a port entry by another of its names");
		return -EEXIST;
	}
	switch (romon_dev_kind_rtnl(dev)) {
	case ROMON_PORT_STATE_LOOPBACK:
		NL_SET_ERR_MSG(extack,
			       "A loopback device or ifb leads to no other router");
		return -EOPNOTSUPP;
	case ROMON_PORT_STATE_NOT_ETHERNET:
		NL_SET_ERR_MSG(extack,
			       "Not an Ethernet device, or one that carries IP alone");
		return -EOPNOTSUPP;
	case ROMON_PORT_STATE_MASTER:
		NL_SET_ERR_MSG(extack,
			       "A bridge, bond, team, VRF or other master cannot be a port: name its members");
		return -EOPNOTSUPP;
	default:
		return 0;
	}
}

/* Nobody but a port uses the secrets of an entry, until a grace period. */
static void romon_entry_free(struct romon_entry *entry)
{
	romon_secrets_free_rcu(entry->secrets);
	kfree(entry->comment);
	kfree(entry);
}

static int romon_entry_copy(struct romon_entry *entry,
			    const struct romon_entry *new)
{
	char *comment = NULL;

	if (new->comment && *new->comment) {
		comment = kstrdup(new->comment, GFP_KERNEL_ACCOUNT);
		if (!comment)
			return -ENOMEM;
	}
	kfree(entry->comment);
	entry->comment = comment;
	entry->cost = new->cost;
	entry->forbid = new->forbid;
	entry->disabled = new->disabled;
	return 0;
}

/*
 * Add an entry with the name and settings of @new, which stays the caller's,
 * but for its secrets if this succeeds.
 */
int romon_entry_add_rtnl(struct romon_net *rn, const struct romon_entry *new,
			 struct netlink_ext_ack *extack)
{
	struct romon_entry *entry;
	int err;

	ASSERT_RTNL();
	if (rn->n_entries >= rn->limits.max_ports) {
		NL_SET_ERR_MSG(extack, "As many port entries as max-ports allows");
		return -ENOSPC;
	}
	err = romon_entry_refuse(rn, new, extack);
	if (err)
		return err;

	entry = kzalloc_obj(*entry, GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	strscpy(entry->name, new->name, sizeof(entry->name));
	entry->ifindex = romon_entry_ifindex(rn, entry->name);
	err = romon_entry_copy(entry, new);
	if (err) {
		kfree(entry);
		return err;
	}
	list_add_tail(&entry->list, &rn->entries);
	rn->n_entries++;

	entry->secrets = new->secrets;
	err = romon_entry_sync(rn, entry);
	if (err) {
		/* No port has come to use them. */
		entry->secrets = NULL;
		NL_SET_ERR_MSG(extack, "No port for the device: max-ports reached, or no memory");
		list_del(&entry->list);
		rn->n_entries--;
		romon_entry_sync(rn, entry);
		romon_entry_free(entry);
		return err;
	}
	romon_entry_ntf(rn, entry, ROMON_CMD_PORT_ADD_NTF);
	return 0;
}

/*
 * Take over the settings of @new, which stays the caller's but for secrets
 * other than @entry's, or none of them. That there are too many devices is no
 * error, their state tells; that there is no memory is. Secrets that were not
 * taken over are the caller's to free, after a grace period.
 */
int romon_entry_set_rtnl(struct romon_net *rn, struct romon_entry *entry,
			 const struct romon_entry *new)
{
	struct romon_entry old = *entry;
	int err;

	ASSERT_RTNL();
	entry->comment = NULL;
	err = romon_entry_copy(entry, new);
	if (!err)
		entry->secrets = new->secrets;
	if (!err && romon_entry_sync(rn, entry) == -ENOMEM) {
		err = -ENOMEM;
		kfree(entry->comment);
	}
	if (err) {
		entry->cost = old.cost;
		entry->forbid = old.forbid;
		entry->disabled = old.disabled;
		entry->comment = old.comment;
		entry->secrets = old.secrets;
		romon_entry_sync(rn, entry);
		return err;
	}
	kfree(old.comment);
	if (old.secrets != entry->secrets) {
		romon_entry_replace_secrets(rn, old.secrets);
		romon_secrets_free_rcu(old.secrets);
	}
	romon_entry_ntf(rn, entry, ROMON_CMD_PORT_CHANGE_NTF);
	return 0;
}

/* Remove and free an entry; if there is no memory, it stays. */
int romon_entry_del_rtnl(struct romon_net *rn, struct romon_entry *entry)
{
	struct list_head *before = entry->list.prev;

	ASSERT_RTNL();
	list_del(&entry->list);
	rn->n_entries--;
	if (romon_entry_sync(rn, entry) == -ENOMEM) {
		list_add(&entry->list, before);
		rn->n_entries++;
		romon_entry_sync(rn, entry);
		return -ENOMEM;
	}
	romon_entry_ntf(rn, entry, ROMON_CMD_PORT_DEL_NTF);
	romon_entry_replace_secrets(rn, entry->secrets);
	romon_entry_free(entry);
	return 0;
}

/*
 * Before there is the first port. Numbers start anywhere, so that a frame from
 * before the module was loaded again is unlikely to name a port.
 */
void romon_port_seed(struct romon_net *rn)
{
	rn->next_link = get_random_u32_below(U16_MAX) + 1;
	rn->table->mac_seed = get_random_u32();
}

int romon_port_net_init(struct romon_net *rn)
{
	struct romon_entry *all;

	INIT_LIST_HEAD(&rn->entries);
	INIT_LIST_HEAD(&rn->ports);
	INIT_WORK(&rn->port_work, romon_port_work);
	xa_init_flags(&rn->links, XA_FLAGS_ALLOC1);
	xa_init(&rn->ifindex);

	all = kzalloc_obj(*all, GFP_KERNEL_ACCOUNT);
	if (!all)
		return -ENOMEM;
	strscpy(all->name, ROMON_PORT_ALL, sizeof(all->name));
	all->cost = ROMON_COST_DEFAULT;
	list_add(&all->list, &rn->entries);
	return 0;
}

/* RoMON is disabled already, so there are no ports. */
void romon_port_net_exit(struct romon_net *rn)
{
	struct romon_entry *entry, *next;

	cancel_work_sync(&rn->port_work);
	WARN_ON_ONCE(!list_empty(&rn->ports));
	list_for_each_entry_safe(entry, next, &rn->entries, list)
		romon_entry_free(entry);
	xa_destroy(&rn->links);
	xa_destroy(&rn->ifindex);
}
