// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving up what a process does not need that hears strangers. Capabilities by
 * the system calls, as libcap is not everywhere; the filter by libseccomp, which
 * knows the numbers of all architectures.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/seccomp.h>

#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif

#include "confine.h"
#include "err.h"

static bool confine_complain(const char *what, const char *which, int err)
{
	complain("%s: giving up rights: %s: %s", what, which, strerror(err));
	return false;
}

static void confine_close(int first, int last)
{
	long max;

	if (first > last)
		return;
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, (unsigned int)first, (unsigned int)last,
		     0))
		return;
#endif
	max = sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd < max && fd <= last; fd++)
		close(fd);
}

/* The lowest of @keep from @first on; INT_MAX if there is none. */
static int confine_next(int first, const int *keep, size_t n)
{
	int next = INT_MAX;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= first && keep[i] < next)
			next = keep[i];
	return next;
}

void confine_files(int first, const int *keep, size_t n)
{
	int next;

	while ((next = confine_next(first, keep, n)) != INT_MAX) {
		confine_close(first, next - 1);
		first = next + 1;
	}
	confine_close(first, INT_MAX);
}

void confine_bounds(void)
{
	for (unsigned long cap = 0; !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	     cap++)
		;
}

bool confine_rights(const char *what)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
	const struct rlimit zero = { 0, 0 };

	confine_bounds();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, none))
		return confine_complain(what, "capset", errno);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return confine_complain(what, "no new ones", errno);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return confine_complain(what, "dumpable", errno);
	/* It starts nothing, and leaves no image of what it heard. */
	setrlimit(RLIMIT_NPROC, &zero);
	setrlimit(RLIMIT_CORE, &zero);
	return true;
}

const char *confine_signal(int signo)
{
	return signo == SIGSYS ?
	       ", for a system call that it has no need of (the kernel's log may tell which)" :
	       "";
}

#ifdef HAVE_LIBSECCOMP

/*
 * By name: not all architectures and libraries have each. Some are of 32 bits,
 * some of other C libraries than glibc.
 */
static const char * const confine_needed[] = {
	/* what is open */
	"read", "readv", "write", "writev", "close", "lseek", "_llseek",
	"shutdown", "recv", "recvfrom", "recvmsg", "recvmmsg",
	"recvmmsg_time64", "send", "sendto", "sendmsg", "sendmmsg",
	"getsockopt", "setsockopt", "getsockname", "fstat", "fstat64",
	/* waiting */
	"epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll",
	"ppoll", "ppoll_time64", "futex", "futex_time64", "restart_syscall",
	"nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
	/* the time, where no vDSO tells it */
	"clock_gettime", "clock_gettime64", "gettimeofday", "time",
	/* memory, random numbers, and how much there is */
	"brk", "munmap", "mremap", "madvise", "getrandom", "sysinfo",
	/* signals, and the end */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
	"getpid", "gettid", "exit", "exit_group",
};

/* With an argument of which all bits of a mask are as given. */
static const struct {
	const char *name;
	unsigned int arg;
	uint64_t mask, value;
} confine_limited[] = {
	/* No memory becomes a program. */
	{ "mmap", 2, PROT_EXEC, 0 },
	{ "mmap2", 2, PROT_EXEC, 0 },
	{ "mprotect", 2, PROT_EXEC, 0 },
	{ "fcntl", 1, UINT32_MAX, F_GETFL },
	{ "fcntl", 1, UINT32_MAX, F_SETFL },
	{ "fcntl", 1, UINT32_MAX, F_DUPFD_CLOEXEC },
	{ "fcntl64", 1, UINT32_MAX, F_GETFL },
	{ "fcntl64", 1, UINT32_MAX, F_SETFL },
	{ "fcntl64", 1, UINT32_MAX, F_DUPFD_CLOEXEC },
	/* What fstat() and isatty() have become. */
	{ "newfstatat", 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ "statx", 2, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ "ioctl", 1, UINT32_MAX, TCGETS },
	{ "ioctl", 1, UINT32_MAX, TIOCGWINSZ },
};

#define N_ELEMENTS(a)	(sizeof(a) / sizeof((a)[0]))

/* What is not there on this architecture needs no rule. */
static int confine_allow(scmp_filter_ctx filter, const char *name,
			 const struct scmp_arg_cmp *arg)
{
	int number = seccomp_syscall_resolve_name(name), err;

	if (number == __NR_SCMP_ERROR)
		return 0;
	err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number,
				     arg ? 1 : 0, arg);
	return err == -EDOM ? 0 : err;
}

static int confine_fill(scmp_filter_ctx filter, unsigned int use)
{
	int err = 0;

	for (size_t i = 0; i < N_ELEMENTS(confine_needed) && !err; i++)
		err = confine_allow(filter, confine_needed[i], NULL);
	for (size_t i = 0; i < N_ELEMENTS(confine_limited) && !err; i++) {
		const struct scmp_arg_cmp arg =
			SCMP_CMP64(confine_limited[i].arg,
				   SCMP_CMP_MASKED_EQ, confine_limited[i].mask,
				   confine_limited[i].value);

		err = confine_allow(filter, confine_limited[i].name, &arg);
	}
	if (!err && use & CONFINE_ACCEPT)
		err = confine_allow(filter, "accept4", NULL);
	return err;
}

/* A kernel that can looks at the filter, and finds none. */
static bool confine_can(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) &&
	       errno == EFAULT;
}

bool confine_calls(const char *what, unsigned int use)
{
	scmp_filter_ctx filter;
	int err;

	if (!confine_can()) {
		complain("%s: this kernel filters no system calls (CONFIG_SECCOMP_FILTER)",
			 what);
		return true;
	}
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	err = filter ? confine_fill(filter, use) : -ENOMEM;
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return !err || confine_complain(what, "system calls", -err);
}

const char *confine_version(void)
{
	static char text[48];
	const struct scmp_version *v = seccomp_version();

	snprintf(text, sizeof(text), "libseccomp %u.%u.%u", v->major, v->minor,
		 v->micro);
	return text;
}

#else

bool confine_calls(const char *what, unsigned int use)
{
	(void)what;
	(void)use;
	return true;
}

const char *confine_version(void)
{
	return NULL;
}

#endif
