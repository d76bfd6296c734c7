// SPDX-License-Identifier: GPL-2.0-only
/* From one process to the two that serve. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/err.h"
#include "link.h"
#include "listener.h"
#include "log.h"
#include "nl/api.h"
#include "serve.h"
#include "starter.h"

#define SERVE_LINK	3	/* the descriptor, in the listener */

/*
 * Nothing of who has started us is left in its reach: neither files nor the
 * terminal, which would take what is put into it for typed.
 */
static int serve_listen(const struct serve_conf *conf, int link,
			struct romon_nl *nl)
{
	int null = open("/dev/null", O_RDONLY), keep = romon_nl_fd(nl), status;

	setsid();
	serve_log_close();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(link, SERVE_LINK) < 0) {
		complain("serve: %s", strerror(errno));
		return EXIT_FAILED;
	}
	confine_files(SERVE_LINK + 1, &keep, 1);
	serve_log_open(conf->syslog);
	status = serve_listener_run(conf, SERVE_LINK, nl);
	serve_log_close();
	return status;
}

static int serve_processes(struct serve_conf *conf, const char *file)
{
	int pair[2], status;
	struct romon_nl *nl;
	pid_t listener;

	if (!api_require_running("serve")) {
		serve_conf_free(conf);
		return EXIT_FAILED;
	}
	if (!serve_link_pair(pair)) {
		complain("serve: %s", strerror(errno));
		serve_conf_free(conf);
		return EXIT_FAILED;
	}
	/* For both: one binds what the other hears. Not in the link's place. */
	nl = api_open("serve");
	if (!nl) {
		close(pair[0]);
		close(pair[1]);
		serve_conf_free(conf);
		return EXIT_FAILED;
	}
	/* For all else each process has a connection of its own, or none. */
	api_close_shared();
	fflush(stdout);
	listener = fork();
	if (!listener) {
		status = serve_listen(conf, pair[1], nl);
		_exit(status);
	}
	close(pair[1]);
	if (listener < 0) {
		complain("serve: %s", strerror(errno));
		close(pair[0]);
		romon_nl_close(nl);
		serve_conf_free(conf);
		return EXIT_FAILED;
	}
	return serve_starter_run(conf, file, pair[0], nl, listener);
}

int serve_start(struct serve_conf *conf, const char *file)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct sigaction normal = { .sa_handler = SIG_DFL }, child;
	int status;

	/* Neither a child's socket nor a log that is not read may end us. */
	sigaction(SIGPIPE, &ignore, &before);
	/* If who has started us ignored it, none could be waited for. */
	sigaction(SIGCHLD, &normal, &child);
	serve_log_open(conf->syslog);
	if (!confine_version())
		serve_log(LOG_WARNING, "not-filtered",
			  "system calls are not filtered",
			  "romon was built without libseccomp");
	status = serve_processes(conf, file);
	serve_log_close();
	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGPIPE, &before, NULL);
	return status;
}
