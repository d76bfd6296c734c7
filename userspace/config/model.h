/* SPDX-License-Identifier: GPL-2.0-only */
/* One router's configuration, as a whole: what the kernel has, or a file. */

#ifndef ROMON_MODEL_H
#define ROMON_MODEL_H

#include "nl/api.h"

#define MODEL_ALL	"all"	/* the wildcard entry, which is always there */

struct model_port {
	char interface[ROMON_IFNAME_MAX_LEN + 1];
	struct setting_value set[PORT_SETTINGS];	/* all are given */
	const char *file;	/* which has it first; NULL: it is from none */
};

struct model {
	struct setting_value set[CONFIG_SETTINGS];
	struct model_port *port;
	size_t n_ports;
	char **file;		/* what it was read from, as places name it */
	size_t n_files;
};

/* What the kernel has now: 0, or -1 after a complaint. */
int model_load(struct model *m, const char *what);
void model_free(struct model *m);

/* NULL if there is none. */
struct model_port *model_port(const struct model *m, const char *interface);
/* With the settings of a new entry. Pointers to others are stale. */
struct model_port *model_add(struct model *m, const char *interface);
/* Of that file, if it is not NULL. */
bool model_has_secrets(const struct model *m, const char *file);
/* A file that some of it is from: its name, which the model keeps. */
const char *model_file(struct model *m, const char *name);

#endif /* ROMON_MODEL_H */
