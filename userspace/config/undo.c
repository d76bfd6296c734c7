// SPDX-License-Identifier: GPL-2.0-only
/* What there was before a change that waits to be confirmed. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apply.h"
#include "base/err.h"
#include "base/run.h"
#include "lines.h"
#include "store.h"
#include "undo.h"

/* The first line of the file, to be found by who reads it too. */
#define UNDO_HEAD	"# To be restored %lld ns after the boot, unless romon confirm comes first\n"

int64_t undo_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * RUN_SECOND + ts.tv_nsec;
}

/* A namespace is known by its cookie, which no other gets until the next boot. */
char *undo_file(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	uint64_t cookie;
	socklen_t len = sizeof(cookie);

	if (fd < 0)
		return NULL;
	err = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len);
	close(fd);
	return err ? NULL : xasprintf(UNDO_DIR "/undo-%llu.conf",
				      (unsigned long long)cookie);
}

int64_t undo_until(const char *file)
{
	FILE *f = fopen(file, "re");
	long long until;

	if (!f)
		return 0;
	/* What follows are secrets: nothing of it is read ahead. */
	setvbuf(f, NULL, _IONBF, 0);
	if (fscanf(f, UNDO_HEAD, &until) != 1 || until < 0)
		until = 0;
	fclose(f);
	return until;
}

/* Nobody else's, whatever somebody has put there. */
static int undo_open_dir(void)
{
	struct stat st;
	int fd;

	if (mkdir(UNDO_DIR, 0700) && errno != EEXIST)
		return -errno;
	fd = open(UNDO_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 0077))
		return fd;
	close(fd);
	return -EPERM;
}

static enum undo_state undo_look(struct undo *u)
{
	enum undo_state state = UNDO_LEFT;
	int fd = open(u->file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return UNDO_NONE;
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		state = UNDO_WAITS;
	close(fd);
	u->until = undo_until(u->file);
	return state;
}

int undo_open(struct undo *u)
{
	memset(u, 0, sizeof(*u));
	u->dir = undo_open_dir();
	if (u->dir < 0)
		return u->dir;
	u->file = undo_file();
	if (!u->file)
		return -errno;
	/* What makes another wait is done in no time, or is the kernel's fault. */
	while (flock(u->dir, LOCK_EX))
		if (errno != EINTR)
			return -errno;
	u->state = undo_look(u);
	return 0;
}

void undo_close(struct undo *u)
{
	if (u->dir >= 0)
		close(u->dir);
	free(u->file);
	memset(u, 0, sizeof(*u));
	u->dir = -1;
}

void undo_complain(int err, const char *what)
{
	if (err == -EPERM)
		complain("%s: " UNDO_DIR ": not a folder that is root's alone",
			 what);
	else
		complain("%s: " UNDO_DIR ": %s", what, strerror(-err));
}

int undo_keep(struct undo *u, const struct model *before, unsigned int seconds,
	      const char *what)
{
	char *new = xasprintf("%s.new", u->file), *head;
	int status;

	u->until = undo_now() + seconds * RUN_SECOND;
	head = xasprintf(UNDO_HEAD, (long long)u->until);
	/* By its own name it is whole, or not there. */
	status = store_model(before, head, new, what);
	if (status == EXIT_DONE && rename(new, u->file)) {
		complain("%s: %s: %s", what, u->file, strerror(errno));
		status = EXIT_FAILED;
	}
	free(head);
	free(new);
	return status;
}

int undo_drop(struct undo *u, const char *what)
{
	if (!unlink(u->file))
		return EXIT_DONE;
	complain("%s: %s: %s", what, u->file, strerror(errno));
	return EXIT_FAILED;
}

int undo_go_back(struct undo *u, const char *what)
{
	struct model before;
	int status = lines_read(&before, u->file);

	if (status == EXIT_DONE)
		status = apply_model(&before, what);
	model_free(&before);
	return status == EXIT_DONE ? undo_drop(u, what) : status;
}
