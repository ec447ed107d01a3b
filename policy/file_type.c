/*
 * Types by content.  libmagic sees only the beginning: enough to know a
 * file by, and so much that no input costs more than milliseconds.
 */
#include "policy/file_type.h"

#include <stdlib.h>
#include <string.h>

#include <magic.h>

#include "gateway/base/error.h"
#include "gateway/mail/html_text.h"
#include "policy/filter_content_private.h"

#define HEAD_BYTES 8192
#define TAIL_BYTES 65557	/* a comment behind the end of an archive */
#define PDF_BYTES 1024

/*
 * No look into archives (it starts programs), and of texts nothing: that is
 * done here, in linear time.
 */
#define MAGIC_FLAGS (MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | \
	MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_CSV | \
	MAGIC_NO_CHECK_JSON | MAGIC_NO_CHECK_TEXT | MAGIC_NO_CHECK_ENCODING)

static magic_t magic;

/* Words in a container that tell which it is. */
struct member {
	struct text sign;
	const char *mime;
};

static const struct member zip_members[] = {
	{ TEXT_INIT("word/document"), "application/vnd.openxmlformats-"
	    "officedocument.wordprocessingml.document" },
	{ TEXT_INIT("xl/workbook"), "application/vnd.openxmlformats-"
	    "officedocument.spreadsheetml.sheet" },
	{ TEXT_INIT("ppt/presentation"), "application/vnd.openxmlformats-"
	    "officedocument.presentationml.presentation" },
	{ TEXT_INIT("META-INF/MANIFEST.MF"), "application/java-archive" },
};

/* Names in the directory of an OLE file are UTF-16. */
static const struct member ole_members[] = {
	{ TEXT_INIT("W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t"),
	    "application/msword" },
	{ TEXT_INIT("W\0o\0r\0k\0b\0o\0o\0k"), "application/vnd.ms-excel" },
	{ TEXT_INIT("P\0o\0w\0e\0r\0P\0o\0i\0n\0t\0 \0D"),
	    "application/vnd.ms-powerpoint" },
	{ TEXT_INIT("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e"),
	    "application/encrypted" },
};

/* Beginnings of texts. */
static const struct member texts[] = {
	{ TEXT_INIT("{\\rtf"), "text/rtf" },
	{ TEXT_INIT("<?xml"), "text/xml" },
	{ TEXT_INIT("%!PS"), "application/postscript" },
	{ TEXT_INIT("#!"), "text/x-script" },
	{ TEXT_INIT("BEGIN:VCALENDAR"), "text/calendar" },
	{ TEXT_INIT("begin "), "text/x-uuencode" },
	{ TEXT_INIT("(This file must be converted with BinHex"),
	    "application/mac-binhex40" },
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct text zip_start = TEXT_INIT("PK\x03\x04");
static const struct text zip_end = TEXT_INIT("PK\x05\x06");
static const struct text ole_start =
    TEXT_INIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
static const struct text pdf_start = TEXT_INIT("%PDF-");

void
file_type_prepare(void)
{
	size_t head = HEAD_BYTES;

	if (magic != NULL)
		return;
	magic = magic_open(MAGIC_FLAGS);
	if (magic == NULL)
		fatal_errno("file types");
	if (magic_load(magic, NULL) != 0)
		fatal("file types: %s", magic_error(magic));
	if (magic_setparam(magic, MAGIC_PARAM_BYTES_MAX, &head) != 0)
		fatal("file types: %s", magic_error(magic));
}

static void
add(struct file_types *types, const char *mime)
{
	struct text t = text_from(mime);
	size_t i;

	for (i = 0; i < types->count; i++)
		if (text_equal(text_from(types->mime[i]), t))
			return;
	if (types->count < FILE_TYPES_MAX && text_to_string(t,
	    types->mime[types->count], FILE_TYPE_SIZE) == 0)
		types->count++;
}

static void
add_members(struct text bytes, const struct member *members, size_t count,
	struct file_types *types)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_find(bytes, members[i].sign) < bytes.len)
			add(types, members[i].mime);
}

/* White space and a byte order mark before a text tell nothing. */
static struct text
skip_blank(struct text t)
{
	size_t at = text_starts(t, TEXT("\xef\xbb\xbf")) ? 3 : 0;

	while (at < t.len && memchr(" \t\r\n", t.data[at], 4) != NULL)
		at++;
	return text_skip(t, at);
}

static void
add_text(struct text bytes, struct file_types *types)
{
	struct text start = skip_blank(bytes);
	size_t i;

	add(types, "text/plain");
	for (i = 0; i < COUNT(texts); i++)
		if (text_starts(start, texts[i].sign))
			add(types, texts[i].mime);
	if (html_text_is_html(bytes))
		add(types, "text/html");
}

/* Archives are read from their end, whatever stands before. */
static bool
is_zip(struct text bytes)
{
	struct text tail = bytes.len > TAIL_BYTES ? text_skip(bytes,
	    bytes.len - TAIL_BYTES) : bytes;

	return text_starts(bytes, zip_start) ||
	    text_find(tail, zip_end) < tail.len;
}

void
file_type_add(struct text bytes, struct file_types *types)
{
	struct text head = text_slice(bytes, 0, PDF_BYTES);
	const char *mime;

	file_type_prepare();
	mime = magic_buffer(magic, bytes.data, bytes.len);
	if (mime == NULL)
		mime = "application/octet-stream";
	if (filter_text_is_text(bytes))
		add_text(bytes, types);
	if (types->count == 0 || text_from(mime).len == 0 ||
	    strcmp(mime, "application/octet-stream") != 0)
		add(types, mime);
	if (is_zip(bytes)) {
		add(types, "application/zip");
		add_members(bytes, zip_members, COUNT(zip_members), types);
	}
	if (text_starts(bytes, ole_start)) {
		add(types, "application/x-ole-storage");
		add_members(bytes, ole_members, COUNT(ole_members), types);
	}
	if (text_find(head, pdf_start) < head.len)
		add(types, "application/pdf");
}
