// SPDX-License-Identifier: GPL-2.0-only
/* The configuration to a file. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "lines.h"
#include "store.h"

#define STORE_LINKS	40	/* as many as the kernel follows */

/* What a link is to; NULL if it is none. To be freed. */
static char *store_link(const char *name)
{
	const char *slash = strrchr(name, '/');
	char to[PATH_MAX];
	ssize_t n = readlink(name, to, sizeof(to) - 1);

	if (n < 0)
		return NULL;
	to[n] = '\0';
	if (*to == '/' || !slash)
		return xstrdup(to);
	return xasprintf("%.*s/%s", (int)(slash - name), name, to);
}

/*
 * Where the file is or would be, which realpath() alone says only if it is
 * there. To be freed; NULL with errno.
 */
static char *store_target(const char *file)
{
	char *name = xstrdup(file), *next;

	for (int i = 0; i < STORE_LINKS; i++) {
		next = realpath(name, NULL);
		if (next || errno != ENOENT) {
			free(name);
			return next;
		}
		next = store_link(name);
		if (!next)
			return name;
		free(name);
		name = next;
	}
	free(name);
	errno = ELOOP;
	return NULL;
}

/* What is renamed is lost if the power is, unless it is on the disk. */
static int store_write(const struct model *m, int fd)
{
	char buf[4096];
	FILE *f = fdopen(fd, "w");
	int err = 0;

	if (!f) {
		err = -errno;
		close(fd);
		return err;
	}
	setvbuf(f, buf, _IOFBF, sizeof(buf));
	lines_print(f, m);
	/* What has failed before has left its mark, but maybe not its errno. */
	errno = 0;
	if (fflush(f) || ferror(f) || fsync(fd))
		err = errno ? -errno : -EIO;
	if (fclose(f) && !err)
		err = -errno;
	explicit_bzero(buf, sizeof(buf));
	return err;
}

static int store_replace(const struct model *m, const char *target)
{
	char *temp = xasprintf("%s.XXXXXX", target);
	int fd = mkostemp(temp, O_CLOEXEC), err;

	if (fd < 0) {
		err = -errno;
	} else {
		err = store_write(m, fd);
		if (!err && rename(temp, target))
			err = -errno;
		if (err)
			unlink(temp);
	}
	free(temp);
	return err;
}

int store_model(const struct model *m, const char *file, const char *what)
{
	char *target = store_target(file);
	const char *wrong = NULL;
	struct stat st;
	int err;

	if (!target) {
		wrong = strerror(errno);
	} else if (!stat(target, &st) && !S_ISREG(st.st_mode)) {
		wrong = "not a regular file";
	} else {
		err = store_replace(m, target);
		if (err)
			wrong = strerror(-err);
	}
	if (wrong && !*file)
		complain("%s: a file without a name", what);
	else if (wrong)
		complain("%s: %s: %s", what, file, wrong);
	free(target);
	return wrong ? EXIT_FAILED : EXIT_DONE;
}
