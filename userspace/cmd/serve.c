// SPDX-License-Identifier: GPL-2.0-only
/* serve: services by RoMON port, in two processes. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd.h"
#include "nl/api.h"
#include "serve/conf.h"
#include "serve/file.h"
#include "serve/link.h"
#include "serve/listener.h"
#include "serve/log.h"
#include "serve/priv.h"
#include "serve/starter.h"

#define SERVE_LINK	3	/* the descriptor, in the listener */

/*
 * Nothing of who has started us is left in its reach: neither files nor the
 * terminal, which would take what is put into it for typed.
 */
static int serve_listen(const struct serve_conf *conf, int link)
{
	int null = open("/dev/null", O_RDONLY), status;

	setsid();
	serve_log_close();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(link, SERVE_LINK) < 0) {
		complain("serve: %s", strerror(errno));
		return EXIT_FAILED;
	}
	serve_priv_close_from(SERVE_LINK + 1);
	serve_log_open(conf->syslog);
	status = serve_listener_run(conf, SERVE_LINK);
	serve_log_close();
	return status;
}

static int serve_processes(struct serve_conf *conf, const char *file)
{
	int pair[2], status;
	pid_t listener;

	if (!serve_link_pair(pair)) {
		complain("serve: %s", strerror(errno));
		serve_conf_free(conf);
		return EXIT_FAILED;
	}
	/* Each process has a connection of its own, or none. */
	api_close_shared();
	fflush(stdout);
	listener = fork();
	if (!listener) {
		status = serve_listen(conf, pair[1]);
		api_close_shared();
		_exit(status);
	}
	close(pair[1]);
	if (listener < 0) {
		complain("serve: %s", strerror(errno));
		close(pair[0]);
		serve_conf_free(conf);
		return EXIT_FAILED;
	}
	return serve_starter_run(conf, file, pair[0], listener);
}

static int serve_start(struct serve_conf *conf, const char *file)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct sigaction normal = { .sa_handler = SIG_DFL }, child;
	int status;

	/* Neither a child's socket nor a log that is not read may end us. */
	sigaction(SIGPIPE, &ignore, &before);
	/* If who has started us ignored it, none could be waited for. */
	sigaction(SIGCHLD, &normal, &child);
	serve_log_open(conf->syslog);
	status = serve_processes(conf, file);
	serve_log_close();
	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGPIPE, &before, NULL);
	return status;
}

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
	"romon serve [service] PORT [command COMMAND [user USER] | tcp ADDRESS:PORT |\n"
	"            unix PATH] [allow ID,...] [sessions N] [sessions-per-peer N]\n"
	"\n"
	"Offers services to other routers, until it is ended. What is read from\n"
	"FILE, by default " SERVE_CONF_FILE ", are lines of\n"
	"\n"
	"service PORT ...   as above; the command, or who listens at the address,\n"
	"                   has the session as its standard input and output\n"
	"limit [sessions N] [sessions-per-peer N] [keepalive SECONDS]\n"
	"      [starts N] [starts-per-peer N]       in a second\n"
	"set [user USER] [log stderr|syslog]        whom the part without rights\n"
	"                   runs as, and where sessions are logged to\n"
	"\n"
	"PORT is ssh, winbox or a number. The service ssh needs no more words: it\n"
	"starts sshd -i, or dropbear -i. It is what is offered if there is no file.\n"
	"SIGHUP has FILE read again; sessions go on.\n",
};
