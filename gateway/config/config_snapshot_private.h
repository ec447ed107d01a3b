/*
 * Snapshots as bytes, for config_snapshot.c and its tests.
 */
#ifndef GATEWAY_CONFIG_CONFIG_SNAPSHOT_PRIVATE_H
#define GATEWAY_CONFIG_CONFIG_SNAPSHOT_PRIVATE_H

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/config/config_snapshot.h"

/*
 * Head and record, little endian: 8 bytes magic, u32 format version, u32
 * CRC-32C of all that follows it, u64 configuration version, u64 length of
 * the record, record.
 */
#define CONFIG_SNAPSHOT_MAGIC "POSTERNC"
#define CONFIG_SNAPSHOT_FORMAT 1
#define CONFIG_SNAPSHOT_HEAD 32

/* ERROR_LIMIT past CONFIG_SNAPSHOT_MAX. */
int config_snapshot_encode(const struct config *config, uint64_t version,
	struct buffer *out, struct reason *why) MUST_CHECK;
/*
 * Decode and verify: values, references and what must hold between them.
 * Texts are borrowed from bytes, lists live in the arena.
 */
int config_snapshot_decode(struct text bytes, struct arena *arena,
	struct config *config, uint64_t *version, struct reason *why)
	MUST_CHECK;

#endif
