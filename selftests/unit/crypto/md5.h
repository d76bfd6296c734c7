/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_MD5_H
#define ROMON_UNIT_MD5_H

#define MD5_HMAC_BLOCK_SIZE	64

#endif /* ROMON_UNIT_MD5_H */
