// SPDX-License-Identifier: GPL-2.0-only
/* forward: TCP connections to this host become streams to a router. */

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/rate.h"
#include "base/run.h"
#include "cmd.h"
#include "diagnose.h"
#include "out/out.h"
#include "session/apart.h"
#include "session/relay.h"
#include "session/session.h"

#define FORWARD_LISTENERS	8	/* addresses of one name */
/* As many connections as the kernel gives ephemeral ports by default. */
#define FORWARD_CONNECTIONS	1024
/* Listeners, netlink, standard ones, with room to spare. */
#define FORWARD_FILES		32
#define FORWARD_BACKLOG		128
/* Complaints a second, and at once; how long others are counted meanwhile. */
#define FORWARD_COMPLAINTS	5
#define FORWARD_COUNT_NS	RUN_SECOND

enum { FORWARD_LISTEN, FORWARD_ADDRESS, FORWARD_PORT, FORWARD_COLS };

static const struct out_col forward_cols[FORWARD_COLS] = {
	[FORWARD_LISTEN] = { "listen", "" },
	[FORWARD_ADDRESS] = { "address", "to" },
	[FORWARD_PORT] = { "port", "port" },
};

struct forward {
	struct session_target target;
	struct endpoint *ep;
	struct loop_watch listener[FORWARD_LISTENERS];
	size_t listeners;
	struct forward_connection *connections;
	size_t n;
	bool complained;	/* that there are too many */
	bool waits;		/* for a RoMON port for the next one */
	const char *host, *port;	/* where to listen */
	uint64_t keepalive;
	struct rate complaints;
	struct loop_task task;	/* tells of those that were not made */
	uint64_t hidden;
	int64_t tell_at;
};

static struct forward forward;

struct forward_connection {
	struct relay relay;		/* the first */
	struct forward_connection *next, **at;
	bool opened;
};

/* There may be room for another one. */
static void forward_resume(void)
{
	forward.complained = false;
	for (size_t i = 0; i < forward.listeners && !forward.waits; i++)
		loop_change(&forward.listener[i], EPOLLIN);
}

static void forward_free(struct forward_connection *c)
{
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	forward.n--;
	forward_resume();
	free(c);
}

static void forward_opened(struct relay *r)
{
	((struct forward_connection *)r)->opened = true;
}

static void forward_tell_hidden(void)
{
	if (forward.hidden)
		complain("forward: %llu more connection%s failed",
			 (unsigned long long)forward.hidden,
			 forward.hidden == 1 ? "" : "s");
	forward.hidden = 0;
	forward.tell_at = RUN_FOREVER;
}

static void forward_run_task(struct loop_task *t)
{
	(void)t;
	if (loop_now() >= forward.tell_at)
		forward_tell_hidden();
}

static int64_t forward_deadline(struct loop_task *t)
{
	(void)t;
	return forward.tell_at;
}

/* Whoever connects again and again shall not fill a log. */
static bool forward_may_complain(void)
{
	int64_t now = run_now();

	if (rate_take(&forward.complaints, FORWARD_COMPLAINTS,
		      FORWARD_COMPLAINTS, now)) {
		forward_tell_hidden();
		return true;
	}
	if (!forward.hidden++)
		forward.tell_at = now + FORWARD_COUNT_NS;
	return false;
}

static void forward_done(struct relay *r, int err)
{
	struct forward_connection *c = (struct forward_connection *)r;

	if (err && err != -EPIPE && forward_may_complain())
		session_complain("forward", forward.ep, &forward.target,
				 r->stream, c->opened, err);
	forward_free(c);
}

/* So that the program at the other end learns that it was no end of data. */
static void forward_reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static void forward_complain_many(const char *why)
{
	if (!forward.complained)
		complain("forward: %zu connections, and no more before one ends: %s",
			 forward.n, why);
	forward.complained = true;
}

static void forward_take(int fd)
{
	struct forward_connection *c;
	struct romon_stream *s;
	int err;

	if (forward.n == FORWARD_CONNECTIONS) {
		forward_complain_many("that is the limit");
		forward_reset(fd);
		return;
	}
	s = endpoint_connect(forward.ep, forward.target.id, forward.target.port,
			     NULL, &err);
	if (!s) {
		if (forward_may_complain())
			complain("forward: %s",
				 endpoint_sentence(forward.ep, err));
		forward_reset(fd);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		forward_complain_many(strerror(ENOMEM));
		romon_stream_free(s);
		forward_reset(fd);
		return;
	}
	c->next = forward.connections;
	c->at = &forward.connections;
	if (c->next)
		c->next->at = &c->next;
	forward.connections = c;
	forward.n++;
	c->relay.opened = forward_opened;
	c->relay.done = forward_done;
	relay_attach(&c->relay, s);
	err = relay_join(&c->relay, fd, fd);
	if (err) {
		forward_complain_many(strerror(-err));
		relay_stop(&c->relay, ROMON_STREAM_ABORTED);
		forward_free(c);
	}
}

/* True if there is a port for the next one; if not it is waited for. */
static bool forward_prepare(void)
{
	int err;

	forward.waits = !endpoint_prepare(forward.ep, &err);
	for (size_t i = 0; i < forward.listeners && forward.waits; i++)
		loop_change(&forward.listener[i], 0);
	return !forward.waits;
}

static void forward_refuse(struct loop_watch *w, int err)
{
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (forward_may_complain())
		complain("forward: %s", endpoint_sentence(forward.ep, err));
	forward_reset(fd);
}

/* Who would be refused a port had better not listen at all. */
static bool forward_may_bind(void)
{
	int err;

	if (endpoint_prepare(forward.ep, &err))
		return true;
	complain("forward: %s", endpoint_sentence(forward.ep, err));
	return false;
}

/* There is a port, or none to be had: then those who wait are told so. */
static void forward_told(void *arg, int err)
{
	(void)arg;
	forward.waits = false;
	for (size_t i = 0; i < forward.listeners && err; i++)
		forward_refuse(&forward.listener[i], err);
	forward_resume();
}

static void forward_accept(struct loop_watch *w, uint32_t events)
{
	int fd;

	(void)events;
	if (!forward_prepare())
		return;
	fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		forward_take(fd);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		   errno == ENOMEM) {
		/* It would only be told the same again. */
		forward_complain_many(strerror(errno));
		if (forward.n)
			loop_change(w, 0);
	}
}

/* "[ADDRESS:]PORT", an IPv6 address in brackets. */
static bool forward_split(const char *word, char **host, const char **port)
{
	const char *colon = strrchr(word, ':');
	uint64_t number;

	*host = NULL;
	*port = colon ? colon + 1 : word;
	if (!colon)
		return parse_uint(*port, UINT16_MAX, &number);
	if (*word == '[' && colon > word + 1 && colon[-1] == ']') {
		*host = xstrdup(word + 1);
		(*host)[colon - word - 2] = '\0';
	} else {
		*host = xstrdup(word);
		(*host)[colon - word] = '\0';
		if (strchr(*host, ':'))
			return false;
	}
	return (!*host || **host) && parse_uint(*port, UINT16_MAX, &number);
}

static int forward_open(const struct addrinfo *a)
{
	int on = 1, fd, err;

	fd = socket(a->ai_family,
		    a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    a->ai_protocol);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!bind(fd, a->ai_addr, a->ai_addrlen) &&
	    !listen(fd, FORWARD_BACKLOG))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static bool forward_listen(const char *host, const char *port)
{
	struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list = NULL;
	int fd = -EADDRNOTAVAIL, err;

	err = getaddrinfo(host ? host : "127.0.0.1", port, &hints, &list);
	if (err) {
		complain("forward: %s: %s", host ? host : port,
			 gai_strerror(err));
		return false;
	}
	for (struct addrinfo *a = list; a; a = a->ai_next) {
		struct loop_watch *w = &forward.listener[forward.listeners];

		if (forward.listeners == FORWARD_LISTENERS)
			break;
		fd = forward_open(a);
		if (fd < 0)
			break;
		if (loop_watch(w, fd, EPOLLIN, forward_accept)) {
			close(fd);
			fd = -EMFILE;
			break;
		}
		forward.listeners++;
	}
	freeaddrinfo(list);
	if (fd < 0)
		complain("forward: %s%sport %s: %s", host ? host : "",
			 host ? ", " : "", port, strerror(-fd));
	return fd >= 0;
}

/* Who waits for it sees that it listens, and at which port. */
static void forward_show(void)
{
	struct out *o = out_begin(stdout, forward_cols, FORWARD_COLS,
				  OUT_WORDS);

	for (size_t i = 0; i < forward.listeners; i++) {
		struct sockaddr_storage addr = { 0 };
		socklen_t len = sizeof(addr);
		char host[NI_MAXHOST], port[NI_MAXSERV];
		char text[NI_MAXHOST + NI_MAXSERV + 4];

		getsockname(forward.listener[i].fd, (struct sockaddr *)&addr,
			    &len);
		if (getnameinfo((struct sockaddr *)&addr, len, host,
				sizeof(host), port, sizeof(port),
				NI_NUMERICHOST | NI_NUMERICSERV))
			continue;
		out_row(o);
		snprintf(text, sizeof(text), strchr(host, ':') ? "[%s]:%s" :
			 "%s:%s", host, port);
		out_str(o, FORWARD_LISTEN, text);
		out_id(o, FORWARD_ADDRESS, forward.target.id);
		out_uint(o, FORWARD_PORT, forward.target.port);
	}
	out_end(o, 0);
	fflush(stdout);
}

static void forward_stop(int signo)
{
	(void)signo;
	loop_stop(EXIT_DONE);
}

static void forward_end(void)
{
	struct forward_connection *c, *next;

	for (c = forward.connections; c; c = next) {
		next = c->next;
		relay_stop(&c->relay, ROMON_STREAM_ABORTED);
		forward_free(c);
	}
	for (size_t i = 0; i < forward.listeners; i++) {
		int fd = forward.listener[i].fd;

		loop_unwatch(&forward.listener[i]);
		close(fd);
	}
	forward_tell_hidden();
	endpoint_close(forward.ep);
}

/* In a process of its own. */
static int forward_serve(void *arg, struct romon_nl *nl)
{
	int status = EXIT_FAILED;

	(void)arg;
	session_signals(forward_stop);
	forward.ep = endpoint_open("forward", nl);
	/* Each connection takes two. */
	loop_allow_files(2 * FORWARD_CONNECTIONS + FORWARD_FILES);
	if (forward.ep && forward_may_bind() &&
	    forward_listen(forward.host, forward.port)) {
		session_keepalive(forward.ep, forward.keepalive);
		endpoint_on_ask(forward.ep, apart_ask_port, NULL);
		endpoint_on_port(forward.ep, forward_told, NULL);
		forward.tell_at = RUN_FOREVER;
		forward.task.deadline = forward_deadline;
		forward.task.run = forward_run_task;
		loop_add_task(&forward.task);
		forward_show();
		if (endpoint_confine(forward.ep, CONFINE_ACCEPT))
			status = loop_run();
	}
	forward_end();
	return status;
}

static int forward_run(struct args *args)
{
	struct apart apart = {
		.what = "forward", .run = forward_serve, .own = { -1, -1 },
	};
	struct param params[] = {
		PARAM("keepalive", PARAM_UINT, &forward.keepalive,
		      SESSION_KEEPALIVE_MAX),
	};
	const char *listen = args_next(args);
	const char *router = listen ? args_next(args) : NULL;
	const char *port = router ? args_next(args) : NULL;
	struct diagnosis diagnosis;
	const char *listen_port;
	int status;
	char *host;
	bool found;

	if (!port) {
		complain("forward: from where, to what? (see: romon forward help)");
		return EXIT_USAGE;
	}
	if (!session_port("forward", port, &forward.target.port) ||
	    !params_parse(args, "forward", params, 1))
		return EXIT_USAGE;
	if (!forward_split(listen, &host, &listen_port)) {
		complain("forward: [ADDRESS:]PORT, not %s", listen);
		free(host);
		return EXIT_USAGE;
	}
	if (!api_require_running("forward")) {
		free(host);
		return EXIT_FAILED;
	}
	diagnose_begin(&diagnosis);
	found = session_find("forward", router, &forward.target);
	diagnose_end(&diagnosis, "forward", found);
	if (!found) {
		free(host);
		return EXIT_FAILED;
	}
	forward.host = host;
	forward.port = listen_port;
	status = apart_run(&apart);
	session_free(&forward.target);
	memset(&forward, 0, sizeof(forward));
	free(host);
	return status;
}

const struct cmd cmd_forward = {
	.name = "forward",
	.run = forward_run,
	.help =
	"romon forward [ADDRESS:]PORT ROUTER PORT|SERVICE [keepalive SECONDS]\n"
	"\n"
	"TCP connections to that address, by default 127.0.0.1, become streams to\n"
	"the router. SERVICE is ssh or winbox: with\n"
	"\n"
	"    romon forward 8291 ROUTER winbox\n"
	"\n"
	"WinBox on this machine logs in to 127.0.0.1 and talks to that router.\n"
	"Port 0 listens at any free one. Runs until stopped.\n",
};
