/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows as objects of JSON. */

#ifndef ROMON_OUT_JSON_H
#define ROMON_OUT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

struct json_rows {
	bool in_list;		/* all rows are one array */
	bool begun;		/* some of it was printed */
	json_object *list;	/* all of it, if it is indented */
	json_object *row;
	json_object *in[4];	/* what is open inside of the row */
	size_t depth;
};

/* Strings of others: valid UTF-8, and harmless on a terminal. */
json_object *json_rows_string(const char *s);
/* With up to three decimals. */
json_object *json_rows_number(double v);
json_object *json_rows_int(int64_t v);
json_object *json_rows_bool(bool v);
json_object *json_rows_array(void);
json_object *json_rows_object(void);
void json_rows_append(json_object *array, json_object *value);

/* All rows until json_rows_end_list() are one array. */
void json_rows_begin_list(struct json_rows *j, bool pretty);
void json_rows_begin(struct json_rows *j);
/* Of the row, or what is open inside of it. */
void json_rows_add(struct json_rows *j, const char *key, json_object *value);
void json_rows_add_inside(struct json_rows *j, const char *key,
			  json_object *value);
void json_rows_open(struct json_rows *j, const char *key, json_object *value);
void json_rows_close(struct json_rows *j);
/* The row is complete: printed, or kept until the end of a list to indent. */
void json_rows_flush(struct json_rows *j, FILE *f, bool pretty);
void json_rows_end_list(struct json_rows *j, FILE *f);
void json_rows_free(struct json_rows *j);

#endif /* ROMON_OUT_JSON_H */
