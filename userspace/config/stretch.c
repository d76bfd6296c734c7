// SPDX-License-Identifier: GPL-2.0-only
/*
 * A secret is the key of HMAC as it stands, and so is guessed at the speed of
 * MD5 by whoever has recorded one frame. What is set by the name of a network
 * is the outcome of scrypt instead (RFC 7914), which takes long and much memory
 * for each guess; the name is the salt.
 */

#include "stretch.h"

#ifdef HAVE_LIBCRYPT

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

/* crypt(3)'s: scrypt, N = 2^14, r = 8, p = 1, and how every salt begins. */
#define STRETCH_SETTING	"$7$C6..../....romon"

/* From crypt(3)'s digits, six bits each, those of the lowest value first. */
static void stretch_put_key(struct secret *s, const char *digit)
{
	static const char digits[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char *to = s->value;
	uint32_t bits = 0;
	unsigned int n = 0;

	memcpy(to, SECRET_KEY_PREFIX, SECRET_KEY_PREFIX_LEN);
	to += SECRET_KEY_PREFIX_LEN;
	s->len = SECRET_KEY_LEN;
	while (to < s->value + SECRET_KEY_LEN) {
		if (n < 8) {
			bits |= (uint32_t)(strchr(digits, *digit++) - digits)
				<< n;
			n += 6;
			continue;
		}
		to = text_put_hex(to, (unsigned char)bits);
		bits >>= 8;
		n -= 8;
	}
}

static const char *stretch_one(struct secret *s, const char *setting,
			       struct crypt_data *data)
{
	char phrase[ROMON_SECRET_MAX_LEN + 1];
	const char *hash;

	if (secret_is_key(s))
		return "a secret that is stretched already, which is set without network";
	if (memchr(s->value, '\0', s->len))
		return "a secret with a zero byte, which can not be stretched";
	memcpy(phrase, s->value, s->len);
	phrase[s->len] = '\0';
	hash = crypt_rn(phrase, setting, data, sizeof(*data));
	explicit_bzero(phrase, sizeof(phrase));
	/* It says EINVAL of both. */
	if (!hash)
		return "there are no 16 MiB of memory for it, or libcrypt has no scrypt";
	stretch_put_key(s, hash + strlen(setting) + 1);
	return NULL;
}

const char *stretch_secrets(struct secrets *s, const char *network)
{
	char setting[sizeof(STRETCH_SETTING) + 2 * STRETCH_NETWORK_MAX];
	struct crypt_data *data;
	const char *wrong = NULL;
	size_t len = strlen(network);
	char *to;

	if (!len)
		return "an empty name";
	if (len > STRETCH_NETWORK_MAX)
		return "a name of more than 64 bytes";
	to = stpcpy(setting, STRETCH_SETTING);
	for (size_t i = 0; i < len; i++)
		to = text_put_hex(to, (unsigned char)network[i]);
	*to = '\0';
	data = xcalloc(1, sizeof(*data));
	for (size_t i = 0; i < s->n && !wrong; i++)
		if (s->v[i].len)
			wrong = stretch_one(&s->v[i], setting, data);
	explicit_bzero(data, sizeof(*data));
	free(data);
	return wrong;
}

#else

const char *stretch_secrets(struct secrets *s, const char *network)
{
	(void)s;
	(void)network;
	return "built without libcrypt: set, without network, what romon stretch says elsewhere";
}

#endif
