// SPDX-License-Identifier: GPL-2.0-only
/* RoMON: the Router Management Overlay Network. Module start and stop. */

#include <linux/module.h>
#include <net/genetlink.h>
#include <net/netns/generic.h>

#include "net.h"
#include "netlink/netlink.h"
#include "path/auth.h"
#include "path/local.h"
#include "port/dev.h"

static unsigned int romon_net_id;

struct romon_net *romon_net(struct net *net)
{
	return net_generic(net, romon_net_id);
}

static struct pernet_operations romon_net_ops = {
	.init = romon_net_init,
	.exit = romon_net_exit,
	.id = &romon_net_id,
	.size = sizeof(struct romon_net),
};

/*
 * State before devices, devices before requests: a device notifier finds the
 * router of its namespace, a request finds the ports. romon_exit() is the
 * exact reverse.
 */
static int __init romon_init(void)
{
	int err;

	romon_auth_init();
	err = register_pernet_subsys(&romon_net_ops);
	if (err)
		goto err_auth;
	err = romon_dev_init();
	if (err)
		goto err_pernet;
	err = romon_local_init();
	if (err)
		goto err_dev;
	err = romon_nl_init();
	if (err)
		goto err_local;
	return 0;

err_local:
	romon_local_exit();
err_dev:
	romon_dev_exit();
err_pernet:
	unregister_pernet_subsys(&romon_net_ops);
err_auth:
	romon_auth_exit();
	return err;
}

static void __exit romon_exit(void)
{
	romon_nl_exit();
	romon_local_exit();
	romon_dev_exit();
	unregister_pernet_subsys(&romon_net_ops);
	romon_auth_exit();
}

module_init(romon_init);
module_exit(romon_exit);

MODULE_DESCRIPTION("Router Management Overlay Network");
MODULE_AUTHOR("The romon developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
MODULE_ALIAS_GENL_FAMILY(ROMON_FAMILY_NAME);
