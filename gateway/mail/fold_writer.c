/*
 * Writes words into folded lines.
 */
#include "gateway/mail/fold_writer.h"

#include <stdarg.h>
#include <stdio.h>

#include "gateway/mail/utf8.h"

#define TAB_COLUMNS 8
#define INDENT_COLUMNS 4
#define CHARACTER_MAX 4		/* bytes in UTF-8 */

static void
add(struct fold_writer *writer, struct text t)
{
	if (writer->error == 0)
		writer->error = buffer_add_text(writer->out, t);
	writer->column += t.len;
}

void
fold_writer_field(struct fold_writer *writer, struct buffer *out,
	const char *name, bool allow_utf8)
{
	*writer = (struct fold_writer){ .out = out, .allow_utf8 = allow_utf8,
		.next_line = TEXT("\r\n\t"), .indent = TAB_COLUMNS };
	add(writer, text_from(name));
	add(writer, TEXT(":"));
}

void
fold_writer_paragraph(struct fold_writer *writer, struct buffer *out,
	bool is_indented, bool allow_utf8)
{
	*writer = (struct fold_writer){ .out = out, .allow_utf8 = allow_utf8,
		.next_line = is_indented ? TEXT("\r\n    ") : TEXT("\r\n"),
		.indent = is_indented ? INDENT_COLUMNS : 0,
		.is_line_start = true };
	add(writer, text_skip(writer->next_line, 2));
}

/* The length of the harmless character at the beginning of t, 0 if bad. */
static size_t
harmless_len(const struct fold_writer *writer, struct text t)
{
	uint32_t point;
	size_t len = utf8_next(t, &point);

	if (len > 1 && (!writer->allow_utf8 || utf8_is_unsafe(point)))
		return 0;
	if (len == 1 && (point < ' ' || point > '~'))
		return 0;
	return len;
}

static void
add_harmless(struct fold_writer *writer, struct text word)
{
	while (word.len > 0) {
		size_t len = 0;
		size_t one = harmless_len(writer, word);
		while (one > 0) {
			len += one;
			one = harmless_len(writer, text_skip(word, len));
		}
		add(writer, text_slice(word, 0, len));
		word = text_skip(word, len);
		if (word.len > 0)
			add(writer, TEXT("?"));
		word = text_skip(word, 1);
	}
}

static void
add_part(struct fold_writer *writer, struct text part)
{
	if (writer->column + 1 + part.len > FOLD_WRITER_COLUMNS &&
	    writer->column > writer->indent) {
		add(writer, writer->next_line);
		writer->column = writer->indent;
	} else if (!writer->is_line_start) {
		add(writer, TEXT(" "));
	}
	writer->is_line_start = false;
	add_harmless(writer, part);
}

/* How much of a word too long fits, whole characters only. */
static size_t
cut_len(struct text word)
{
	size_t len = FOLD_WRITER_WORD_MAX;

	if (word.len <= len)
		return word.len;
	while (len > FOLD_WRITER_WORD_MAX - CHARACTER_MAX + 1 &&
	    ((unsigned char)word.data[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void
fold_writer_word(struct fold_writer *writer, struct text word)
{
	while (word.len > 0) {
		size_t len = cut_len(word);
		add_part(writer, text_slice(word, 0, len));
		word = text_skip(word, len);
	}
}

void
fold_writer_print(struct fold_writer *writer, const char *format, ...)
{
	char word[FOLD_WRITER_WORD_MAX + 1];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(word, sizeof(word), format, args);
	va_end(args);
	require(len >= 0);
	fold_writer_word(writer, text_from(word));
}

static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
fold_writer_words(struct fold_writer *writer, struct text words)
{
	while (words.len > 0) {
		size_t len = 0;
		while (len < words.len && !is_gap(words.data[len]))
			len++;
		fold_writer_word(writer, text_slice(words, 0, len));
		words = text_skip(words, len + 1);
	}
}

int
fold_writer_end(struct fold_writer *writer)
{
	add(writer, TEXT("\r\n"));
	return writer->error;
}
