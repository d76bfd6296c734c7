// SPDX-License-Identifier: GPL-2.0-only
/* Words to values. */

#include <stdlib.h>
#include <unistd.h>

#include "parse/parse.h"
#include "tap.h"

static void test_bool(void)
{
	bool v;

	v = false;
	tap_ok(parse_bool("on", &v) && v, "on is true");
	v = false;
	tap_ok(parse_bool("yes", &v) && v, "yes is true");
	tap_ok(parse_bool("off", &v) && !v, "off is false");
	v = true;
	tap_ok(parse_bool("no", &v) && !v, "no is false");
	tap_ok(!parse_bool("", &v) && !parse_bool("o", &v) &&
	       !parse_bool("ON", &v) && !parse_bool("1", &v) &&
	       !parse_bool("true", &v), "nothing else is a boolean");
}

static void test_uint(void)
{
	uint64_t v = 0;

	tap_ok(parse_uint("0", 10, &v) && v == 0, "0 is a number");
	tap_ok(parse_uint("10", 10, &v) && v == 10, "the maximum is accepted");
	tap_ok(!parse_uint("11", 10, &v), "one above the maximum is refused");
	tap_ok(parse_uint("010", 10, &v) && v == 10,
	       "a leading zero does not make it octal");
	tap_ok(parse_uint("18446744073709551615", UINT64_MAX, &v) &&
	       v == UINT64_MAX, "the largest number is accepted");
	tap_ok(!parse_uint("18446744073709551616", UINT64_MAX, &v),
	       "a number that overflows is refused");
	tap_ok(!parse_uint("", 9, &v) && !parse_uint("-1", 9, &v) &&
	       !parse_uint("+1", 9, &v) && !parse_uint(" 1", 9, &v) &&
	       !parse_uint("1 ", 9, &v) && !parse_uint("0x1", 9, &v) &&
	       !parse_uint("1.0", 9, &v),
	       "signs, blanks, hex and points are refused");
}

static void test_ns(void)
{
	int64_t v = -1;

	tap_ok(parse_ns("0", &v) && v == 0, "0 seconds");
	tap_ok(parse_ns("2", &v) && v == 2000000000, "2 seconds");
	tap_ok(parse_ns("0.01", &v) && v == 10000000, "0.01 seconds");
	tap_ok(parse_ns(".5", &v) && v == 500000000, ".5 seconds");
	tap_ok(parse_ns("1.", &v) && v == 1000000000, "1. seconds");
	tap_ok(parse_ns("0.1234567894", &v) && v == 123456789,
	       "digits below a nanosecond are dropped");
	tap_ok(parse_ns("200ms", &v) && v == 200000000, "200ms");
	tap_ok(parse_ns("3s", &v) && v == 3000000000, "3s");
	tap_ok(!parse_ns("", &v) && !parse_ns(".", &v) && !parse_ns("s", &v) &&
	       !parse_ns("-1", &v) && !parse_ns("1.2.3", &v) &&
	       !parse_ns("1e3", &v) && !parse_ns("1m", &v) &&
	       !parse_ns("0,5", &v), "other spellings of a time are refused");
	tap_ok(!parse_ns("99999999999999999999", &v),
	       "a time that overflows is refused");
}

static void test_id(void)
{
	static const char * const good[] = {
		"6c:3b:6b:48:0e:8b", "6C:3B:6B:48:0E:8B", "6c-3b-6b-48-0e-8b",
		"6c3b.6b48.0e8b", "6c3b6b480e8b", "6C3B6B480E8B",
		"6c3b:6b48:0e8b", "6c.3b.6b.48.0e.8b",
	};
	static const char * const bad[] = {
		"", "6c:3b:6b:48:0e", "6c:3b:6b:48:0e:8b:00",
		"6c:3b:6b:48:e:8b", "6c:3b-6b:48:0e:8b", "6c:3b:6b:48:0e:8g",
		"6c3b6b480e8", "6c3b6b480e8b0", ":6c3b6b480e8", "6c 3b 6b 48 0e 8b",
		"6c:3b:6b:480e:8b", "0x6c3b6b480e", "gggggggggggg",
	};
	char buf[ID_STRLEN], what[64];
	uint8_t id[6];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(id, 0, sizeof(id));
		snprintf(what, sizeof(what), "%s is an ID", good[i]);
		tap_is(parse_id(good[i], id) ? id_str(buf, id) : NULL,
		       "6c:3b:6b:48:0e:8b", what);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(what, sizeof(what), "\"%s\" is no ID", bad[i]);
		tap_ok(!parse_id(bad[i], id), what);
	}
	memset(id, 7, sizeof(id));
	parse_id("6c:3b:6b:48:0e:8g", id);
	tap_ok(id[0] == 7, "what is refused changes nothing");
}

/* Complaints are not what is tested here. */
static void quiet(bool on)
{
	static int saved = -1;

	fflush(stderr);
	if (on) {
		saved = dup(STDERR_FILENO);
		if (!freopen("/dev/null", "w", stderr))
			exit(1);
	} else {
		dup2(saved, STDERR_FILENO);
		close(saved);
	}
}

static bool parse_line(const char *line, struct param *params, size_t n,
		       struct words *words)
{
	struct args args;
	bool ok;

	if (words_split(words, line))
		return false;
	args.word = words->word;
	args.n = words->n;
	for (size_t i = 0; i < n; i++)
		params[i].given = false;
	quiet(true);
	ok = params_parse(&args, "test", params, n);
	quiet(false);
	return ok;
}

static void test_params(void)
{
	static const char * const bad[] = {
		"cost", "cost=", "cost 70000", "cost -1", "cost 1 cost 2",
		"cost=1 cost 2", "forbid maybe", "color red", "cos 1", "costs 1",
		"comment abcdefghi", "id xyz", "=", "=1", "count 1", "count 10",
		"limit x", "limit -1", "limit \"\"",
	};
	const char *comment = NULL;
	uint64_t cost = 0, count = 0, limit = 0;
	bool forbid = false;
	uint8_t id[6];
	struct param params[] = {
		PARAM("cost", PARAM_UINT, &cost, UINT16_MAX),
		PARAM("forbid", PARAM_BOOL, &forbid, 0),
		PARAM("comment", PARAM_STRING, &comment, 8),
		PARAM("id", PARAM_ID_AUTO, id, 0),
		PARAM_RANGE("count", &count, 2, 9),
		PARAM("limit", PARAM_LIMIT, &limit, 255),
	};
	struct words words;
	char what[64];

	tap_ok(parse_line("cost 5 forbid=yes", params, 4, &words) &&
	       cost == 5 && forbid && params[0].given && params[1].given &&
	       !params[2].given, "key value and key=value mix");
	words_free(&words);
	tap_ok(parse_line("comment=a=b", params, 4, &words) &&
	       !strcmp(comment, "a=b"), "the first = is the one that counts");
	words_free(&words);
	tap_ok(parse_line("comment=cost cost 7", params, 4, &words) &&
	       !strcmp(comment, "cost") && cost == 7,
	       "a value may be the name of a key");
	words_free(&words);
	tap_ok(parse_line("comment \"\"", params, 4, &words) && !*comment,
	       "a string may be empty");
	words_free(&words);
	tap_ok(parse_line("id 02-00-00-00-00-01", params, 4, &words) &&
	       id[5] == 1, "an ID is a value");
	words_free(&words);
	tap_ok(parse_line("id auto", params, 4, &words) && id_is_zero(id),
	       "auto is the ID of zeros");
	words_free(&words);
	tap_ok(parse_line("count 2 limit 5", params, 6, &words) &&
	       count == 2 && limit == 5, "a range begins where it begins");
	words_free(&words);
	tap_ok(parse_line("count 9 limit 99999999999999999999", params, 6,
			  &words) && count == 9 && limit == 255,
	       "what the kernel is to refuse comes to it");
	words_free(&words);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(what, sizeof(what), "\"%s\" is refused", bad[i]);
		tap_ok(!parse_line(bad[i], params, 6, &words), what);
		words_free(&words);
	}
}

static void test_words(void)
{
	/* a line, and its words with | between them; NULL for an error */
	static const char * const lines[][2] = {
		{ "", "" },
		{ "   \t ", "" },
		{ "# a comment", "" },
		{ "set id auto", "set|id|auto" },
		{ "  set\tid  auto\t\n", "set|id|auto" },
		{ "set # the rest", "set" },
		{ "port a#b", "port|a#b" },
		{ "comment \"two words\"", "comment|two words" },
		{ "comment 'two words'", "comment|two words" },
		{ "comment \"a\\\"b\\\\c\"", "comment|a\"b\\c" },
		{ "comment 'a\\b'", "comment|a\\b" },
		{ "comment a\\ b", "comment|a b" },
		{ "comment \"\\x41\\x7a\"", "comment|Az" },
		{ "comment=\"a b\"", "comment=a b" },
		{ "comment \"\" x", "comment||x" },
		{ "comment \"#\"", "comment|#" },
		{ "comment \"open", NULL },
		{ "comment 'open", NULL },
		{ "comment end\\", NULL },
		{ "comment \"\\x4\"", NULL },
		{ "comment \"\\x00\"", NULL },
		{ "comment \"\\xzz\"", NULL },
	};
	char joined[128], what[128];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct words words;
		const char *err = words_split(&words, lines[i][0]);

		joined[0] = '\0';
		for (int w = 0; w < words.n; w++) {
			if (w)
				strcat(joined, "|");
			strcat(joined, words.word[w]);
		}
		snprintf(what, sizeof(what), "line %zu is split as it should",
			 i + 1);
		if (!lines[i][1])
			tap_ok(err, what);
		else
			tap_is(err ? err : joined, lines[i][1], what);
		words_free(&words);
	}
}

int main(void)
{
	test_bool();
	test_uint();
	test_ns();
	test_id();
	test_params();
	test_words();
	return 0;
}
