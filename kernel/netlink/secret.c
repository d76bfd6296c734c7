// SPDX-License-Identifier: GPL-2.0-only
/* Lists of secrets in requests and answers: read, shown, wiped. */

#include <net/genetlink.h>
#include <uapi/linux/romon.h>

#include "family.h"
#include "path/secret.h"

static void romon_nl_wipe_secrets(struct nlattr *nest)
{
	struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, nest, rem)
		memzero_explicit(nla_data(attr), nla_len(attr));
}

/* A request is refused before its secrets were read. */
void romon_nl_wipe(struct genl_info *info)
{
	struct nlattr *nest = NULL;

	switch (info->genlhdr->cmd) {
	case ROMON_CMD_CONFIG_SET:
		nest = info->attrs[ROMON_A_CONFIG_SECRETS];
		break;
	case ROMON_CMD_PORT_ADD:
	case ROMON_CMD_PORT_SET:
		nest = info->attrs[ROMON_A_PORT_SECRETS];
		break;
	}
	if (nest)
		romon_nl_wipe_secrets(nest);
}

int romon_nl_fill_secrets(struct sk_buff *skb, int attr, int count,
			  const struct romon_secrets *list, bool admin)
{
	struct nlattr *nest;
	unsigned int i;

	if (nla_put_u32(skb, count, list ? list->n : 0))
		return -EMSGSIZE;
	if (!list || !admin)
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < list->n; i++)
		if (nla_put(skb, ROMON_A_SECRETS_SECRET, list->secret[i].len,
			    list->secret[i].value))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Read a list of secrets, and wipe it from the request. An error pointer and
 * a sentence, a list, or NULL for an empty one.
 */
struct romon_secrets *romon_nl_get_secrets(struct genl_info *info,
					   struct nlattr *nest)
{
	struct romon_secret_text text[ROMON_SECRETS_MAX];
	struct romon_secrets *list = NULL;
	struct nlattr *attr;
	int rem, err = 0;
	u8 n = 0;

	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != ROMON_A_SECRETS_SECRET)
			continue;
		if (n == ROMON_SECRETS_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "A list has at most 16 secrets");
			err = -E2BIG;
			break;
		}
		if (nla_len(attr) > ROMON_SECRET_MAX_LEN) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "A secret has at most 64 bytes");
			err = -EINVAL;
			break;
		}
		text[n].value = nla_data(attr);
		text[n].len = nla_len(attr);
		n++;
	}
	if (!err && n) {
		list = romon_secrets_alloc(text, n);
		err = PTR_ERR_OR_ZERO(list);
		if (!err && romon_secrets_closed(list))
			NL_SET_ERR_MSG_ATTR(info->extack, nest,
					    "No MD5 in FIPS mode: what has secrets is closed");
	}
	romon_nl_wipe_secrets(nest);
	return err ? ERR_PTR(err) : list;
}
