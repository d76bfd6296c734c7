// SPDX-License-Identifier: GPL-2.0-only
/* The router of a network namespace: settings, its ID, start and stop. */

#include <linux/dmi.h>
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/utsname.h>

#include "net.h"
#include "netlink/netlink.h"
#include "path/discover.h"
#include "path/local.h"
#include "path/origins.h"
#include "port/dev.h"
#include "port/port.h"
#include "topology/topology.h"

/* 1.0, a final release */
const u8 romon_version[ROMON_VERSION_LEN] = { 1, 0, 'f', 0 };

const struct romon_limits romon_limits_default = {
	.hop_limit = 64,
	.flood_window_ms = 200,
	.flood_rate = 200,
	.answer_delay_ms = 20,
	.answer_rate = 2000,
	.node_timeout_s = 60,
	.max_nodes = 16384,
	.max_edges = 65536,
	.max_origins = 1024,
	.max_ports = 1024,
	.max_endpoints = 1024,
	.queue_len = 4096,
	.hello_interval_s = 5,
	.max_neighbors = 1024,
};

/**
 * romon_net_about() - what this router says of itself
 * @rn:		the router
 * @self:	its self, or NULL for what it would be
 * @about:	the answer; its strings live as long as @self and @hostname, or,
 *		without a self, as rtnl is held
 * @hostname:	room for ROMON_IDENTITY_MAX_LEN bytes
 *
 * The initial namespace follows its host name as it changes, without a lock:
 * at worst a Discover just then is answered with half of the old one.
 */
void romon_net_about(const struct romon_net *rn, const struct romon_self *self,
		     struct romon_about *about, char *hostname)
{
	bool follow = self ? self->follow_hostname :
			     !*rn->identity && net_eq(rn->net, &init_net);

	memcpy(about->version, romon_version, sizeof(about->version));
	if (follow) {
		/* Half of an old name is bearable: see above. */
		data_race(strscpy(hostname, init_utsname()->nodename,
				  __NEW_UTS_LEN + 1));
		about->identity = hostname;
		about->identity_len = strlen(hostname);
	} else if (self) {
		about->identity = self->identity;
		about->identity_len = self->identity_len;
	} else {
		about->identity = *rn->identity ? rn->identity :
				  *rn->hostname ? rn->hostname :
				  init_utsname()->nodename;
		about->identity_len = strlen(about->identity);
	}
	if (self) {
		about->board = self->board;
		about->board_len = self->board_len;
	} else {
		about->board = *rn->board ? rn->board : rn->auto_board;
		about->board_len = strlen(about->board);
	}
}

/* The hardware, as well as it is known here. */
static void romon_net_board(char *board, size_t size)
{
	struct device_node *root;
	const char *name = NULL;

	name = dmi_get_system_info(DMI_PRODUCT_NAME);
	if (name && *name) {
		strscpy(board, name, size);
		return;
	}
	root = of_find_node_by_path("/");
	if (root && !of_property_read_string(root, "model", &name) && *name)
		strscpy(board, name, size);
	else
		strscpy(board, init_utsname()->machine, size);
	of_node_put(root);
}

static struct romon_self *romon_self_alloc(const struct romon_net *rn,
					   const u8 *id)
{
	const char *identity, *board;
	struct romon_self *self;

	ASSERT_RTNL();
	self = kzalloc_obj(*self, GFP_KERNEL_ACCOUNT);
	if (!self)
		return NULL;
	memcpy(self->id, id, ETH_ALEN);
	self->id_hash = jhash(id, ETH_ALEN, 0);
	self->follow_hostname = !*rn->identity && net_eq(rn->net, &init_net);
	identity = *rn->identity ? rn->identity : rn->hostname;
	self->identity_len = strlen(identity);
	memcpy(self->identity, identity, self->identity_len);
	board = *rn->board ? rn->board : rn->auto_board;
	self->board_len = strlen(board);
	memcpy(self->board, board, self->board_len);
	return self;
}

static const u8 *romon_net_lower(const u8 *best, const u8 *mac)
{
	if (!is_valid_ether_addr(mac))
		return best;
	return !best || memcmp(mac, best, ETH_ALEN) < 0 ? mac : best;
}

/*
 * An ID of our own: the lowest permanent MAC, whatever the devices are called
 * and in whichever order they came. Only without any, the lowest MAC of those
 * that may be ports, and at last of all: others have made it up.
 */
static bool romon_net_pick_id(struct romon_net *rn, u8 *id)
{
	const u8 *permanent = NULL, *port = NULL, *any = NULL;
	struct net_device *dev;

	ASSERT_RTNL();
	for_each_netdev(rn->net, dev) {
		if (!romon_dev_is_ethernet_rtnl(dev))
			continue;
		permanent = romon_net_lower(permanent, dev->perm_addr);
		any = romon_net_lower(any, dev->dev_addr);
		if (romon_port_may_rtnl(rn, dev))
			port = romon_net_lower(port, dev->dev_addr);
	}
	if (!any && !permanent)
		return false;
	memcpy(id, permanent ?: port ?: any, ETH_ALEN);
	return true;
}

/* Stop being a router, without forgetting any setting. */
static void romon_self_stop(struct romon_net *rn)
{
	struct romon_self *self = rtnl_dereference(rn->self);

	ASSERT_RTNL();
	if (!self)
		return;
	RCU_INIT_POINTER(rn->self, NULL);
	romon_topology_stop(rn);
	romon_port_sync_all(rn);
	romon_neigh_stop(rn);
	kfree_rcu(self, rcu);
}

/* How often it is asked again; the kernel waits for the seed by itself. */
#define ROMON_SEED_TICK		(HZ / 10 ?: 1)

#ifdef ROMON_KUNIT
static bool romon_net_unseeded;
module_param_named(unseeded, romon_net_unseeded, bool, 0600);
MODULE_PARM_DESC(unseeded, "behave as before the kernel has random numbers");
#else
#define romon_net_unseeded	false
#endif

/* Whether random numbers are such that nobody can guess them. */
static bool romon_net_has_seed(void)
{
	return rng_is_initialized() && !romon_net_unseeded;
}

/*
 * Draw what is drawn once, before there is anything that it is for. Challenges,
 * and where ports begin to count, are drawn by what runs, so by nothing that
 * has not been here.
 */
static void romon_net_seed(struct romon_net *rn)
{
	ASSERT_RTNL();
	if (rn->seeded)
		return;
	rn->seeded = true;
	romon_port_seed(rn);
	romon_origins_seed(rn);
}

/*
 * Become the router that the settings describe, or stay it, or, as long as
 * there is no device to take an ID from or there are no random numbers, none.
 */
static int romon_self_start(struct romon_net *rn)
{
	struct romon_self *self, *old = rtnl_dereference(rn->self);
	const u8 *id = rn->id;
	int err;

	ASSERT_RTNL();
	if (!old && !romon_net_has_seed()) {
		pr_info_once("romon: waiting for random numbers\n");
		queue_delayed_work(system_long_wq, &rn->seed_work, 0);
		return 0;
	}
	romon_net_seed(rn);
	if (is_zero_ether_addr(id)) {
		if (is_zero_ether_addr(rn->auto_id) &&
		    !romon_net_pick_id(rn, rn->auto_id))
			return 0;
		id = rn->auto_id;
	}
	self = romon_self_alloc(rn, id);
	if (!self)
		return -ENOMEM;

	if (old && ether_addr_equal_unaligned(old->id, id)) {
		rcu_assign_pointer(rn->self, self);
		kfree_rcu(old, rcu);
		return 0;
	}

	/* With another ID it is another router, which nobody knows yet. */
	romon_self_stop(rn);
	err = romon_topology_start(rn, id);
	if (err) {
		kfree(self);
		return err;
	}
	rcu_assign_pointer(rn->self, self);
	err = romon_port_sync_all(rn);
	if (err == -ENOMEM) {
		romon_self_stop(rn);
		return err;
	}
	return 0;
}

/* A device has come: it may be the first one to take an ID from. */
void romon_net_refresh_self(struct romon_net *rn)
{
	ASSERT_RTNL();
	if (!rn->enabled || rcu_access_pointer(rn->self))
		return;
	if (romon_self_start(rn))
		net_warn_ratelimited("romon: out of memory, RoMON does not run\n");
	else if (rcu_access_pointer(rn->self))
		romon_nl_config_ntf(rn);
}

/* Whoever waits for the seed has the kernel look for one. */
static void romon_net_seed_work(struct work_struct *work)
{
	struct romon_net *rn = container_of(to_delayed_work(work),
					    struct romon_net, seed_work);

	wait_for_random_bytes();
	if (!romon_net_has_seed()) {
		if (READ_ONCE(rn->enabled))
			queue_delayed_work(system_long_wq, &rn->seed_work,
					   ROMON_SEED_TICK);
		return;
	}
	rtnl_lock();
	romon_net_refresh_self(rn);
	rtnl_unlock();
}

static void romon_net_disable(struct romon_net *rn)
{
	ASSERT_RTNL();
	if (!rn->enabled)
		return;
	WRITE_ONCE(rn->enabled, false);
	romon_self_stop(rn);
	romon_discover_stop(rn);
	eth_zero_addr(rn->auto_id);
}

/*
 * What a namespace in which RoMON never runs can do without. Stays once it is
 * there: counters outlive a pause.
 */
static int romon_net_alloc(struct romon_net *rn)
{
	ASSERT_RTNL();
	if (!rn->table)
		rn->table = kzalloc_obj(*rn->table, GFP_KERNEL);
	if (!rn->stats)
		rn->stats = romon_stats_alloc();
	return rn->table && rn->stats ? 0 : -ENOMEM;
}

static int romon_net_enable(struct romon_net *rn)
{
	int err;

	ASSERT_RTNL();
	err = romon_net_alloc(rn);
	if (err)
		return err;
	romon_topology_charge(rn);
	err = romon_discover_start(rn);
	if (err)
		return err;
	WRITE_ONCE(rn->enabled, true);
	rn->enabled_at = get_jiffies_64();
	err = romon_self_start(rn);
	if (err)
		romon_net_disable(rn);
	return err;
}

void romon_net_config(const struct romon_net *rn, struct romon_config *config)
{
	ASSERT_RTNL();
	config->enabled = rn->enabled;
	memcpy(config->id, rn->id, ETH_ALEN);
	strscpy(config->identity, rn->identity, sizeof(config->identity));
	strscpy(config->board, rn->board, sizeof(config->board));
	config->limits = rn->limits;
}

static void romon_net_take(struct romon_net *rn,
			   const struct romon_config *config)
{
	struct romon_limits *l = &rn->limits;

	memcpy(rn->id, config->id, ETH_ALEN);
	strscpy(rn->identity, config->identity, sizeof(rn->identity));
	strscpy(rn->board, config->board, sizeof(rn->board));
	WRITE_ONCE(l->hop_limit, config->limits.hop_limit);
	WRITE_ONCE(l->flood_window_ms, config->limits.flood_window_ms);
	WRITE_ONCE(l->flood_rate, config->limits.flood_rate);
	WRITE_ONCE(l->answer_delay_ms, config->limits.answer_delay_ms);
	WRITE_ONCE(l->answer_rate, config->limits.answer_rate);
	WRITE_ONCE(l->node_timeout_s, config->limits.node_timeout_s);
	WRITE_ONCE(l->max_nodes, config->limits.max_nodes);
	WRITE_ONCE(l->max_edges, config->limits.max_edges);
	WRITE_ONCE(l->max_origins, config->limits.max_origins);
	WRITE_ONCE(l->max_ports, config->limits.max_ports);
	WRITE_ONCE(l->max_endpoints, config->limits.max_endpoints);
	WRITE_ONCE(l->queue_len, config->limits.queue_len);
	WRITE_ONCE(l->hello_interval_s, config->limits.hello_interval_s);
	WRITE_ONCE(l->max_neighbors, config->limits.max_neighbors);
}

/**
 * romon_net_set() - change the settings, all of them or none
 * @rn:		the router, under rtnl
 * @config:	settings as they shall be; if it succeeds, the list of secrets
 *		is the router's, else the caller frees it after a grace period
 * @extack:	for a sentence
 *
 * Return: 0 or a negative errno.
 */
int romon_net_set(struct romon_net *rn, const struct romon_config *config,
		  struct netlink_ext_ack *extack)
{
	struct romon_secrets *secrets = rtnl_dereference(rn->secrets);
	u32 n_ports = rn->n_ports;
	struct romon_config old;
	int err = 0;

	ASSERT_RTNL();
	romon_net_config(rn, &old);
	err = romon_origins_resize(rn, config->limits.max_origins);
	if (err)
		goto err_memory;

	romon_net_take(rn, config);
	/* Before the first port can run. */
	if (config->set_secrets)
		rcu_assign_pointer(rn->secrets, config->secrets);
	strscpy(rn->hostname, utsname()->nodename, sizeof(rn->hostname));
	if (!config->enabled)
		romon_net_disable(rn);
	else if (!rn->enabled)
		err = romon_net_enable(rn);
	else
		err = romon_self_start(rn);
	if (!err && old.limits.max_ports != config->limits.max_ports &&
	    romon_port_sync_all(rn) == -ENOMEM) {
		romon_port_shrink_rtnl(rn, n_ports);
		err = -ENOMEM;
	}
	if (err) {
		bool was = rn->enabled && !old.enabled;

		romon_net_take(rn, &old);
		rcu_assign_pointer(rn->secrets, secrets);
		if (was)
			romon_net_disable(rn);
		/* As another router it could not start: be the old one again. */
		if (rn->enabled && romon_self_start(rn))
			romon_net_disable(rn);
		goto err_memory;
	}
	if (old.limits.hop_limit != config->limits.hop_limit)
		romon_topology_settings_changed(rn);

	if (config->set_secrets) {
		romon_port_new_secrets_rtnl(rn);
		romon_secrets_free_rcu(secrets);
		romon_neigh_announce(rn);
	}
	return 0;

err_memory:
	NL_SET_ERR_MSG(extack, "Out of memory");
	return err;
}

int __net_init romon_net_init(struct net *net)
{
	struct romon_net *rn = romon_net(net);
	int err;

	rn->net = net;
	rn->limits = romon_limits_default;
	INIT_DELAYED_WORK(&rn->seed_work, romon_net_seed_work);
	romon_net_board(rn->auto_board, sizeof(rn->auto_board));
	err = romon_port_net_init(rn);
	if (err)
		return err;
	romon_topology_net_init(rn);
	romon_discover_net_init(rn);
	romon_neigh_net_init(rn);
	romon_local_net_init(rn);
	return 0;
}

void __net_exit romon_net_exit(struct net *net)
{
	struct romon_net *rn = romon_net(net);

	rtnl_lock();
	romon_net_disable(rn);
	rtnl_unlock();
	cancel_delayed_work_sync(&rn->seed_work);
	romon_topology_net_exit(rn);
	romon_discover_net_exit(rn);
	romon_local_net_exit(rn);
	romon_port_net_exit(rn);
	romon_secrets_free_rcu(rcu_dereference_protected(rn->secrets, true));
	kfree(rn->table);
	free_percpu(rn->stats);
}
