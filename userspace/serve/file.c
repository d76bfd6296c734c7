// SPDX-License-Identifier: GPL-2.0-only
/* The configuration of serve in a file, whose commands run with our rights. */

#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "file.h"
#include "parse/script.h"

/*
 * What is open is what is looked at. Standard input and a terminal are those of
 * whoever has started us.
 */
static bool file_may_start(const struct script *script, const char *file)
{
	struct stat st;

	if (script_has_stdin() || fstat(script_fd(script), &st) ||
	    S_ISCHR(st.st_mode))
		return true;
	if (st.st_uid && st.st_uid != geteuid())
		complain("serve: %s: belongs to user %u, not to root or %u, and starts commands",
			 file, st.st_uid, geteuid());
	else if (st.st_mode & 0002)
		complain("serve: %s: everybody can write it, and what it starts (try: chmod go-w)",
			 file);
	else if (st.st_mode & 0020)
		complain("serve: %s: its group can write it, and what it starts (try: chmod g-w)",
			 file);
	else
		return true;
	return false;
}

int serve_file_read(struct serve_conf *c, const char *file)
{
	struct script script;

	if (!script_open(&script, "serve", file))
		return EXIT_FAILED;
	if (!file_may_start(&script, file)) {
		script_close(&script);
		return EXIT_USAGE;
	}
	return serve_conf_script(c, &script, file);
}
