/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that talks to other routers, without any right but to do that:
 * it takes streams, checks who they are of, and passes on what is in them.
 */

#ifndef ROMON_SERVE_LISTENER_H
#define ROMON_SERVE_LISTENER_H

#include "conf.h"

struct romon_nl;

/*
 * Runs until it is stopped or the starter ends, which shares @nl. Returns what to
 * exit with.
 */
int serve_listener_run(const struct serve_conf *conf, int link,
		       struct romon_nl *nl);

#endif /* ROMON_SERVE_LISTENER_H */
