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

/* The first and the last of each kind, and who is next to them and is seen. */
static void test_hidden(void)
{
	static const uint32_t hidden[] = {
		0x00, 0x1f, 0x7f, 0x80, 0x9f, 0xa0, 0xad, 0x34f, 0x600, 0x605,
		0x61c, 0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x115f, 0x1160,
		0x1680, 0x17b4, 0x17b5, 0x180b, 0x180e, 0x180f, 0x2000, 0x200b,
		0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x202f, 0x205f,
		0x2060, 0x2065, 0x2066, 0x206f, 0x2800, 0x3000, 0x3164, 0xd800,
		0xdfff, 0xe000, 0xf8ff, 0xfdd0, 0xfdef, 0xfe00, 0xfe0f, 0xfeff,
		0xffa0, 0xfff0, 0xfff9, 0xfffb, 0xfffe, 0xffff, 0x110bd,
		0x110cd, 0x13430, 0x1343f, 0x1bca0, 0x1bca3, 0x1d173, 0x1d17a,
		0x1fffe, 0x1ffff, 0xdffff, 0xe0000, 0xe0001, 0xe007f, 0xe0100,
		0xe01ef, 0xe0fff, 0xefffe, 0xf0000, 0x10fffd, 0x10ffff,
		0x110000, TEXT_INVALID,
	}, seen[] = {
		0x20, 0x7e, 0xa1, 0xac, 0xae, 0x34e, 0x350, 0x606, 0x61b,
		0x61d, 0x6dc, 0x6de, 0x70e, 0x710, 0x8e1, 0x8e3, 0x115e,
		0x1161, 0x1681, 0x17b3, 0x17b6, 0x180a, 0x1810, 0x2010, 0x2027,
		0x2030, 0x205e, 0x2070, 0x27ff, 0x2801, 0x3001, 0x3163, 0x3165,
		0xd7fb, 0xf900, 0xfdcf, 0xfdf0, 0xfe10, 0xfe70, 0xff01, 0xff9f,
		0xffa1, 0xffee, 0xfffc, 0xfffd, 0x110bc, 0x110be, 0x1342f,
		0x1bc9f, 0x1d172, 0x1d17b, 0x2a6d6,
	};
	char what[64];

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		snprintf(what, sizeof(what), "U+%04X is not to be seen",
			 hidden[i]);
		tap_ok(text_is_hidden(hidden[i]) && !text_is_plain(hidden[i]),
		       what);
	}
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		snprintf(what, sizeof(what), "U+%04X is", seen[i]);
		tap_ok(!text_is_hidden(seen[i]), what);
	}
	clean("a\xd8\x9cz", "a\\xd8\\x9cz",
	      "the mark of Arabic letters is escaped");
	clean("a\xc2\xadz", "a\\xc2\\xadz", "a soft hyphen is escaped");
	clean("r1\xf3\xa0\x81\x81", "r1\\xf3\\xa0\\x81\\x81",
	      "a tag is escaped");
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
	test_hidden();
	test_quote();
	setenv("LC_ALL", "C", 1);
	text_init();
	clean("\xc3\xa4", "\\xc3\\xa4", "UTF-8 is escaped where it can not");
	test_quote();
	return 0;
}
