/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_FIPS_H
#define ROMON_UNIT_FIPS_H

#define fips_enabled	0

#endif /* ROMON_UNIT_FIPS_H */
