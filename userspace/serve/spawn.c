// SPDX-License-Identifier: GPL-2.0-only
/* A command of a service as a process, with its end of a socket. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/text.h"
#include "parse/parse.h"
#include "spawn.h"

#define SPAWN_FATE	3	/* the descriptor, in the child */

/* What is ours only: the command must not answer in our name. */
static bool spawn_env_hidden(const char *name)
{
	static const char * const hidden[] = {
		"ROMON_", "NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_",
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (!strncmp(name, hidden[i], strlen(hidden[i])))
			return true;
	return false;
}

static void spawn_set(const char *name, const char *value)
{
	if (setenv(name, value, 1))
		die_no_memory();
}

/* In the child, whose copy of it is its own. */
static void spawn_environment(const struct serve_service *s,
			      const struct serve_peer *peer)
{
	char text[ID_STRLEN], number[8];
	char **from = environ, **to = environ;

	for (; from && *from; from++)
		if (!spawn_env_hidden(*from))
			*to++ = *from;
	if (to)
		*to = NULL;
	spawn_set("ROMON_PEER_ID", id_str(text, peer->id));
	spawn_set("ROMON_LOCAL_ID", id_str(text, peer->local_id));
	snprintf(number, sizeof(number), "%u", peer->port);
	spawn_set("ROMON_PEER_PORT", number);
	snprintf(number, sizeof(number), "%u", peer->local_port);
	spawn_set("ROMON_PORT", number);
	/* Whatever is in it, nobody's terminal shall obey it. */
	if (*peer->identity)
		spawn_set("ROMON_PEER_IDENTITY", text_clean(peer->identity));
	if (!getenv("PATH"))
		spawn_set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (s->user.name) {
		spawn_set("USER", s->user.name);
		spawn_set("LOGNAME", s->user.name);
		spawn_set("HOME", s->user.home);
		spawn_set("SHELL", s->user.shell);
	}
}

/* Signals as a program finds them that nobody has prepared anything for. */
static void spawn_signals(void)
{
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		signal(signo, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * 0, 1 and 2, and where to tell what is wrong. The socketpair's other end and
 * what we ourselves were started with stay outside.
 */
static int spawn_descriptors(int socket, int *fate)
{
	int err = fcntl(STDERR_FILENO, F_GETFL), copy;

	/* Out of the way of what they become. If that fails, *fate tells so. */
	socket = fcntl(socket, F_DUPFD_CLOEXEC, SPAWN_FATE + 1);
	copy = fcntl(*fate, F_DUPFD_CLOEXEC, SPAWN_FATE + 1);
	if (socket < 0 || copy < 0)
		return -1;
	*fate = copy;
	if (dup2(socket, STDIN_FILENO) < 0 || dup2(socket, STDOUT_FILENO) < 0)
		return -1;
	if (err < 0 || (err & O_ACCMODE) == O_RDONLY) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0 || dup2(null, STDERR_FILENO) < 0)
			return -1;
	}
	if (dup3(*fate, SPAWN_FATE, O_CLOEXEC) < 0)
		return -1;
	*fate = SPAWN_FATE;
	confine_files(SPAWN_FATE + 1, NULL, 0);
	return 0;
}

static int spawn_become(const struct serve_user *user)
{
	if (!user->name || (user->uid == geteuid() && geteuid()))
		return 0;
	if (setgroups((size_t)user->n_groups, user->groups) ||
	    setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return -1;
	return 0;
}

static _Noreturn void spawn_child(const struct serve_service *s,
				  const struct serve_peer *peer, int socket,
				  int fate, pid_t parent)
{
	const char *folder = s->user.name ? s->user.home : "/";
	int err;

	if (spawn_descriptors(socket, &fate) || setsid() < 0 ||
	    spawn_become(&s->user))
		goto fail;
	/* Who forgets to read does not notice that its socket has gone. */
	prctl(PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	if (chdir(folder) && chdir("/"))
		goto fail;
	spawn_signals();
	spawn_environment(s, peer);
	execv(s->command.word[0], s->command.word);
fail:
	err = errno;
	if (write(fate, &err, sizeof(err)) < 0)
		_exit(EXIT_FAILED);
	_exit(EXIT_FAILED);
}

int serve_spawn(const struct serve_service *s, const struct serve_peer *peer,
		struct serve_spawned *spawned)
{
	int pair[2], fate[2], on = s->offer.login, err;
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	/* Of all that is written into it, from the first byte on. */
	if (setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ||
	    pipe2(fate, O_CLOEXEC | O_NONBLOCK)) {
		err = -errno;
		goto err_close_pair;
	}
	spawned->pid = fork();
	if (!spawned->pid)
		spawn_child(s, peer, pair[1], fate[1], parent);
	err = spawned->pid < 0 ? -errno : 0;
	close(fate[1]);
	if (err)
		goto err_close_fate;
	close(pair[1]);
	spawned->socket = pair[0];
	spawned->fate = fate[0];
	return 0;

err_close_fate:
	close(fate[0]);
err_close_pair:
	close(pair[0]);
	close(pair[1]);
	return err;
}
