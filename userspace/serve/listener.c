// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that talks to other routers. A session counts from the moment
 * that the router has answered, as before that it may be anybody, until its
 * stream has gone and, if it has a command, that has ended:
 *
 *	accept		permitted? not too many?
 *	opened		the router has answered, so it is where it says: not too
 *			many by now, nor too often? the command waits for its
 *			turn and is asked for, or the target connected
 *	joined		data flows, the relay's affair
 *	ended		told to the starter, and to the log when the command has
 *			ended too
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/rate.h"
#include "base/run.h"
#include "link.h"
#include "listener.h"
#include "log.h"
#include "nl/api.h"
#include "priv.h"
#include "session/endpoint.h"
#include "session/relay.h"

/* Whatever the start needs: the starter gives up on a command before that. */
#define LISTENER_START_NS	(15 * RUN_SECOND)
/*
 * Commands that the starter is asked for at a time. All others wait here, where
 * those whose streams go meanwhile are forgotten; but not for ever.
 */
#define LISTENER_STARTING	8
#define LISTENER_WAIT_NS	(15 * RUN_SECOND)
#define LISTENER_RETRY_NS	(RUN_SECOND / 20)
/* Peers whose starts are counted; who starts nothing for long needs no room. */
#define LISTENER_PEERS		1024
/* Lines of the log about sessions that there are not. */
#define LISTENER_REFUSALS	5
#define LISTENER_REFUSALS_ONCE	20
#define LISTENER_LATE		"the command does not start in time"
/* Descriptors beside those of sessions. */
#define LISTENER_FILES		64
/*
 * Streams beyond the limit: those of routers that have not answered, of which
 * the library has 128 at most, and some that we refuse, so that we say so.
 */
#define LISTENER_BEYOND		(128 + 16)

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
	enum serve_kind kind;
	enum listener_command command;
	struct serve_peer peer;
	pid_t pid;
	int status;			/* of the command, as waitpid() has it */
	int64_t began, deadline;
	int64_t connect_at;		/* again; the target has no room now */
	int err;			/* of the stream, when it is over */
	uint64_t bytes_in, bytes_out;
	char reason[96];
	char first;			/* byte, that was read while it waited */
	bool has_first;
	bool counts;			/* the router has answered */
	bool joined;
	bool over;			/* the stream has gone */
	bool over_told;
	bool gone;			/* to be freed */
};

struct listener_peer {
	uint8_t id[API_ID_LEN];
	struct rate rate;
};

/* One for the process: signals tell no more than their number. */
static struct listener {
	struct loop_task task;
	struct loop_watch link;
	struct endpoint *ep;
	struct serve_limits limits;
	int64_t keepalive_ns;		/* of the library, if none is set */
	struct serve_offer *offer, *new_offer;
	size_t n, n_new;
	struct serve_limits new_limits;
	struct listener_session *sessions;
	unsigned int n_sessions;
	uint32_t last_number;
	struct listener_peer peer[LISTENER_PEERS];
	struct rate refusals;
	uint64_t refusals_hidden;
	int64_t next;			/* when something is due */
} listener;

static void listener_due(int64_t when)
{
	if (when < listener.next)
		listener.next = when;
}

static const struct serve_offer *listener_offer(uint16_t port)
{
	for (size_t i = 0; i < listener.n; i++)
		if (listener.offer[i].port == port)
			return &listener.offer[i];
	return NULL;
}

static struct out *listener_log(const struct serve_peer *peer,
				const char *event, const char *words)
{
	struct out *o = serve_log_begin(event, words);
	char buf[16];
	const char *name = endpoint_port_name(peer->local_port, buf,
					      sizeof(buf));

	out_id(o, SERVE_LOG_ADDRESS, peer->id);
	if (*peer->identity)
		serve_log_word(o, SERVE_LOG_IDENTITY, peer->identity);
	out_uint(o, SERVE_LOG_PORT, peer->port);
	/* One word, whatever it is called elsewhere. */
	if (name == buf)
		snprintf(buf, sizeof(buf), "%u", peer->local_port);
	out_str(o, SERVE_LOG_SERVICE, name);
	return o;
}

/* Whoever asks again and again shall not fill the log. */
static void listener_log_refusal(const struct serve_peer *peer,
				 const char *reason)
{
	struct out *o;

	if (!rate_take(&listener.refusals, LISTENER_REFUSALS,
		       LISTENER_REFUSALS_ONCE, run_now())) {
		listener.refusals_hidden++;
		return;
	}
	if (listener.refusals_hidden) {
		o = serve_log_begin("refusals-not-logged",
				    "more sessions were refused");
		out_uint(o, SERVE_LOG_COUNT, listener.refusals_hidden);
		serve_log_end(o, LOG_NOTICE);
		listener.refusals_hidden = 0;
	}
	o = listener_log(peer, "session-refused", "session refused");
	out_str(o, SERVE_LOG_REASON, reason);
	serve_log_end(o, LOG_NOTICE);
}

static void listener_log_begin(const struct listener_session *s)
{
	struct out *o = listener_log(&s->peer, "session-begin",
				     "session begins");

	out_uint(o, SERVE_LOG_SESSION, s->number);
	if (s->command != COMMAND_NONE)
		out_uint(o, SERVE_LOG_PID, (uint64_t)s->pid);
	serve_log_end(o, LOG_INFO);
}

static void listener_log_end(const struct listener_session *s)
{
	struct out *o = listener_log(&s->peer, "session-end", "session ended");
	double duration = (double)(run_now() - s->began) / RUN_SECOND;
	char text[32];

	out_uint(o, SERVE_LOG_SESSION, s->number);
	if (s->command == COMMAND_EXITED) {
		out_uint(o, SERVE_LOG_PID, (uint64_t)s->pid);
		if (WIFSIGNALED(s->status))
			out_uint(o, SERVE_LOG_SIGNAL,
				 (uint64_t)WTERMSIG(s->status));
		else
			out_uint(o, SERVE_LOG_EXIT_STATUS,
				 (uint64_t)WEXITSTATUS(s->status));
	}
	out_uint(o, SERVE_LOG_BYTES_IN, s->bytes_in);
	out_uint(o, SERVE_LOG_BYTES_OUT, s->bytes_out);
	snprintf(text, sizeof(text), "%.3f", duration);
	out_number(o, SERVE_LOG_DURATION, duration, text);
	if (s->err)
		out_str(o, SERVE_LOG_REASON, s->reason);
	serve_log_end(o, LOG_INFO);
}

/* Not freed at once: the relay may be who calls. */
static void listener_gone(struct listener_session *s)
{
	s->gone = true;
	listener_due(0);
}

/* The starter must hear of it, or it keeps the command for ever. */
static void listener_tell_over(struct listener_session *s)
{
	struct serve_msg m = { .type = SERVE_OVER, .session = s->number };
	int err = serve_link_send(listener.link.fd, &m, -1, false);

	if (err == -EAGAIN) {
		listener_due(run_now() + LISTENER_RETRY_NS);
		return;
	}
	s->over_told = true;
}

/* The stream has gone, or the command; maybe both now. */
static void listener_settle(struct listener_session *s)
{
	if (s->gone)
		return;
	if (s->over && !s->over_told && s->command >= COMMAND_RUNS)
		listener_tell_over(s);
	if (!s->over || s->command == COMMAND_ASKED ||
	    s->command == COMMAND_RUNS)
		return;
	if (s->command == COMMAND_EXITED && !s->over_told)
		return;
	if (s->joined)
		listener_log_end(s);
	listener_gone(s);
}

static void listener_close_connect(struct listener_session *s)
{
	int fd = s->connect.fd;

	if (fd < 0)
		return;
	loop_unwatch(&s->connect);
	close(fd);
}

static void listener_count_bytes(struct listener_session *s)
{
	struct romon_stream_info info;

	romon_stream_info(s->relay.stream, &info);
	s->bytes_in = info.bytes_in;
	s->bytes_out = info.bytes_out;
}

static const char *listener_target(const struct listener_session *s)
{
	return s->kind == SERVE_COMMAND ? "the command" : "the target";
}

static void listener_relay_done(struct relay *r, int err)
{
	struct listener_session *s = (struct listener_session *)r;

	s->over = true;
	s->err = err;
	listener_count_bytes(s);
	listener_close_connect(s);
	if (err && romon_stream_error(r->stream)) {
		char why[sizeof(s->reason)];

		snprintf(s->reason, sizeof(s->reason), "%s",
			 endpoint_explain(listener.ep, r->stream, why,
					  sizeof(why)));
	} else if (err) {
		snprintf(s->reason, sizeof(s->reason),
			 "%s has broken it off: %s", listener_target(s),
			 strerror(-err));
	}
	if (!s->joined)
		listener_log_refusal(&s->peer, err ? s->reason :
				     "ended before it began");
	listener_settle(s);
}

/* Breaks the stream off. Why is for the log; the router hears less. */
static void listener_break(struct listener_session *s,
			   enum romon_stream_reason reason, const char *why)
{
	if (s->over)
		return;
	s->over = true;
	s->err = -ECONNABORTED;
	snprintf(s->reason, sizeof(s->reason), "%s", why);
	listener_count_bytes(s);
	listener_close_connect(s);
	relay_stop(&s->relay, reason);
	if (!s->joined)
		listener_log_refusal(&s->peer, why);
	listener_settle(s);
}

/* There is no way to the command or target. */
static void listener_fail(struct listener_session *s, int err)
{
	char why[sizeof(s->reason)];

	snprintf(why, sizeof(why), s->kind == SERVE_COMMAND ?
		 "the command cannot be started: %s" :
		 "the target cannot be reached: %s", strerror(err));
	listener_break(s, ROMON_STREAM_FAILED, why);
}

static void listener_join(struct listener_session *s, int fd)
{
	int err = 0;

	/* There is room in a new socket, unless nobody reads it. */
	if (s->has_first && write(fd, &s->first, 1) < 0 && errno != EPIPE)
		err = -errno;
	if (err)
		close(fd);
	else
		err = relay_join(&s->relay, fd, fd);
	if (err) {
		listener_fail(s, -err);
		return;
	}
	s->joined = true;
	s->deadline = RUN_FOREVER;
	listener_log_begin(s);
}

static void listener_connected(struct loop_watch *w, uint32_t events)
{
	struct listener_session *s = (void *)((char *)w -
		offsetof(struct listener_session, connect));
	socklen_t len = sizeof(int);
	int fd = w->fd, err = 0;

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err) {
		listener_fail(s, err);
		return;
	}
	loop_unwatch(w);
	listener_join(s, fd);
}

static void listener_connect(struct listener_session *s,
			     const struct serve_offer *o)
{
	int fd = socket(o->addr.ss_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, err;

	if (fd < 0) {
		listener_fail(s, errno);
		return;
	}
	/* Keys that somebody presses are small, and waited for. */
	if (o->kind == SERVE_TCP)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	err = connect(fd, (const struct sockaddr *)&o->addr, o->addr_len) ?
	      errno : 0;
	if (!err) {
		listener_join(s, fd);
		return;
	}
	if (err == EINPROGRESS)
		err = -loop_watch(&s->connect, fd, EPOLLOUT,
				  listener_connected);
	if (!err)
		return;
	close(fd);
	if (err == EAGAIN) {
		/* As many wait at a Unix socket as may: nothing tells of room. */
		s->connect_at = run_now() + LISTENER_RETRY_NS;
		listener_due(s->connect_at);
		return;
	}
	listener_fail(s, err);
}

static void listener_connect_again(struct listener_session *s)
{
	const struct serve_offer *o = listener_offer(s->peer.local_port);

	s->connect_at = RUN_FOREVER;
	if (o && o->kind == s->kind)
		listener_connect(s, o);
	else
		listener_break(s, ROMON_STREAM_UNKNOWN,
			       "not served any more");
}

static void listener_identify(struct serve_peer *peer)
{
	struct api_config config;
	struct api_node node;

	/* Half of a name would be another name. */
	if (!api_node_find(peer->id, &node) && node.identity &&
	    strlen(node.identity) < sizeof(peer->identity))
		strcpy(peer->identity, node.identity);
	api_node_free(&node);
	if (!api_config_get(&config))
		memcpy(peer->local_id, config.current_id,
		       sizeof(peer->local_id));
	api_config_free(&config);
}

/* False if the link has no room now. */
static bool listener_ask(struct listener_session *s)
{
	struct serve_msg m = { .type = SERVE_START, .session = s->number };

	m.start = s->peer;
	if (serve_link_send(listener.link.fd, &m, -1, false)) {
		listener_due(run_now() + LISTENER_RETRY_NS);
		return false;
	}
	s->command = COMMAND_ASKED;
	s->deadline = run_now() + LISTENER_START_NS;
	listener_due(s->deadline);
	return true;
}

/*
 * The other side has ended it without a word, as who only looks whether there
 * is anything does. There is no other way to know than to read.
 */
static bool listener_is_silent(struct listener_session *s)
{
	ssize_t n = -EAGAIN;

	if (!s->has_first)
		n = romon_stream_read(s->relay.stream, &s->first, 1);
	s->has_first |= n == 1;
	return !n;
}

static bool listener_goes_before(struct listener_session *a,
				 struct listener_session *b)
{
	bool silent = listener_is_silent(a);

	if (silent != listener_is_silent(b))
		return !silent;
	return (int32_t)(a->number - b->number) < 0;
}

/*
 * As many as may be at a time, in the order in which they came; behind all
 * others those who have gone, for all that is known.
 */
static void listener_start_waiting(void)
{
	struct listener_session *first;
	unsigned int asked;

	do {
		first = NULL;
		asked = 0;
		for (struct listener_session *s = listener.sessions; s;
		     s = s->next) {
			asked += s->command == COMMAND_ASKED;
			if (s->command == COMMAND_WAITS && !s->over &&
			    (!first || listener_goes_before(s, first)))
				first = s;
		}
	} while (first && asked < LISTENER_STARTING && listener_ask(first));
}

/* Has this router started too much in the last seconds? */
static bool listener_may_start(const uint8_t *id)
{
	struct listener_peer *p, *oldest = &listener.peer[0];
	uint32_t rate = listener.limits.starts_per_peer;

	for (p = listener.peer; p < listener.peer + LISTENER_PEERS; p++) {
		if (p->rate.spent < oldest->rate.spent)
			oldest = p;
		if (p->rate.spent && !memcmp(p->id, id, API_ID_LEN))
			break;
	}
	if (p == listener.peer + LISTENER_PEERS) {
		p = oldest;
		p->rate.spent = 0;
		memcpy(p->id, id, API_ID_LEN);
	}
	return rate_take(&p->rate, rate, 2 * rate, run_now());
}

static bool listener_permits(const struct serve_offer *o, const uint8_t *id)
{
	for (uint16_t i = 0; i < o->n_allow; i++)
		if (!memcmp(o->allow[i], id, API_ID_LEN))
			return true;
	return !o->n_allow;
}

/* NULL, or which limit is reached. */
static const char *listener_full(const struct serve_offer *o,
				 const uint8_t *id)
{
	unsigned int all = 0, peer = 0, service = 0, both = 0;

	for (struct listener_session *s = listener.sessions; s; s = s->next) {
		bool same_peer = !memcmp(s->peer.id, id, API_ID_LEN);
		bool same_service = s->peer.local_port == o->port;

		if (s->gone || !s->counts)
			continue;
		all++;
		peer += same_peer;
		service += same_service;
		both += same_peer && same_service;
	}
	if (all >= listener.limits.sessions)
		return "as many sessions as there may be";
	if (peer >= listener.limits.per_peer)
		return "as many sessions as a router may have";
	if (o->sessions && service >= o->sessions)
		return "as many sessions as the service may have";
	if (o->per_peer && both >= o->per_peer)
		return "as many sessions as a router may have of the service";
	return NULL;
}

static void listener_opened(struct relay *r)
{
	struct listener_session *s = (struct listener_session *)r;
	const struct serve_offer *o = listener_offer(s->peer.local_port);
	const char *why;

	if (!o) {
		listener_break(s, ROMON_STREAM_UNKNOWN,
			       "not served any more");
		return;
	}
	why = listener_full(o, s->peer.id);
	if (!why && !listener_may_start(s->peer.id))
		why = "more sessions a second than a router may begin";
	if (why) {
		listener_break(s, ROMON_STREAM_BUSY, why);
		return;
	}
	s->counts = true;
	listener_identify(&s->peer);
	s->kind = o->kind;
	s->deadline = run_now() + (s->kind == SERVE_COMMAND ?
				   LISTENER_WAIT_NS : LISTENER_START_NS);
	listener_due(s->deadline);
	if (s->kind != SERVE_COMMAND) {
		listener_connect(s, o);
		return;
	}
	s->command = COMMAND_WAITS;
	listener_start_waiting();
}

static enum romon_stream_reason listener_accept(void *arg,
						struct romon_stream *stream)
{
	struct romon_stream_info info;
	const struct serve_offer *o;
	struct serve_peer peer = { 0 };
	struct listener_session *s;
	const char *why;

	(void)arg;
	romon_stream_info(stream, &info);
	memcpy(peer.id, info.id, sizeof(peer.id));
	peer.port = info.remote_port;
	peer.local_port = info.local_port;
	o = listener_offer(info.local_port);
	if (!o)
		return ROMON_STREAM_UNKNOWN;
	if (!listener_permits(o, info.id)) {
		listener_log_refusal(&peer, "not permitted");
		return ROMON_STREAM_NOT_PERMITTED;
	}
	why = listener_full(o, info.id);
	if (why) {
		listener_log_refusal(&peer, why);
		return ROMON_STREAM_BUSY;
	}
	s = xcalloc(1, sizeof(*s));
	s->number = ++listener.last_number;
	s->peer = peer;
	s->began = run_now();
	s->deadline = RUN_FOREVER;
	s->connect_at = RUN_FOREVER;
	s->connect.fd = -1;
	s->relay.opened = listener_opened;
	s->relay.done = listener_relay_done;
	s->next = listener.sessions;
	listener.sessions = s;
	relay_attach(&s->relay, stream);
	return ROMON_STREAM_END;
}

static struct listener_session *listener_find(uint32_t number)
{
	struct listener_session *s = listener.sessions;

	while (s && (s->number != number || s->gone))
		s = s->next;
	return s;
}

static void listener_got_started(const struct serve_msg *m, int fd)
{
	struct listener_session *s = listener_find(m->session);

	if (!s || s->command != COMMAND_ASKED) {
		if (fd >= 0)
			close(fd);
		return;
	}
	s->command = m->started.err ? COMMAND_NONE : COMMAND_RUNS;
	s->pid = m->started.pid;
	if (m->started.err == -EBUSY)
		listener_break(s, ROMON_STREAM_BUSY,
			       "as many commands run or are started as may");
	else if (m->started.err == -ETIMEDOUT)
		listener_break(s, ROMON_STREAM_FAILED, LISTENER_LATE);
	else if (fd < 0)
		/* It may run all the same, and we had no room for the socket. */
		listener_fail(s, m->started.err ? -m->started.err : EMFILE);
	else if (s->over)
		close(fd);
	else
		listener_join(s, fd);
	listener_settle(s);
	listener_start_waiting();
}

static void listener_got_exited(const struct serve_msg *m)
{
	struct listener_session *s = listener_find(m->session);

	if (!s || s->command != COMMAND_RUNS)
		return;
	s->command = COMMAND_EXITED;
	s->status = m->status;
	listener_settle(s);
}

static void listener_set_limits(const struct serve_limits *limits)
{
	struct romon_mux *mux = endpoint_mux(listener.ep);
	struct romon_mux_limits l;

	listener.limits = *limits;
	romon_mux_limits(mux, &l);
	l.streams = limits->sessions + LISTENER_BEYOND;
	l.keepalive_ns = limits->keepalive_ns ? limits->keepalive_ns :
			 listener.keepalive_ns;
	romon_mux_set_limits(mux, &l);
}

static void listener_complain(uint16_t port, int err)
{
	char buf[16];

	complain("serve: %s: %s", endpoint_port_name(port, buf, sizeof(buf)),
		 endpoint_sentence(listener.ep, err));
}

/* Complains of what is not listened at, and forgets it. */
static bool listener_listen(struct serve_offer *offer, size_t *n)
{
	size_t kept = 0;
	bool ok = true;

	for (size_t i = 0; i < *n; i++) {
		int err = listener_offer(offer[i].port) ? 0 :
			  endpoint_listen(listener.ep, offer[i].port);

		if (err) {
			listener_complain(offer[i].port, err);
			ok = false;
		} else {
			offer[kept++] = offer[i];
		}
	}
	*n = kept;
	return ok;
}

/* From what is offered to what is new; sessions go on. */
static void listener_apply(void)
{
	struct serve_offer *old = listener.offer;
	size_t n_old = listener.n;
	struct serve_msg m = { .type = SERVE_READY };

	listener_set_limits(&listener.new_limits);
	listener_listen(listener.new_offer, &listener.n_new);
	listener.offer = listener.new_offer;
	listener.n = listener.n_new;
	listener.new_offer = NULL;
	listener.n_new = 0;
	for (size_t i = 0; i < n_old; i++)
		if (!listener_offer(old[i].port))
			endpoint_unlisten(listener.ep, old[i].port);
	free(old);
	serve_link_send(listener.link.fd, &m, -1, true);
}

static void listener_got(const struct serve_msg *m, int fd)
{
	switch (m->type) {
	case SERVE_STARTED:
		listener_got_started(m, fd);
		break;
	case SERVE_EXITED:
		listener_got_exited(m);
		break;
	case SERVE_CONF:
		free(listener.new_offer);
		listener.new_offer = xcalloc(SERVE_SERVICES_MAX,
					     sizeof(*listener.new_offer));
		listener.n_new = 0;
		listener.new_limits = m->limits;
		break;
	case SERVE_OFFER:
		if (listener.new_offer && listener.n_new < SERVE_SERVICES_MAX)
			listener.new_offer[listener.n_new++] = m->offer;
		break;
	case SERVE_CONF_END:
		if (listener.new_offer)
			listener_apply();
		break;
	case SERVE_STOP:
		loop_stop(EXIT_DONE);
		break;
	default:
		break;
	}
}

static void listener_link_ready(struct loop_watch *w, uint32_t events)
{
	struct serve_msg m;
	int fd, err;

	(void)events;
	while ((err = serve_link_receive(w->fd, &m, &fd)) == 1)
		listener_got(&m, fd);
	if (err != -EAGAIN)
		loop_stop(EXIT_DONE);
}

/* What it waits for has not come. */
static void listener_give_up(struct listener_session *s)
{
	s->deadline = RUN_FOREVER;
	if (s->command == COMMAND_WAITS)
		listener_break(s, ROMON_STREAM_BUSY,
			       "too many are being started");
	else
		listener_break(s, ROMON_STREAM_FAILED,
			       s->kind == SERVE_COMMAND ? LISTENER_LATE :
			       "the target does not answer");
}

static void listener_run_task(struct loop_task *t)
{
	struct listener_session **at = &listener.sessions, *s;
	int64_t now = loop_now();

	(void)t;
	if (now < listener.next)
		return;
	listener.next = RUN_FOREVER;
	while ((s = *at)) {
		if (now >= s->deadline && !s->over)
			listener_give_up(s);
		if (now >= s->connect_at && !s->over)
			listener_connect_again(s);
		if (s->over && !s->over_told)
			listener_settle(s);
		if (s->gone) {
			*at = s->next;
			free(s);
			continue;
		}
		if (!s->over)
			listener_due(s->deadline < s->connect_at ?
				     s->deadline : s->connect_at);
		at = &s->next;
	}
	/* For whom the link had no room. */
	listener_start_waiting();
}

static int64_t listener_deadline(struct loop_task *t)
{
	(void)t;
	return listener.next;
}

static void listener_stop_signal(int signo)
{
	(void)signo;
	loop_stop(EXIT_DONE);
}

static void listener_no_signal(int signo)
{
	(void)signo;
}

/* Everybody hears of it, and the log of what each one did until now. */
static void listener_stop(void)
{
	struct listener_session *s, *next;

	for (s = listener.sessions; s; s = next) {
		next = s->next;
		if (s->gone)
			continue;
		/* Who waits for a command to end does not wait any longer. */
		if (s->command == COMMAND_RUNS && s->over)
			listener_log_end(s);
		s->command = COMMAND_NONE;
		listener_break(s, ROMON_STREAM_ABORTED, "serve has ended");
	}
	while ((s = listener.sessions)) {
		listener.sessions = s->next;
		free(s);
	}
}

/* False after a complaint. */
static bool listener_begin(const struct serve_conf *conf, int link)
{
	struct serve_msg m = { .type = SERVE_READY };
	struct romon_mux_limits limits;
	struct serve_offer *offer;
	size_t n = conf->n;
	bool ok;

	/* Two for each: the relay watches both ways of a socket by itself. */
	loop_allow_files(2 * SERVE_SESSIONS_MAX + LISTENER_FILES);
	if (!serve_priv_drop(&conf->user))
		return false;
	listener.ep = endpoint_open("serve");
	if (!listener.ep)
		return false;
	romon_mux_limits(endpoint_mux(listener.ep), &limits);
	listener.keepalive_ns = limits.keepalive_ns;
	listener_set_limits(&conf->limits);
	endpoint_on_accept(listener.ep, listener_accept, NULL);
	offer = xcalloc(n, sizeof(*offer));
	for (size_t i = 0; i < n; i++)
		offer[i] = conf->service[i].offer;
	ok = listener_listen(offer, &n);
	listener.offer = offer;
	listener.n = n;
	if (loop_watch(&listener.link, link, EPOLLIN, listener_link_ready)) {
		complain("serve: too many open files");
		ok = false;
	}
	loop_add_task(&listener.task);
	if (ok)
		serve_link_send(link, &m, -1, true);
	return ok;
}

int serve_listener_run(const struct serve_conf *conf, int link)
{
	int status = EXIT_FAILED;

	memset(&listener, 0, sizeof(listener));
	listener.next = RUN_FOREVER;
	listener.task.deadline = listener_deadline;
	listener.task.run = listener_run_task;
	listener.link.fd = -1;
	/* What they mean is the starter's affair. */
	loop_signal(SIGHUP, listener_no_signal);
	loop_signal(SIGINT, listener_no_signal);
	loop_signal(SIGTERM, listener_stop_signal);
	if (listener_begin(conf, link)) {
		status = loop_run();
		listener_stop();
	}
	loop_unwatch(&listener.link);
	loop_del_task(&listener.task);
	endpoint_close(listener.ep);
	loop_end();
	free(listener.offer);
	free(listener.new_offer);
	return status;
}
