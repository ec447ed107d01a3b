/*
 * xtext (RFC 3461 4): printable ASCII without "+" and "=", anything else as
 * "+" and two capital hexadecimal digits.
 */
#ifndef GATEWAY_MAIL_XTEXT_H
#define GATEWAY_MAIL_XTEXT_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Well-formed; the empty text is. */
bool xtext_is_valid(struct text t);
/* Well-formed, and printable ASCII when decoded (RFC 3461 4.4). */
bool xtext_is_printable(struct text t);
/*
 * Append what t stands for: any bytes, so look at them before printing.
 * ERROR_MALFORMED, or ERROR_LIMIT; out is unchanged then.
 */
int xtext_decode(struct text t, struct buffer *out) MUST_CHECK;
/* Append raw as xtext.  ERROR_LIMIT with out unchanged. */
int xtext_encode(struct text raw, struct buffer *out) MUST_CHECK;

#endif
