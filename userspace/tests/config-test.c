// SPDX-License-Identifier: GPL-2.0-only
/* Configurations as a whole: read, written, and what leads to another. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "base/err.h"
#include "config/apply.h"
#include "config/boot.h"
#include "config/diff.h"
#include "config/keys.h"
#include "config/lines.h"
#include "config/store.h"
#include "parse/script.h"
#include "tap.h"
#include "wrap.h"

static char said[512];

static void hear(const char *line)
{
	snprintf(said, sizeof(said), "%s", line);
}

static char file[32];

static int read_text(struct model *m, const char *text)
{
	FILE *f = fopen(file, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
	said[0] = '\0';
	memset(m, 0xff, sizeof(*m));
	return lines_read(m, file);
}

static void refuses(const char *text, const char *why)
{
	struct model m;
	char what[128];

	snprintf(what, sizeof(what), "refused: %s", why);
	tap_ok(read_text(&m, text) != EXIT_DONE && strstr(said, why), what);
	model_free(&m);
}

/* As words, in memory that is to be freed. */
static char *written(const struct model *m)
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	lines_print(f, m);
	fclose(f);
	return text;
}

static char *whole(const char *text)
{
	return xasprintf(SCRIPT_FIRST "\n%s" SCRIPT_LAST "\n", text);
}

static void rewritten(const char *text, const char *lines, const char *what)
{
	char *got, *want;
	struct model m;

	if (!tap_ok(read_text(&m, text) == EXIT_DONE, what))
		return;
	got = written(&m);
	want = whole(lines);
	tap_is(got, want, "... and written as it is");
	free(want);
	free(got);
	model_free(&m);
}

/* A device may be called anything but for blanks. */
static void rewritten_name(const char *name)
{
	struct model m, again;
	char what[64], *got;

	if (read_text(&m, "port set all\n") != EXIT_DONE)
		exit(1);
	model_add(&m, name);
	got = written(&m);
	snprintf(what, sizeof(what), "a device %s is written to be read", name);
	tap_ok(read_text(&again, got) == EXIT_DONE &&
	       model_port(&again, name) && again.n_ports == m.n_ports, what);
	free(got);
	model_free(&m);
	model_free(&again);
}

static void put_change(FILE *f, const struct diff_change *c)
{
	bool config = c->cmd == ROMON_CMD_CONFIG_SET;
	const struct settings *s = config ? &config_settings : &port_settings;

	fputs(config ? "set" :
	      c->cmd == ROMON_CMD_PORT_ADD ? "add" :
	      c->cmd == ROMON_CMD_PORT_DEL ? "del" : "change", f);
	if (!config)
		fprintf(f, " %s", c->interface);
	for (size_t i = 0; i < s->n; i++)
		if (c->set[i].given)
			keys_print(f, &s->v[i], &c->set[i]);
	fputs("; ", f);
}

static void leads(const char *from, const char *to, const char *want,
		  const char *what)
{
	struct model is, then;
	struct diff diff;
	size_t size;
	char *text;
	FILE *f;

	if (!tap_ok(read_text(&is, from) == EXIT_DONE &&
		    read_text(&then, to) == EXIT_DONE, what))
		return;
	f = open_memstream(&text, &size);
	diff_make(&diff, &then, &is);
	for (size_t i = 0; i < diff.n; i++)
		put_change(f, &diff.v[i]);
	diff_free(&diff);
	fclose(f);
	tap_is(text, want, "... by these requests");
	free(text);
	model_free(&is);
	model_free(&then);
}

#define WHOLE								\
	"set id 02:00:00:00:00:01\n"					\
	"set identity \"two words\"\n"					\
	"set board auto\n"						\
	"set secrets \",a\\\\x22b\"\n"					\
	"set hop-limit 7\n"						\
	"set max-neighbors 9\n"						\
	"port set all cost 3 forbid on\n"				\
	"port add eth0 cost 100 forbid off disabled on secrets \"x\" comment \"a b\"\n" \
	"set enabled on\n"

/* What is kept is the key, which no second reading stretches again. */
static void test_stretched(void)
{
#ifdef HAVE_LIBCRYPT
#define KEY	"stretched:f169867c76bebe901ff9ef43b794ff7b"
#define KEYS	"set secrets \"," KEY "\"\n"				\
		"port add eth0 cost 100 forbid off disabled off secrets \"" \
		KEY "\"\n"						\
		"port set all cost 100 forbid off\n"
	rewritten("set network home secrets ,secret\n"
		  "port add eth0 secrets=secret network=home\n", KEYS,
		  "secrets of a network are stretched");
	rewritten(KEYS, KEYS, "... once");
	refuses("set network home secrets " KEY "\n",
		"set: network: a secret that is stretched already");
	refuses("set network \"\" secrets a\n", "set: network: an empty name");
#else
	refuses("set network home secrets a\n", "built without libcrypt");
#endif
}

/* A file that was cut off, wherever, must not be taken for less. */
static void test_cut(void)
{
	char *text = whole(WHOLE);
	size_t len = strlen(text), taken = 0;
	struct model m;
	char last;

	/* All but the last line's end. */
	for (size_t i = 0; i < len - 1; i++) {
		last = text[i];
		text[i] = '\0';
		taken += read_text(&m, text) == EXIT_DONE;
		model_free(&m);
		text[i] = last;
	}
	tap_ok(!taken, "what was saved is refused if it is cut off, wherever");
	text[len - 1] = '\0';
	tap_ok(read_text(&m, text) == EXIT_DONE,
	       "... but not if its very last byte is missing");
	model_free(&m);
	free(text);

	refuses("", "no command in it");
	refuses("\n\t\n# set hop-limit 3\n", "no command in it");
	refuses("# end\n", "no command in it");
	refuses(SCRIPT_FIRST "\nset hop-limit 3\n",
		"it ends before its end: there is no # end as its last line");
	refuses(SCRIPT_FIRST "\t\r\nset hop-limit 3\n", "ends before its end");
	refuses(SCRIPT_FIRST "\nset hop-limit 3\n# end\n" SCRIPT_FIRST "\n",
		"ends before its end");
	tap_ok(read_text(&m, SCRIPT_FIRST "\r\nset hop-limit 3\r\n# end\r\n") ==
	       EXIT_DONE, "an editor's carriage returns do no harm");
	model_free(&m);
	tap_ok(read_text(&m, "# by hand\nset hop-limit 3\n") == EXIT_DONE,
	       "what is written by hand needs no end");
	model_free(&m);
}

static bool has(const char *path, const char *want)
{
	char text[1024];
	FILE *f = fopen(path, "r");
	size_t len;

	if (!f)
		return false;
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	return !strcmp(text, want);
}

static bool is_link(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

/* In a folder of its own, which is empty when what is known to be in it goes. */
static void test_store(void)
{
	char dir[] = "/tmp/config-test.XXXXXX", *want = whole(WHOLE);
	struct rlimit limit, small;
	struct model m;
	struct stat st;
	int status;

	if (!mkdtemp(dir) || chdir(dir) || mkdir("sub", 0700) ||
	    symlink("sub/second", "first") || symlink("third", "sub/second") ||
	    symlink("loop", "loop"))
		exit(1);
	if (read_text(&m, WHOLE) != EXIT_DONE)
		exit(1);
	tap_ok(store_model(&m, "", "first", "save") == EXIT_DONE &&
	       is_link("first") && is_link("sub/second") &&
	       has("sub/third", want), "links to nothing yet lead to the file");
	tap_ok(!stat("first", &st) && (st.st_mode & 07777) == 0600,
	       "... which is its owner's alone");
	if (truncate("first", 3))
		exit(1);
	tap_ok(store_model(&m, "", "first", "save") == EXIT_DONE &&
	       is_link("first") && is_link("sub/second") &&
	       has("sub/third", want), "... and to one that is there");
	tap_ok(store_model(&m, "", "loop", "save") == EXIT_FAILED &&
	       strstr(said, "save: loop: ") && is_link("loop"),
	       "a link to itself is complained of");
	tap_ok(store_model(&m, "", "sub", "save") == EXIT_FAILED &&
	       strstr(said, "save: sub: not a regular file"),
	       "a folder is not replaced");

	tap_ok(store_model(&m, "", "", "save") == EXIT_FAILED &&
	       strstr(said, "save: a file without a name"),
	       "a file has a name");

	/* As a disk that is full. */
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 64;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	m.set[CONFIG_HOP_LIMIT].number = 8;
	said[0] = '\0';
	status = store_model(&m, "", "first", "save");
	setrlimit(RLIMIT_FSIZE, &limit);
	tap_ok(status == EXIT_FAILED &&
	       strstr(said, "save: first: File too large"),
	       "what there is no room for is complained of");
	tap_ok(has("sub/third", want), "... and what was there is there yet");
	tap_ok(!unlink("sub/third") && !unlink("sub/second") &&
	       !rmdir("sub") && !unlink("first") && !unlink("loop") &&
	       !chdir("/") && !rmdir(dir), "nothing else is left behind");
	model_free(&m);
	free(want);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
}

static void boots(const char *dir, const char *lines, const char *what)
{
	char *got, *want = whole(lines);
	struct model m;

	said[0] = '\0';
	if (tap_ok(boot_read(&m, dir) == EXIT_DONE && !*said, what)) {
		got = written(&m);
		tap_is(got, want, "... as one configuration");
		free(got);
	}
	model_free(&m);
	free(want);
}

static void boots_not(const char *dir, const char *why, const char *what)
{
	struct model m;

	said[0] = '\0';
	tap_ok(boot_read(&m, dir) != EXIT_DONE && strstr(said, why), what);
	model_free(&m);
}

static void boots_said(const char *want, const char *what)
{
	struct model m;

	said[0] = '\0';
	tap_ok(boot_read(&m, ".") == EXIT_DONE && strstr(said, want), what);
	model_free(&m);
}

static void test_boot(void)
{
	char dir[] = "/tmp/config-test.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir))
		exit(1);
	boots_not(".", "there is no ./romon.conf, and nothing in ./conf.d",
		  "without any file there is nothing to restore");
	put("romon.conf", "set hop-limit 3\nport add eth0 cost 5\n");
	boots(".", "set hop-limit 3\n"
	      "port add eth0 cost 5 forbid off disabled off\n"
	      "port set all cost 100 forbid off\n",
	      "one file is enough");
	if (mkdir("conf.d", 0700))
		exit(1);
	put("conf.d/20.conf", "port add eth0 forbid on\nset hop-limit 5\n");
	put("conf.d/100.conf", "set hop-limit 4\nport add eth1\n");
	put("conf.d/30.conf~", "set hop-limit 6\n");
	put("conf.d/.40.conf", "set hop-limit 7\n");
	put("conf.d/.conf", "set hop-limit 8\n");
	boots(".", "set hop-limit 5\n"
	      "port add eth0 cost 5 forbid on disabled off\n"
	      "port add eth1 cost 100 forbid off disabled off\n"
	      "port set all cost 100 forbid off\n",
	      "others come behind it in the order of their names");
	put("conf.d/30.conf", "port add eth2\nport add eth2\n");
	boots_not(".", "./conf.d/30.conf:2: port add: eth2: there is an entry",
		  "within a file an entry is added once");
	put("conf.d/30.conf", "\n");
	boots_not(".", "./conf.d/30.conf: there is no command in it",
		  "none of them may be empty");
	put("conf.d/30.conf", SCRIPT_FIRST "\nset hop-limit 9\n");
	boots_not(".", "./conf.d/30.conf: it ends before its end",
		  "... nor cut off");
	if (unlink("conf.d/30.conf") || unlink("romon.conf"))
		exit(1);
	boots(".", "set hop-limit 5\n"
	      "port add eth1 cost 100 forbid off disabled off\n"
	      "port add eth0 cost 100 forbid on disabled off\n"
	      "port set all cost 100 forbid off\n",
	      "those alone are enough");
	if (symlink("nothing", "romon.conf"))
		exit(1);
	boots_not(".", "restore: ./romon.conf: No such file",
		  "a link to nothing is no file that is not there");
	if (chmod("conf.d/20.conf", 0644) || unlink("romon.conf"))
		exit(1);
	put("conf.d/20.conf", "set hop-limit 5\n");
	put("conf.d/30.conf", "set secrets x\n");
	if (chmod("conf.d/30.conf", 0600))
		exit(1);
	boots(".", "set secrets \"x\"\nset hop-limit 5\n"
	      "port add eth1 cost 100 forbid off disabled off\n"
	      "port set all cost 100 forbid off\n",
	      "others may read what has no secrets in it");
	if (chmod("conf.d/30.conf", 0644))
		exit(1);
	boots_said("conf.d/30.conf: others can read it",
		   "... and of what has it is told");
	if (unlink("conf.d/20.conf") || unlink("conf.d/30.conf") ||
	    unlink("conf.d/100.conf") || unlink("conf.d/30.conf~") ||
	    unlink("conf.d/.40.conf") || unlink("conf.d/.conf") ||
	    rmdir("conf.d") || chdir("/") || rmdir(dir))
		exit(1);
}

/* A kernel that is as new, and refuses what it is told to refuse. */
WRAP(api_shared);
WRAP(api_config_get);
WRAP(api_port_dump);
WRAP(api_config_set);
WRAP(api_port_change);
WRAP(romon_nl_refusal);

static struct romon_nl_refusal refusal;
static const char *refused_port;
static bool refuses_undoing;
static unsigned int changes;

struct romon_nl *wrap_api_shared(const char *what)
{
	(void)what;
	return (struct romon_nl *)&refusal;
}

const struct romon_nl_refusal *
wrap_romon_nl_refusal(const struct romon_nl *nl)
{
	(void)nl;
	return &refusal;
}

int wrap_api_config_get(struct api_config *config)
{
	memset(config, 0, sizeof(*config));
	return 0;
}

int wrap_api_port_dump(struct api_ports *ports)
{
	memset(ports, 0, sizeof(*ports));
	return changes && refuses_undoing ? -1 : 0;
}

int wrap_api_config_set(const struct setting_value *set, const char *what)
{
	changes++;
	if (!set[CONFIG_HOP_LIMIT].given || set[CONFIG_HOP_LIMIT].number < 129)
		return 0;
	complain("%s: hop-limit: out of range", what);
	return -1;
}

int wrap_api_port_change(int cmd, const char *interface,
			 const struct setting_value *set, const char *what)
{
	(void)cmd;
	(void)set;
	changes++;
	if (!refused_port || strcmp(interface, refused_port))
		return 0;
	complain("%s: no", what);
	return -1;
}

static void tells(const char *text, unsigned int attr, const char *line,
		  const char *why)
{
	char *want = xasprintf("%s:%s", file, line);
	struct model m;

	changes = 0;
	refusal.attr = attr;
	if (read_text(&m, text) != EXIT_DONE)
		exit(1);
	tap_ok(apply_model(&m, "restore") == EXIT_FAILED, why);
	tap_is(said, want, "... in one sentence, with its line");
	model_free(&m);
	free(want);
}

/* Of two files: which of them asks for it. */
static void test_refused_second(void)
{
	char *want = xasprintf("%s:1: set: hop-limit: out of range; all is as it was",
			       file);
	char first[] = "/tmp/config-test.XXXXXX";
	struct model m;
	int fd = mkstemp(first);

	if (fd < 0 || close(fd))
		exit(1);
	put(first, "port add eth0\nset flood-rate 3\n");
	put(file, "set hop-limit 200\n");
	memset(&m, 0, sizeof(m));
	changes = 0;
	refusal.attr = ROMON_A_CONFIG_HOP_LIMIT;
	if (lines_add(&m, first) != EXIT_DONE ||
	    lines_add(&m, file) != EXIT_DONE)
		exit(1);
	tap_ok(apply_model(&m, "restore") == EXIT_FAILED,
	       "of several files one may be refused");
	tap_is(said, want, "... and which one is told");
	model_free(&m);
	unlink(first);
	free(want);
}

static void test_refused(void)
{
	tells("set flood-rate 3\n\nset max-ports 9 hop-limit 200\n",
	      ROMON_A_CONFIG_HOP_LIMIT,
	      "3: set: hop-limit: out of range; all is as it was",
	      "a setting that the kernel refuses is told");
	refused_port = "eth0";
	tells("set hop-limit 7\nport add eth0\nport add eth1\n", 0,
	      "2: port add eth0: no; all is as it was",
	      "... and a port");
	refused_port = "eth1";
	tells("port add eth0\nport add eth1 cost 3\nport set eth1 cost 4\n",
	      ROMON_A_PORT_COST, "3: port add eth1: no; all is as it was",
	      "... by the last word on it");
	refuses_undoing = true;
	tells("port add eth0\nport add eth1 cost 3\n", ROMON_A_PORT_COST,
	      "2: port add eth1: no; half of what was asked for is done",
	      "... and that what was done stays");
	refuses_undoing = false;
	refused_port = NULL;
	test_refused_second();
}

/* A string of no bytes, not even the zero behind it, is none. */
static void test_no_text(void)
{
	struct nlattr attr = {
		.nla_len = NLA_HDRLEN, .nla_type = ROMON_A_PORT_COMMENT
	};
	struct romon_nl_attrs attrs = { &attr, sizeof(attr) };
	struct api_port port;

	api_port_read(attrs, &port);
	tap_ok(!port.set[PORT_COMMENT].given, "a text without its end is none");
	api_port_free(&port);
}

int main(void)
{
	static const char * const names[] = {
		"a\"b", "#x", "'", "a\\b", "\\", "a=b", "-x", "$x", "\033[2J",
		"\xc3\xa4", "\xff",
	};
	int fd;

	strcpy(file, "/tmp/config-test.XXXXXX");
	fd = mkstemp(file);
	if (fd < 0)
		return 1;
	close(fd);
	err_set_sink(hear);

	rewritten(WHOLE, WHOLE, "what was saved is read");
	rewritten("set enabled on hop-limit 3\nset enabled=off hop-limit=4\n",
		  "set enabled off\n"
		  "set hop-limit 4\n"
		  "port set all cost 100 forbid off\n",
		  "later lines win");
	rewritten("port add eth0 cost 7 comment x secrets a\n"
		  "port set eth0 forbid on secrets none comment=\n",
		  "port add eth0 cost 7 forbid on disabled off\n"
		  "port set all cost 100 forbid off\n",
		  "... key by key of a port too");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		rewritten_name(names[i]);

	refuses("set colour red\n", "unknown word: colour");
	refuses("port add eth0 cost 65536\n", "cost: a number from 0 to 65535");
	refuses("port add all\n", "there is an entry already");
	refuses("port add eth0\nport add eth0\n", "there is an entry already");
	refuses("port set eth0 cost 3\n", "no such entry");
	refuses("port del eth0\n", "port add or port set");
	refuses("show\n", "only set and port");
	refuses("set identity \"a\\x07\"\n", "a control character");
	refuses("set secrets a secrets-file /dev/null\n", "one of them");
	refuses("set secrets a,stretched:abc\n",
		":1: set: secrets: what begins with stretched: is a key");
	refuses("port add eth0 secrets=stretched:\n", "port: secrets: what");
	refuses("set network home\n", "network: is for the secrets of the same");
	refuses("port add eth0 cost 3 network home\n", "port: network: is for");
	refuses("set secrets a network home network home\n", "given twice");
	test_stretched();
	test_cut();
	test_store();
	test_refused();
	test_boot();

	leads(WHOLE, WHOLE, "", "nothing is asked if nothing changes");
	leads(WHOLE, "set hop-limit 7 flood-rate 8\n" WHOLE,
	      "set flood-rate 8; ", "a key that is not known is asked for");
	leads("set enabled off\nport add a cost 1\nport add b\nport add c\n",
	      "set enabled on hop-limit 5 secrets ,new\n"
	      "port add d secrets x\nport add b forbid on\nport add a cost 2\n",
	      "set hop-limit 5; "
	      "change b forbid on; "
	      "del c; "
	      "add d cost 100 forbid off disabled off secrets \"x\" comment \"\"; "
	      "change a cost 2; "
	      "set enabled on secrets \",new\"; ",
	      "ports close, go and open before RoMON does");
	leads("set enabled on secrets ,old\n",
	      "set enabled off secrets new identity auto\n",
	      "set enabled off identity auto secrets \"new\"; ",
	      "what closes comes first");
	leads("set secrets a\nport add x secrets b comment y\n",
	      "set secrets none\nport add x secrets none\n",
	      "change x secrets none comment \"\"; set secrets none; ",
	      "what was there can be taken away");
	test_no_text();
	unlink(file);
	return 0;
}
