/*
 * Compressed rich text of TNEF (MS-OXRTFCP).
 */
#ifndef GATEWAY_MAIL_TNEF_RTF_H
#define GATEWAY_MAIL_TNEF_RTF_H

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/*
 * Append the rich text that is compressed in t (2.1.3.1), as far as it goes:
 * one that is cut gives its beginning.  ERROR_MALFORMED: no such text;
 * ERROR_LIMIT: out is full; what fits is there.
 */
int tnef_rtf(struct text t, struct buffer *out) MUST_CHECK;

#endif
