/*
 * A snapshot: one configuration with its version, as a record in a sealed
 * memfd.  Every process holds a reference for as long as it uses it, and
 * every message records the version that it was judged by.
 */
#ifndef GATEWAY_CONFIG_CONFIG_SNAPSHOT_H
#define GATEWAY_CONFIG_CONFIG_SNAPSHOT_H

#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/config/config.h"

#define CONFIG_SNAPSHOT_MAX (64u * 1024u * 1024u)

struct config_snapshot;

/*
 * Encode config into a new sealed memfd (F_SEAL_WRITE, SHRINK, GROW, SEAL).
 *   version       above 0
 *   *descriptor   the caller's
 */
int config_snapshot_seal(const struct config *config, uint64_t version,
	int *descriptor, struct reason *why) MUST_CHECK;

/*
 * Read, check and hold the snapshot behind a descriptor, which stays the
 * caller's.  One reference, to be released.  ERROR_MALFORMED,
 * ERROR_MISMATCH (other format version), ERROR_LIMIT (size).
 */
int config_snapshot_open(int descriptor, struct config_snapshot **out,
	struct reason *why) MUST_CHECK;
struct config_snapshot *config_snapshot_ref(struct config_snapshot *snapshot);
void config_snapshot_release(struct config_snapshot **snapshot);

const struct config *config_snapshot_config(
	const struct config_snapshot *snapshot);
uint64_t config_snapshot_version(const struct config_snapshot *snapshot);

#endif
