/* SPDX-License-Identifier: GPL-2.0-only */
/* Results as TAP, without numbers and plan: tests/run adds them. */

#ifndef ROMON_TAP_H
#define ROMON_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool tap_ok(bool ok, const char *what)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", what);
	return ok;
}

static void __attribute__((unused))
tap_is(const char *got, const char *want, const char *what)
{
	if (tap_ok(got && !strcmp(got, want), what))
		return;
	printf("# got:  %s\n# want: %s\n", got ? got : "(nothing)", want);
}

#endif /* ROMON_TAP_H */
