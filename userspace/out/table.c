// SPDX-License-Identifier: GPL-2.0-only
/* Rows for people: kept until it is known how wide they are, and printed. */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "table.h"

#define NOTE_WIDTH	78
#define NOTE_INDENT	6

struct table_cell {
	char *text;
	size_t width;
	enum out_color color;
};

struct table_row {
	struct table_cell *cells;
	char **notes;
	size_t n_notes;
};

void table_add_row(struct table *t)
{
	t->rows = xrealloc(t->rows, t->n_rows + 1, sizeof(*t->rows));
	memset(&t->rows[t->n_rows], 0, sizeof(*t->rows));
	t->rows[t->n_rows++].cells = xcalloc(t->n, sizeof(struct table_cell));
}

void table_set_cell(struct table *t, size_t col, char *text,
		    enum out_color color)
{
	struct table_cell *cell = &t->rows[t->n_rows - 1].cells[col];

	free(cell->text);
	cell->text = *text ? text : NULL;
	cell->width = text_width(text);
	cell->color = color;
	if (!*text)
		free(text);
}

void table_add_note(struct table *t, char *note)
{
	struct table_row *row = &t->rows[t->n_rows - 1];

	row->notes = xrealloc(row->notes, row->n_notes + 1,
			      sizeof(*row->notes));
	row->notes[row->n_notes++] = note;
}

void table_add_note_word(struct table *t, const char *key, const char *value)
{
	struct table_row *row = &t->rows[t->n_rows - 1];
	char *note = row->notes[row->n_notes - 1], *longer;

	if (strlen(note) + strlen(key) + strlen(value) + 3 >
	    NOTE_WIDTH - NOTE_INDENT) {
		longer = xasprintf("  %s %s", key, value);
		table_add_note(t, longer);
		return;
	}
	longer = xasprintf("%s  %s %s", note, key, value);
	free(note);
	row->notes[row->n_notes - 1] = longer;
}

static const char *table_color_code(enum out_color color)
{
	static const char * const codes[] = {
		[OUT_PLAIN] = "", [OUT_GOOD] = "\033[32m",
		[OUT_BAD] = "\033[31m", [OUT_DIM] = "\033[2m",
		[OUT_HEAD] = "\033[1m", [OUT_NAME] = "\033[36m",
		[OUT_ADDRESS] = "\033[33m",
	};

	return out_options.color ? codes[color] : "";
}

static void table_put(struct table *t, enum out_color color, const char *text)
{
	const char *code = table_color_code(color);

	/* Not fprintf(), which leaves pieces on the stack. */
	fputs(code, t->f);
	fputs(text, t->f);
	if (*code)
		fputs("\033[0m", t->f);
}

/* It may be a secret. */
static void table_free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void table_free_row(struct table *t, struct table_row *row)
{
	for (size_t i = 0; i < t->n; i++)
		table_free_text(row->cells[i].text);
	for (size_t i = 0; i < row->n_notes; i++)
		free(row->notes[i]);
	free(row->cells);
	free(row->notes);
}

static bool table_col_used(const struct table *t, size_t col)
{
	if (!t->cols[col].head)
		return false;
	if (!t->cols[col].optional)
		return true;
	for (size_t i = 0; i < t->n_rows; i++)
		if (t->rows[i].cells[col].text)
			return true;
	return false;
}

/* Returns the columns on the screen that were written to. */
static size_t table_print_cells(struct table *t, const struct table_cell *cells,
				const size_t *width)
{
	size_t start = 0, at = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct out_col *col = &t->cols[i];
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
			fprintf(t->f, "%*s", (int)(want - at), "");
			table_put(t, cells[i].color, cells[i].text);
			at = want + cells[i].width;
		}
		start += width[i];
	}
	fputc('\n', t->f);
	return at;
}

static size_t table_lines(size_t width, unsigned int screen)
{
	return screen && width ? (width + screen - 1) / screen : 1;
}

/* How much of a cell stands in one line, if it is to be so wide at most. */
static size_t table_cell_piece(const char *text, size_t room)
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
static size_t table_print_folded(struct table *t, const struct table_row *row,
				 const size_t *width, unsigned int screen)
{
	struct table_cell *line = xcalloc(t->n, sizeof(*line));
	size_t *at = xcalloc(t->n, sizeof(*at));
	size_t lines = 0;
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < t->n; i++) {
			const struct table_cell *cell = &row->cells[i];
			const char *text = cell->text;
			size_t len;

			line[i].text = NULL;
			if (!text || width[i] == SIZE_MAX || !text[at[i]])
				continue;
			text += at[i];
			len = t->cols[i].cap ? table_cell_piece(text, width[i]) :
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
		lines += table_lines(table_print_cells(t, line, width), screen);
		for (size_t i = 0; i < t->n; i++)
			table_free_text(line[i].text);
	}
	free(at);
	free(line);
	return lines;
}

/* Returns how wide a row is that fills them. SIZE_MAX is no column. */
static size_t table_widths(const struct table *t, size_t *width, bool caps)
{
	size_t sum = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct out_col *col = &t->cols[i];

		width[i] = SIZE_MAX;
		if (!table_col_used(t, i))
			continue;
		width[i] = strlen(col->head);
		if (width[i] < col->width)
			width[i] = col->width;
		for (size_t r = 0; r < t->n_rows; r++) {
			size_t w = t->rows[r].cells[i].width;

			if (w > width[i] &&
			    (!caps || !col->cap || w <= col->cap))
				width[i] = w;
		}
		sum += width[i] + (sum ? col->gap : 0);
	}
	return sum;
}

static size_t table_print_head(struct table *t, const size_t *width,
			       unsigned int screen)
{
	struct table_cell *heads = xcalloc(t->n, sizeof(*heads));
	size_t lines;

	for (size_t i = 0; i < t->n; i++) {
		const struct out_col *col = &t->cols[i];

		if (width[i] == SIZE_MAX)
			continue;
		heads[i].text = *col->head ? (char *)col->head : NULL;
		heads[i].width = strlen(col->head);
		heads[i].color = OUT_HEAD;
	}
	lines = table_lines(table_print_cells(t, heads, width), screen);
	free(heads);
	return lines;
}

size_t table_print_list(struct table *t, unsigned int screen)
{
	size_t *width = xcalloc(t->n, sizeof(*width));
	size_t lines = 0;

	/* Without a screen a row is a line, which programs may count on. */
	if (!screen || table_widths(t, width, false) > screen)
		table_widths(t, width, true);
	if (!t->headed)
		lines += table_print_head(t, width, screen);
	for (size_t r = 0; r < t->n_rows && r < t->limit; r++) {
		struct table_row *row = &t->rows[r];

		if (screen)
			lines += table_print_folded(t, row, width, screen);
		else
			table_print_cells(t, row->cells, width);
		for (size_t i = 0; i < row->n_notes; i++) {
			fprintf(t->f, "%*s%s\n", NOTE_INDENT, "",
				row->notes[i]);
			lines++;
		}
	}
	if (t->n_rows > t->limit) {
		fprintf(t->f, "  ... and %zu more\n", t->n_rows - t->limit);
		lines++;
	}
	free(width);
	t->headed = true;
	return lines;
}

size_t table_print_record(struct table *t)
{
	size_t width = 0, lines = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->cols[i].head && strlen(t->cols[i].head) > width)
			width = strlen(t->cols[i].head);
	for (size_t r = 0; r < t->n_rows; r++) {
		struct table_row *row = &t->rows[r];

		for (size_t i = 0; i < t->n; i++) {
			if (!t->cols[i].head || !row->cells[i].text)
				continue;
			fprintf(t->f, "  %*s: ", (int)width, t->cols[i].head);
			table_put(t, row->cells[i].color, row->cells[i].text);
			fputc('\n', t->f);
			lines++;
		}
		for (size_t i = 0; i < row->n_notes; i++, lines++)
			fprintf(t->f, "%*s%s\n", NOTE_INDENT, "",
				row->notes[i]);
	}
	return lines;
}

static void table_print_key(struct table *t, const struct out_col *col,
			    bool summary)
{
	if (summary)
		fprintf(t->f, "%s=", col->head);
	else if (*col->head && col->key)
		fprintf(t->f, "%s ", col->key);
}

void table_print_words(struct table *t, bool summary)
{
	struct table_row *row = &t->rows[0];

	fputs(t->prefix ? t->prefix : " ", t->f);
	for (size_t i = 0; i < t->n; i++) {
		if (!t->cols[i].head || !row->cells[i].text)
			continue;
		fputc(' ', t->f);
		table_print_key(t, &t->cols[i], summary);
		table_put(t, row->cells[i].color, row->cells[i].text);
	}
	fputc('\n', t->f);
	free(t->prefix);
	t->prefix = NULL;
}

void table_drop_rows(struct table *t)
{
	for (size_t r = 0; r < t->n_rows; r++)
		table_free_row(t, &t->rows[r]);
	t->n_rows = 0;
}

void table_free(struct table *t)
{
	table_drop_rows(t);
	free(t->rows);
	free(t->prefix);
}
