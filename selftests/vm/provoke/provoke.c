// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every kind of mistake that the debug kernel is there to report, one for each
 * value of the parameter `what`. The test bed loads this to see that a run
 * with such a mistake fails.
 */

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *what = "";
module_param(what, charp, 0);

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);

struct busy {
	struct timer_list timer;
};

static void timer_fn(struct timer_list *t)
{
}

static void use_after_free(void)
{
	char *p = kmalloc(32, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(*p, 1);
}

static void wide_shift(void)
{
	int i = 40;

	OPTIMIZER_HIDE_VAR(i);
	pr_info("provoke: %d\n", 1 << i);
}

static void leak(void)
{
	void *p = kmalloc(128, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
}

static void sleep_in_atomic(void)
{
	spin_lock(&first);
	msleep(20);
	spin_unlock(&first);
}

static void lock_cycle(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);

	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static void rcu_without_lock(void)
{
	static int __rcu *pointer;

	pr_info("provoke: %p\n", rcu_dereference(pointer));
}

static void free_active_timer(void)
{
	struct busy *busy = kzalloc(sizeof(*busy), GFP_KERNEL);

	if (!busy)
		return;
	timer_setup(&busy->timer, timer_fn, 0);
	mod_timer(&busy->timer, jiffies + 1000 * HZ);
	kfree(busy);
	/* The debug code has complained; the timer must not fire after all. */
}

static void refcount_underflow(void)
{
	refcount_t r = REFCOUNT_INIT(1);

	refcount_dec(&r);
}

static int shared;

static int count(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

/* Takes two CPUs. */
static void unmarked_access(void)
{
	struct task_struct *tasks[2];
	int i;

	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = kthread_run(count, NULL, "provoke-%d", i);
	msleep(2000);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		if (!IS_ERR(tasks[i]))
			kthread_stop(tasks[i]);
}

static void warn(void)
{
	WARN_ON(1);
}

static const struct {
	const char *name;
	void (*fn)(void);
} mistakes[] = {
	{ "use_after_free", use_after_free },
	{ "wide_shift", wide_shift },
	{ "leak", leak },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "lock_cycle", lock_cycle },
	{ "rcu_without_lock", rcu_without_lock },
	{ "free_active_timer", free_active_timer },
	{ "refcount_underflow", refcount_underflow },
	{ "warn", warn },
	{ "unmarked_access", unmarked_access },
};

static int __init provoke_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (strcmp(what, mistakes[i].name))
			continue;
		mistakes[i].fn();
		return 0;
	}
	return -EINVAL;
}

static void __exit provoke_exit(void)
{
}

module_init(provoke_init);
module_exit(provoke_exit);
MODULE_DESCRIPTION("Mistakes for the test bed to report");
MODULE_LICENSE("GPL");
