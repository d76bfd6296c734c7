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

__typeof__(api_require_running) wrap_api_require_running
	__asm__("__wrap_api_require_running");
__typeof__(api_open) wrap_api_open __asm__("__wrap_api_open");
__typeof__(api_bind) wrap_api_bind __asm__("__wrap_api_bind");
__typeof__(session_find) wrap_session_find __asm__("__wrap_session_find");
__typeof__(diagnose_begin) wrap_diagnose_begin __asm__("__wrap_diagnose_begin");
__typeof__(diagnose_end) wrap_diagnose_end __asm__("__wrap_diagnose_end");
__typeof__(romon_nl_fd) wrap_romon_nl_fd __asm__("__wrap_romon_nl_fd");
__typeof__(romon_nl_refusal) wrap_romon_nl_refusal
	__asm__("__wrap_romon_nl_refusal");
__typeof__(romon_nl_on_event) wrap_romon_nl_on_event
	__asm__("__wrap_romon_nl_on_event");
__typeof__(romon_nl_on_refused) wrap_romon_nl_on_refused
	__asm__("__wrap_romon_nl_on_refused");
__typeof__(romon_nl_watch_module) wrap_romon_nl_watch_module
	__asm__("__wrap_romon_nl_watch_module");
__typeof__(romon_nl_flush) wrap_romon_nl_flush __asm__("__wrap_romon_nl_flush");
__typeof__(romon_nl_close) wrap_romon_nl_close __asm__("__wrap_romon_nl_close");

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
