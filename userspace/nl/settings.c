// SPDX-License-Identifier: GPL-2.0-only
/* What can be set, and what can be done with all of it alike. */

#include <stdlib.h>
#include <string.h>

#include "parse/secrets.h"
#include "settings.h"

#define CONFIG_SETTING(NAME, name, value, unit, TYPE)			\
	{ name, value, unit, SETTING_##TYPE, ROMON_A_CONFIG_##NAME },
#define PORT_SETTING(NAME, name, value, unit, TYPE)			\
	{ name, value, unit, SETTING_##TYPE, ROMON_A_PORT_##NAME },

const struct settings config_settings = {
	CONFIG_SETTINGS, { CONFIG_LIST(CONFIG_SETTING) }
};

const struct settings port_settings = {
	PORT_SETTINGS, { PORT_LIST(PORT_SETTING) }
};

const char *settings_name(const struct settings *s, unsigned int attr)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].attr == (int)attr)
			return s->v[i].name;
	return NULL;
}

bool setting_differs(const struct setting *s, const struct setting_value *want,
		     const struct setting_value *is)
{
	/* Whoever is not told of secrets has none. */
	if (s->type == SETTING_SECRETS)
		return !secrets_same(want->secrets, is ? is->secrets : NULL);
	if (!is || !is->given)
		return true;
	switch (s->type) {
	case SETTING_BOOL:
		return want->on != is->on;
	case SETTING_ID:
		return memcmp(want->id, is->id, sizeof(want->id));
	case SETTING_NAME:
	case SETTING_TEXT:
		return strcmp(want->text, is->text);
	default:
		return want->number != is->number;
	}
}

bool settings_diff(const struct settings *s, struct setting_value *want,
		   const struct setting_value *is)
{
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		want[i].given = want[i].given &&
				setting_differs(&s->v[i], &want[i],
						is ? &is[i] : NULL);
		any |= want[i].given;
	}
	return any;
}

static void setting_free(struct setting_value *v)
{
	free(v->text);
	secrets_free(v->secrets);
	memset(v, 0, sizeof(*v));
}

void settings_merge(const struct settings *s, struct setting_value *to,
		    struct setting_value *from)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!from[i].given)
			continue;
		setting_free(&to[i]);
		to[i] = from[i];
		memset(&from[i], 0, sizeof(from[i]));
	}
}

void settings_free(const struct settings *s, struct setting_value *v)
{
	for (size_t i = 0; i < s->n; i++)
		setting_free(&v[i]);
}
