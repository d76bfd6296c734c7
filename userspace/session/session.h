/* SPDX-License-Identifier: GPL-2.0-only */
/* What connect, ssh and forward share: whom to reach, and why it failed. */

#ifndef ROMON_SESSION_H
#define ROMON_SESSION_H

#include "endpoint.h"

struct session_target {
	uint8_t id[ROMON_STREAM_ID_LEN];
	char *name;		/* as people wrote it, without ".romon" */
	uint16_t port;
};

/* Reads ROUTER, which may end in ".romon" as in an ssh_config. Complains. */
bool session_find(const char *what, const char *router,
		  struct session_target *target);
/* Reads PORT|SERVICE. Complains. */
bool session_port(const char *what, const char *word, uint16_t *port);
void session_free(struct session_target *target);

/* Sets how long a session lives in silence, in seconds, unless it is 0. */
void session_keepalive(struct endpoint *ep, uint64_t seconds);

/* Opens a stream to it. NULL if that can not be tried; complains. */
struct romon_stream *session_open(const char *what, struct endpoint *ep,
				  const struct session_target *target);
/* Ctrl-C and its like end the loop by @stop; a reader that is gone does not. */
void session_signals(void (*stop)(int signo));

/* Why a session could not be opened, or ended; @err as relay's done has it. */
void session_complain(const char *what, const struct endpoint *ep,
		      const struct session_target *target,
		      const struct romon_stream *s, bool opened, int err);

#define SESSION_KEEPALIVE_MAX	86400

#endif /* ROMON_SESSION_H */
