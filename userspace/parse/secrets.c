// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of secrets, which leave no trace behind: each is in one place of its
 * own that is wiped when it is freed, and no complaint quotes any.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "parse.h"
#include "script.h"
#include "secrets.h"

/* What a list without any is called, and so is no list of one. */
#define NONE	"none"

struct secrets *secrets_new(void)
{
	/* From here on a core dump would tell them. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return xcalloc(1, sizeof(struct secrets));
}

void secrets_free(struct secrets *s)
{
	if (!s)
		return;
	explicit_bzero(s, sizeof(*s));
	free(s);
}

/* Returns NULL, or what is wrong. */
const char *secrets_add(struct secrets *s, const void *value, size_t len)
{
	if (s->n == ROMON_SECRETS_MAX)
		return "more than 16 secrets";
	if (len > ROMON_SECRET_MAX_LEN)
		return "a secret of more than 64 bytes";
	s->v[s->n].len = (uint8_t)len;
	if (len)
		memcpy(s->v[s->n].value, value, len);
	s->n++;
	return NULL;
}

static bool secret_begins_as_key(const struct secret *s)
{
	return s->len >= SECRET_KEY_PREFIX_LEN &&
	       !memcmp(s->value, SECRET_KEY_PREFIX, SECRET_KEY_PREFIX_LEN);
}

bool secret_is_key(const struct secret *s)
{
	static const char hex[] = "0123456789abcdef";

	if (s->len != SECRET_KEY_LEN || !secret_begins_as_key(s))
		return false;
	for (size_t i = SECRET_KEY_PREFIX_LEN; i < SECRET_KEY_LEN; i++)
		if (!memchr(hex, s->value[i], sizeof(hex) - 1))
			return false;
	return true;
}

/* Of one that people give: what they have copied badly is no secret instead. */
static const char *secrets_take(struct secrets *s, const void *value,
				size_t len)
{
	const char *wrong = secrets_add(s, value, len);

	if (!wrong && secret_begins_as_key(&s->v[s->n - 1]) &&
	    !secret_is_key(&s->v[s->n - 1]))
		wrong = "what begins with stretched: is a key, of 32 digits 0-9 and a-f";
	return wrong;
}

bool secrets_same(const struct secrets *a, const struct secrets *b)
{
	size_t n = a ? a->n : 0;

	if (n != (b ? b->n : 0))
		return false;
	for (size_t i = 0; i < n; i++)
		if (a->v[i].len != b->v[i].len ||
		    memcmp(a->v[i].value, b->v[i].value, a->v[i].len))
			return false;
	return true;
}

/* Whether frames that are not hashed are refused. */
bool secrets_demand_hash(const struct secrets *s)
{
	if (!s || !s->n)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[i].len)
			return false;
	return true;
}

/* One element of a list, up to the comma. Returns what is wrong, or NULL. */
static const char *secrets_parse_one(struct secrets *s, const char **list)
{
	char value[ROMON_SECRET_MAX_LEN + 1];
	const char *p = *list, *wrong;
	size_t len = 0;

	while (*p && *p != ',' && len <= ROMON_SECRET_MAX_LEN) {
		if (p[0] == '\\' && p[1] == 'x') {
			int byte = parse_hex_byte(p + 2);

			if (byte < 0) {
				explicit_bzero(value, sizeof(value));
				return "a backslash and x without two hex digits";
			}
			value[len++] = (char)byte;
			p += 4;
		} else {
			value[len++] = *p++;
		}
	}
	*list = p;
	wrong = secrets_take(s, value, len);
	explicit_bzero(value, sizeof(value));
	return wrong;
}

/*
 * Secrets with commas between them, or none. \x2c is a byte, of which there
 * is no other way to say it; everything else is itself. Returns NULL, or what
 * is wrong with the list.
 */
const char *secrets_parse(struct secrets *s, const char *list)
{
	const char *wrong;

	s->n = 0;
	if (!strcmp(list, NONE))
		return NULL;
	for (;; list++) {
		wrong = secrets_parse_one(s, &list);
		if (wrong)
			return wrong;
		if (!*list)
			return NULL;
	}
}

static char *secrets_text_byte(char *to, char byte)
{
	*to++ = '\\';
	*to++ = 'x';
	return text_put_hex(to, (unsigned char)byte);
}

/*
 * One of a list, as secrets_parse() reads it. By hand: printf() leaves pieces
 * on the stack. Returns its end.
 */
char *secrets_text_one(char *to, const struct secrets *s, size_t which)
{
	size_t left = s->v[which].len, n;
	const char *p = s->v[which].value;
	bool none = s->n == 1 && left == strlen(NONE) &&
		    !memcmp(p, NONE, left);
	uint32_t c;

	for (; left; p += n, left -= n) {
		n = text_decode(p, left, &c);
		if (!none && text_is_plain(c) &&
		    c != ',' && c != '\\' && c != '"') {
			memcpy(to, p, n);
			to += n;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			to = secrets_text_byte(to, p[i]);
		none = false;
	}
	*to = '\0';
	return to;
}

const char *secrets_text(char *to, const struct secrets *s)
{
	char *end = to;

	if (!s || !s->n)
		return strcpy(to, NONE);
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			*end++ = ',';
		end = secrets_text_one(end, s, i);
	}
	return to;
}

/* Complains of what is read, as far as it can be told. */
static bool secrets_add_line(struct secrets *s, const char *what,
			     const char *name, const char *line, size_t len)
{
	size_t number = s->n + 1;
	const char *wrong = NULL;

	if (memchr(line, '\0', len))
		wrong = "a zero byte";
	else if (len && line[len - 1] == '\r')
		wrong = "a carriage return at the end of a line";
	else
		wrong = secrets_take(s, line, len);
	if (wrong)
		complain("%s: %s: line %zu: %s", what, name, number, wrong);
	return !wrong;
}

static bool secrets_read_fd(struct secrets *s, const char *what,
			    const char *name, int fd)
{
	/* One byte more than a line may have, to know that it is too long. */
	char line[ROMON_SECRET_MAX_LEN + 2], buf[256];
	size_t len = 0;
	bool ok = true;
	ssize_t n = 0;

	while (ok && ((n = read(fd, buf, sizeof(buf))) > 0 ||
		      (n < 0 && errno == EINTR))) {
		for (ssize_t i = 0; ok && i < n; i++) {
			if (buf[i] == '\n') {
				ok = secrets_add_line(s, what, name, line, len);
				len = 0;
				continue;
			}
			line[len++] = buf[i];
			/* What can be no line may have no end either. */
			if (!buf[i] || len == sizeof(line))
				ok = secrets_add_line(s, what, name, line, len);
		}
	}
	if (ok && n < 0) {
		complain("%s: %s: %s", what, name, strerror(errno));
		ok = false;
	}
	/* The last line may lack its end. */
	if (ok && len)
		ok = secrets_add_line(s, what, name, line, len);
	if (ok && !s->n) {
		complain("%s: %s: is empty (secrets none removes all)",
			 what, name);
		ok = false;
	}
	explicit_bzero(line, sizeof(line));
	explicit_bzero(buf, sizeof(buf));
	return ok;
}

/* An empty line, at the end above all, may be there by mistake. */
static void secrets_complain_empty(const struct secrets *s, const char *what,
				   const char *file)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].len)
			continue;
		complain("%s: %s: line %zu is empty: lets frames in without a hash",
			 what, file, i + 1);
		return;
	}
}

/* Secrets in a file that others can read are none. */
void secrets_complain_readable(const char *what, const char *file)
{
	struct stat st;

	if (!stat(file, &st) && S_ISREG(st.st_mode) && (st.st_mode & 0044))
		complain("%s: %s: others can read it (try: chmod 600)", what,
			 file);
}

/* A secret a line, an empty line being the empty one; - is standard input. */
bool secrets_read(struct secrets *s, const char *what, const char *file)
{
	const char *name = strcmp(file, "-") ? file : "standard input";
	int fd = STDIN_FILENO;
	bool ok;

	s->n = 0;
	if (name != file && script_has_stdin()) {
		complain("%s: the commands come from standard input", what);
		return false;
	}
	if (!*file) {
		complain("%s: a file without a name", what);
		return false;
	}
	if (name == file) {
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			complain("%s: %s: %s", what, file, strerror(errno));
			return false;
		}
	}
	ok = secrets_read_fd(s, what, name, fd);
	if (fd == STDIN_FILENO)
		return ok;
	close(fd);
	if (ok) {
		secrets_complain_readable(what, file);
		secrets_complain_empty(s, what, file);
	}
	return ok;
}
