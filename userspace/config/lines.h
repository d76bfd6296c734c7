/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration as lines of set and port, which romon -b runs too. */

#ifndef ROMON_LINES_H
#define ROMON_LINES_H

#include <stdio.h>

#include "model.h"

void lines_print(FILE *f, const struct model *m);
/* All of the file, - for standard input. Complains; what to exit with. */
int lines_read(struct model *m, const char *file);
/*
 * Of several files one after the other, the first into a model of zeros; then the
 * end. A later file may speak of the ports of an earlier one.
 */
int lines_add(struct model *m, const char *file);
void lines_end(struct model *m);

#endif /* ROMON_LINES_H */
