// SPDX-License-Identifier: GPL-2.0-only
/*
 * What serve offers, to whom, and how much of it: lines of
 *
 *	service PORT command|tcp|unix TARGET [KEY VALUE]...
 *	limit [KEY VALUE]...
 *	set [KEY VALUE]...
 *
 * in a file, or one of them on the command line.
 */

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/run.h"
#include "conf.h"
#include "parse/script.h"
#include "session/service.h"

/* For a small router, where a login takes some seconds of the processor. */
#define CONF_SESSIONS		32
#define CONF_PER_PEER		16
#define CONF_STARTS		5
#define CONF_STARTS_PER_PEER	10
#define CONF_KEEPALIVE_MAX	(86400 * RUN_SECOND)
#define CONF_GROUPS_MAX		65536

/* The keys of all lines of a kind, so that none is given twice. */
struct conf_keys {
	uint64_t sessions, per_peer, starts, starts_per_peer, memory;
	int64_t keepalive_ns;
	const char *user, *log;
	struct param limit[6];
	struct param set[2];
};

static void conf_keys_init(struct conf_keys *k)
{
	memset(k, 0, sizeof(*k));
	k->limit[0] = (struct param)PARAM_RANGE("sessions", &k->sessions, 1,
						SERVE_SESSIONS_MAX);
	k->limit[1] = (struct param)PARAM_RANGE("sessions-per-peer",
						&k->per_peer, 1,
						SERVE_SESSIONS_MAX);
	k->limit[2] = (struct param)PARAM_RANGE("starts", &k->starts, 1,
						SERVE_RATE_MAX);
	k->limit[3] = (struct param)PARAM_RANGE("starts-per-peer",
						&k->starts_per_peer, 1,
						SERVE_RATE_MAX);
	k->limit[4] = (struct param)PARAM("keepalive", PARAM_NS,
					  &k->keepalive_ns, 0);
	k->limit[5] = (struct param)PARAM_RANGE("memory", &k->memory, 1,
						SERVE_MEMORY_MAX);
	k->set[0] = (struct param)PARAM("user", PARAM_STRING, &k->user, 0);
	k->set[1] = (struct param)PARAM("log", PARAM_STRING, &k->log, 0);
}

static void conf_init(struct serve_conf *c)
{
	memset(c, 0, sizeof(*c));
	c->limits.sessions = CONF_SESSIONS;
	c->limits.per_peer = CONF_PER_PEER;
	c->limits.starts = CONF_STARTS;
	c->limits.starts_per_peer = CONF_STARTS_PER_PEER;
	c->limits.memory = memory_part();
}

static void conf_user_free(struct serve_user *u)
{
	free(u->name);
	free(u->home);
	free(u->shell);
	free(u->groups);
	memset(u, 0, sizeof(*u));
}

void serve_conf_free(struct serve_conf *c)
{
	for (size_t i = 0; i < c->n; i++) {
		words_free(&c->service[i].command);
		conf_user_free(&c->service[i].user);
	}
	free(c->service);
	conf_user_free(&c->user);
	memset(c, 0, sizeof(*c));
}

const struct serve_service *serve_conf_find(const struct serve_conf *c,
					    uint16_t port)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->service[i].offer.port == port)
			return &c->service[i];
	return NULL;
}

static bool conf_user_groups(struct serve_user *u)
{
	u->n_groups = 16;
	for (;;) {
		int room = u->n_groups;

		u->groups = xrealloc(u->groups, (size_t)room,
				     sizeof(*u->groups));
		if (getgrouplist(u->name, u->gid, u->groups, &u->n_groups) >= 0)
			return true;
		/* Some C libraries do not say how many there are. */
		if (u->n_groups <= room)
			u->n_groups = 2 * room;
		if (u->n_groups > CONF_GROUPS_MAX)
			return false;
	}
}

/* False if there is no such user. */
static bool conf_user_find(struct serve_user *u, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw)
		return false;
	u->name = xstrdup(pw->pw_name);
	u->home = xstrdup(pw->pw_dir);
	u->shell = xstrdup(*pw->pw_shell ? pw->pw_shell : "/bin/sh");
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	return conf_user_groups(u);
}

static bool conf_user(struct serve_user *u, const char *what, const char *name)
{
	if (!conf_user_find(u, name)) {
		complain("%s: user: no such user: %s", what, name);
		return false;
	}
	if (geteuid() && u->uid != geteuid()) {
		complain("%s: user: only root can become %s", what, name);
		return false;
	}
	return true;
}

/*
 * A user of its own if there is one; else that of whoever needs no rights,
 * where others who need none could send it signals.
 */
static void conf_user_default(struct serve_user *u)
{
	if (conf_user_find(u, "romon") && u->uid)
		return;
	conf_user_free(u);
	if (conf_user_find(u, "nobody") && u->uid)
		return;
	conf_user_free(u);
	u->name = xstrdup("65534");
	u->uid = 65534;
	u->gid = 65534;
}

static void conf_count(const struct param *p, uint32_t *to)
{
	if (p->given)
		*to = (uint32_t)*(const uint64_t *)p->to;
}

static bool conf_limit(struct serve_conf *c, struct conf_keys *k,
		       struct args *args)
{
	if (!args->n) {
		complain("serve: limit: which? (see: romon serve help)");
		return false;
	}
	if (!params_parse(args, "serve: limit", k->limit, 6))
		return false;
	conf_count(&k->limit[0], &c->limits.sessions);
	conf_count(&k->limit[1], &c->limits.per_peer);
	conf_count(&k->limit[2], &c->limits.starts);
	conf_count(&k->limit[3], &c->limits.starts_per_peer);
	if (k->limit[5].given)
		c->limits.memory = k->memory << 20;
	if (k->limit[4].given) {
		if (k->keepalive_ns < RUN_SECOND ||
		    k->keepalive_ns > CONF_KEEPALIVE_MAX) {
			complain("serve: limit: keepalive: seconds from 1 to 86400");
			return false;
		}
		c->limits.keepalive_ns = k->keepalive_ns;
	}
	return true;
}

static bool conf_set(struct serve_conf *c, struct conf_keys *k,
		     struct args *args)
{
	bool had_user = k->set[0].given, had_log = k->set[1].given;

	if (!args->n) {
		complain("serve: set: what? (see: romon serve help)");
		return false;
	}
	if (!params_parse(args, "serve: set", k->set, 2))
		return false;
	if (k->set[0].given && !had_user) {
		if (!conf_user(&c->user, "serve: set", k->user))
			return false;
		if (!c->user.uid) {
			complain("serve: set: user: not root, whose rights it shall not have");
			return false;
		}
	}
	if (k->set[1].given && !had_log) {
		if (!strcmp(k->log, "syslog")) {
			c->syslog = true;
		} else if (strcmp(k->log, "stderr")) {
			complain("serve: set: log: stderr or syslog, not %s", k->log);
			return false;
		}
	}
	return true;
}

static bool conf_allow(struct serve_offer *o, const char *what,
		       const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		char word[ID_STRLEN];

		if (o->n_allow == SERVE_ALLOW_MAX) {
			complain("%s: allow: more than %d IDs", what,
				 SERVE_ALLOW_MAX);
			return false;
		}
		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		if (len >= sizeof(word) ||
		    !parse_id(word, o->allow[o->n_allow]) ||
		    (list[len] && !list[len + 1])) {
			complain("%s: allow: IDs with commas between them, not %s",
				 what, list);
			return false;
		}
		o->n_allow++;
		list += len + (list[len] == ',');
	}
	if (!o->n_allow)
		complain("%s: allow: no ID is in it", what);
	return o->n_allow;
}

/* Says what is wrong with it, or NULL. */
static const char *conf_program(const char *path)
{
	struct stat st;

	if (*path != '/')
		return "not the whole path of a program";
	if (stat(path, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a file";
	return access(path, X_OK) ? strerror(errno) : NULL;
}

static bool conf_command(struct serve_service *s, const char *what,
			 const char *command)
{
	const char *wrong = words_split(&s->command, command);

	s->offer.kind = SERVE_COMMAND;
	if (wrong) {
		complain("%s: command: %s", what, wrong);
		return false;
	}
	if (!s->command.n) {
		complain("%s: command: empty", what);
		return false;
	}
	wrong = conf_program(s->command.word[0]);
	if (!wrong)
		return true;
	complain("%s: command: %s: %s", what, s->command.word[0], wrong);
	return false;
}

/* A name would have to be asked for each time, by who may not do so. */
static bool conf_tcp(struct serve_offer *o, const char *what,
		     const char *target)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	const char *colon = strrchr(target, ':');
	struct addrinfo *found = NULL;
	size_t len = colon ? (size_t)(colon - target) : 0;
	char host[64];
	uint64_t port;

	o->kind = SERVE_TCP;
	if (len > 2 && target[0] == '[' && target[len - 1] == ']') {
		target++;
		len -= 2;
	} else if (memchr(target, ':', len)) {
		len = 0;
	}
	snprintf(host, sizeof(host), "%.*s", (int)len, target);
	if (!len || len >= sizeof(host) ||
	    !parse_uint(colon + 1, UINT16_MAX, &port) || !port ||
	    getaddrinfo(host, colon + 1, &hints, &found)) {
		complain("%s: tcp: an address in numbers and a port, like 127.0.0.1:80 or [::1]:80",
			 what);
		return false;
	}
	memcpy(&o->addr, found->ai_addr, found->ai_addrlen);
	o->addr_len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

/* A path; with @ before it an abstract name. */
static bool conf_unix(struct serve_offer *o, const char *what,
		      const char *target)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&o->addr;
	size_t len = strlen(target);

	o->kind = SERVE_UNIX;
	if ((*target != '/' && *target != '@') || len < 2) {
		complain("%s: unix: a whole path, or @ and an abstract name, not %s",
			 what, target);
		return false;
	}
	if (len >= sizeof(un->sun_path)) {
		complain("%s: unix: longer than %zu bytes", what,
			 sizeof(un->sun_path) - 1);
		return false;
	}
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, target, len);
	o->addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (*target == '@')
		un->sun_path[0] = '\0';
	else
		o->addr_len++;
	return true;
}

/* What logs people in here: whatever there is of the usual two. */
static bool conf_sshd(struct serve_service *s, const char *what)
{
	static const char * const folders[] = {
		"/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin",
		"/usr/local/bin",
	};
	static const char * const programs[] = { "sshd", "dropbear" };
	char command[64];

	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < 5; k++) {
			int len = snprintf(command, sizeof(command), "%s/%s",
					   folders[k], programs[i]);

			if (conf_program(command))
				continue;
			strcpy(command + len, " -i");
			return conf_command(s, what, command);
		}
	}
	complain("%s: there is neither sshd nor dropbear (install one, or say which command)",
		 what);
	return false;
}

static bool conf_service_target(struct serve_service *s, const char *what,
				const char *command, const char *tcp,
				const char *path)
{
	if (!!command + !!tcp + !!path > 1) {
		complain("%s: one of command, tcp and unix", what);
		return false;
	}
	if (command)
		return conf_command(s, what, command);
	if (tcp)
		return conf_tcp(&s->offer, what, tcp);
	if (path)
		return conf_unix(&s->offer, what, path);
	if (s->offer.port == ROMON_STREAM_PORT_SSH)
		return conf_sshd(s, what);
	complain("%s: command, tcp or unix is missing", what);
	return false;
}

static bool conf_service(struct serve_conf *c, struct args *args)
{
	const char *command = NULL, *tcp = NULL, *path = NULL;
	const char *allow = NULL, *user = NULL;
	const char *port = args_next(args);
	uint64_t sessions = 0, per_peer = 0;
	bool login = false;
	struct param params[] = {
		PARAM("command", PARAM_STRING, &command, 0),
		PARAM("tcp", PARAM_STRING, &tcp, 0),
		PARAM("unix", PARAM_STRING, &path, 0),
		PARAM("allow", PARAM_STRING, &allow, 0),
		PARAM("user", PARAM_STRING, &user, 0),
		PARAM_RANGE("sessions", &sessions, 1, SERVE_SESSIONS_MAX),
		PARAM_RANGE("sessions-per-peer", &per_peer, 1,
			    SERVE_SESSIONS_MAX),
		PARAM("login", PARAM_BOOL, &login, 0),
	};
	struct serve_service *s;
	uint16_t number;
	char what[64];

	if (!port) {
		complain("serve: service: at which port?");
		return false;
	}
	if (!service_parse(port, &number)) {
		complain("serve: service: ssh, winbox or a number from 2 to 65535, not %s",
			 port);
		return false;
	}
	snprintf(what, sizeof(what), "serve: service %s", port);
	if (serve_conf_find(c, number)) {
		complain("%s: there is one at this port already", what);
		return false;
	}
	if (c->n == SERVE_SERVICES_MAX) {
		complain("%s: more than %d services", what, SERVE_SERVICES_MAX);
		return false;
	}
	c->service = xrealloc(c->service, c->n + 1, sizeof(*c->service));
	s = &c->service[c->n++];
	memset(s, 0, sizeof(*s));
	s->offer.port = number;
	if (!params_parse(args, what, params,
			  sizeof(params) / sizeof(params[0])) ||
	    !conf_service_target(s, what, command, tcp, path) ||
	    (allow && !conf_allow(&s->offer, what, allow)))
		return false;
	conf_count(&params[5], &s->offer.sessions);
	conf_count(&params[6], &s->offer.per_peer);
	if ((user || login) && s->offer.kind != SERVE_COMMAND) {
		complain("%s: %s: of a command only", what,
			 user ? "user" : "login");
		return false;
	}
	s->offer.login = params[7].given ? login :
			 s->offer.kind == SERVE_COMMAND &&
			 number == ROMON_STREAM_PORT_SSH;
	return !user || conf_user(&s->user, what, user);
}

static bool conf_line(struct serve_conf *c, struct conf_keys *k,
		      struct args *args)
{
	if (args_take(args, "service"))
		return conf_service(c, args);
	if (args_take(args, "limit"))
		return conf_limit(c, k, args);
	if (args_take(args, "set"))
		return conf_set(c, k, args);
	complain("serve: service, limit or set, not %s", args_peek(args));
	return false;
}

/* All is read: what was not said is what is usual. */
static int conf_finish(struct serve_conf *c, int status, const char *where)
{
	if (status == EXIT_DONE && !c->n) {
		complain("serve: %s: there is no service in it", where);
		status = EXIT_USAGE;
	}
	if (status == EXIT_DONE && !c->user.name && !geteuid())
		conf_user_default(&c->user);
	if (status != EXIT_DONE)
		serve_conf_free(c);
	return status;
}

/* Of a file that is open, and closed by this. */
int serve_conf_script(struct serve_conf *c, struct script *script,
		      const char *file)
{
	int more, status = EXIT_DONE;
	struct conf_keys keys;
	struct args args;

	conf_init(c);
	conf_keys_init(&keys);
	while (status == EXIT_DONE && (more = script_next(script, &args))) {
		if (more < 0)
			status = script_status(script);
		else if (!conf_line(c, &keys, &args))
			status = EXIT_USAGE;
	}
	script_close(script);
	return conf_finish(c, status, file);
}

int serve_conf_read(struct serve_conf *c, const char *file)
{
	struct script script;

	if (!script_open(&script, "serve", file))
		return EXIT_FAILED;
	return serve_conf_script(c, &script, file);
}

/* One line; the word "service" may be left out. */
int serve_conf_words(struct serve_conf *c, struct args *args)
{
	struct conf_keys keys;
	bool ok;

	conf_init(c);
	conf_keys_init(&keys);
	args_take(args, "service");
	ok = conf_service(c, args);
	return conf_finish(c, ok ? EXIT_DONE : EXIT_USAGE, "command line");
}

int serve_conf_default(struct serve_conf *c)
{
	char ssh[] = "ssh";
	char *word = ssh;
	struct args args = { &word, 1 };
	int status = serve_conf_words(c, &args);

	/* Nothing that was said is wrong. */
	return status == EXIT_DONE ? status : EXIT_FAILED;
}
