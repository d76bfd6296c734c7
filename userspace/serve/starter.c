// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that was started, and keeps its rights. What the listener asks
 * for was asked for by strangers, and the listener may have become one itself:
 * it can name a port of the configuration, and no more often than the limits
 * let it. A child's life:
 *
 *	START		fork; it runs, or tells why not, by a pipe
 *	EXITED		told at once. It stays a zombie, so that the number of
 *			its process group is nobody else's
 *	OVER		its stream has gone. It has some time to notice that its
 *			socket has; then it is asked, then made to end, with its
 *			group
 *
 * When both have come, what is left of the group is asked and killed soon.
 */

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/notify.h"
#include "base/rate.h"
#include "base/run.h"
#include "file.h"
#include "link.h"
#include "log.h"
#include "nl/api.h"
#include "priv.h"
#include "spawn.h"
#include "starter.h"
#include "target.h"

#define STARTER_EXEC_NS		(10 * RUN_SECOND)
/* From the end of the stream to asking, and from there to killing. */
#define STARTER_GRACE_NS	(5 * RUN_SECOND)
/* The same for what a child has left behind. */
#define STARTER_LEFT_NS		(RUN_SECOND / 2)
/* Zombies kept for that time, beside those that run. */
#define STARTER_ZOMBIES		256
/* Of the listener, before other things have their turn. */
#define STARTER_MESSAGES	64
/* Lines of the log about what was not started, a second. */
#define STARTER_REFUSALS	5
/* Of the listener, a second. At once, all sessions may end. */
#define STARTER_LINES		100

struct starter_child {
	struct loop_watch fate;		/* the first */
	struct starter_child *next;
	uint32_t session;
	pid_t pid;
	int socket;			/* the listener's; -1: passed on */
	int64_t deadline;
	bool settled;			/* the listener knows if it runs */
	bool failed;			/* it does not */
	bool exited;			/* a zombie */
	bool over;			/* its stream has gone */
	bool asked;			/* to end */
};

/* One for the process: signals tell no more than their number. */
static struct starter {
	struct loop_task task;
	struct loop_watch link;
	struct serve_conf conf;
	const char *file;
	pid_t listener;			/* 0: reaped */
	struct romon_nl *nl;		/* to bind on, for the listener */
	struct serve_user user;		/* of the listener; its numbers */
	struct starter_child *children;
	unsigned int n_children, n_running;
	struct rate rate, refusals, lines;
	bool ready, reloading, stopping;
	int status;
	int64_t stop_deadline;
	int64_t next;			/* when something is due */
} starter;

static void starter_due(int64_t when)
{
	if (when < starter.next)
		starter.next = when;
}

static void starter_kill_listener(const char *why)
{
	if (!starter.listener)
		return;
	serve_log(LOG_ERR, "failed", "the listening process is ended", why);
	starter.status = EXIT_FAILED;
	kill(starter.listener, SIGKILL);
}

/* A listener that takes no messages will not do better later. */
static void starter_tell(const struct serve_msg *m, int pass)
{
	int err;

	if (starter.link.fd < 0)
		return;
	err = serve_link_send(starter.link.fd, m, pass, true);
	if (err && err != -EPIPE && err != -ECONNRESET)
		starter_kill_listener("it does not take its messages");
}

static void starter_tell_started(const struct starter_child *c, int err)
{
	struct serve_msg m = { .type = SERVE_STARTED, .session = c->session };

	m.started.err = err;
	m.started.pid = c->pid;
	starter_tell(&m, err ? -1 : c->socket);
}

static void starter_signal(const struct starter_child *c, int signo)
{
	/* It leads its group from before the command runs. */
	kill(c->settled && !c->failed ? -c->pid : c->pid, signo);
}

static void starter_ask(struct starter_child *c, int64_t now)
{
	c->asked = true;
	starter_signal(c, SIGHUP);
	starter_signal(c, SIGTERM);
	/* What is stopped hears of it too. */
	starter_signal(c, SIGCONT);
	c->deadline = now + (c->exited ? STARTER_LEFT_NS : STARTER_GRACE_NS);
}

static void starter_remove(struct starter_child *c)
{
	struct starter_child **at = &starter.children;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	starter.n_children--;
	if (c->fate.fd >= 0) {
		int fd = c->fate.fd;

		loop_unwatch(&c->fate);
		close(fd);
	}
	if (c->socket >= 0)
		close(c->socket);
	free(c);
}

/* The command runs, or what is wrong with it is known. */
static void starter_settle(struct starter_child *c, int err)
{
	int fd = c->fate.fd;

	loop_unwatch(&c->fate);
	close(fd);
	c->settled = true;
	c->failed = err;
	starter_tell_started(c, err);
	close(c->socket);
	c->socket = -1;
	c->deadline = c->over ? run_now() + STARTER_GRACE_NS : RUN_FOREVER;
	starter_due(c->failed ? 0 : c->deadline);
}

static void starter_read_fate(struct starter_child *c)
{
	int err = 0;
	ssize_t n;

	do {
		n = read(c->fate.fd, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return;
	starter_settle(c, n == sizeof(err) ? -err : n ? -EIO : 0);
}

static void starter_fate_ready(struct loop_watch *w, uint32_t events)
{
	(void)events;
	starter_read_fate((struct starter_child *)w);
}

static const char *starter_refusal(const struct serve_service *s,
				   const struct serve_peer *peer)
{
	if (!memchr(peer->identity, 0, sizeof(peer->identity)))
		return "an identity without an end";
	if (!s || s->offer.kind != SERVE_COMMAND)
		return "no command is served at this port";
	if (starter.n_running >= starter.conf.limits.sessions ||
	    starter.n_children >= starter.conf.limits.sessions +
				  STARTER_ZOMBIES)
		return "as many commands run as may";
	/* The listener keeps to it, but what it asks for may come at once. */
	if (!rate_take(&starter.rate, starter.conf.limits.starts,
		       2 * starter.conf.limits.starts, run_now()))
		return "more starts a second than there may be";
	return NULL;
}

static void starter_start(const struct serve_msg *m)
{
	const struct serve_service *s = serve_conf_find(&starter.conf,
							m->start.local_port);
	struct serve_msg answer = {
		.type = SERVE_STARTED, .session = m->session,
	};
	const char *refusal = starter_refusal(s, &m->start);
	struct serve_spawned spawned;
	struct starter_child *c;
	int err = -ENOMEM;

	if (starter.stopping)
		return;
	c = calloc(1, sizeof(*c));
	if (refusal)
		err = -EBUSY;
	else if (c)
		err = serve_spawn(s, &m->start, &spawned);
	if (err) {
		free(c);
		if (rate_take(&starter.refusals, STARTER_REFUSALS,
			      2 * STARTER_REFUSALS, run_now()))
			serve_log(LOG_WARNING, "start-refused", "not started",
				  refusal ? refusal : strerror(-err));
		answer.started.err = err;
		starter_tell(&answer, -1);
		return;
	}
	c->session = m->session;
	c->pid = spawned.pid;
	c->socket = spawned.socket;
	c->deadline = run_now() + STARTER_EXEC_NS;
	c->fate.fd = -1;
	c->next = starter.children;
	starter.children = c;
	starter.n_children++;
	starter.n_running++;
	starter_due(c->deadline);
	if (!loop_watch(&c->fate, spawned.fate, EPOLLIN, starter_fate_ready))
		return;
	/* It will be ended as one that never came to run. */
	c->fate.fd = spawned.fate;
	c->deadline = 0;
	starter_due(0);
}

static int starter_open_target(const void *offer)
{
	return serve_target_connect(offer);
}

/* As the listener's user, whom targets see and files may be forbidden to. */
static void starter_connect(const struct serve_msg *m)
{
	const struct serve_service *s = serve_conf_find(&starter.conf, m->port);
	struct serve_msg answer = {
		.type = SERVE_CONNECTED, .session = m->session,
	};
	int fd = -ENOENT;

	if (starter.stopping)
		return;
	if (s && s->offer.kind != SERVE_COMMAND)
		fd = serve_priv_as(&starter.user, starter_open_target,
				   &s->offer);
	answer.started.err = fd < 0 ? fd : 0;
	starter_tell(&answer, fd < 0 ? -1 : fd);
	if (fd >= 0)
		close(fd);
}

/* The kernel answers where the listener hears it. */
static void starter_bind(uint16_t port)
{
	if (!starter.nl || starter.stopping ||
	    !serve_conf_find(&starter.conf, port))
		return;
	api_queue_bind(starter.nl, port);
	romon_nl_flush(starter.nl);
}

static void starter_log(struct serve_line *line)
{
	uint32_t at_once = STARTER_LINES + 2 * starter.conf.limits.sessions;

	if (!rate_take(&starter.lines, STARTER_LINES, at_once, run_now())) {
		serve_log_lose();
		return;
	}
	line->text[sizeof(line->text) - 1] = '\0';
	serve_log_passed(line->priority, line->text);
}

static void starter_over(uint32_t session)
{
	struct starter_child *c = starter.children;

	while (c && (c->session != session || c->over || c->failed))
		c = c->next;
	if (!c)
		return;
	c->over = true;
	if (c->settled)
		c->deadline = run_now() + STARTER_GRACE_NS;
	starter_due(c->exited ? 0 : c->deadline);
}

/*
 * Of a zombie: whether it had children that it has waited for. These have had
 * page faults, which are counted as its children's then.
 */
static bool starter_has_waited(pid_t pid)
{
	unsigned long faults = 0;
	char path[32], text[512];
	const char *rest;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	/* Its name may have anything in it, but what follows has no bracket. */
	rest = strrchr(text, ')');
	return rest && sscanf(rest, ") %*c %*s %*s %*s %*s %*s %*s %*s %lu",
			      &faults) == 1 && faults;
}

static void starter_exited(struct starter_child *c, const siginfo_t *info)
{
	struct serve_msg m = { .type = SERVE_EXITED, .session = c->session };
	int64_t soon = run_now() + STARTER_LEFT_NS;

	c->exited = true;
	starter.n_running--;
	/* Nobody has the other end of the pipe any more, so it is settled. */
	if (!c->settled)
		starter_read_fate(c);
	if (!c->settled)
		starter_settle(c, -EIO);
	if (!c->failed) {
		m.exited.status = info->si_code == CLD_EXITED ?
				  (info->si_status & 0xff) << 8 :
				  info->si_status;
		m.exited.waited = starter_has_waited(c->pid);
		starter_tell(&m, -1);
	}
	if (c->asked && c->deadline > soon)
		c->deadline = soon;
	starter_due(0);
}

static void starter_child_signal(int signo)
{
	siginfo_t info;

	(void)signo;
	for (struct starter_child *c = starter.children; c; c = c->next) {
		if (c->exited)
			continue;
		info.si_pid = 0;
		if (!waitid(P_PID, (id_t)c->pid, &info,
			    WEXITED | WNOHANG | WNOWAIT) && info.si_pid)
			starter_exited(c, &info);
	}
	starter_due(0);
}

/* What is due for a child, which may have gone afterwards. */
static void starter_child_turn(struct starter_child *c, int64_t now)
{
	if (!c->settled && now >= c->deadline) {
		kill(c->pid, SIGKILL);
		starter_settle(c, -ETIMEDOUT);
	}
	if (c->exited && c->over && !c->asked && !c->failed)
		starter_ask(c, now);
	if (c->exited && (c->failed || (c->asked && now >= c->deadline))) {
		if (!c->failed)
			starter_signal(c, SIGKILL);
		waitpid(c->pid, NULL, 0);
		starter_remove(c);
		return;
	}
	if (c->settled && c->over && !c->exited && now >= c->deadline) {
		if (!c->asked) {
			starter_ask(c, now);
		} else {
			starter_signal(c, SIGKILL);
			c->deadline = now + STARTER_GRACE_NS;
		}
	}
	if (!c->settled || (c->over && c->deadline > now))
		starter_due(c->deadline);
}

static void starter_stop(int status)
{
	struct serve_msg m = { .type = SERVE_STOP };

	if (starter.stopping)
		return;
	starter.stopping = true;
	if (status != EXIT_DONE)
		starter.status = status;
	notify("STOPPING=1");
	starter_tell(&m, -1);
	starter.stop_deadline = run_now() + STARTER_GRACE_NS;
	for (struct starter_child *c = starter.children; c; c = c->next) {
		c->over = true;
		if (c->settled && !c->asked)
			c->deadline = starter.stop_deadline;
	}
	starter_due(0);
}

static void starter_listener_reaped(int status)
{
	char why[128];

	starter.listener = 0;
	/* What is bound to it is nobody's any more, and others shall hear so. */
	romon_nl_close(starter.nl);
	starter.nl = NULL;
	/* The other routers have heard of the end, and what it was. */
	for (struct starter_child *c = starter.children; c; c = c->next)
		if (c->settled && !c->asked)
			c->deadline = 0;
	if (WIFSIGNALED(status)) {
		snprintf(why, sizeof(why), "signal %d%s", WTERMSIG(status),
			 confine_signal(WTERMSIG(status)));
		if (starter.status == EXIT_DONE)
			serve_log(LOG_ERR, "failed",
				  "the listening process has died", why);
		starter.status = EXIT_FAILED;
	} else if (WEXITSTATUS(status)) {
		starter.status = WEXITSTATUS(status);
	}
}

static void starter_run_task(struct loop_task *t)
{
	int64_t now = run_now();
	struct starter_child *c, *next;
	int status;

	(void)t;
	if (now < starter.next)
		return;
	starter.next = RUN_FOREVER;
	if (starter.listener &&
	    waitpid(starter.listener, &status, WNOHANG) == starter.listener) {
		starter_stop(EXIT_DONE);
		starter_listener_reaped(status);
	}
	for (c = starter.children; c; c = next) {
		next = c->next;
		starter_child_turn(c, now);
	}
	if (!starter.stopping)
		return;
	if (starter.listener && now >= starter.stop_deadline) {
		starter_kill_listener("it does not stop");
		starter.stop_deadline = now + STARTER_GRACE_NS;
	}
	if (starter.listener)
		starter_due(starter.stop_deadline);
	else if (!starter.children)
		loop_stop(starter.status);
}

static int64_t starter_deadline(struct loop_task *t)
{
	(void)t;
	return starter.next;
}

static void starter_got_ready(void)
{
	char text[48];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=%zu services",
		 starter.conf.n);
	notify(text);
	if (!starter.ready)
		serve_log(LOG_INFO, "ready", "ready", NULL);
	else if (starter.reloading)
		serve_log(LOG_INFO, "reloaded", "configuration read again",
			  NULL);
	starter.ready = true;
	starter.reloading = false;
}

static void starter_close_link(void)
{
	int fd = starter.link.fd;

	if (fd < 0)
		return;
	loop_unwatch(&starter.link);
	close(fd);
}

static void starter_link_ready(struct loop_watch *w, uint32_t events)
{
	struct serve_msg m;
	int err = 1;

	(void)events;
	for (int i = 0; i < STARTER_MESSAGES && err == 1; i++) {
		err = serve_link_receive(w->fd, &m, NULL);
		if (err != 1)
			break;
		if (m.type == SERVE_READY)
			starter_got_ready();
		else if (m.type == SERVE_START)
			starter_start(&m);
		else if (m.type == SERVE_OVER)
			starter_over(m.session);
		else if (m.type == SERVE_CONNECT)
			starter_connect(&m);
		else if (m.type == SERVE_BIND)
			starter_bind(m.port);
		else if (m.type == SERVE_LOG)
			starter_log(&m.line);
		else
			err = -EPROTO;
	}
	if (err == 1 || err == -EAGAIN)
		return;
	if (err == -EPROTO)
		starter_kill_listener("it says what it must not");
	/* It has gone, or goes now: SIGCHLD tells how. */
	starter_close_link();
	starter_stop(EXIT_DONE);
}

/* The listener learns what is new a service at a time. */
static void starter_tell_conf(void)
{
	struct serve_msg m = { .type = SERVE_CONF };

	m.limits = starter.conf.limits;
	starter_tell(&m, -1);
	for (size_t i = 0; i < starter.conf.n; i++) {
		m.type = SERVE_OFFER;
		m.offer = starter.conf.service[i].offer;
		starter_tell(&m, -1);
	}
	m.type = SERVE_CONF_END;
	starter_tell(&m, -1);
}

static bool starter_same_user(const struct serve_user *a,
			      const struct serve_user *b)
{
	return (!a->name && !b->name) ||
	       (a->name && b->name && !strcmp(a->name, b->name));
}

static void starter_reload(int signo)
{
	struct serve_conf conf;
	char *why;

	(void)signo;
	if (starter.stopping)
		return;
	if (!starter.file) {
		serve_log(LOG_NOTICE, "not-reloaded",
			  "nothing to read again",
			  "the service is of the command line");
		return;
	}
	notify_reloading();
	free(serve_log_complained());
	if (serve_file_read(&conf, starter.file) != EXIT_DONE) {
		why = serve_log_complained();
		/* People have just been told. */
		serve_log(LOG_ERR, "not-reloaded", "the configuration stays",
			  out_options.json ? why : NULL);
		free(why);
		notify("READY=1");
		return;
	}
	if (!starter_same_user(&conf.user, &starter.conf.user) ||
	    conf.syslog != starter.conf.syslog)
		serve_log(LOG_WARNING, "needs-restart",
			  "what set says counts from the next start on", NULL);
	serve_conf_free(&starter.conf);
	starter.conf = conf;
	starter.reloading = true;
	starter_tell_conf();
}

static void starter_stop_signal(int signo)
{
	(void)signo;
	starter_stop(EXIT_DONE);
}

int serve_starter_run(struct serve_conf *conf, const char *file, int link,
		      struct romon_nl *nl, pid_t listener)
{
	int status = EXIT_FAILED;

	memset(&starter, 0, sizeof(starter));
	starter.conf = *conf;
	starter.file = file;
	starter.listener = listener;
	starter.nl = nl;
	/* A configuration that is read later changes nothing in it. */
	starter.user = conf->user;
	starter.next = RUN_FOREVER;
	starter.task.deadline = starter_deadline;
	starter.task.run = starter_run_task;
	/* Who runs as the same user without our rights shall not look inside. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	loop_signal(SIGCHLD, starter_child_signal);
	loop_signal(SIGHUP, starter_reload);
	loop_signal(SIGTERM, starter_stop_signal);
	loop_signal(SIGINT, starter_stop_signal);
	loop_add_task(&starter.task);
	if (loop_watch(&starter.link, link, EPOLLIN, starter_link_ready)) {
		complain("serve: too many open files");
		kill(listener, SIGKILL);
		close(link);
	} else {
		status = loop_run();
	}
	starter_close_link();
	loop_del_task(&starter.task);
	loop_end();
	romon_nl_close(starter.nl);
	serve_conf_free(&starter.conf);
	return status;
}
