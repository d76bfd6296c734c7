// SPDX-License-Identifier: GPL-2.0-only
/* Settings as words: typed, in help and in files. */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "keys.h"
#include "stretch.h"

#define KEYS_HELP_INDENT	10
#define KEYS_HELP_WIDTH		78

static struct param keys_param(const struct setting *s, struct setting_value *v,
			       const char **text)
{
	switch (s->type) {
	case SETTING_BOOL:
		return (struct param)PARAM(s->name, PARAM_BOOL, &v->on, 0);
	case SETTING_U8:
		return (struct param)PARAM(s->name, PARAM_LIMIT, &v->number,
					   UINT8_MAX);
	case SETTING_ANY_U16:
		return (struct param)PARAM(s->name, PARAM_UINT, &v->number,
					   UINT16_MAX);
	case SETTING_U32:
		return (struct param)PARAM(s->name, PARAM_LIMIT, &v->number,
					   UINT32_MAX);
	case SETTING_ID:
		return (struct param)PARAM(s->name, PARAM_ID_AUTO, v->id, 0);
	case SETTING_NAME:
		return (struct param)PARAM(s->name, PARAM_STRING, text,
					   ROMON_IDENTITY_MAX_LEN);
	case SETTING_TEXT:
		return (struct param)PARAM(s->name, PARAM_STRING, text,
					   ROMON_COMMENT_MAX_LEN);
	case SETTING_SECRETS:
		break;
	}
	return (struct param)PARAM(s->name, PARAM_SECRETS, &v->secrets, 0);
}

/* Others replace them in what they hear: no name should have been one. */
static bool keys_check_name(const char *what, const char *key, const char *name)
{
	for (; *name; name++) {
		if ((unsigned char)*name >= ' ' && *name != 0x7f)
			continue;
		complain("%s: %s: a control character, which others would see as ?",
			 what, key);
		return false;
	}
	return true;
}

/* The text of the words stays theirs. */
static bool keys_take(const char *what, const struct setting *s,
		      const char *text, struct setting_value *v)
{
	if (s->type == SETTING_NAME) {
		if (!keys_check_name(what, s->name, text))
			return false;
		/* The kernel's word for automatic is the empty string. */
		if (!strcmp(text, "auto"))
			text = "";
	}
	if (s->type == SETTING_NAME || s->type == SETTING_TEXT)
		v->text = xstrdup(text);
	return true;
}

/* The name of a network is of no use but to the secrets beside it. */
static bool keys_stretch(const char *what, struct secrets *secrets,
			 const char *network)
{
	const char *wrong;

	if (!secrets) {
		complain("%s: network: is for the secrets of the same command, and has none",
			 what);
		return false;
	}
	wrong = stretch_secrets(secrets, network);
	if (wrong)
		complain("%s: network: %s", what, wrong);
	return !wrong;
}

bool keys_parse(struct args *args, const char *what, const struct settings *s,
		struct setting_value *set)
{
	/* Behind the settings two more keys that are about secrets. */
	struct param params[SETTINGS_MAX + 2];
	const char *text[SETTINGS_MAX] = { NULL }, *network = NULL;
	struct secrets **secrets = NULL;
	size_t n = s->n;
	bool ok;

	memset(set, 0, s->n * sizeof(*set));
	for (size_t i = 0; i < s->n; i++) {
		params[i] = keys_param(&s->v[i], &set[i], &text[i]);
		if (s->v[i].type == SETTING_SECRETS)
			secrets = &set[i].secrets;
	}
	if (secrets) {
		params[n++] = (struct param)
			PARAM("secrets-file", PARAM_SECRETS_FILE, secrets, 0);
		params[n++] = (struct param)
			PARAM("network", PARAM_STRING, &network, 0);
	}
	ok = params_parse(args, what, params, n);
	if (ok && network)
		ok = keys_stretch(what, *secrets, network);
	for (size_t i = 0; ok && i < s->n; i++) {
		set[i].given = params[i].given || set[i].secrets;
		if (set[i].given)
			ok = keys_take(what, &s->v[i], text[i], &set[i]);
	}
	if (!ok)
		settings_free(s, set);
	return ok;
}

/* What the kernel lets no device be called, or NULL. */
static const char *keys_dev_wrong(const char *dev)
{
	static_assert(ROMON_IFNAME_MAX_LEN == 15);
	if (!*dev || strlen(dev) > ROMON_IFNAME_MAX_LEN)
		return "has 1 to 15 bytes";
	if (!strcmp(dev, ".") || !strcmp(dev, ".."))
		return "is not . or ..";
	if (strchr(dev, '/'))
		return "has no / in it";
	if (strchr(dev, ':'))
		return "has no : in it";
	if (strpbrk(dev, " \t\n\v\f\r"))
		return "has no blank in it";
	/* Part of some letters in UTF-8, the kernel does not care. */
	if (strchr(dev, 0xa0))
		return "has no byte a0 in it, a blank to the kernel";
	return NULL;
}

const char *keys_parse_dev(struct args *args, const char *what)
{
	const char *dev = args_next(args), *wrong;

	if (!dev) {
		complain("%s: which device?", what);
		return NULL;
	}
	wrong = keys_dev_wrong(dev);
	if (!wrong)
		return dev;
	complain("%s: not the name of a device, which %s: %s", what, wrong, dev);
	return NULL;
}

/* Returns the column behind it. */
static size_t keys_help_word(FILE *f, const char *word, size_t column)
{
	size_t len = strlen(word);

	if (column + 1 + len > KEYS_HELP_WIDTH) {
		fprintf(f, "\n%*s", KEYS_HELP_INDENT - 1, "");
		column = KEYS_HELP_INDENT - 1;
	}
	fprintf(f, " %s", word);
	return column + 1 + len;
}

void keys_help(FILE *f, const struct settings *s, size_t column)
{
	for (size_t i = 0; i < s->n; i++) {
		bool secrets = s->v[i].type == SETTING_SECRETS;
		char word[64];

		snprintf(word, sizeof(word), "[%s %s%s]", s->v[i].name,
			 s->v[i].value, secrets ? " | secrets-file PATH" : "");
		column = keys_help_word(f, word, column);
		if (secrets)
			column = keys_help_word(f, "[network NAME]", column);
	}
	fputc('\n', f);
}

/* Between double quotes a \\ is two; other quotes are not in such a list. */
static void keys_print_secrets(FILE *f, const struct secrets *secrets)
{
	char text[SECRETS_TEXT_MAX];
	const char *p;

	if (!secrets || !secrets->n) {
		fputs("none", f);
		return;
	}
	secrets_text(text, secrets);
	fputc('"', f);
	for (p = text; *p; p++) {
		if (*p == '\\')
			fputc('\\', f);
		fputc(*p, f);
	}
	fputc('"', f);
	explicit_bzero(text, sizeof(text));
}

void keys_print(FILE *f, const struct setting *s, const struct setting_value *v)
{
	char id[ID_STRLEN], *quoted;

	fprintf(f, " %s ", s->name);
	switch (s->type) {
	case SETTING_BOOL:
		fputs(v->on ? "on" : "off", f);
		break;
	case SETTING_U8:
	case SETTING_ANY_U16:
	case SETTING_U32:
		fprintf(f, "%" PRIu64, v->number);
		break;
	case SETTING_ID:
		fputs(id_is_zero(v->id) ? "auto" : id_str(id, v->id), f);
		break;
	case SETTING_NAME:
	case SETTING_TEXT:
		quoted = text_quote(s->type == SETTING_NAME && !*v->text ?
				    "auto" : v->text);
		fputs(quoted, f);
		free(quoted);
		break;
	case SETTING_SECRETS:
		keys_print_secrets(f, v->secrets);
		break;
	}
}
