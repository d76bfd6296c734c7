/* SPDX-License-Identifier: GPL-2.0-only */
/* Words to values. */

#ifndef ROMON_PARSE_H
#define ROMON_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/romon.h>

#define ID_STRLEN	18	/* 02:00:00:00:00:01 and its NUL */

bool parse_bool(const char *word, bool *value);
bool parse_uint(const char *word, uint64_t max, uint64_t *value);
bool parse_ns(const char *word, int64_t *ns);
bool parse_id(const char *word, uint8_t *id);
const char *id_str(char *buf, const uint8_t *id);
bool id_is_zero(const uint8_t *id);
int parse_hex_byte(const char *digits);

/* The words of a command that were not looked at yet. */
struct args {
	char **word;
	int n;
	bool *help;	/* set if help is asked for; NULL: that is a word too */
};

const char *args_peek(const struct args *args);
const char *args_next(struct args *args);
bool args_take(struct args *args, const char *word);
bool args_help(const struct args *args);
bool args_end(const struct args *args, const char *what);

enum param_type {
	PARAM_BOOL,	/* bool */
	PARAM_UINT,	/* uint64_t, from min to max */
	PARAM_LIMIT,	/* uint64_t whose range the kernel knows; max if larger */
	PARAM_NS,	/* int64_t, nanoseconds, given in seconds */
	PARAM_STRING,	/* const char *, at most max bytes unless max is 0 */
	PARAM_ID_AUTO,	/* uint8_t[6], all zero for "auto" */
	PARAM_SECRETS,	/* struct secrets *, new; the word is wiped */
	PARAM_SECRETS_FILE,	/* the same, from the file of that name */
};

/* One key of a command and where its value goes. */
struct param {
	const char *name;
	enum param_type type;
	void *to;
	uint64_t max;
	uint64_t min;
	bool given;
};

#define PARAM(_name, _type, _to, _max)					\
	{ .name = (_name), .type = (_type), .to = (_to), .max = (_max) }
#define PARAM_RANGE(_name, _to, _min, _max)				\
	{ .name = (_name), .type = PARAM_UINT, .to = (_to),		\
	  .max = (_max), .min = (_min) }

bool params_parse(struct args *args, const char *what, struct param *params,
		  size_t n);

/* A line of a file as words. */
struct words {
	char **word;
	int n;
};

const char *words_split(struct words *words, const char *line);
void words_free(struct words *words);

#endif /* ROMON_PARSE_H */
