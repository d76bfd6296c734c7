/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Giving up, for good, what a process does not need that hears strangers: should
 * it be made to do something else, it can do that with what it has open only.
 */

#ifndef ROMON_CONFINE_H
#define ROMON_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/* What it goes on to do besides reading, writing and waiting. */
enum confine_use {
	CONFINE_ACCEPT	= 1 << 0,	/* take connections */
};

/*
 * Closes all files from @first on but @keep, of which -1 is none. In a new
 * process: what it was started with is nothing that it needs.
 */
void confine_files(int first, const int *keep, size_t n);
/* No program that it starts can have any right. While there are rights to. */
void confine_bounds(void);
/* No rights, nor ways to gain any; nobody looks inside. False after a complaint. */
bool confine_rights(const char *what);
/*
 * No system call but those that the loop needs: none that opens anything. Any
 * other ends the process with SIGSYS. True without a filter too, after a
 * complaint, if the kernel has none.
 */
bool confine_calls(const char *what, unsigned int use);
/* Behind "signal N": more of it, if it is that of the filter, or nothing. */
const char *confine_signal(int signo);
/* What the filter is made by; NULL: this was built without. */
const char *confine_version(void);

#endif /* ROMON_CONFINE_H */
