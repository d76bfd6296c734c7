// SPDX-License-Identifier: GPL-2.0-only
/* What connect, ssh and forward share: whom to reach, and why it failed. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/run.h"
#include "base/text.h"
#include "nl/router.h"
#include "service.h"
#include "session.h"

#define SESSION_SUFFIX	".romon"

bool session_find(const char *what, const char *router,
		  struct session_target *target)
{
	size_t len = strlen(router), suffix = strlen(SESSION_SUFFIX);
	const char *whole = NULL;
	struct api_node node;
	bool found;

	target->name = xstrdup(router);
	if (len > suffix && !strcasecmp(router + len - suffix, SESSION_SUFFIX)) {
		target->name[len - suffix] = '\0';
		/* It may really be called that. */
		whole = router;
	}
	found = router_find(what, target->name, whole, &node);
	if (!found) {
		session_free(target);
	} else {
		memcpy(target->id, node.id, sizeof(target->id));
		if (whole && node.identity && !strcasecmp(node.identity, whole)) {
			free(target->name);
			target->name = xstrdup(whole);
		}
	}
	api_node_free(&node);
	return found;
}

bool session_port(const char *what, const char *word, uint16_t *port)
{
	if (service_parse(word, port))
		return true;
	complain("%s: ssh, winbox or a number from 2 to 65535, not %s", what,
		 word);
	return false;
}

void session_free(struct session_target *target)
{
	free(target->name);
	target->name = NULL;
}

void session_keepalive(struct endpoint *ep, uint64_t seconds)
{
	struct romon_mux_limits limits;

	if (!seconds)
		return;
	romon_mux_limits(endpoint_mux(ep), &limits);
	limits.keepalive_ns = (int64_t)seconds * RUN_SECOND;
	romon_mux_set_limits(endpoint_mux(ep), &limits);
}

struct romon_stream *session_open(const char *what, struct endpoint *ep,
				  const struct session_target *target)
{
	struct romon_stream *s;
	int err;

	s = endpoint_connect(ep, target->id, target->port, NULL, &err);
	if (!s)
		complain("%s: %s", what, endpoint_sentence(ep, err));
	return s;
}

void session_signals(void (*stop)(int signo))
{
	signal(SIGPIPE, SIG_IGN);
	loop_signal(SIGINT, stop);
	loop_signal(SIGTERM, stop);
	loop_signal(SIGHUP, stop);
}

void session_complain(const char *what, const struct endpoint *ep,
		      const struct session_target *target,
		      const struct romon_stream *s, bool opened, int err)
{
	char why[256], service[32];
	const char *name = target->name;

	if (!s || err != romon_stream_error(s)) {
		complain("%s: %s: %s", what, name, strerror(-err));
	} else if (!opened && err == -ETIMEDOUT && !endpoint_unsent(ep)) {
		complain("%s: %s does not answer at %s", what, name,
			 service_name(target->port, service,
				      sizeof(service)));
	} else {
		complain("%s: %s, %s: %s", what, name,
			 service_name(target->port, service,
				      sizeof(service)),
			 endpoint_explain(ep, s, why, sizeof(why)));
	}
}
