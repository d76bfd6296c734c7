/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_MINMAX_H
#define ROMON_UNIT_MINMAX_H

#define min(a, b)		({ __auto_type _a = (a); __auto_type _b = (b); \
				   _a < _b ? _a : _b; })
#define min_t(type, a, b)	({ type _a = (a), _b = (b); _a < _b ? _a : _b; })

#endif /* ROMON_UNIT_MINMAX_H */
