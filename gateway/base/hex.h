/*
 * Bytes as hexadecimal digits: ids in links, logs and JSON.
 */
#ifndef GATEWAY_BASE_HEX_H
#define GATEWAY_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Digits of len bytes, with the NUL. */
#define HEX_SIZE(len) (2 * (len) + 1)

/* Lower case, NUL ended; out holds HEX_SIZE(len) bytes. */
void hex_encode(const uint8_t *bytes, size_t len, char *out);
/*
 * Exactly 2 * len digits of either case.  ERROR_MALFORMED: anything else;
 * out is then undefined.
 */
int hex_decode(struct text t, uint8_t *out, size_t len) MUST_CHECK;

#endif
