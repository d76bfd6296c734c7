// SPDX-License-Identifier: GPL-2.0-only
/* Tables and JSON. */

#include <stdlib.h>

#include "base/text.h"
#include "out/out.h"
#include "parse/secrets.h"
#include "tap.h"

enum { FLAG, ADDRESS, COST, PATH, NAME, NOTE, COLS };

static const struct out_col cols[COLS] = {
	[FLAG] = { "active", "", .width = 1 },
	[ADDRESS] = { "address", "ADDRESS", .gap = 1, .width = 17 },
	[COST] = { "cost", "COST", .gap = 2, .right = true },
	[PATH] = { "path", "PATH", .gap = 2, .width = 17, .cap = 17 },
	[NAME] = { "name", "NAME", .gap = 2, .width = 6 },
	[NOTE] = { "note", "NOTE", .gap = 2, .optional = true },
};

static const uint8_t ids[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3 };

#define PATH_LONG	"02:00:00:00:00:02,02:00:00:00:00:03"
#define NAME_CLEAN	"a\"\\x1b\\xff\\xc2\\x9b\xc3\xa4"

/* The second is as bad as a name can be. */
static void fill(struct out *o)
{
	out_row(o);
	out_bool(o, FLAG, true, "A", "");
	out_id(o, ADDRESS, ids);
	out_uint(o, COST, 200);
	out_ids(o, PATH, ids, 1);
	out_str(o, NAME, "r2");
	out_row(o);
	out_bool(o, FLAG, false, "A", "");
	out_id(o, ADDRESS, ids + 6);
	out_uint(o, COST, 70000);
	out_ids(o, PATH, ids, 2);
	out_str(o, NAME, "a\"\033\xff\xc2\x9b\xc3\xa4");
}

static void fill_short(struct out *o)
{
	out_row(o);
	out_uint(o, COST, 200);
	out_row(o);
	out_bool(o, FLAG, false, "A", "");
	out_str(o, ADDRESS, NULL);
	out_str(o, NAME, "x");
	out_str(o, NOTE, "");
}

/* What is in them looks like the keys behind them. */
static void fill_words(struct out *o)
{
	static const char * const names[] = { "r2", "r 2 note x", "\"\\\xff" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		out_row(o);
		out_word(o, NAME, names[i], " (auto)");
		out_word(o, NOTE, names[i], "");
	}
}

/* U+00AD, U+202E, U+2060, U+E0041 and a face. */
static void fill_hidden(struct out *o)
{
	out_row(o);
	out_str(o, NAME, "\xc2\xad\xe2\x80\xae\xe2\x81\xa0\xf3\xa0\x81\x81"
		"\xf0\x9f\x98\x80");
}

static void check_on(unsigned int screen, void (*fields)(struct out *o),
		     enum out_style style, size_t lines, const char *want,
		     const char *what)
{
	char *text = NULL;
	size_t len = 0, n;
	FILE *f = open_memstream(&text, &len);
	struct out *o = out_begin(f, cols, COLS, style);

	fields(o);
	n = out_end(o, screen);
	fclose(f);
	tap_is(text, want, what);
	tap_ok(!screen || n == lines,
	       "... and takes as many lines of a screen as it says");
	free(text);
}

static void check(void (*fields)(struct out *o), enum out_style style,
		  size_t lines, const char *want, const char *what)
{
	check_on(80, fields, style, lines, want, what);
}

static void fill_secrets(struct out *o)
{
	static const char * const lists[] = { ",new", "new,", "", "\\x6eone", "a\\x22b" };
	struct secrets *s = secrets_new();

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		secrets_parse(s, lists[i]);
		out_row(o);
		out_secrets(o, NOTE, s);
	}
	secrets_free(s);
}

static void check_secrets(bool json, bool show, const char *want,
			  const char *what)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct out *o;

	out_options.json = json;
	out_options.secrets = show;
	o = out_begin(f, cols, COLS, OUT_SUMMARY);
	fill_secrets(o);
	out_end(o, 0);
	fclose(f);
	tap_is(text, want, what);
	free(text);
}

static void test_secrets(void)
{
	check_secrets(false, false,
		      "  NOTE=\"\",(hidden)\n  NOTE=(hidden),\"\"\n  NOTE=\"\"\n"
		      "  NOTE=(hidden)\n  NOTE=(hidden)\n",
		      "secrets are hidden, the empty one is not");
	check_secrets(false, true,
		      "  NOTE=\"\",new\n  NOTE=new,\"\"\n  NOTE=\"\"\n"
		      "  NOTE=\\x6eone\n  NOTE=a\\x22b\n",
		      "... nor others, if asked for");
	check_secrets(true, false,
		      "{\"note\":[\"\",\"(hidden)\"]}\n"
		      "{\"note\":[\"(hidden)\",\"\"]}\n"
		      "{\"note\":[\"\"]}\n{\"note\":[\"(hidden)\"]}\n"
		      "{\"note\":[\"(hidden)\"]}\n",
		      "in JSON they are hidden too");
	check_secrets(true, true,
		      "{\"note\":[\"\",\"new\"]}\n{\"note\":[\"new\",\"\"]}\n"
		      "{\"note\":[\"\"]}\n{\"note\":[\"\\\\x6eone\"]}\n"
		      "{\"note\":[\"a\\\\x22b\"]}\n",
		      "... unless asked for");
}

int main(void)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	text_init();
	/* The last row is longer than 80 columns. */
	check(fill, OUT_LIST, 4,
	      "  ADDRESS             COST  PATH               NAME\n"
	      "A 02:00:00:00:00:02    200  02:00:00:00:00:02  r2\n"
	      "  02:00:00:00:00:03  70000  02:00:00:00:00:02  " NAME_CLEAN "\n"
	      "                            02:00:00:00:00:03\n",
	      "a table is aligned, without what is empty and blanks at the end");
	check_on(100, fill, OUT_LIST, 3,
		 "  ADDRESS             COST  PATH                                 NAME\n"
		 "A 02:00:00:00:00:02    200  02:00:00:00:00:02                    r2\n"
		 "  02:00:00:00:00:03  70000  " PATH_LONG "  " NAME_CLEAN "\n",
		 "... in fewer lines on a wider screen");
	check_on(20, fill, OUT_LIST, 13,
		 "  ADDRESS             COST  PATH               NAME\n"
		 "A 02:00:00:00:00:02    200  02:00:00:00:00:02  r2\n"
		 "  02:00:00:00:00:03  70000  02:00:00:00:00:02  " NAME_CLEAN "\n"
		 "                            02:00:00:00:00:03\n",
		 "... and in more on one where nothing fits");
	check_on(0, fill, OUT_LIST, 0,
		 "  ADDRESS             COST  PATH               NAME\n"
		 "A 02:00:00:00:00:02    200  02:00:00:00:00:02  r2\n"
		 "  02:00:00:00:00:03  70000  " PATH_LONG "  " NAME_CLEAN "\n",
		 "... but a row is a line where there is none");
	check(fill, OUT_WORDS, 0,
	      "  A address 02:00:00:00:00:02 cost 200 path 02:00:00:00:00:02 name r2\n"
	      "  address 02:00:00:00:00:03 cost 70000 path " PATH_LONG " name " NAME_CLEAN "\n",
	      "words stand behind their keys");
	check(fill_words, OUT_WORDS, 0,
	      "  name r2 (auto) note r2\n"
	      "  name \"r 2 note x\" (auto) note \"r 2 note x\"\n"
	      "  name \"\\\"\\\\\\xff\" (auto) note \"\\\"\\\\\\xff\"\n",
	      "... and what others call themselves is a word");
	check(fill_words, OUT_RECORD, 6,
	      "     NAME: r2 (auto)\n     NOTE: r2\n"
	      "     NAME: r 2 note x (auto)\n     NOTE: r 2 note x\n"
	      "     NAME: \"\\\\\\xff (auto)\n     NOTE: \"\\\\\\xff\n",
	      "... where it is not alone in its line");
	check(fill_short, OUT_SUMMARY, 0, "  COST=200\n  NAME=x\n",
	      "what is not known is left out");

	out_options.json = true;
	check(fill_short, OUT_LIST, 0,
	      "[{\"cost\":200},{\"active\":false,\"name\":\"x\",\"note\":\"\"}]\n",
	      "a list is an array");
	check(fill_short, OUT_LINES, 0,
	      "{\"cost\":200}\n{\"active\":false,\"name\":\"x\",\"note\":\"\"}\n",
	      "what runs on is an object a line");
	check(fill_hidden, OUT_LINES, 0,
	      "{\"name\":\"\\u00ad\\u202e\\u2060\\udb40\\udc41\xf0\x9f\x98\x80\"}\n",
	      "what is not to be seen is escaped");
	out_options.pretty = true;
	check(fill, OUT_LIST, 0,
	      "[\n"
	      "  {\n"
	      "    \"active\": true,\n"
	      "    \"address\": \"02:00:00:00:00:02\",\n"
	      "    \"cost\": 200,\n"
	      "    \"path\": [\n"
	      "      \"02:00:00:00:00:02\"\n"
	      "    ],\n"
	      "    \"name\": \"r2\"\n"
	      "  },\n"
	      "  {\n"
	      "    \"active\": false,\n"
	      "    \"address\": \"02:00:00:00:00:03\",\n"
	      "    \"cost\": 70000,\n"
	      "    \"path\": [\n"
	      "      \"02:00:00:00:00:02\",\n"
	      "      \"02:00:00:00:00:03\"\n"
	      "    ],\n"
	      "    \"name\": \"a\\\"\\u001b\\ufffd\\u009b\xc3\xa4\"\n"
	      "  }\n"
	      "]\n",
	      "strings are valid and harmless, whatever they are");
	test_secrets();
	return 0;
}
