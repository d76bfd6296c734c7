// SPDX-License-Identifier: GPL-2.0-only
/* Register a family with split operations where there are only full ones. */

#include <linux/slab.h>

#undef genl_family
#undef genl_register_family
#undef genl_unregister_family

/* The module has one family; full operations do not say whose they are. */
static struct romon_compat_genl_family *romon_compat_family;

static int romon_compat_pre_doit(const struct genl_ops *ops,
				 struct sk_buff *skb, struct genl_info *info)
{
	const struct romon_compat_genl_family *family = romon_compat_family;
	unsigned int i;

	for (i = 0; i < family->n_split_ops; i++) {
		const struct genl_split_ops *split = &family->split_ops[i];

		if (split->cmd == ops->cmd && split->doit)
			return split->pre_doit ?
			       split->pre_doit(split, skb, info) : 0;
	}
	return -EOPNOTSUPP;
}

static struct genl_ops *
romon_compat_find(struct romon_compat_genl_family *family, unsigned int *n,
		  u8 cmd)
{
	unsigned int i;

	for (i = 0; i < *n; i++)
		if (family->ops[i].cmd == cmd)
			return &family->ops[i];
	return &family->ops[(*n)++];
}

int romon_compat_genl_register(struct romon_compat_genl_family *family)
{
	unsigned int i, n = 0;
	int err;

	family->ops = kcalloc(family->n_split_ops, sizeof(*family->ops),
			      GFP_KERNEL);
	if (!family->ops)
		return -ENOMEM;
	for (i = 0; i < family->n_split_ops; i++) {
		const struct genl_split_ops *split = &family->split_ops[i];
		struct genl_ops *op = romon_compat_find(family, &n, split->cmd);

		op->cmd = split->cmd;
		if (split->doit)
			op->doit = split->doit;
		if (split->dumpit)
			op->dumpit = split->dumpit;
		if (split->policy) {
			op->policy = split->policy;
			op->maxattr = split->maxattr;
		}
	}

	strscpy(family->real.name, family->name, sizeof(family->real.name));
	family->real.version = family->version;
	family->real.netnsok = family->netnsok;
	family->real.parallel_ops = family->parallel_ops;
	family->real.module = family->module;
	family->real.pre_doit = romon_compat_pre_doit;
	family->real.ops = family->ops;
	family->real.n_ops = n;
	family->real.mcgrps = family->mcgrps;
	family->real.n_mcgrps = family->n_mcgrps;
	family->real.resv_start_op = 1;

	romon_compat_family = family;
	err = genl_register_family(&family->real);
	if (err)
		kfree(family->ops);
	return err;
}

int romon_compat_genl_unregister(struct romon_compat_genl_family *family)
{
	int err = genl_unregister_family(&family->real);

	kfree(family->ops);
	return err;
}
