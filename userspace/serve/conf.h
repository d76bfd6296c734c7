/* SPDX-License-Identifier: GPL-2.0-only */
/* What serve offers, to whom, and how much of it. */

#ifndef ROMON_SERVE_CONF_H
#define ROMON_SERVE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/romon.h>

#include "parse/parse.h"

#define SERVE_CONF_FILE		"/etc/romon/serve.conf"

#define SERVE_SERVICES_MAX	256
#define SERVE_ALLOW_MAX		256
#define SERVE_SESSIONS_MAX	4096
#define SERVE_RATE_MAX		10000
#define SERVE_MEMORY_MAX	65536	/* MiB */

enum serve_kind {
	SERVE_COMMAND,
	SERVE_TCP,
	SERVE_UNIX,
};

/* As both processes know a service: without pointers, it goes over a socket. */
struct serve_offer {
	uint16_t port;
	uint16_t n_allow;	/* 0: everybody */
	enum serve_kind kind;
	bool login;		/* the command is one that people log in with */
	uint32_t sessions, per_peer;	/* 0: as many as the limits let */
	socklen_t addr_len;
	struct sockaddr_storage addr;
	uint8_t allow[SERVE_ALLOW_MAX][ROMON_ID_LEN];
};

/* Whom a program runs as. */
struct serve_user {
	char *name;		/* NULL: whoever we are */
	char *home, *shell;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int n_groups;
};

struct serve_service {
	struct serve_offer offer;
	/* Of a command, for the process that starts it. */
	struct words command;
	struct serve_user user;
};

struct serve_limits {
	uint32_t sessions, per_peer;
	uint32_t starts, starts_per_peer;	/* a second */
	int64_t keepalive_ns;
	uint64_t memory;	/* bytes that streams hold together */
};

struct serve_conf {
	struct serve_limits limits;
	struct serve_service *service;
	size_t n;
	/* What the process that talks to others becomes, if we are root. */
	struct serve_user user;
	bool syslog;
};

struct script;

/* All of these complain, and return what to exit with. */
int serve_conf_script(struct serve_conf *c, struct script *script,
		      const char *file);
int serve_conf_read(struct serve_conf *c, const char *file);
int serve_conf_words(struct serve_conf *c, struct args *args);
int serve_conf_default(struct serve_conf *c);
void serve_conf_free(struct serve_conf *c);

const struct serve_service *serve_conf_find(const struct serve_conf *c,
					    uint16_t port);

#endif /* ROMON_SERVE_CONF_H */
