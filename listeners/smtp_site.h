/*
 * What a configuration means to this process: the snapshot, its access
 * tables compiled, its TLS contexts.  Each session holds a reference for
 * its lifetime, so that one message sees one configuration.
 */
#ifndef LISTENERS_SMTP_SITE_H
#define LISTENERS_SMTP_SITE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/tls_context.h"
#include "gateway/base/error.h"
#include "gateway/config/config_snapshot.h"
#include "policy/host_access.h"
#include "policy/recipient_access.h"

struct smtp_site {
	unsigned int references;
	struct config_snapshot *snapshot;
	const struct config *config;
	struct host_access *hosts;
	struct recipient_access *recipients;
	struct smtp_site_tls *tls;	/* one per listener, our own */
};

/*
 * Compile a snapshot and hold it; one reference.  Errors as of
 * host_access_new() and recipient_access_new().
 */
int smtp_site_new(struct config_snapshot *snapshot, struct smtp_site **out,
	struct reason *why) MUST_CHECK;
struct smtp_site *smtp_site_ref(struct smtp_site *site);
void smtp_site_release(struct smtp_site **site);

/*
 * Whether a configuration can be used: tables and certificates.  *path
 * names the part that is wrong.
 */
int smtp_site_check(const struct config *config, const char **path,
	struct reason *why) MUST_CHECK;

/* Where in config->listeners; ERROR_NOT_FOUND. */
int smtp_site_find_listener(const struct smtp_site *site, struct text name,
	size_t *out) MUST_CHECK;

/*
 * The TLS context of a listener, made when first asked for; borrowed.  NULL
 * where the listener has no TLS, or where keys could not be asked: the
 * reason is logged, and it is tried again after SMTP_SITE_RETRY_MS.
 */
#define SMTP_SITE_RETRY_MS 5000
struct tls_context *smtp_site_tls(struct smtp_site *site, size_t listener,
	struct remote_key_channel *keys);

#endif
