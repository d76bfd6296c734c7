// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz the parser of serve's configuration file. An input is the file.
 *
 * It is read, or refused with one complaint of one line, and what was read keeps
 * to its bounds, whoever wrote it: the process that talks to strangers gets it
 * as it is. Nothing is left of it afterwards, which the leak sanitizer sees.
 */

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/run.h"
#include "libfuzzer.h"
#include "romon-stream.h"
#include "serve/conf.h"

static unsigned int complaints;

static void hear(const char *line)
{
	complaints++;
	assert(*line);
	for (; *line; line++)
		assert((unsigned char)*line >= ' ' && *line != 0x7f);
}

static void check_user(const struct serve_user *u)
{
	if (!u->name) {
		assert(!u->home && !u->shell && !u->groups && !u->uid);
		return;
	}
	assert(*u->name && u->home && *u->shell);
	assert(u->n_groups >= 0 && (!u->n_groups || u->groups));
}

static void check_command(const struct serve_service *s)
{
	const struct words *w = &s->command;
	size_t len = 0;
	int i;

	assert(w->n > 0 && *w->word[0] == '/' && !w->word[w->n]);
	for (i = 0; i < w->n; i++)
		len += strlen(w->word[i]);
	assert(len);
	check_user(&s->user);
}

static void check_unix(const struct serve_offer *o)
{
	const struct sockaddr_un *un = (const void *)&o->addr;
	size_t len = o->addr_len - offsetof(struct sockaddr_un, sun_path);

	assert(un->sun_family == AF_UNIX);
	assert(len >= 2 && len <= sizeof(un->sun_path));
	if (*un->sun_path)
		assert(*un->sun_path == '/' && !un->sun_path[len - 1] &&
		       strlen(un->sun_path) == len - 1);
	else
		assert(un->sun_path[len - 1]);
}

static void check_service(const struct serve_conf *c,
			  const struct serve_service *s)
{
	const struct serve_offer *o = &s->offer;

	assert(serve_conf_find(c, o->port) == s);
	assert(o->port && o->port != ROMON_STREAM_PORT_ECHO);
	assert(o->n_allow <= SERVE_ALLOW_MAX);
	assert(o->sessions <= SERVE_SESSIONS_MAX);
	assert(o->per_peer <= SERVE_SESSIONS_MAX);
	assert(o->addr_len <= sizeof(o->addr));
	if (o->kind == SERVE_COMMAND) {
		assert(!o->addr_len);
		check_command(s);
		return;
	}
	assert(!s->command.n && !s->user.name);
	if (o->kind == SERVE_UNIX) {
		check_unix(o);
		return;
	}
	assert(o->kind == SERVE_TCP);
	assert(o->addr.ss_family == AF_INET || o->addr.ss_family == AF_INET6);
}

static void check_conf(const struct serve_conf *c)
{
	const struct serve_limits *l = &c->limits;
	size_t i;

	assert(c->n && c->n <= SERVE_SERVICES_MAX);
	for (i = 0; i < c->n; i++)
		check_service(c, &c->service[i]);
	assert(l->sessions && l->sessions <= SERVE_SESSIONS_MAX);
	assert(l->per_peer && l->per_peer <= SERVE_SESSIONS_MAX);
	assert(l->starts && l->starts <= SERVE_RATE_MAX);
	assert(l->starts_per_peer && l->starts_per_peer <= SERVE_RATE_MAX);
	assert(!l->keepalive_ns || (l->keepalive_ns >= RUN_SECOND &&
				    l->keepalive_ns <= 86400 * RUN_SECOND));
	check_user(&c->user);
	if (!geteuid())
		assert(c->user.uid);
}

static int conf_read(struct serve_conf *c, const char *file)
{
	int status;

	memset(c, 0xa5, sizeof(*c));
	complaints = 0;
	status = serve_conf_read(c, file);
	assert(status == EXIT_DONE || status == EXIT_USAGE);
	assert(complaints == (status == EXIT_USAGE));
	return status;
}

int fuzz_input(const u8 *data, size_t size)
{
	static char file[32];
	static int fd = -1;
	struct serve_conf c;

	if (fd < 0) {
		fd = memfd_create("conf", 0);
		assert(fd >= 0);
		snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
		err_set_sink(hear);
	}
	assert(!ftruncate(fd, 0) &&
	       pwrite(fd, data, size, 0) == (ssize_t)size);
	if (conf_read(&c, file) == EXIT_DONE) {
		check_conf(&c);
		serve_conf_free(&c);
	}
	return 0;
}
