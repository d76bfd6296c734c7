// SPDX-License-Identifier: GPL-2.0-only
/*
 * For vm/modules, to see which warnings a build gives: what the compiler shall
 * find, and what sparse shall, among the headers that romon uses, and what shall
 * not link.
 */

#include <linux/etherdevice.h>
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/netns/generic.h>

/* For W=1: nobody has declared it. */
__be16 flawed(void)
{
	/* For sparse: a number is no big-endian one. */
	return 1;
}

#ifdef FLAWED_LINK
/* For modpost: no kernel exports it. */
void flawed_nowhere(void);

void flawed_call(void)
{
	flawed_nowhere();
}
#endif

MODULE_DESCRIPTION("What is wrong shall be found");
MODULE_LICENSE("GPL");
