// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving up what the process that talks to others does not need. By the system
 * calls, as libcap is not everywhere.
 */

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/err.h"
#include "priv.h"

static bool priv_complain(const char *what)
{
	complain("serve: giving up rights: %s: %s", what, strerror(errno));
	return false;
}

void serve_priv_close_from(unsigned int first)
{
	long max;

#ifdef SYS_close_range
	if (!syscall(SYS_close_range, first, ~0U, 0))
		return;
#endif
	max = sysconf(_SC_OPEN_MAX);
	for (long fd = first; fd < max; fd++)
		close((int)fd);
}

/* While it is still root, which may. */
static bool priv_become(const struct serve_user *user)
{
	for (unsigned long cap = 0; !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	     cap++)
		;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return priv_complain("keepcaps");
	if (setgroups(0, NULL))
		return priv_complain("groups");
	if (setresgid(user->gid, user->gid, user->gid))
		return priv_complain("group");
	if (setresuid(user->uid, user->uid, user->uid))
		return priv_complain("user");
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	return true;
}

/* The kernel looks at each request whether its sender may make it. */
static bool priv_set_caps(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t keep = CAP_TO_MASK(CAP_NET_ADMIN);

	if (syscall(SYS_capget, &header, data))
		return priv_complain("capget");
	keep &= data[CAP_TO_INDEX(CAP_NET_ADMIN)].permitted;
	memset(data, 0, sizeof(data));
	data[CAP_TO_INDEX(CAP_NET_ADMIN)].permitted = keep;
	data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective = keep;
	if (syscall(SYS_capset, &header, data))
		return priv_complain("capset");
	return true;
}

bool serve_priv_drop(const struct serve_user *user)
{
	const struct rlimit none = { 0, 0 };

	if (!geteuid() && !priv_become(user))
		return false;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!priv_set_caps())
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return priv_complain("no new ones");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return priv_complain("dumpable");
	/* It starts nothing, and leaves no image of what it heard. */
	setrlimit(RLIMIT_NPROC, &none);
	setrlimit(RLIMIT_CORE, &none);
	if (user->name && !geteuid())
		return priv_complain("still root");
	return true;
}
