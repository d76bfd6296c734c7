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
static int ends(void (*fn)(unsigned int times), unsigned int times)
{
	int status, null = open("/dev/null", O_WRONLY);
	pid_t pid = fork();

	if (pid) {
		close(null);
		waitpid(pid, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}
	dup2(null, STDERR_FILENO);
	dup2(null, STDOUT_FILENO);
	serve_log_open(false);
	serve_log(LOG_INFO, "line", "a line", "a reason");
	limit(4 << 20);
	fn(times);
	_exit(0);
}

static void lines(unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		take_all();
		serve_log(LOG_INFO, "line", "a line", "a reason");
		give_all();
		serve_log(LOG_INFO, "line", "a line", "a reason");
	}
}

/* It goes before each part of a line, what is quoted in it included. */
static void identities(unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		struct out *o = serve_log_begin("line", "a line");

		if (i % 3 == 0)
			take_all();
		out_str(o, SERVE_LOG_IDENTITY, "r\033 \342\200\256");
		if (i % 3 == 1)
			take_all();
		out_uint(o, SERVE_LOG_PORT, 7000);
		if (i % 3 == 2)
			take_all();
		serve_log_end(o, LOG_INFO);
		give_all();
		serve_log(LOG_INFO, "line", "a line", "a reason");
	}
}

static void complaints(unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		take_all();
		complain("serve: %s", "r\033");
		give_all();
		err_keep_memory();
	}
}

int main(void)
{
	for (int json = 0; json < 2; json++) {
		out_options.json = json;
		tap_ok(!ends(lines, 1), json ?
		       "... as JSON" :
		       "a line is logged although there is no memory");
		tap_ok(!ends(lines, 20),
		       "... and again when there was some between");
		tap_ok(!ends(identities, 1), "... with an identity");
		tap_ok(!ends(identities, 30), "... wherever memory is missing");
	}
	out_options.json = false;
	tap_ok(!ends(complaints, 20), "a complaint needs none either");
	return 0;
}
