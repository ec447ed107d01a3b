/*
 * From decoded bytes to texts.
 */
#include "policy/filter_text.h"

#include <string.h>

#include "gateway/base/memory.h"
#include "gateway/mail/charset.h"
#include "gateway/mail/html_text.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/utf8.h"
#include "policy/filter_content_private.h"

#define CHARSETS_MAX 8
#define SNIFF_BYTES 4096
#define META_BYTES 1024

struct charsets {
	struct text names[CHARSETS_MAX];
	size_t count;
	bool is_ambiguous;
};

void
filter_text_count_add(struct filter_text_count *count,
	const struct filter_text *text, size_t matches)
{
	if (text->number != count->number)
		*count = (struct filter_text_count){ .total = count->total,
		    .number = text->number };
	if (matches <= count->best)
		return;
	count->total += matches - count->best;
	count->best = matches;
}

/* ---- the table ---- */

/* An equal view of the same content is there. */
static bool
is_known(const struct filter_content *content, size_t number,
	struct text utf8)
{
	size_t i;

	for (i = content->text_count; i-- > 0 &&
	    content->texts[i].number == number;)
		if (text_equal(buffer_text(&content->texts[i].utf8), utf8))
			return true;
	return false;
}

/* The buffer is taken over, also on error. */
static int
add_utf8(struct filter_content *content, const struct filter_source *source,
	struct buffer *utf8, struct reason *why)
{
	int error;

	if (is_known(content, source->number, buffer_text(utf8))) {
		buffer_clear(utf8);
		return 0;
	}
	error = filter_content_spend(content, buffer_len(utf8), why);
	if (error != 0) {
		buffer_clear(utf8);
		return error;
	}
	if (content->text_count == content->text_room) {
		content->text_room = content->text_room == 0 ? 16 :
		    2 * content->text_room;
		content->texts = memory_resize(content->texts,
		    content->text_room, sizeof(content->texts[0]));
	}
	content->texts[content->text_count++] = (struct filter_text){
		.utf8 = *utf8, .is_attachment = source->is_attachment,
		.number = source->number };
	return 0;
}

/* ---- what is seen of it ---- */

/* HTML as it is shown; other text without what is not seen. */
static int
add_visible(struct filter_content *content,
	const struct filter_source *source, struct text utf8,
	struct reason *why)
{
	bool is_html = source->is_html || html_text_is_html(utf8);
	bool changed = is_html;
	struct buffer out;
	int error;

	if (!is_html && utf8_is_ascii(utf8))
		return 0;
	/* A buffer's maximum is above 0. */
	buffer_init(&out, content->bytes_left + 1);
	error = is_html ? html_text(utf8, &out) :
	    html_text_strip(utf8, &out, &changed);
	if (error == 0 && changed)
		return add_utf8(content, source, &out, why);
	buffer_clear(&out);
	return error == 0 ? 0 : filter_content_spend(content,
	    content->bytes_left + 1, why);
}

/* Codings of files in text that we do not open. */
static void
note_codings(struct filter_content *content, struct text utf8)
{
	static const struct text signs[] = { TEXT_INIT("\n=ybegin "),
		TEXT_INIT("must be converted with BinHex") };
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (text_find(utf8, signs[i]) < utf8.len)
			content->flags |= FILTER_CONTENT_UNSCANNABLE;
	if (text_starts(utf8, text_skip(signs[0], 1)))
		content->flags |= FILTER_CONTENT_UNSCANNABLE;
}

static int
add_charset(struct filter_content *content,
	const struct filter_source *source, struct text charset,
	unsigned int *flags, struct reason *why)
{
	struct buffer utf8;
	size_t number = content->text_count;
	int error;

	buffer_init(&utf8, content->bytes_left + 1);
	if (mime_decode_charset(charset, source->bytes, &utf8, flags) != 0) {
		buffer_clear(&utf8);
		return filter_content_spend(content, content->bytes_left + 1,
		    why);
	}
	error = add_utf8(content, source, &utf8, why);
	if (error != 0 || content->text_count == number)
		return error;
	/* The table may move: a text of its own keeps its place. */
	struct text t = buffer_text(&content->texts[number].utf8);
	error = add_visible(content, source, t, why);
	if (error != 0 || !source->is_coded)
		return error;
	note_codings(content, t);
	return filter_attachment_add_coded(content, t, source->level, why);
}

/* ---- charsets ---- */

static void
add_name(struct charsets *all, struct text name)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (text_equal_nocase(all->names[i], name))
			return;
	if (all->count < CHARSETS_MAX)
		all->names[all->count++] = name;
}

static bool
is_one_of(struct text name, const char *list)
{
	struct text rest = text_from(list), one;

	while (text_split(&rest, ' ', &one))
		if (text_equal_nocase(name, one))
			return true;
	return false;
}

static bool
has_byte_order_mark(struct text bytes)
{
	return text_starts(bytes, TEXT("\xff\xfe")) ||
	    text_starts(bytes, TEXT("\xfe\xff"));
}

/* What else readers take a charset of that name for. */
static void
add_kin(struct charsets *all, struct text name, struct text bytes)
{
	if (is_one_of(name, "utf-16 utf16 ucs-2 unicode iso-10646-ucs-2") &&
	    !has_byte_order_mark(bytes)) {
		add_name(all, TEXT("utf-16le"));
		all->is_ambiguous = true;
	}
	/* Few readers still know these; the others show the bytes. */
	if (is_one_of(name, "utf-7 utf7 unicode-1-1-utf-7 hz hz-gb-2312")) {
		add_name(all, TEXT_EMPTY);
		all->is_ambiguous = true;
	}
}

/* What bytes look like whatever they are called. */
static void
add_signs(struct charsets *all, struct text bytes, bool is_declared)
{
	if (has_byte_order_mark(bytes))
		add_name(all, TEXT("utf-16"));
	if (text_find(bytes, TEXT("\x1b$")) < bytes.len ||
	    text_find(bytes, TEXT("\x1b(")) < bytes.len)
		add_name(all, TEXT("iso-2022-jp-2"));
	if (is_declared || text_find_byte(bytes, '\0') == bytes.len)
		return;
	add_name(all, TEXT("utf-16le"));
	add_name(all, TEXT("utf-16be"));
}

/* HTML may name its charset itself: charset=NAME in the beginning. */
static void
add_meta(struct charsets *all, struct text bytes)
{
	struct text head = text_slice(bytes, 0, META_BYTES);
	size_t at = text_find(head, TEXT("charset="));
	size_t len = 0;

	if (at == head.len)
		return;
	head = text_skip(head, at + 8);
	if (head.len > 0 && (head.data[0] == '"' || head.data[0] == '\''))
		head = text_skip(head, 1);
	while (len < head.len && (text_is_alnum(head.data[len]) ||
	    memchr("-_.:", head.data[len], 4) != NULL))
		len++;
	if (len > 0)
		add_name(all, text_slice(head, 0, len));
}

static void
find_charsets(const struct filter_source *source, struct charsets *all)
{
	const struct mime_part *part = source->part;
	size_t i, declared;

	for (i = 0; part != NULL && i < part->parameter_count; i++)
		if (text_equal(part->parameters[i].name, TEXT("charset")))
			add_name(all, text_trim(part->parameters[i].value));
	declared = all->count;
	all->is_ambiguous = declared > 1;
	if (declared == 0)
		add_name(all, TEXT_EMPTY);
	for (i = 0; i < declared; i++)
		add_kin(all, all->names[i], source->bytes);
	if (source->is_html && declared == 0)
		add_meta(all, source->bytes);
	add_signs(all, source->bytes, declared > 0);
}

/* A name that says little: what is not ASCII is guessed anyway. */
static bool
is_plain_charset(struct text name)
{
	return text_is_empty(name) || is_one_of(name, "us-ascii ascii");
}

int
filter_text_add(struct filter_content *content,
	const struct filter_source *source, struct reason *why)
{
	struct charsets all = { .count = 0 };
	size_t i;
	int error = 0;

	find_charsets(source, &all);
	for (i = 0; i < all.count && error == 0; i++) {
		unsigned int odd = 0;

		error = add_charset(content, source, all.names[i], &odd,
		    why);
		if ((odd & MIME_DECODE_CHARSET) != 0)
			all.is_ambiguous = true;
		if ((odd & MIME_DECODE_INVALID) != 0 &&
		    !is_plain_charset(all.names[i])) {
			all.is_ambiguous = true;
			add_name(&all, TEXT_EMPTY);
		}
	}
	if (all.is_ambiguous)
		content->flags |= FILTER_CONTENT_AMBIGUOUS;
	return error;
}

/* Few control bytes in its beginning. */
bool
filter_text_is_text(struct text bytes)
{
	struct text head = text_slice(bytes, 0, SNIFF_BYTES);
	size_t controls = 0, i;

	if (has_byte_order_mark(head))
		return true;
	for (i = 0; i < head.len; i++) {
		unsigned char c = (unsigned char)head.data[i];

		if ((c < ' ' && memchr("\t\r\n\f\x1b", c, 5) == NULL) ||
		    c == 0x7f)
			controls++;
	}
	return head.len > 0 && controls * 20 <= head.len;
}
