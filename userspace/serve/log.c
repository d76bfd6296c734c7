// SPDX-License-Identifier: GPL-2.0-only
/* What serve tells of its sessions, a line each. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/run.h"
#include "base/text.h"
#include "log.h"

/* How often it is said that lines were lost: who is slow would lose more. */
#define SERVE_LOG_LOST_NS	(10 * RUN_SECOND)

static const struct out_col log_cols[SERVE_LOG_COLS] = {
	[SERVE_LOG_EVENT] = { "event", NULL },
	[SERVE_LOG_SESSION] = { "session", "SESSION" },
	[SERVE_LOG_ADDRESS] = { "address", "ADDRESS" },
	[SERVE_LOG_IDENTITY] = { "identity", "IDENTITY" },
	[SERVE_LOG_PORT] = { "port", "PORT" },
	[SERVE_LOG_SERVICE] = { "service", "SERVICE" },
	[SERVE_LOG_PID] = { "pid", "PID" },
	[SERVE_LOG_EXIT_STATUS] = { "exit_status", "EXIT-STATUS" },
	[SERVE_LOG_SIGNAL] = { "signal", "SIGNAL" },
	[SERVE_LOG_LOGIN] = { "login", "LOGIN" },
	[SERVE_LOG_LINK] = { "link", "LINK" },
	[SERVE_LOG_NEIGHBOR] = { "neighbor", "NEIGHBOR" },
	[SERVE_LOG_FAILED] = { "failed", "FAILED" },
	[SERVE_LOG_REFUSED] = { "refused", "REFUSED" },
	[SERVE_LOG_BYTES_IN] = { "bytes_in", "BYTES-IN" },
	[SERVE_LOG_BYTES_OUT] = { "bytes_out", "BYTES-OUT" },
	[SERVE_LOG_DURATION] = { "duration", "DURATION" },
	[SERVE_LOG_REASON] = { "reason", "REASON" },
	[SERVE_LOG_COUNT] = { "count", "COUNT" },
};

static struct {
	bool syslog;
	int socket;		/* ... by this; -1: there is none */
	bool journal;		/* each line begins with its priority */
	unsigned int lost;
	int64_t lost_told;
	char *complaint;
	bool (*pass)(int priority, const char *text);
	/* Of the line that is being written. */
	FILE *f;
	char *text;
	size_t size;
} serve_log_state = { .socket = -1 };

/* Whether a stream is what the journal listens at, as it tells who it starts. */
static bool serve_log_is_journal(int fd)
{
	const char *where = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return where && sscanf(where, "%llu:%llu", &dev, &ino) == 2 &&
	       !fstat(fd, &st) && st.st_dev == dev && st.st_ino == ino;
}

static void serve_log_put(int fd, const char *line, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	/* There is room for so much in a pipe that has any. */
	if (len > PIPE_BUF)
		len = PIPE_BUF;
	if (poll(&p, 1, 0) == 1 && p.revents & POLLOUT &&
	    write(fd, line, len) == (ssize_t)len)
		return;
	serve_log_state.lost++;
}

/*
 * As syslog(3) has it, which waits for a daemon that is stalled. The address is
 * named each time, so that one that was started again is found by who may not
 * open sockets any more.
 */
static void serve_log_send(int priority, const char *text)
{
	const struct sockaddr_un to = { AF_UNIX, _PATH_LOG };
	time_t now = time(NULL);
	char line[PIPE_BUF], when[32] = "";
	struct tm tm;
	int len;

	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%b %e %T ", &tm);
	len = snprintf(line, sizeof(line), "<%d>%sromon[%ld]: %s",
		       LOG_DAEMON | priority, when, (long)getpid(), text);
	if (len >= (int)sizeof(line))
		len = sizeof(line) - 1;
	if (sendto(serve_log_state.socket, line, (size_t)len,
		   MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to,
		   sizeof(to)) != len)
		serve_log_state.lost++;
}

static void serve_log_line(int priority, const char *text)
{
	char line[PIPE_BUF];
	int len;

	if (serve_log_state.syslog && serve_log_state.pass) {
		if (!serve_log_state.pass(priority, text))
			serve_log_state.lost++;
		return;
	}
	if (serve_log_state.syslog) {
		serve_log_send(priority, text);
		return;
	}
	if (serve_log_state.journal)
		len = snprintf(line, sizeof(line), "<%d>%s\n", priority, text);
	else
		len = snprintf(line, sizeof(line), "romon: %s\n", text);
	if (len >= (int)sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	serve_log_put(STDERR_FILENO, line, (size_t)len);
}

void serve_log_pass(bool (*pass)(int priority, const char *text))
{
	serve_log_state.pass = pass;
}

/* What complain() says goes the same way. */
static void serve_log_complaint(const char *text)
{
	free(serve_log_state.complaint);
	/* Without memory, it has been said all the same. */
	serve_log_state.complaint = strdup(text);
	serve_log_line(LOG_ERR, text);
}

char *serve_log_complained(void)
{
	char *text = serve_log_state.complaint;

	serve_log_state.complaint = NULL;
	return text;
}

/* Standard error that is not there was filled in to be read from only. */
static bool serve_log_no_stderr(void)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	return flags < 0 || (flags & O_ACCMODE) == O_RDONLY;
}

void serve_log_open(bool use_syslog)
{
	serve_log_state.syslog = use_syslog || serve_log_no_stderr();
	serve_log_state.journal = serve_log_is_journal(STDERR_FILENO);
	if (serve_log_state.syslog) {
		/* Who may open no files later knows what time it is here. */
		tzset();
		serve_log_state.socket = socket(AF_UNIX, SOCK_DGRAM |
						SOCK_CLOEXEC, 0);
	}
	err_keep_memory();
	err_set_sink(serve_log_complaint);
}

/* Says how many lines were dropped, once they can be written again. */
static void serve_log_say_lost(void)
{
	unsigned int lost = serve_log_state.lost;
	char text[64];

	if (!lost)
		return;
	serve_log_state.lost = 0;
	serve_log_state.lost_told = run_now();
	snprintf(text, sizeof(text), lost == 1 ?
		 "serve: a line of the log was lost" :
		 "serve: %u lines of the log were lost", lost);
	serve_log_line(LOG_WARNING, text);
	if (serve_log_state.lost) {
		serve_log_state.lost = lost;
		serve_log_state.lost_told = 0;
	}
}

static void serve_log_say_lost_in_time(void)
{
	if (!serve_log_state.lost_told ||
	    run_now() - serve_log_state.lost_told >= SERVE_LOG_LOST_NS)
		serve_log_say_lost();
}

void serve_log_lose(void)
{
	serve_log_state.lost++;
	serve_log_say_lost_in_time();
}

void serve_log_passed(int priority, const char *text)
{
	char *clean = text_clean(text);

	serve_log_line(LOG_PRI(priority), clean);
	free(clean);
}

void serve_log_close(void)
{
	err_set_sink(NULL);
	free(serve_log_complained());
	serve_log_say_lost();
	if (serve_log_state.socket >= 0)
		close(serve_log_state.socket);
	serve_log_state.socket = -1;
}

struct out *serve_log_begin(const char *event, const char *words)
{
	struct out *o;

	do {
		serve_log_state.f = open_memstream(&serve_log_state.text,
						   &serve_log_state.size);
	} while (!serve_log_state.f && err_spend_memory());
	if (!serve_log_state.f)
		die_no_memory();
	o = out_begin(serve_log_state.f, log_cols, SERVE_LOG_COLS, OUT_WORDS);
	out_row(o);
	out_prefix(o, "serve: %s:", words);
	if (out_options.json)
		out_str(o, SERVE_LOG_EVENT, event);
	return o;
}

static double serve_log_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void serve_log_end(struct out *o, int priority)
{
	bool failed;
	size_t len;

	out_json_number(o, "time", serve_log_time());
	out_end(o, 0);
	failed = ferror(serve_log_state.f);
	if (fclose(serve_log_state.f) || failed) {
		serve_log_state.lost++;
		free(serve_log_state.text);
		err_keep_memory();
		return;
	}
	len = serve_log_state.size;
	serve_log_say_lost_in_time();
	if (out_options.json) {
		serve_log_put(STDOUT_FILENO, serve_log_state.text, len);
	} else {
		/* Without its newline, or a colon before no fields. */
		while (len && strchr("\n:", serve_log_state.text[len - 1]))
			len--;
		serve_log_state.text[len] = '\0';
		serve_log_line(priority, serve_log_state.text);
	}
	free(serve_log_state.text);
	err_keep_memory();
}

void serve_log(int priority, const char *event, const char *words,
	       const char *reason)
{
	struct out *o = serve_log_begin(event, words);

	out_str(o, SERVE_LOG_REASON, reason);
	serve_log_end(o, priority);
}
