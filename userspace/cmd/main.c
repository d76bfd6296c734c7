// SPDX-License-Identifier: GPL-2.0-only
/* Options, and which command it is. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/text.h"
#include "cmd.h"
#include "config/keys.h"
#include "nl/api.h"
#include "out/out.h"
#include "parse/script.h"

#ifndef VERSION
#define VERSION		"unknown"
#endif

#define NETNS_DIR	"/var/run/netns"

bool option_stats;

static char stdout_buf[65536];

static const struct cmd * const cmds[] = {
	&cmd_show, &cmd_set, &cmd_port, &cmd_neighbor, &cmd_discover,
	&cmd_topology, &cmd_ping, &cmd_traceroute, &cmd_ssh, &cmd_connect,
	&cmd_forward, &cmd_serve, &cmd_monitor, &cmd_decode, &cmd_save,
	&cmd_restore, &cmd_confirm, &cmd_stretch,
};

#define N_CMDS		(sizeof(cmds) / sizeof(cmds[0]))

static void print_help(FILE *f)
{
	fputs("romon [ OPTIONS ] OBJECT [ COMMAND [ ARGUMENTS ] ]\n"
	      "romon [ OPTIONS ] -b FILE\n"
	      "romon OBJECT help\n"
	      "\n"
	      "OBJECT   ", f);
	for (size_t i = 0; i < N_CMDS; i++)
		fprintf(f, "%s%s", i == 7 ? "\n         " : i ? " " : "",
			cmds[i]->name);
	fputs("\n"
	      "\n"
	      "OPTIONS  -j, --json         one JSON document; lines of it for what runs on\n"
	      "         -p, --pretty       ... indented\n"
	      "         -s, --stats        counters too\n"
	      "         -n, --netns NAME   in another network namespace\n"
	      "         -b, --batch FILE   commands from a file, - for standard input\n"
	      "         --color[=WHEN]     always, never, or auto: on a terminal\n"
	      "         --show-secrets     print secrets instead of (hidden)\n"
	      "         -V, --version\n"
	      "         -h, --help\n", f);
}

int cmd_usage(const struct cmd *cmd)
{
	if (cmd->keys) {
		const char *line = strrchr(cmd->usage, '\n');

		fputs(cmd->usage, stdout);
		keys_help(stdout, cmd->keys,
			  strlen(line ? line + 1 : cmd->usage));
	}
	fputs(cmd->help, stdout);
	return EXIT_DONE;
}

/* One command, of the command line or of a file. */
int cmd_run_words(struct args *args)
{
	const char *object = args_next(args);

	if (!strcmp(object, "help")) {
		print_help(stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < N_CMDS; i++) {
		bool help = false;
		int status;

		if (strcmp(object, cmds[i]->name))
			continue;
		args->help = &help;
		api_set_command(cmds[i]->name);
		/* Alone it is no router, file or service either. */
		status = args->n == 1 && args_help(args) ? EXIT_DONE :
			 cmds[i]->run(args);
		args->help = NULL;
		return help ? cmd_usage(cmds[i]) : status;
	}
	complain("%s: unknown object (see: romon help)", object);
	return EXIT_USAGE;
}

/* Stops at the first error, whose complaint tells the line. */
static int batch(const char *file)
{
	int status = EXIT_DONE, more;
	struct script script;
	struct args args;

	if (!script_open(&script, NULL, file))
		return EXIT_FAILED;
	while (status == EXIT_DONE && (more = script_next(&script, &args))) {
		status = more < 0 ? script_status(&script) :
			 cmd_run_words(&args);
		if (!fflush(stdout))
			explicit_bzero(stdout_buf, sizeof(stdout_buf));
	}
	script_close(&script);
	return status;
}

static bool enter_netns(const char *name)
{
	char path[256];
	int fd;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") ||
	    !strcmp(name, "..") ||
	    snprintf(path, sizeof(path), "%s/%s", NETNS_DIR, name) >=
	    (int)sizeof(path)) {
		complain("netns: not the name of a network namespace: %s",
			 name);
		return false;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		complain("netns %s: %s", name, errno == ENOENT ?
			 "no such network namespace (see: ip netns)" :
			 strerror(errno));
		return false;
	}
	if (setns(fd, CLONE_NEWNET)) {
		complain("netns %s: %s%s", name, strerror(errno),
			 errno == EPERM ? " (needs CAP_SYS_ADMIN: be root)" :
			 "");
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	const char *netns;
	const char *batch;
	int color;
};

static bool color_option(const char *word, int *color)
{
	if (!*word || !strcmp(word, "=always"))
		*color = COLOR_ALWAYS;
	else if (!strcmp(word, "=auto"))
		*color = COLOR_AUTO;
	else if (!strcmp(word, "=never"))
		*color = COLOR_NEVER;
	else
		return false;
	return true;
}

static bool is_color_option(const char *word)
{
	return !strncmp(word, "--color", 7) && (!word[7] || word[7] == '=');
}

/* The value of an option: the rest of its word, or the next one. */
static const char *option_value(struct args *args, const char *rest,
				const char *option)
{
	const char *value = *rest ? rest : args_next(args);

	if (!value)
		complain("%s: value missing", option);
	return value;
}

static void print_version(void)
{
	const char *confined = confine_version();

	printf("romon %s\n", VERSION);
	if (confined)
		printf("system calls of sessions are filtered by %s\n",
		       confined);
	else
		puts("built without libseccomp: system calls are not filtered");
}

/* Returns the exit status, or -1 to go on. */
static int short_options(struct args *args, const char *word,
			 struct options *o)
{
	for (const char *p = word + 1; *p; p++) {
		char name[3] = { '-', *p, 0 };

		switch (*p) {
		case 'j':
			out_options.json = true;
			break;
		case 'p':
			out_options.pretty = true;
			break;
		case 's':
			option_stats = true;
			break;
		case 'n':
			o->netns = option_value(args, p + 1, name);
			return o->netns ? -1 : EXIT_USAGE;
		case 'b':
			o->batch = option_value(args, p + 1, name);
			return o->batch ? -1 : EXIT_USAGE;
		case 'V':
			print_version();
			return EXIT_DONE;
		case 'h':
			print_help(stdout);
			return EXIT_DONE;
		default:
			complain("%s: unknown option (see: romon help)", name);
			return EXIT_USAGE;
		}
	}
	return -1;
}

/* getopt_long() takes abbreviations, which would bind later options. */
static int long_option(struct args *args, const char *word, struct options *o)
{
	static const char * const with_value[] = { "--netns", "--batch" };
	static const char * const flags[] = {
		"--json", "--pretty", "--stats", "--version", "--help"
	};
	static const char letters[] = "jpsVh";

	if (!strcmp(word, "--show-secrets")) {
		out_options.secrets = true;
		return -1;
	}
	if (is_color_option(word)) {
		if (color_option(word + 7, &o->color))
			return -1;
		complain("%s: always, never or auto", word);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		char as_short[3] = { '-', letters[i], 0 };

		if (!strcmp(word, flags[i]))
			return short_options(args, as_short, o);
	}
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
		size_t len = strlen(with_value[i]);
		const char *value;

		if (strncmp(word, with_value[i], len) ||
		    (word[len] && word[len] != '='))
			continue;
		value = word[len] ? word + len + 1 :
			option_value(args, "", with_value[i]);
		if (!value)
			return EXIT_USAGE;
		*(i ? &o->batch : &o->netns) = value;
		return -1;
	}
	complain("%s: unknown option (see: romon help)", word);
	return EXIT_USAGE;
}

static int parse_options(struct args *args, struct options *o)
{
	const char *word;
	int status = -1;

	while (status < 0 && (word = args_peek(args)) && *word == '-') {
		args_next(args);
		if (!strcmp(word, "--"))
			break;
		if (!word[1]) {
			complain("-: unknown option (see: romon help)");
			return EXIT_USAGE;
		}
		status = word[1] == '-' ? long_option(args, word, o) :
			 short_options(args, word, o);
	}
	return status;
}

static void set_up_output(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	bool terminal = isatty(STDOUT_FILENO);

	out_options.escapes = terminal && term && strcmp(term, "dumb");
	out_options.color = o->color == COLOR_ALWAYS ||
			    (o->color == COLOR_AUTO && out_options.escapes &&
			     !(no_color && *no_color));
}

/* A reader that has gone away has seen enough. */
static void reader_gone(int sig)
{
	(void)sig;
	_exit(EXIT_DONE);
}

/* A socket must not become what is printed to. */
static void fill_descriptors(void)
{
	int fd;

	do {
		/* Not for writing: what is printed shall not seem to be. */
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	struct options options = { .color = COLOR_AUTO };
	struct args args = { argv + 1, argc - 1 };
	int status;

	fill_descriptors();
	signal(SIGPIPE, reader_gone);
	/* The buffer is ours: secrets that were asked for are printed too. */
	setvbuf(stdout, stdout_buf, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF,
		sizeof(stdout_buf));
	text_init();
	status = parse_options(&args, &options);
	if (status < 0) {
		set_up_output(&options);
		if (options.netns && !enter_netns(options.netns)) {
			status = EXIT_FAILED;
		} else if (options.batch) {
			status = args_end(&args, "batch") ?
				 batch(options.batch) : EXIT_USAGE;
		} else if (args.n) {
			status = cmd_run_words(&args);
		} else {
			print_help(stderr);
			status = EXIT_USAGE;
		}
	}
	api_close_shared();
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		/* An earlier failure has left its mark, but not its errno. */
		complain("standard output: %s", errno ? strerror(errno) :
			 "not all could be written");
		if (status == EXIT_DONE)
			status = EXIT_FAILED;
	}
	explicit_bzero(stdout_buf, sizeof(stdout_buf));
	return status;
}
