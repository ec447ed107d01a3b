/*
 * The type table: what each kind of setting is called, how its values are
 * read, checked and printed.
 */
#ifndef GATEWAY_CONFIG_CONFIG_TYPE_H
#define GATEWAY_CONFIG_CONFIG_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/config/config_schema.h"

/* Most bytes of texts by kind. */
#define CONFIG_NAME_MAX 64
#define CONFIG_USER_MAX 32
#define CONFIG_DOMAIN_MAX 254
#define CONFIG_ADDRESS_MAX 64
#define CONFIG_MAIL_MAX 320
#define CONFIG_FILE_MAX 1024
#define CONFIG_TEXT_MAX CONFIG_TEXT_BYTES
#define CONFIG_LINE_MAX CONFIG_FILTER_TEXT_MAX
#define CONFIG_URL_MAX 512
#define CONFIG_LINES_MAX CONFIG_TEXT_RESOURCE_MAX

/* A value as read: which one is used tells config_kind_is_text(). */
struct config_value {
	struct text text;
	uint64_t number;
};

bool config_kind_is_text(enum config_kind kind);
bool config_kind_is_number(enum config_kind kind);
bool config_kind_is_struct(enum config_kind kind);
/* "size", "CIDR block" and so on, for people. */
const char *config_kind_title(enum config_kind kind);
/* A regular expression for JSON Schema; NULL where there is none. */
const char *config_kind_pattern(enum config_kind kind);

/* Most bytes of a text of this row. */
size_t config_row_text_max(const struct config_row *row);

/*
 * Read one value (an element, where the row is a list).  ERROR_MALFORMED
 * for the wrong form, ERROR_LIMIT for what is out of range.  Texts are
 * borrowed from in.
 */
int config_value_parse(const struct config_row *row, struct text in,
	struct config_value *out) MUST_CHECK;
/* What config_value_parse() takes: "a whole number from 1 to 65535". */
int config_value_expect(const struct config_row *row, struct buffer *out)
	MUST_CHECK;
/* A number as it would be written; ERROR_LIMIT, ERROR_NOT_FOUND (enum). */
int config_number_print(const struct config_row *row, uint64_t number,
	struct buffer *out) MUST_CHECK;

/* The row's member within the struct at base; base is of its section. */
uint64_t config_number_get(const struct config_row *row, const void *base);
void config_number_put(const struct config_row *row, void *base,
	uint64_t number);
struct text *config_text_at(const struct config_row *row, const void *base);
/* Arrays: the first element and how many there are. */
const void *config_array_get(const struct config_row *row, const void *base,
	size_t *count);
void config_array_put(const struct config_row *row, void *base,
	void *array, size_t count);

/*
 * Append t as people may see it: cut at 60 bytes, "?" for what is not
 * printable ASCII.
 */
int config_quote(struct text t, struct buffer *out) MUST_CHECK;

#endif
