// SPDX-License-Identifier: GPL-2.0-only
/*
 * In romon-unbound, which is for tests alone: a kernel that knows every router,
 * but lets nobody bind a RoMON port, as it does those who lack the right.
 */

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/err.h"
#include "cmd/diagnose.h"
#include "nl/api.h"
#include "session/session.h"
#include "wrap.h"

WRAP(api_require_running);
WRAP(api_open);
WRAP(api_bind);
WRAP(session_find);
WRAP(diagnose_begin);
WRAP(diagnose_end);
WRAP(romon_nl_fd);
WRAP(romon_nl_refusal);
WRAP(romon_nl_on_event);
WRAP(romon_nl_on_refused);
WRAP(romon_nl_watch_module);
WRAP(romon_nl_flush);
WRAP(romon_nl_close);

static const struct romon_nl_refusal refusal = {
	.sentence = "Needs CAP_NET_ADMIN over the network namespace",
};

/* Of which nothing is ever read, as of a kernel that has nothing to say. */
static int connection = -1;

bool wrap_api_require_running(const char *what)
{
	(void)what;
	return true;
}

struct romon_nl *wrap_api_open(const char *what)
{
	(void)what;
	connection = eventfd(0, EFD_CLOEXEC);
	return (struct romon_nl *)&connection;
}

int wrap_api_bind(struct romon_nl *nl, uint16_t *local_port)
{
	(void)nl;
	(void)local_port;
	return -EPERM;
}

bool wrap_session_find(const char *what, const char *router,
		       struct session_target *target)
{
	(void)what;
	memset(target->id, 2, sizeof(target->id));
	target->name = xstrdup(router);
	return true;
}

void wrap_diagnose_begin(struct diagnosis *d)
{
	(void)d;
}

void wrap_diagnose_end(struct diagnosis *d, const char *what, bool answered)
{
	(void)d;
	(void)what;
	(void)answered;
}

int wrap_romon_nl_fd(const struct romon_nl *nl)
{
	(void)nl;
	return connection;
}

const struct romon_nl_refusal *
wrap_romon_nl_refusal(const struct romon_nl *nl)
{
	(void)nl;
	return &refusal;
}

void wrap_romon_nl_on_event(struct romon_nl *nl, romon_nl_fn *fn, void *arg)
{
	(void)nl;
	(void)fn;
	(void)arg;
}

void wrap_romon_nl_on_refused(struct romon_nl *nl, romon_nl_refused_fn *fn)
{
	(void)nl;
	(void)fn;
}

int wrap_romon_nl_watch_module(struct romon_nl *nl)
{
	(void)nl;
	return 0;
}

void wrap_romon_nl_flush(struct romon_nl *nl)
{
	(void)nl;
}

void wrap_romon_nl_close(struct romon_nl *nl)
{
	(void)nl;
}
