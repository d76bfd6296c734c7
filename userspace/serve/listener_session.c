// SPDX-License-Identifier: GPL-2.0-only
/* A session's states, from a stream that is joined with something to its end. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/run.h"
#include "listener_internal.h"

/* Not freed at once: the relay may be who calls. */
static void listener_gone(struct listener_session *s)
{
	s->gone = true;
	listener_due(0);
}

/* The starter must hear of it, or it keeps the command for ever. */
static void listener_tell_over(struct listener_session *s)
{
	struct serve_msg m = { .type = SERVE_OVER, .session = s->number };
	int err = serve_link_send(listener.link.fd, &m, -1, false);

	if (err == -EAGAIN) {
		listener_due(run_now() + LISTENER_RETRY_NS);
		return;
	}
	s->over_told = true;
}

void listener_settle(struct listener_session *s)
{
	if (s->gone)
		return;
	if (s->over && !s->over_told && s->command >= COMMAND_RUNS)
		listener_tell_over(s);
	if (!s->over || s->command == COMMAND_ASKED ||
	    s->command == COMMAND_RUNS)
		return;
	if (s->command == COMMAND_EXITED && !s->over_told)
		return;
	listener_login_over(s);
	if (s->joined)
		listener_log_end(s);
	listener_gone(s);
}

static void listener_count_bytes(struct listener_session *s)
{
	struct romon_stream_info info;

	romon_stream_info(s->relay.stream, &info);
	s->bytes_in = info.bytes_in;
	s->bytes_out = info.bytes_out;
}

static const char *listener_target(const struct listener_session *s)
{
	return s->kind == SERVE_COMMAND ? "the command" : "the target";
}

void listener_relay_done(struct relay *r, int err)
{
	struct listener_session *s = (struct listener_session *)r;

	s->over = true;
	s->err = err;
	listener_count_bytes(s);
	listener_close_connect(s);
	if (err && romon_stream_error(r->stream)) {
		char why[sizeof(s->reason)];

		snprintf(s->reason, sizeof(s->reason), "%s",
			 endpoint_explain(listener.ep, r->stream, why,
					  sizeof(why)));
	} else if (err) {
		snprintf(s->reason, sizeof(s->reason),
			 "%s has broken it off: %s", listener_target(s),
			 strerror(-err));
	}
	if (!s->joined)
		listener_log_refusal(&s->peer, err ? s->reason :
				     "ended before it began");
	listener_settle(s);
}

void listener_break(struct listener_session *s,
		    enum romon_stream_reason reason, const char *why)
{
	if (s->over)
		return;
	s->over = true;
	s->err = -ECONNABORTED;
	snprintf(s->reason, sizeof(s->reason), "%s", why);
	listener_count_bytes(s);
	listener_close_connect(s);
	relay_stop(&s->relay, reason);
	if (!s->joined)
		listener_log_refusal(&s->peer, why);
	listener_settle(s);
}

void listener_fail(struct listener_session *s, int err)
{
	char why[sizeof(s->reason)];

	snprintf(why, sizeof(why), s->kind == SERVE_COMMAND ?
		 "the command cannot be started: %s" :
		 "the target cannot be reached: %s", strerror(err));
	listener_break(s, ROMON_STREAM_FAILED, why);
}

void listener_join(struct listener_session *s, int fd)
{
	int err = 0;

	/* There is room in a new socket, unless nobody reads it. */
	if (s->has_first && write(fd, &s->first, 1) < 0 && errno != EPIPE)
		err = -errno;
	if (err)
		close(fd);
	else
		err = relay_join(&s->relay, fd, fd);
	if (err) {
		listener_fail(s, -err);
		return;
	}
	s->joined = true;
	s->deadline = RUN_FOREVER;
	listener_login_joined(s);
	listener_identify(&s->peer);
	listener_log_begin(s);
}
