/*
 * Text as it is compared rather than read: case folded, and reduced to what
 * it looks like (the skeleton of UTS 39, where a Cyrillic "a" is an "a").
 * ICU's second includer.  One character after the other, so that whoever
 * compares knows where in the text it stands.
 */
#ifndef GATEWAY_MAIL_SKELETON_H
#define GATEWAY_MAIL_SKELETON_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/*
 * The looks of a letter depend on its case: the Cyrillic capital that looks
 * like B folds to one that looks like nothing Latin.  So there are two ways.
 */
enum skeleton_form {
	SKELETON_EXACT,		/* bytes as they are */
	SKELETON_FOLD,		/* simple case folding (Unicode 5.18) */
	SKELETON_LOOK,		/* looks */
	SKELETON_FOLD_LOOK,	/* looks of what is folded */
	SKELETON_LOOK_FOLD,	/* looks, then folded */
	SKELETON_FORMS
};

/* Most bytes that one step gives: a whole label of an IDN. */
#define SKELETON_STEP_MAX 1024

/* Open what ICU reads from files: before the jail. */
void skeleton_prepare(void);

/*
 * Take the next character off the text at that offset (below its length)
 * and write its form to out, SKELETON_STEP_MAX bytes.  A byte that is not
 * UTF-8 stays as it is.  In the forms of looks a label of a domain in ASCII
 * (an A-label, RFC 5890 2.3.2.1) is taken whole and as the U-label that it
 * stands for, and characters that nobody sees give nothing.
 *   *len   bytes of out
 * Gives the bytes of the text that were taken, above 0.
 */
size_t skeleton_next(enum skeleton_form form, struct text text, size_t at,
	char *out, size_t *len);

/* Append the whole text in that form.  ERROR_LIMIT. */
int skeleton_add(enum skeleton_form form, struct text text,
	struct buffer *out) MUST_CHECK;

/* Append the text in capitals, or only the first letter of each word. */
int skeleton_add_capitals(struct text text, bool only_first,
	struct buffer *out) MUST_CHECK;

/* Whether a word goes on before or at that offset. */
bool skeleton_is_word_before(struct text text, size_t at);
bool skeleton_is_word_at(struct text text, size_t at);

/* Whether the forms of looks can differ from the others in that text. */
bool skeleton_is_plain(struct text text);

#endif
