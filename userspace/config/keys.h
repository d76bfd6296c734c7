/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings as words: typed, in help and in files. */

#ifndef ROMON_KEYS_H
#define ROMON_KEYS_H

#include <stdio.h>

#include "nl/api.h"
#include "parse/parse.h"

/*
 * Keys and values, and no word more; what they are set to is to be freed. The
 * kernel checks ranges: it knows them, and says them. Complains.
 */
bool keys_parse(struct args *args, const char *what, const struct settings *s,
		struct setting_value *set);
/* The name of a device, there or not; NULL after a complaint. */
const char *keys_parse_dev(struct args *args, const char *what);

/* "[hop-limit N] ..." behind that many columns, in lines and with their end. */
void keys_help(FILE *f, const struct settings *s, size_t column);
/* " hop-limit 32" */
void keys_print(FILE *f, const struct setting *s,
		const struct setting_value *v);

#endif /* ROMON_KEYS_H */
