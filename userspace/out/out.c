// SPDX-License-Identifier: GPL-2.0-only
/* One call for each field, for people and for JSON. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/err.h"
#include "base/text.h"
#include "out.h"
#include "parse/parse.h"
#include "parse/secrets.h"

#define NOTE_WIDTH	78
#define NOTE_INDENT	6

struct out_options out_options;

struct out_cell {
	char *text;
	size_t width;
	enum out_color color;
};

struct out_row {
	struct out_cell *cells;
	char **notes;
	size_t n_notes;
};

struct out {
	FILE *f;
	const struct out_col *cols;
	size_t n;
	enum out_style style;
	struct out_row *rows;
	size_t n_rows, limit;
	bool open, headed;
	char *prefix;
	enum out_color color;	/* of the next cell */
	json_object *list;	/* all rows of an OUT_LIST */
	json_object *row;
	json_object *in[4];	/* what is open inside of the row */
	size_t depth;
};

/* UTF-16, as JSON has it. */
static void out_json_escape(struct printbuf *pb, uint32_t c)
{
	char esc[16];
	int n;

	if (c >= 0x10000)
		n = snprintf(esc, sizeof(esc), "\\u%04x\\u%04x",
			     0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	else
		n = snprintf(esc, sizeof(esc), "\\u%04x", c);
	printbuf_memappend(pb, esc, n);
}

/* Strings of others in JSON: valid UTF-8, and harmless on a terminal. */
static int out_json_string(json_object *j, struct printbuf *pb, int level,
			   int flags)
{
	const char *s = json_object_get_string(j);
	size_t len = (size_t)json_object_get_string_len(j), n;
	uint32_t c;

	(void)level;
	(void)flags;
	printbuf_memappend(pb, "\"", 1);
	for (; len; s += n, len -= n) {
		n = text_decode(s, len, &c);
		if (c == '"' || c == '\\')
			printbuf_memappend(pb, "\\", 1);
		if (c == TEXT_INVALID)
			out_json_escape(pb, 0xfffd);
		else if (text_is_hidden(c))
			out_json_escape(pb, c);
		else
			printbuf_memappend(pb, s, (int)n);
	}
	printbuf_memappend(pb, "\"", 1);
	return 0;
}

/* It may be a secret. */
static void out_json_wipe(json_object *j, void *arg)
{
	(void)arg;
	explicit_bzero((char *)json_object_get_string(j),
		       (size_t)json_object_get_string_len(j));
}

static json_object *out_json_new_string(const char *s)
{
	json_object *j = json_object_new_string(s);

	if (!j)
		die_no_memory();
	json_object_set_serializer(j, out_json_string, NULL, out_json_wipe);
	return j;
}

static void out_json_print(FILE *f, json_object *j, bool pretty)
{
	int flags = pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			     JSON_C_TO_STRING_PLAIN;

	const char *text = json_object_to_json_string_ext(j, flags);

	fputs(text, f);
	fputc('\n', f);
	explicit_bzero((char *)text, strlen(text));
}

struct out *out_begin(FILE *f, const struct out_col *cols, size_t n,
		      enum out_style style)
{
	struct out *o = xcalloc(1, sizeof(*o));

	o->f = f;
	o->cols = cols;
	o->n = n;
	o->style = style;
	o->limit = SIZE_MAX;
	if (out_options.json && style == OUT_LIST)
		o->list = json_object_new_array();
	return o;
}

/* Show people no more than so many rows, and how many there are. */
void out_limit(struct out *o, size_t rows)
{
	o->limit = rows;
}

static const char *out_color_code(enum out_color color)
{
	static const char * const codes[] = {
		[OUT_PLAIN] = "", [OUT_GOOD] = "\033[32m",
		[OUT_BAD] = "\033[31m", [OUT_DIM] = "\033[2m",
		[OUT_HEAD] = "\033[1m", [OUT_NAME] = "\033[36m",
		[OUT_ADDRESS] = "\033[33m",
	};

	return out_options.color ? codes[color] : "";
}

static void out_put(struct out *o, enum out_color color, const char *text)
{
	const char *code = out_color_code(color);

	/* Not fprintf(), which leaves pieces on the stack. */
	fputs(code, o->f);
	fputs(text, o->f);
	if (*code)
		fputs("\033[0m", o->f);
}

/* It may be a secret. */
static void out_free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void out_free_row(struct out *o, struct out_row *row)
{
	for (size_t i = 0; i < o->n; i++)
		out_free_text(row->cells[i].text);
	for (size_t i = 0; i < row->n_notes; i++)
		free(row->notes[i]);
	free(row->cells);
	free(row->notes);
}

static bool out_col_used(const struct out *o, size_t col)
{
	if (!o->cols[col].head)
		return false;
	if (!o->cols[col].optional)
		return true;
	for (size_t i = 0; i < o->n_rows; i++)
		if (o->rows[i].cells[col].text)
			return true;
	return false;
}

/* Returns the columns on the screen that were written to. */
static size_t out_print_cells(struct out *o, const struct out_cell *cells,
			      const size_t *width)
{
	size_t start = 0, at = 0;

	for (size_t i = 0; i < o->n; i++) {
		const struct out_col *col = &o->cols[i];
		size_t want, gap;

		if (width[i] == SIZE_MAX)
			continue;
		gap = start ? col->gap : 0;
		start += gap;
		want = start;
		if (cells[i].text) {
			if (col->right && cells[i].width < width[i])
				want += width[i] - cells[i].width;
			/* Behind a cell that was too long: catch up. */
			if (at && want < at + gap)
				want = at + gap;
			fprintf(o->f, "%*s", (int)(want - at), "");
			out_put(o, cells[i].color, cells[i].text);
			at = want + cells[i].width;
		}
		start += width[i];
	}
	fputc('\n', o->f);
	return at;
}

static size_t out_lines(size_t width, unsigned int screen)
{
	return screen && width ? (width + screen - 1) / screen : 1;
}

/* How much of a cell stands in one line, if it is to be so wide at most. */
static size_t out_cell_piece(const char *text, size_t room)
{
	size_t len = strlen(text), piece = 0;

	if (len <= room)
		return len;
	for (size_t i = 0; i < len && (i <= room || !piece); i++)
		if (text[i] == ',')
			piece = i + 1;
	return piece ? piece : len;
}

/* A row of which cells with a cap go on below. Returns its lines. */
static size_t out_print_folded(struct out *o, const struct out_row *row,
			       const size_t *width, unsigned int screen)
{
	struct out_cell *line = xcalloc(o->n, sizeof(*line));
	size_t *at = xcalloc(o->n, sizeof(*at));
	size_t lines = 0;
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < o->n; i++) {
			const struct out_cell *cell = &row->cells[i];
			const char *text = cell->text;
			size_t len;

			line[i].text = NULL;
			if (!text || width[i] == SIZE_MAX || !text[at[i]])
				continue;
			text += at[i];
			len = o->cols[i].cap ? out_cell_piece(text, width[i]) :
			      strlen(text);
			line[i] = *cell;
			line[i].text = xcalloc(len + 1, 1);
			memcpy(line[i].text, text, len);
			/* The end of the line is one. */
			if (text[len])
				line[i].text[len - 1] = '\0';
			line[i].width = text_width(line[i].text);
			at[i] += len;
			more |= text[len] != '\0';
		}
		lines += out_lines(out_print_cells(o, line, width), screen);
		for (size_t i = 0; i < o->n; i++)
			out_free_text(line[i].text);
	}
	free(at);
	free(line);
	return lines;
}

/* Returns how wide a row is that fills them. SIZE_MAX is no column. */
static size_t out_widths(const struct out *o, size_t *width, bool caps)
{
	size_t sum = 0;

	for (size_t i = 0; i < o->n; i++) {
		const struct out_col *col = &o->cols[i];

		width[i] = SIZE_MAX;
		if (!out_col_used(o, i))
			continue;
		width[i] = strlen(col->head);
		if (width[i] < col->width)
			width[i] = col->width;
		for (size_t r = 0; r < o->n_rows; r++) {
			size_t w = o->rows[r].cells[i].width;

			if (w > width[i] &&
			    (!caps || !col->cap || w <= col->cap))
				width[i] = w;
		}
		sum += width[i] + (sum ? col->gap : 0);
	}
	return sum;
}

static size_t out_print_head(struct out *o, const size_t *width,
			     unsigned int screen)
{
	struct out_cell *heads = xcalloc(o->n, sizeof(*heads));
	size_t lines;

	for (size_t i = 0; i < o->n; i++) {
		const struct out_col *col = &o->cols[i];

		if (width[i] == SIZE_MAX)
			continue;
		heads[i].text = *col->head ? (char *)col->head : NULL;
		heads[i].width = strlen(col->head);
		heads[i].color = OUT_HEAD;
	}
	lines = out_lines(out_print_cells(o, heads, width), screen);
	free(heads);
	return lines;
}

static size_t out_print_table(struct out *o, bool head, unsigned int screen)
{
	size_t *width = xcalloc(o->n, sizeof(*width));
	size_t lines = 0;

	/* Without a screen a row is a line, which programs may count on. */
	if (!screen || out_widths(o, width, false) > screen)
		out_widths(o, width, true);
	if (head)
		lines += out_print_head(o, width, screen);
	for (size_t r = 0; r < o->n_rows && r < o->limit; r++) {
		struct out_row *row = &o->rows[r];

		if (screen)
			lines += out_print_folded(o, row, width, screen);
		else
			out_print_cells(o, row->cells, width);
		for (size_t i = 0; i < row->n_notes; i++) {
			fprintf(o->f, "%*s%s\n", NOTE_INDENT, "",
				row->notes[i]);
			lines++;
		}
	}
	if (o->n_rows > o->limit) {
		fprintf(o->f, "  ... and %zu more\n", o->n_rows - o->limit);
		lines++;
	}
	free(width);
	return lines;
}

static size_t out_print_record(struct out *o)
{
	size_t width = 0, lines = 0;

	for (size_t i = 0; i < o->n; i++)
		if (o->cols[i].head && strlen(o->cols[i].head) > width)
			width = strlen(o->cols[i].head);
	for (size_t r = 0; r < o->n_rows; r++) {
		struct out_row *row = &o->rows[r];

		for (size_t i = 0; i < o->n; i++) {
			if (!o->cols[i].head || !row->cells[i].text)
				continue;
			fprintf(o->f, "  %*s: ", (int)width, o->cols[i].head);
			out_put(o, row->cells[i].color, row->cells[i].text);
			fputc('\n', o->f);
			lines++;
		}
		for (size_t i = 0; i < row->n_notes; i++, lines++)
			fprintf(o->f, "%*s%s\n", NOTE_INDENT, "",
				row->notes[i]);
	}
	return lines;
}

static void out_print_key(struct out *o, const struct out_col *col)
{
	if (o->style == OUT_SUMMARY)
		fprintf(o->f, "%s=", col->head);
	else if (*col->head && col->key)
		fprintf(o->f, "%s ", col->key);
}

static void out_print_words(struct out *o)
{
	struct out_row *row = &o->rows[0];

	fputs(o->prefix ? o->prefix : " ", o->f);
	for (size_t i = 0; i < o->n; i++) {
		if (!o->cols[i].head || !row->cells[i].text)
			continue;
		fputc(' ', o->f);
		out_print_key(o, &o->cols[i]);
		out_put(o, row->cells[i].color, row->cells[i].text);
	}
	fputc('\n', o->f);
	free(o->prefix);
	o->prefix = NULL;
}

static void out_drop_rows(struct out *o)
{
	for (size_t r = 0; r < o->n_rows; r++)
		out_free_row(o, &o->rows[r]);
	o->n_rows = 0;
}

/* The row is complete: what prints rows as they come prints it now. */
void out_flush(struct out *o)
{
	if (!o->open)
		return;
	o->open = false;
	if (o->list) {
		json_object_array_add(o->list, o->row);
		o->row = NULL;
		return;
	}
	if (out_options.json) {
		out_json_print(o->f, o->row,
			       out_options.pretty && o->style == OUT_RECORD);
		json_object_put(o->row);
		o->row = NULL;
	} else if (o->style == OUT_LINES) {
		out_print_table(o, !o->headed, 0);
		o->headed = true;
		out_drop_rows(o);
	} else if (o->style == OUT_WORDS || o->style == OUT_SUMMARY) {
		out_print_words(o);
		out_drop_rows(o);
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
	if (out_options.json) {
		o->row = json_object_new_object();
		o->in[0] = o->row;
		o->depth = 0;
		return;
	}
	o->rows = xrealloc(o->rows, o->n_rows + 1, sizeof(*o->rows));
	memset(&o->rows[o->n_rows], 0, sizeof(*o->rows));
	o->rows[o->n_rows++].cells = xcalloc(o->n, sizeof(struct out_cell));
}

/*
 * Prints what was not printed yet and frees all. Returns how many lines of a
 * screen so many columns wide a table takes.
 */
size_t out_end(struct out *o, unsigned int screen)
{
	size_t lines = 0;

	out_flush(o);
	if (o->list) {
		out_json_print(o->f, o->list, out_options.pretty);
		json_object_put(o->list);
	} else if (!out_options.json && o->style == OUT_LIST) {
		lines = out_print_table(o, true, screen);
	} else if (!out_options.json && o->style == OUT_RECORD) {
		lines = out_print_record(o);
	}
	o->list = NULL;
	out_cancel(o);
	return lines;
}

/* Frees all, and prints no more. */
void out_cancel(struct out *o)
{
	out_drop_rows(o);
	json_object_put(o->list);
	json_object_put(o->row);
	free(o->rows);
	free(o->prefix);
	free(o);
}

/* What stands before the words. */
void out_prefix(struct out *o, const char *fmt, ...)
{
	va_list ap;

	free(o->prefix);
	va_start(ap, fmt);
	if (vasprintf(&o->prefix, fmt, ap) < 0)
		die_no_memory();
	va_end(ap);
}

/* Of the next field. */
void out_color(struct out *o, enum out_color color)
{
	o->color = color;
}

static void out_cell(struct out *o, size_t col, char *text)
{
	struct out_cell *cell = &o->rows[o->n_rows - 1].cells[col];

	free(cell->text);
	cell->text = *text ? text : NULL;
	cell->width = text_width(text);
	cell->color = o->color;
	o->color = OUT_PLAIN;
	if (!*text)
		free(text);
}

static void out_json_field(struct out *o, size_t col, json_object *value)
{
	if (o->cols[col].key)
		json_object_object_add(o->row, o->cols[col].key, value);
	else
		json_object_put(value);
}

/* A string of unknown origin; NULL if it is not known. */
void out_str(struct out *o, size_t col, const char *s)
{
	if (!s)
		return;
	if (out_options.json)
		out_json_field(o, col, out_json_new_string(s));
	else
		out_cell(o, col, text_clean(s));
}

/* For people only. */
void out_text(struct out *o, size_t col, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (out_options.json)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		die_no_memory();
	va_end(ap);
	out_cell(o, col, text);
}

void out_uint(struct out *o, size_t col, uint64_t v)
{
	if (out_options.json)
		out_json_field(o, col, json_object_new_int64((int64_t)v));
	else
		out_text(o, col, "%llu", (unsigned long long)v);
}

/* For JSON only. */
void out_json_bool(struct out *o, const char *key, bool v)
{
	if (out_options.json)
		json_object_object_add(o->row, key,
				       json_object_new_boolean(v));
}

/* With up to three decimals. */
static json_object *out_json_new_number(double v)
{
	char digits[400], *end;

	end = digits + snprintf(digits, sizeof(digits), "%.3f", v) - 1;
	while (*end == '0')
		end--;
	end[*end != '.'] = '\0';
	return json_object_new_double_s(v, digits);
}

/* For JSON only. */
void out_json_number(struct out *o, const char *key, double v)
{
	if (out_options.json)
		json_object_object_add(o->row, key, out_json_new_number(v));
}

void out_bool(struct out *o, size_t col, bool v, const char *yes,
	      const char *no)
{
	if (out_options.json)
		out_json_field(o, col, json_object_new_boolean(v));
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
		list = json_object_new_array();
		for (size_t i = 0; i < n; i++)
			json_object_array_add(list,
					      json_object_new_string(id_str(buf, ids + i * 6)));
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
	json_object *list = out_options.json ? json_object_new_array() : NULL;
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
			json_object_array_add(list, out_json_new_string(one));
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
	struct out_row *row = &o->rows[o->n_rows - 1];
	va_list ap;

	if (out_options.json)
		return;
	row->notes = xrealloc(row->notes, row->n_notes + 1,
			      sizeof(*row->notes));
	va_start(ap, fmt);
	if (vasprintf(&row->notes[row->n_notes++], fmt, ap) < 0)
		die_no_memory();
	va_end(ap);
}

static void out_push(struct out *o, const char *key, json_object *value)
{
	json_object *in = o->in[o->depth];

	if (json_object_is_type(in, json_type_array))
		json_object_array_add(in, value);
	else
		json_object_object_add(in, key, value);
	if (o->depth + 1 < sizeof(o->in) / sizeof(o->in[0]))
		o->in[++o->depth] = value;
}

void out_open(struct out *o, const char *key)
{
	if (out_options.json)
		out_push(o, key, json_object_new_object());
	else
		out_note(o, "%s", key);
}

void out_open_list(struct out *o, const char *key)
{
	if (out_options.json)
		out_push(o, key, json_object_new_array());
}

/* Begins an object in a list; out_close() ends it. */
void out_item(struct out *o)
{
	if (out_options.json)
		out_push(o, NULL, json_object_new_object());
}

/* Adds to the last note, or begins another line of it. */
static void out_note_word(struct out *o, const char *key, const char *value)
{
	struct out_row *row = &o->rows[o->n_rows - 1];
	char *note = row->notes[row->n_notes - 1], *longer;

	if (strlen(note) + strlen(key) + strlen(value) + 3 >
	    NOTE_WIDTH - NOTE_INDENT) {
		out_note(o, "  %s %s", key, value);
		return;
	}
	if (asprintf(&longer, "%s  %s %s", note, key, value) < 0)
		die_no_memory();
	free(note);
	row->notes[row->n_notes - 1] = longer;
}

void out_in_uint(struct out *o, const char *key, uint64_t v)
{
	char value[24];

	if (out_options.json) {
		json_object_object_add(o->in[o->depth], key,
				       json_object_new_int64((int64_t)v));
		return;
	}
	snprintf(value, sizeof(value), "%llu", (unsigned long long)v);
	out_note_word(o, key, value);
}

void out_in_str(struct out *o, const char *key, const char *s)
{
	if (out_options.json && s)
		json_object_object_add(o->in[o->depth], key,
				       out_json_new_string(s));
}

void out_in_id(struct out *o, const char *key, const uint8_t *id)
{
	char buf[ID_STRLEN];

	out_in_str(o, key, id_str(buf, id));
}

void out_in_number(struct out *o, const char *key, double v)
{
	if (out_options.json)
		json_object_object_add(o->in[o->depth], key,
				       out_json_new_number(v));
}

void out_in_bool(struct out *o, const char *key, bool v)
{
	if (out_options.json)
		json_object_object_add(o->in[o->depth], key,
				       json_object_new_boolean(v));
}

void out_close(struct out *o)
{
	if (out_options.json && o->depth)
		o->depth--;
}
