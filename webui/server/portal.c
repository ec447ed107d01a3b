/*
 * The portal's shared state and its channels.  portal process.
 */
#include "webui/server/portal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/base/memory.h"
#include "gateway/mail/base64.h"
#include "webui/server/portal_page.h"
#include "webui/server/portal_visit.h"

#define CONNECTIONS_MAX 1000
#define CONNECTIONS_PER_CLIENT 64
#define FORM_MAX 16384
#define HEAD_TIMEOUT_MS 20000
#define BODY_TIMEOUT_MS 300000
#define IDLE_TIMEOUT_MS 30000
#define VAULT_TIMEOUT_MS 15000
#define UNSEAL_TIMEOUT_MS 45000

/* The policy names the one script by its hash. */
static void
print_script_source(struct portal *portal)
{
	uint8_t hash[DIGEST_SIZE];
	struct buffer base64;

	digest_add(portal->secret.digest, portal_page_script);
	digest_finish(portal->secret.digest, hash);
	buffer_init(&base64, 64);
	require(base64_encode(text_of(hash, sizeof(hash)), 0, &base64) == 0);
	(void)snprintf(portal->script_source, sizeof(portal->script_source),
	    "'sha256-%.*s'", TEXT_ARG(buffer_text(&base64)));
	buffer_clear(&base64);
}

/* Behind a proxy all clients share its address. */
static struct http_server_settings
settings_of(bool has_proxy)
{
	return (struct http_server_settings){
		.max_connections = CONNECTIONS_MAX,
		.max_connections_per_client = has_proxy ? CONNECTIONS_MAX :
		    CONNECTIONS_PER_CLIENT,
		.body_max = FORM_MAX,
		.head_timeout_ms = HEAD_TIMEOUT_MS,
		.body_timeout_ms = BODY_TIMEOUT_MS,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
	};
}

struct portal *
portal_new(struct loop *loop, const struct ipc_identity *self)
{
	const struct http_server_settings settings = settings_of(false);
	struct portal *portal = memory_new(sizeof(*portal));

	portal->loop = loop;
	portal->self = self;
	portal_secret_init(&portal->secret);
	portal->vault = portal_link_new(loop, self, PROCESS_VAULT,
	    VAULT_TIMEOUT_MS);
	portal->uploads = portal_uploads_new(loop);
	portal->server = http_server_new(loop, &settings,
	    &portal_visit_events, portal);
	print_script_source(portal);
	return portal;
}

void
portal_free(struct portal *portal)
{
	size_t i;

	if (portal == NULL)
		return;
	http_server_free(portal->server);
	portal_link_free(portal->vault);
	for (i = 0; i < PORTAL_UNSEALS_MAX; i++)
		portal_link_free(portal->unseals[i]);
	portal_uploads_free(portal->uploads);
	portal_secret_clear(&portal->secret);
	free(portal);
}

void
portal_configure(struct portal *portal, const struct config *config)
{
	const struct config_key_service *service = &config->key_service;
	struct http_server_settings settings;

	portal->config = config;
	portal->is_secure = service->portal.certificate.len > 0;
	portal_uploads_set_budget(portal->uploads, service->upload_memory);
	settings = settings_of(!portal->is_secure);
	http_server_configure(portal->server, &settings);
}

/* ---- channels ---- */

void
portal_connect_vault(struct portal *portal, int descriptor)
{
	portal_link_connect(portal->vault, descriptor);
}

void
portal_connect_unseal(struct portal *portal, uint32_t number, int descriptor)
{
	if (number >= PORTAL_UNSEALS_MAX) {
		(void)close(descriptor);
		return;
	}
	if (portal->unseals[number] == NULL)
		portal->unseals[number] = portal_link_new(portal->loop,
		    portal->self, PROCESS_UNSEAL, UNSEAL_TIMEOUT_MS);
	portal_link_connect(portal->unseals[number], descriptor);
}

int
portal_choose_unseal(struct portal *portal, uint32_t *number)
{
	uint32_t i, at;

	for (i = 1; i <= PORTAL_UNSEALS_MAX; i++) {
		at = (portal->last_unseal + i) % PORTAL_UNSEALS_MAX;
		if (portal_link_is_open(portal->unseals[at])) {
			portal->last_unseal = at;
			*number = at;
			return 0;
		}
	}
	return ERROR_NOT_FOUND;
}
