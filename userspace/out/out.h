/* SPDX-License-Identifier: GPL-2.0-only */
/* One call for each field, for people and for JSON. */

#ifndef ROMON_OUT_H
#define ROMON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum out_style {
	OUT_LIST,	/* a table; an array */
	OUT_RECORD,	/* "key: value" below each other; an object */
	OUT_LINES,	/* a row at a time as it comes; an object a line */
	OUT_WORDS,	/* "key value" behind each other; an object a line */
	OUT_SUMMARY,	/* "key=value" behind each other; an object a line */
};

enum out_color {
	OUT_PLAIN,
	OUT_GOOD,
	OUT_BAD,
	OUT_DIM,
	OUT_HEAD,
	OUT_NAME,
	OUT_ADDRESS,
};

/*
 * A key. Without head it is for JSON only, without key for people only. The
 * width is the least one in a list; cells longer than cap, if not 0, do not
 * widen their column but push what follows in their own row; on a screen that
 * is too narrow they go on below instead, with a line for each comma.
 */
struct out_col {
	const char *key;
	const char *head;
	uint8_t gap;
	uint8_t width;
	uint8_t cap;
	bool right;
	bool optional;	/* no such column if all of its cells are empty */
};

struct secrets;

struct out_options {
	bool json;
	bool pretty;
	bool color;
	bool secrets;	/* print them */
	bool escapes;	/* standard output is a terminal that can move back */
};

extern struct out_options out_options;

struct out;

struct out *out_begin(FILE *f, const struct out_col *cols, size_t n,
		      enum out_style style);
size_t out_end(struct out *o, unsigned int screen);
void out_cancel(struct out *o);
void out_limit(struct out *o, size_t rows);

void out_row(struct out *o);
void out_flush(struct out *o);
void out_prefix(struct out *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void out_color(struct out *o, enum out_color color);
void out_str(struct out *o, size_t col, const char *s);
void out_word(struct out *o, size_t col, const char *s, const char *more);
void out_uint(struct out *o, size_t col, uint64_t v);
void out_bool(struct out *o, size_t col, bool v, const char *yes,
	      const char *no);
void out_id(struct out *o, size_t col, const uint8_t *id);
void out_ids(struct out *o, size_t col, const uint8_t *ids, size_t n);
void out_secrets(struct out *o, size_t col, const struct secrets *s);
void out_number(struct out *o, size_t col, double v, const char *text);
void out_json_bool(struct out *o, const char *key, bool v);
void out_json_number(struct out *o, const char *key, double v);
void out_text(struct out *o, size_t col, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Objects inside; for people, a line of "key value" below the row. */
void out_open(struct out *o, const char *key);
void out_open_list(struct out *o, const char *key);
void out_item(struct out *o);
void out_in_uint(struct out *o, const char *key, uint64_t v);
void out_in_str(struct out *o, const char *key, const char *s);
void out_in_id(struct out *o, const char *key, const uint8_t *id);
void out_in_number(struct out *o, const char *key, double v);
void out_in_bool(struct out *o, const char *key, bool v);
void out_close(struct out *o);
void out_note(struct out *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* ROMON_OUT_H */
