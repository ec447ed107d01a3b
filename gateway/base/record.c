/*
 * Records: encoding, decoding and copying of structs by their tables.
 *
 * The functions call themselves for nested shapes only, and a depth beyond
 * RECORD_DEPTH_MAX is refused: no input makes the stack deeper.
 */
#include "gateway/base/record.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define HEADER_SIZE 6	/* u16 tag, u32 length */

static const size_t widths[] = {
	[RECORD_U8] = 1,
	[RECORD_U16] = 2,
	[RECORD_U32] = 4,
	[RECORD_U64] = 8,
	[RECORD_I64] = 8,
	[RECORD_TEXT] = 0,
};

static bool
is_number(const struct record_field *field)
{
	return field->kind <= RECORD_I64;
}

/* Numbers in structs have the machine's order, in bytes the little one. */
static uint64_t
number_load(const struct record_field *field, const void *value)
{
	const char *at = (const char *)value + field->offset;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	if (field->kind == RECORD_U8)
		return *(const uint8_t *)at;
	if (field->kind == RECORD_U16) {
		memcpy(&two, at, sizeof(two));
		return two;
	}
	if (field->kind == RECORD_U32) {
		memcpy(&four, at, sizeof(four));
		return four;
	}
	memcpy(&eight, at, sizeof(eight));
	return eight;
}

static void
number_store(const struct record_field *field, void *value, uint64_t number)
{
	char *at = (char *)value + field->offset;
	uint8_t one = (uint8_t)number;
	uint16_t two = (uint16_t)number;
	uint32_t four = (uint32_t)number;

	if (field->kind == RECORD_U8)
		memcpy(at, &one, sizeof(one));
	else if (field->kind == RECORD_U16)
		memcpy(at, &two, sizeof(two));
	else if (field->kind == RECORD_U32)
		memcpy(at, &four, sizeof(four));
	else
		memcpy(at, &number, sizeof(number));
}

static bool
number_fits(const struct record_field *field, uint64_t number)
{
	return field->limit == 0 || field->kind == RECORD_I64 ||
	    number <= field->limit;
}

static struct text
text_load(const struct record_field *field, const void *value)
{
	struct text t;

	memcpy(&t, (const char *)value + field->offset, sizeof(t));
	return t;
}

static size_t
count_load(const struct record_field *field, const void *value)
{
	size_t count;

	memcpy(&count, (const char *)value + field->count_offset,
		sizeof(count));
	return count;
}

static const void *
list_load(const struct record_field *field, const void *value)
{
	const void *list;

	memcpy(&list, (const char *)value + field->offset, sizeof(list));
	return list;
}

static void
list_store(const struct record_field *field, void *value, const void *list,
	size_t count)
{
	memcpy((char *)value + field->offset, &list, sizeof(list));
	memcpy((char *)value + field->count_offset, &count, sizeof(count));
}

static size_t
element_size(const struct record_field *field)
{
	return field->kind == RECORD_LIST ? field->shape->size :
	    sizeof(struct text);
}

/* ---- encoding ---- */

static int
encode_shape(const struct record_shape *shape, const void *value,
	struct buffer *out, unsigned int depth);

static int
encode_bytes(const struct record_field *field, const void *data, size_t len,
	struct buffer *out)
{
	char header[HEADER_SIZE];
	uint16_t tag = htole16(field->tag);
	uint32_t length = htole32((uint32_t)len);
	int error;

	if (len > UINT32_MAX)
		return ERROR_LIMIT;
	memcpy(header, &tag, sizeof(tag));
	memcpy(header + sizeof(tag), &length, sizeof(length));
	error = buffer_add(out, header, sizeof(header));
	return error != 0 ? error : buffer_add(out, data, len);
}

static int
encode_number(const struct record_field *field, const void *value,
	struct buffer *out)
{
	uint64_t number = number_load(field, value);
	uint64_t little = htole64(number);

	if (!number_fits(field, number))
		return ERROR_LIMIT;
	if (number == 0)
		return 0;
	return encode_bytes(field, &little, widths[field->kind], out);
}

static int
encode_text(const struct record_field *field, const void *value,
	struct buffer *out)
{
	struct text t = text_load(field, value);

	if (t.len > field->limit)
		return ERROR_LIMIT;
	return t.len == 0 ? 0 : encode_bytes(field, t.data, t.len, out);
}

static bool
fixed_is_zero(const struct record_field *field, const void *value)
{
	const char *at = (const char *)value + field->offset;
	size_t i;

	for (i = 0; i < field->limit; i++)
		if (at[i] != 0)
			return false;
	return true;
}

static int
encode_fixed(const struct record_field *field, const void *value,
	struct buffer *out)
{
	if (fixed_is_zero(field, value))
		return 0;
	return encode_bytes(field, (const char *)value + field->offset,
		field->limit, out);
}

/* Whether the encoding is empty.  Shapes by value cannot nest for ever. */
static bool
shape_is_zero(const struct record_shape *shape, const void *value)
{
	const struct record_field *field = shape->fields;
	const struct record_field *end = field + shape->count;
	bool zero = true;

	for (; zero && field < end; field++) {
		if (is_number(field))
			zero = number_load(field, value) == 0;
		else if (field->kind == RECORD_TEXT)
			zero = text_is_empty(text_load(field, value));
		else if (field->kind == RECORD_BYTES)
			zero = fixed_is_zero(field, value);
		else if (field->kind == RECORD_ONE)
			zero = shape_is_zero(field->shape,
				(const char *)value + field->offset);
		else
			zero = count_load(field, value) == 0;
	}
	return zero;
}

/* The header is written first and its length put in behind. */
static int
encode_nested(const struct record_field *field, const void *value,
	struct buffer *out, unsigned int depth)
{
	size_t before = buffer_len(out);
	size_t len;
	uint32_t length;
	int error;

	error = encode_bytes(field, NULL, 0, out);
	if (error == 0)
		error = encode_shape(field->shape, value, out, depth + 1);
	if (error != 0)
		return error;
	len = buffer_len(out) - before - HEADER_SIZE;
	if (len > UINT32_MAX)
		return ERROR_LIMIT;
	length = htole32((uint32_t)len);
	memcpy(out->bytes + out->start + before + sizeof(uint16_t), &length,
		sizeof(length));
	return 0;
}

static int
encode_repeated(const struct record_field *field, const void *value,
	struct buffer *out, unsigned int depth)
{
	const char *list = list_load(field, value);
	size_t count = count_load(field, value);
	struct text t;
	size_t i;
	int error = 0;

	if (count > field->limit)
		return ERROR_LIMIT;
	for (i = 0; error == 0 && i < count; i++) {
		if (field->kind == RECORD_LIST) {
			error = encode_nested(field,
				list + i * field->shape->size, out, depth);
			continue;
		}
		memcpy(&t, list + i * sizeof(t), sizeof(t));
		error = t.len > RECORD_TEXTS_ITEM_MAX ? ERROR_LIMIT :
		    encode_bytes(field, t.data, t.len, out);
	}
	return error;
}

static int
encode_field(const struct record_field *field, const void *value,
	struct buffer *out, unsigned int depth)
{
	if (is_number(field))
		return encode_number(field, value, out);
	if (field->kind == RECORD_TEXT)
		return encode_text(field, value, out);
	if (field->kind == RECORD_BYTES)
		return encode_fixed(field, value, out);
	if (field->kind == RECORD_ONE) {
		value = (const char *)value + field->offset;
		return shape_is_zero(field->shape, value) ? 0 :
		    encode_nested(field, value, out, depth);
	}
	return encode_repeated(field, value, out, depth);
}

static int
encode_shape(const struct record_shape *shape, const void *value,
	struct buffer *out, unsigned int depth)
{
	size_t i;
	int error = 0;

	if (depth >= RECORD_DEPTH_MAX)
		return ERROR_LIMIT;
	for (i = 0; error == 0 && i < shape->count; i++) {
		require(i == 0 ||
			shape->fields[i - 1].tag < shape->fields[i].tag);
		error = encode_field(&shape->fields[i], value, out, depth);
	}
	return error;
}

int
record_encode(const struct record_shape *shape, const void *value,
	struct buffer *out)
{
	size_t before = buffer_len(out);
	int error = encode_shape(shape, value, out, 0);

	if (error != 0)
		buffer_truncate(out, before);
	return error;
}

/* ---- decoding ---- */

struct entry {
	uint16_t tag;
	struct text bytes;
};

static int
decode_shape(const struct record_shape *shape, struct text bytes,
	struct arena *arena, void *value, unsigned int depth);

/* Take one field off the front of *rest. */
static int
entry_next(struct text *rest, struct entry *entry)
{
	uint16_t tag;
	uint32_t length;

	if (rest->len < HEADER_SIZE)
		return ERROR_MALFORMED;
	memcpy(&tag, rest->data, sizeof(tag));
	memcpy(&length, rest->data + sizeof(tag), sizeof(length));
	*rest = text_skip(*rest, HEADER_SIZE);
	entry->tag = le16toh(tag);
	length = le32toh(length);
	if (length > rest->len)
		return ERROR_MALFORMED;
	entry->bytes = text_slice(*rest, 0, length);
	*rest = text_skip(*rest, length);
	return 0;
}

static int
decode_number(const struct record_field *field, struct text bytes,
	void *value)
{
	uint64_t little = 0;
	uint64_t number;

	if (bytes.len != widths[field->kind])
		return ERROR_MALFORMED;
	memcpy(&little, bytes.data, bytes.len);
	number = le64toh(little);
	if (!number_fits(field, number))
		return ERROR_LIMIT;
	number_store(field, value, number);
	return 0;
}

static int
decode_text(const struct record_field *field, struct text bytes, void *value)
{
	if (bytes.len > field->limit)
		return ERROR_LIMIT;
	memcpy((char *)value + field->offset, &bytes, sizeof(bytes));
	return 0;
}

static int
decode_fixed(const struct record_field *field, struct text bytes,
	void *value)
{
	if (bytes.len != field->limit)
		return ERROR_MALFORMED;
	memcpy((char *)value + field->offset, bytes.data, bytes.len);
	return 0;
}

static int
decode_element(const struct record_field *field, struct text bytes,
	struct arena *arena, char *element, unsigned int depth)
{
	if (field->kind == RECORD_LIST)
		return decode_shape(field->shape, bytes, arena, element,
			depth + 1);
	if (bytes.len > RECORD_TEXTS_ITEM_MAX)
		return ERROR_LIMIT;
	memcpy(element, &bytes, sizeof(bytes));
	return 0;
}

/*
 * All elements of a list: entry is the first, the others stand at the
 * front of *rest.  They are counted before room is made for them.
 */
static int
decode_repeated(const struct record_field *field, struct entry entry,
	struct text *rest, struct arena *arena, void *value,
	unsigned int depth)
{
	struct text ahead = *rest;
	struct entry next = { .tag = entry.tag };
	size_t count = 0;
	size_t i;
	char *list;
	int error = 0;

	while (next.tag == entry.tag) {
		if (++count > field->limit)
			return ERROR_LIMIT;
		if (text_is_empty(ahead))
			break;
		if (entry_next(&ahead, &next) != 0)
			return ERROR_MALFORMED;
	}
	list = arena_array(arena, count, element_size(field));
	if (list == NULL)
		return ERROR_LIMIT;
	for (i = 0; error == 0 && i < count; i++) {
		if (i > 0)
			error = entry_next(rest, &entry);
		if (error == 0)
			error = decode_element(field, entry.bytes, arena,
				list + i * element_size(field), depth);
	}
	list_store(field, value, list, count);
	return error;
}

static int
decode_field(const struct record_field *field, struct entry entry,
	struct text *rest, struct arena *arena, void *value,
	unsigned int depth)
{
	if (is_number(field))
		return decode_number(field, entry.bytes, value);
	if (field->kind == RECORD_TEXT)
		return decode_text(field, entry.bytes, value);
	if (field->kind == RECORD_BYTES)
		return decode_fixed(field, entry.bytes, value);
	if (field->kind == RECORD_ONE)
		return decode_shape(field->shape, entry.bytes, arena,
			(char *)value + field->offset, depth + 1);
	return decode_repeated(field, entry, rest, arena, value, depth);
}

static int
decode_shape(const struct record_shape *shape, struct text bytes,
	struct arena *arena, void *value, unsigned int depth)
{
	const struct record_field *end = shape->fields + shape->count;
	const struct record_field *field = shape->fields;
	struct entry entry;
	uint32_t known_behind = 0;	/* last known tag + 1 */
	uint16_t latest = 0;
	int error = 0;

	if (depth >= RECORD_DEPTH_MAX)
		return ERROR_LIMIT;
	memset(value, 0, shape->size);
	while (error == 0 && bytes.len > 0) {
		error = entry_next(&bytes, &entry);
		if (error != 0)
			break;
		/* A list's own run is taken whole by decode_repeated(). */
		if (entry.tag < latest || entry.tag < known_behind)
			return ERROR_MALFORMED;
		latest = entry.tag;
		while (field < end && field->tag < entry.tag)
			field++;
		if (field == end || field->tag != entry.tag)
			continue;
		known_behind = (uint32_t)entry.tag + 1;
		error = decode_field(field, entry, &bytes, arena, value,
			depth);
	}
	return error;
}

int
record_decode(const struct record_shape *shape, struct text bytes,
	struct arena *arena, void *value)
{
	return decode_shape(shape, bytes, arena, value, 0);
}

/* ---- copying ---- */

static int
copy_shape(const struct record_shape *shape, const void *value,
	struct arena *arena, void *out, unsigned int depth);

static int
copy_text(const void *from, struct arena *arena, void *to)
{
	struct text t;
	int error;

	memcpy(&t, from, sizeof(t));
	if (t.len == 0)
		return 0;
	error = arena_copy(arena, t, &t);
	if (error == 0)
		memcpy(to, &t, sizeof(t));
	return error;
}

static int
copy_repeated(const struct record_field *field, const void *value,
	struct arena *arena, void *out, unsigned int depth)
{
	const char *from = list_load(field, value);
	size_t count = count_load(field, value);
	size_t size = element_size(field);
	size_t i;
	char *to;
	int error = 0;

	if (count == 0)
		return 0;
	to = arena_array(arena, count, size);
	if (to == NULL)
		return ERROR_LIMIT;
	for (i = 0; error == 0 && i < count; i++) {
		if (field->kind == RECORD_LIST)
			error = copy_shape(field->shape, from + i * size,
				arena, to + i * size, depth + 1);
		else
			error = copy_text(from + i * size, arena,
				to + i * size);
	}
	list_store(field, out, to, count);
	return error;
}

static int
copy_field(const struct record_field *field, const void *value,
	struct arena *arena, void *out, unsigned int depth)
{
	const char *from = (const char *)value + field->offset;
	char *to = (char *)out + field->offset;

	if (is_number(field)) {
		memcpy(to, from, widths[field->kind]);
		return 0;
	}
	if (field->kind == RECORD_TEXT)
		return copy_text(from, arena, to);
	if (field->kind == RECORD_BYTES) {
		memcpy(to, from, field->limit);
		return 0;
	}
	if (field->kind == RECORD_ONE)
		return copy_shape(field->shape, from, arena, to, depth + 1);
	return copy_repeated(field, value, arena, out, depth);
}

static int
copy_shape(const struct record_shape *shape, const void *value,
	struct arena *arena, void *out, unsigned int depth)
{
	size_t i;
	int error = 0;

	if (depth >= RECORD_DEPTH_MAX)
		return ERROR_LIMIT;
	memset(out, 0, shape->size);
	for (i = 0; error == 0 && i < shape->count; i++)
		error = copy_field(&shape->fields[i], value, arena, out,
			depth);
	return error;
}

int
record_copy(const struct record_shape *shape, const void *value,
	struct arena *arena, void *out)
{
	return copy_shape(shape, value, arena, out, 0);
}
