// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: which of them can be ports, and what happens to them.
 *
 * What is said of a device here depends on the device alone. Whether one that
 * can be a port is one is port.c's affair.
 */

#include <linux/if_arp.h>
#include <linux/if_bridge.h>
#include <linux/if_macvlan.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/dsa.h>
#include <net/sch_generic.h>
#include <net/switchdev.h>

#include "dev.h"
#include "net.h"
#include "path/rx.h"
#include "port.h"

static bool romon_dev_is_kind(const struct net_device *dev, const char *kind)
{
	return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, kind);
}

/* Whether a macvlan has the device for itself, with all frames to its MAC. */
static bool romon_dev_is_passed_through_rtnl(struct net_device *dev)
{
	const struct macvlan_dev *macvlan;
	struct net_device *upper;
	struct list_head *iter;

	if (!netif_is_macvlan_port(dev))
		return false;
	netdev_for_each_upper_dev_rcu(dev, upper, iter) {
		macvlan = netdev_priv(upper);
		if (netif_is_macvlan(upper) && macvlan->lowerdev == dev &&
		    macvlan->mode == MACVLAN_MODE_PASSTHRU)
			return true;
	}
	return false;
}

/*
 * A device whose frames belong to others, which are the ports; the conduit of
 * a switch is one.
 */
static bool romon_dev_is_master_rtnl(struct net_device *dev)
{
	return netif_is_bridge_master(dev) || netif_is_bond_master(dev) ||
	       netif_is_team_master(dev) || netif_is_ovs_master(dev) ||
	       netif_is_l3_master(dev) || netif_is_failover(dev) ||
	       netdev_uses_dsa(dev) || romon_dev_is_kind(dev, "hsr") ||
	       romon_dev_is_passed_through_rtnl(dev);
}

/* ipvlans share the MAC of their device and get nothing but IP. */
static bool romon_dev_is_ip_only(const struct net_device *dev)
{
	return romon_dev_is_kind(dev, "ipvlan") ||
	       romon_dev_is_kind(dev, "ipvtap");
}

/*
 * Their master's receive handler takes all frames before a packet_type can;
 * that of a VRF is none. The flags of a member are no help: masters clear
 * them after the last event about it.
 */
static bool romon_dev_is_member_rtnl(struct net_device *dev)
{
	const struct net_device *master = netdev_master_upper_dev_get(dev);

	return master && !netif_is_l3_master(master);
}

/* Why a device can never be a port, or ROMON_PORT_STATE_RUNNING if it can. */
enum romon_port_state romon_dev_kind_rtnl(struct net_device *dev)
{
	/* What an ifb is sent comes back in, and nothing else leaves it. */
	if (dev->flags & IFF_LOOPBACK || romon_dev_is_kind(dev, "ifb"))
		return ROMON_PORT_STATE_LOOPBACK;
	if (dev->type != ARPHRD_ETHER || dev->addr_len != ETH_ALEN ||
	    romon_dev_is_ip_only(dev))
		return ROMON_PORT_STATE_NOT_ETHERNET;
	if (romon_dev_is_master_rtnl(dev))
		return ROMON_PORT_STATE_MASTER;
	if (!romon_rx_before_master() && romon_dev_is_member_rtnl(dev))
		return ROMON_PORT_STATE_MEMBER;
	return ROMON_PORT_STATE_RUNNING;
}

/* Whether a device has a MAC that could be this router's ID. */
bool romon_dev_is_ethernet_rtnl(struct net_device *dev)
{
	enum romon_port_state kind = romon_dev_kind_rtnl(dev);

	return kind == ROMON_PORT_STATE_RUNNING ||
	       kind == ROMON_PORT_STATE_MEMBER;
}

static bool romon_dev_has_macsec_rtnl(struct net_device *dev)
{
	struct net_device *upper;
	struct list_head *iter;

	netdev_for_each_upper_dev_rcu(dev, upper, iter)
		if (netif_is_macsec(upper))
			return true;
	return false;
}

/* Whether a bridge takes nothing from the device but of who has logged in. */
static bool romon_dev_is_locked_rtnl(const struct net_device *dev)
{
	bool locked = false;
#if IS_ENABLED(CONFIG_BRIDGE)
	bool (*is_set)(const struct net_device *dev, unsigned long flag);

	if (!netif_is_bridge_port(dev))
		return false;
	/* That there are bridges is no reason for this module to need them. */
	is_set = symbol_get(br_port_flag_is_set);
	if (!is_set)
		return false;
	locked = is_set(dev, BR_PORT_LOCKED);
	symbol_put(br_port_flag_is_set);
#endif
	return locked;
}

/* The members of a bond, team or bridge carry what is MACsec's upon that. */
static bool romon_dev_is_below_macsec_rtnl(struct net_device *dev)
{
	struct net_device *master = netdev_master_upper_dev_get(dev);

	return romon_dev_has_macsec_rtnl(dev) ||
	       (master && (netif_is_lag_master(master) ||
			   netif_is_bridge_master(master)) &&
		romon_dev_has_macsec_rtnl(master));
}

/* What a VLAN or macvlan is upon; NULL if nothing. */
static struct net_device *romon_dev_lower_rtnl(struct net_device *dev)
{
	struct net_device *lower;
	struct list_head *iter;

	netdev_for_each_lower_dev(dev, lower, iter)
		return lower;
	return NULL;
}

/**
 * romon_dev_guard_rtnl() - whether others have been told to guard a device
 * @dev:	the device
 *
 * Whoever has MACsec on a cable, or has a bridge lock a port, wants nobody on
 * it who has not shown who he is; RoMON in the clear beside that would let him
 * in. So would a VLAN beside the MACsec device, but not one upon it.
 *
 * Return: why only an entry of its own makes it a port, or
 * ROMON_PORT_STATE_RUNNING.
 */
enum romon_port_state romon_dev_guard_rtnl(struct net_device *dev)
{
	struct net_device *by = dev;

	do {
		if (romon_dev_is_below_macsec_rtnl(by))
			return ROMON_PORT_STATE_MACSEC;
		if (netif_is_macsec(by))
			break;
		by = romon_dev_lower_rtnl(by);
	} while (by);
	if (romon_dev_is_locked_rtnl(dev))
		return ROMON_PORT_STATE_LOCKED;
	return ROMON_PORT_STATE_RUNNING;
}

/*
 * A device has its carrier before linkwatch lets anything leave by it, and drops
 * what is sent until then: addrconf_link_ready() waits for the same. The event
 * is NETDEV_CHANGE.
 */
bool romon_dev_is_up(const struct net_device *dev)
{
	return netif_running(dev) && netif_carrier_ok(dev) &&
	       !qdisc_tx_is_noop(dev);
}

static int romon_dev_event(struct notifier_block *nb, unsigned long event,
			   void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	const struct netdev_notifier_changeupper_info *upper = ptr;
	struct romon_net *rn = romon_net(dev_net(dev));
	u8 cmd = ROMON_CMD_PORT_CHANGE_NTF;
	bool gone;

	switch (event) {
	case NETDEV_PRE_UP:
		/* It may have got other names while it was down. */
		romon_entry_refresh_rtnl(rn, NULL);
		return NOTIFY_DONE;
	case NETDEV_REGISTER:
		cmd = ROMON_CMD_PORT_ADD_NTF;
		break;
	case NETDEV_UNREGISTER:
		cmd = ROMON_CMD_PORT_DEL_NTF;
		break;
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
	case NETDEV_CHANGENAME:
	case NETDEV_CHANGEADDR:
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGEUPPER:
	case NETDEV_PRE_TYPE_CHANGE:
	case NETDEV_POST_TYPE_CHANGE:
		break;
	default:
		return NOTIFY_DONE;
	}

	/* One that leaves has lost its names; its entries are to hear of it. */
	if (event != NETDEV_UNREGISTER)
		romon_entry_refresh_rtnl(rn, dev);
	/* A device that has come may be the first to take an ID from. */
	if (event == NETDEV_REGISTER)
		romon_net_refresh_self(rn);
	/* Before its type changes, a device is left as what it still is. */
	gone = event == NETDEV_UNREGISTER || event == NETDEV_PRE_TYPE_CHANGE;
	if (romon_port_sync(rn, dev, gone, cmd))
		net_warn_ratelimited("romon: no port for %s: max-ports or memory\n",
				     dev->name);
	/* It guards what is below it, and what is beside it there. */
	if (event == NETDEV_CHANGEUPPER && netif_is_macsec(upper->upper_dev))
		romon_port_sync_all(rn);
	return NOTIFY_DONE;
}

/*
 * A bridge is about to change a flag of a port, and holds a spinlock. Those who
 * set it with bridge(8) get no other event; those who do with ip(8) do.
 */
static int romon_dev_switchdev_event(struct notifier_block *nb,
				     unsigned long event, void *ptr)
{
	const struct switchdev_notifier_port_attr_info *info = ptr;
	struct net_device *dev = switchdev_notifier_info_to_dev(ptr);

	if (event == SWITCHDEV_PORT_ATTR_SET &&
	    info->attr->id == SWITCHDEV_ATTR_ID_PORT_PRE_BRIDGE_FLAGS &&
	    info->attr->u.brport_flags.mask & BR_PORT_LOCKED)
		romon_port_review(romon_net(dev_net(dev)));
	return NOTIFY_DONE;
}

static struct notifier_block romon_dev_switchdev_notifier = {
	.notifier_call = romon_dev_switchdev_event,
};

static struct notifier_block romon_dev_notifier = {
	.notifier_call = romon_dev_event,
};

int romon_dev_init(void)
{
	int err = register_netdevice_notifier(&romon_dev_notifier);

	if (err || !IS_ENABLED(CONFIG_NET_SWITCHDEV))
		return err;
	err = register_switchdev_notifier(&romon_dev_switchdev_notifier);
	if (err)
		unregister_netdevice_notifier(&romon_dev_notifier);
	return err;
}

void romon_dev_exit(void)
{
	if (IS_ENABLED(CONFIG_NET_SWITCHDEV))
		unregister_switchdev_notifier(&romon_dev_switchdev_notifier);
	unregister_netdevice_notifier(&romon_dev_notifier);
}
