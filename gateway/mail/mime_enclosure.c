/*
 * One message within another.
 */
#include "gateway/mail/mime_enclosure.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/mail/data_line_private.h"

bool
mime_enclosure_is_clean(struct text message)
{
	if (text_find_byte(message, '\0') < message.len)
		return false;
	while (message.len > 0) {
		struct data_line line = data_line_find(message.data,
			message.len);
		if (line.has_bare_cr || line.has_lf != line.has_cr ||
		    line.text_len > MIME_ENCLOSURE_LINE_MAX)
			return false;
		message = text_skip(message, line.len);
	}
	return true;
}

/* Each turn needs another occurrence in the message, so this ends. */
void
mime_enclosure_boundary(struct text message, uint64_t mid, int64_t now_us,
	char out[MIME_ENCLOSURE_BOUNDARY_SIZE])
{
	unsigned int serial = 0;
	size_t at = 0;

	do {
		int len = snprintf(out, MIME_ENCLOSURE_BOUNDARY_SIZE,
			"=_postern_%" PRIx64 "_%" PRIx64 "_%u", mid,
			(uint64_t)now_us, serial++);
		require(len > 0 && len < MIME_ENCLOSURE_BOUNDARY_SIZE);
		at = text_find(message, text_from(out));
	} while (at < message.len);
}
