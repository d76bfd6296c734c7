// SPDX-License-Identifier: GPL-2.0-only
/* What runs on: until its time is over or somebody stops it. */

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "run.h"

static volatile sig_atomic_t stopped;
static sigset_t mask_before;

static void run_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/*
 * From here on Ctrl-C only ends the waiting. It is blocked outside of
 * run_wait(), so that none is missed between a look and the sleep.
 */
void run_begin(void)
{
	struct sigaction action = { .sa_handler = run_stop };
	sigset_t mask;

	stopped = 0;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &mask_before);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

void run_end(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

bool run_stopped(void)
{
	sigset_t pending;

	sigpending(&pending);
	return stopped || sigismember(&pending, SIGINT) ||
	       sigismember(&pending, SIGTERM);
}

int64_t run_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * RUN_SECOND + ts.tv_nsec;
}

/*
 * True if the descriptor (-1: none) is readable before that time. Ends the
 * program if nobody reads its output any more: who has nothing to say for a
 * while would not learn it from writing.
 */
bool run_wait(int fd, int64_t until)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	struct timespec ts, *timeout = NULL;
	int64_t left;

	if (stopped)
		return false;
	if (until != RUN_FOREVER) {
		left = until - run_now();
		if (left < 0)
			left = 0;
		ts.tv_sec = left / RUN_SECOND;
		ts.tv_nsec = left % RUN_SECOND;
		timeout = &ts;
	}
	if (ppoll(p, 2, timeout, &mask_before) <= 0)
		return false;
	if (p[1].revents & (POLLERR | POLLHUP))
		_exit(EXIT_DONE);
	return p[0].revents;
}

char *run_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return NULL;
	path[n] = '\0';
	return xstrdup(path);
}
