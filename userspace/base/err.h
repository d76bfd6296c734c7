/* SPDX-License-Identifier: GPL-2.0-only */
/* Complaints: one line each, to standard error. */

#ifndef ROMON_ERR_H
#define ROMON_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What main() returns. */
enum {
	EXIT_DONE	= 0,
	EXIT_FAILED	= 1,	/* what was asked for failed, or was not reached */
	EXIT_USAGE	= 2,
};

void err_set_place(const char *file, unsigned int line);
/*
 * Where complaints go instead, a line without its end each; NULL: to standard
 * error. Returns where they went.
 */
typedef void err_sink_fn(const char *line);
err_sink_fn *err_set_sink(err_sink_fn *sink);
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* All strings of which are ours, or were given by text_clean() or text_quote(). */
void complain_clean(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_no_memory(void);

/*
 * Keeps some memory for when there is none, if it is not kept already, so that
 * what is small and soon freed again, as a line of a log, does not end a process
 * that others have used up the memory of. err_spend_memory() frees it; false if
 * there is none. What ends when there is no memory does so only then.
 * err_keep_memory() is false if there is nothing to keep: then what strangers
 * bring about is better left.
 */
bool err_keep_memory(void);
bool err_spend_memory(void);

void *xrealloc(void *old, size_t n, size_t size);
void *xcalloc(size_t n, size_t size);
char *xstrdup(const char *s);
char *xvasprintf(const char *fmt, va_list ap);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* ROMON_ERR_H */
