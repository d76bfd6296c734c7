// SPDX-License-Identifier: GPL-2.0-only
/* The configuration of serve in a file, whose commands run with our rights. */

#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"
#include "file.h"

int serve_file_read(struct serve_conf *c, const char *file)
{
	struct stat st;

	if (!stat(file, &st) && S_ISREG(st.st_mode) && st.st_mode & 0002) {
		complain("serve: %s: everybody can write it, and what it starts (try: chmod o-w)",
			 file);
		return EXIT_USAGE;
	}
	return serve_conf_read(c, file);
}
