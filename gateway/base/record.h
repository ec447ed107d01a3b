/*
 * Records: C structs as bounded, versioned bytes, driven by a table of
 * their fields.  Frames between processes, the envelope in the queue's log
 * and the configuration snapshot are all records.
 *
 * Encoding: for each field that is not at its zero value, in rising tag
 * order, u16 tag, u32 length, bytes; little endian.  A list is one field
 * per element, in order.  A nested record is its own encoding.  Unknown
 * tags are skipped, so that fields may be added; missing ones are zero.
 *
 * Numbers have their natural width; a shorter or longer one is
 * ERROR_MALFORMED, as are falling tags, repeated single fields and lengths
 * that do not fit.  Limits of the table that are passed are ERROR_LIMIT.
 */
#ifndef GATEWAY_BASE_RECORD_H
#define GATEWAY_BASE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

enum record_kind {
	RECORD_U8,	/* also bool and enums stored in uint8_t */
	RECORD_U16,
	RECORD_U32,
	RECORD_U64,
	RECORD_I64,
	RECORD_TEXT,	/* struct text; limit: most bytes */
	RECORD_BYTES,	/* uint8_t[limit], exactly; all zero is absent */
	RECORD_ONE,	/* nested struct of shape */
	RECORD_LIST,	/* pointer to array of shape, count at count_offset
			   (size_t); limit: most elements */
	RECORD_TEXTS,	/* pointer to array of struct text, count likewise;
			   limit: most elements, each at most
			   RECORD_TEXTS_ITEM_MAX bytes */
};
#define RECORD_TEXTS_ITEM_MAX 65536

struct record_shape;

struct record_field {
	uint16_t tag;		/* never reused, rising within the table */
	enum record_kind kind;
	const char *name;
	size_t offset;
	size_t count_offset;
	size_t limit;
	const struct record_shape *shape;
};

struct record_shape {
	const char *name;
	size_t size;			/* of the struct */
	const struct record_field *fields;
	size_t count;
};

/* A number's limit is its largest value, 0 for any; a bool's is 1. */
#define RECORD_NUMBER(t, k, type, member) \
	{ .tag = (t), .kind = (k), .name = #member, \
	.offset = offsetof(type, member), \
	.limit = _Generic(((type *)0)->member, _Bool: 1, default: 0) }
#define RECORD_TEXT_FIELD(t, type, member, most) \
	{ .tag = (t), .kind = RECORD_TEXT, .name = #member, \
	.offset = offsetof(type, member), .limit = (most) }
#define RECORD_BYTES_FIELD(t, type, member) \
	{ .tag = (t), .kind = RECORD_BYTES, .name = #member, \
	.offset = offsetof(type, member), \
	.limit = sizeof(((type *)0)->member) }
#define RECORD_ONE_FIELD(t, type, member, of) \
	{ .tag = (t), .kind = RECORD_ONE, .name = #member, \
	.offset = offsetof(type, member), .shape = (of) }
#define RECORD_LIST_FIELD(t, type, member, counter, most, of) \
	{ .tag = (t), .kind = RECORD_LIST, .name = #member, \
	.offset = offsetof(type, member), \
	.count_offset = offsetof(type, counter), \
	.limit = (most), .shape = (of) }
#define RECORD_TEXTS_FIELD(t, type, member, counter, most) \
	{ .tag = (t), .kind = RECORD_TEXTS, .name = #member, \
	.offset = offsetof(type, member), \
	.count_offset = offsetof(type, counter), .limit = (most) }
#define RECORD_SHAPE(type, table) \
	{ .name = #type, .size = sizeof(struct type), .fields = (table), \
	.count = sizeof(table) / sizeof((table)[0]) }

/*
 * Append the encoding of *value to out.  ERROR_LIMIT when a field passes
 * its limit or out its maximum (out is then as before).
 */
int record_encode(const struct record_shape *shape, const void *value,
	struct buffer *out) MUST_CHECK;

/*
 * Decode all of bytes into *value (shape->size bytes, overwritten).  Texts
 * are borrowed from bytes; lists live in the arena.  Nesting is bounded by
 * the tables, at most RECORD_DEPTH_MAX deep.
 */
#define RECORD_DEPTH_MAX 8
int record_decode(const struct record_shape *shape, struct text bytes,
	struct arena *arena, void *value) MUST_CHECK;

/* A deep copy of *value into the arena, texts too. ERROR_LIMIT when full. */
int record_copy(const struct record_shape *shape, const void *value,
	struct arena *arena, void *out) MUST_CHECK;

#endif
