/*
 * Texts with places for words and values, "{{name}}": the file, the
 * notification.  The only way by which anything dynamic gets into them.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_TEMPLATE_H
#define CRYPTO_SECURE_ENVELOPE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Of what is filled in; closing tags come on top. */
#define SECURE_ENVELOPE_COLUMNS 63

struct secure_envelope_value {
	const char *name;
	struct text text;	/* UTF-8 */
	bool is_raw;		/* our own, goes in as it is */
};

struct secure_envelope_template {
	const struct secure_envelope_value *values;
	size_t count;
	bool is_html;		/* escape, and make it ASCII */
};

/*
 * Append pattern (lines end in LF) with CRLF.  A name is a value's or a
 * word's (secure_envelope_words.h), whose own places are filled with values;
 * an unknown one is our bug.  What is filled in breaks its lines at spaces.
 * ERROR_LIMIT
 */
int secure_envelope_template_fill(
	const struct secure_envelope_template *fill, struct text pattern,
	struct buffer *out) MUST_CHECK;
/* A pattern's or word's text on one line, as it is. */
int secure_envelope_template_text(
	const struct secure_envelope_template *fill, struct text pattern,
	struct buffer *out) MUST_CHECK;

#endif
