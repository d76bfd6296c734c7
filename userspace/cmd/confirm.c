// SPDX-License-Identifier: GPL-2.0-only
/* confirm: a change that goes back by itself unless somebody does. */

#include "base/err.h"
#include "base/run.h"
#include "cmd.h"
#include "config/undo.h"
#include "config/waiter.h"
#include "out/out.h"

enum { CONFIRM_STATE, CONFIRM_SECONDS, CONFIRM_COLS };

static const struct out_col confirm_cols[] = {
	[CONFIRM_STATE] = { "state", "state" },
	[CONFIRM_SECONDS] = { "seconds", "seconds" },
};

static int confirm_show(const struct undo *u)
{
	static const char * const states[] = {
		[UNDO_NONE] = "none", [UNDO_WAITS] = "waiting",
		[UNDO_LEFT] = "left",
	};
	struct out *o = out_begin(stdout, confirm_cols, CONFIRM_COLS,
				  OUT_RECORD);

	out_row(o);
	out_str(o, CONFIRM_STATE, states[u->state]);
	if (u->state == UNDO_WAITS) {
		int64_t left = u->until - undo_now();

		out_uint(o, CONFIRM_SECONDS, left > 0 ?
			 (uint64_t)((left + RUN_SECOND - 1) / RUN_SECOND) : 0);
	}
	out_end(o, 0);
	return EXIT_DONE;
}

static int confirm_run(struct args *args)
{
	int (*what)(struct undo *u, const char *what) = undo_drop;
	int err, status = EXIT_FAILED;
	bool show = false;
	struct undo u;

	/* What config/waiter.c starts. */
	if (args_take(args, "wait"))
		return args_end(args, "confirm") ? waiter_run() : EXIT_USAGE;
	if (args_take(args, "show"))
		show = true;
	else if (args_take(args, "undo"))
		what = undo_go_back;
	if (!args_end(args, "confirm"))
		return EXIT_USAGE;

	err = undo_open(&u);
	if (err)
		undo_complain(err, "confirm");
	else if (show)
		status = confirm_show(&u);
	else if (u.state == UNDO_NONE)
		complain("confirm: nothing waits, or all is back already");
	else
		status = what(&u, "confirm");
	undo_close(&u);
	return status;
}

const struct cmd cmd_confirm = {
	.name = "confirm",
	.run = confirm_run,
	.help =
	"romon confirm [show|undo]\n"
	"\n"
	"What restore confirm has changed, and what was changed since, stays as it\n"
	"is; with undo all goes back now to what it was before. show tells whether\n"
	"something waits, and for how many more seconds. The state left means that\n"
	"the process that waited was killed: then nothing happens by itself.\n",
};
