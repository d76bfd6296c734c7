// SPDX-License-Identifier: GPL-2.0-only
/* restore: the configuration that save wrote. */

#include "base/err.h"
#include "cmd.h"
#include "config/apply.h"
#include "config/boot.h"
#include "config/lines.h"

static int restore_run(struct args *args)
{
	const char *file = args_next(args);
	struct model want;
	int status;

	if (!args_end(args, "restore"))
		return EXIT_USAGE;
	/* All of it, before anything is done. */
	status = file ? lines_read(&want, file) : boot_read(&want, BOOT_DIR);
	if (status == EXIT_DONE)
		status = apply_model(&want, "restore");
	model_free(&want);
	return status;
}

const struct cmd cmd_restore = {
	.name = "restore",
	.run = restore_run,
	.help =
	"romon restore [FILE]\n"
	"\n"
	"Makes the configuration what save wrote, - for standard input: entries\n"
	"of ports that the file does not name are removed, keys that it does not\n"
	"name keep their values in set and have their defaults in port. Nothing\n"
	"is done if a line of the file can not be read, if there is no command in\n"
	"it, or if save wrote it and its last line is missing; what was done is\n"
	"undone if the kernel refuses some of it. Only what differs is changed.\n"
	"\n"
	"Without FILE it is what shall be there after a boot: of " BOOT_DIR "\n"
	"the file " BOOT_FILE ", then those of " BOOT_MORE " that end in .conf, by name.\n",
};
