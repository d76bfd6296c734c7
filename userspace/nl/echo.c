// SPDX-License-Identifier: GPL-2.0-only
/* Echo requests and their answers: what ping and traceroute share. */

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/run.h"
#include "echo.h"

#define ECHO_PORT	1

static int echo_event(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	struct echo *echo = arg;
	struct api_datagram d;
	uint32_t seq;

	if (cmd != ROMON_CMD_DATAGRAM_RCV && cmd != ROMON_CMD_DATAGRAM_ERROR)
		return 0;
	api_datagram_read(attrs, &d);
	if (d.remote_port != ECHO_PORT || d.local_port != echo->port)
		return 0;
	if (cmd == ROMON_CMD_DATAGRAM_ERROR) {
		echo->fn(d.id, 0, 0, run_now(),
			 d.error ? (int)d.error : EHOSTUNREACH, echo->arg);
		return 0;
	}
	if (d.len < sizeof(seq))
		return 0;
	memcpy(&seq, d.payload, sizeof(seq));
	echo->fn(d.id, be32toh(seq), d.len, run_now(), 0, echo->arg);
	return 0;
}

/* Complains. fn must not send. */
bool echo_open(struct echo *echo, const char *what, size_t size, echo_fn *fn,
	       void *arg)
{
	int err;

	memset(echo, 0, sizeof(*echo));
	echo->fn = fn;
	echo->arg = arg;
	echo->size = size;
	echo->nl = api_open(what);
	if (!echo->nl)
		return false;
	echo->payload = xcalloc(size, 1);
	romon_nl_on_event(echo->nl, echo_event, echo);
	err = api_bind(echo->nl, &echo->port);
	if (err) {
		api_complain(echo->nl, what, err);
		echo_close(echo);
		return false;
	}
	return true;
}

void echo_close(struct echo *echo)
{
	romon_nl_close(echo->nl);
	free(echo->payload);
	memset(echo, 0, sizeof(*echo));
}

/* By the best route, or by the one given. Returns an errno, negative. */
int echo_send(struct echo *echo, const uint8_t *id, uint32_t seq,
	      const uint8_t *route, size_t hops)
{
	struct api_datagram d = {
		.local_port = echo->port,
		.remote_port = ECHO_PORT,
		.payload = echo->payload,
		.len = echo->size,
		.route = route,
		.hops = hops,
	};

	memcpy(d.id, id, sizeof(d.id));
	seq = htobe32(seq);
	memcpy(echo->payload, &seq, sizeof(seq));
	return api_send(echo->nl, &d);
}

/* Takes what comes until then, or until the first of it was taken. */
int echo_wait(struct echo *echo, int64_t until)
{
	int err;

	if (!run_wait(romon_nl_fd(echo->nl), until))
		return 0;
	err = romon_nl_receive(echo->nl);
	/* Answers that were lost in here are timeouts soon enough. */
	return err == -ENOBUFS ? 0 : err;
}
