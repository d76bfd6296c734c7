/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_STRING_H
#define ROMON_UNIT_STRING_H

#define memzero_explicit(p, n)	explicit_bzero(p, n)

static inline const void *memchr_inv(const void *p, int c, size_t n)
{
	const u8 *at = p;

	for (; n; at++, n--)
		if (*at != (u8)c)
			return at;
	return NULL;
}

#endif /* ROMON_UNIT_STRING_H */
