/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that was started, and keeps its rights: it starts the commands of
 * its configuration when the listener asks for one, and ends them.
 */

#ifndef ROMON_SERVE_STARTER_H
#define ROMON_SERVE_STARTER_H

#include <sys/types.h>

#include "conf.h"

struct romon_nl;

/*
 * Runs until it is stopped or the listener ends. The configuration becomes its
 * own; @file: where to read it again, NULL if it was not read. Returns what to
 * exit with. @nl: the listener's as well, and closed when that has ended.
 */
int serve_starter_run(struct serve_conf *conf, const char *file, int link,
		      struct romon_nl *nl, pid_t listener);

#endif /* ROMON_SERVE_STARTER_H */
