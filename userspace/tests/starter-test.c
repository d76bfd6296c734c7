// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process of serve that keeps its rights, told all kinds of things by a
 * listener that strangers have taken over.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/run.h"
#include "serve/link.h"
#include "serve/log.h"
#include "serve/starter.h"
#include "tap.h"

#define WAIT_MS		20000

struct rogue {
	int link;
	int hold;	/* while it is open the listener does not end */
	pid_t starter;
};

/* What the next starter finds. */
static struct {
	rlim_t files;		/* 0: as many as ever */
	bool no_sigchld;	/* it is ignored */
	int log;		/* for its lines; 0: nobody reads them */
} found;

static struct serve_conf *conf_of(const char *text)
{
	static struct serve_conf conf;
	char file[] = "/tmp/romon-starter-test.XXXXXX";
	int fd = mkstemp(file);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd) ||
	    serve_conf_read(&conf, file) != EXIT_DONE)
		exit(1);
	unlink(file);
	return &conf;
}

/* A starter whose listener waits for its end, while we speak for it. */
static struct rogue rogue_begin(const char *text)
{
	struct serve_conf *conf = conf_of(text);
	struct rogue r;
	int pair[2], hold[2];
	pid_t listener;

	fflush(stdout);
	if (!serve_link_pair(pair) || pipe2(hold, O_CLOEXEC))
		exit(1);
	r.starter = fork();
	if (!r.starter) {
		close(pair[1]);
		close(hold[1]);
		signal(SIGPIPE, SIG_IGN);
		if (found.log ? dup2(found.log, STDERR_FILENO) < 0 :
				!freopen("/dev/null", "w", stderr))
			_exit(1);
		serve_log_open(false);
		if (found.no_sigchld)
			signal(SIGCHLD, SIG_IGN);
		listener = fork();
		if (!listener) {
			char c;

			_exit(read(hold[0], &c, 1) != 0);
		}
		if (found.files) {
			const struct rlimit limit = { found.files, found.files };

			setrlimit(RLIMIT_NOFILE, &limit);
		}
		_exit(serve_starter_run(conf, NULL, pair[0], NULL, listener));
	}
	close(pair[0]);
	close(hold[0]);
	serve_conf_free(conf);
	r.link = pair[1];
	r.hold = hold[1];
	return r;
}

/* The next message, and what came with it; false if the link has ended. */
static bool rogue_hear(const struct rogue *r, struct serve_msg *m, int *fd)
{
	struct pollfd p = { .fd = r->link, .events = POLLIN };

	memset(m, 0, sizeof(*m));
	return poll(&p, 1, WAIT_MS) == 1 &&
	       serve_link_receive(r->link, m, fd) == 1;
}

static struct serve_msg start_of(uint32_t session, uint16_t port)
{
	struct serve_msg m = { .type = SERVE_START, .session = session };

	m.start.id[5] = 1;
	m.start.local_port = port;
	strcpy(m.start.identity, "a\x1b[31mb");
	return m;
}

static int rogue_start(const struct rogue *r, const struct serve_msg *start,
		       int *fd)
{
	struct serve_msg m;

	if (serve_link_send(r->link, start, -1, true) ||
	    !rogue_hear(r, &m, fd) || m.type != SERVE_STARTED ||
	    m.session != start->session)
		return -EPROTO;
	return m.started.err;
}

/* The starter's exit status, or -1 if it was not its own end. */
static int rogue_end(struct rogue *r, bool hold)
{
	int status = 0;

	close(r->link);
	if (!hold)
		close(r->hold);
	/* What waits for it would wait for ever. */
	alarm(WAIT_MS / 1000);
	waitpid(r->starter, &status, 0);
	alarm(0);
	if (hold)
		close(r->hold);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void read_all(int fd, char *to, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < size && (n = read(fd, to + len, size - len - 1)) > 0)
		len += (size_t)n;
	to[len] = '\0';
}

static void test_start(void)
{
	static const char conf[] =
		"service 7000 command \"/bin/sh -c 'echo $ROMON_PEER_IDENTITY; exit 3'\"\n";
	struct rogue r = rogue_begin(conf);
	struct serve_msg m = start_of(9, 7000);
	char text[128];
	int fd = -1;

	tap_ok(!rogue_start(&r, &m, &fd) && fd >= 0,
	       "a command is started, and its socket comes");
	read_all(fd, text, sizeof(text));
	close(fd);
	tap_is(text, "a\\x1b[31mb\n", "it says what it was told");
	tap_ok(rogue_hear(&r, &m, &fd) && m.type == SERVE_EXITED &&
	       m.session == 9 && WIFEXITED(m.exited.status) &&
	       WEXITSTATUS(m.exited.status) == 3, "its exit status is told");
	m.type = SERVE_OVER;
	m.session = 9;
	serve_link_send(r.link, &m, -1, true);
	kill(r.starter, SIGTERM);
	tap_ok(rogue_hear(&r, &m, &fd) && m.type == SERVE_STOP,
	       "the end is told");
	tap_ok(rogue_end(&r, true) == EXIT_FAILED,
	       "a listener that does not stop is killed");
}

/* Whether a command had children, that it has waited for. */
static void test_waited(void)
{
	static const char conf[] =
		"service 7000 command \"/bin/sh -c '/bin/true; exit 3'\"\n"
		"service 7001 command \"/bin/sh -c 'exit 3'\"\n";
	struct rogue r = rogue_begin(conf);

	for (uint16_t port = 7000; port < 7002; port++) {
		struct serve_msg m = start_of(port, port);
		int fd = -1;

		rogue_start(&r, &m, &fd);
		tap_ok(rogue_hear(&r, &m, &fd) && m.type == SERVE_EXITED &&
		       WEXITSTATUS(m.exited.status) == 3 &&
		       m.exited.waited == (port == 7000), port == 7000 ?
		       "that it had a child is told" :
		       "... and that it had none");
	}
	rogue_end(&r, false);
}

static void test_refusals(void)
{
	struct rogue r = rogue_begin("service 7000 command /bin/cat\n"
				     "service 7001 unix /x\n"
				     "limit sessions 3\n");
	struct serve_msg m;
	int fd[8], n = 0;

	m = start_of(1, 5000);
	tap_ok(rogue_start(&r, &m, &fd[0]) == -EBUSY && fd[0] < 0,
	       "a port without a service is refused");
	m = start_of(1, 7001);
	tap_ok(rogue_start(&r, &m, &fd[0]) == -EBUSY && fd[0] < 0,
	       "one without a command too");
	m = start_of(1, 7000);
	memset(m.start.identity, 'x', sizeof(m.start.identity));
	tap_ok(rogue_start(&r, &m, &fd[0]) == -EBUSY && fd[0] < 0,
	       "an identity without an end too");
	m = start_of(1, 7000);
	while (n < 8 && !rogue_start(&r, &m, &fd[n]))
		n++;
	tap_ok(n == 3, "no more run than the limit lets");
	/* A descriptor for the starter: it takes none. */
	m = start_of(1, 7000);
	tap_ok(!serve_link_send(r.link, &m, STDIN_FILENO, true) &&
	       rogue_hear(&r, &m, &fd[7]) && m.started.err == -EBUSY,
	       "a descriptor that comes with a request is let go");
	for (int i = 0; i < n; i++)
		close(fd[i]);
	for (int i = 0; i < n; i++)
		rogue_hear(&r, &m, &fd[7]);
	tap_ok(m.type == SERVE_EXITED, "the last one has ended");
	tap_ok(rogue_end(&r, false) == EXIT_DONE, "the end of the link is the end");
}

static void test_rate(void)
{
	struct rogue r = rogue_begin("service 7000 command /bin/true\n"
				     "limit starts 1 sessions 100\n");
	int fd, n = 0;

	for (uint32_t i = 1; i <= 20; i++) {
		struct serve_msg m = start_of(i, 7000), got;

		serve_link_send(r.link, &m, -1, true);
		do {
			if (!rogue_hear(&r, &got, &fd))
				break;
			if (fd >= 0)
				close(fd);
		} while (got.type != SERVE_STARTED);
		n += got.type == SERVE_STARTED && !got.started.err;
	}
	tap_ok(n >= 2 && n < 20, "no more are started a second than may be");
	kill(r.starter, SIGTERM);
	tap_ok(rogue_end(&r, false) == EXIT_DONE, "it ends");
}

/* The answer to a request for the target of a port. */
static int rogue_connect(const struct rogue *r, uint16_t port, int *fd)
{
	struct serve_msg m = {
		.type = SERVE_CONNECT, .session = 4, .port = port,
	};

	if (serve_link_send(r->link, &m, -1, true) || !rogue_hear(r, &m, fd) ||
	    m.type != SERVE_CONNECTED || m.session != 4)
		return -EPROTO;
	return m.started.err;
}

static int target_open(struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr->sun_family = AF_UNIX;
	snprintf(addr->sun_path, sizeof(addr->sun_path),
		 "/tmp/romon-starter-test.%d", getpid());
	unlink(addr->sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, sizeof(*addr)) ||
	    chmod(addr->sun_path, 0666) || listen(fd, 4))
		exit(1);
	return fd;
}

static void test_target(void)
{
	struct sockaddr_un addr = { 0 };
	int target = target_open(&addr), fd = -1, taken;
	struct serve_msg m = start_of(9, 7000);
	socklen_t len = sizeof(struct ucred);
	struct ucred peer = { 0 };
	struct rogue r;
	char conf[256], text[64];

	snprintf(conf, sizeof(conf), "service 7000 command /usr/bin/id\n"
		 "service 7001 unix %s\nservice 7002 unix /nowhere\n"
		 "set user nobody\n", addr.sun_path);
	r = rogue_begin(conf);
	tap_ok(!rogue_connect(&r, 7001, &fd) && fd >= 0,
	       "a socket to a target comes");
	taken = accept(target, NULL, NULL);
	getsockopt(taken, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	tap_ok(geteuid() ? peer.uid == geteuid() : peer.uid && peer.gid,
	       "the target sees a user who is not root");
	close(taken);
	close(fd);
	tap_ok(rogue_connect(&r, 7002, &fd) == -ENOENT && fd < 0,
	       "why there is no connection is told");
	tap_ok(rogue_connect(&r, 7000, &fd) && fd < 0 &&
	       rogue_connect(&r, 5000, &fd) && fd < 0,
	       "there is none to what is no target");
	tap_ok(!rogue_start(&r, &m, &fd) && fd >= 0,
	       "a command is started afterwards");
	read_all(fd, text, sizeof(text));
	close(fd);
	snprintf(conf, sizeof(conf), "uid=%u", getuid());
	tap_ok(!strncmp(text, conf, strlen(conf)), "... as who we are");
	unlink(addr.sun_path);
	close(target);
	tap_ok(rogue_hear(&r, &m, &fd) && m.type == SERVE_EXITED &&
	       rogue_end(&r, false) == EXIT_DONE, "it ends");
}

/* Nothing comes of it, neither a port nor more than a line. */
static void test_lines(void)
{
	struct rogue r = rogue_begin("service 7000 command /bin/cat\n");
	struct serve_msg m = { .type = SERVE_LOG };
	int fd = -1;

	memset(m.line.text, 'x', sizeof(m.line.text));
	m.line.priority = -1;
	serve_link_send(r.link, &m, -1, true);
	m.type = SERVE_BIND;
	m.port = 7000;
	serve_link_send(r.link, &m, -1, true);
	m = start_of(9, 7000);
	tap_ok(!rogue_start(&r, &m, &fd) && fd >= 0,
	       "it goes on after a line without an end, and a port to bind");
	close(fd);
	rogue_hear(&r, &m, &fd);
	tap_ok(rogue_end(&r, false) == EXIT_DONE, "... and it ends");
}

static size_t lines_of(int fd, char *last, size_t size)
{
	FILE *f = fdopen(fd, "r");
	size_t n = 0;

	rewind(f);
	while (fgets(last, (int)size, f))
		n++;
	fclose(f);
	return n;
}

/* Who fills a disk by them does so slowly, and is told of. */
static void test_many_lines(void)
{
	struct serve_msg m = { .type = SERVE_LOG, .line.text = "a line" };
	int64_t began = run_now();
	const size_t many = 20000;
	struct rogue r;
	char last[256];
	size_t sent = 0, n;

	found.log = memfd_create("log", MFD_CLOEXEC);
	r = rogue_begin("service 7000 command /bin/cat\n"
			"limit sessions 10\n");
	m.line.priority = LOG_INFO;
	while (sent < many && !serve_link_send(r.link, &m, -1, true))
		sent++;
	tap_ok(sent == many && rogue_end(&r, false) == EXIT_DONE,
	       "it goes on through very many lines");
	n = lines_of(found.log, last, sizeof(last));
	found.log = 0;
	tap_ok(n >= 100 &&
	       n < 200 + 100 * (size_t)((run_now() - began) / RUN_SECOND + 1),
	       "... and writes a hundred a second");
}

/* What the starter says, said to the starter; and what is no message. */
static void test_garbage(void)
{
	for (int type = SERVE_STARTED; type <= __SERVE_MSG_TYPES; type++) {
		struct rogue r = rogue_begin("service 7000 command /bin/cat\n");
		struct serve_msg m = { .type = (enum serve_msg_type)type };
		char what[64];
		int fd;

		serve_link_send(r.link, &m, -1, true);
		snprintf(what, sizeof(what),
			 "the link is closed at a message of type %d", type);
		tap_ok(!rogue_hear(&r, &m, &fd) || m.type == SERVE_STOP, what);
		tap_ok(rogue_end(&r, true) == EXIT_FAILED,
		       "... and who sent it is killed");
	}
	struct rogue r = rogue_begin("service 7000 command /bin/cat\n");

	tap_ok(send(r.link, "x", 1, 0) == 1 && rogue_end(&r, true) == EXIT_FAILED,
	       "so too with half a message");
}

/* More than are taken in one turn: none is forgotten. */
static void test_flood(void)
{
	struct rogue r = rogue_begin("service 7000 command /bin/true\n"
				     "limit starts 1 sessions 100\n");
	struct serve_msg m = start_of(1, 5000), got;
	int flags = fcntl(r.link, F_GETFL), fd, sent = 0, n = 0;

	fcntl(r.link, F_SETFL, flags | O_NONBLOCK);
	while (sent < 1000) {
		if (!serve_link_send(r.link, &m, -1, false))
			sent++;
		else if (rogue_hear(&r, &got, &fd))
			n++;
		else
			break;
	}
	while (n < sent && rogue_hear(&r, &got, &fd))
		n++;
	tap_ok(sent == 1000 && n == sent, "each of many requests is answered");
	fcntl(r.link, F_SETFL, flags);
	tap_ok(rogue_end(&r, false) == EXIT_DONE, "... and it ends");
}

static void test_no_sigchld(void)
{
	struct serve_msg m = start_of(9, 7000);
	struct rogue r;
	int fd = -1;

	found.no_sigchld = true;
	r = rogue_begin("service 7000 command \"/bin/sh -c 'exit 3'\"\n");
	found.no_sigchld = false;
	tap_ok(!rogue_start(&r, &m, &fd) && fd >= 0 &&
	       rogue_hear(&r, &m, &fd) && m.type == SERVE_EXITED &&
	       WIFEXITED(m.exited.status) && WEXITSTATUS(m.exited.status) == 3,
	       "where SIGCHLD was ignored, ends are still told");
	tap_ok(rogue_end(&r, false) == EXIT_DONE, "... and it ends");
}

/* From one descriptor to as many as it takes: it works or tells why not. */
static void test_few_files(void)
{
	bool told = true, refused = false, works = false;
	char text[16];

	for (rlim_t files = 5; files < 100 && !works; files++) {
		struct serve_msg m = start_of(1, 7000);
		struct rogue r;
		int fd = -1, err;

		found.files = files;
		r = rogue_begin("service 7000 command \"/bin/echo here\"\n");
		err = rogue_start(&r, &m, &fd);
		refused = refused || err == -EMFILE;
		if (!err && fd >= 0) {
			read_all(fd, text, sizeof(text));
			works = !strcmp(text, "here\n");
			told = told && works;
			close(fd);
		}
		rogue_end(&r, false);
	}
	found.files = 0;
	tap_ok(refused && works && told,
	       "who has too few descriptors to start a command tells so");
}

int main(void)
{
	test_start();
	test_waited();
	test_refusals();
	test_flood();
	test_no_sigchld();
	test_few_files();
	test_rate();
	test_target();
	test_lines();
	test_many_lines();
	test_garbage();
	return 0;
}
