/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What older kernels lack, under the names that newer ones have. The rest of
 * the module is written for the newest kernel and knows nothing of this.
 */

#ifndef ROMON_COMPAT_H
#define ROMON_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "romon needs Linux 6.1 or newer"
#endif

#ifdef ROMON_LACKS_CONST_RANGE
#include "nla_policy.h"
#endif

#ifdef ROMON_LACKS_GENL_SPLIT_OPS
#include "genetlink.h"
#endif

/* Linux 6.17, and stable kernels before; 7.2 warns of the old names. */
#ifdef ROMON_LACKS_PERCPU_WQ
#define system_percpu_wq system_wq
#define system_dfl_wq system_unbound_wq
#endif

/* Linux 7.0, and stable kernels before. */
#ifdef ROMON_LACKS_KZALLOC_OBJ
#define kzalloc_obj(P, gfp) \
	({ typeof(P) *_obj = kzalloc(sizeof(P), gfp); _obj; })
#endif

/* Moved in Linux 6.12, and in stable kernels before. */
#ifdef ROMON_LACKS_UNALIGNED
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

#endif /* ROMON_COMPAT_H */
