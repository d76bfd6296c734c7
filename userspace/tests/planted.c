// SPDX-License-Identifier: GPL-2.0-only
/*
 * In romon-planted, which is for tests alone: a parser of segments that does what
 * a segment tells it to, and says on standard error what it got away with.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "planted.h"

#define PLANTED		"planted: "

static int planted_fork(void)
{
	int pid = fork();

	if (!pid)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

/* As open(): negative if it has failed. */
static int planted_do(const char *what)
{
	if (!strcmp(what, "read a file"))
		return open("/etc/hostname", O_RDONLY);
	if (!strcmp(what, "write a file"))
		return open("/tmp/romon-planted", O_WRONLY | O_CREAT, 0600);
	if (!strcmp(what, "TCP socket"))
		return socket(AF_INET, SOCK_STREAM, 0);
	if (!strcmp(what, "Unix socket"))
		return socket(AF_UNIX, SOCK_DGRAM, 0);
	if (!strcmp(what, "netlink socket"))
		return socket(AF_NETLINK, SOCK_RAW, 0);
	if (!strcmp(what, "fork"))
		return planted_fork();
	if (!strcmp(what, "exec"))
		return execl("/bin/echo", "echo", PLANTED "exec: done", NULL);
	if (!strcmp(what, "code"))
		return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ?
		       -1 : 0;
	return -1;
}

void __wrap_romon_mux_input(struct romon_mux *mux,
			    const struct romon_datagram *d, int64_t now)
{
	const char *told = (const char *)d->payload;
	char what[32] = "", said[80] = PLANTED;
	size_t skip = strlen(PLANTED);

	if (d->len <= skip || d->len >= skip + sizeof(what) ||
	    memcmp(told, PLANTED, skip)) {
		__real_romon_mux_input(mux, d, now);
		return;
	}
	memcpy(what, told + skip, d->len - skip);
	strcat(said, what);
	strcat(said, planted_do(what) < 0 ? ": failed\n" : ": done\n");
	if (write(STDERR_FILENO, said, strlen(said)) < 0)
		_exit(1);
}
