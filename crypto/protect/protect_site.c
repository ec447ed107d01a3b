/* A configuration and its connections. */
#include "crypto/protect/protect_site.h"

#include <stdlib.h>

#include "crypto/key_service_message.h"
#include "crypto/tls_context.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define CONNECT_TIMEOUT_MS 5000
#define TIMEOUT_MS 30000

/* libcurl's SSL_CTX gets our limits, our certificate and our trust. */
static int
equip(void *ssl_context, void *context)
{
	const struct protect_site *site = context;
	const struct config_encryption *encryption =
	    &site->config->encryption;
	const struct config_certificate *certificate =
	    config_certificate_find(site->config,
		encryption->client_certificate);
	struct reason why = { 0 };
	int error;

	error = tls_context_equip_client(ssl_context, certificate == NULL ?
		TEXT_EMPTY : certificate->certificate_pem, site->keys,
		encryption->client_certificate, encryption->trust_pem, &why);
	if (error != 0)
		log_event(LOG_ERROR_LEVEL, 0, "client_certificate_unusable",
			LOG_TEXT("certificate",
				encryption->client_certificate),
			LOG_STRING("error", error_name(error)),
			LOG_STRING("reason", why.text));
	return error;
}

struct protect_site *
protect_site_new(struct loop *loop, const struct https_hosts *hosts,
	struct remote_key_channel *keys, const struct config *config,
	struct config_snapshot *snapshot)
{
	struct protect_site *site = memory_new(sizeof(*site));
	struct https_fetch_settings settings = {
		.hosts = hosts,
		.equip = equip,
		.context = site,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.timeout_ms = TIMEOUT_MS,
	};

	site->references = 1;
	site->snapshot = snapshot == NULL ? NULL :
	    config_snapshot_ref(snapshot);
	site->config = config;
	site->keys = keys;
	settings.trust_pem = site->config->encryption.trust_pem;
	site->pool = https_fetch_pool_new(loop, &settings);
	return site;
}

struct protect_site *
protect_site_ref(struct protect_site *site)
{
	site->references++;
	return site;
}

void
protect_site_release(struct protect_site **site)
{
	struct protect_site *gone = *site;

	*site = NULL;
	if (gone == NULL || --gone->references > 0)
		return;
	https_fetch_pool_free(gone->pool);
	config_snapshot_release(&gone->snapshot);
	free(gone);
}

/* ---- places ---- */

/* Where this very gateway listens; on all addresses: by way of loopback. */
static int
add_own_host(const struct config_service_listener *listener,
	struct buffer *out)
{
	struct text address = listener->address;

	if (text_equal(address, TEXT("0.0.0.0")))
		address = TEXT("127.0.0.1");
	else if (text_equal(address, TEXT("::")))
		address = TEXT("::1");
	if (text_find_byte(address, ':') < address.len)
		return buffer_printf(out, "https://[%.*s]:%u",
			TEXT_ARG(address), (unsigned int)listener->port);
	return buffer_printf(out, "https://%.*s:%u", TEXT_ARG(address),
		(unsigned int)listener->port);
}

/* Paths are put behind it. */
static struct text
without_slash(struct text url)
{
	while (url.len > 0 && url.data[url.len - 1] == '/')
		url.len--;
	return url;
}

int
protect_site_url(const struct config *config,
	const struct config_encryption_profile *profile, struct buffer *out)
{
	struct text url = without_slash(profile->key_service_url);
	int error = url.len > 0 ? buffer_add_text(out, url) :
	    add_own_host(&config->key_service.management, out);
	return error != 0 ? error :
	    buffer_add_text(out, TEXT(KEY_SERVICE_REGISTER_PATH));
}

struct text
protect_site_portal(const struct config *config,
	const struct config_encryption_profile *profile)
{
	return without_slash(text_is_empty(profile->portal_url) ?
	    config->key_service.portal.url : profile->portal_url);
}

/* ---- names ---- */

static void
look_up_one(const struct config_encryption_profile *profile,
	struct text url, struct https_hosts *hosts)
{
	struct reason why = { 0 };

	if (https_hosts_look_up(hosts, url, &why) != 0)
		log_event(LOG_WARNING_LEVEL, 0, "key_service_unknown",
			LOG_TEXT("profile", profile->name),
			LOG_TEXT("url", url),
			LOG_STRING("reason", why.text));
}

void
protect_site_look_up(const struct config *config, struct https_hosts *hosts)
{
	const struct config_encryption *encryption = &config->encryption;
	struct buffer url;
	size_t i;

	buffer_init(&url, HTTPS_URL_MAX);
	for (i = 0; i < encryption->profile_count; i++) {
		buffer_reset(&url);
		if (protect_site_url(config, &encryption->profiles[i],
		    &url) == 0)
			look_up_one(&encryption->profiles[i],
				buffer_text(&url), hosts);
	}
	buffer_clear(&url);
}

bool
protect_site_is_known(const struct config *config,
	const struct https_hosts *hosts)
{
	const struct config_encryption *encryption = &config->encryption;
	struct https_url parsed;
	struct buffer url;
	bool known = true;
	size_t i;

	buffer_init(&url, HTTPS_URL_MAX);
	for (i = 0; i < encryption->profile_count; i++) {
		buffer_reset(&url);
		if (protect_site_url(config, &encryption->profiles[i],
		    &url) == 0 && https_url_parse(buffer_text(&url),
		    &parsed) == 0 && !https_hosts_has(hosts, &parsed))
			known = false;
	}
	buffer_clear(&url);
	return known;
}
