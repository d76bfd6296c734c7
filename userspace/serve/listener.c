// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that talks to other routers. A session begins when the router has
 * answered, as before that it may be anybody, and counts until its stream has
 * gone and, if it has a command, that has ended. By states, and in the files
 * named so:
 *
 *	admit		accepted: permitted? not too many, nor too often?
 *	command		it waits for its turn and is asked for
 *	target		or an address is connected to
 *	login		whether somebody has logged in, where that is wanted
 *	session		joined: data flows, the relay's affair
 *			over: told to the starter, and to the log when the
 *			command has ended too
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/run.h"
#include "listener.h"
#include "listener_internal.h"
#include "log.h"
#include "priv.h"

/* Descriptors beside those of sessions. */
#define LISTENER_FILES		64

struct listener listener;

void listener_due(int64_t when)
{
	if (when < listener.next)
		listener.next = when;
}

static void listener_got(const struct serve_msg *m, int fd)
{
	switch (m->type) {
	case SERVE_STARTED:
		listener_got_started(m, fd);
		break;
	case SERVE_CONNECTED:
		listener_got_connected(m, fd);
		break;
	case SERVE_EXITED:
		listener_got_exited(m);
		break;
	case SERVE_CONF:
		listener_conf_begin(&m->limits);
		break;
	case SERVE_OFFER:
		listener_conf_add(&m->offer);
		break;
	case SERVE_CONF_END:
		listener_conf_end();
		break;
	case SERVE_STOP:
		loop_stop(EXIT_DONE);
		break;
	default:
		break;
	}
}

static void listener_link_ready(struct loop_watch *w, uint32_t events)
{
	struct serve_msg m;
	int fd, err;

	(void)events;
	while ((err = serve_link_receive(w->fd, &m, &fd)) == 1)
		listener_got(&m, fd);
	if (err != -EAGAIN)
		loop_stop(EXIT_DONE);
}

/* What it waits for has not come. */
static void listener_give_up(struct listener_session *s)
{
	s->deadline = RUN_FOREVER;
	if (s->joined)
		listener_login_lasts(s);
	else if (s->command == COMMAND_WAITS)
		listener_break(s, ROMON_STREAM_BUSY,
			       "too many are being started");
	else
		listener_break(s, ROMON_STREAM_FAILED,
			       s->kind == SERVE_COMMAND ? LISTENER_LATE :
			       "the target does not answer");
}

static void listener_run_task(struct loop_task *t)
{
	struct listener_session **at = &listener.sessions, *s;
	int64_t now = loop_now();

	(void)t;
	if (now < listener.next)
		return;
	listener.next = RUN_FOREVER;
	listener_log_guesses();
	while ((s = *at)) {
		if (s->yielded && !s->over)
			listener_break(s, ROMON_STREAM_BUSY,
				       "gave way to one of another neighbour");
		if (now >= s->deadline && !s->over)
			listener_give_up(s);
		if (now >= s->connect_at && !s->over)
			listener_connect_again(s);
		if (s->over && !s->over_told)
			listener_settle(s);
		if (s->gone) {
			*at = s->next;
			free(s);
			continue;
		}
		if (!s->over)
			listener_due(s->deadline < s->connect_at ?
				     s->deadline : s->connect_at);
		at = &s->next;
	}
	/* For whom the link had no room. */
	listener_start_waiting();
}

static int64_t listener_deadline(struct loop_task *t)
{
	(void)t;
	return listener.next;
}

static void listener_stop_signal(int signo)
{
	(void)signo;
	loop_stop(EXIT_DONE);
}

static void listener_no_signal(int signo)
{
	(void)signo;
}

/* Everybody hears of it, and the log of what each one did until now. */
static void listener_stop(void)
{
	struct listener_session *s, *next;

	for (s = listener.sessions; s; s = next) {
		next = s->next;
		if (s->gone)
			continue;
		/* Who waits for a command to end does not wait any longer. */
		if (s->command == COMMAND_RUNS && s->over)
			listener_log_end(s);
		s->command = COMMAND_NONE;
		listener_break(s, ROMON_STREAM_ABORTED, "serve has ended");
	}
	while ((s = listener.sessions)) {
		listener.sessions = s->next;
		free(s);
	}
}

/* Of a port that is offered from now on. */
static void listener_ask_bind(void *arg, uint16_t port)
{
	struct serve_msg m = { .type = SERVE_BIND, .port = port };

	(void)arg;
	serve_link_send(listener.link.fd, &m, -1, true);
}

/* A line for syslog, which takes a file to be opened anew now and then. */
static bool listener_pass_log(int priority, const char *text)
{
	struct serve_msg m = { .type = SERVE_LOG };

	m.line.priority = priority;
	snprintf(m.line.text, sizeof(m.line.text), "%s", text);
	return !serve_link_send(listener.link.fd, &m, -1, false);
}

/* False after a complaint. */
static bool listener_begin(const struct serve_conf *conf, int link,
			   struct romon_nl *nl)
{
	struct serve_msg m = { .type = SERVE_READY };
	uint64_t seed[4];
	bool ok;

	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed)) {
		complain("serve: no random numbers: %s", strerror(errno));
		return false;
	}
	guard_open(seed);
	/* Two for each: the relay watches both ways of a socket by itself. */
	loop_allow_files(2 * SERVE_SESSIONS_MAX + LISTENER_FILES);
	listener.ep = endpoint_open("serve", nl);
	if (!listener.ep)
		return false;
	endpoint_on_ask(listener.ep, listener_ask_bind, NULL);
	endpoint_on_accept(listener.ep, listener_accept, NULL);
	ok = listener_conf_open(conf);
	if (loop_watch(&listener.link, link, EPOLLIN, listener_link_ready)) {
		complain("serve: too many open files");
		ok = false;
	}
	loop_add_task(&listener.task);
	ok = ok && serve_priv_become(&conf->user) &&
	     endpoint_confine(listener.ep, 0);
	serve_log_pass(listener_pass_log);
	if (ok)
		serve_link_send(link, &m, -1, true);
	return ok;
}

int serve_listener_run(const struct serve_conf *conf, int link,
		       struct romon_nl *nl)
{
	int status = EXIT_FAILED;

	listener.next = RUN_FOREVER;
	listener.task.deadline = listener_deadline;
	listener.task.run = listener_run_task;
	listener.link.fd = -1;
	/* What they mean is the starter's affair. */
	loop_signal(SIGHUP, listener_no_signal);
	loop_signal(SIGINT, listener_no_signal);
	loop_signal(SIGTERM, listener_stop_signal);
	if (listener_begin(conf, link, nl)) {
		status = loop_run();
		listener_stop();
	}
	loop_unwatch(&listener.link);
	loop_del_task(&listener.task);
	endpoint_close(listener.ep);
	loop_end();
	listener_conf_close();
	return status;
}
