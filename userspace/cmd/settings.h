/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of set and port, typed and in files. */

#ifndef ROMON_SETTINGS_H
#define ROMON_SETTINGS_H

#include "nl/api.h"
#include "parse/parse.h"

bool settings_parse_config(struct args *args, const char *what,
			   struct api_config_change *change);
const char *settings_parse_dev(struct args *args, const char *what);
bool settings_parse_port(struct args *args, const char *what,
			 struct api_port_change *change);

#endif /* ROMON_SETTINGS_H */
