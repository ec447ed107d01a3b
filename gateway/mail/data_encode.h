/*
 * The content of a message as it goes out by DATA (RFC 5321 4.5.2): the only
 * encoder that writes content to the wire.  Stuffs dots, and refuses a CR
 * without LF or an LF without CR before they reach the wire, whatever made
 * them.
 *
 * A body that does not end in CRLF (only BDAT can bring one) gets it, for
 * DATA cannot say otherwise; everything else goes out byte for byte.
 */
#ifndef GATEWAY_MAIL_DATA_ENCODE_H
#define GATEWAY_MAIL_DATA_ENCODE_H

#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct data_encode {
	uint8_t state;		/* our own */
};

void data_encode_init(struct data_encode *encode);

/*
 * Take bytes off the beginning of *body and give the piece of wire bytes to
 * write next: borrowed from *body or static, never empty.
 * 0; ERROR_AGAIN when *body is used up; ERROR_MALFORMED for a raw CR or LF:
 * end the connection without the final dot.
 */
int data_encode_next(struct data_encode *encode, struct text *body,
	struct text *piece) MUST_CHECK;

/*
 * The body is over: the last bytes, static, with "." CRLF at their end.
 * ERROR_MALFORMED where the body ended in a raw CR.
 */
int data_encode_finish(struct data_encode *encode, struct text *piece)
	MUST_CHECK;

#endif
