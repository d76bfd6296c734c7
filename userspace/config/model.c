// SPDX-License-Identifier: GPL-2.0-only
/* One router's configuration, as a whole. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "model.h"

#define MODEL_COST	100	/* of a new entry */

void model_free(struct model *m)
{
	settings_free(&config_settings, m->set);
	for (size_t i = 0; i < m->n_ports; i++)
		settings_free(&port_settings, m->port[i].set);
	free(m->port);
	for (size_t i = 0; i < m->n_files; i++)
		free(m->file[i]);
	free(m->file);
	memset(m, 0, sizeof(*m));
}

struct model_port *model_port(const struct model *m, const char *interface)
{
	for (size_t i = 0; i < m->n_ports; i++)
		if (!strcmp(m->port[i].interface, interface))
			return &m->port[i];
	return NULL;
}

struct model_port *model_add(struct model *m, const char *interface)
{
	struct model_port *p;

	m->port = xrealloc(m->port, m->n_ports + 1, sizeof(*p));
	p = &m->port[m->n_ports++];
	memset(p, 0, sizeof(*p));
	snprintf(p->interface, sizeof(p->interface), "%s", interface);
	for (size_t i = 0; i < PORT_SETTINGS; i++) {
		p->set[i].given = true;
		if (port_settings.v[i].type == SETTING_TEXT)
			p->set[i].text = xstrdup("");
	}
	p->set[PORT_COST].number = MODEL_COST;
	return p;
}

/* Complains of secrets that there are but that are not told. */
static bool model_knows_secrets(const struct secrets *s, uint32_t count,
				const char *what)
{
	if ((s ? s->n : 0) == count)
		return true;
	complain("%s: there are secrets, which only CAP_NET_ADMIN is told (be root)",
		 what);
	return false;
}

static void model_take_name(struct setting_value *v, bool is_auto)
{
	v->given = true;
	if (!is_auto && v->text)
		return;
	free(v->text);
	v->text = xstrdup("");
}

static int model_load_config(struct model *m, const char *what)
{
	struct setting_value *set = m->set;
	struct api_config config;
	bool ok;

	if (api_config_get(&config))
		return -1;
	settings_merge(&config_settings, set, config.set);
	set[CONFIG_ENABLED].given = true;
	set[CONFIG_ID].given = true;
	model_take_name(&set[CONFIG_IDENTITY], config.identity_auto);
	model_take_name(&set[CONFIG_BOARD], config.board_auto);
	/* A module that knows of secrets but has none: that is told too. */
	set[CONFIG_SECRETS].given |= config.has_secrets_count;
	ok = model_knows_secrets(set[CONFIG_SECRETS].secrets,
				 config.secrets_count, what);
	api_config_free(&config);
	return ok ? 0 : -1;
}

int model_load(struct model *m, const char *what)
{
	struct api_ports ports;
	bool ok = true;

	memset(m, 0, sizeof(*m));
	if (model_load_config(m, what))
		return -1;
	if (api_port_dump(&ports)) {
		api_ports_free(&ports);
		return -1;
	}
	for (size_t i = 0; ok && i < ports.n; i++) {
		struct api_port *from = &ports.v[i];
		struct model_port *p;

		if (from->dynamic)
			continue;
		p = model_add(m, from->interface);
		settings_merge(&port_settings, p->set, from->set);
		ok = model_knows_secrets(p->set[PORT_SECRETS].secrets,
					 from->secrets_count, what);
	}
	api_ports_free(&ports);
	return ok ? 0 : -1;
}

static bool model_are_secrets(const struct setting_value *v, const char *file)
{
	return v->secrets && v->secrets->n &&
	       (!file || v->place.file == file);
}

bool model_has_secrets(const struct model *m, const char *file)
{
	for (size_t i = 0; i < m->n_ports; i++)
		if (model_are_secrets(&m->port[i].set[PORT_SECRETS], file))
			return true;
	return model_are_secrets(&m->set[CONFIG_SECRETS], file);
}

const char *model_file(struct model *m, const char *name)
{
	m->file = xrealloc(m->file, m->n_files + 1, sizeof(*m->file));
	m->file[m->n_files] = xstrdup(name);
	return m->file[m->n_files++];
}
