/*
 * A buffer of bytes that grows to a stated maximum, then fails.  Bytes are
 * taken at the front and added at the back.  Memory failure is fatal().
 */
#ifndef GATEWAY_BASE_BUFFER_H
#define GATEWAY_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct buffer {
	char *bytes;	/* NULL while empty and never used */
	size_t start;	/* first unread byte */
	size_t end;	/* behind the last byte */
	size_t size;	/* allocated */
	size_t max;	/* end - start never passes this */
};

/* An empty buffer; allocates nothing.  max in bytes, above 0. */
void buffer_init(struct buffer *buffer, size_t max);
/* Free the memory; the buffer is empty and usable again. */
void buffer_clear(struct buffer *buffer);
/* Forget the content, keep the memory. */
void buffer_reset(struct buffer *buffer);
/* Overwrite the content, then buffer_clear(); for secrets. */
void buffer_wipe(struct buffer *buffer);

size_t buffer_len(const struct buffer *buffer);
/* The content, borrowed until the next change of the buffer. */
struct text buffer_text(const struct buffer *buffer);

/* All of these: 0, or ERROR_LIMIT with the buffer unchanged. */
int buffer_add(struct buffer *buffer, const void *data, size_t len) MUST_CHECK;
int buffer_add_text(struct buffer *buffer, struct text t) MUST_CHECK;
int buffer_add_byte(struct buffer *buffer, char byte) MUST_CHECK;
int buffer_printf(struct buffer *buffer, const char *format, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK;
int buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
	PRINTF_LIKE(2, 0) MUST_CHECK;

/*
 * Room for len more bytes at *out; follow with buffer_commit() of what was
 * really filled in.  ERROR_LIMIT where max would be passed.
 */
int buffer_reserve(struct buffer *buffer, size_t len, char **out) MUST_CHECK;
void buffer_commit(struct buffer *buffer, size_t len);

/* Drop len bytes at the front; len at most buffer_len(). */
void buffer_consume(struct buffer *buffer, size_t len);
/* Cut to the first len bytes; len at most buffer_len(). */
void buffer_truncate(struct buffer *buffer, size_t len);
/* Give memory back: keep at most what the content needs. */
void buffer_shrink(struct buffer *buffer);

#endif
