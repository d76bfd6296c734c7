// SPDX-License-Identifier: GPL-2.0-only
/* The loop of what serves many file descriptors at once. */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "loop.h"
#include "run.h"

#define LOOP_BATCH	64
#define LOOP_SIGNALS	8

static struct {
	int epoll;		/* 0 until it is needed */
	bool running;
	int status;
	int64_t now;
	struct loop_watch *steady;
	struct loop_task *tasks;
	/* Those of this turn, so that one that is unwatched is forgotten. */
	struct epoll_event batch[LOOP_BATCH];
	int batched;
	struct loop_watch *next_steady;
	struct loop_task *next_task;
	struct loop_watch signals;
	sigset_t mask, mask_before;
	struct {
		int signo;
		void (*fn)(int signo);
	} signal[LOOP_SIGNALS];
	unsigned int n_signals;
} loop = { .signals.fd = -1 };

static int loop_epoll(void)
{
	if (!loop.epoll)
		loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop.epoll;
}

int loop_watch(struct loop_watch *w, int fd, uint32_t events,
	       void (*fn)(struct loop_watch *w, uint32_t events))
{
	struct epoll_event event = { .events = events, .data.ptr = w };

	w->fd = fd;
	w->events = events;
	w->fn = fn;
	w->steady = 0;
	if (!epoll_ctl(loop_epoll(), EPOLL_CTL_ADD, fd, &event))
		return 0;
	if (errno != EPERM) {
		w->fd = -1;
		return -errno;
	}
	/* A file or /dev/null: always ready, and epoll refuses it. */
	w->steady = 1;
	w->next_steady = loop.steady;
	loop.steady = w;
	return 0;
}

void loop_change(struct loop_watch *w, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = w };

	if (w->fd < 0 || w->events == events)
		return;
	w->events = events;
	if (!w->steady)
		epoll_ctl(loop_epoll(), EPOLL_CTL_MOD, w->fd, &event);
}

void loop_unwatch(struct loop_watch *w)
{
	struct loop_watch **at;

	if (w->fd < 0)
		return;
	if (w->steady) {
		for (at = &loop.steady; *at != w; at = &(*at)->next_steady)
			;
		*at = w->next_steady;
		if (loop.next_steady == w)
			loop.next_steady = w->next_steady;
	} else {
		epoll_ctl(loop_epoll(), EPOLL_CTL_DEL, w->fd, NULL);
		for (int i = 0; i < loop.batched; i++)
			if (loop.batch[i].data.ptr == w)
				loop.batch[i].data.ptr = NULL;
	}
	w->fd = -1;
}

void loop_allow_files(unsigned int want)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= want)
		return;
	limit.rlim_cur = want;
	if (limit.rlim_max < want)
		limit.rlim_max = want;
	if (!setrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int64_t loop_now(void)
{
	return loop.running ? loop.now : run_now();
}

void loop_add_task(struct loop_task *t)
{
	t->next = loop.tasks;
	loop.tasks = t;
}

void loop_del_task(struct loop_task *t)
{
	struct loop_task **at = &loop.tasks;

	while (*at && *at != t)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = t->next;
	if (loop.next_task == t)
		loop.next_task = t->next;
}

static void loop_take_signals(struct loop_watch *w, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (w->fd >= 0 && read(w->fd, &info, sizeof(info)) == sizeof(info))
		for (unsigned int i = 0; i < loop.n_signals; i++)
			if (loop.signal[i].signo == (int)info.ssi_signo)
				loop.signal[i].fn(loop.signal[i].signo);
}

void loop_signal(int signo, void (*fn)(int signo))
{
	struct sigaction action;
	int fd;

	if (loop.n_signals == LOOP_SIGNALS)
		abort();
	/* Who has started us may not want it: nohup, a script's background. */
	if (!sigaction(signo, NULL, &action) && action.sa_handler == SIG_IGN) {
		if (signo != SIGCHLD)
			return;
		/* ... but children have to be waited for. */
		signal(SIGCHLD, SIG_DFL);
	}
	if (!loop.n_signals) {
		sigemptyset(&loop.mask);
		sigprocmask(SIG_BLOCK, NULL, &loop.mask_before);
	}
	loop.signal[loop.n_signals].signo = signo;
	loop.signal[loop.n_signals++].fn = fn;
	sigaddset(&loop.mask, signo);
	sigprocmask(SIG_BLOCK, &loop.mask, NULL);
	fd = signalfd(loop.signals.fd, &loop.mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop.signals.fd < 0 && fd >= 0)
		loop_watch(&loop.signals, fd, EPOLLIN, loop_take_signals);
}

/* In a child, before exec: signals as they were. */
void loop_child(void)
{
	if (loop.n_signals)
		sigprocmask(SIG_SETMASK, &loop.mask_before, NULL);
}

static int loop_timeout(void)
{
	int64_t first = RUN_FOREVER, left;

	if (loop.steady)
		for (struct loop_watch *w = loop.steady; w; w = w->next_steady)
			if (w->events)
				return 0;
	for (struct loop_task *t = loop.tasks; t; t = t->next) {
		int64_t deadline = t->deadline(t);

		if (deadline < first)
			first = deadline;
	}
	if (first == RUN_FOREVER)
		return -1;
	/* Much of the turn's time may be over. */
	left = first <= loop.now ? 0 : first - run_now();
	if (left <= 0)
		return 0;
	/* Rounded up: not a turn before it is due. */
	left = (left + 999999) / 1000000;
	return left > 3600000 ? 3600000 : (int)left;
}

static void loop_turn(void)
{
	struct loop_watch *w;
	struct loop_task *t;

	loop.batched = epoll_wait(loop_epoll(), loop.batch, LOOP_BATCH,
				  loop_timeout());
	loop.now = run_now();
	for (int i = 0; i < loop.batched; i++) {
		w = loop.batch[i].data.ptr;
		if (w)
			w->fn(w, loop.batch[i].events);
	}
	loop.batched = 0;
	for (w = loop.steady; w; w = loop.next_steady) {
		loop.next_steady = w->next_steady;
		if (w->events)
			w->fn(w, w->events);
	}
	for (t = loop.tasks; t; t = loop.next_task) {
		loop.next_task = t->next;
		t->run(t);
	}
}

int loop_run(void)
{
	loop.running = true;
	loop.now = run_now();
	while (loop.running)
		loop_turn();
	return loop.status;
}

void loop_stop(int status)
{
	loop.running = false;
	loop.status = status;
}

/* All watches and tasks are gone; signals are as before. */
void loop_end(void)
{
	if (loop.signals.fd >= 0) {
		int fd = loop.signals.fd;

		loop_unwatch(&loop.signals);
		close(fd);
	}
	loop_child();
	loop.n_signals = 0;
	if (loop.epoll > 0)
		close(loop.epoll);
	loop.epoll = 0;
}
