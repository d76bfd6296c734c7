/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up what the process that talks to others does not need. */

#ifndef ROMON_SERVE_PRIV_H
#define ROMON_SERVE_PRIV_H

#include <stdbool.h>

#include "conf.h"

/*
 * All descriptors from there on. In a new process: what it was started with is
 * nothing that it needs.
 */
void serve_priv_close_from(unsigned int first);
/* CAP_NET_ADMIN stays, if there was one. False after a complaint. */
bool serve_priv_drop(const struct serve_user *user);

#endif /* ROMON_SERVE_PRIV_H */
