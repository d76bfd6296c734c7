/* SPDX-License-Identifier: GPL-2.0-only */
/* Telling who started us, as sd_notify(3) does. */

#ifndef ROMON_NOTIFY_H
#define ROMON_NOTIFY_H

/* READY=1, STOPPING=1 and so on, if somebody wants to know. */
void notify(const char *state);
/* RELOADING=1, which goes with the time. */
void notify_reloading(void);

#endif /* ROMON_NOTIFY_H */
