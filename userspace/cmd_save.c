// SPDX-License-Identifier: GPL-2.0-only
/* save, restore: the configuration as commands. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "settings.h"
#include "text.h"

#define COST_DEFAULT	100

/* One router's configuration, all strings its own. */
struct conf {
	struct api_config_change config;
	struct conf_port {
		char interface[ROMON_IFNAME_MAX_LEN + 1];
		uint64_t cost;
		bool forbid, disabled;
		char *comment;
	} *port;
	size_t n_ports;
};

static void conf_free(struct conf *c)
{
	free((char *)c->config.identity);
	free((char *)c->config.board);
	for (size_t i = 0; i < c->n_ports; i++)
		free(c->port[i].comment);
	free(c->port);
	memset(c, 0, sizeof(*c));
}

static struct conf_port *conf_find(const struct conf *c, const char *interface)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (!strcmp(c->port[i].interface, interface))
			return &c->port[i];
	return NULL;
}

static struct conf_port *conf_add(struct conf *c, const char *interface)
{
	struct conf_port *p;

	c->port = xrealloc(c->port, c->n_ports + 1, sizeof(*p));
	p = &c->port[c->n_ports++];
	memset(p, 0, sizeof(*p));
	snprintf(p->interface, sizeof(p->interface), "%s", interface);
	p->cost = COST_DEFAULT;
	p->comment = xstrdup("");
	return p;
}

/* What the kernel has now. */
static int conf_load(struct conf *c)
{
	struct api_config config;
	struct api_ports ports;

	memset(c, 0, sizeof(*c));
	if (api_config_get(&config))
		return -1;
	c->config.has_enabled = true;
	c->config.enabled = config.enabled;
	c->config.has_id = true;
	memcpy(c->config.id, config.id, API_ID_LEN);
	c->config.identity = xstrdup(config.identity_auto || !config.identity ?
				     "" : config.identity);
	c->config.board = xstrdup(config.board_auto || !config.board ?
				  "" : config.board);
	memcpy(c->config.has_limit, config.has_limit, sizeof(config.has_limit));
	memcpy(c->config.limit, config.limit, sizeof(config.limit));
	api_config_free(&config);

	if (api_port_dump(&ports)) {
		api_ports_free(&ports);
		return -1;
	}
	for (size_t i = 0; i < ports.n; i++) {
		const struct api_port *from = &ports.v[i];
		struct conf_port *p;

		if (from->dynamic)
			continue;
		p = conf_add(c, from->interface);
		p->cost = from->cost;
		p->forbid = from->forbid;
		p->disabled = from->disabled;
		if (from->comment) {
			free(p->comment);
			p->comment = xstrdup(from->comment);
		}
	}
	api_ports_free(&ports);
	return 0;
}

static void save_string(const char *key, const char *value)
{
	char *quoted = text_quote(*value ? value : "auto");

	printf("set %s %s\n", key, quoted);
	free(quoted);
}

static void save_port(const struct conf_port *p)
{
	bool all = !strcmp(p->interface, "all");

	printf("port %s %s cost %" PRIu64 " forbid %s", all ? "set" : "add",
	       p->interface, p->cost, p->forbid ? "on" : "off");
	if (!all || p->disabled)
		printf(" disabled %s", p->disabled ? "on" : "off");
	if (*p->comment) {
		char *quoted = text_quote(p->comment);

		printf(" comment %s", quoted);
		free(quoted);
	}
	putchar('\n');
}

/* RoMON is enabled last, when every port is as it should be. */
static int save_run(struct args *args)
{
	char id[ID_STRLEN];
	struct conf c;

	if (!args_end(args, "save"))
		return EXIT_USAGE;
	if (conf_load(&c)) {
		conf_free(&c);
		return EXIT_FAILED;
	}
	if (!c.config.enabled)
		puts("set enabled off");
	printf("set id %s\n", id_is_zero(c.config.id) ? "auto" :
	       id_str(id, c.config.id));
	save_string("identity", c.config.identity);
	save_string("board", c.config.board);
	for (size_t i = 0; i < API_LIMITS; i++)
		if (c.config.has_limit[i])
			printf("set %s %" PRIu64 "\n", api_limits[i].name,
			       c.config.limit[i]);
	for (size_t i = 0; i < c.n_ports; i++)
		save_port(&c.port[i]);
	if (c.config.enabled)
		puts("set enabled on");
	conf_free(&c);
	return EXIT_DONE;
}

const struct cmd cmd_save = {
	.name = "save",
	.run = save_run,
	.help =
	"romon save\n"
	"\n"
	"The configuration, as commands that restore reads, and -b too.\n",
};

/* Later lines win, as they would if they were run. */
static void conf_merge(struct api_config_change *to,
		       const struct api_config_change *from)
{
	if (from->has_enabled) {
		to->has_enabled = true;
		to->enabled = from->enabled;
	}
	if (from->has_id) {
		to->has_id = true;
		memcpy(to->id, from->id, API_ID_LEN);
	}
	if (from->identity) {
		free((char *)to->identity);
		to->identity = xstrdup(from->identity);
	}
	if (from->board) {
		free((char *)to->board);
		to->board = xstrdup(from->board);
	}
	for (size_t i = 0; i < API_LIMITS; i++) {
		if (!from->has_limit[i])
			continue;
		to->has_limit[i] = true;
		to->limit[i] = from->limit[i];
	}
}

static bool restore_port(struct conf *c, struct args *args)
{
	struct api_port_change change = { 0 };
	struct conf_port *p;
	bool add;

	add = args_take(args, "add");
	if (!add && !args_take(args, "set")) {
		complain("restore: port add or port set, nothing else of port");
		return false;
	}
	change.interface = settings_parse_dev(args, "port");
	if (!change.interface || !settings_parse_port(args, "port", &change))
		return false;
	p = conf_find(c, change.interface);
	if (add && (p || !strcmp(change.interface, "all"))) {
		complain("port add: %s: there is an entry already",
			 change.interface);
		return false;
	}
	if (!p && !add && strcmp(change.interface, "all")) {
		complain("port set: %s: no such entry", change.interface);
		return false;
	}
	if (!p)
		p = conf_add(c, change.interface);
	if (change.has_cost)
		p->cost = change.cost;
	if (change.has_forbid)
		p->forbid = change.forbid;
	if (change.has_disabled)
		p->disabled = change.disabled;
	if (change.comment) {
		free(p->comment);
		p->comment = xstrdup(change.comment);
	}
	return true;
}

static bool restore_line(struct conf *c, struct args *args)
{
	struct api_config_change change;

	if (args_take(args, "set")) {
		if (!settings_parse_config(args, "set", &change))
			return false;
		conf_merge(&c->config, &change);
		return true;
	}
	if (args_take(args, "port"))
		return restore_port(c, args);
	complain("restore: only set and port, as save writes them, not %s",
		 args_peek(args));
	return false;
}

/* All of the file, before anything is done. */
static int restore_read(struct conf *c, const char *file)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "r") : stdin;
	const char *name = f == stdin ? "standard input" : file;
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	bool ok = true;

	memset(c, 0, sizeof(*c));
	if (!f) {
		complain("restore: %s: %s", file, strerror(errno));
		return EXIT_FAILED;
	}
	while (ok && (len = getline(&line, &size, f)) >= 0) {
		struct words words = { 0 };
		struct args args;
		const char *wrong;

		err_set_place(name, ++number);
		wrong = strlen(line) != (size_t)len ? "zero byte" :
			words_split(&words, line);
		args.word = words.word;
		args.n = words.n;
		if (wrong) {
			complain("restore: %s", wrong);
			ok = false;
		} else if (words.n) {
			ok = restore_line(c, &args);
		}
		words_free(&words);
	}
	err_set_place(NULL, 0);
	if (ok && ferror(f)) {
		complain("restore: %s: %s", name, strerror(errno));
		ok = false;
	}
	free(line);
	if (f != stdin)
		fclose(f);
	/* A file that does not speak of the wildcard entry leaves it as new. */
	if (ok && !conf_find(c, "all"))
		conf_add(c, "all");
	return ok ? EXIT_DONE : EXIT_USAGE;
}

static bool conf_port_closed(const struct conf_port *p)
{
	return p->forbid || p->disabled;
}

static bool conf_port_same(const struct conf_port *a, const struct conf_port *b)
{
	return a->cost == b->cost && a->forbid == b->forbid &&
	       a->disabled == b->disabled && !strcmp(a->comment, b->comment);
}

static int apply_port(const struct conf_port *want, const struct conf_port *is)
{
	struct api_port_change change = {
		.interface = want->interface,
		.has_cost = true, .cost = want->cost,
		.has_forbid = true, .forbid = want->forbid,
	};
	char what[32 + ROMON_IFNAME_MAX_LEN];

	/* The wildcard entry refuses what it can not be, even a no. */
	if (!is || is->disabled != want->disabled) {
		change.has_disabled = true;
		change.disabled = want->disabled;
	}
	if (!is || strcmp(is->comment, want->comment))
		change.comment = want->comment;
	snprintf(what, sizeof(what), "port %s %s", is ? "set" : "add",
		 want->interface);
	return api_port_change(is ? ROMON_CMD_PORT_SET : ROMON_CMD_PORT_ADD,
			       &change, what);
}

static int apply_ports(const struct conf *want, const struct conf *is,
		       bool closed)
{
	for (size_t i = 0; i < want->n_ports; i++) {
		const struct conf_port *p = &want->port[i];
		const struct conf_port *old = conf_find(is, p->interface);

		if (conf_port_closed(p) != closed ||
		    (old && conf_port_same(p, old)))
			continue;
		if (apply_port(p, old))
			return -1;
	}
	return 0;
}

static int apply_deletes(const struct conf *want, const struct conf *is)
{
	char what[32 + ROMON_IFNAME_MAX_LEN];

	for (size_t i = 0; i < is->n_ports; i++) {
		struct api_port_change change = {
			.interface = is->port[i].interface,
		};

		if (conf_find(want, change.interface))
			continue;
		snprintf(what, sizeof(what), "port del %s", change.interface);
		if (api_port_change(ROMON_CMD_PORT_DEL, &change, what))
			return -1;
	}
	return 0;
}

/* Leaves what differs. Returns whether anything does. */
static bool conf_diff(struct api_config_change *want,
		      const struct api_config_change *is)
{
	bool any;

	if (want->has_enabled && want->enabled == is->enabled)
		want->has_enabled = false;
	if (want->has_id && !memcmp(want->id, is->id, API_ID_LEN))
		want->has_id = false;
	if (want->identity && !strcmp(want->identity, is->identity))
		want->identity = NULL;
	if (want->board && !strcmp(want->board, is->board))
		want->board = NULL;
	any = want->has_enabled || want->has_id || want->identity ||
	      want->board;
	for (size_t i = 0; i < API_LIMITS; i++) {
		if (is->has_limit[i] && want->limit[i] == is->limit[i])
			want->has_limit[i] = false;
		any = any || want->has_limit[i];
	}
	return any;
}

/*
 * Settings first: one request, all or nothing, and what is most likely to be
 * refused. Ports close before others open, and RoMON is enabled last and
 * disabled first, so that no port is open in between that is not at the end.
 */
static int conf_apply(const struct conf *want, const struct conf *is)
{
	struct api_config_change config = want->config;
	bool enable = config.has_enabled && config.enabled;

	if (enable)
		config.has_enabled = false;
	if (conf_diff(&config, &is->config) && api_config_set(&config, "set"))
		return -1;
	if (apply_ports(want, is, true) || apply_deletes(want, is) ||
	    apply_ports(want, is, false))
		return -1;
	if (!enable || is->config.enabled)
		return 0;
	memset(&config, 0, sizeof(config));
	config.has_enabled = true;
	config.enabled = true;
	return api_config_set(&config, "set");
}

static int restore_run(struct args *args)
{
	const char *file = args_next(args);
	struct conf want, before, now;
	int status;

	if (!file) {
		complain("restore: which file? (- for standard input)");
		return EXIT_USAGE;
	}
	if (!args_end(args, "restore"))
		return EXIT_USAGE;
	status = restore_read(&want, file);
	if (status != EXIT_DONE) {
		conf_free(&want);
		return status;
	}
	status = EXIT_FAILED;
	if (!conf_load(&before)) {
		if (!conf_apply(&want, &before)) {
			status = EXIT_DONE;
		} else if (!conf_load(&now)) {
			if (conf_apply(&before, &now))
				complain("restore: failed, and half of it is done");
			else
				complain("restore: failed, all is as it was");
			conf_free(&now);
		}
	}
	conf_free(&before);
	conf_free(&want);
	return status;
}

const struct cmd cmd_restore = {
	.name = "restore",
	.run = restore_run,
	.help =
	"romon restore FILE\n"
	"\n"
	"Makes the configuration what save wrote, - for standard input: entries\n"
	"of ports that the file does not name are removed, keys that it does not\n"
	"name keep their values in set and have their defaults in port. Nothing\n"
	"is done if a line of the file can not be read; what was done is undone\n"
	"if the kernel refuses some of it.\n",
};
