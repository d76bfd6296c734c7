/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the listener share; nobody else's business. */

#ifndef ROMON_SERVE_LISTENER_INTERNAL_H
#define ROMON_SERVE_LISTENER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "conf.h"
#include "guard.h"
#include "link.h"
#include "session/endpoint.h"
#include "session/relay.h"

/* Whatever the start needs: the starter gives up on a command before that. */
#define LISTENER_START_NS	(15 * RUN_SECOND)
#define LISTENER_RETRY_NS	(RUN_SECOND / 20)
#define LISTENER_IDENTIFY_NS	(RUN_SECOND / 200)
#define LISTENER_LATE		"the command does not start in time"

/* Of a session that asks the starter for a command. */
enum listener_command {
	COMMAND_NONE,
	COMMAND_WAITS,
	COMMAND_ASKED,
	COMMAND_RUNS,
	COMMAND_EXITED,
};

struct listener_session {
	struct relay relay;		/* the first */
	struct loop_watch connect;
	struct listener_session *next;
	uint32_t number;
	uint32_t turn;			/* to be started; see listener_command */
	enum serve_kind kind;
	enum listener_command command;
	struct serve_peer peer;
	struct guard_who who;		/* by whom it came, and the ID */
	pid_t pid;
	int status;			/* of the command, as waitpid() has it */
	bool waited;			/* ... for what it had started */
	int64_t began, deadline;
	int64_t connect_at;		/* again; the target has no room now */
	int err;			/* of the stream, when it is over */
	uint64_t bytes_in, bytes_out;
	struct {
		bool wanted;		/* it is one of those that want one */
		bool done;		/* one way or the other */
		bool in;
		bool wrote, others;	/* the command, and not only itself */
		uid_t writer;		/* the last */
	} login;
	char reason[96];
	char first;			/* byte, that was read while it waited */
	bool has_first;
	bool yielded;			/* its place, to another neighbour's */
	bool joined;
	bool over;			/* the stream has gone */
	bool over_told;
	bool gone;			/* to be freed */
};

/* One for the process: signals tell no more than their number. */
struct listener {
	struct loop_task task;
	struct loop_watch link;
	struct endpoint *ep;
	struct serve_limits limits;
	struct serve_offer *offer;
	size_t n;
	struct listener_session *sessions;
	uint32_t last_number;
	int64_t next;			/* when something is due */
};

extern struct listener listener;

void listener_due(int64_t when);

/* Of endpoint_on_accept(). */
enum romon_stream_reason listener_accept(void *arg,
					 struct romon_stream *stream);

/* Of what is offered from the start; false after a complaint. */
bool listener_conf_open(const struct serve_conf *conf);
void listener_conf_close(void);
/* A configuration that comes from the starter, which begins, goes on and ends. */
void listener_conf_begin(const struct serve_limits *limits);
void listener_conf_add(const struct serve_offer *offer);
void listener_conf_end(void);
const struct serve_offer *listener_offer(uint16_t port);

/*
 * Who it is, as far as the kernel has said: false if more is about to come. It
 * is asked for, not waited for.
 */
bool listener_identify(struct serve_peer *peer);
/* What a session is joined with. */
void listener_connect(struct listener_session *s);
void listener_got_connected(const struct serve_msg *m, int fd);
void listener_connect_again(struct listener_session *s);
void listener_close_connect(struct listener_session *s);
void listener_start_waiting(void);
/* The turn of one more by a link whose last one that waits has that, or NULL. */
uint32_t listener_next_turn(const uint32_t *last);
struct listener_session *listener_find(uint32_t number);
void listener_got_started(const struct serve_msg *m, int fd);
void listener_got_exited(const struct serve_msg *m);

/* The descriptor becomes its own; the session begins, or fails. */
void listener_join(struct listener_session *s, int fd);
/* There is no way to the command or target. */
void listener_fail(struct listener_session *s, int err);
/* Breaks the stream off. Why is for the log; the router hears less. */
void listener_break(struct listener_session *s,
		    enum romon_stream_reason reason, const char *why);
/* Of a relay: the stream is over. */
void listener_relay_done(struct relay *r, int err);
/* The stream has gone, or the command; maybe both now. */
void listener_settle(struct listener_session *s);

/* Whether somebody logs in, where the service is for that. */
void listener_login_begin(struct listener_session *s,
			  const struct serve_offer *o);
void listener_login_joined(struct listener_session *s);
void listener_login_lasts(struct listener_session *s);
void listener_login_over(struct listener_session *s);

void listener_log_refusal(const struct serve_peer *peer, const char *reason);
void listener_log_begin(const struct listener_session *s);
void listener_log_end(const struct listener_session *s);
/* Those that are to be told of by now. */
void listener_log_guesses(void);

#endif /* ROMON_SERVE_LISTENER_INTERNAL_H */
