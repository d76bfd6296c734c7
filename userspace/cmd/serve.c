// SPDX-License-Identifier: GPL-2.0-only
/* serve: services by RoMON port. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd.h"
#include "serve/conf.h"
#include "serve/file.h"
#include "serve/serve.h"

static int serve_run(struct args *args)
{
	const char *file = NULL;
	struct serve_conf conf;
	int status;

	if (!args->n) {
		file = SERVE_CONF_FILE;
		status = access(file, F_OK) && errno == ENOENT ?
			 serve_conf_default(&conf) :
			 serve_file_read(&conf, file);
	} else if (args_take(args, "file")) {
		file = args_next(args);
		if (!file) {
			complain("serve: file: which?");
			return EXIT_USAGE;
		}
		if (!args_end(args, "serve"))
			return EXIT_USAGE;
		if (!strcmp(file, "-")) {
			complain("serve: file: one that can be read again, not standard input");
			return EXIT_USAGE;
		}
		status = serve_file_read(&conf, file);
	} else {
		status = serve_conf_words(&conf, args);
	}
	return status == EXIT_DONE ? serve_start(&conf, file) : status;
}

const struct cmd cmd_serve = {
	.name = "serve",
	.run = serve_run,
	.help =
	"romon serve [file FILE]\n"
	"romon serve [service] PORT [command COMMAND [user USER] [login on|off] |\n"
	"            tcp ADDRESS:PORT | unix PATH] [allow ID,...] [sessions N]\n"
	"            [sessions-per-peer N]\n"
	"\n"
	"Offers services to other routers, until it is ended. What is read from\n"
	"FILE, by default " SERVE_CONF_FILE ", are lines of\n"
	"\n"
	"service PORT ...   as above; the command, or who listens at the address,\n"
	"                   has the session as its standard input and output\n"
	"limit [sessions N] [sessions-per-peer N] [keepalive SECONDS]\n"
	"      [starts N] [starts-per-peer N]       in a second\n"
	"      [memory MIB]\n"
	"set [user USER] [log stderr|syslog]        whom the part without rights\n"
	"                   runs as, and where sessions are logged to\n"
	"\n"
	"PORT is ssh, winbox or a number. The service ssh needs no more words: it\n"
	"starts sshd -i, or dropbear -i. It is what is offered if there is no file.\n"
	"SIGHUP has FILE read again; sessions go on.\n",
};
