/* SPDX-License-Identifier: GPL-2.0-only */
/* The door of this room: configurations are conf.h's and file.h's. */

#ifndef ROMON_SERVE_H
#define ROMON_SERVE_H

#include "conf.h"

/*
 * Serves until it is stopped. The configuration becomes its own; @file: where
 * to read it again, NULL if it was not read. Returns what to exit with.
 */
int serve_start(struct serve_conf *conf, const char *file);

#endif /* ROMON_SERVE_H */
