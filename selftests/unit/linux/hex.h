/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_HEX_H
#define ROMON_UNIT_HEX_H

static inline int hex2bin(u8 *to, const char *digits, size_t n)
{
	for (; n; n--, digits += 2)
		if (sscanf(digits, "%2hhx", to++) != 1)
			return -EINVAL;
	return 0;
}

#endif /* ROMON_UNIT_HEX_H */
