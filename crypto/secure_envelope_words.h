/*
 * What an envelope says to people: one table of names and texts, in which
 * "{{sender}}" and the like stand for values.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_WORDS_H
#define CRYPTO_SECURE_ENVELOPE_WORDS_H

#include <stdbool.h>

#include "gateway/base/text.h"

/* False: there is no such word. */
bool secure_envelope_word(struct text name, struct text *out);

#endif
