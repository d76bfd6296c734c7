/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of secrets, which leave no trace behind. */

#ifndef ROMON_SECRETS_H
#define ROMON_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/romon.h>

struct secret {
	uint8_t len;
	char value[ROMON_SECRET_MAX_LEN];
};

/* Tells the key that a secret is in some network from a secret as it stands. */
#define SECRET_KEY_PREFIX	"stretched:"
#define SECRET_KEY_BYTES	16

#define SECRET_KEY_PREFIX_LEN	(sizeof(SECRET_KEY_PREFIX) - 1)
#define SECRET_KEY_LEN		(SECRET_KEY_PREFIX_LEN + 2 * SECRET_KEY_BYTES)

struct secrets {
	size_t n;
	struct secret v[ROMON_SECRETS_MAX];
};

/* Four characters for each byte, and a comma or the end. */
#define SECRETS_TEXT_MAX	(ROMON_SECRETS_MAX * (4 * ROMON_SECRET_MAX_LEN + 1))

struct secrets *secrets_new(void);
void secrets_free(struct secrets *s);
const char *secrets_add(struct secrets *s, const void *value, size_t len);
bool secret_is_key(const struct secret *s);
bool secrets_same(const struct secrets *a, const struct secrets *b);
bool secrets_demand_hash(const struct secrets *s);

const char *secrets_parse(struct secrets *s, const char *list);
void secrets_complain_readable(const char *what, const char *file);
bool secrets_read(struct secrets *s, const char *what, const char *file);
char *secrets_text_one(char *to, const struct secrets *s, size_t which);
const char *secrets_text(char *to, const struct secrets *s);

#endif /* ROMON_SECRETS_H */
