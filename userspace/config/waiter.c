// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that goes back unless somebody confirms. It outlives the session
 * that it was started from, which is what the change may have cut.
 *
 * Under systemd that takes more than setsid(): logind ends what is left in the
 * scope of a session, and a service what is left in its own, as that of romon
 * serve. So it is a service itself, which is started anew if it is killed. That
 * has the network namespace of PID 1; in any other, and without systemd, it is a
 * process that nobody looks after. If that is killed what it has waited for
 * stays, until somebody says what shall become of it.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/notify.h"
#include "base/run.h"
#include "nl/api.h"
#include "undo.h"
#include "waiter.h"

#define WAITER_RETRY	5	/* seconds, if the kernel refuses to go back */

static struct {
	int fd;				/* of the file, locked */
	struct loop_watch timer;
	struct loop_watch folder;
} waiter = { .timer.fd = -1, .folder.fd = -1 };

/* A service would be in PID 1's namespace. */
static bool waiter_has_systemd(void)
{
	struct stat ours, its;

	return !access("/run/systemd/system", F_OK) &&
	       !stat("/proc/self/ns/net", &ours) &&
	       !stat("/proc/1/ns/net", &its) &&
	       ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

/* Returns when it waits, as it has told systemd. */
static bool waiter_start_service(const char *program, const char *what)
{
	char unit[64];
	const char * const argv[] = {
		"systemd-run", "--quiet", "--collect", unit,
		"--description=Goes back to the RoMON settings before, unless romon confirm comes first",
		"--service-type=notify", "--property=NotifyAccess=main",
		"--property=Restart=on-failure", "--property=RestartSec=1",
		"--property=StartLimitIntervalSec=0",
		"--property=OOMScoreAdjust=-1000",
		/* What is on its way back may wait for the kernel. */
		"--property=TimeoutStopSec=30",
		program, "confirm", "wait", NULL
	};
	int status;
	pid_t pid;

	/* One that has ended may not be gone yet. */
	snprintf(unit, sizeof(unit), "--unit=romon-undo-%d", (int)getpid());
	pid = fork();
	if (!pid) {
		execvp(argv[0], (char **)argv);
		complain("%s: %s: %s", what, argv[0], strerror(errno));
		_exit(EXIT_FAILED);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    !WEXITSTATUS(status))
		return true;
	complain("%s: systemd did not start what would go back", what);
	return false;
}

/* In no session, without a terminal, and nobody's child. */
static _Noreturn void waiter_detach(const char *program, int ready)
{
	int null = open("/dev/null", O_RDONLY);
	pid_t pid;

	if (null < 0 || setsid() < 0)
		_exit(EXIT_FAILED);
	pid = fork();
	if (pid)
		_exit(pid < 0 ? EXIT_FAILED : EXIT_DONE);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(ready, STDOUT_FILENO) < 0 ||
	    chdir("/"))
		_exit(EXIT_FAILED);
	confine_files(STDERR_FILENO + 1, NULL, 0);
	unsetenv("NOTIFY_SOCKET");
	execl(program, "romon", "confirm", "wait", NULL);
	_exit(EXIT_FAILED);
}

/* What it prints when it waits is for us. */
static bool waiter_start_process(const char *program, const char *what)
{
	int ready[2], err = 0;
	ssize_t n = -1;
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC)) {
		complain("%s: %s", what, strerror(errno));
		return false;
	}
	pid = fork();
	if (!pid)
		waiter_detach(program, ready[1]);
	close(ready[1]);
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		do {
			n = read(ready[0], &byte, 1);
		} while (n < 0 && errno == EINTR);
	} else {
		err = errno;
	}
	close(ready[0]);
	if (n == 1)
		return true;
	complain("%s: what would go back did not start%s%s", what,
		 err ? ": " : "", err ? strerror(err) : "");
	return false;
}

bool waiter_start(const char *what)
{
	char *program = run_program();
	bool ok = false;

	/* By a name that is good for long. */
	if (!program || access(program, X_OK))
		complain("%s: /proc does not tell which program this is, or it has been removed",
			 what);
	else if (waiter_has_systemd())
		ok = waiter_start_service(program, what);
	else
		ok = waiter_start_process(program, what);
	free(program);
	return ok;
}

static void waiter_log(const char *line)
{
	syslog(LOG_WARNING, "%s", line);
}

/*
 * Whoever has started us goes on. systemd keeps what we say; else it is for
 * syslog, for there is no terminal that is ours.
 */
static void waiter_tell_ready(void)
{
	int null;

	notify("READY=1");
	puts("waiting for romon confirm");
	fflush(stdout);
	if (getenv("NOTIFY_SOCKET"))
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
	openlog("romon", LOG_PID, LOG_DAEMON);
	err_set_sink(waiter_log);
}

static bool waiter_is_confirmed(void)
{
	struct stat st;

	return fstat(waiter.fd, &st) || !st.st_nlink;
}

/* At that time, of undo_now(); also if it is over. Zero would be never. */
static void waiter_set(int64_t until)
{
	struct itimerspec at = { .it_value = {
		.tv_sec = until / RUN_SECOND,
		.tv_nsec = until % RUN_SECOND + !until,
	} };

	timerfd_settime(waiter.timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Whoever has the lock before us may confirm, go back or change more. */
static void waiter_go_back(const char *why)
{
	int status = EXIT_FAILED;
	struct undo u;
	int err;

	err = undo_open(&u);
	if (waiter_is_confirmed()) {
		loop_stop(EXIT_DONE);
	} else if (err) {
		undo_complain(err, "confirm");
	} else {
		complain("confirm: %s: going back to what was before", why);
		/* The module may be another one than at the last attempt. */
		api_close_shared();
		status = undo_go_back(&u, "confirm");
	}
	undo_close(&u);
	if (status == EXIT_DONE)
		loop_stop(EXIT_DONE);
	else
		waiter_set(undo_now() + WAITER_RETRY * RUN_SECOND);
}

static void waiter_late(struct loop_watch *w, uint32_t events)
{
	uint64_t n;

	(void)events;
	if (read(w->fd, &n, sizeof(n)) == sizeof(n))
		waiter_go_back("nobody has confirmed in time");
}

static void waiter_ended(int signo)
{
	(void)signo;
	waiter_go_back("ended before anybody has confirmed");
}

static void waiter_look(struct loop_watch *w, uint32_t events)
{
	char buf[4096];

	(void)events;
	/* Which file it was does not matter. */
	while (read(w->fd, buf, sizeof(buf)) > 0)
		;
	if (waiter_is_confirmed())
		loop_stop(EXIT_DONE);
}

static int waiter_watch(void)
{
	int timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	int folder = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), err;

	if (timer < 0 || folder < 0 ||
	    inotify_add_watch(folder, UNDO_DIR, IN_DELETE | IN_MOVE) < 0)
		return -errno;
	err = loop_watch(&waiter.timer, timer, EPOLLIN, waiter_late);
	if (!err)
		err = loop_watch(&waiter.folder, folder, EPOLLIN, waiter_look);
	return err;
}

/* From here on only one of us: another stands by until it has the lock. */
static int waiter_take(const char *file)
{
	waiter.fd = open(file, O_RDONLY | O_CLOEXEC);
	if (waiter.fd < 0)
		return errno == ENOENT ? 0 : -errno;
	while (flock(waiter.fd, LOCK_EX))
		if (errno != EINTR)
			return -errno;
	return 0;
}

int waiter_run(void)
{
	char *file = undo_file();
	int err = file ? waiter_take(file) : -errno, status = EXIT_DONE;

	if (!err && !waiter_is_confirmed())
		err = waiter_watch();
	if (err) {
		undo_complain(err, "confirm: wait");
		status = EXIT_FAILED;
	} else if (waiter_is_confirmed()) {
		/* By now, as one that is started anew finds out. */
		notify("READY=1");
	} else {
		signal(SIGHUP, SIG_IGN);
		loop_signal(SIGINT, waiter_ended);
		loop_signal(SIGTERM, waiter_ended);
		waiter_set(undo_until(file));
		waiter_tell_ready();
		status = loop_run();
		loop_end();
	}
	free(file);
	return status;
}
