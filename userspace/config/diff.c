// SPDX-License-Identifier: GPL-2.0-only
/* What leads from one configuration to another. */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "diff.h"

static struct diff_change *diff_add(struct diff *d, int cmd,
				    const char *interface)
{
	struct diff_change *c;

	d->v = xrealloc(d->v, d->n + 1, sizeof(*d->v));
	c = &d->v[d->n++];
	memset(c, 0, sizeof(*c));
	c->cmd = cmd;
	c->interface = interface;
	return c;
}

/* The last one, unless it changes nothing. */
static void diff_settle(struct diff *d, const struct settings *s,
			const struct setting_value *is)
{
	if (!settings_diff(s, d->v[d->n - 1].set, is))
		d->n--;
}

/* What can not be done until all ports are as they shall be. */
static bool diff_is_last(size_t i, const struct setting_value *v)
{
	switch (i) {
	case CONFIG_ENABLED:
		return v->on;
	case CONFIG_SECRETS:
		return !secrets_demand_hash(v->secrets);
	default:
		return false;
	}
}

static void diff_config(struct diff *d, const struct model *want,
			const struct model *is, bool last)
{
	struct diff_change *c = diff_add(d, ROMON_CMD_CONFIG_SET, NULL);

	for (size_t i = 0; i < CONFIG_SETTINGS; i++)
		if (diff_is_last(i, &want->set[i]) == last)
			c->set[i] = want->set[i];
	diff_settle(d, &config_settings, is->set);
}

static void diff_ports(struct diff *d, const struct model *want,
		       const struct model *is, bool closed)
{
	for (size_t i = 0; i < want->n_ports; i++) {
		const struct model_port *p = &want->port[i];
		const struct model_port *old = model_port(is, p->interface);
		struct diff_change *c;

		if ((p->set[PORT_FORBID].on || p->set[PORT_DISABLED].on) !=
		    closed)
			continue;
		c = diff_add(d, old ? ROMON_CMD_PORT_SET : ROMON_CMD_PORT_ADD,
			     p->interface);
		memcpy(c->set, p->set, sizeof(p->set));
		diff_settle(d, &port_settings, old ? old->set : NULL);
	}
}

/*
 * Settings first: one request, all or nothing, and what is most likely to be
 * refused. Ports close before others open, and RoMON is enabled last and
 * disabled first, so that no port is open in between that is not at the end. So
 * too secrets of the router that let frames in without any: ports that have
 * their own must have them by then.
 */
void diff_make(struct diff *d, const struct model *want, const struct model *is)
{
	memset(d, 0, sizeof(*d));
	diff_config(d, want, is, false);
	diff_ports(d, want, is, true);
	for (size_t i = 0; i < is->n_ports; i++)
		if (!model_port(want, is->port[i].interface))
			diff_add(d, ROMON_CMD_PORT_DEL, is->port[i].interface);
	diff_ports(d, want, is, false);
	diff_config(d, want, is, true);
}

void diff_free(struct diff *d)
{
	free(d->v);
	memset(d, 0, sizeof(*d));
}
