/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands from a file, a line at a time, wiped behind. */

#ifndef ROMON_SCRIPT_H
#define ROMON_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "parse.h"

/*
 * Comments around what was written whole: whoever is given the first and not
 * the last has not all of it.
 */
#define SCRIPT_FIRST	"# Written by romon save, and whole if the last line is # end"
#define SCRIPT_LAST	"# end"

struct script_input;

struct script {
	struct script_input *in;
	const char *what;	/* before a complaint, may be NULL */
	const char *name;
	char *line;
	size_t size;		/* of the room for it */
	size_t taken;		/* bytes of all lines so far */
	unsigned int number;
	bool cut;		/* after SCRIPT_FIRST, and not yet SCRIPT_LAST */
	struct words words;
};

bool script_open(struct script *s, const char *what, const char *file);
int script_next(struct script *s, struct args *args);
int script_fd(const struct script *s);
int script_status(const struct script *s);
void script_close(struct script *s);
bool script_has_stdin(void);

#endif /* ROMON_SCRIPT_H */
