/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What serve tells of its sessions: a line each, to standard error, to syslog,
 * or as JSON to standard output. A line that nobody takes is dropped, and
 * counted: whoever reads the log must not be able to stop the sessions.
 */

#ifndef ROMON_SERVE_LOG_H
#define ROMON_SERVE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

#include "out/out.h"

enum serve_log_col {
	SERVE_LOG_EVENT,
	SERVE_LOG_SESSION,
	SERVE_LOG_ADDRESS,
	SERVE_LOG_IDENTITY,
	SERVE_LOG_PORT,
	SERVE_LOG_SERVICE,
	SERVE_LOG_PID,
	SERVE_LOG_EXIT_STATUS,
	SERVE_LOG_SIGNAL,
	SERVE_LOG_LOGIN,
	SERVE_LOG_LINK,
	SERVE_LOG_NEIGHBOR,
	SERVE_LOG_FAILED,
	SERVE_LOG_REFUSED,
	SERVE_LOG_BYTES_IN,
	SERVE_LOG_BYTES_OUT,
	SERVE_LOG_DURATION,
	SERVE_LOG_REASON,
	SERVE_LOG_COUNT,
	SERVE_LOG_COLS
};

/* Complaints go there too, as long as it is open. */
void serve_log_open(bool use_syslog);
void serve_log_close(void);
/* For who may not write to syslog: where its lines go, false if they are lost. */
void serve_log_pass(bool (*pass)(int priority, const char *text));
/* A line of such a one. */
void serve_log_passed(int priority, const char *text);
/* Count a line that is not to be written with those that nobody takes. */
void serve_log_lose(void);
/* The last complaint since this was asked, to be freed, or NULL. */
char *serve_log_complained(void);

/* A line: what it is called in JSON and to people, fields, and its end. */
struct out *serve_log_begin(const char *event, const char *words);
void serve_log_end(struct out *o, int priority);
/* All in one; the reason may be NULL. */
void serve_log(int priority, const char *event, const char *words,
	       const char *reason);

#endif /* ROMON_SERVE_LOG_H */
