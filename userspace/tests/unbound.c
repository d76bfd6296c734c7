// SPDX-License-Identifier: GPL-2.0-only
/*
 * In romon-unbound, which is for tests alone: a kernel that knows every router,
 * but lets nobody bind a RoMON port, as it does those who lack the right.
 */

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/err.h"
#include "nl/api.h"
#include "session/session.h"

bool __wrap_api_require_running(const char *what);
struct romon_nl *__wrap_api_open(const char *what);
int __wrap_api_bind(struct romon_nl *nl, uint16_t *local_port);
bool __wrap_session_find(const char *what, const char *router,
			 struct session_target *target);
void __wrap_diagnose_begin(void *diagnosis);
void __wrap_diagnose_end(void *diagnosis, const char *what, bool answered);
int __wrap_romon_nl_fd(const struct romon_nl *nl);
const struct romon_nl_refusal *
__wrap_romon_nl_refusal(const struct romon_nl *nl);
void __wrap_romon_nl_on_event(struct romon_nl *nl, romon_nl_fn *fn, void *arg);
void __wrap_romon_nl_on_refused(struct romon_nl *nl, romon_nl_refused_fn *fn);
int __wrap_romon_nl_watch_module(struct romon_nl *nl);
void __wrap_romon_nl_flush(struct romon_nl *nl);
void __wrap_romon_nl_close(struct romon_nl *nl);

static const struct romon_nl_refusal refusal = {
	.sentence = "Needs CAP_NET_ADMIN over the network namespace",
};

/* Of which nothing is ever read, as of a kernel that has nothing to say. */
static int connection = -1;

bool __wrap_api_require_running(const char *what)
{
	(void)what;
	return true;
}

struct romon_nl *__wrap_api_open(const char *what)
{
	(void)what;
	connection = eventfd(0, EFD_CLOEXEC);
	return (struct romon_nl *)&connection;
}

int __wrap_api_bind(struct romon_nl *nl, uint16_t *local_port)
{
	(void)nl;
	(void)local_port;
	return -EPERM;
}

bool __wrap_session_find(const char *what, const char *router,
			 struct session_target *target)
{
	(void)what;
	memset(target->id, 2, sizeof(target->id));
	target->name = xstrdup(router);
	return true;
}

void __wrap_diagnose_begin(void *diagnosis)
{
	(void)diagnosis;
}

void __wrap_diagnose_end(void *diagnosis, const char *what, bool answered)
{
	(void)diagnosis;
	(void)what;
	(void)answered;
}

int __wrap_romon_nl_fd(const struct romon_nl *nl)
{
	(void)nl;
	return connection;
}

const struct romon_nl_refusal *
__wrap_romon_nl_refusal(const struct romon_nl *nl)
{
	(void)nl;
	return &refusal;
}

void __wrap_romon_nl_on_event(struct romon_nl *nl, romon_nl_fn *fn, void *arg)
{
	(void)nl;
	(void)fn;
	(void)arg;
}

void __wrap_romon_nl_on_refused(struct romon_nl *nl, romon_nl_refused_fn *fn)
{
	(void)nl;
	(void)fn;
}

int __wrap_romon_nl_watch_module(struct romon_nl *nl)
{
	(void)nl;
	return 0;
}

void __wrap_romon_nl_flush(struct romon_nl *nl)
{
	(void)nl;
}

void __wrap_romon_nl_close(struct romon_nl *nl)
{
	(void)nl;
}
