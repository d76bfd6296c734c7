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

/* Characters that are drawn, and do not reorder or hide their neighbours. */
bool text_is_plain(uint32_t c)
{
	if (c < 0x80)
		return c >= ' ' && c != 0x7f;
	if (!utf8 || c == TEXT_INVALID || c < 0xa0)
		return false;
	if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c >= 0xe0000)
		return false;
	return wcwidth((wchar_t)c) >= 0;
}

static char *text_escape(const char *s, const char *special, bool quotes)
{
	size_t len = strlen(s), size = 0, n;
	char *to = NULL;
	uint32_t c;
	FILE *f;

	f = open_memstream(&to, &size);
	if (!f)
		die_no_memory();
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
	if (fclose(f))
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
