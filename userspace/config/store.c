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

/*
 * Open the file as the kernel finds it, which does not follow everybody's links
 * (protected_symlinks in proc_sys_fs(5)), to be told where it is. One that is
 * not there is @made, empty: a link may lead to nothing yet.
 */
static int store_open(const char *file, bool *made)
{
	int fd = open(file, O_PATH | O_CLOEXEC);

	*made = fd < 0 && errno == ENOENT;
	if (*made)
		fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* Where that is, to be freed; NULL with errno. */
static char *store_path(int fd)
{
	char *link = xasprintf("/proc/self/fd/%d", fd);
	char path[PATH_MAX];
	ssize_t n = readlink(link, path, sizeof(path) - 1);

	free(link);
	if (n < 0)
		return NULL;
	path[n] = '\0';
	return xstrdup(path);
}

/* What is renamed is lost if the power is, unless it is on the disk. */
static int store_write(const struct model *m, const char *head, int fd)
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
	fputs(head, f);
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

static int store_replace(const struct model *m, const char *head,
			 const char *target)
{
	char *temp = xasprintf("%s.XXXXXX", target);
	int fd = mkostemp(temp, O_CLOEXEC), err;

	if (fd < 0) {
		err = -errno;
	} else {
		err = store_write(m, head, fd);
		if (!err && rename(temp, target))
			err = -errno;
		if (err)
			unlink(temp);
	}
	free(temp);
	return err;
}

/* Where @fd is. Return: 0, or why not. */
static int store_at(const struct model *m, const char *head, int fd,
		    bool made)
{
	char *path = store_path(fd);
	int err = path ? store_replace(m, head, path) : -errno;

	if (path && err && made)
		unlink(path);
	free(path);
	return err;
}

int store_model(const struct model *m, const char *head, const char *file,
		const char *what)
{
	const char *wrong = NULL;
	struct stat st;
	bool made;
	int fd = store_open(file, &made), err = fd < 0 ? fd : 0;

	if (!err && !fstat(fd, &st) && !S_ISREG(st.st_mode))
		wrong = "not a regular file";
	else if (!err)
		err = store_at(m, head, fd, made);
	if (err)
		wrong = strerror(-err);
	if (fd >= 0)
		close(fd);
	if (wrong && !*file)
		complain("%s: a file without a name", what);
	else if (wrong)
		complain("%s: %s: %s", what, file, wrong);
	return wrong ? EXIT_FAILED : EXIT_DONE;
}
