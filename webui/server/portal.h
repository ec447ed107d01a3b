/*
 * What the portal's visits share.
 */
#ifndef WEBUI_SERVER_PORTAL_H
#define WEBUI_SERVER_PORTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/list.h"
#include "gateway/config/config.h"
#include "webui/http/http_server.h"
#include "webui/server/portal_link.h"
#include "webui/server/portal_secret.h"
#include "webui/server/portal_upload.h"

#define PORTAL_UNSEALS_MAX 64

struct portal_counters {
	uint64_t requests;
	uint64_t codes_asked;
	uint64_t proofs;
	uint64_t proofs_failed;
	uint64_t releases;
	uint64_t opened;
	uint64_t uploads_kept;
	uint64_t uploads_refused;
};

struct portal {
	struct loop *loop;
	const struct ipc_identity *self;
	struct http_server *server;
	struct portal_secret secret;
	struct portal_link *vault;
	struct portal_link *unseals[PORTAL_UNSEALS_MAX];	/* by number */
	uint32_t last_unseal;
	struct portal_uploads *uploads;
	const struct config *config;	/* the active one; borrowed */
	bool is_secure;			/* TLS; else behind a proxy */
	char script_source[64];		/* "'sha256-...'", for the policy */
	struct portal_counters counters;
};

/* self is borrowed. */
struct portal *portal_new(struct loop *loop,
	const struct ipc_identity *self);
void portal_free(struct portal *portal);
/* Use this configuration from now on; borrowed until the next one. */
void portal_configure(struct portal *portal, const struct config *config);
void portal_connect_vault(struct portal *portal, int descriptor);
void portal_connect_unseal(struct portal *portal, uint32_t number,
	int descriptor);
/* An unseal process in turn; ERROR_NOT_FOUND: none is there. */
int portal_choose_unseal(struct portal *portal, uint32_t *number)
	MUST_CHECK;

#endif
