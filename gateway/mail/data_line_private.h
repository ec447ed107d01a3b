/*
 * One line of content, found with memchr(): what the decoder and the
 * encoder both look for.
 */
#ifndef GATEWAY_MAIL_DATA_LINE_PRIVATE_H
#define GATEWAY_MAIL_DATA_LINE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct data_line {
	size_t text_len;	/* without CR and LF at the end */
	size_t len;		/* with them */
	bool has_cr;		/* CR right before LF, or as the last byte */
	bool has_lf;		/* else the bytes ended first */
	bool has_bare_cr;	/* a CR within the text */
};

/* bytes: the rest of a line and maybe more; len above 0. */
static inline struct data_line
data_line_find(const char *bytes, size_t len)
{
	struct data_line line = { .len = len };
	const char *lf = memchr(bytes, '\n', len);
	size_t end = len;

	if (lf != NULL) {
		end = (size_t)(lf - bytes);
		line.len = end + 1;
		line.has_lf = true;
	}
	line.has_cr = end > 0 && bytes[end - 1] == '\r';
	line.text_len = line.has_cr ? end - 1 : end;
	line.has_bare_cr = memchr(bytes, '\r', line.text_len) != NULL;
	return line;
}

#endif
