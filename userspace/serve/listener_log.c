// SPDX-License-Identifier: GPL-2.0-only
/* What the listener tells the log of sessions, and of those that it refuses. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/rate.h"
#include "base/run.h"
#include "listener_internal.h"
#include "log.h"
#include "session/service.h"

/* Lines of the log about sessions that there are not. */
#define LISTENER_REFUSALS	5
#define LISTENER_REFUSALS_ONCE	20
/* Of guesses at logins, and how many neighbours are told of. */
#define LISTENER_GUESSES_NS	(60 * RUN_SECOND)
#define LISTENER_GUESSERS	4

static struct rate refusals;
static uint64_t refusals_hidden;

static struct out *listener_log(const struct serve_peer *peer,
				const char *event, const char *words)
{
	struct out *o = serve_log_begin(event, words);
	char buf[16];
	const char *name = service_name(peer->local_port, buf, sizeof(buf));

	out_id(o, SERVE_LOG_ADDRESS, peer->id);
	if (*peer->identity)
		out_word(o, SERVE_LOG_IDENTITY, peer->identity, "");
	out_uint(o, SERVE_LOG_PORT, peer->port);
	/* One word, whatever it is called elsewhere. */
	if (name == buf)
		snprintf(buf, sizeof(buf), "%u", peer->local_port);
	out_str(o, SERVE_LOG_SERVICE, name);
	return o;
}

/* Once a minute, the worst of those by whom there were many. */
void listener_log_guesses(void)
{
	struct guard_told told[LISTENER_GUESSERS];
	int64_t since = guard_untold();
	struct out *o;
	uint32_t link;
	size_t n;

	if (since == RUN_FOREVER)
		return;
	if (run_now() < since + LISTENER_GUESSES_NS) {
		listener_due(since + LISTENER_GUESSES_NS);
		return;
	}
	n = guard_tell(told, LISTENER_GUESSERS);
	for (size_t i = 0; i < n; i++) {
		memcpy(&link, told[i].neighbor, sizeof(link));
		o = serve_log_begin("guessing", "somebody guesses at logins");
		out_id(o, SERVE_LOG_NEIGHBOR, told[i].neighbor + sizeof(link));
		out_uint(o, SERVE_LOG_LINK, ntohl(link));
		out_uint(o, SERVE_LOG_FAILED, told[i].failed);
		out_uint(o, SERVE_LOG_REFUSED, told[i].refused);
		serve_log_end(o, LOG_WARNING);
	}
}

/* Whoever asks again and again shall not fill the log. */
void listener_log_refusal(const struct serve_peer *peer,
			  const char *reason)
{
	struct out *o;

	if (!rate_take(&refusals, LISTENER_REFUSALS, LISTENER_REFUSALS_ONCE,
		       run_now())) {
		refusals_hidden++;
		return;
	}
	if (refusals_hidden) {
		o = serve_log_begin("refusals-not-logged",
				    "more sessions were refused");
		out_uint(o, SERVE_LOG_COUNT, refusals_hidden);
		serve_log_end(o, LOG_NOTICE);
		refusals_hidden = 0;
	}
	o = listener_log(peer, "session-refused", "session refused");
	out_str(o, SERVE_LOG_REASON, reason);
	serve_log_end(o, LOG_NOTICE);
}

void listener_log_begin(const struct listener_session *s)
{
	struct out *o = listener_log(&s->peer, "session-begin",
				     "session begins");

	out_uint(o, SERVE_LOG_SESSION, s->number);
	if (s->command != COMMAND_NONE)
		out_uint(o, SERVE_LOG_PID, (uint64_t)s->pid);
	serve_log_end(o, LOG_INFO);
}

void listener_log_end(const struct listener_session *s)
{
	struct out *o = listener_log(&s->peer, "session-end", "session ended");
	double duration = (double)(run_now() - s->began) / RUN_SECOND;
	char text[32];

	out_uint(o, SERVE_LOG_SESSION, s->number);
	if (s->command == COMMAND_EXITED) {
		out_uint(o, SERVE_LOG_PID, (uint64_t)s->pid);
		if (WIFSIGNALED(s->status))
			out_uint(o, SERVE_LOG_SIGNAL,
				 (uint64_t)WTERMSIG(s->status));
		else
			out_uint(o, SERVE_LOG_EXIT_STATUS,
				 (uint64_t)WEXITSTATUS(s->status));
	}
	if (s->login.wanted)
		out_bool(o, SERVE_LOG_LOGIN, s->login.in, "yes", "no");
	out_uint(o, SERVE_LOG_BYTES_IN, s->bytes_in);
	out_uint(o, SERVE_LOG_BYTES_OUT, s->bytes_out);
	snprintf(text, sizeof(text), "%.3f", duration);
	out_number(o, SERVE_LOG_DURATION, duration, text);
	if (s->err)
		out_str(o, SERVE_LOG_REASON, s->reason);
	serve_log_end(o, LOG_INFO);
}
