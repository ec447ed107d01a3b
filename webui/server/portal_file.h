/*
 * The three fields of an envelope inside its file (PROTOCOL.envelope,
 * section 7), found in pieces of any size without reading the HTML around
 * them: header and share up to the next quotation mark, payload up to "<".
 */
#ifndef WEBUI_SERVER_PORTAL_FILE_H
#define WEBUI_SERVER_PORTAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* In the order of the file. */
enum portal_field {
	PORTAL_FIELD_HEADER,
	PORTAL_FIELD_SHARE,
	PORTAL_FIELD_PAYLOAD,
	PORTAL_FIELDS
};

/* Bytes of a file before its payload begins. */
#define PORTAL_FILE_SHELL_MAX (256u * 1024)

struct portal_file_events {
	/* Negative ends the scan with that error, here and below. */
	int (*data)(void *context, enum portal_field field,
		struct text piece);
	int (*end)(void *context, enum portal_field field);
};

/* All zero at first. */
struct portal_file {
	uint8_t step;
	size_t matched;		/* bytes of the mark that is looked for */
	uint64_t seen;
};

/* 0, ERROR_LIMIT (no envelope so far), or what a callback gave. */
int portal_file_feed(struct portal_file *file, struct text piece,
	const struct portal_file_events *events, void *context) MUST_CHECK;
/* All three fields have come. */
bool portal_file_is_complete(const struct portal_file *file);

#endif
