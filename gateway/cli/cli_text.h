/*
 * What the CLI prints about mail.
 */
#ifndef GATEWAY_CLI_CLI_TEXT_H
#define GATEWAY_CLI_CLI_TEXT_H

#include <jansson.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/*
 * Append t with \xNN in place of bytes that a terminal obeys (CWE-150); valid
 * UTF-8 stays.  ERROR_LIMIT.
 */
int cli_text_add(struct buffer *out, struct text t) MUST_CHECK;

/* A string; what is not UTF-8 becomes U+FFFD. */
json_t *cli_text_json(struct text t);
/* An array of strings. */
json_t *cli_text_json_list(const struct text *texts, size_t count);

#endif
