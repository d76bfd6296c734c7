// SPDX-License-Identifier: GPL-2.0-only
/* The configuration as lines of set and port. */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "keys.h"
#include "lines.h"
#include "parse/script.h"

/* The wildcard entry refuses what it can not be, even a no. */
static bool lines_tell(const struct model_port *p, size_t i)
{
	const struct setting_value *v = &p->set[i];

	switch (port_settings.v[i].type) {
	case SETTING_TEXT:
		return *v->text;
	case SETTING_SECRETS:
		return v->secrets && v->secrets->n;
	default:
		return i != PORT_DISABLED || v->on ||
		       strcmp(p->interface, MODEL_ALL);
	}
}

static void lines_print_port(FILE *f, const struct model_port *p)
{
	/* The kernel lets a device be called anything but for blanks. */
	char *name = text_quote(p->interface);

	fprintf(f, "port %s %s", strcmp(p->interface, MODEL_ALL) ? "add" :
		"set", name);
	free(name);
	for (size_t i = 0; i < PORT_SETTINGS; i++)
		if (lines_tell(p, i))
			keys_print(f, &port_settings.v[i], &p->set[i]);
	fputc('\n', f);
}

static void lines_print_setting(FILE *f, const struct model *m, size_t i)
{
	if (!m->set[i].given)
		return;
	fputs("set", f);
	keys_print(f, &config_settings.v[i], &m->set[i]);
	fputc('\n', f);
}

/* RoMON is enabled last, when every port is as it should be. */
void lines_print(FILE *f, const struct model *m)
{
	bool enabled = m->set[CONFIG_ENABLED].on;

	fputs(SCRIPT_FIRST "\n", f);
	if (!enabled)
		lines_print_setting(f, m, CONFIG_ENABLED);
	for (size_t i = 0; i < CONFIG_SETTINGS; i++)
		if (i != CONFIG_ENABLED)
			lines_print_setting(f, m, i);
	for (size_t i = 0; i < m->n_ports; i++)
		lines_print_port(f, &m->port[i]);
	if (enabled)
		lines_print_setting(f, m, CONFIG_ENABLED);
	fputs(SCRIPT_LAST "\n", f);
}

static void lines_place(struct setting_value *v, size_t n,
			const struct setting_place *place)
{
	for (size_t i = 0; i < n; i++)
		v[i].place = *place;
}

/* What an earlier file has said of a port a later one may say more of. */
static bool lines_may_add(const struct model_port *p, const char *file)
{
	return !p || p->file != file;
}

static bool lines_take_port(struct model *m, struct args *args,
			    const struct setting_place *place)
{
	struct setting_value set[PORT_SETTINGS];
	bool add, all, ok = false;
	const char *interface;
	struct model_port *p;

	add = args_take(args, "add");
	if (!add && !args_take(args, "set")) {
		complain("restore: port add or port set, nothing else of port");
		return false;
	}
	interface = keys_parse_dev(args, "port");
	if (!interface || !keys_parse(args, "port", &port_settings, set))
		return false;
	all = !strcmp(interface, MODEL_ALL);
	p = model_port(m, interface);
	if (add && (all || !lines_may_add(p, place->file)))
		complain("port add: %s: there is an entry already", interface);
	else if (!p && !add && !all)
		complain("port set: %s: no such entry", interface);
	else
		ok = true;
	if (ok && !p) {
		p = model_add(m, interface);
		p->file = place->file;
		lines_place(p->set, PORT_SETTINGS, place);
	}
	lines_place(set, PORT_SETTINGS, place);
	if (ok)
		settings_merge(&port_settings, p->set, set);
	settings_free(&port_settings, set);
	return ok;
}

/* Later lines win, as they would if they were run. */
static bool lines_take(struct model *m, struct args *args,
		       const struct setting_place *place)
{
	struct setting_value set[CONFIG_SETTINGS];

	if (args_take(args, "set")) {
		if (!keys_parse(args, "set", &config_settings, set))
			return false;
		lines_place(set, CONFIG_SETTINGS, place);
		settings_merge(&config_settings, m->set, set);
		return true;
	}
	if (args_take(args, "port"))
		return lines_take_port(m, args, place);
	complain("restore: only set and port, as save writes them, not %s",
		 args_peek(args));
	return false;
}

/*
 * What is cut off asks for less than was meant, and nothing at all would open
 * every port.
 */
static bool lines_whole(const struct script *s, bool any)
{
	if (s->cut)
		complain("restore: %s: it ends before its end: there is no %s as its last line",
			 s->name, SCRIPT_LAST);
	else if (!any)
		complain("restore: %s: there is no command in it", s->name);
	return any && !s->cut;
}

int lines_add(struct model *m, const char *file)
{
	struct setting_place place = { NULL };
	int more, status = EXIT_DONE;
	struct script script;
	struct args args;

	if (!script_open(&script, "restore", file))
		return EXIT_FAILED;
	place.file = model_file(m, script.name);
	while (status == EXIT_DONE && (more = script_next(&script, &args))) {
		place.line = script.number;
		if (more < 0)
			status = script_status(&script);
		else if (!lines_take(m, &args, &place))
			status = EXIT_USAGE;
	}
	if (status == EXIT_DONE && !lines_whole(&script, place.line))
		status = EXIT_USAGE;
	script_close(&script);
	if (status == EXIT_DONE && strcmp(file, "-") &&
	    model_has_secrets(m, place.file))
		secrets_complain_readable("restore", file);
	return status;
}

/* Files that do not speak of the wildcard entry leave it as new. */
void lines_end(struct model *m)
{
	if (!model_port(m, MODEL_ALL))
		model_add(m, MODEL_ALL);
}

int lines_read(struct model *m, const char *file)
{
	int status;

	memset(m, 0, sizeof(*m));
	status = lines_add(m, file);
	lines_end(m);
	return status;
}
