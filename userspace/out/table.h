/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows for people: kept until it is known how wide they are, and printed. */

#ifndef ROMON_OUT_TABLE_H
#define ROMON_OUT_TABLE_H

#include "out.h"

struct table_row;

struct table {
	FILE *f;
	const struct out_col *cols;
	size_t n;
	struct table_row *rows;
	size_t n_rows, limit;
	bool headed;
	char *prefix;
};

void table_add_row(struct table *t);
/* Of the last row. The text becomes the table's. */
void table_set_cell(struct table *t, size_t col, char *text,
		    enum out_color color);
/* A line below the last row, that becomes the table's. */
void table_add_note(struct table *t, char *note);
/* Adds to the last note, or begins another line of it. */
void table_add_note_word(struct table *t, const char *key, const char *value);

/*
 * All rows, with a head unless they go on below one. Returns how many lines of
 * a screen so many columns wide they take.
 */
size_t table_print_list(struct table *t, unsigned int screen);
/* "key: value" below each other. Returns the lines. */
size_t table_print_record(struct table *t);
/* The only row, "key value" or "key=value" behind each other. */
void table_print_words(struct table *t, bool summary);

void table_drop_rows(struct table *t);
void table_free(struct table *t);

#endif /* ROMON_OUT_TABLE_H */
