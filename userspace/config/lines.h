/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration as lines of set and port, which romon -b runs too. */

#ifndef ROMON_LINES_H
#define ROMON_LINES_H

#include <stdio.h>

#include "model.h"

void lines_print(FILE *f, const struct model *m);
/* All of the file, - for standard input. Complains; what to exit with. */
int lines_read(struct model *m, const char *file);

#endif /* ROMON_LINES_H */
