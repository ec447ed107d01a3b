/*
 * MAIL and RCPT as we send them (RFC 5321 4.1.1.2 and 4.1.1.3), with the
 * parameters that the next hop offers.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_COMMAND_H
#define QUEUE_DELIVERY_DELIVERY_COMMAND_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/mail/envelope.h"

/* A command with the longest address and every parameter. */
#define DELIVERY_COMMAND_MAX 8192

/*
 * Whether an address and its parameters can be sent at all: what would end
 * the line or the path never is.
 */
bool delivery_command_can_mail(const struct envelope *envelope);
bool delivery_command_can_rcpt(const struct envelope_recipient *recipient);

/*
 * Append the command with its CRLF.
 *   extensions  a set of enum smtp_extension
 *   has_8bit    the body holds bytes over 127
 * ERROR_LIMIT; ERROR_MALFORMED for what cannot be sent, see above.
 */
int delivery_command_mail(const struct envelope *envelope,
	unsigned int extensions, bool has_8bit, struct buffer *out)
	MUST_CHECK;
int delivery_command_rcpt(const struct envelope_recipient *recipient,
	unsigned int extensions, struct buffer *out) MUST_CHECK;

#endif
