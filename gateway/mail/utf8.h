/*
 * UTF-8 as mail allows it (RFC 3629, RFC 6532 3.1): well-formed, shortest
 * form, no surrogates, nothing above U+10FFFF.
 */
#ifndef GATEWAY_MAIL_UTF8_H
#define GATEWAY_MAIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

/*
 * Take the character at the beginning of t: its length in bytes (1 to 4) and
 * its code point, or 0 where t is empty or broken.
 */
size_t utf8_next(struct text t, uint32_t *point);
/* Well-formed throughout. */
bool utf8_is_valid(struct text t);
/* No byte over 127.  Reads eight and more bytes at a time. */
bool utf8_is_ascii(struct text t);
/*
 * A character without a place in a mail address or a log: C0, DEL and C1
 * controls, line and paragraph separators, invisible and direction-changing
 * format characters, non-characters.
 */
bool utf8_is_unsafe(uint32_t point);

#endif
