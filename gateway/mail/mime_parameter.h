/*
 * Values of structured MIME fields (RFC 2045 5.1, RFC 2183): a first word
 * and parameters, with comments, quotes and the continuations and charsets
 * of RFC 2231.  Reads what mail programs write, not only what they should.
 */
#ifndef GATEWAY_MAIL_MIME_PARAMETER_H
#define GATEWAY_MAIL_MIME_PARAMETER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/mail/mime_message.h"

/* Read from one field; what comes behind is left out. */
#define MIME_PARAMETER_BYTES_MAX 65536u
#define MIME_PARAMETER_PIECES_MAX 200u

/* Name of the parameter that holds what another reader takes for the value
 * of "boundary", where that can be taken in two ways. */
#define MIME_PARAMETER_OTHER_BOUNDARY "*boundary"

/* What was odd; a set. */
enum mime_parameter_flag {
	MIME_PARAMETER_JUNK = 1u << 0,		/* broken grammar */
	MIME_PARAMETER_DUPLICATE = 1u << 1,	/* one name or piece twice */
	MIME_PARAMETER_TOO_MANY = 1u << 2,
};

/* One field's value.  Everything lies in the arena or in the value. */
struct mime_structured {
	struct text first;	/* "text/plain", "attachment": lower case,
				   without spaces and comments */
	struct mime_parameter *parameters;
	size_t count;
	unsigned int flags;	/* set of enum mime_parameter_flag */
};

/*
 * Continued and charset forms come before plain ones of the same name.
 * ERROR_LIMIT: the arena is full.
 */
int mime_structured_parse(struct text value, struct arena *arena,
	struct mime_structured *out) MUST_CHECK;

/* The value of the first of that name, without case; else empty. */
struct text mime_parameter_find(const struct mime_parameter *parameters,
	size_t count, const char *name);

#endif
