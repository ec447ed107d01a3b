/*
 * The manifest of an opened package (PROTOCOL.envelope 6), read as if it
 * came from anywhere.
 */
#ifndef CRYPTO_UNSEAL_UNSEAL_MANIFEST_H
#define CRYPTO_UNSEAL_UNSEAL_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/mail/mime_message.h"

#define UNSEAL_PARTS_MAX 10000

enum unseal_show {
	UNSEAL_SHOW_FILE,	/* offered under its name */
	UNSEAL_SHOW_TEXT,
	UNSEAL_SHOW_HTML,
};

struct unseal_part {
	enum unseal_show show;
	struct text name;	/* FILE; never empty */
	struct text body;	/* in the message, encoded */
	enum mime_encoding encoding;
	bool has_content;	/* content stands for the body */
	struct text content;	/* UTF-8 */
};

struct unseal_manifest {
	struct text subject;
	struct text from;
	struct text to;
	struct text cc;
	struct text date;
	struct unseal_part *parts;
	size_t part_count;
	bool is_cut;
};

/* Seed the library's tables: before the jail, and before any child. */
void unseal_manifest_prepare(void);

/*
 * Ranges are checked against the message; texts lie in the arena or are
 * borrowed from the message.  ERROR_MALFORMED, ERROR_LIMIT.
 */
int unseal_manifest_read(struct text json, struct text message,
	struct arena *arena, struct unseal_manifest *out) MUST_CHECK;

/* Append what a part holds, decoded.  ERROR_LIMIT; what fits is there. */
int unseal_part_decode(const struct unseal_part *part, struct buffer *out)
	MUST_CHECK;
/* File n, counted from 1; NULL where there is none. */
const struct unseal_part *unseal_manifest_file(
	const struct unseal_manifest *manifest, size_t n);

#endif
