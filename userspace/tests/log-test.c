// SPDX-License-Identifier: GPL-2.0-only
/* The log, with a log daemon that is stalled, gone and back: /dev/log is ours. */

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/log.h"
#include "tap.h"

#define LINES		2000
/* A wide margin: what is stuck is so for ever. */
#define STUCK_SECONDS	60

static char last[1024];

static bool say(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	if (!f)
		return false;
	fputs(text, f);
	return !fclose(f);
}

/* In a namespace of users of our own: whoever we are is root there. */
static bool own_users(void)
{
	char user[32], group[32];

	snprintf(user, sizeof(user), "0 %u 1", getuid());
	snprintf(group, sizeof(group), "0 %u 1", getgid());
	return !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       say("/proc/self/setgroups", "deny") &&
	       say("/proc/self/uid_map", user) &&
	       say("/proc/self/gid_map", group);
}

/* A /dev of our own; false if this may not be had. */
static bool own_dev(void)
{
	if (unshare(CLONE_NEWNS) && !own_users())
		return false;
	return !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", "/dev", "tmpfs", 0, NULL);
}

static int daemon_start(void)
{
	struct sockaddr_un un = { AF_UNIX, _PATH_LOG };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	unlink(_PATH_LOG);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&un, sizeof(un)))
		return fd;
	perror("# /dev/log");
	exit(1);
}

/* Reads all that is there. */
static unsigned int daemon_read(int fd)
{
	unsigned int n = 0;
	ssize_t len;

	while ((len = read(fd, last, sizeof(last) - 1)) > 0) {
		last[len] = '\0';
		n++;
	}
	return n;
}

static void stuck(int signo)
{
	static const char text[] = "not ok - a stalled daemon stops nobody\n";

	(void)signo;
	_exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ? 2 : 1);
}

static unsigned int lost_of(const char *text)
{
	const char *at = strstr(text, "serve: ");

	return at ? (unsigned int)strtoul(at + 7, NULL, 10) : 0;
}

int main(void)
{
	unsigned int n;
	int fd;

	if (!own_dev()) {
		printf("ok - the log # SKIP no /dev of one's own here\n");
		return 0;
	}
	/* Of whatever is not told, nothing may wait in here. */
	setvbuf(stdout, NULL, _IONBF, 0);
	fd = daemon_start();
	serve_log_open(true);
	serve_log(LOG_NOTICE, "begin", "it begins", "no reason");
	n = daemon_read(fd);
	tap_ok(n == 1 && !strncmp(last, "<29>", 4) &&
	       strstr(last, " romon[") &&
	       strstr(last, "]: serve: it begins: reason no reason"),
	       "a line has its priority, the program and what it says");

	signal(SIGALRM, stuck);
	alarm(STUCK_SECONDS);
	for (int i = 0; i < LINES; i++)
		serve_log(LOG_INFO, "line", "a line", NULL);
	alarm(0);
	n = daemon_read(fd);
	if (!tap_ok(n && n < LINES, "a stalled daemon stops nobody"))
		printf("# %u lines\n", n);
	serve_log(LOG_INFO, "line", "a line", NULL);
	if (!tap_ok(read(fd, last, sizeof(last) - 1) > 0 &&
		    lost_of(last) == LINES - n && daemon_read(fd) == 1,
		    "... and how many lines were lost is told afterwards"))
		printf("# %u came, then: %s\n", n, last);

	close(fd);
	serve_log(LOG_INFO, "line", "a line", NULL);
	fd = daemon_start();
	serve_log(LOG_INFO, "line", "another line", NULL);
	tap_ok(daemon_read(fd) >= 1 && strstr(last, "another line"),
	       "a daemon that has been started again is found");
	close(fd);
	serve_log_close();
	return 0;
}
