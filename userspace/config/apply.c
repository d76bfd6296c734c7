// SPDX-License-Identifier: GPL-2.0-only
/* Making the kernel's configuration another. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "apply.h"
#include "base/err.h"
#include "diff.h"

static int apply_change(const struct diff_change *c)
{
	char what[32 + ROMON_IFNAME_MAX_LEN];

	if (c->cmd == ROMON_CMD_CONFIG_SET)
		return api_config_set(c->set, "set");
	snprintf(what, sizeof(what), "port %s %s",
		 c->cmd == ROMON_CMD_PORT_ADD ? "add" :
		 c->cmd == ROMON_CMD_PORT_DEL ? "del" : "set", c->interface);
	return api_port_change(c->cmd, c->interface, c->set, what);
}

/* What was said of a change before it is known where in the file it stands. */
static char *apply_said;

static void apply_hear(const char *line)
{
	free(apply_said);
	apply_said = xstrdup(line);
}

/* Where that is said which the kernel has pointed at, else the first of them. */
static struct setting_place apply_place(const struct diff_change *c,
					const char *what)
{
	struct romon_nl *nl = api_shared(what);
	unsigned int attr = nl ? romon_nl_refusal(nl)->attr : 0;
	struct setting_place first = { NULL };
	const struct settings *s = c->cmd == ROMON_CMD_CONFIG_SET ?
				   &config_settings : &port_settings;

	for (size_t i = 0; i < s->n; i++) {
		if (!c->set[i].given)
			continue;
		if (attr && s->v[i].attr == (int)attr)
			return c->set[i].place;
		if (!first.file)
			first = c->set[i].place;
	}
	return first;
}

static void apply_say(const char *said, const struct setting_place *place,
		      const char *more)
{
	err_set_place(place->file, place->line);
	complain_clean("%s%s", said, more);
	err_set_place(NULL, 0);
}

/* Of a change that was made what was said is passed on, else it is kept. */
static int apply_one(const struct diff_change *c, const char *what,
		     struct setting_place *place)
{
	err_sink_fn *sink = err_set_sink(apply_hear);
	int err = apply_change(c);

	err_set_sink(sink);
	if (!apply_said)
		return err;
	*place = apply_place(c, what);
	if (!err) {
		apply_say(apply_said, place, "");
		free(apply_said);
		apply_said = NULL;
	}
	return err;
}

static int apply(const struct model *want, const struct model *is,
		 const char *what, struct setting_place *place)
{
	struct diff diff;
	int err = 0;

	diff_make(&diff, want, is);
	for (size_t i = 0; i < diff.n && !err; i++)
		err = apply_one(&diff.v[i], what, place);
	diff_free(&diff);
	return err;
}

static int apply_undo(const struct model *before, const char *what)
{
	struct setting_place place;
	struct model now;
	int err = model_load(&now, what);

	if (!err)
		err = apply(before, &now, what, &place);
	/* Why that can not be undone, of which there is no file. */
	if (apply_said)
		complain_clean("%s", apply_said);
	free(apply_said);
	apply_said = NULL;
	model_free(&now);
	return err;
}

static void apply_fail(const struct model *before, const char *what,
		       const struct setting_place *place)
{
	char *why = apply_said ? apply_said : xasprintf("%s: failed", what);
	bool undone;

	apply_said = NULL;
	undone = !apply_undo(before, what);
	apply_say(why, place, undone ? "; all is as it was" :
		  "; half of what was asked for is done");
	free(why);
}

/*
 * Between two requests the configuration is neither the one nor the other: the
 * session that this was typed in may end by the first of them, and it must not
 * stay so.
 */
static void apply_block(sigset_t *before)
{
	static const int all[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTOU
	};
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sigaddset(&mask, all[i]);
	sigprocmask(SIG_BLOCK, &mask, before);
}

int apply_model(const struct model *want, const char *what)
{
	struct setting_place place = { NULL };
	int status = EXIT_FAILED;
	struct model before;
	sigset_t mask;

	apply_block(&mask);
	if (!model_load(&before, what)) {
		if (!apply(want, &before, what, &place))
			status = EXIT_DONE;
		else
			apply_fail(&before, what, &place);
	}
	model_free(&before);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}
