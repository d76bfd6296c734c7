// SPDX-License-Identifier: GPL-2.0-only
/* The keys that secrets are in a network: the vectors of protocol.rst. */

#include <string.h>

#include "config/stretch.h"
#include "tap.h"

#ifdef HAVE_LIBCRYPT
#define WITH_LIBCRYPT	true
#else
#define WITH_LIBCRYPT	false
#endif

/* What there is in a build without. */
#undef HAVE_LIBCRYPT
#define stretch_secrets stretch_without
#include "config/stretch.c"
#undef stretch_secrets

#define X64	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define N64	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define KEY	"stretched:f169867c76bebe901ff9ef43b794ff7b"

static char text[SECRETS_TEXT_MAX];

/* A list as it is typed, and what it becomes, or what is wrong. */
static const char *stretched(const char *list, const char *network)
{
	struct secrets *s = secrets_new();
	const char *wrong = secrets_parse(s, list);

	if (!wrong)
		wrong = stretch_secrets(s, network);
	if (!wrong)
		secrets_text(text, s);
	secrets_free(s);
	return wrong ? wrong : text;
}

static void test_keys(void)
{
	static const char * const keys[][3] = {
		{ "secret", "home", KEY },
		{ "secret", "Home",
		  "stretched:fd60d4281d8e9cbdaa046230c8d1f526" },
		{ X64, N64, "stretched:b2efb7adad8c9157c513219b78b1dd3d" },
		{ "geh\xc3\xa4use \xc3\xbf\xfe$:\\x2c", "b\xc3\xbcro 1:$\"",
		  "stretched:525c38d9c89d16432bfee08c77f250e4" },
		{ "a", "\x01", "stretched:45f5aada301971d6d0810a2e45a1c64f" },
		{ ",secret", "home", "," KEY },
		{ "secret,,secret", "home", KEY ",," KEY },
		{ "", "home", "" },
		{ "none", "home", "none" },
	};
	char what[64];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(what, sizeof(what), "list %zu becomes its keys", i + 1);
		tap_is(stretched(keys[i][0], keys[i][1]), keys[i][2], what);
	}
}

static void test_refused(void)
{
	/* a list, the network, and what is wrong */
	static const char * const bad[][3] = {
		{ "a", "", "an empty name" },
		{ "a", "n" N64, "a name of more than 64 bytes" },
		{ "a\\x00b", "home", "a secret with a zero byte" },
		{ KEY, "home", "a secret that is stretched already" },
		{ "a," KEY, "other", "a secret that is stretched already" },
		{ "stretched:abc", "home", "what begins with stretched:" },
	};
	/* What does not begin as one is no key, whatever is in it. */
	static const char * const good[] = {
		"stretched", "x" KEY, "Stretched:f169867c",
	};
	char what[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(what, sizeof(what), "refused: %s", bad[i][2]);
		tap_ok(!strncmp(stretched(bad[i][0], bad[i][1]), bad[i][2],
				strlen(bad[i][2])), what);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(what, sizeof(what), "not refused: %.40s", good[i]);
		tap_ok(!strncmp(stretched(good[i], "home"), "stretched:", 10),
		       what);
	}
}

int main(void)
{
	struct secrets *s = secrets_new();
	const char *wrong;

	secrets_parse(s, "secret");
	wrong = stretch_without(s, "home");
	tap_ok(wrong && strstr(wrong, "without libcrypt") &&
	       strstr(wrong, "romon stretch"),
	       "a build without libcrypt says what to do");
	secrets_free(s);
	if (WITH_LIBCRYPT) {
		test_keys();
		test_refused();
	} else {
		tap_is(stretched("secret", "home"), wrong,
		       "... and this is one");
	}
	return 0;
}
