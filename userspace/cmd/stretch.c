// SPDX-License-Identifier: GPL-2.0-only
/* stretch: the keys that secrets are in a network of some name. */

#include <stdio.h>

#include "base/err.h"
#include "cmd.h"
#include "config/stretch.h"

static int stretch_run(struct args *args)
{
	const char *network = args_next(args);
	int status = EXIT_USAGE;
	const char *wrong;
	struct secrets *s;

	if (!network) {
		complain("stretch: for which network?");
		return EXIT_USAGE;
	}
	if (!args_end(args, "stretch"))
		return EXIT_USAGE;
	s = secrets_new();
	if (secrets_read(s, "stretch", "-")) {
		wrong = stretch_secrets(s, network);
		if (wrong)
			complain("stretch: %s", wrong);
		else
			status = EXIT_DONE;
	}
	for (size_t i = 0; status == EXIT_DONE && i < s->n; i++) {
		fwrite(s->v[i].value, 1, s->v[i].len, stdout);
		putchar('\n');
	}
	secrets_free(s);
	return status;
}

const struct cmd cmd_stretch = {
	.name = "stretch",
	.run = stretch_run,
	.help =
	"romon stretch NAME\n"
	"\n"
	"Reads secrets from standard input, one a line, and prints the key of each in\n"
	"the network of that name, which is what network NAME makes of it in set and\n"
	"port; an empty line stays one. A key is set without network. It is a secret\n"
	"too. Needs neither module nor right.\n",
};
