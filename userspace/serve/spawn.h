/* SPDX-License-Identifier: GPL-2.0-only */
/* A command of a service as a process, with its end of a socket. */

#ifndef ROMON_SERVE_SPAWN_H
#define ROMON_SERVE_SPAWN_H

#include <sys/types.h>

#include "conf.h"
#include "link.h"

struct serve_spawned {
	pid_t pid;	/* leads a session and process group of its own */
	int socket;	/* what it reads and writes */
	int fate;	/* an errno comes by it, or its end if the command runs */
};

/* 0 or a negative errno. */
int serve_spawn(const struct serve_service *s, const struct serve_peer *peer,
		struct serve_spawned *spawned);

#endif /* ROMON_SERVE_SPAWN_H */
