// SPDX-License-Identifier: GPL-2.0-only
/* ssh: the system's ssh, through connect. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/run.h"
#include "cmd.h"
#include "diagnose.h"
#include "session/session.h"

/* The name of this program in a command of the shell, with % as %%. */
static void ssh_put_self(FILE *f)
{
	char *program = run_program();

	fputc('\'', f);
	for (const char *c = program ? program : "romon"; *c; c++) {
		if (*c == '\'')
			fputs("'\\''", f);
		else if (*c == '%')
			fputs("%%", f);
		else
			fputc(*c, f);
	}
	fputc('\'', f);
	free(program);
}

/* What ssh shows and knows the host by; an identity may hold anything. */
static bool ssh_is_host(const char *name)
{
	if (!*name || *name == '-')
		return false;
	for (; *name; name++)
		if (!((*name >= '0' && *name <= '9') ||
		      (*name >= 'a' && *name <= 'z') ||
		      (*name >= 'A' && *name <= 'Z') ||
		      strchr("._-", *name)))
			return false;
	return true;
}

static char *ssh_print(const char *fmt, const char *a, const char *b)
{
	char *s;

	if (asprintf(&s, fmt, a, b) < 0)
		die_no_memory();
	return s;
}

static int ssh_exec(const char *user, const struct session_target *target,
		    struct args *args)
{
	char id[ID_STRLEN], host[ID_STRLEN];
	char **argv, *proxy = NULL;
	size_t size = 0;
	int n = 0;
	FILE *f = open_memstream(&proxy, &size);

	if (!f)
		die_no_memory();
	id_str(id, target->id);
	/* Colons part host and path for scp and in known_hosts. */
	strcpy(host, id);
	for (char *c = host; *c; c++)
		if (*c == ':')
			*c = '-';
	fputs("ProxyCommand=", f);
	ssh_put_self(f);
	fprintf(f, " connect %s ssh", id);
	if (fclose(f))
		die_no_memory();

	argv = xcalloc((size_t)args->n + 12, sizeof(*argv));
	argv[n++] = "ssh";
	argv[n++] = "-o";
	argv[n++] = proxy;
	argv[n++] = "-o";
	argv[n++] = ssh_print("HostKeyAlias=%s%s", host, ".romon");
	argv[n++] = "-o";
	argv[n++] = "CheckHostIP=no";
	if (user) {
		argv[n++] = "-l";
		argv[n++] = ssh_print("%s%s", user, "");
	}
	argv[n++] = ssh_print("%s%s", ssh_is_host(target->name) ?
			      target->name : host, ".romon");
	for (int i = 0; i < args->n; i++)
		argv[n++] = args->word[i];
	argv[n] = NULL;
	fflush(stdout);
	execvp("ssh", argv);
	complain("ssh: cannot start ssh: %s", strerror(errno));
	return EXIT_FAILED;
}

static int ssh_run(struct args *args)
{
	struct session_target target = { 0 };
	const char *router = args_next(args), *at;
	char *user = NULL;
	struct diagnosis diagnosis;
	bool found;
	int status;

	/* Of a user with an @ in his name, as ssh takes it: the last one. */
	at = router ? strrchr(router, '@') : NULL;
	if (!router || !*router || (at && !at[1])) {
		complain("ssh: which router? (see: romon ssh help)");
		return EXIT_USAGE;
	}
	if (at == router) {
		complain("ssh: which user, before the @?");
		return EXIT_USAGE;
	}
	if (*router == '-') {
		complain("ssh: ssh's arguments follow the router, not %s before it",
			 router);
		return EXIT_USAGE;
	}
	if (!api_require_running("ssh"))
		return EXIT_FAILED;
	if (at) {
		user = xstrdup(router);
		user[at - router] = '\0';
		router = at + 1;
	}
	diagnose_begin(&diagnosis);
	found = session_find("ssh", router, &target);
	diagnose_end(&diagnosis, "ssh", found);
	if (!found) {
		free(user);
		return EXIT_FAILED;
	}
	status = ssh_exec(user, &target, args);
	session_free(&target);
	free(user);
	return status;
}

const struct cmd cmd_ssh = {
	.name = "ssh",
	.run = ssh_run,
	.help =
	"romon ssh [USER@]ROUTER [SSH ARGUMENTS...]\n"
	"\n"
	"Finds the router and runs ssh through the overlay. All arguments of ssh may\n"
	"follow: options, then a command. The router's host key is remembered by its\n"
	"ID, so it may change its name.\n",
};
