/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranges of policies became constant with Linux 6.6. */

#ifndef ROMON_COMPAT_NLA_POLICY_H
#define ROMON_COMPAT_NLA_POLICY_H

#include <net/netlink.h>

#undef NLA_POLICY_FULL_RANGE
#define NLA_POLICY_FULL_RANGE(tp, _range) {				\
	.type = NLA_ENSURE_UINT_OR_BINARY_TYPE(tp),			\
	.validation_type = NLA_VALIDATE_RANGE_PTR,			\
	.range = (struct netlink_range_validation *)(_range),		\
}

#endif /* ROMON_COMPAT_NLA_POLICY_H */
