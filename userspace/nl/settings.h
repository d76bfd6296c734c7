/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be set: of the router and of an entry for a port. From these lists
 * come what is asked of the kernel and read from it, the keys that are typed,
 * their help, the words that save writes and the keys of JSON.
 */

#ifndef ROMON_SETTINGS_H
#define ROMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/romon.h>

enum setting_type {
	SETTING_BOOL,
	/* Numbers of so many bits, of which the kernel knows the range. */
	SETTING_U8,
	SETTING_U32,
	SETTING_ANY_U16,	/* ... or that are all of the range */
	SETTING_ID,		/* all zero for automatic */
	SETTING_NAME,		/* empty for automatic */
	SETTING_TEXT,
	SETTING_SECRETS,
};

/*
 * NAME, as it is typed (with _ for - in JSON), its value in help, the unit that
 * people are shown behind it, its type.
 */
#define CONFIG_LIST(S)							\
	S(ENABLED,	"enabled",	"on|off",	"",	BOOL)	\
	S(ID,		"id",		"MAC|auto",	"",	ID)	\
	S(IDENTITY,	"identity",	"NAME|auto",	"",	NAME)	\
	S(BOARD,	"board",	"NAME|auto",	"",	NAME)	\
	S(SECRETS,	"secrets",	"LIST|none",	"",	SECRETS)	\
	S(HOP_LIMIT,	"hop-limit",	"N",		"",	U8)	\
	S(FLOOD_WINDOW,	"flood-window",	"MS",		"ms",	U32)	\
	S(FLOOD_RATE,	"flood-rate",	"N",		"/s",	U32)	\
	S(ANSWER_DELAY,	"answer-delay",	"MS",		"ms",	U32)	\
	S(ANSWER_RATE,	"answer-rate",	"N",		"/s",	U32)	\
	S(NODE_TIMEOUT,	"node-timeout",	"SECONDS",	"s",	U32)	\
	S(MAX_NODES,	"max-nodes",	"N",		"",	U32)	\
	S(MAX_EDGES,	"max-edges",	"N",		"",	U32)	\
	S(MAX_ORIGINS,	"max-origins",	"N",		"",	U32)	\
	S(MAX_PORTS,	"max-ports",	"N",		"",	U32)	\
	S(MAX_ENDPOINTS, "max-endpoints", "N",		"",	U32)	\
	S(QUEUE_LEN,	"queue-len",	"N",		"",	U32)	\
	S(HELLO_INTERVAL, "hello-interval", "SECONDS",	"s",	U32)	\
	S(MAX_NEIGHBORS, "max-neighbors", "N",		"",	U32)

#define PORT_LIST(S)							\
	S(COST,		"cost",		"N",		"",	ANY_U16) \
	S(FORBID,	"forbid",	"on|off",	"",	BOOL)	\
	S(DISABLED,	"disabled",	"on|off",	"",	BOOL)	\
	S(SECRETS,	"secrets",	"LIST|none",	"",	SECRETS) \
	S(COMMENT,	"comment",	"TEXT",		"",	TEXT)

#define CONFIG_INDEX(NAME, ...)	CONFIG_##NAME,
#define PORT_INDEX(NAME, ...)	PORT_##NAME,

enum { CONFIG_LIST(CONFIG_INDEX) CONFIG_SETTINGS };
enum { PORT_LIST(PORT_INDEX) PORT_SETTINGS };

#define SETTINGS_MAX	((size_t)CONFIG_SETTINGS > (size_t)PORT_SETTINGS ? \
			 (size_t)CONFIG_SETTINGS : (size_t)PORT_SETTINGS)

struct setting {
	const char *name;
	const char *value;
	const char *unit;
	enum setting_type type;
	int attr;
};

/* Where something was said. */
struct setting_place {
	const char *file;		/* NULL: in none */
	unsigned int line;
};

/* What a setting is, or shall become; what is pointed to is its own. */
struct setting_value {
	bool given;
	bool on;
	uint8_t id[ROMON_ID_LEN];
	uint64_t number;
	char *text;			/* NULL: not known */
	struct secrets *secrets;	/* NULL: none, or not told */
	struct setting_place place;	/* of a file whose name outlives it */
};

struct settings {
	size_t n;
	struct setting v[];
};

extern const struct settings config_settings, port_settings;

/* NULL if none of them has it. */
const char *settings_name(const struct settings *s, unsigned int attr);
bool setting_differs(const struct setting *s, const struct setting_value *want,
		     const struct setting_value *is);
/*
 * Of what is given in @want leaves what differs from @is, all if that is NULL;
 * whether anything does.
 */
bool settings_diff(const struct settings *s, struct setting_value *want,
		   const struct setting_value *is);
/* What is given in @from becomes what @to has. */
void settings_merge(const struct settings *s, struct setting_value *to,
		    struct setting_value *from);
/* None is left. */
void settings_free(const struct settings *s, struct setting_value *v);

#endif /* ROMON_SETTINGS_H */
