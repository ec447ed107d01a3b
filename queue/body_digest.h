/*
 * SHA-256 (FIPS 180-4) of bodies that the queue itself makes: deliver checks
 * every body against its envelope before it sends, and the queue links no
 * cryptographic library.  Not for secrets.
 */
#ifndef QUEUE_BODY_DIGEST_H
#define QUEUE_BODY_DIGEST_H

#include <stdint.h>

#include "gateway/base/text.h"

void body_digest(struct text body, uint8_t out[32]);

#endif
