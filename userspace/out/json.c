// SPDX-License-Identifier: GPL-2.0-only
/* Rows as objects of JSON. */

#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "json.h"

/* Again and again, as long as there is memory to spend. */
#define json_rows_until(done)				\
	do {						\
		while (!(done))				\
			if (!err_spend_memory())	\
				die_no_memory();	\
	} while (0)

/* UTF-16, as JSON has it. */
static int json_rows_escape(struct printbuf *pb, uint32_t c)
{
	char esc[16];
	int n;

	if (c >= 0x10000)
		n = snprintf(esc, sizeof(esc), "\\u%04x\\u%04x",
			     0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	else
		n = snprintf(esc, sizeof(esc), "\\u%04x", c);
	return printbuf_memappend(pb, esc, n);
}

static int json_rows_character(struct printbuf *pb, uint32_t c, const char *s,
			       size_t n)
{
	if ((c == '"' || c == '\\') && printbuf_memappend(pb, "\\", 1) < 0)
		return -1;
	if (c == TEXT_INVALID)
		return json_rows_escape(pb, 0xfffd);
	if (text_is_hidden(c))
		return json_rows_escape(pb, c);
	return printbuf_memappend(pb, s, (int)n);
}

static int json_rows_serialize(json_object *j, struct printbuf *pb, int level,
			       int flags)
{
	const char *s = json_object_get_string(j);
	size_t len = (size_t)json_object_get_string_len(j), n;
	uint32_t c;

	(void)level;
	(void)flags;
	if (printbuf_memappend(pb, "\"", 1) < 0)
		return -1;
	for (; len; s += n, len -= n) {
		n = text_decode(s, len, &c);
		if (json_rows_character(pb, c, s, n) < 0)
			return -1;
	}
	return printbuf_memappend(pb, "\"", 1) < 0 ? -1 : 0;
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
	json_object *j;

	json_rows_until((j = json_object_new_string(s)));
	json_object_set_serializer(j, json_rows_serialize, NULL, json_rows_wipe);
	return j;
}

json_object *json_rows_number(double v)
{
	char digits[400], *end;
	json_object *j;

	end = digits + snprintf(digits, sizeof(digits), "%.3f", v) - 1;
	while (*end == '0')
		end--;
	end[*end != '.'] = '\0';
	json_rows_until((j = json_object_new_double_s(v, digits)));
	return j;
}

json_object *json_rows_int(int64_t v)
{
	json_object *j;

	json_rows_until((j = json_object_new_int64(v)));
	return j;
}

json_object *json_rows_bool(bool v)
{
	json_object *j;

	json_rows_until((j = json_object_new_boolean(v)));
	return j;
}

json_object *json_rows_array(void)
{
	json_object *j;

	json_rows_until((j = json_object_new_array()));
	return j;
}

json_object *json_rows_object(void)
{
	json_object *j;

	json_rows_until((j = json_object_new_object()));
	return j;
}

void json_rows_append(json_object *array, json_object *value)
{
	json_rows_until(!json_object_array_add(array, value));
}

static void json_rows_put(json_object *in, const char *key, json_object *value)
{
	json_rows_until(!json_object_object_add(in, key, value));
}

static void json_rows_print(FILE *f, json_object *j, bool pretty)
{
	int flags = pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			     JSON_C_TO_STRING_PLAIN;

	const char *text;

	json_rows_until((text = json_object_to_json_string_ext(j, flags)));
	fputs(text, f);
	explicit_bzero((char *)text, strlen(text));
}

void json_rows_begin_list(struct json_rows *j, bool pretty)
{
	j->in_list = true;
	if (pretty)
		j->list = json_rows_array();
}

void json_rows_begin(struct json_rows *j)
{
	j->row = json_rows_object();
	j->in[0] = j->row;
	j->depth = 0;
}

void json_rows_add(struct json_rows *j, const char *key, json_object *value)
{
	json_rows_put(j->row, key, value);
}

void json_rows_add_inside(struct json_rows *j, const char *key,
			  json_object *value)
{
	json_rows_put(j->in[j->depth], key, value);
}

void json_rows_open(struct json_rows *j, const char *key, json_object *value)
{
	json_object *in = j->in[j->depth];

	if (json_object_is_type(in, json_type_array))
		json_rows_append(in, value);
	else
		json_rows_put(in, key, value);
	if (j->depth + 1 < sizeof(j->in) / sizeof(j->in[0]))
		j->in[++j->depth] = value;
}

void json_rows_close(struct json_rows *j)
{
	if (j->depth)
		j->depth--;
}

/* A list of ten thousand rows is no more in memory than one of them. */
void json_rows_flush(struct json_rows *j, FILE *f, bool pretty)
{
	if (j->list) {
		json_rows_append(j->list, j->row);
	} else {
		if (j->in_list)
			fputc(j->begun ? ',' : '[', f);
		j->begun = true;
		json_rows_print(f, j->row, pretty);
		if (!j->in_list)
			fputc('\n', f);
		json_object_put(j->row);
	}
	j->row = NULL;
}

void json_rows_end_list(struct json_rows *j, FILE *f)
{
	if (!j->in_list)
		return;
	if (j->list)
		json_rows_print(f, j->list, true);
	else
		fputs(j->begun ? "]" : "[]", f);
	fputc('\n', f);
	json_object_put(j->list);
	j->list = NULL;
}

void json_rows_free(struct json_rows *j)
{
	json_object_put(j->list);
	json_object_put(j->row);
}
