/*
 * The filter language's words: names, keywords, quoted strings, numbers with
 * K and M, and signs.  A "#" begins a comment that goes to the end of its
 * line.
 */
#ifndef POLICY_FILTER_LEXER_H
#define POLICY_FILTER_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "policy/filter_mistake.h"

enum filter_token_kind {
	FILTER_TOKEN_END,
	FILTER_TOKEN_NAME,
	FILTER_TOKEN_STRING,
	FILTER_TOKEN_NUMBER,
	FILTER_TOKEN_AND,
	FILTER_TOKEN_OR,
	FILTER_TOKEN_NOT,
	FILTER_TOKEN_IF,
	FILTER_TOKEN_ELSE,
	FILTER_TOKEN_PAREN_OPEN,
	FILTER_TOKEN_PAREN_CLOSE,
	FILTER_TOKEN_BRACE_OPEN,
	FILTER_TOKEN_BRACE_CLOSE,
	FILTER_TOKEN_COMMA,
	FILTER_TOKEN_SEMICOLON,
	FILTER_TOKEN_COLON,
	FILTER_TOKEN_EXCLAMATION,
	FILTER_TOKEN_EQUAL,
	FILTER_TOKEN_NOT_EQUAL,
	FILTER_TOKEN_LESS,
	FILTER_TOKEN_LESS_EQUAL,
	FILTER_TOKEN_GREATER,
	FILTER_TOKEN_GREATER_EQUAL,
	FILTER_TOKENS
};

struct filter_token {
	enum filter_token_kind kind;
	size_t offset;
	struct text bytes;	/* as written */
	struct text string;	/* STRING: without quotes, unescaped */
	uint64_t number;	/* NUMBER */
};

struct filter_lexer {
	struct text source;
	size_t at;
	struct arena *arena;	/* for strings with backslashes */
};

/* "and", "or", "not", "if", "else" */
bool filter_token_is_keyword(enum filter_token_kind kind);

/* source is borrowed by the tokens. */
void filter_lexer_init(struct filter_lexer *lexer, struct text source,
	struct arena *arena);
/*
 * The next word; at the end FILTER_TOKEN_END, again and again.
 * ERROR_MALFORMED with the mistake, ERROR_LIMIT where the arena is full.
 */
int filter_lexer_next(struct filter_lexer *lexer, struct filter_token *out,
	struct filter_mistake *mistake) MUST_CHECK;

/*
 * Append t as a string of the language.  The reverse of the lexer for every
 * text that is valid UTF-8 without control bytes.  ERROR_LIMIT.
 */
int filter_lexer_print_string(struct text t, struct buffer *out) MUST_CHECK;

#endif
