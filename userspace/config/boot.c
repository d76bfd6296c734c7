// SPDX-License-Identifier: GPL-2.0-only
/* The configuration that there shall be after a boot, as files of it. */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "boot.h"
#include "lines.h"

/* What editors and package managers leave beside one ends otherwise. */
static int boot_is_more(const struct dirent *entry)
{
	static const char end[] = ".conf";
	size_t len = strlen(entry->d_name);

	return *entry->d_name != '.' && len >= sizeof(end) &&
	       !strcmp(entry->d_name + len - strlen(end), end);
}

/* In every locale the same. */
static int boot_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int boot_read_more(struct model *m, const char *dir)
{
	int n, status = EXIT_DONE;
	struct dirent **entry;

	n = scandir(dir, &entry, boot_is_more, boot_order);
	if (n < 0) {
		if (errno == ENOENT)
			return EXIT_DONE;
		complain("restore: %s: %s", dir, strerror(errno));
		return EXIT_FAILED;
	}
	for (int i = 0; i < n; i++) {
		char *file = xasprintf("%s/%s", dir, entry[i]->d_name);

		if (status == EXIT_DONE)
			status = lines_add(m, file);
		free(file);
		free(entry[i]);
	}
	free(entry);
	return status;
}

int boot_read(struct model *m, const char *dir)
{
	char *file = xasprintf("%s/" BOOT_FILE, dir);
	char *more = xasprintf("%s/" BOOT_MORE, dir);
	int status = EXIT_DONE;
	struct stat st;

	memset(m, 0, sizeof(*m));
	/* A link to nothing was meant to be one to something. */
	if (!lstat(file, &st) || errno != ENOENT)
		status = lines_add(m, file);
	if (status == EXIT_DONE)
		status = boot_read_more(m, more);
	if (status == EXIT_DONE && !m->n_files) {
		complain("restore: there is no %s, and nothing in %s", file,
			 more);
		status = EXIT_FAILED;
	}
	lines_end(m);
	free(file);
	free(more);
	return status;
}
