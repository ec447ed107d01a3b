/*
 * TNEF: a signature, then attributes of the message and of its attachments
 * one after the other; some of them hold lists of MAPI properties
 * (MS-OXTNEF 2.1, MS-OXCDATA 2.11).  All numbers are little-endian.
 */
#include "gateway/mail/tnef.h"

#include <stdint.h>

#define SIGNATURE 0x223e9f78u
#define HEADER 6		/* signature and key */
#define ATTRIBUTE_HEADER 9	/* level, id, length */
#define CHECKSUM 2
#define LEVEL_ATTACHMENT 2
#define GUID 16
#define NAMED 0x8000u		/* ids of properties with names */
#define MULTIPLE 0x1000u	/* types of many values */
#define PROPERTIES_MAX 10000u	/* of one list */

/* Ids of attributes, without their type. */
enum attribute {
	ATTACHMENT_BEGIN = 0x9002,	/* attAttachRenddata */
	ATTACHMENT_TITLE = 0x8010,
	ATTACHMENT_DATA = 0x800f,
	ATTACHMENT_PROPERTIES = 0x9005,
	MESSAGE_BODY = 0x800c,
	MESSAGE_PROPERTIES = 0x9003,
};

enum property {
	PROPERTY_BODY = 0x1000,
	PROPERTY_RTF = 0x1009,
	PROPERTY_HTML = 0x1013,
	PROPERTY_DISPLAY_NAME = 0x3001,
	PROPERTY_DATA = 0x3701,
	PROPERTY_FILENAME = 0x3704,
	PROPERTY_LONG_FILENAME = 0x3707,
	PROPERTY_MIME_TYPE = 0x370e,
};

enum type {
	TYPE_OBJECT = 0xd,
	TYPE_STRING = 0x1e,
	TYPE_UNICODE = 0x1f,
	TYPE_BINARY = 0x102,
};

/* Bytes of one value; what is not there comes with its own length. */
static const struct {
	uint32_t type;
	uint32_t size;
} fixed_types[] = {
	{ 0x1, 4 }, { 0x2, 4 }, { 0x3, 4 }, { 0x4, 4 }, { 0x5, 8 },
	{ 0x6, 8 }, { 0x7, 8 }, { 0xa, 4 }, { 0xb, 4 }, { 0x14, 8 },
	{ 0x40, 8 }, { 0x48, GUID },
};

struct reader {
	struct text rest;
	bool is_cut;		/* less was there than was said */
};

struct file {
	struct tnef_item *items;
	size_t count;
	bool has_attachment;	/* one is open: the last such item */
	size_t attachment;
	bool is_full;
	bool is_cut;
};

struct attribute_found {
	uint32_t level;
	uint32_t id;
	struct text data;
};

/* ---- pieces ---- */

static struct text
take(struct reader *reader, size_t len)
{
	struct text piece = text_slice(reader->rest, 0, len);

	if (piece.len < len)
		reader->is_cut = true;
	reader->rest = text_skip(reader->rest, piece.len);
	return piece;
}

static uint32_t
take_number(struct reader *reader, size_t len)
{
	struct text piece = take(reader, len);
	uint32_t number = 0;

	for (size_t i = piece.len; i-- > 0;)
		number = number << 8 | (unsigned char)piece.data[i];
	return number;
}

static void
skip_padding(struct reader *reader, size_t len)
{
	reader->rest = text_skip(reader->rest, (4 - len % 4) % 4);
}

static struct tnef_text
without_nul(struct text bytes, bool is_utf16)
{
	size_t unit = is_utf16 ? 2 : 1;

	while (bytes.len >= unit && bytes.data[bytes.len - 1] == '\0' &&
	    bytes.data[bytes.len - unit] == '\0')
		bytes.len -= unit;
	return (struct tnef_text){ bytes, is_utf16 };
}

/* ---- what was found ---- */

static struct tnef_item *
add_item(struct file *file, enum tnef_kind kind)
{
	if (file->count == TNEF_ITEMS_MAX) {
		file->is_full = true;
		return NULL;
	}
	file->items[file->count] = (struct tnef_item){ .kind = kind };
	return &file->items[file->count++];
}

static struct tnef_item *
begin_attachment(struct file *file)
{
	struct tnef_item *item = add_item(file, TNEF_ATTACHMENT);

	file->has_attachment = item != NULL;
	if (item != NULL)
		file->attachment = file->count - 1;
	return item;
}

/* Where the attribute that begins an attachment is missing, it begins so. */
static struct tnef_item *
open_attachment(struct file *file)
{
	return file->has_attachment ? &file->items[file->attachment] :
		begin_attachment(file);
}

static void
add_name(struct file *file, struct tnef_text name)
{
	struct tnef_item *item = open_attachment(file);

	if (item != NULL && name.bytes.len > 0 &&
	    item->name_count < TNEF_NAMES_MAX)
		item->names[item->name_count++] = name;
}

/* Data that comes a second time is another file: none may hide. */
static void
set_data(struct file *file, struct text data)
{
	struct tnef_item *item = open_attachment(file);

	if (item != NULL && item->data.bytes.len > 0)
		item = begin_attachment(file);
	if (item != NULL)
		item->data.bytes = data;
}

static void
add_body(struct file *file, enum tnef_kind kind, struct tnef_text body)
{
	struct tnef_item *item = body.bytes.len > 0 ? add_item(file, kind) :
		NULL;

	if (item != NULL)
		item->data = body;
}

/* ---- properties ---- */

static void
on_attachment_property(struct file *file, uint32_t id, uint32_t type,
	struct text value)
{
	struct tnef_text t = without_nul(value, type == TYPE_UNICODE);
	struct tnef_item *item;

	if (id == PROPERTY_DATA) {
		/* An object begins with the id of its interface. */
		set_data(file, text_skip(value, type == TYPE_OBJECT ? GUID :
			0));
	} else if (id == PROPERTY_LONG_FILENAME || id == PROPERTY_FILENAME ||
	    id == PROPERTY_DISPLAY_NAME) {
		add_name(file, t);
	} else if (id == PROPERTY_MIME_TYPE && type == TYPE_STRING) {
		item = open_attachment(file);
		if (item != NULL)
			item->type = t.bytes;
	}
}

static void
on_message_property(struct file *file, uint32_t id, uint32_t type,
	struct text value)
{
	bool is_utf16 = type == TYPE_UNICODE;

	if (id == PROPERTY_BODY)
		add_body(file, TNEF_BODY, without_nul(value, is_utf16));
	else if (id == PROPERTY_HTML)
		add_body(file, TNEF_BODY_HTML, without_nul(value, is_utf16));
	else if (id == PROPERTY_RTF)
		add_body(file, TNEF_BODY_RTF, (struct tnef_text){ value,
			false });
}

/* A property may have a name: 128 bits and a number or text. */
static void
skip_name(struct reader *reader)
{
	uint32_t len;

	(void)take(reader, GUID);
	if (take_number(reader, 4) == 0) {
		(void)take(reader, 4);
		return;
	}
	len = take_number(reader, 4);
	(void)take(reader, len);
	skip_padding(reader, len);
}

static size_t
fixed_size(uint32_t type)
{
	for (size_t i = 0; i < sizeof(fixed_types) / sizeof(*fixed_types);
	    i++)
		if (fixed_types[i].type == type)
			return fixed_types[i].size;
	return 0;
}

static void
read_property(struct reader *reader, struct file *file, uint32_t level)
{
	uint32_t type = take_number(reader, 2);
	uint32_t id = take_number(reader, 2);
	size_t fixed = fixed_size(type & ~MULTIPLE);
	uint32_t values = 1;

	if (id >= NAMED)
		skip_name(reader);
	if (fixed == 0 || (type & MULTIPLE) != 0)
		values = take_number(reader, 4);
	for (; values > 0 && reader->rest.len > 0; values--) {
		size_t len = fixed > 0 ? fixed : take_number(reader, 4);
		struct text value = take(reader, len);
		skip_padding(reader, len);
		if (fixed > 0)
			continue;
		if (level == LEVEL_ATTACHMENT)
			on_attachment_property(file, id, type & ~MULTIPLE,
				value);
		else
			on_message_property(file, id, type & ~MULTIPLE,
				value);
	}
	if (values > 0)
		reader->is_cut = true;
}

static void
read_properties(struct file *file, const struct attribute_found *found)
{
	struct reader reader = { .rest = found->data };
	uint32_t count = take_number(&reader, 4);

	if (count > PROPERTIES_MAX)
		file->is_cut = true;
	for (uint32_t i = 0; i < count && i < PROPERTIES_MAX &&
	    !reader.is_cut && !file->is_full; i++)
		read_property(&reader, file, found->level);
	file->is_cut = file->is_cut || reader.is_cut;
}

/* ---- attributes ---- */

static void
on_attribute(struct file *file, const struct attribute_found *found)
{
	uint32_t id = found->id & 0xffff;

	if (id == ATTACHMENT_BEGIN)
		(void)begin_attachment(file);
	else if (id == ATTACHMENT_TITLE &&
	    found->level == LEVEL_ATTACHMENT)
		add_name(file, without_nul(found->data, false));
	else if (id == ATTACHMENT_DATA && found->level == LEVEL_ATTACHMENT)
		set_data(file, found->data);
	else if (id == ATTACHMENT_PROPERTIES || id == MESSAGE_PROPERTIES)
		read_properties(file, found);
	else if (id == MESSAGE_BODY)
		add_body(file, TNEF_BODY, without_nul(found->data, false));
}

bool
tnef_is(struct text bytes)
{
	struct reader reader = { .rest = bytes };

	return take_number(&reader, 4) == SIGNATURE && !reader.is_cut;
}

int
tnef_read(struct text bytes, struct arena *arena, struct tnef_item **items,
	size_t *count, bool *is_cut)
{
	struct reader reader = { .rest = text_skip(bytes, HEADER) };
	struct file file = { .is_cut = false };

	*count = 0;
	*is_cut = false;
	if (!tnef_is(bytes))
		return ERROR_MALFORMED;
	file.items = arena_array(arena, TNEF_ITEMS_MAX,
		sizeof(*file.items));
	if (file.items == NULL)
		return ERROR_LIMIT;
	while (reader.rest.len >= ATTRIBUTE_HEADER && !reader.is_cut &&
	    !file.is_full) {
		struct attribute_found found = { 0 };
		found.level = take_number(&reader, 1);
		found.id = take_number(&reader, 4);
		found.data = take(&reader, take_number(&reader, 4));
		(void)take(&reader, CHECKSUM);
		on_attribute(&file, &found);
	}
	*items = file.items;
	*count = file.count;
	*is_cut = file.is_cut || reader.is_cut;
	return file.is_full ? ERROR_LIMIT : 0;
}
