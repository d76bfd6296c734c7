/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop of what serves many file descriptors at once. One for the process.
 *
 * A watch is part of what it belongs to, and may be taken away and freed from
 * inside any callback.
 */

#ifndef ROMON_LOOP_H
#define ROMON_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

struct loop_watch {
	int fd;			/* -1: not watched */
	uint32_t events;	/* EPOLLIN, EPOLLOUT; or 0, EPOLLHUP comes still */
	void (*fn)(struct loop_watch *w, uint32_t events);
	/* The loop's own. */
	struct loop_watch *next_steady;
	int steady;		/* a file: always ready, not known to epoll */
};

/* What is to be done at times: endpoints, timeouts. */
struct loop_task {
	/* When to call run at the latest, of run_now(); INT64_MAX for never. */
	int64_t (*deadline)(struct loop_task *t);
	/* Called at the end of every turn of the loop. */
	void (*run)(struct loop_task *t);
	struct loop_task *next;
};

/* 0 or a negative errno. */
int loop_watch(struct loop_watch *w, int fd, uint32_t events,
	       void (*fn)(struct loop_watch *w, uint32_t events));
void loop_change(struct loop_watch *w, uint32_t events);
/* The descriptor stays open. Of one that is not watched: nothing. */
void loop_unwatch(struct loop_watch *w);

/* Raise the limit of open files to so many, or as near to it as is permitted. */
void loop_allow_files(unsigned int want);

/*
 * run_now() when this turn began. For what happens once per frame: where the
 * kernel has no vDSO, to ask for the time is a system call of its own.
 */
int64_t loop_now(void);

void loop_add_task(struct loop_task *t);
void loop_del_task(struct loop_task *t);

/*
 * Calls fn for this signal from the loop, not from a signal handler, unless it
 * is ignored; the signal is blocked until loop_end(). A child unblocks what it
 * needs: loop_child().
 */
void loop_signal(int signo, void (*fn)(int signo));
void loop_child(void);

/* Turns until loop_stop(), whose status it returns. */
int loop_run(void);
void loop_stop(int status);
void loop_end(void);

#endif /* ROMON_LOOP_H */
