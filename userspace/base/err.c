// SPDX-License-Identifier: GPL-2.0-only
/* Complaints: one line each, to standard error. */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

static const char *place_file;
static unsigned int place_line;
static err_sink_fn *err_sink;
static void *kept;

/* Much more than a line of a log takes, in all that it goes through. */
#define ERR_KEPT	(256 << 10)

/* Commands from a file are complained of with their place in it. */
void err_set_place(const char *file, unsigned int line)
{
	place_file = file;
	place_line = line;
}

err_sink_fn *err_set_sink(err_sink_fn *sink)
{
	err_sink_fn *old = err_sink;

	err_sink = sink;
	return old;
}

/* To who wants them, in one piece. */
static void err_put(const char *clean)
{
	char *line;

	if (!place_file) {
		err_sink(clean);
		return;
	}
	line = xasprintf("%s:%u: %s", place_file, place_line, clean);
	err_sink(line);
	free(line);
}

static void err_say(const char *clean)
{
	/* What was printed before belongs before. */
	fflush(stdout);
	if (err_sink)
		err_put(clean);
	else if (place_file)
		fprintf(stderr, "romon: %s:%u: %s\n", place_file, place_line,
			clean);
	else
		fprintf(stderr, "romon: %s\n", clean);
}

/*
 * What is quoted may come from the wire or the command line, so all of it is
 * escaped, and a complaint stays one line.
 */
void complain(const char *fmt, ...)
{
	char *text, *clean;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	clean = text_clean(text);
	err_say(clean);
	free(clean);
	free(text);
}

void complain_clean(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	err_say(text);
	free(text);
}

void die_no_memory(void)
{
	fputs("romon: out of memory\n", stderr);
	exit(EXIT_FAILED);
}

bool err_keep_memory(void)
{
	if (!kept)
		kept = malloc(ERR_KEPT);
	return kept;
}

bool err_spend_memory(void)
{
	if (!kept)
		return false;
	free(kept);
	kept = NULL;
	return true;
}

void *xrealloc(void *old, size_t n, size_t size)
{
	void *new;

	if (size && n > SIZE_MAX / size)
		die_no_memory();
	do {
		new = realloc(old, n && size ? n * size : 1);
	} while (!new && err_spend_memory());
	if (!new)
		die_no_memory();
	return new;
}

void *xcalloc(size_t n, size_t size)
{
	void *new;

	do {
		new = calloc(n ? n : 1, size);
	} while (!new && err_spend_memory());
	if (!new)
		die_no_memory();
	return new;
}

char *xstrdup(const char *s)
{
	char *new;

	do {
		new = strdup(s);
	} while (!new && err_spend_memory());
	if (!new)
		die_no_memory();
	return new;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *text = NULL;
	va_list again;
	int len;

	do {
		va_copy(again, ap);
		len = vasprintf(&text, fmt, again);
		va_end(again);
	} while (len < 0 && err_spend_memory());
	if (len < 0)
		die_no_memory();
	return text;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return text;
}
