/* SPDX-License-Identifier: GPL-2.0-only */
/* Complaints: one line each, to standard error. */

#ifndef ROMON_ERR_H
#define ROMON_ERR_H

#include <stddef.h>

/* What main() returns. */
enum {
	EXIT_DONE	= 0,
	EXIT_FAILED	= 1,	/* what was asked for failed, or was not reached */
	EXIT_USAGE	= 2,
};

void err_set_place(const char *file, unsigned int line);
/* Where complaints go instead, a line without its end each; NULL: as before. */
void err_set_sink(void (*sink)(const char *line));
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_no_memory(void);

void *xrealloc(void *old, size_t n, size_t size);
void *xcalloc(size_t n, size_t size);
char *xstrdup(const char *s);

#endif /* ROMON_ERR_H */
