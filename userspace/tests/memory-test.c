// SPDX-License-Identifier: GPL-2.0-only
/* Others have used up all memory: a line of the log ends no process. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/log.h"
#include "tap.h"

struct block {
	struct block *next;
};

static struct block *blocks;

static void take_all(void)
{
	for (size_t size = 1 << 20; size >= sizeof(struct block); size /= 2) {
		struct block *b;

		while ((b = malloc(size))) {
			b->next = blocks;
			blocks = b;
		}
	}
}

static void give_all(void)
{
	while (blocks) {
		struct block *b = blocks;

		blocks = b->next;
		free(b);
	}
}

/* So much more than there is now. */
static void limit(size_t more)
{
	struct rlimit limit;
	size_t pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%zu", &pages) != 1)
		exit(2);
	fclose(f);
	limit.rlim_cur = pages * (size_t)sysconf(_SC_PAGESIZE) + more;
	limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_AS, &limit))
		exit(2);
}

/* In a process of its own; what it ends with. */
static int lines(unsigned int times)
{
	int status, null = open("/dev/null", O_WRONLY);
	pid_t pid = fork();

	if (pid) {
		close(null);
		waitpid(pid, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}
	dup2(null, STDERR_FILENO);
	serve_log_open(false);
	serve_log(LOG_INFO, "line", "a line", "a reason");
	limit(4 << 20);
	for (unsigned int i = 0; i < times; i++) {
		take_all();
		serve_log(LOG_INFO, "line", "a line", "a reason");
		give_all();
		serve_log(LOG_INFO, "line", "a line", "a reason");
	}
	_exit(0);
}

int main(void)
{
	tap_ok(!lines(1), "a line is logged although there is no memory");
	tap_ok(!lines(20), "... and again when there was some between");
	return 0;
}
