// SPDX-License-Identifier: GPL-2.0-only
/* connect: standard input and output are the stream. */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/run.h"
#include "cmd.h"
#include "diagnose.h"
#include "session/apart.h"
#include "session/relay.h"
#include "session/session.h"

/* How long people wait without a word for a router to answer. */
#define CONNECT_PATIENCE	(2 * RUN_SECOND)

struct connection {
	struct relay relay;		/* the first */
	struct loop_task task;
	int64_t tell_at;		/* that it has not answered yet */
	struct endpoint *ep;
	struct session_target target;
	int in, out;
	bool opened, done;
	int status;
	uint64_t keepalive;
	struct diagnosis diagnosis;
};

/* What the process that stays has to know. */
enum { CONNECT_OPENED = 1, CONNECT_SILENT = 2 };

static void connect_opened(struct relay *r)
{
	struct connection *c = (struct connection *)r;

	c->opened = true;
	c->tell_at = RUN_FOREVER;
	apart_tell(CONNECT_OPENED);
}

static void connect_done(struct relay *r, int err)
{
	struct connection *c = (struct connection *)r;

	/* Who reads no further has had what it wanted. */
	if (err && err != -EPIPE) {
		if (r->failed)
			complain("connect: standard %s: %s", r->failed,
				 strerror(-err));
		else
			session_complain("connect", c->ep, &c->target,
					 r->stream, c->opened, err);
		if (err == -ETIMEDOUT)
			apart_tell(CONNECT_SILENT);
		c->status = EXIT_FAILED;
	}
	c->done = true;
	c->tell_at = RUN_FOREVER;
}

static void connect_stop(int signo)
{
	loop_stop(128 + signo);
}

static struct connection *connect_of_task(struct loop_task *t)
{
	return (void *)((char *)t - offsetof(struct connection, task));
}

static int64_t connect_deadline(struct loop_task *t)
{
	return connect_of_task(t)->tell_at;
}

/* All that was written has to arrive, be it after the other side's end. */
static void connect_settle(struct loop_task *t)
{
	struct connection *c = connect_of_task(t);
	struct romon_mux_stats stats;

	if (loop_now() >= c->tell_at) {
		complain("connect: %s has not answered yet", c->target.name);
		c->tell_at = RUN_FOREVER;
	}
	if (!c->done)
		return;
	romon_mux_stats(endpoint_mux(c->ep), &stats);
	if (c->status || !stats.streams)
		loop_stop(c->status);
}

static int connect_join(struct connection *c)
{
	struct romon_stream *s;
	int err;

	session_keepalive(c->ep, c->keepalive);
	if (!endpoint_prepare(c->ep, &err)) {
		complain("connect: %s", endpoint_sentence(c->ep, err));
		return EXIT_FAILED;
	}
	if (!endpoint_confine(c->ep, 0))
		return EXIT_FAILED;
	s = session_open("connect", c->ep, &c->target);
	if (!s)
		return EXIT_FAILED;
	c->relay.opened = connect_opened;
	c->relay.done = connect_done;
	relay_attach(&c->relay, s);
	err = relay_join(&c->relay, c->in, c->out);
	if (err) {
		complain("connect: standard input or output: %s",
			 strerror(-err));
		return EXIT_FAILED;
	}
	return loop_run();
}

static int connect_stream(void *arg, struct romon_nl *nl)
{
	struct connection *c = arg;
	int status = EXIT_FAILED;

	/* It knows secrets. */
	diagnose_end(&c->diagnosis, "connect", true);
	session_signals(connect_stop);
	/* To people, whose terminal it is behind ssh too, and to no log. */
	c->tell_at = isatty(STDERR_FILENO) ? run_now() + CONNECT_PATIENCE :
		     RUN_FOREVER;
	c->task.deadline = connect_deadline;
	c->task.run = connect_settle;
	loop_add_task(&c->task);
	c->ep = endpoint_open("connect", nl);
	if (c->ep) {
		status = connect_join(c);
		/*
		 * Stopped by a signal, which is how ssh ends its ProxyCommand:
		 * no failure, and none for the log of the other side.
		 */
		if (!c->done)
			relay_stop(&c->relay, ROMON_STREAM_END);
	}
	endpoint_close(c->ep);
	return status;
}

/*
 * Takes standard input and output over, to close each as its direction ends,
 * and leaves nothing in their places that something could be printed to.
 */
static bool connect_descriptors(struct connection *c)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	fflush(stdout);
	c->in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	c->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (null < 0 || c->in < 0 || c->out < 0 ||
	    dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0) {
		complain("connect: standard input or output: %s",
			 strerror(errno));
		return false;
	}
	close(null);
	return true;
}

static int connect_run(struct args *args)
{
	struct connection c = { .relay.in.fd = -1, .relay.out.fd = -1 };
	struct apart apart = {
		.what = "connect", .run = connect_stream, .arg = &c,
	};
	struct param params[] = {
		PARAM("keepalive", PARAM_UINT, &c.keepalive,
		      SESSION_KEEPALIVE_MAX),
	};
	const char *router = args_next(args);
	const char *port = router ? args_next(args) : NULL;
	bool opened, silent;
	int status;

	if (!port) {
		complain("connect: to which port of which router? (see: romon connect help)");
		return EXIT_USAGE;
	}
	if (!session_port("connect", port, &c.target.port) ||
	    !params_parse(args, "connect", params, 1))
		return EXIT_USAGE;
	if (!api_require_running("connect"))
		return EXIT_FAILED;
	diagnose_begin(&c.diagnosis);
	if (!session_find("connect", router, &c.target)) {
		diagnose_end(&c.diagnosis, "connect", false);
		return EXIT_FAILED;
	}
	if (!connect_descriptors(&c)) {
		session_free(&c.target);
		return EXIT_FAILED;
	}
	apart.own[0] = c.in;
	apart.own[1] = c.out;
	status = apart_run(&apart);
	opened = apart.told & CONNECT_OPENED;
	silent = apart.told & CONNECT_SILENT;
	if (opened && silent) {
		/* What was refused at the beginning is not the reason now. */
		diagnose_end(&c.diagnosis, "connect", true);
		diagnose_begin(&c.diagnosis);
	}
	diagnose_end(&c.diagnosis, "connect",
		     (opened && !silent) || status != EXIT_FAILED);
	session_free(&c.target);
	return status;
}

const struct cmd cmd_connect = {
	.name = "connect",
	.run = connect_run,
	.help =
	"romon connect ROUTER PORT|SERVICE [keepalive SECONDS]\n"
	"\n"
	"Standard input and output are the stream. SERVICE is ssh or winbox, PORT a\n"
	"RoMON port. A router of which nothing is heard for SECONDS, by default 30,\n"
	"is given up. As ProxyCommand of ssh, in ~/.ssh/config:\n"
	"\n"
	"    Host *.romon\n"
	"        ProxyCommand romon connect %h ssh\n"
	"        CheckHostIP no\n",
};
