/*
 * CRC-32C (Castagnoli, RFC 3720 B.4), by the processor's instruction where
 * there is one.
 */
#ifndef GATEWAY_BASE_CRC32C_H
#define GATEWAY_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Go on from crc (0 at first, or a seed) over len bytes. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

#endif
