// SPDX-License-Identifier: GPL-2.0-only
/* Becoming who has no rights, as the process does that talks to others. */

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/err.h"
#include "priv.h"

static bool priv_complain(const char *what)
{
	complain("serve: giving up rights: %s: %s", what, strerror(errno));
	return false;
}

bool serve_priv_become(const struct serve_user *user)
{
	confine_bounds();
	if (geteuid())
		return true;
	if (setgroups(0, NULL))
		return priv_complain("groups");
	if (setresgid(user->gid, user->gid, user->gid))
		return priv_complain("group");
	if (setresuid(user->uid, user->uid, user->uid))
		return priv_complain("user");
	if (user->name && !geteuid())
		return priv_complain("still root");
	return true;
}

/* To the effective user and groups, and back. */
static bool priv_switch(uid_t uid, gid_t gid, size_t n, const gid_t *groups)
{
	/* Root first, who may change the others; or last. */
	if (!uid && seteuid(0))
		return false;
	return !setgroups(n, groups) && !setegid(gid) && !seteuid(uid);
}

int serve_priv_as(const struct serve_user *user, int (*fn)(const void *arg),
		  const void *arg)
{
	gid_t own = getegid(), groups[NGROUPS_MAX];
	int n, result;

	if (geteuid() || !user->name)
		return fn(arg);
	n = getgroups(NGROUPS_MAX, groups);
	if (n < 0)
		return -errno;
	result = priv_switch(user->uid, user->gid, 0, NULL) ? fn(arg) : -errno;
	/* Who is not root any more could start nothing as another user. */
	if (!priv_switch(0, own, (size_t)n, groups)) {
		priv_complain("and having them back");
		_exit(EXIT_FAILED);
	}
	return result;
}
