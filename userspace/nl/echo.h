/* SPDX-License-Identifier: GPL-2.0-only */
/* Echo requests and their answers: what ping and traceroute share. */

#ifndef ROMON_ECHO_H
#define ROMON_ECHO_H

#include "api.h"

#define ECHO_SIZE	32	/* bytes of payload, as RouterOS sends them */
#define ECHO_SIZE_MIN	4	/* a sequence number */

/* An answer, or with an errno why a request was not sent. */
typedef void echo_fn(const uint8_t *id, uint32_t seq, size_t size, int64_t at,
		     int error, void *arg);

struct echo {
	struct romon_nl *nl;
	uint16_t port;
	echo_fn *fn;
	void *arg;
	uint8_t *payload;
	size_t size;
};

bool echo_open(struct echo *echo, const char *what, size_t size, echo_fn *fn,
	       void *arg);
void echo_close(struct echo *echo);
int echo_send(struct echo *echo, const uint8_t *id, uint32_t seq,
	      const uint8_t *route, size_t hops);
int echo_wait(struct echo *echo, int64_t until);

#endif /* ROMON_ECHO_H */
