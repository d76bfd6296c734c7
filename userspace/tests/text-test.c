// SPDX-License-Identifier: GPL-2.0-only
/* Strings that others chose. */

#include <locale.h>
#include <stdlib.h>

#include "base/text.h"
#include "parse/parse.h"
#include "tap.h"

static void clean(const char *s, const char *want, const char *what)
{
	char *got = text_clean(s);

	tap_is(got, want, what);
	free(got);
}

static void test_clean(void)
{
	clean("r1", "r1", "a name is itself");
	clean("a b", "a b", "blanks stay");
	clean("\033[2J", "\\x1b[2J", "escape is escaped");
	clean("a\nb\tc\r", "a\\x0ab\\x09c\\x0d", "lines and tabs are escaped");
	clean("\x7f", "\\x7f", "delete is escaped");
	clean("a\\b", "a\\\\b", "a backslash is doubled");
	clean("\xff", "\\xff", "a byte that is not UTF-8 is escaped");
	clean("\xc3", "\\xc3", "half a character is escaped");
	clean("\xc2\x9b[2J", "\\xc2\\x9b[2J", "C1 is escaped");
	clean("\xe2\x80\xaexyz", "\\xe2\\x80\\xaexyz",
	      "what turns the direction is escaped");
	clean("\xc0\xaf", "\\xc0\\xaf", "overlong forms are escaped");
	clean("\xed\xa0\x80", "\\xed\\xa0\\x80", "surrogates are escaped");
	clean("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80",
	      "what is beyond Unicode is escaped");
	if (!text_is_utf8())
		return;
	clean("\xc3\xa4", "\xc3\xa4", "UTF-8 is itself where it can be shown");
	tap_ok(text_width("\xc3\xa4") == 1, "a letter is one column wide");
	tap_ok(text_width("\xe6\x97\xa5") == 2, "an ideograph is two");
	tap_ok(text_width("e\xcc\x81") == 1, "a combining accent is none");
}

/* What text_quote() makes of a string, words_split() reads as that string. */
static void test_quote(void)
{
	static const char * const strings[] = {
		"plain", "", "two words", "#", "a\"b", "a\\b", "'", "a'b c",
		"\033[2J", "\xff\xfe", "\xc3\xa4", "=", "a=b", "-x", "\n",
		"\\x41", "trailing\\",
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		char *quoted = text_quote(strings[i]), what[64];
		struct words words;
		const char *err = words_split(&words, quoted);

		snprintf(what, sizeof(what), "string %zu comes back from a file",
			 i + 1);
		tap_is(err ? err : words.n == 1 ? words.word[0] : NULL,
		       strings[i], what);
		words_free(&words);
		free(quoted);
	}
}

int main(void)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	text_init();
	test_clean();
	test_quote();
	setenv("LC_ALL", "C", 1);
	text_init();
	clean("\xc3\xa4", "\\xc3\\xa4", "UTF-8 is escaped where it can not");
	test_quote();
	return 0;
}
