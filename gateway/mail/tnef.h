/*
 * TNEF, the "winmail.dat" of Outlook (MS-OXTNEF): the attachments within,
 * and the texts that stand for the body.  Nothing is decoded further.
 */
#ifndef GATEWAY_MAIL_TNEF_H
#define GATEWAY_MAIL_TNEF_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Attachments and bodies of one file; more are ERROR_LIMIT. */
#define TNEF_ITEMS_MAX 1000
#define TNEF_NAMES_MAX 4

enum tnef_kind {
	TNEF_ATTACHMENT,
	TNEF_BODY,		/* plain text, 8-bit or UTF-16LE */
	TNEF_BODY_HTML,
	TNEF_BODY_RTF,		/* compressed: tnef_rtf() */
};

/* A name or text as it stands in the file. */
struct tnef_text {
	struct text bytes;	/* without NULs at its end */
	bool is_utf16;		/* little-endian; else in a code page */
};

struct tnef_item {
	enum tnef_kind kind;
	struct tnef_text names[TNEF_NAMES_MAX];	/* of an attachment */
	size_t name_count;
	struct text type;	/* MIME type, or empty */
	struct tnef_text data;	/* of an attachment: bytes; that may be
				   another TNEF file */
};

/* Begins as such a file does. */
bool tnef_is(struct text bytes);

/*
 * Read.  Everything is borrowed from bytes, the table lies in the arena.
 * What comes behind a broken attribute is left out, and *is_cut says so.
 * ERROR_MALFORMED: no TNEF; ERROR_LIMIT: too many items, or the arena is
 * full.
 */
int tnef_read(struct text bytes, struct arena *arena,
	struct tnef_item **items, size_t *count, bool *is_cut) MUST_CHECK;

#endif
