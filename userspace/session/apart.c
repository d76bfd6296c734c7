// SPDX-License-Identifier: GPL-2.0-only
/* A session in a process of its own, which gives up its rights. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "base/confine.h"
#include "base/err.h"
#include "base/loop.h"
#include "nl/api.h"
#include "session.h"

/* A byte that is no bits. */
#define APART_ASK	0x80

/* One for each process: signals tell no more than their number. */
static struct {
	struct loop_watch link;		/* of the one that stays */
	struct romon_nl *nl;
	struct apart *a;
	pid_t pid;
	int status;
	int fd;				/* of the other */
} apart = { .link.fd = -1, .fd = -1 };

static void apart_say(uint8_t byte)
{
	/* There is room for more than is ever said. */
	send(apart.fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void apart_ask_port(void *arg, uint16_t port)
{
	(void)arg;
	(void)port;
	apart_say(APART_ASK);
}

void apart_tell(uint8_t bit)
{
	apart_say(bit);
}

static void apart_hear(struct loop_watch *w, uint32_t events)
{
	uint8_t said[64];
	ssize_t n;

	(void)events;
	n = recv(w->fd, said, sizeof(said), MSG_DONTWAIT);
	if (!n)
		loop_unwatch(w);
	for (ssize_t i = 0; i < n; i++) {
		if (said[i] == APART_ASK)
			api_queue_bind(apart.nl, 0);
		else
			apart.a->told |= said[i];
	}
	romon_nl_flush(apart.nl);
}

static void apart_signal(int signo)
{
	if (apart.pid)
		kill(apart.pid, signo);
}

static void apart_ended(int signo)
{
	(void)signo;
	if (waitpid(apart.pid, &apart.status, WNOHANG) != apart.pid)
		return;
	apart.pid = 0;
	loop_stop(EXIT_DONE);
}

static int apart_explain(const char *what)
{
	int signo;

	if (WIFEXITED(apart.status))
		return WEXITSTATUS(apart.status);
	signo = WTERMSIG(apart.status);
	complain("%s: the process of the session was ended by signal %d%s",
		 what, signo, confine_signal(signo));
	return EXIT_FAILED;
}

/* The one that stays. It must not keep open what the other is to close. */
static int apart_stay(struct apart *a, int link)
{
	apart.a = a;
	for (int i = 0; i < 2; i++)
		if (a->own[i] >= 0)
			close(a->own[i]);
	session_signals(apart_signal);
	loop_signal(SIGCHLD, apart_ended);
	if (loop_watch(&apart.link, link, EPOLLIN, apart_hear)) {
		complain("%s: too many open files", a->what);
		kill(apart.pid, SIGKILL);
		waitpid(apart.pid, &apart.status, 0);
	} else {
		/* It may have ended before that was a signal for us. */
		apart_ended(SIGCHLD);
		if (apart.pid)
			loop_run();
		/* What it said last. */
		apart_hear(&apart.link, 0);
		loop_unwatch(&apart.link);
	}
	apart.pid = 0;
	close(link);
	loop_end();
	return apart_explain(a->what);
}

static _Noreturn void apart_go(struct apart *a, int link, pid_t parent)
{
	const int keep[] = {
		link, romon_nl_fd(apart.nl), a->own[0], a->own[1],
	};
	int status = EXIT_FAILED;

	apart.fd = link;
	/* A connection of its own, not one with us. */
	api_close_shared();
	confine_files(STDERR_FILENO + 1, keep, sizeof(keep) / sizeof(keep[0]));
	/* As if who was killed had been one with it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() == parent)
		status = a->run(a->arg, apart.nl);
	fflush(stdout);
	_exit(status);
}

int apart_run(struct apart *a)
{
	pid_t parent = getpid();
	int pair[2], status;

	apart.nl = api_open(a->what);
	if (!apart.nl)
		return EXIT_FAILED;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		complain("%s: %s", a->what, strerror(errno));
		romon_nl_close(apart.nl);
		return EXIT_FAILED;
	}
	fflush(stdout);
	apart.pid = fork();
	if (!apart.pid) {
		close(pair[0]);
		apart_go(a, pair[1], parent);
	}
	close(pair[1]);
	if (apart.pid < 0) {
		complain("%s: %s", a->what, strerror(errno));
		close(pair[0]);
		status = EXIT_FAILED;
	} else {
		status = apart_stay(a, pair[0]);
	}
	romon_nl_close(apart.nl);
	return status;
}
