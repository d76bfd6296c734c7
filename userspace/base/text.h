/* SPDX-License-Identifier: GPL-2.0-only */
/* Strings that others chose: identities, boards, comments. */

#ifndef ROMON_TEXT_H
#define ROMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_INVALID	UINT32_MAX

void text_init(void);
bool text_is_utf8(void);
bool text_is_hidden(uint32_t c);
bool text_is_plain(uint32_t c);
size_t text_decode(const char *s, size_t len, uint32_t *cp);
char *text_clean(const char *s);
char *text_quote(const char *s);
size_t text_width(const char *clean);
/* Two digits, in lower case; returns their end. Nothing stays on the stack. */
char *text_put_hex(char *to, unsigned char byte);

#endif /* ROMON_TEXT_H */
