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
#include "session/relay.h"
#include "session/session.h"

struct connection {
	struct relay relay;		/* the first */
	struct loop_task task;
	struct endpoint *ep;
	struct session_target target;
	int in, out;
	bool opened, done;
	bool silent;			/* the other side, at the end */
	int status;
};

static void connect_opened(struct relay *r)
{
	((struct connection *)r)->opened = true;
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
		c->silent = err == -ETIMEDOUT;
		c->status = EXIT_FAILED;
	}
	c->done = true;
}

static void connect_stop(int signo)
{
	loop_stop(128 + signo);
}

static int64_t connect_deadline(struct loop_task *t)
{
	(void)t;
	return RUN_FOREVER;
}

/* All that was written has to arrive, be it after the other side's end. */
static void connect_settle(struct loop_task *t)
{
	struct connection *c = (void *)((char *)t -
					offsetof(struct connection, task));
	struct romon_mux_stats stats;

	if (!c->done)
		return;
	romon_mux_stats(endpoint_mux(c->ep), &stats);
	if (c->status || !stats.streams)
		loop_stop(c->status);
}

static int connect_join(struct connection *c, uint64_t keepalive)
{
	struct romon_stream *s;
	int err;

	session_keepalive(c->ep, keepalive);
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

static int connect_stream(struct connection *c, uint64_t keepalive)
{
	int status = EXIT_FAILED;

	c->task.deadline = connect_deadline;
	c->task.run = connect_settle;
	loop_add_task(&c->task);
	c->ep = endpoint_open("connect");
	if (c->ep) {
		status = connect_join(c, keepalive);
		/*
		 * Stopped by a signal, which is how ssh ends its ProxyCommand:
		 * no failure, and none for the log of the other side.
		 */
		if (!c->done)
			relay_stop(&c->relay, ROMON_STREAM_END);
	}
	endpoint_close(c->ep);
	loop_del_task(&c->task);
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
	uint64_t keepalive = 0;
	struct param params[] = {
		PARAM("keepalive", PARAM_UINT, &keepalive,
		      SESSION_KEEPALIVE_MAX),
	};
	const char *router = args_next(args);
	const char *port = router ? args_next(args) : NULL;
	struct diagnosis diagnosis;
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
	diagnose_begin(&diagnosis);
	if (!session_find("connect", router, &c.target)) {
		diagnose_end(&diagnosis, "connect", false);
		return EXIT_FAILED;
	}
	if (!connect_descriptors(&c)) {
		session_free(&c.target);
		return EXIT_FAILED;
	}
	session_signals(connect_stop);
	status = connect_stream(&c, keepalive);
	loop_end();
	if (c.opened && c.silent) {
		/* What was refused at the beginning is not the reason now. */
		diagnose_end(&diagnosis, "connect", true);
		diagnose_begin(&diagnosis);
	}
	diagnose_end(&diagnosis, "connect",
		     (c.opened && !c.silent) || status != EXIT_FAILED);
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
