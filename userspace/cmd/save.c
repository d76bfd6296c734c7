// SPDX-License-Identifier: GPL-2.0-only
/* save: the configuration as commands. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd.h"
#include "config/lines.h"

/* A file that the shell has made for >, before a secret is in it. */
static void save_protect(int fd)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0077))
		return;
	if (st.st_uid != geteuid() || fchmod(fd, st.st_mode & 0700))
		complain("save: others can read the secrets in this file (try: romon save FILE)");
}

static int save_stdout(const struct model *m)
{
	if (model_has_secrets(m))
		save_protect(STDOUT_FILENO);
	lines_print(stdout, m);
	return EXIT_DONE;
}

/* What is renamed is lost if the power is, unless it is on the disk. */
static bool save_write(const struct model *m, int fd)
{
	char buf[4096];
	FILE *f = fdopen(fd, "w");
	bool ok;

	if (!f) {
		close(fd);
		return false;
	}
	setvbuf(f, buf, _IOFBF, sizeof(buf));
	lines_print(f, m);
	ok = !fflush(f) && !ferror(f) && !fsync(fd);
	ok = !fclose(f) && ok;
	explicit_bzero(buf, sizeof(buf));
	return ok;
}

/* All of the file or nothing, and from the beginning for its owner only. */
static int save_file(const struct model *m, const char *file)
{
	char *target = realpath(file, NULL), *temp;
	struct stat st;
	int fd, err = 0;

	if (!target)
		target = xstrdup(file);
	if (!stat(target, &st) && !S_ISREG(st.st_mode)) {
		complain("save: %s: not a regular file", file);
		free(target);
		return EXIT_FAILED;
	}
	if (asprintf(&temp, "%s.XXXXXX", target) < 0)
		die_no_memory();
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		err = errno;
	} else if (!save_write(m, fd) || rename(temp, target)) {
		err = errno;
		unlink(temp);
	}
	if (err)
		complain("save: %s: %s", file, strerror(err));
	free(temp);
	free(target);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int save_run(struct args *args)
{
	const char *file = args_next(args);
	int status = EXIT_FAILED;
	struct model m;

	if (!args_end(args, "save"))
		return EXIT_USAGE;
	if (!model_load(&m, "save"))
		status = file && strcmp(file, "-") ? save_file(&m, file) :
			 save_stdout(&m);
	model_free(&m);
	return status;
}

const struct cmd cmd_save = {
	.name = "save",
	.run = save_run,
	.help =
	"romon save [FILE]\n"
	"\n"
	"The configuration, as commands that restore reads, and -b too. With its\n"
	"secrets: so FILE, which is replaced as a whole, has mode 0600, and if\n"
	"standard output is a file nobody else may read it any more.\n",
};
