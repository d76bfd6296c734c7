// SPDX-License-Identifier: GPL-2.0-only
/* save, restore: the configuration as commands. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "cmd.h"
#include "parse/script.h"
#include "settings.h"

#define COST_DEFAULT	100

/* One router's configuration, all strings its own. */
struct conf {
	struct api_config_change config;
	struct conf_port {
		char interface[ROMON_IFNAME_MAX_LEN + 1];
		uint64_t cost;
		bool forbid, disabled;
		char *comment;
		struct secrets *secrets;	/* NULL for none */
	} *port;
	size_t n_ports;
};

static void conf_free(struct conf *c)
{
	free((char *)c->config.identity);
	free((char *)c->config.board);
	secrets_free(c->config.secrets);
	for (size_t i = 0; i < c->n_ports; i++) {
		free(c->port[i].comment);
		secrets_free(c->port[i].secrets);
	}
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

/* Takes them over. Complains of those that are not told. */
static bool conf_take_secrets(struct secrets **to, struct secrets **from,
			      uint32_t count, const char *what)
{
	if ((*from ? (*from)->n : 0) != count) {
		complain("%s: there are secrets, which only CAP_NET_ADMIN is told (be root)",
			 what);
		return false;
	}
	*to = *from;
	*from = NULL;
	return true;
}

/* What the kernel has now. */
static int conf_load(struct conf *c, const char *what)
{
	bool ok;

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
	ok = conf_take_secrets(&c->config.secrets, &config.secrets,
			       config.secrets_count, what);
	/* A module that knows of secrets but has none: that is told too. */
	if (ok && config.has_secrets_count && !c->config.secrets)
		c->config.secrets = secrets_new();
	api_config_free(&config);
	if (!ok)
		return -1;

	if (api_port_dump(&ports)) {
		api_ports_free(&ports);
		return -1;
	}
	for (size_t i = 0; ok && i < ports.n; i++) {
		struct api_port *from = &ports.v[i];
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
		ok = conf_take_secrets(&p->secrets, &from->secrets,
				       from->secrets_count, what);
	}
	api_ports_free(&ports);
	return ok ? 0 : -1;
}

static bool conf_has_secrets(const struct conf *c)
{
	if (c->config.secrets && c->config.secrets->n)
		return true;
	for (size_t i = 0; i < c->n_ports; i++)
		if (c->port[i].secrets)
			return true;
	return false;
}

static void save_string(FILE *f, const char *key, const char *value)
{
	char *quoted = text_quote(*value ? value : "auto");

	fprintf(f, "set %s %s\n", key, quoted);
	free(quoted);
}

/* Between double quotes a \\ is two; other quotes are not in such a list. */
static void save_secrets(FILE *f, const struct secrets *secrets)
{
	char text[SECRETS_TEXT_MAX];
	const char *p;

	secrets_text(text, secrets);
	if (!strcmp(text, "none")) {
		fputs(" secrets none", f);
		return;
	}
	fputs(" secrets \"", f);
	for (p = text; *p; p++) {
		if (*p == '\\')
			fputc('\\', f);
		fputc(*p, f);
	}
	fputc('"', f);
	explicit_bzero(text, sizeof(text));
}

static void save_port(FILE *f, const struct conf_port *p)
{
	bool all = !strcmp(p->interface, "all");

	fprintf(f, "port %s %s cost %" PRIu64 " forbid %s",
		all ? "set" : "add", p->interface, p->cost,
		p->forbid ? "on" : "off");
	if (!all || p->disabled)
		fprintf(f, " disabled %s", p->disabled ? "on" : "off");
	if (p->secrets)
		save_secrets(f, p->secrets);
	if (*p->comment) {
		char *quoted = text_quote(p->comment);

		fprintf(f, " comment %s", quoted);
		free(quoted);
	}
	fputc('\n', f);
}

/* RoMON is enabled last, when every port is as it should be. */
static void save_print(FILE *f, const struct conf *c)
{
	char id[ID_STRLEN];

	if (!c->config.enabled)
		fputs("set enabled off\n", f);
	fprintf(f, "set id %s\n", id_is_zero(c->config.id) ? "auto" :
		id_str(id, c->config.id));
	save_string(f, "identity", c->config.identity);
	save_string(f, "board", c->config.board);
	for (size_t i = 0; i < API_LIMITS; i++)
		if (c->config.has_limit[i])
			fprintf(f, "set %s %" PRIu64 "\n", api_limits[i].name,
				c->config.limit[i]);
	if (c->config.secrets) {
		fputs("set", f);
		save_secrets(f, c->config.secrets);
		fputc('\n', f);
	}
	for (size_t i = 0; i < c->n_ports; i++)
		save_port(f, &c->port[i]);
	if (c->config.enabled)
		fputs("set enabled on\n", f);
}

/* A file that the shell has made for >, before a secret is in it. */
static void save_protect(int fd)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0077))
		return;
	if (st.st_uid != geteuid() || fchmod(fd, st.st_mode & 0700))
		complain("save: others can read the secrets in this file (try: romon save FILE)");
}

static int save_stdout(const struct conf *c)
{
	if (conf_has_secrets(c))
		save_protect(STDOUT_FILENO);
	save_print(stdout, c);
	return EXIT_DONE;
}

/* What is renamed is lost if the power is, unless it is on the disk. */
static bool save_write(const struct conf *c, int fd)
{
	char buf[4096];
	FILE *f = fdopen(fd, "w");
	bool ok;

	if (!f) {
		close(fd);
		return false;
	}
	setvbuf(f, buf, _IOFBF, sizeof(buf));
	save_print(f, c);
	ok = !fflush(f) && !ferror(f) && !fsync(fd);
	ok = !fclose(f) && ok;
	explicit_bzero(buf, sizeof(buf));
	return ok;
}

/* All of the file or nothing, and from the beginning for its owner only. */
static int save_file(const struct conf *c, const char *file)
{
	char *target = realpath(file, NULL), *temp;
	struct stat st;
	int fd, err = 0;

	if (!target)
		target = xstrdup(file);
	if (!stat(target, &st) && !S_ISREG(st.st_mode)) {
		complain("save: %s: not a regular file", file);
		free(target);
		return EXIT_FAILED;
	}
	if (asprintf(&temp, "%s.XXXXXX", target) < 0)
		die_no_memory();
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		err = errno;
	} else if (!save_write(c, fd) || rename(temp, target)) {
		err = errno;
		unlink(temp);
	}
	if (err)
		complain("save: %s: %s", file, strerror(err));
	free(temp);
	free(target);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int save_run(struct args *args)
{
	const char *file = args_next(args);
	int status = EXIT_FAILED;
	struct conf c;

	if (!args_end(args, "save"))
		return EXIT_USAGE;
	if (!conf_load(&c, "save"))
		status = file && strcmp(file, "-") ? save_file(&c, file) :
			 save_stdout(&c);
	conf_free(&c);
	return status;
}

const struct cmd cmd_save = {
	.name = "save",
	.run = save_run,
	.help =
	"romon save [FILE]\n"
	"\n"
	"The configuration, as commands that restore reads, and -b too. With its\n"
	"secrets: so FILE, which is replaced as a whole, has mode 0600, and if\n"
	"standard output is a file nobody else may read it any more.\n",
};

/* Later lines win, as they would if they were run. Takes the secrets over. */
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
	if (from->secrets) {
		secrets_free(to->secrets);
		to->secrets = from->secrets;
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
		secrets_free(change.secrets);
		return false;
	}
	if (!p && !add && strcmp(change.interface, "all")) {
		complain("port set: %s: no such entry", change.interface);
		secrets_free(change.secrets);
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
	if (change.secrets) {
		secrets_free(p->secrets);
		p->secrets = change.secrets;
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
	int more, status = EXIT_DONE;
	struct script script;
	struct args args;

	memset(c, 0, sizeof(*c));
	if (!script_open(&script, "restore", file))
		return EXIT_FAILED;
	while (status == EXIT_DONE && (more = script_next(&script, &args))) {
		if (more < 0)
			status = script_status(&script);
		else if (!restore_line(c, &args))
			status = EXIT_USAGE;
	}
	script_close(&script);
	if (status == EXIT_DONE && strcmp(file, "-") && conf_has_secrets(c))
		secrets_complain_readable("restore", file);
	/* A file that does not speak of the wildcard entry leaves it as new. */
	if (!conf_find(c, "all"))
		conf_add(c, "all");
	return status;
}

static bool conf_port_closed(const struct conf_port *p)
{
	return p->forbid || p->disabled;
}

static bool conf_port_same(const struct conf_port *a, const struct conf_port *b)
{
	return a->cost == b->cost && a->forbid == b->forbid &&
	       a->disabled == b->disabled && !strcmp(a->comment, b->comment) &&
	       secrets_same(a->secrets, b->secrets);
}

static int apply_port(const struct conf_port *want, const struct conf_port *is)
{
	static struct secrets none;
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
	if (!secrets_same(is ? is->secrets : NULL, want->secrets))
		change.secrets = want->secrets ? want->secrets : &none;
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
	if (want->secrets && secrets_same(want->secrets, is->secrets))
		want->secrets = NULL;
	any = want->has_enabled || want->has_id || want->identity ||
	      want->board || want->secrets;
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
 * disabled first, so that no port is open in between that is not at the end. So
 * too secrets of the router that let frames in without any: ports that have
 * their own must have them by then.
 */
static int conf_apply(const struct conf *want, const struct conf *is)
{
	struct api_config_change config = want->config;
	struct api_config_change last = { 0 };

	if (config.has_enabled && config.enabled) {
		last.has_enabled = true;
		last.enabled = true;
		config.has_enabled = false;
	}
	if (config.secrets && !secrets_demand_hash(config.secrets)) {
		last.secrets = config.secrets;
		config.secrets = NULL;
	}
	if (conf_diff(&config, &is->config) && api_config_set(&config, "set"))
		return -1;
	if (apply_ports(want, is, true) || apply_deletes(want, is) ||
	    apply_ports(want, is, false))
		return -1;
	if (!conf_diff(&last, &is->config))
		return 0;
	return api_config_set(&last, "set");
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
	if (!conf_load(&before, "restore")) {
		if (!conf_apply(&want, &before)) {
			status = EXIT_DONE;
		} else {
			if (conf_load(&now, "restore") ||
			    conf_apply(&before, &now))
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
