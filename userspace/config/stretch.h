/* SPDX-License-Identifier: GPL-2.0-only */
/* Secrets that people remember, made keys that are slow to guess. */

#ifndef ROMON_STRETCH_H
#define ROMON_STRETCH_H

#include "parse/secrets.h"

#define STRETCH_NETWORK_MAX	64	/* bytes of a network's name */

/*
 * Each secret of the list but the empty one becomes its key in the network of
 * that name, as protocol.rst has it. NULL, or what is wrong; then some may be
 * keys already, and the list is of no use.
 */
const char *stretch_secrets(struct secrets *s, const char *network);

#endif /* ROMON_STRETCH_H */
