/*
 * Header fields written (RFC 5322 2.2.3, RFC 2047).  Words that need no
 * encoding stay as they are, the others are gathered in runs; what stands
 * between two words stays where it was.
 */
#include "gateway/mail/mime_header.h"

#include <stdbool.h>

#include "gateway/mail/base64.h"
#include "gateway/mail/utf8.h"

#define COLUMNS 76		/* RFC 2047 2: with encoded words */
#define ENCODED_MAX 75		/* an encoded word with its frame */
#define FRAME 12		/* "=?utf-8?B?" and "?=" */
#define WORD_MAX 900		/* RFC 5322 2.1.1: 998 a line */
#define GAP_MAX 20
#define NAME_MAX_LEN 900
#define PIECE_LEAST 12		/* one character, encoded */

struct header_writer {
	struct buffer *out;
	size_t column;
	int error;	/* the first; nothing is written after it */
};

/* A word of the value and the spaces before it. */
struct word {
	struct text gap;
	struct text text;
	bool is_encoded;
};

static void
add(struct header_writer *writer, struct text t)
{
	if (writer->error == 0)
		writer->error = buffer_add_text(writer->out, t);
	writer->column += t.len;
}

/* A gap, in a new line where len more bytes do not fit in this one. */
static void
add_gap(struct header_writer *writer, struct text gap, size_t len)
{
	if (writer->column + gap.len + len > COLUMNS) {
		add(writer, TEXT("\r\n"));
		writer->column = 0;
	}
	add(writer, gap);
}

/* RFC 2047 5 (3): safe in a phrase, too. */
static bool
is_plain(char c)
{
	return text_is_alnum(c) || c == '!' || c == '*' || c == '+' ||
		c == '-' || c == '/';
}

static size_t
q_len(struct text t)
{
	size_t len = 0;

	for (size_t i = 0; i < t.len; i++)
		len += is_plain(t.data[i]) || t.data[i] == ' ' ? 1 : 3;
	return len;
}

static void
add_q(struct header_writer *writer, struct text t)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.data[i];
		char coded[] = { '=', digits[c >> 4], digits[c & 15] };
		if (c == ' ')
			add(writer, TEXT("_"));
		else if (is_plain((char)c))
			add(writer, text_of(&t.data[i], 1));
		else
			add(writer, text_of(coded, sizeof(coded)));
	}
}

static size_t
encoded_len(struct text t, bool is_base64)
{
	return is_base64 ? BASE64_SIZE(t.len) : q_len(t);
}

/* As many whole characters as room holds, at least one. */
static struct text
take_piece(struct text *run, size_t room, bool is_base64)
{
	struct text piece;
	uint32_t point;
	size_t len = utf8_next(*run, &point);
	size_t used = encoded_len(text_slice(*run, 0, len), is_base64);

	while (len < run->len) {
		size_t one = utf8_next(text_skip(*run, len), &point);
		used = is_base64 ? BASE64_SIZE(len + one) :
			used + q_len(text_slice(*run, len, one));
		if (used > room)
			break;
		len += one;
	}
	piece = text_slice(*run, 0, len);
	*run = text_skip(*run, len);
	return piece;
}

static void
add_run(struct header_writer *writer, struct text gap, struct text run)
{
	bool is_base64 = BASE64_SIZE(run.len) < q_len(run);

	while (run.len > 0) {
		size_t room = ENCODED_MAX - FRAME;
		add_gap(writer, gap, FRAME + PIECE_LEAST);
		if (COLUMNS - writer->column - FRAME < room)
			room = COLUMNS - writer->column - FRAME;
		struct text piece = take_piece(&run, room, is_base64);
		add(writer, is_base64 ? TEXT("=?utf-8?B?") :
			TEXT("=?utf-8?Q?"));
		if (!is_base64) {
			add_q(writer, piece);
		} else if (writer->error == 0) {
			writer->error = base64_encode(piece, 0, writer->out);
			writer->column += BASE64_SIZE(piece.len);
		}
		add(writer, TEXT("?="));
		gap = TEXT(" ");
	}
}

static bool
needs_encoding(struct text t)
{
	return !utf8_is_ascii(t) || text_find(t, TEXT("=?")) != t.len;
}

static size_t
spaces(struct text t)
{
	size_t len = 0;

	while (len < t.len && t.data[len] == ' ')
		len++;
	return len;
}

/* The next word of *rest; false at the end. */
static bool
next_word(struct text *rest, struct word *word)
{
	size_t gap = spaces(*rest);

	if (rest->len == 0)
		return false;
	word->gap = text_slice(*rest, 0, gap);
	*rest = text_skip(*rest, gap);
	word->text = text_slice(*rest, 0, text_find_byte(*rest, ' '));
	*rest = text_skip(*rest, word->text.len);
	word->is_encoded = needs_encoding(word->text);
	return true;
}

/* Too long for lines where words stay as they are. */
static bool
is_unwieldy(struct text value)
{
	struct word word;

	while (next_word(&value, &word))
		if (word.text.len > WORD_MAX || word.gap.len > GAP_MAX)
			return true;
	return false;
}

static void
write_words(struct header_writer *writer, struct text value)
{
	struct text rest = value;
	struct word word;
	struct word next;
	bool has_word = next_word(&rest, &word);

	word.gap = TEXT(" ");
	while (has_word) {
		bool has_next = next_word(&rest, &next);
		/* A run: encoded words with the gaps between them. */
		while (has_next && word.is_encoded && next.is_encoded) {
			word.text.len = (size_t)(next.text.data +
				next.text.len - word.text.data);
			has_next = next_word(&rest, &next);
		}
		if (word.is_encoded) {
			add_run(writer, word.gap, word.text);
		} else {
			add_gap(writer, word.gap, word.text.len);
			add(writer, word.text);
		}
		word = next;
		has_word = has_next;
	}
}

/* Well-formed UTF-8 without control characters. */
static int
clean(struct text value, struct buffer *out)
{
	int error = 0;

	while (error == 0 && value.len > 0) {
		uint32_t point;
		size_t len = utf8_next(value, &point);
		if (len == 0)
			error = buffer_add_text(out, TEXT("\xef\xbf\xbd"));
		else if (point < ' ' || (point >= 0x7f && point < 0xa0))
			error = buffer_add_byte(out, ' ');
		else
			error = buffer_add(out, value.data, len);
		value = text_skip(value, len == 0 ? 1 : len);
	}
	return error;
}

static bool
is_name(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] > '~' ||
		    name.data[i] == ':')
			return false;
	return name.len > 0 && name.len <= NAME_MAX_LEN;
}

int
mime_header_write(struct buffer *out, struct text name, struct text value)
{
	struct header_writer writer = { .out = out };
	size_t before = buffer_len(out);
	struct buffer cleaned;
	struct text words;

	if (!is_name(name))
		return ERROR_MALFORMED;
	buffer_init(&cleaned, value.len * 3 + 1);
	writer.error = clean(value, &cleaned);
	words = text_trim(buffer_text(&cleaned));
	add(&writer, name);
	add(&writer, TEXT(":"));
	if (is_unwieldy(words))
		add_run(&writer, TEXT(" "), words);
	else
		write_words(&writer, words);
	add(&writer, TEXT("\r\n"));
	buffer_clear(&cleaned);
	if (writer.error != 0)
		buffer_truncate(out, before);
	return writer.error;
}
