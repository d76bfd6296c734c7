// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command that a session is joined with: it waits for its turn, the starter
 * is asked for it, it runs and exits.
 */

#include <errno.h>
#include <unistd.h>

#include "base/rate.h"
#include "base/run.h"
#include "listener_internal.h"

/*
 * Commands that the starter is asked for at a time. All others wait here, where
 * those whose streams go meanwhile are forgotten; but not for ever.
 */
#define LISTENER_STARTING	8

static struct rate starts;
static uint32_t turn;			/* of the last that was asked for */

/* False if the link has no room now, or it is not known yet who that is. */
static bool listener_ask(struct listener_session *s)
{
	struct serve_msg m = { .type = SERVE_START, .session = s->number };

	if (!listener_identify(&s->peer)) {
		listener_due(run_now() + LISTENER_IDENTIFY_NS);
		return false;
	}
	m.start = s->peer;
	if (serve_link_send(listener.link.fd, &m, -1, false)) {
		listener_due(run_now() + LISTENER_RETRY_NS);
		return false;
	}
	s->command = COMMAND_ASKED;
	s->deadline = run_now() + LISTENER_START_NS;
	listener_due(s->deadline);
	return true;
}

/*
 * The other side has ended it without a word, as who only looks whether there
 * is anything does. There is no other way to know than to read.
 */
static bool listener_is_silent(struct listener_session *s)
{
	ssize_t n = -EAGAIN;

	if (!s->has_first)
		n = romon_stream_read(s->relay.stream, &s->first, 1);
	s->has_first |= n == 1;
	return !n;
}

static bool listener_goes_before(struct listener_session *a,
				 struct listener_session *b)
{
	bool silent = listener_is_silent(a);

	if (silent != listener_is_silent(b))
		return !silent;
	if (a->turn != b->turn)
		return (int32_t)(a->turn - b->turn) < 0;
	return (int32_t)(a->number - b->number) < 0;
}

uint32_t listener_next_turn(const uint32_t *last)
{
	return last && (int32_t)(*last - turn) >= 0 ? *last + 1 : turn;
}

/*
 * As many as may be at a time and a second, in the order in which they came, but
 * of each link one in a turn; behind all others those who have gone, for all
 * that is known. The starter starts none while as many run as may: a session
 * that has given way has its place until its command has exited.
 */
void listener_start_waiting(void)
{
	uint32_t rate = listener.limits.starts;
	struct listener_session *first;
	unsigned int asked, running;

	for (;;) {
		first = NULL;
		asked = 0;
		running = 0;
		for (struct listener_session *s = listener.sessions; s;
		     s = s->next) {
			asked += s->command == COMMAND_ASKED;
			running += s->command == COMMAND_RUNS;
			if (s->command == COMMAND_WAITS && !s->over &&
			    (!first || listener_goes_before(s, first)))
				first = s;
		}
		if (!first || asked >= LISTENER_STARTING ||
		    asked + running >= listener.limits.sessions)
			return;
		if (rate_when(&starts, rate, rate) > run_now()) {
			listener_due(rate_when(&starts, rate, rate));
			return;
		}
		if (!listener_ask(first))
			return;
		rate_take(&starts, rate, rate, run_now());
		turn = first->turn;
	}
}

struct listener_session *listener_find(uint32_t number)
{
	struct listener_session *s = listener.sessions;

	while (s && (s->number != number || s->gone))
		s = s->next;
	return s;
}

void listener_got_started(const struct serve_msg *m, int fd)
{
	struct listener_session *s = listener_find(m->session);

	if (!s || s->command != COMMAND_ASKED) {
		if (fd >= 0)
			close(fd);
		return;
	}
	s->command = m->started.err ? COMMAND_NONE : COMMAND_RUNS;
	s->pid = m->started.pid;
	if (m->started.err == -EBUSY)
		listener_break(s, ROMON_STREAM_BUSY,
			       "as many commands run or are started as may");
	else if (m->started.err == -ETIMEDOUT)
		listener_break(s, ROMON_STREAM_FAILED, LISTENER_LATE);
	else if (fd < 0)
		/* It may run all the same, and we had no room for the socket. */
		listener_fail(s, m->started.err ? -m->started.err : EMFILE);
	else if (s->over)
		close(fd);
	else
		listener_join(s, fd);
	listener_settle(s);
	listener_start_waiting();
}

void listener_got_exited(const struct serve_msg *m)
{
	struct listener_session *s = listener_find(m->session);

	if (!s || s->command != COMMAND_RUNS)
		return;
	s->command = COMMAND_EXITED;
	s->status = m->exited.status;
	s->waited = m->exited.waited;
	listener_settle(s);
	listener_start_waiting();
}
