// SPDX-License-Identifier: GPL-2.0-only
/* Making the kernel's configuration another. */

#include <stdio.h>

#include "apply.h"
#include "base/err.h"
#include "diff.h"

static int apply_change(const struct diff_change *c)
{
	char what[32 + ROMON_IFNAME_MAX_LEN];

	if (c->cmd == ROMON_CMD_CONFIG_SET)
		return api_config_set(c->set, "set");
	snprintf(what, sizeof(what), "port %s %s",
		 c->cmd == ROMON_CMD_PORT_ADD ? "add" :
		 c->cmd == ROMON_CMD_PORT_DEL ? "del" : "set", c->interface);
	return api_port_change(c->cmd, c->interface, c->set, what);
}

static int apply(const struct model *want, const struct model *is)
{
	struct diff diff;
	int err = 0;

	diff_make(&diff, want, is);
	for (size_t i = 0; i < diff.n && !err; i++)
		err = apply_change(&diff.v[i]);
	diff_free(&diff);
	return err;
}

int apply_model(const struct model *want, const char *what)
{
	struct model before, now;
	int status = EXIT_FAILED;

	if (model_load(&before, what)) {
		model_free(&before);
		return EXIT_FAILED;
	}
	if (!apply(want, &before)) {
		status = EXIT_DONE;
	} else {
		if (model_load(&now, what) || apply(&before, &now))
			complain("%s: failed, and half of it is done", what);
		else
			complain("%s: failed, all is as it was", what);
		model_free(&now);
	}
	model_free(&before);
	return status;
}
