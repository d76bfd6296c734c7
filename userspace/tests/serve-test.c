// SPDX-License-Identifier: GPL-2.0-only
/* The configuration of serve, and the rates of what it does. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rate.h"
#include "serve/conf.h"
#include "tap.h"

static char said[512];
static unsigned int complaints;

static void hear(const char *line)
{
	complaints++;
	snprintf(said, sizeof(said), "%s", line);
}

static char file[32];

static int read_text(struct serve_conf *c, const char *text)
{
	FILE *f = fopen(file, "w");
	int status;

	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
	complaints = 0;
	said[0] = '\0';
	memset(c, 0xff, sizeof(*c));
	status = serve_conf_read(c, file);
	return status;
}

static void test_whole(void)
{
	const struct serve_service *s;
	struct sockaddr_un *un;
	struct sockaddr_in *in;
	struct serve_conf c;
	char buf[64];

	if (!tap_ok(read_text(&c,
			      "# what we offer\n"
			      "service ssh command \"/bin/sh -c 'exit 3' x\"\n"
			      "service 5000 tcp 127.0.0.1:80 allow 02:00:00:00:00:01,02-00-00-00-00-02\n"
			      "service winbox unix /run/x.sock sessions 10 sessions-per-peer=2\n"
			      "\n"
			      "service=7001 unix @romon\n"
			      "limit sessions 300 sessions-per-peer 30   keepalive 30\n"
			      "limit starts=7 starts-per-peer 3\n"
			      "set log syslog\n") != EXIT_DONE,
		    "service=7001 is not how a service begins"))
		serve_conf_free(&c);
	tap_ok(strstr(said, ":6: serve: service, limit or set, not service=7001"),
	       "the complaint has the file, the line and the word");

	if (!tap_ok(read_text(&c,
			      "# what we offer\n"
			      "service ssh command \"/bin/sh -c 'exit 3' x\"\n"
			      "service 5000 tcp 127.0.0.1:80 allow 02:00:00:00:00:01,02-00-00-00-00-02\n"
			      "service winbox unix /run/x.sock sessions 10 sessions-per-peer=2\n"
			      "\n"
			      "service 7001 unix @romon\n"
			      "service 7002 tcp=[::1]:8080\n"
			      "limit sessions 300 sessions-per-peer 30   keepalive 30\n"
			      "limit starts=7 starts-per-peer 3 memory 5\n"
			      "set log syslog\n") == EXIT_DONE && !complaints,
		    "a configuration is read")) {
		printf("# %s\n", said);
		return;
	}
	tap_ok(c.n == 5 && c.limits.sessions == 300 &&
	       c.limits.per_peer == 30 && c.limits.starts == 7 &&
	       c.limits.starts_per_peer == 3 && c.syslog &&
	       c.limits.keepalive_ns == 30 * RUN_SECOND &&
	       c.limits.memory == 5 << 20,
	       "limits and settings are as it says");
	s = serve_conf_find(&c, 3);
	tap_ok(s && s->offer.kind == SERVE_COMMAND && s->command.n == 4 &&
	       !strcmp(s->command.word[2], "exit 3") && !s->command.word[4] &&
	       !s->offer.n_allow && !s->offer.sessions && !s->user.name &&
	       s->offer.login,
	       "a command is split into its words, as the file is");
	s = serve_conf_find(&c, 5000);
	in = s ? (void *)&s->offer.addr : NULL;
	tap_ok(in && s->offer.kind == SERVE_TCP && s->offer.n_allow == 2 &&
	       s->offer.allow[1][5] == 2 && in->sin_family == AF_INET &&
	       in->sin_port == htons(80) &&
	       in->sin_addr.s_addr == htonl(INADDR_LOOPBACK),
	       "a TCP address, and who may come to it");
	s = serve_conf_find(&c, 7002);
	tap_is(s && s->offer.addr.ss_family == AF_INET6 ?
	       inet_ntop(AF_INET6,
			 &((struct sockaddr_in6 *)&s->offer.addr)->sin6_addr,
			 buf, sizeof(buf)) : NULL, "::1", "an IPv6 address");
	s = serve_conf_find(&c, 4);
	un = s ? (void *)&s->offer.addr : NULL;
	tap_ok(un && s->offer.kind == SERVE_UNIX && s->offer.sessions == 10 &&
	       s->offer.per_peer == 2 && un->sun_family == AF_UNIX &&
	       !strcmp(un->sun_path, "/run/x.sock"), "a path, with limits");
	s = serve_conf_find(&c, 7001);
	un = s ? (void *)&s->offer.addr : NULL;
	tap_ok(un && !un->sun_path[0] && !memcmp(un->sun_path + 1, "romon", 5) &&
	       s->offer.addr_len == sizeof(sa_family_t) + 6,
	       "an abstract name, without a zero at its end");
	tap_ok(!serve_conf_find(&c, 5), "what is not served is not found");
	serve_conf_free(&c);
}

static void test_defaults(void)
{
	struct serve_conf c;
	uint64_t memory;

	tap_ok(read_text(&c, "service 5 tcp 10.0.0.1:1\n") == EXIT_DONE &&
	       c.limits.sessions == 32 && c.limits.per_peer == 16 &&
	       c.limits.starts == 5 && c.limits.starts_per_peer == 10 &&
	       !c.limits.keepalive_ns && !c.syslog, "limits have defaults");
	memory = (uint64_t)sysconf(_SC_PHYS_PAGES) *
		 (uint64_t)sysconf(_SC_PAGESIZE) / 32;
	tap_ok(c.limits.memory == (memory > 1 << 20 ? memory : 1 << 20),
	       "streams may hold a 32nd of the machine's memory");
	tap_ok(geteuid() ? !c.user.name : c.user.name && c.user.uid,
	       "root's other half is somebody else");
	serve_conf_free(&c);
}

static void test_login(void)
{
	struct serve_conf c;

	tap_ok(read_text(&c, "service ssh command /bin/cat login off\n"
			     "service 7 command /bin/cat\n"
			     "service 8 command /bin/cat login on\n"
			     "service 9 unix /x login off\n") == EXIT_DONE &&
	       !c.service[0].offer.login && !c.service[1].offer.login &&
	       c.service[2].offer.login && !c.service[3].offer.login,
	       "what people log in with is what it says, or at port ssh");
	serve_conf_free(&c);
}

static void test_refusals(void)
{
	/* lines, and what the complaint must have in it */
	static const char * const bad[][2] = {
		{ "", "there is no service" },
		{ "# nothing\n", "there is no service" },
		{ "limit sessions 5\n", "there is no service" },
		{ "srevice ssh\n", ":1: serve: service, limit or set, not srevice" },
		{ "service\n", ":1: serve: service: at which port" },
		{ "service 1 tcp 1.2.3.4:5\n", "a number from 2 to 65535, not 1" },
		{ "service 0 tcp 1.2.3.4:5\n", "not 0" },
		{ "service 65536 tcp 1.2.3.4:5\n", "not 65536" },
		{ "service echo tcp 1.2.3.4:5\n", "not echo" },
		{ "service 7\n", "service 7: command, tcp or unix is missing" },
		{ "service winbox\n", "is missing" },
		{ "service 7 tcp 1.2.3.4:5 unix /x\n", "one of command, tcp and unix" },
		{ "service 7 tcp 1.2.3.4:5\nservice 7 unix /x\n",
		  ":2: serve: service 7: there is one" },
		{ "service ssh unix /x\nservice 3 unix /x\n",
		  ":2: serve: service 3: there is one" },
		{ "service 7 tcp 1.2.3.4:5 tcp 1.2.3.4:5\n", "given twice" },
		{ "service 7 tcp\n", "value missing" },
		{ "service 7 tcp 1.2.3.4\n", "an address in numbers" },
		{ "service 7 tcp localhost:5\n", "an address in numbers" },
		{ "service 7 tcp 1.2.3.4:0\n", "an address in numbers" },
		{ "service 7 tcp 1.2.3.4:65536\n", "an address in numbers" },
		{ "service 7 tcp 1.2.3.4:\n", "an address in numbers" },
		{ "service 7 tcp :80\n", "an address in numbers" },
		{ "service 7 tcp ::1:80\n", "an address in numbers" },
		{ "service 7 tcp []:80\n", "an address in numbers" },
		{ "service 7 tcp [::1]\n", "an address in numbers" },
		{ "service 7 unix x\n", "a whole path" },
		{ "service 7 unix /\n", "a whole path" },
		{ "service 7 unix @\n", "a whole path" },
		{ "service 7 command \"\"\n", "command: empty" },
		{ "service 7 command \"'\"\n", "quote without its end" },
		{ "service 7 command true\n", "not the whole path" },
		{ "service 7 command /nowhere/at-all\n", "No such file" },
		{ "service 7 command /etc/passwd\n", "Permission denied" },
		{ "service 7 command /bin\n", "not a file" },
		{ "service 7 unix /x user root\n", "user: of a command only" },
		{ "service 7 unix /x login on\n", "login: of a command only" },
		{ "service 7 command /bin/sh login maybe\n", "login: " },
		{ "service 7 command /bin/sh user nobody-of-this-name\n", "no such user" },
		{ "service 7 unix /x allow \"\"\n", "no ID is in it" },
		{ "service 7 unix /x allow 02:00:00:00:00:01,\n", "IDs with commas" },
		{ "service 7 unix /x allow ,02:00:00:00:00:01\n", "IDs with commas" },
		{ "service 7 unix /x allow r2\n", "IDs with commas" },
		{ "service 7 unix /x allow 02:00:00:00:00:01:02\n", "IDs with commas" },
		{ "service 7 unix /x sessions 0\n", "sessions: a number from 1 to 4096, not 0" },
		{ "service 7 unix /x sessions 4097\n", "sessions: a number" },
		{ "service 7 unix /x sessions -1\n", "sessions: a number" },
		{ "service 7 unix /x color red\n", "unknown word: color" },
		{ "limit\n", "limit: which" },
		{ "limit sessions 0\n", "limit: sessions: a number from 1 to 4096, not 0" },
		{ "limit sessions 99999\n", "sessions: a number from 1 to 4096, not 99999" },
		{ "service 7 unix /x sessions-per-peer 4097\n", "from 1 to 4096, not 4097" },
		{ "limit sessions 5 sessions 5\n", "given twice" },
		{ "limit sessions 5\nlimit sessions 5\n",
		  ":2: serve: limit: sessions: given twice" },
		{ "limit starts 10001\n", "starts: a number from 1 to 10000, not 10001" },
		{ "limit memory 0\n", "memory: a number from 1 to 65536, not 0" },
		{ "limit memory 65537\n", "from 1 to 65536, not 65537" },
		{ "limit keepalive 0.5\n", "keepalive: seconds from 1" },
		{ "limit keepalive 86401\n", "keepalive: seconds from 1" },
		{ "limit keepalive soon\n", "keepalive: seconds" },
		{ "set\n", "set: what" },
		{ "set log file\n", "stderr or syslog, not file" },
		{ "set log stderr\nset log stderr\n", "given twice" },
		{ "set user nobody-of-this-name\n", "no such user" },
		{ "service 7 unix \"/x\n", ":1: serve: quote without its end" },
	};
	struct serve_conf c;
	char what[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int status = read_text(&c, bad[i][0]);

		snprintf(what, sizeof(what), "refused, once: %.*s",
			 (int)strcspn(bad[i][0], "\n"), bad[i][0]);
		if (!tap_ok(status == EXIT_USAGE && complaints == 1 &&
			    strstr(said, bad[i][1]), what))
			printf("# status %d, %u complaints, the last: %s\n",
			       status, complaints, said);
	}
	complaints = 0;
	tap_ok(serve_conf_read(&c, "/nowhere/at-all") == EXIT_FAILED &&
	       complaints == 1, "a file that is not there is a failure");
	if (!geteuid())
		tap_ok(read_text(&c, "set user root\n") == EXIT_USAGE &&
		       strstr(said, "not root"),
		       "the part without rights can not be root");
}

static void test_bounds(void)
{
	struct serve_conf c;
	char *text = xcalloc(1, 1 << 20), *to = text;
	int status;

	for (int i = 0; i < SERVE_SERVICES_MAX + 1; i++)
		to += sprintf(to, "service %d unix /x\n", 100 + i);
	status = read_text(&c, text);
	tap_ok(status == EXIT_USAGE && strstr(said, ":257:") &&
	       strstr(said, "more than 256 services"),
	       "there may be 256 services");
	to = text + sprintf(text, "service 7 unix /x allow 02:00:00:00:00:00");
	for (int i = 0; i < SERVE_ALLOW_MAX - 1; i++)
		to += sprintf(to, ",0200000000%02x", i);
	status = read_text(&c, text);
	if (tap_ok(status == EXIT_DONE && c.service[0].offer.n_allow == 256,
		   "256 IDs may be permitted"))
		serve_conf_free(&c);
	strcpy(to, ",02:00:00:00:00:00");
	tap_ok(read_text(&c, text) == EXIT_USAGE &&
	       strstr(said, "more than 256 IDs"), "and no more");
	sprintf(text, "service 7 unix /%0107d", 0);
	tap_ok(read_text(&c, text) == EXIT_USAGE &&
	       strstr(said, "longer than 107 bytes"),
	       "a path of 108 bytes is too long");
	sprintf(text, "service 7 unix /%0106d", 0);
	if (tap_ok(read_text(&c, text) == EXIT_DONE, "... one of 107 is not"))
		serve_conf_free(&c);
	free(text);
}

/* A file with some bytes changed, moved and gone. */
static void mutate(char *text, uint64_t *seed, int times)
{
	size_t len = strlen(text);

	for (int i = 0; i < times; i++) {
		size_t at, from;

		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		at = (*seed >> 33) % len;
		from = (*seed >> 13) % len;
		switch (*seed >> 61) {
		case 0:
			text[at] = (char)(*seed >> 24 | 1);
			break;
		case 1:
			text[at] = "\"'\\\n =,:#@[]"[(*seed >> 40) % 12];
			break;
		case 2:
			text[at] = '\0';
			len = at ? at : 1;
			break;
		default:
			text[at] = text[from];
		}
	}
}

static void test_mutations(void)
{
	static const char good[] =
		"service ssh command \"/bin/sh -c 'exit 3' x\" sessions 3\n"
		"service 5000 tcp 127.0.0.1:80 allow 02:00:00:00:00:01,020000000002\n"
		"service winbox unix /run/x.sock sessions-per-peer=2\n"
		"service 7002 tcp=[::1]:8080 # and a comment\n"
		"limit sessions 300 keepalive 30.5\n"
		"set log syslog\n";
	unsigned int taken = 0, refused = 0;
	struct serve_conf c;
	uint64_t seed = 1;
	bool ok = true;

	for (int i = 0; ok && i < 3000; i++) {
		char text[sizeof(good)];
		int status;

		memcpy(text, good, sizeof(good));
		mutate(text, &seed, 1 + i % 3);
		status = read_text(&c, text);
		ok = complaints == (status != EXIT_DONE);
		if (status == EXIT_DONE) {
			serve_conf_free(&c);
			taken++;
		} else {
			refused++;
		}
		if (!ok)
			printf("# status %d, %u complaints: %s\n", status,
			       complaints, said);
	}
	if (!tap_ok(ok && taken > 100 && refused > 100,
		    "whatever a file has in it, it is read, or refused once"))
		printf("# %u were read, %u refused\n", taken, refused);
}

static void test_words(void)
{
	char words[][16] = { "service", "7", "unix=/x", "sessions", "3" };
	char *word[5] = { words[0], words[1], words[2], words[3], words[4] };
	struct args args = { word, 5 };
	struct serve_conf c;

	if (tap_ok(serve_conf_words(&c, &args) == EXIT_DONE && c.n == 1 &&
		   c.service[0].offer.port == 7 &&
		   c.service[0].offer.sessions == 3,
		   "a service of the command line"))
		serve_conf_free(&c);
	args.word = word + 1;
	args.n = 4;
	if (tap_ok(serve_conf_words(&c, &args) == EXIT_DONE && c.n == 1,
		   "... without the word service"))
		serve_conf_free(&c);
	args.word = word + 3;
	args.n = 2;
	tap_ok(serve_conf_words(&c, &args) == EXIT_USAGE,
	       "... that is none is refused");
}

static void test_rate(void)
{
	struct rate r = { 0 };
	int64_t now = 1000 * RUN_SECOND;
	int n = 0;

	while (n < 100 && rate_take(&r, 10, 20, now))
		n++;
	tap_ok(n == 20, "20 at once");
	tap_ok(rate_when(&r, 10, 20) == now + RUN_SECOND / 10,
	       "when one more may be is told");
	tap_ok(!rate_take(&r, 10, 20, now + RUN_SECOND / 10 - 1) &&
	       rate_take(&r, 10, 20, now + RUN_SECOND / 10) &&
	       !rate_take(&r, 10, 20, now + RUN_SECOND / 10),
	       "one more after a tenth of a second");
	n = 0;
	for (int64_t t = 0; t < 100 * RUN_SECOND; t += RUN_SECOND / 100)
		n += rate_take(&r, 10, 20, now + RUN_SECOND + t);
	tap_ok(n >= 1000 && n <= 1020, "10 a second for long");
	n = 0;
	now += 1000 * RUN_SECOND;
	while (n < 100 && rate_take(&r, 10, 20, now))
		n++;
	tap_ok(n == 20, "20 at once, however long nothing was done");
}

int main(void)
{
	int fd;

	strcpy(file, "/tmp/romon-serve-test.XXXXXX");
	fd = mkstemp(file);
	if (fd < 0)
		return 1;
	close(fd);
	err_set_sink(hear);
	test_whole();
	test_defaults();
	test_login();
	test_refusals();
	test_bounds();
	test_mutations();
	test_words();
	test_rate();
	unlink(file);
	return 0;
}
