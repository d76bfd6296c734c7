/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there was before a change that waits to be confirmed. It is in a file of
 * a folder that only root can enter, one for each network namespace: there from
 * before the change until somebody confirms it or all is back. Whoever waits
 * (config/waiter.h) holds a lock on the file, and whoever changes something one
 * on the folder.
 */

#ifndef ROMON_UNDO_H
#define ROMON_UNDO_H

#include "model.h"

#define UNDO_DIR	"/run/romon"
#define UNDO_MAX	86400	/* seconds to wait */

enum undo_state {
	UNDO_NONE,
	UNDO_WAITS,
	UNDO_LEFT,	/* whoever waited was killed */
};

struct undo {
	int dir;	/* -1: not there */
	char *file;
	enum undo_state state;
	int64_t until;	/* of undo_now(); if something waits */
};

/* With the folder locked: 0, or why not. Close it in either case. */
int undo_open(struct undo *u);
void undo_close(struct undo *u);
/* "confirm: /run/romon: why" */
void undo_complain(int err, const char *what);

/* To go back to, in so many seconds. Complains; what to exit with. */
int undo_keep(struct undo *u, const struct model *before, unsigned int seconds,
	      const char *what);
/* It stays as it is now. Likewise. */
int undo_drop(struct undo *u, const char *what);
/* All is as it was, and nothing waits any more. Likewise; it waits if not. */
int undo_go_back(struct undo *u, const char *what);

/* Of this network namespace, to be freed. NULL with errno. */
char *undo_file(void);
/* When it goes back by itself, or 0: it is no such file. */
int64_t undo_until(const char *file);
/* Nanoseconds since the boot, those asleep too: no clock that somebody sets. */
int64_t undo_now(void);

#endif /* ROMON_UNDO_H */
