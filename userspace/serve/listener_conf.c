// SPDX-License-Identifier: GPL-2.0-only
/* What the listener offers: at first, and what the starter says anew. */

#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "listener_internal.h"
#include "session/service.h"

/*
 * Streams beyond the limit: those of sessions that have ended, until all has
 * arrived, and some that we refuse, so that we say so.
 */
#define LISTENER_BEYOND		(128 + 16)

/* Of the starter, until all of it is here. */
static struct {
	struct serve_limits limits;
	struct serve_offer *offer;	/* NULL: none is coming */
	size_t n;
} coming;

static int64_t keepalive_ns;	/* of the library, if none is set */

const struct serve_offer *listener_offer(uint16_t port)
{
	for (size_t i = 0; i < listener.n; i++)
		if (listener.offer[i].port == port)
			return &listener.offer[i];
	return NULL;
}

static void listener_set_limits(const struct serve_limits *limits)
{
	struct romon_mux *mux = endpoint_mux(listener.ep);
	struct romon_mux_limits l;

	listener.limits = *limits;
	romon_mux_limits(mux, &l);
	l.streams = limits->sessions + LISTENER_BEYOND;
	l.memory = limits->memory < SIZE_MAX ? (size_t)limits->memory :
		   SIZE_MAX;
	l.keepalive_ns = limits->keepalive_ns ? limits->keepalive_ns :
			 keepalive_ns;
	romon_mux_set_limits(mux, &l);
}

static void listener_complain(uint16_t port, int err)
{
	char buf[16];

	complain("serve: %s: %s", service_name(port, buf, sizeof(buf)),
		 endpoint_sentence(listener.ep, err));
}

/* Complains of what is not listened at, and forgets it. */
static bool listener_listen(struct serve_offer *offer, size_t *n)
{
	size_t kept = 0;
	bool ok = true;

	for (size_t i = 0; i < *n; i++) {
		int err = listener_offer(offer[i].port) ? 0 :
			  endpoint_listen(listener.ep, offer[i].port);

		if (err) {
			listener_complain(offer[i].port, err);
			ok = false;
		} else {
			offer[kept++] = offer[i];
		}
	}
	*n = kept;
	return ok;
}

/* From what is offered to what is new; sessions go on. */
static void listener_apply(void)
{
	struct serve_offer *old = listener.offer;
	size_t n_old = listener.n;
	struct serve_msg m = { .type = SERVE_READY };

	listener_set_limits(&coming.limits);
	listener_listen(coming.offer, &coming.n);
	listener.offer = coming.offer;
	listener.n = coming.n;
	coming.offer = NULL;
	for (size_t i = 0; i < n_old; i++)
		if (!listener_offer(old[i].port))
			endpoint_unlisten(listener.ep, old[i].port);
	free(old);
	serve_link_send(listener.link.fd, &m, -1, true);
}

void listener_conf_begin(const struct serve_limits *limits)
{
	free(coming.offer);
	coming.offer = xcalloc(SERVE_SERVICES_MAX, sizeof(*coming.offer));
	coming.n = 0;
	coming.limits = *limits;
}

void listener_conf_add(const struct serve_offer *offer)
{
	if (coming.offer && coming.n < SERVE_SERVICES_MAX)
		coming.offer[coming.n++] = *offer;
}

void listener_conf_end(void)
{
	if (coming.offer)
		listener_apply();
}

bool listener_conf_open(const struct serve_conf *conf)
{
	struct romon_mux_limits limits;
	struct serve_offer *offer;
	size_t n = conf->n;
	bool ok;

	romon_mux_limits(endpoint_mux(listener.ep), &limits);
	keepalive_ns = limits.keepalive_ns;
	listener_set_limits(&conf->limits);
	offer = xcalloc(n, sizeof(*offer));
	for (size_t i = 0; i < n; i++)
		offer[i] = conf->service[i].offer;
	ok = listener_listen(offer, &n);
	listener.offer = offer;
	listener.n = n;
	return ok;
}

void listener_conf_close(void)
{
	free(listener.offer);
	free(coming.offer);
}
