// SPDX-License-Identifier: GPL-2.0-only
/* RoMON: the Router Management Overlay Network. Module start and stop. */

#include <linux/module.h>

static int __init romon_init(void)
{
	return 0;
}

static void __exit romon_exit(void)
{
}

module_init(romon_init);
module_exit(romon_exit);

MODULE_DESCRIPTION("Router Management Overlay Network");
MODULE_AUTHOR("The romon developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
