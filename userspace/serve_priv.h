/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up what the process that talks to others does not need. */

#ifndef ROMON_SERVE_PRIV_H
#define ROMON_SERVE_PRIV_H

#include <stdbool.h>

#include "serve_conf.h"

/* CAP_NET_ADMIN stays, if there was one. False after a complaint. */
bool serve_priv_drop(const struct serve_user *user);

#endif /* ROMON_SERVE_PRIV_H */
