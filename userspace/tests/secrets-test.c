// SPDX-License-Identifier: GPL-2.0-only
/* Lists of secrets: typed, from files, and back. */

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "parse/parse.h"
#include "parse/script.h"
#include "parse/secrets.h"
#include "tap.h"

#define X63	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

#define KEY	"stretched:f169867c76bebe901ff9ef43b794ff7b"
#define WRONG_KEY	"what begins with stretched: is a key"

/* Its secrets with | behind each; what is not a letter as \NNN. */
static const char *flat(const struct secrets *s)
{
	static char buf[4 * ROMON_SECRETS_MAX * (ROMON_SECRET_MAX_LEN + 1)];
	char *to = buf;

	*to = '\0';
	for (size_t i = 0; i < s->n; i++) {
		for (size_t j = 0; j < s->v[i].len; j++) {
			unsigned char c = (unsigned char)s->v[i].value[j];

			to += sprintf(to, c > ' ' && c < 0x7f ? "%c" : "\\%03o",
				      c);
		}
		to += sprintf(to, "|");
	}
	return buf;
}

static void test_parse(void)
{
	/* a list, its secrets, and how it is written if otherwise */
	static const char * const lists[][3] = {
		{ "none", "", NULL },
		{ "", "|", NULL },
		{ "a", "a|", NULL },
		{ ",new", "|new|", NULL },
		{ "new,", "new||", NULL },
		{ "old,new", "old|new|", NULL },
		{ ",", "||", NULL },
		{ "a,,b", "a||b|", NULL },
		{ "none,", "none||", NULL },
		{ ",none", "|none|", NULL },
		{ "\\x6eone", "none|", NULL },
		{ "a b", "a\\040b|", NULL },
		{ "a\\x2cb,c", "a,b|c|", NULL },
		{ "\\x00", "\\000|", NULL },
		{ "\\x0a\\xFF", "\\012\\377|", "\\x0a\\xff" },
		{ "a\\b", "a\\b|", "a\\x5cb" },
		{ "\\", "\\|", "\\x5c" },
		{ "\\\\", "\\\\|", "\\x5c\\x5c" },
		{ "\"\"", "\"\"|", "\\x22\\x22" },
		{ "\xc3\xa4", "\\303\\244|", NULL },
		{ "\x1b[2J", "\\033[2J|", "\\x1b[2J" },
		{ "x" X63, "x" X63 "|", NULL },
		{ "\\x78" X63, "x" X63 "|", "x" X63 },
		{ "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6",
		  "1|2|3|4|5|6|7|8|9|0|1|2|3|4|5|6|", NULL },
		{ ",,,,,,,,,,,,,,,", "||||||||||||||||", NULL },
		{ "a," KEY, "a|" KEY "|", NULL },
		{ "x" KEY ",stretched", "x" KEY "|stretched|", NULL },
	};
	static const char * const bad[][2] = {
		{ "xx" X63, "of more than 64 bytes" },
		{ "a,xx" X63, "of more than 64 bytes" },
		{ "xx" X63 ",a", "of more than 64 bytes" },
		{ "\\x78x" X63, "of more than 64 bytes" },
		{ "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7", "more than 16" },
		{ ",,,,,,,,,,,,,,,,", "more than 16" },
		{ "\\x", "two hex digits" },
		{ "\\x2", "two hex digits" },
		{ "\\x2g", "two hex digits" },
		{ "a,\\x,b", "two hex digits" },
		{ "stretched:", WRONG_KEY },
		{ "a,stretched:abc,b", WRONG_KEY },
		{ "\\x73tretched:abc", WRONG_KEY },
		{ KEY "0", WRONG_KEY },
		{ "stretched:f169867c76bebe901ff9ef43b794ff7", WRONG_KEY },
		{ "stretched:F169867C76BEBE901FF9EF43B794FF7B", WRONG_KEY },
		{ "stretched:f169867c76bebe901ff9ef43b794ff7g", WRONG_KEY },
		{ "stretched: f169867c76bebe901ff9ef43b794ff7", WRONG_KEY },
	};
	struct secrets *s = secrets_new();
	char what[128], text[SECRETS_TEXT_MAX];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *again = lists[i][2] ? lists[i][2] : lists[i][0];
		const char *wrong = secrets_parse(s, lists[i][0]);

		snprintf(what, sizeof(what), "list %zu is read", i + 1);
		tap_is(wrong ? wrong : flat(s), lists[i][1], what);
		tap_is(secrets_text(text, s), again, "... and written");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *wrong = secrets_parse(s, bad[i][0]);

		snprintf(what, sizeof(what), "wrong list %zu is refused",
			 i + 1);
		tap_ok(wrong && strstr(wrong, bad[i][1]), what);
	}
	secrets_free(s);
}

/* Whatever a list holds, what is written of it is that list again. */
static void test_random(void)
{
	struct secrets *a = secrets_new(), *b = secrets_new();
	char text[SECRETS_TEXT_MAX];
	bool ok = true;

	srand(1);
	for (int try = 0; try < 10000 && ok; try++) {
		size_t n = (size_t)rand() % (ROMON_SECRETS_MAX + 1);

		a->n = 0;
		for (size_t i = 0; i < n; i++) {
			char value[ROMON_SECRET_MAX_LEN];
			size_t len = (size_t)rand() % (sizeof(value) + 1);

			for (size_t j = 0; j < len; j++)
				value[j] = (char)(rand() >> 8);
			if (secrets_add(a, value, len))
				ok = false;
		}
		secrets_text(text, a);
		ok = ok && !secrets_parse(b, text) && secrets_same(a, b);
	}
	tap_ok(ok, "any list that is written is read as the same");
	secrets_free(a);
	secrets_free(b);
}

static void test_rules(void)
{
	static const struct {
		const char *list;
		bool demands;
	} rules[] = {
		{ "none", false }, { "", false }, { "a", true },
		{ "a,b", true }, { ",a", false }, { "a,", false },
	};
	struct secrets *s = secrets_new(), *t = secrets_new();
	char what[64];

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		secrets_parse(s, rules[i].list);
		snprintf(what, sizeof(what), "whether (%s) demands a hash",
			 rules[i].list);
		tap_ok(secrets_demand_hash(s) == rules[i].demands, what);
	}
	tap_ok(!secrets_demand_hash(NULL), "no list demands none");
	secrets_parse(s, "a,b");
	secrets_parse(t, "b,a");
	tap_ok(!secrets_same(s, t), "another order is another list");
	secrets_parse(t, "none");
	tap_ok(secrets_same(t, NULL) && secrets_same(NULL, t) &&
	       !secrets_same(s, NULL), "no list is as good as an empty one");
	secrets_parse(s, "");
	tap_ok(!secrets_same(s, NULL), "but not as one of the empty secret");
	secrets_free(s);
	secrets_free(t);
}

static const char *write_file(const void *data, size_t len)
{
	static char name[32];
	int fd;

	snprintf(name, sizeof(name), "/tmp/romon-test.XXXXXX");
	fd = mkstemp(name);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		exit(1);
	close(fd);
	return name;
}

/* Complaints go to a file, and are none of others' secrets. */
static const char *complaint(bool begin)
{
	static char text[512];
	static int saved = -1;
	static FILE *f;
	size_t n;

	fflush(stderr);
	if (begin) {
		f = tmpfile();
		saved = dup(STDERR_FILENO);
		dup2(fileno(f), STDERR_FILENO);
		return NULL;
	}
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void test_files(void)
{
	/* what is in the file, its secrets if it is read, the complaint */
	static const struct {
		const char *data;
		size_t len;
		const char *want, *wrong;
	} files[] = {
		{ "new\n", 4, "new|", NULL },
		{ "new", 3, "new|", NULL },
		{ "\n", 1, "|", "line 1 is empty" },
		{ "\nnew\n", 5, "|new|", "line 1 is empty" },
		{ "new\n\n", 5, "new||", "line 2 is empty" },
		{ "old\nnew\n", 8, "old|new|", NULL },
		{ "a,b\n#c\n\\x41\nnone\n", 17, "a,b|#c|\\x41|none|", NULL },
		{ "a\n" KEY, 44, "a|" KEY "|", NULL },
		{ "a\n" KEY "0\n", 46, NULL, "line 2: " WRONG_KEY },
		{ " a \x0a", 4, "\\040a\\040|", NULL },
		{ "x" X63 "\nb", 66, "x" X63 "|b|", NULL },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n1\n2\n3\n4\n5\n6\n", 32,
		  "1|2|3|4|5|6|7|8|9|0|1|2|3|4|5|6|", NULL },
		{ "", 0, NULL, "is empty" },
		{ "a\nxx" X63 "\n", 68, NULL, "line 2: a secret of more than" },
		{ "xxxxxxxx" X63, 71, NULL, "line 1: a secret of more than" },
		{ "x\r\n", 3, NULL, "line 1: a carriage return" },
		{ "x\0y\n", 4, NULL, "line 1: a zero byte" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n1\n2\n3\n4\n5\n6\n\n", 33,
		  NULL, "line 17: more than 16" },
	};
	struct secrets *s = secrets_new();
	char what[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *name = write_file(files[i].data, files[i].len);
		const char *said;
		bool ok;

		complaint(true);
		ok = secrets_read(s, "test", name);
		said = complaint(false);
		if (files[i].want) {
			snprintf(what, sizeof(what), "file %zu is read", i + 1);
			tap_is(ok ? flat(s) : said, files[i].want, what);
			tap_ok(files[i].wrong ?
			       !!strstr(said, files[i].wrong) : !*said,
			       "... and complained of if it may be a mistake");
		} else {
			snprintf(what, sizeof(what), "file %zu is refused",
				 i + 1);
			tap_ok(!ok && strstr(said, files[i].wrong), what);
			tap_ok(!strstr(said, "xxxx"), "... and not quoted");
		}
		unlink(name);
	}

	const char *name = write_file("a\n", 2);

	chmod(name, 0640);
	complaint(true);
	tap_ok(secrets_read(s, "test", name),
	       "a file that others can read is read");
	tap_ok(strstr(complaint(false), "others can read it"),
	       "... with a warning");
	unlink(name);
	secrets_free(s);
}

static bool parse_words(struct words *words, struct secrets **s)
{
	enum { SECRETS, FILE_, COST, KEYS };
	uint64_t cost;
	struct param params[KEYS] = {
		[SECRETS] = PARAM("secrets", PARAM_SECRETS, s, 0),
		[FILE_] = PARAM("secrets-file", PARAM_SECRETS_FILE, s, 0),
		[COST] = PARAM("cost", PARAM_UINT, &cost, 10),
	};
	struct args args = { words->word, words->n };

	*s = NULL;
	return params_parse(&args, "test", params, KEYS);
}

static void test_params(void)
{
	static const char * const bad[] = {
		"secrets", "secrets xyzzy xyzzy", "secrets xyzzy secrets xyzzy",
		"secrets xyzzy, xyzzy", "secrets=xyzzy xyzzy=1",
		"secrets xyzzy secrets-file /dev/null", "secret=xyzzy",
		"secrets-file /nosuch", "secrets xyzzy cost 11",
		("secrets xyzzy" X63),
	};
	struct words words;
	struct secrets *s;
	char what[128];

	words_split(&words, "secrets ,xyzzy cost 5");
	tap_is(parse_words(&words, &s) ? flat(s) : NULL, "|xyzzy|",
	       "secrets are a value");
	tap_ok(words.word[1][1] == '\0' && words.word[1][4] == '\0',
	       "... which is wiped where it was");
	secrets_free(s);
	words_free(&words);

	words_split(&words, "secrets=xyzzy,");
	tap_is(parse_words(&words, &s) ? flat(s) : NULL, "xyzzy||",
	       "secrets= too");
	tap_is(words.word[0], "secrets=", "... and is wiped");
	secrets_free(s);
	words_free(&words);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *said;
		bool ok;

		words_split(&words, bad[i]);
		complaint(true);
		ok = parse_words(&words, &s);
		said = complaint(false);
		snprintf(what, sizeof(what), "\"%.30s\" is refused", bad[i]);
		tap_ok(!ok && *said, what);
		tap_ok(!strstr(said, "xyzzy"), "... and not quoted");
		secrets_free(s);
		words_free(&words);
	}
}

static void test_script(void)
{
	struct script script;
	struct args args;
	const char *name;
	char data[20000];
	int n;

	/* Lines longer than any buffer, and the last without its end. */
	memset(data, 'a', sizeof(data));
	memcpy(data, "# x\n\nset secrets \"xyzzy\"\nb ", 27);
	data[10000] = '\n';
	memcpy(data + 15000, "\nc", 2);
	name = write_file(data, 15002);
	tap_ok(script_open(&script, "test", name), "a file is opened");
	tap_ok(script_next(&script, &args) == 1 && args.n == 3 &&
	       !strcmp(args.word[2], "xyzzy"), "the first command is read");
	n = script_next(&script, &args);
	tap_ok(n == 1 && args.n == 2 && strlen(args.word[1]) == 10000 - 27,
	       "a long line is read");
	n = script_next(&script, &args);
	tap_ok(n == 1 && args.n == 1 && strlen(args.word[0]) == 4999,
	       "a shorter one behind it too");
	n = script_next(&script, &args);
	tap_ok(n == 1 && args.n == 1 && !strcmp(args.word[0], "c"),
	       "the last line may lack its end");
	tap_ok(!script_next(&script, &args), "and that is the end");
	script_close(&script);
	unlink(name);

	name = write_file("a\0b\n", 4);
	script_open(&script, "test", name);
	complaint(true);
	n = script_next(&script, &args);
	tap_ok(n < 0 && strstr(complaint(false), ":1: test: zero byte"),
	       "a zero byte is refused, with its line");
	script_close(&script);
	unlink(name);
	complaint(true);
	tap_ok(!script_open(&script, "test", "/nosuch/file") &&
	       strstr(complaint(false), "test: /nosuch/file: No such"),
	       "a file that is not there is told");
}

int main(void)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	text_init();
	test_parse();
	test_random();
	test_rules();
	test_files();
	test_params();
	test_script();
	return 0;
}
