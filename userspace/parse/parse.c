// SPDX-License-Identifier: GPL-2.0-only
/* Words to values. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "parse.h"
#include "secrets.h"

bool parse_bool(const char *word, bool *value)
{
	if (!strcmp(word, "on") || !strcmp(word, "yes"))
		*value = true;
	else if (!strcmp(word, "off") || !strcmp(word, "no"))
		*value = false;
	else
		return false;
	return true;
}

/* Decimal digits and nothing else: no sign, no blank, no octal. */
bool parse_uint(const char *word, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (!*word)
		return false;
	for (; *word; word++) {
		unsigned int digit = (unsigned char)*word - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*value = v;
	return true;
}

/* Seconds with up to nine decimals, whatever the locale; "s" and "ms" too. */
bool parse_ns(const char *word, int64_t *ns)
{
	int64_t unit = 1000000000, v = 0;
	size_t len = strspn(word, "0123456789.");
	bool point = false, digits = false;
	size_t i;

	if (!strcmp(word + len, "ms"))
		unit = 1000000;
	else if (word[len] && strcmp(word + len, "s"))
		return false;

	for (i = 0; i < len; i++) {
		if (word[i] == '.') {
			if (point)
				return false;
			point = true;
			continue;
		}
		digits = true;
		if (point) {
			unit /= 10;
			v += (word[i] - '0') * unit;
			continue;
		}
		/* A century is enough for everybody. */
		if (v > INT64_C(3000000000) * 1000000000 / 10)
			return false;
		v = v * 10 + (word[i] - '0') * unit;
	}
	if (!digits)
		return false;
	*ns = v;
	return true;
}

static int parse_nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two digits make, or -1. */
int parse_hex_byte(const char *digits)
{
	int high = parse_nibble(digits[0]);
	int low = high < 0 ? -1 : parse_nibble(digits[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/*
 * 6c:3b:6b:48:0e:8b, 6c-3b-..., 6c3b.6b48.0e8b or 6c3b6b480e8b. Groups may
 * not lose their leading zeros: what is left of "a:b" is a guess.
 */
bool parse_id(const char *word, uint8_t *id)
{
	size_t len = strlen(word);
	size_t group = len == 17 ? 2 : len == 14 ? 4 : 12;
	uint8_t bytes[ROMON_ID_LEN] = { 0 };
	size_t digits = 0;
	char sep = 0;

	if (len != 17 && len != 14 && len != 12)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (group < 12 && i % (group + 1) == group) {
			if (!sep)
				sep = word[i];
			if (word[i] != sep || !strchr(":-.", sep))
				return false;
			continue;
		}

		int v = parse_nibble(word[i]);

		if (v < 0)
			return false;
		bytes[digits / 2] = (uint8_t)(bytes[digits / 2] << 4 | v);
		digits++;
	}
	memcpy(id, bytes, sizeof(bytes));
	return true;
}

const char *id_str(char *buf, const uint8_t *id)
{
	snprintf(buf, ID_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x",
		 id[0], id[1], id[2], id[3], id[4], id[5]);
	return buf;
}

bool id_is_zero(const uint8_t *id)
{
	static const uint8_t zero[ROMON_ID_LEN];

	return !memcmp(id, zero, ROMON_ID_LEN);
}

const char *args_peek(const struct args *args)
{
	return args->n > 0 ? args->word[0] : NULL;
}

const char *args_next(struct args *args)
{
	const char *word = args_peek(args);

	if (word) {
		args->word++;
		args->n--;
	}
	return word;
}

bool args_take(struct args *args, const char *word)
{
	const char *next = args_peek(args);

	if (!next || strcmp(next, word))
		return false;
	args_next(args);
	return true;
}

/*
 * Whether help is asked for where a word of the command's own could stand. The
 * command has failed then, without a complaint.
 */
bool args_help(const struct args *args)
{
	const char *word = args_peek(args);

	if (!args->help || !word ||
	    (strcmp(word, "help") && strcmp(word, "-h") &&
	     strcmp(word, "--help")))
		return false;
	*args->help = true;
	return true;
}

/* Complains of a word that is left. */
bool args_end(const struct args *args, const char *what)
{
	if (args->n <= 0)
		return true;
	if (args_help(args))
		return false;
	complain("%s: unknown word: %s", what, args->word[0]);
	return false;
}

/* In place, where ps can see it, if it is of the command line. */
static void param_wipe(const char *word)
{
	explicit_bzero((char *)word, strlen(word));
}

static bool param_set_secrets(struct param *p, const char *what,
			      const char *word)
{
	struct secrets *s = secrets_new();
	const char *wrong = NULL;
	char place[64];
	bool ok;

	if (*(struct secrets **)p->to) {
		complain("%s: secrets and secrets-file: one of them", what);
		ok = false;
	} else if (p->type == PARAM_SECRETS_FILE) {
		snprintf(place, sizeof(place), "%s: %s", what, p->name);
		ok = secrets_read(s, place, word);
	} else {
		wrong = secrets_parse(s, word);
		param_wipe(word);
		if (wrong)
			complain("%s: %s: %s", what, p->name, wrong);
		ok = !wrong;
	}
	if (ok)
		*(struct secrets **)p->to = s;
	else
		secrets_free(s);
	return ok;
}

/* All that is wrong with a number is said here, with its whole range. */
static bool param_set_uint(struct param *p, const char *what, const char *word)
{
	uint64_t value;

	if (parse_uint(word, p->max, &value) && value >= p->min) {
		*(uint64_t *)p->to = value;
		return true;
	}
	complain("%s: %s: a number from %llu to %llu, not %s", what, p->name,
		 (unsigned long long)p->min, (unsigned long long)p->max, word);
	return false;
}

/* More than the kernel can be told is more than it takes: it says how much. */
static bool param_set_limit(struct param *p, const char *what,
			    const char *word)
{
	if (parse_uint(word, p->max, p->to))
		return true;
	if (*word && !word[strspn(word, "0123456789")]) {
		*(uint64_t *)p->to = p->max;
		return true;
	}
	complain("%s: %s: a number, not %s", what, p->name, word);
	return false;
}

static bool param_set(struct param *p, const char *what, const char *word)
{
	switch (p->type) {
	case PARAM_BOOL:
		if (parse_bool(word, p->to))
			return true;
		complain("%s: %s: on or off, not %s", what, p->name, word);
		return false;
	case PARAM_UINT:
		return param_set_uint(p, what, word);
	case PARAM_LIMIT:
		return param_set_limit(p, what, word);
	case PARAM_NS:
		if (parse_ns(word, p->to))
			return true;
		complain("%s: %s: seconds, 0.5 for example, not %s", what,
			 p->name, word);
		return false;
	case PARAM_STRING:
		if (!p->max || strlen(word) <= p->max) {
			*(const char **)p->to = word;
			return true;
		}
		complain("%s: %s: longer than %llu bytes", what, p->name,
			 (unsigned long long)p->max);
		return false;
	case PARAM_ID_AUTO:
		if (!strcmp(word, "auto")) {
			memset(p->to, 0, ROMON_ID_LEN);
			return true;
		}
		/* All zero is the kernel's word for automatic, and nobody's ID. */
		if (parse_id(word, p->to) && !id_is_zero(p->to))
			return true;
		complain("%s: %s: an ID like 6c:3b:6b:48:0e:8b, or auto, not %s",
			 what, p->name, word);
		return false;
	case PARAM_SECRETS:
	case PARAM_SECRETS_FILE:
		return param_set_secrets(p, what, word);
	}
	return false;
}

/* A secret with a blank in it, or behind a key misspelt, is not quoted. */
static void param_complain_unknown(const char *what, const char *word,
				   const struct param *params, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (params[i].type == PARAM_SECRETS && params[i].given) {
			complain("%s: unknown word, behind secrets",
				 what);
			return;
		}
	}
	complain("%s: unknown word: %.*s", what, (int)strcspn(word, "="), word);
}

/* Reads "key value" and "key=value" until no word is left. */
bool params_parse(struct args *args, const char *what, struct param *params,
		  size_t n)
{
	const char *word;

	while ((word = args_peek(args))) {
		const char *value = NULL;
		struct param *p = NULL;

		for (size_t i = 0; i < n && !p; i++) {
			size_t len = strlen(params[i].name);

			if (strncmp(word, params[i].name, len))
				continue;
			if (word[len] == '=')
				value = word + len + 1;
			else if (word[len])
				continue;
			p = &params[i];
		}
		if (!p) {
			if (!args_help(args))
				param_complain_unknown(what, word, params, n);
			return false;
		}
		args_next(args);
		if (p->given) {
			complain("%s: %s: given twice", what, p->name);
			return false;
		}
		if (!value)
			value = args_next(args);
		if (!value) {
			complain("%s: %s: value missing", what, p->name);
			return false;
		}
		if (!param_set(p, what, value))
			return false;
		p->given = true;
	}
	return true;
}

static const char *words_escape(const char **line, char *to)
{
	const char *p = *line;
	int byte;

	switch (*p) {
	case 'x':
		byte = parse_hex_byte(p + 1);
		if (byte <= 0)
			return "a backslash and x without two hex digits that are not zero";
		*to = (char)byte;
		*line = p + 3;
		return NULL;
	case '\0':
		return "a backslash at the end";
	default:
		*to = *p;
		*line = p + 1;
		return NULL;
	}
}

/*
 * Words are parted by blanks. In "double quotes" and outside of quotes \x1b
 * is a byte and \ before any other character that character; in 'single
 * quotes' everything is itself. # begins a comment where a word could begin.
 *
 * Returns NULL, or what is wrong with the line.
 */
const char *words_split(struct words *words, const char *line)
{
	const char *err;
	char *word, *to;
	char quote;

	words->word = NULL;
	words->n = 0;

	for (;;) {
		while (isspace((unsigned char)*line))
			line++;
		if (!*line || *line == '#')
			break;

		word = xcalloc(strlen(line) + 1, 1);
		to = word;
		words->word = xrealloc(words->word, (size_t)words->n + 2,
				       sizeof(*words->word));
		words->word[words->n++] = word;
		words->word[words->n] = NULL;
		quote = 0;
		while (*line && (quote || !isspace((unsigned char)*line))) {
			char c = *line++;

			if (quote && c == quote) {
				quote = 0;
			} else if (!quote && (c == '"' || c == '\'')) {
				quote = c;
			} else if (c == '\\' && quote != '\'') {
				err = words_escape(&line, to++);
				if (err)
					return err;
			} else {
				*to++ = c;
			}
		}
		if (quote)
			return "quote without its end";
	}
	return NULL;
}

void words_free(struct words *words)
{
	/* Any of them may be a secret. */
	for (int i = 0; i < words->n; i++) {
		explicit_bzero(words->word[i], strlen(words->word[i]));
		free(words->word[i]);
	}
	free(words->word);
	words->word = NULL;
	words->n = 0;
}
