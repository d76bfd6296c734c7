// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether somebody has logged in. What a command exits with does not tell: sshd
 * before 9.8 ends good and bad sessions alike, and dropbear with 0 whatever was
 * tried. But before the login sshd talks through a process of a user without
 * rights, and after it through another user's; dropbear is one process, that
 * becomes the user, or at least starts something for it. Of both the kernel
 * tells, and who has not logged in has no say in it.
 */

#include "base/run.h"
#include "listener_internal.h"

/* Less is no guess: until then there are a banner and an exchange of keys. */
#define LOGIN_BYTES	256
/* Who has not logged in by then is put out by sshd and dropbear as they come. */
#define LOGIN_NS	(360 * RUN_SECOND)

static void listener_login_settle(struct listener_session *s,
				  enum guard_end end)
{
	if (!s->login.wanted || s->login.done)
		return;
	s->login.done = true;
	s->login.in = end == GUARD_LOGGED_IN;
	s->relay.wrote = NULL;
	guard_login_over(&s->who, end, run_now());
}

/* sshd's second user who is not root, or whoever dropbear has become. */
static void listener_login_wrote(struct relay *r, const struct ucred *who)
{
	struct listener_session *s = (struct listener_session *)r;
	bool other = s->login.wrote && s->login.writer != who->uid;
	bool itself = who->pid == s->pid;

	/* Of somebody in a namespace that is none of ours. */
	if (!who->pid)
		return;
	if (other && (s->login.writer || (itself && !s->login.others))) {
		listener_login_settle(s, GUARD_LOGGED_IN);
		return;
	}
	s->login.others |= !itself;
	s->login.writer = who->uid;
	s->login.wrote = true;
}

void listener_login_begin(struct listener_session *s,
			  const struct serve_offer *o)
{
	s->login.wanted = o->login;
	if (s->login.wanted)
		guard_login(&s->who);
}

void listener_login_joined(struct listener_session *s)
{
	if (!s->login.wanted)
		return;
	s->relay.wrote = listener_login_wrote;
	s->deadline = run_now() + LOGIN_NS;
	listener_due(s->deadline);
}

void listener_login_lasts(struct listener_session *s)
{
	listener_login_settle(s, GUARD_LOGGED_IN);
}

void listener_login_over(struct listener_session *s)
{
	enum guard_end end = GUARD_FAILED;

	if (s->waited && s->login.wrote && !s->login.others)
		end = GUARD_LOGGED_IN;
	else if (s->bytes_in < LOGIN_BYTES)
		end = GUARD_NOTHING;
	listener_login_settle(s, end);
}
