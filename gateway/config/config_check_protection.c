/*
 * What must hold between settings: encryption profiles, the key service.
 */
#include "gateway/config/config_check.h"

#include "gateway/config/config_syntax.h"

/* Somewhere that the gateway listens. */
struct place {
	const char *path;
	struct text address;
	uint16_t port;
};

static void
profile_check(const struct config *config,
	const struct config_encryption_profile *profile,
	struct config_report *report)
{
	const struct config_key_service *own = &config->key_service;
	struct text path = config_report_path_of(report,
	    "encryption.profiles.%.*s", TEXT_ARG(profile->name));

	if (text_is_empty(profile->key_service_url) && !own->enabled)
		config_report_path(report, config_report_path_of(report,
		    "%.*s.key_service_url", TEXT_ARG(path)), "empty, but this "
		    "gateway runs no key service: name another's address, or "
		    "set key_service.enabled");
	if (text_is_empty(profile->portal_url) &&
	    (!own->enabled || text_is_empty(own->portal.url)))
		config_report_path(report, config_report_path_of(report,
		    "%.*s.portal_url", TEXT_ARG(path)), "empty, and there is "
		    "no key_service.portal.url: recipients could not open "
		    "anything");
}

static void
encryption_check(const struct config *config, struct config_report *report)
{
	const struct config_encryption *encryption = &config->encryption;
	size_t i;

	if (encryption->profile_count == 0)
		return;
	if (text_is_empty(encryption->client_certificate))
		config_report_path(report,
		    TEXT("encryption.global.client_certificate"), "missing: "
		    "the key service takes keys only from gateways that show "
		    "one of tls.certificates");
	if (text_is_empty(encryption->trust_file))
		config_report_path(report, TEXT("encryption.global.trust"),
		    "missing: the authority of the key service's certificate "
		    "must be named");
	for (i = 0; i < encryption->profile_count; i++)
		profile_check(config, &encryption->profiles[i], report);
}

/* One key has one role: what listeners show is not shown to the service. */
static void
role_check(const struct config *config, struct config_report *report)
{
	struct text ours = config->encryption.client_certificate;
	size_t i;
	bool is_shown = text_equal(ours,
	    config->key_service.management.certificate) ||
	    text_equal(ours, config->key_service.portal.certificate);

	if (text_is_empty(ours))
		return;
	for (i = 0; i < config->listener_count; i++)
		is_shown = is_shown ||
		    text_equal(ours, config->listeners[i].certificate);
	if (is_shown)
		config_report_path(report,
		    TEXT("encryption.global.client_certificate"), "is also "
		    "the certificate of a listener: one key has one role, "
		    "name another");
}

static void
needed(struct text value, const char *path, const char *words,
	struct config_report *report)
{
	if (text_is_empty(value))
		config_report_path(report, text_from(path), "missing: %s",
		    words);
}

static bool
is_loopback(struct text address)
{
	struct config_network network;

	return config_network_parse(address, &network) == 0 &&
	    config_network_is_loopback(&network);
}

static bool
is_any(struct text address)
{
	return text_equal(address, TEXT("0.0.0.0")) ||
	    text_equal(address, TEXT("::"));
}

static bool
is_taken(struct text address, uint16_t port, const struct place *wanted)
{
	return port == wanted->port && (text_equal(address, wanted->address) ||
	    is_any(address) || is_any(wanted->address));
}

static void
place_check(const struct config *config, const struct place *place,
	struct config_report *report)
{
	size_t i;

	for (i = 0; i < config->listener_count; i++)
		if (is_taken(config->listeners[i].address,
		    config->listeners[i].port, place))
			config_report_path(report, text_from(place->path),
			    "address and port are taken by listener \"%.*s\"",
			    TEXT_ARG(config->listeners[i].name));
}

static void
key_service_check(const struct config *config, struct config_report *report)
{
	const struct config_key_service *service = &config->key_service;
	const struct place places[] = {
		{ "key_service.management", service->management.address,
		  service->management.port },
		{ "key_service.portal", service->portal.address,
		  service->portal.port },
	};
	size_t i;

	if (!service->enabled)
		return;
	needed(service->master_key_file, "key_service.master_key",
	    "\"postern key-service make-key FILE\" makes one", report);
	needed(service->management.certificate,
	    "key_service.management.certificate",
	    "gateways must know whom they give keys to", report);
	needed(service->client_trust_file, "key_service.client_trust",
	    "only gateways with a certificate of this authority may register "
	    "keys", report);
	needed(service->portal.url, "key_service.portal.url",
	    "envelopes must tell recipients where to go", report);
	if (text_is_empty(service->portal.certificate) &&
	    !is_loopback(service->portal.address))
		config_report_path(report,
		    TEXT("key_service.portal.certificate"), "missing: without "
		    "one the portal speaks plain HTTP and must listen on a "
		    "loopback address");
	if (!text_is_empty(service->sender) &&
	    text_find_byte(service->sender, '@') == service->sender.len)
		config_report_path(report, TEXT("key_service.sender"),
		    "expected an address, such as postmaster@example.org");
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		place_check(config, &places[i], report);
	if (is_taken(places[0].address, places[0].port, &places[1]))
		config_report_path(report, TEXT("key_service.portal"),
		    "address and port are taken by key_service.management");
}

void
config_check_protection(const struct config *config,
	struct config_report *report)
{
	encryption_check(config, report);
	role_check(config, report);
	key_service_check(config, report);
}
