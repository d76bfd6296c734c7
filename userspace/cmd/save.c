// SPDX-License-Identifier: GPL-2.0-only
/* save: the configuration as commands. */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd.h"
#include "config/lines.h"
#include "config/store.h"

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
	if (model_has_secrets(m, NULL))
		save_protect(STDOUT_FILENO);
	lines_print(stdout, m);
	return EXIT_DONE;
}

static int save_run(struct args *args)
{
	const char *file = args_next(args);
	int status = EXIT_FAILED;
	struct model m;

	if (!args_end(args, "save"))
		return EXIT_USAGE;
	if (!model_load(&m, "save"))
		status = file && strcmp(file, "-") ? store_model(&m, "", file, "save") :
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
