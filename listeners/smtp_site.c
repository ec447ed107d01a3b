/*
 * A configuration in use.  smtp process.
 */
#include "listeners/smtp_site.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define SESSION_ID_MAX 32	/* bytes, crypto/tls_context.h */

struct smtp_site_tls {
	struct tls_context *context;
	int64_t retry_ms;	/* monotonic; not before */
};

int
smtp_site_new(struct config_snapshot *snapshot, struct smtp_site **out,
    struct reason *why)
{
	struct smtp_site *site = memory_new(sizeof(*site));
	int error;

	site->references = 1;
	site->snapshot = config_snapshot_ref(snapshot);
	site->config = config_snapshot_config(snapshot);
	site->tls = memory_array(site->config->listener_count,
	    sizeof(*site->tls));
	error = host_access_new(site->config, &site->hosts, why);
	if (error == 0)
		error = recipient_access_new(site->config, &site->recipients,
		    why);
	if (error < 0) {
		smtp_site_release(&site);
		return error;
	}
	*out = site;
	return 0;
}

struct smtp_site *
smtp_site_ref(struct smtp_site *site)
{
	site->references++;
	return site;
}

void
smtp_site_release(struct smtp_site **pointer)
{
	struct smtp_site *site = *pointer;
	size_t i;

	*pointer = NULL;
	if (site == NULL || --site->references > 0)
		return;
	for (i = 0; i < site->config->listener_count; i++)
		tls_context_release(&site->tls[i].context);
	free(site->tls);
	host_access_free(site->hosts);
	recipient_access_free(site->recipients);
	config_snapshot_release(&site->snapshot);
	free(site);
}

static int
check_certificates(const struct config *config, struct reason *why)
{
	const struct config_certificate *certificate;
	struct reason detail = { 0 };
	size_t i;

	for (i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener =
		    &config->listeners[i];

		if (listener->tls == CONFIG_LISTENER_TLS_OFF)
			continue;
		certificate = config_certificate_find(config,
		    listener->certificate);
		if (certificate == NULL) {
			reason_set(why, "listener %.*s: no certificate %.*s",
			    TEXT_ARG(listener->name),
			    TEXT_ARG(listener->certificate));
			return ERROR_NOT_FOUND;
		}
		if (tls_certificate_check(certificate->certificate_pem,
		    &detail) < 0) {
			reason_set(why, "certificate %.*s: %s",
			    TEXT_ARG(certificate->name), detail.text);
			return ERROR_MALFORMED;
		}
	}
	return 0;
}

int
smtp_site_check(const struct config *config, const char **path,
    struct reason *why)
{
	struct host_access *hosts = NULL;
	struct recipient_access *recipients = NULL;
	int error;

	*path = "sender_groups";
	error = host_access_new(config, &hosts, why);
	if (error == 0) {
		*path = "recipient_access";
		error = recipient_access_new(config, &recipients, why);
	}
	if (error == 0) {
		*path = "listeners";
		error = check_certificates(config, why);
	}
	host_access_free(hosts);
	recipient_access_free(recipients);
	return error;
}

int
smtp_site_find_listener(const struct smtp_site *site, struct text name,
    size_t *out)
{
	size_t i;

	for (i = 0; i < site->config->listener_count; i++) {
		if (text_equal(site->config->listeners[i].name, name)) {
			*out = i;
			return 0;
		}
	}
	return ERROR_NOT_FOUND;
}

/* The number tells listeners apart whose names begin alike. */
static struct text
print_session_id(const struct smtp_site *site, size_t listener, char *out,
    size_t size)
{
	(void)snprintf(out, size, "%zu:%.*s", listener,
	    TEXT_ARG(site->config->listeners[listener].name));
	return text_from(out);
}

static void
make_context(struct smtp_site *site, size_t at,
    struct remote_key_channel *keys)
{
	const struct config_listener *listener = &site->config->listeners[at];
	const struct config_certificate *certificate =
	    config_certificate_find(site->config, listener->certificate);
	char session_id[SESSION_ID_MAX + 1];
	struct reason why = { 0 };

	if (certificate == NULL || keys == NULL)
		reason_set(&why, "no certificate or no keys process");
	else if (tls_context_new_server(certificate->certificate_pem, keys,
	    certificate->name, print_session_id(site, at, session_id,
	    sizeof(session_id)), &site->tls[at].context, &why) == 0)
		return;
	site->tls[at].context = NULL;
	site->tls[at].retry_ms = clock_monotonic_ms() + SMTP_SITE_RETRY_MS;
	log_event(LOG_ERROR_LEVEL, 0, "tls_unavailable",
	    LOG_TEXT("listener", listener->name),
	    LOG_TEXT("certificate", listener->certificate),
	    LOG_STRING("reason", why.text));
}

struct tls_context *
smtp_site_tls(struct smtp_site *site, size_t listener,
    struct remote_key_channel *keys)
{
	struct smtp_site_tls *tls = &site->tls[listener];

	if (site->config->listeners[listener].tls == CONFIG_LISTENER_TLS_OFF)
		return NULL;
	if (tls->context == NULL && clock_monotonic_ms() >= tls->retry_ms)
		make_context(site, listener, keys);
	return tls->context;
}
