// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings that others chose: identities, boards, comments. A router down the
 * road must not be able to move our cursor.
 */

#include <ctype.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "err.h"
#include "text.h"

static bool utf8;

void text_init(void)
{
	setlocale(LC_CTYPE, "");
	utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
}

bool text_is_utf8(void)
{
	return utf8;
}

/*
 * One character of UTF-8. Returns how many bytes it has; for a byte that does
 * not begin one, 1 with *cp = TEXT_INVALID. Not mbrtowc(), which depends on
 * the locale, while what is on the wire does not.
 */
size_t text_decode(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t n, i;

	*cp = TEXT_INVALID;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	n = p[0] >= 0xf0 && p[0] < 0xf8 ? 4 :
	    p[0] >= 0xe0 && p[0] < 0xf0 ? 3 :
	    p[0] >= 0xc0 && p[0] < 0xe0 ? 2 : 0;
	if (!n || n > len)
		return 1;

	uint32_t c = p[0] & (0x7f >> n);

	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 1;
	*cp = c;
	return n;
}

/*
 * Characters of which nothing is seen, or which are seen elsewhere: Unicode's
 * Default_Ignorable_Code_Point and Bidi_Control, its controls and formats (Cc,
 * Cf), separators of lines and paragraphs (Zl, Zp), blanks other than ours (Zs
 * and the empty Braille cell), surrogates, what is for private use (Co), and
 * noncharacters, but for the two at the end of each plane.
 */
static const struct text_range {
	uint32_t first, last;
} text_hidden[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x00a0 }, { 0x00ad, 0x00ad },
	{ 0x034f, 0x034f }, { 0x0600, 0x0605 }, { 0x061c, 0x061c },
	{ 0x06dd, 0x06dd }, { 0x070f, 0x070f }, { 0x0890, 0x0891 },
	{ 0x08e2, 0x08e2 }, { 0x115f, 0x1160 }, { 0x1680, 0x1680 },
	{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2000, 0x200f },
	{ 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x2800, 0x2800 },
	{ 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xd800, 0xf8ff },
	{ 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff }, { 0xf0000, UINT32_MAX },
};

/* Whether a character is none that a person can see where it is. */
bool text_is_hidden(uint32_t c)
{
	size_t low = 0, high = sizeof(text_hidden) / sizeof(text_hidden[0]);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (text_hidden[mid].last < c)
			low = mid + 1;
		else
			high = mid;
	}
	return text_hidden[low].first <= c || (c & 0xfffe) == 0xfffe;
}

/* Characters that are drawn, and do not reorder or hide their neighbours. */
bool text_is_plain(uint32_t c)
{
	if (text_is_hidden(c))
		return false;
	return c < 0x80 || (utf8 && wcwidth((wchar_t)c) >= 0);
}

/* NULL without memory. */
static char *text_try(const char *s, const char *special, bool quotes)
{
	size_t len = strlen(s), size = 0, n;
	char *to = NULL;
	bool failed;
	uint32_t c;
	FILE *f;

	f = open_memstream(&to, &size);
	if (!f)
		return NULL;
	if (quotes)
		fputc('"', f);
	for (; len; s += n, len -= n) {
		n = text_decode(s, len, &c);
		if (c < 0x80 && strchr(special, (int)c)) {
			fprintf(f, "\\%c", (int)c);
		} else if (text_is_plain(c)) {
			fwrite(s, 1, n, f);
		} else {
			for (size_t i = 0; i < n; i++)
				fprintf(f, "\\x%02x", (unsigned char)s[i]);
		}
	}
	if (quotes)
		fputc('"', f);
	failed = ferror(f);
	if (!fclose(f) && !failed)
		return to;
	free(to);
	return NULL;
}

static char *text_escape(const char *s, const char *special, bool quotes)
{
	char *to;

	do {
		to = text_try(s, special, quotes);
	} while (!to && err_spend_memory());
	if (!to)
		die_no_memory();
	return to;
}

/* As a person may see it; to be freed. */
char *text_clean(const char *s)
{
	return text_escape(s, "\\", false);
}

/* As one word of a command in a file; to be freed. See words_split(). */
char *text_quote(const char *s)
{
	const char *p = s;

	/* Letters and digits of ASCII, whatever the locale. */
	while (*p && (unsigned char)*p < 0x80 &&
	       (isalnum((unsigned char)*p) || strchr("_-.,:/@+%", *p)))
		p++;
	if (*s && !*p)
		return xstrdup(s);
	return text_escape(s, "\\\"", true);
}

/* Columns on a terminal of what text_clean() gave. */
size_t text_width(const char *clean)
{
	size_t len = strlen(clean), width = 0, n;
	uint32_t c;

	for (; len; clean += n, len -= n) {
		n = text_decode(clean, len, &c);
		if (c == TEXT_INVALID || c < 0x80) {
			width++;
		} else {
			int w = wcwidth((wchar_t)c);

			width += w > 0 ? (size_t)w : 0;
		}
	}
	return width;
}

char *text_put_hex(char *to, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = digits[byte >> 4];
	*to++ = digits[byte & 15];
	return to;
}
