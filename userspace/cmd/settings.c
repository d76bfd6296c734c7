// SPDX-License-Identifier: GPL-2.0-only
/* The keys of set and port, typed and in files. */

#include <string.h>

#include "base/err.h"
#include "settings.h"

/* Others replace them in what they hear: no name should have been one. */
static bool settings_name(const char *what, const char *key, const char *name)
{
	for (; name && *name; name++) {
		if ((unsigned char)*name >= ' ' && *name != 0x7f)
			continue;
		complain("%s: %s: a control character, which others would see as ?",
			 what, key);
		return false;
	}
	return true;
}

/*
 * The kernel checks ranges: it knows them, and says them. The secrets are to
 * be freed.
 */
bool settings_parse_config(struct args *args, const char *what,
			   struct api_config_change *c)
{
	enum { ENABLED, ID, IDENTITY, BOARD, SECRETS, SECRETS_FILE, LIMIT };
	struct param params[LIMIT + API_LIMITS] = {
		[ENABLED] = PARAM("enabled", PARAM_BOOL, &c->enabled, 0),
		[ID] = PARAM("id", PARAM_ID_AUTO, c->id, 0),
		[IDENTITY] = PARAM("identity", PARAM_STRING, &c->identity,
				   ROMON_IDENTITY_MAX_LEN),
		[BOARD] = PARAM("board", PARAM_STRING, &c->board,
				ROMON_IDENTITY_MAX_LEN),
		[SECRETS] = PARAM("secrets", PARAM_SECRETS, &c->secrets, 0),
		[SECRETS_FILE] = PARAM("secrets-file", PARAM_SECRETS_FILE,
				       &c->secrets, 0),
	};

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < API_LIMITS; i++) {
		const struct api_limit *l = &api_limits[i];

		params[LIMIT + i] = (struct param)
			PARAM(l->name, PARAM_LIMIT, &c->limit[i], l->max);
	}
	if (!params_parse(args, what, params, LIMIT + API_LIMITS) ||
	    !settings_name(what, "identity", c->identity) ||
	    !settings_name(what, "board", c->board)) {
		secrets_free(c->secrets);
		c->secrets = NULL;
		return false;
	}

	c->has_enabled = params[ENABLED].given;
	c->has_id = params[ID].given;
	for (size_t i = 0; i < API_LIMITS; i++)
		c->has_limit[i] = params[LIMIT + i].given;
	/* The kernel's word for automatic is the empty string. */
	if (c->identity && !strcmp(c->identity, "auto"))
		c->identity = "";
	if (c->board && !strcmp(c->board, "auto"))
		c->board = "";
	return true;
}

/* The name of a device, there or not; NULL after a complaint. */
const char *settings_parse_dev(struct args *args, const char *what)
{
	const char *dev = args_next(args);

	if (!dev) {
		complain("%s: which device?", what);
		return NULL;
	}
	if (!*dev || strlen(dev) > ROMON_IFNAME_MAX_LEN || strchr(dev, '/') ||
	    strpbrk(dev, " \t\n\v\f\r") || !strcmp(dev, ".") ||
	    !strcmp(dev, "..")) {
		complain("%s: not the name of a device: %s", what, dev);
		return NULL;
	}
	return dev;
}

/* The keys behind the name, and no word more. The secrets are to be freed. */
bool settings_parse_port(struct args *args, const char *what,
			 struct api_port_change *c)
{
	enum { COST, FORBID, DISABLED, COMMENT, SECRETS, SECRETS_FILE, KEYS };
	struct param params[KEYS] = {
		[COST] = PARAM("cost", PARAM_UINT, &c->cost, UINT16_MAX),
		[FORBID] = PARAM("forbid", PARAM_BOOL, &c->forbid, 0),
		[DISABLED] = PARAM("disabled", PARAM_BOOL, &c->disabled, 0),
		[COMMENT] = PARAM("comment", PARAM_STRING, &c->comment,
				  ROMON_COMMENT_MAX_LEN),
		[SECRETS] = PARAM("secrets", PARAM_SECRETS, &c->secrets, 0),
		[SECRETS_FILE] = PARAM("secrets-file", PARAM_SECRETS_FILE,
				       &c->secrets, 0),
	};

	if (!params_parse(args, what, params, KEYS)) {
		secrets_free(c->secrets);
		c->secrets = NULL;
		return false;
	}
	c->has_cost = params[COST].given;
	c->has_forbid = params[FORBID].given;
	c->has_disabled = params[DISABLED].given;
	return true;
}
