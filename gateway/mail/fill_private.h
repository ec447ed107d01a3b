/*
 * Adding what fits: decoders give what there is room for before they say
 * ERROR_LIMIT.
 */
#ifndef GATEWAY_MAIL_FILL_PRIVATE_H
#define GATEWAY_MAIL_FILL_PRIVATE_H

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

static inline int
fill_add(struct buffer *out, struct text t)
{
	size_t room = out->max - buffer_len(out);
	int error = buffer_add_text(out, text_slice(t, 0, room));

	return error != 0 || t.len > room ? ERROR_LIMIT : 0;
}

/* The same for UTF-8: no character is cut. */
static inline int
fill_add_utf8(struct buffer *out, struct text t)
{
	size_t room = out->max - buffer_len(out);

	if (t.len <= room)
		return buffer_add_text(out, t);
	while (room > 0 && ((unsigned char)t.data[room] & 0xc0) == 0x80)
		room--;
	require(buffer_add(out, t.data, room) == 0);
	return ERROR_LIMIT;
}

#endif
