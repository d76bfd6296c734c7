// SPDX-License-Identifier: GPL-2.0-only
/* Rows as objects of JSON. */

#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "json.h"

/* UTF-16, as JSON has it. */
static void json_rows_escape(struct printbuf *pb, uint32_t c)
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

static int json_rows_serialize(json_object *j, struct printbuf *pb, int level,
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
			json_rows_escape(pb, 0xfffd);
		else if (text_is_hidden(c))
			json_rows_escape(pb, c);
		else
			printbuf_memappend(pb, s, (int)n);
	}
	printbuf_memappend(pb, "\"", 1);
	return 0;
}

/* It may be a secret. */
static void json_rows_wipe(json_object *j, void *arg)
{
	(void)arg;
	explicit_bzero((char *)json_object_get_string(j),
		       (size_t)json_object_get_string_len(j));
}

json_object *json_rows_string(const char *s)
{
	json_object *j = json_object_new_string(s);

	if (!j)
		die_no_memory();
	json_object_set_serializer(j, json_rows_serialize, NULL, json_rows_wipe);
	return j;
}

json_object *json_rows_number(double v)
{
	char digits[400], *end;

	end = digits + snprintf(digits, sizeof(digits), "%.3f", v) - 1;
	while (*end == '0')
		end--;
	end[*end != '.'] = '\0';
	return json_object_new_double_s(v, digits);
}

static void json_rows_print(FILE *f, json_object *j, bool pretty)
{
	int flags = pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			     JSON_C_TO_STRING_PLAIN;

	const char *text = json_object_to_json_string_ext(j, flags);

	fputs(text, f);
	fputc('\n', f);
	explicit_bzero((char *)text, strlen(text));
}

void json_rows_begin(struct json_rows *j)
{
	j->row = json_object_new_object();
	j->in[0] = j->row;
	j->depth = 0;
}

void json_rows_add(struct json_rows *j, const char *key, json_object *value)
{
	json_object_object_add(j->row, key, value);
}

void json_rows_add_inside(struct json_rows *j, const char *key,
			  json_object *value)
{
	json_object_object_add(j->in[j->depth], key, value);
}

void json_rows_open(struct json_rows *j, const char *key, json_object *value)
{
	json_object *in = j->in[j->depth];

	if (json_object_is_type(in, json_type_array))
		json_object_array_add(in, value);
	else
		json_object_object_add(in, key, value);
	if (j->depth + 1 < sizeof(j->in) / sizeof(j->in[0]))
		j->in[++j->depth] = value;
}

void json_rows_close(struct json_rows *j)
{
	if (j->depth)
		j->depth--;
}

void json_rows_flush(struct json_rows *j, FILE *f, bool pretty)
{
	if (j->list) {
		json_object_array_add(j->list, j->row);
	} else {
		json_rows_print(f, j->row, pretty);
		json_object_put(j->row);
	}
	j->row = NULL;
}

void json_rows_print_list(struct json_rows *j, FILE *f, bool pretty)
{
	json_rows_print(f, j->list, pretty);
	json_object_put(j->list);
	j->list = NULL;
}

void json_rows_free(struct json_rows *j)
{
	json_object_put(j->list);
	json_object_put(j->row);
}
