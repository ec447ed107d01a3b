/*
 * Text: a borrowed run of bytes with its length.  It may hold NUL and is
 * not NUL ended; NUL-ended strings exist only at the system's border.
 */
#ifndef GATEWAY_BASE_TEXT_H
#define GATEWAY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"

struct text {
	const char *data;
	size_t len;
};

/* A text from a string literal, usable in initialisers with TEXT_INIT. */
#define TEXT(literal) ((struct text){ "" literal, sizeof(literal) - 1 })
#define TEXT_INIT(literal) { "" literal, sizeof(literal) - 1 }
#define TEXT_EMPTY ((struct text){ "", 0 })

/* For printf: "%.*s", TEXT_ARG(t).  Lengths over INT_MAX are cut. */
#define TEXT_ARG(t) text_int_len(t), (t).data
int text_int_len(struct text t);

/* Borrow a NUL-ended string; NULL gives the empty text. */
struct text text_from(const char *string);
struct text text_of(const void *data, size_t len);

bool text_is_empty(struct text t);
bool text_equal(struct text a, struct text b);
/* ASCII letters compare alike whatever their case; no locale. */
bool text_equal_nocase(struct text a, struct text b);
bool text_starts(struct text t, struct text prefix);
bool text_starts_nocase(struct text t, struct text prefix);
bool text_ends_nocase(struct text t, struct text suffix);
/* Order by bytes, shorter first where one is the other's beginning. */
int text_compare(struct text a, struct text b);

/* Offset of the first such byte or text, or t.len where there is none. */
size_t text_find_byte(struct text t, char byte);
size_t text_find(struct text t, struct text needle);

/* Parts; from and len are cut to what is there. */
struct text text_slice(struct text t, size_t from, size_t len);
struct text text_skip(struct text t, size_t count);
/* Without spaces and tabs at both ends. */
struct text text_trim(struct text t);

/*
 * Take the part before the first separator off *rest; the separator goes.
 * False when *rest was exhausted (data NULL) before the call; the last part
 * leaves rest->data NULL.
 */
bool text_split(struct text *rest, char separator, struct text *part);

/*
 * Decimal digits only, no sign, no spaces, no overflow.
 *   max   the largest value allowed
 * ERROR_MALFORMED for anything but digits, ERROR_LIMIT above max.
 */
int text_parse_u64(struct text t, uint64_t max, uint64_t *out) MUST_CHECK;

/*
 * Copy to a NUL-ended string in a caller's array.
 * ERROR_LIMIT when it does not fit, ERROR_MALFORMED when t holds NUL.
 */
int text_to_string(struct text t, char *out, size_t size) MUST_CHECK;

/*
 * Copy t to *at, which moves behind it: for texts packed into one piece of
 * memory, whose room is the caller's to know.
 */
struct text text_put(char **at, struct text t);

/* Constant time for equal lengths, for secrets. */
bool text_equal_secret(struct text a, struct text b);

char text_lower_byte(char c);
bool text_is_digit(char c);
bool text_is_alpha(char c);
bool text_is_alnum(char c);

/* 64-bit hash, seeded once per process against collision attacks. */
uint64_t text_hash(struct text t);
uint64_t text_hash_nocase(struct text t);

#endif
