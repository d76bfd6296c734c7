/* SPDX-License-Identifier: GPL-2.0-only */
/* Telling who started us, as sd_notify(3) does. */

#ifndef ROMON_SERVE_NOTIFY_H
#define ROMON_SERVE_NOTIFY_H

/* READY=1, STOPPING=1 and so on, if somebody wants to know. */
void serve_notify(const char *state);
/* RELOADING=1, which goes with the time. */
void serve_notify_reloading(void);

#endif /* ROMON_SERVE_NOTIFY_H */
