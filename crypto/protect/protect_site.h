/*
 * One configuration as protect uses it: profiles, and the connections to
 * the key services under its certificate and trust.  Jobs hold the one that
 * they began with; the last of them lets it go.
 */
#ifndef CRYPTO_PROTECT_PROTECT_SITE_H
#define CRYPTO_PROTECT_PROTECT_SITE_H

#include <stdbool.h>

#include "crypto/remote_key.h"
#include "gateway/base/buffer.h"
#include "gateway/base/https_fetch.h"
#include "gateway/base/https_hosts.h"
#include "gateway/config/config_snapshot.h"

struct protect_site {
	unsigned int references;
	struct config_snapshot *snapshot;	/* may be NULL */
	const struct config *config;
	struct https_fetch_pool *pool;
	struct remote_key_channel *keys;	/* borrowed */
};

/*
 * hosts and keys outlive it.
 *   snapshot   holds config, and is referenced; NULL where the caller keeps
 *              config for as long
 */
struct protect_site *protect_site_new(struct loop *loop,
	const struct https_hosts *hosts, struct remote_key_channel *keys,
	const struct config *config, struct config_snapshot *snapshot);
struct protect_site *protect_site_ref(struct protect_site *site);
/* Not from within an answer of its pool. */
void protect_site_release(struct protect_site **site);

/*
 * Append where keys of that profile are registered.  ERROR_LIMIT: longer
 * than out may be.
 */
int protect_site_url(const struct config *config,
	const struct config_encryption_profile *profile, struct buffer *out)
	MUST_CHECK;
/* Where recipients open what was sent under that profile. */
struct text protect_site_portal(const struct config *config,
	const struct config_encryption_profile *profile);

/*
 * Look up all names of key services; before the jail.  What cannot be found
 * is logged.
 */
void protect_site_look_up(const struct config *config,
	struct https_hosts *hosts);
/* Whether all of them are known. */
bool protect_site_is_known(const struct config *config,
	const struct https_hosts *hosts);

#endif
