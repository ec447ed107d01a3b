/*
 * One message within another (RFC 2046 5.1.1 and 5.2.1): whether it may go
 * along untouched, and a boundary that it does not hold.
 */
#ifndef GATEWAY_MAIL_MIME_ENCLOSURE_H
#define GATEWAY_MAIL_MIME_ENCLOSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/text.h"

#define MIME_ENCLOSURE_LINE_MAX 998	/* RFC 5322 2.1.1, without CRLF */
#define MIME_ENCLOSURE_BOUNDARY_SIZE 72

/* CRLF lines of at most 998 bytes without NUL. */
bool mime_enclosure_is_clean(struct text message);

/*
 * Print a boundary, NUL ended, that does not occur in the message and is the
 * same for the same numbers and message.
 */
void mime_enclosure_boundary(struct text message, uint64_t mid,
	int64_t now_us, char out[MIME_ENCLOSURE_BOUNDARY_SIZE]);

#endif
