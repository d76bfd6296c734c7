/* SPDX-License-Identifier: GPL-2.0-only */
/* Results as TAP, without numbers and plan: tests/run adds them. */

#ifndef ROMON_TAP_H
#define ROMON_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static bool __attribute__((unused, format(printf, 2, 3)))
tap_ok(bool ok, const char *format, ...)
{
	va_list args;

	printf("%s - ", ok ? "ok" : "not ok");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return ok;
}

#endif /* ROMON_TAP_H */
