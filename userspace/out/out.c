// SPDX-License-Identifier: GPL-2.0-only
/* One call for each field, for people and for JSON. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "json.h"
#include "out.h"
#include "parse/parse.h"
#include "parse/secrets.h"
#include "table.h"

struct out_options out_options;

struct out {
	FILE *f;
	const struct out_col *cols;
	enum out_style style;
	bool open;
	enum out_color color;	/* of the next cell */
	struct table table;
	struct json_rows json;
};

struct out *out_begin(FILE *f, const struct out_col *cols, size_t n,
		      enum out_style style)
{
	struct out *o = xcalloc(1, sizeof(*o));

	o->f = f;
	o->cols = cols;
	o->style = style;
	o->table = (struct table){
		.f = f, .cols = cols, .n = n, .limit = SIZE_MAX
	};
	if (out_options.json && style == OUT_LIST)
		json_rows_begin_list(&o->json, out_options.pretty);
	return o;
}

/* Show people no more than so many rows, and how many there are. */
void out_limit(struct out *o, size_t rows)
{
	o->table.limit = rows;
}

/* The row is complete: what prints rows as they come prints it now. */
void out_flush(struct out *o)
{
	if (!o->open)
		return;
	o->open = false;
	if (out_options.json) {
		json_rows_flush(&o->json, o->f,
				out_options.pretty && o->style == OUT_RECORD);
	} else if (o->style == OUT_LINES) {
		table_print_list(&o->table, 0);
		table_drop_rows(&o->table);
	} else if (o->style == OUT_WORDS || o->style == OUT_SUMMARY) {
		table_print_words(&o->table, o->style == OUT_SUMMARY);
		table_drop_rows(&o->table);
	}
	if (o->style != OUT_LIST && o->style != OUT_RECORD)
		fflush(o->f);
}

/* Begins a row, and completes the one before. */
void out_row(struct out *o)
{
	out_flush(o);
	o->open = true;
	o->color = OUT_PLAIN;
	if (out_options.json)
		json_rows_begin(&o->json);
	else
		table_add_row(&o->table);
}

/*
 * Prints what was not printed yet and frees all. Returns how many lines of a
 * screen so many columns wide a table takes.
 */
size_t out_end(struct out *o, unsigned int screen)
{
	size_t lines = 0;

	out_flush(o);
	if (out_options.json)
		json_rows_end_list(&o->json, o->f);
	else if (o->style == OUT_LIST)
		lines = table_print_list(&o->table, screen);
	else if (o->style == OUT_RECORD)
		lines = table_print_record(&o->table);
	out_cancel(o);
	return lines;
}

/* Frees all, and prints no more. */
void out_cancel(struct out *o)
{
	table_free(&o->table);
	json_rows_free(&o->json);
	free(o);
}

/* What stands before the words. */
void out_prefix(struct out *o, const char *fmt, ...)
{
	va_list ap;

	free(o->table.prefix);
	va_start(ap, fmt);
	o->table.prefix = xvasprintf(fmt, ap);
	va_end(ap);
}

/* Of the next field. */
void out_color(struct out *o, enum out_color color)
{
	o->color = color;
}

static void out_cell(struct out *o, size_t col, char *text)
{
	table_set_cell(&o->table, col, text, o->color);
	o->color = OUT_PLAIN;
}

static void out_json_field(struct out *o, size_t col, json_object *value)
{
	if (o->cols[col].key)
		json_rows_add(&o->json, o->cols[col].key, value);
	else
		json_object_put(value);
}

/* A string of unknown origin; NULL if it is not known. */
void out_str(struct out *o, size_t col, const char *s)
{
	if (!s)
		return;
	if (out_options.json)
		out_json_field(o, col, json_rows_string(s));
	else
		out_cell(o, col, text_clean(s));
}

/*
 * A string that others chose, of which nobody shall take the end for the next
 * key, and people a word more. Where words stand behind each other it is one,
 * as words_split() reads it.
 */
void out_word(struct out *o, size_t col, const char *s, const char *more)
{
	char *word;

	if (out_options.json || !s || !*s) {
		out_str(o, col, s);
		return;
	}
	word = o->style == OUT_WORDS ? text_quote(s) : text_clean(s);
	out_text(o, col, "%s%s", word, more);
	free(word);
}

/* For people only. */
void out_text(struct out *o, size_t col, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (out_options.json)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	out_cell(o, col, text);
}

void out_uint(struct out *o, size_t col, uint64_t v)
{
	if (out_options.json)
		out_json_field(o, col, json_rows_int((int64_t)v));
	else
		out_text(o, col, "%llu", (unsigned long long)v);
}

/* For JSON only. */
void out_json_bool(struct out *o, const char *key, bool v)
{
	if (out_options.json)
		json_rows_add(&o->json, key, json_rows_bool(v));
}

/* For JSON only. */
void out_json_number(struct out *o, const char *key, double v)
{
	if (out_options.json)
		json_rows_add(&o->json, key, json_rows_number(v));
}

void out_bool(struct out *o, size_t col, bool v, const char *yes,
	      const char *no)
{
	if (out_options.json)
		out_json_field(o, col, json_rows_bool(v));
	else
		out_text(o, col, "%s", v ? yes : no);
}

void out_id(struct out *o, size_t col, const uint8_t *id)
{
	char buf[ID_STRLEN];

	out_str(o, col, id_str(buf, id));
}

void out_ids(struct out *o, size_t col, const uint8_t *ids, size_t n)
{
	char buf[ID_STRLEN];
	json_object *list;
	char *text, *to;

	if (out_options.json) {
		list = json_rows_array();
		for (size_t i = 0; i < n; i++)
			json_rows_append(list, json_rows_string(id_str(buf, ids + i * 6)));
		out_json_field(o, col, list);
		return;
	}
	text = xcalloc(n + 1, ID_STRLEN);
	to = text;
	for (size_t i = 0; i < n; i++) {
		memcpy(to, id_str(buf, ids + i * 6), ID_STRLEN - 1);
		to += ID_STRLEN - 1;
		*to++ = i + 1 < n ? ',' : '\0';
	}
	out_cell(o, col, text);
}

/*
 * Each as secrets_parse() reads it, or hidden. The empty one is no secret, and
 * where it stands tells how far the change from one secret to another is.
 */
void out_secrets(struct out *o, size_t col, const struct secrets *s)
{
	json_object *list = out_options.json ? json_rows_array() : NULL;
	char text[SECRETS_TEXT_MAX];
	char *to = text;

	for (size_t i = 0; i < s->n; i++) {
		char *one = to;

		if (s->v[i].len && !out_options.secrets)
			to = stpcpy(to, "(hidden)");
		else if (s->v[i].len || list)
			to = secrets_text_one(to, s, i);
		else
			to = stpcpy(to, "\"\"");
		if (list)
			json_rows_append(list, json_rows_string(one));
		else if (i + 1 < s->n)
			to = stpcpy(to, ",");
	}
	if (list)
		out_json_field(o, col, list);
	else
		out_cell(o, col, xstrdup(text));
	explicit_bzero(text, sizeof(text));
}

/* The number for JSON, with its decimals, and what people see of it. */
void out_number(struct out *o, size_t col, double v, const char *text)
{
	if (out_options.json)
		out_json_number(o, o->cols[col].key, v);
	else
		out_text(o, col, "%s", text);
}

void out_note(struct out *o, const char *fmt, ...)
{
	char *note;
	va_list ap;

	if (out_options.json)
		return;
	va_start(ap, fmt);
	note = xvasprintf(fmt, ap);
	va_end(ap);
	table_add_note(&o->table, note);
}

void out_open(struct out *o, const char *key)
{
	if (out_options.json)
		json_rows_open(&o->json, key, json_rows_object());
	else
		out_note(o, "%s", key);
}

void out_open_list(struct out *o, const char *key)
{
	if (out_options.json)
		json_rows_open(&o->json, key, json_rows_array());
}

/* Begins an object in a list; out_close() ends it. */
void out_item(struct out *o)
{
	if (out_options.json)
		json_rows_open(&o->json, NULL, json_rows_object());
}

void out_in_uint(struct out *o, const char *key, uint64_t v)
{
	char value[24];

	if (out_options.json) {
		json_rows_add_inside(&o->json, key,
				     json_rows_int((int64_t)v));
		return;
	}
	snprintf(value, sizeof(value), "%llu", (unsigned long long)v);
	table_add_note_word(&o->table, key, value);
}

void out_in_str(struct out *o, const char *key, const char *s)
{
	if (out_options.json && s)
		json_rows_add_inside(&o->json, key, json_rows_string(s));
}

void out_in_id(struct out *o, const char *key, const uint8_t *id)
{
	char buf[ID_STRLEN];

	out_in_str(o, key, id_str(buf, id));
}

void out_in_number(struct out *o, const char *key, double v)
{
	if (out_options.json)
		json_rows_add_inside(&o->json, key, json_rows_number(v));
}

void out_in_bool(struct out *o, const char *key, bool v)
{
	if (out_options.json)
		json_rows_add_inside(&o->json, key, json_rows_bool(v));
}

void out_close(struct out *o)
{
	if (out_options.json)
		json_rows_close(&o->json);
}
