/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_ALGAPI_H
#define ROMON_UNIT_ALGAPI_H

#define crypto_memneq(a, b, n)	(!!memcmp(a, b, n))

#endif /* ROMON_UNIT_ALGAPI_H */
