// SPDX-License-Identifier: GPL-2.0-only
/* restore: the configuration that save wrote. */

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cmd.h"
#include "config/apply.h"
#include "config/boot.h"
#include "config/lines.h"
#include "config/undo.h"
#include "config/waiter.h"

/* The folder is locked until it is done: who would go back waits for that. */
static int restore_waiting(struct undo *u, const struct model *want,
			   unsigned int seconds)
{
	int status = EXIT_FAILED;
	struct model before;

	if (!model_load(&before, "restore"))
		status = undo_keep(u, &before, seconds, "restore: confirm");
	model_free(&before);
	if (status != EXIT_DONE)
		return status;
	if (!waiter_start("restore: confirm")) {
		undo_drop(u, "restore: confirm");
		return EXIT_FAILED;
	}
	status = apply_model(want, "restore");
	if (status == EXIT_DONE)
		printf("all goes back in %u s, unless: romon confirm\n",
		       seconds);
	else
		/* Should that fail too there is who tries again. */
		undo_go_back(u, "restore: confirm");
	return status;
}

static int restore_apply(const struct model *want, unsigned int seconds)
{
	int status = EXIT_FAILED, err;
	struct undo u;

	err = undo_open(&u);
	if (!seconds) {
		/* Not everybody who may change settings may write there. */
		if (!err && u.state == UNDO_WAITS)
			complain("restore: a change waits to be confirmed, or takes this back");
		status = apply_model(want, "restore");
	} else if (err) {
		undo_complain(err, "restore: confirm");
	} else if (u.state != UNDO_NONE) {
		complain("restore: confirm: an earlier change waits (see: romon confirm help)");
	} else {
		status = restore_waiting(&u, want, seconds);
	}
	undo_close(&u);
	return status;
}

static int restore_run(struct args *args)
{
	uint64_t seconds = 0;
	struct param params[] = {
		PARAM_RANGE("confirm", &seconds, 1, UNDO_MAX),
	};
	const char *file = NULL, *next = args_peek(args);
	struct model want;
	int status;

	/* A file of that name is ./confirm. */
	if (next && strcmp(next, "confirm") && strncmp(next, "confirm=", 8) &&
	    !args_help(args))
		file = args_next(args);
	if (!params_parse(args, "restore", params, 1))
		return EXIT_USAGE;
	/* All of it, before anything is done. */
	status = file ? lines_read(&want, file) : boot_read(&want, BOOT_DIR);
	if (status == EXIT_DONE)
		status = restore_apply(&want, (unsigned int)seconds);
	model_free(&want);
	return status;
}

const struct cmd cmd_restore = {
	.name = "restore",
	.run = restore_run,
	.help =
	"romon restore [FILE] [confirm SECONDS]\n"
	"\n"
	"Makes the configuration what save wrote, - for standard input: entries\n"
	"of ports that the file does not name are removed, keys that it does not\n"
	"name keep their values in set and have their defaults in port. Nothing\n"
	"is done if a line of the file can not be read, if there is no command in\n"
	"it, or if save wrote it and its last line is missing; what was done is\n"
	"undone if the kernel refuses some of it. Only what differs is changed.\n"
	"\n"
	"Without FILE it is what shall be there after a boot: of " BOOT_DIR "\n"
	"the file " BOOT_FILE ", then those of " BOOT_MORE " that end in .conf, by name.\n"
	"\n"
	"With confirm all goes back by itself to what it was, in so many seconds,\n"
	"unless romon confirm comes first: for changes that may cut the session\n"
	"that they are typed in. One can wait at a time. After a reboot there is\n"
	"what " BOOT_DIR " says, and nothing waits.\n",
};
