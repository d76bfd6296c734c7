// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands from a file, a line at a time. They may hold secrets, and a pipe may
 * stay open for long: so what was read is wiped at once, which stdio can not.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "script.h"

/* What is longer was not written for us, and may have no end. */
#define SCRIPT_LINE_MAX		(64 * 1024)
#define SCRIPT_FILE_MAX		(64 * 1024 * 1024)

struct script_input {
	int fd;
	int err;
	size_t at, len;
	char buf[4096];
};

/* One for all: who reads on reads what is left in it. */
static struct script_input script_stdin = { .fd = STDIN_FILENO };
static unsigned int stdin_users;

/* Whether commands come from standard input now, and nothing else can. */
bool script_has_stdin(void)
{
	return stdin_users;
}

static void script_complain(const struct script *s, const char *wrong)
{
	if (s->what)
		complain("%s: %s", s->what, wrong);
	else
		complain("%s", wrong);
}

static void script_complain_file(const struct script *s, const char *wrong)
{
	if (s->what)
		complain("%s: %s: %s", s->what, s->name, wrong);
	else
		complain("%s: %s", s->name, wrong);
}

/* - is standard input. Complains, after @what if that is not NULL. */
bool script_open(struct script *s, const char *what, const char *file)
{
	int fd;

	memset(s, 0, sizeof(*s));
	s->what = what;
	s->name = file;
	if (!strcmp(file, "-")) {
		s->in = &script_stdin;
		s->name = "standard input";
		stdin_users++;
		return true;
	}
	if (!*file) {
		script_complain(s, "a file without a name");
		return false;
	}
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		script_complain_file(s, strerror(errno));
		return false;
	}
	s->in = xcalloc(1, sizeof(*s->in));
	s->in->fd = fd;
	return true;
}

/* Takes the next character away, or returns -1. */
static int script_char(struct script_input *in)
{
	unsigned char c;
	ssize_t n;

	if (in->at == in->len) {
		do {
			n = read(in->fd, in->buf, sizeof(in->buf));
		} while (n < 0 && errno == EINTR);
		in->err = n < 0 ? errno : 0;
		in->at = 0;
		in->len = n > 0 ? (size_t)n : 0;
		if (!in->len)
			return -1;
	}
	c = (unsigned char)in->buf[in->at];
	in->buf[in->at++] = '\0';
	return c;
}

/* Longer by a copy that leaves nothing in the old place. */
static void script_grow(struct script *s)
{
	size_t size = s->size ? 2 * s->size : 256;
	char *line = xcalloc(1, size);

	if (s->line) {
		memcpy(line, s->line, s->size);
		explicit_bzero(s->line, s->size);
		free(s->line);
	}
	s->line = line;
	s->size = size;
}

/*
 * Reads a line without its end. False at the end of the file. As soon as the
 * line can not be one *wrong says why: more of it may never come to an end.
 */
static bool script_line(struct script *s, size_t *len, const char **wrong)
{
	size_t n = 0;
	int c;

	*wrong = NULL;
	while (!*wrong && (c = script_char(s->in)) >= 0 && c != '\n') {
		if (n + 1 >= s->size)
			script_grow(s);
		if (!c)
			*wrong = "zero byte";
		else if (n == SCRIPT_LINE_MAX)
			*wrong = "a line of more than 64 KiB";
		else
			s->line[n++] = (char)c;
	}
	/* A batch goes on for as long as it is fed. */
	s->taken += n + 1;
	if (!*wrong && s->what && s->taken > SCRIPT_FILE_MAX)
		*wrong = "more than 64 MiB";
	if (!s->line)
		script_grow(s);
	s->line[n] = '\0';
	*len = n;
	return *wrong || n || c >= 0;
}

static bool script_is(const struct script *s, const char *comment)
{
	size_t len = strlen(comment);

	return !strncmp(s->line, comment, len) &&
	       !s->line[len + strspn(s->line + len, " \t\r")];
}

/* The next command: 1, 0 at the end, or -1 after a complaint. */
int script_next(struct script *s, struct args *args)
{
	const char *wrong;
	size_t len;

	do {
		words_free(&s->words);
		if (!script_line(s, &len, &wrong) || s->in->err) {
			err_set_place(NULL, 0);
			if (!s->in->err)
				return 0;
			script_complain_file(s, strerror(s->in->err));
			return -1;
		}
		err_set_place(s->name, ++s->number);
		if (!wrong)
			wrong = words_split(&s->words, s->line);
		if (script_is(s, SCRIPT_FIRST))
			s->cut = true;
		else if (script_is(s, SCRIPT_LAST))
			s->cut = false;
		explicit_bzero(s->line, len);
		if (wrong) {
			script_complain(s, wrong);
			return -1;
		}
	} while (!s->words.n);
	*args = (struct args){ .word = s->words.word, .n = s->words.n };
	return 1;
}

/* Of what is read, whatever its name leads to by now. */
int script_fd(const struct script *s)
{
	return s->in->fd;
}

/* What to exit with after a complaint. */
int script_status(const struct script *s)
{
	return s->in->err ? EXIT_FAILED : EXIT_USAGE;
}

void script_close(struct script *s)
{
	err_set_place(NULL, 0);
	words_free(&s->words);
	free(s->line);
	if (s->in == &script_stdin) {
		stdin_users--;
	} else if (s->in) {
		close(s->in->fd);
		explicit_bzero(s->in, sizeof(*s->in));
		free(s->in);
	}
	memset(s, 0, sizeof(*s));
}
