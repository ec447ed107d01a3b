/* Keys and channels together. */
#include "crypto/keys/keys_service.h"

#include <stdlib.h>
#include <unistd.h>

#include "crypto/keys/keys_policy.h"
#include "gateway/base/log.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"

struct keys_service {
	struct loop *loop;
	struct keys_store *store;
	struct map *channels;
	struct keys_counts counts;
};

struct keys_service *
keys_service_new(struct loop *loop, size_t key_count)
{
	struct keys_service *service = memory_new(sizeof(*service));

	service->loop = loop;
	service->store = keys_store_new(key_count);
	service->channels = map_new();
	return service;
}

void
keys_service_free(struct keys_service *service)
{
	struct keys_channel *channel;
	size_t cursor = 0;

	if (service == NULL)
		return;
	while ((channel = map_next(service->channels, &cursor)) != NULL)
		keys_channel_free(channel);
	map_free(service->channels);
	keys_store_free(service->store);
	free(service);
}

static bool
load_one(struct keys_service *service,
	const struct config_certificate *certificate, enum keys_role role)
{
	struct reason why = { 0 };
	int error = keys_store_load(service->store, certificate, role, &why);

	if (error == 0) {
		log_event(LOG_INFO_LEVEL, 0, "key_loaded",
			LOG_TEXT("key", certificate->name),
			LOG_STRING("kind", signature_key_name(keys_key_kind(
				keys_store_find(service->store,
				certificate->name)))));
		return true;
	}
	log_event(LOG_ERROR_LEVEL, 0, "key_unusable",
		LOG_TEXT("key", certificate->name),
		LOG_TEXT("file", certificate->key_file),
		LOG_STRING("error", error_name(error)),
		LOG_STRING("reason", why.text));
	return false;
}

static enum keys_role
role_of(const struct config *config,
	const struct config_certificate *certificate)
{
	return text_equal(certificate->name,
	    config->encryption.client_certificate) ? KEYS_ROLE_TLS_CLIENT :
	    KEYS_ROLE_TLS_SERVER;
}

size_t
keys_service_load(struct keys_service *service, const struct config *config)
{
	const struct config_tls *tls = &config->tls;
	size_t left_out = 0;
	size_t i;

	for (i = 0; i < tls->certificate_count; i++)
		left_out += load_one(service, &tls->certificates[i],
			role_of(config, &tls->certificates[i])) ? 0 : 1;
	return left_out;
}

size_t
keys_service_key_count(const struct keys_service *service)
{
	return keys_store_count(service->store);
}

static uint64_t
channel_key(enum process_kind caller, uint32_t number)
{
	return (uint64_t)caller << 32 | number;
}

static void
on_ended(void *context, struct keys_channel *channel)
{
	struct keys_service *service = context;

	(void)map_remove(service->channels,
		channel_key(keys_channel_caller(channel),
			keys_channel_number(channel)));
	keys_channel_free(channel);
}

int
keys_service_attach(struct keys_service *service, enum process_kind caller,
	uint32_t number, int descriptor)
{
	static const struct keys_channel_events events = {
		.ended = on_ended,
	};
	uint64_t key = channel_key(caller, number);

	if (!keys_policy_serves(caller)) {
		log_event(LOG_ERROR_LEVEL, 0, "key_caller_refused",
			LOG_STRING("caller", process_kind_name(caller)),
			LOG_NUMBER("number", number));
		(void)close(descriptor);
		return ERROR_REFUSED;
	}
	keys_channel_free(map_remove(service->channels, key));
	(void)map_put(service->channels, key,
		keys_channel_new(service->loop, descriptor, caller, number,
			service->store, &service->counts, &events, service));
	return 0;
}

const struct keys_counts *
keys_service_counts(const struct keys_service *service)
{
	return &service->counts;
}

bool
keys_service_same(const struct config *a, const struct config *b)
{
	const struct config_certificate *one = a->tls.certificates;
	const struct config_certificate *other = b->tls.certificates;
	size_t i;

	if (a->tls.certificate_count != b->tls.certificate_count ||
	    !text_equal(a->encryption.client_certificate,
		b->encryption.client_certificate))
		return false;
	for (i = 0; i < a->tls.certificate_count; i++) {
		if (!text_equal(one[i].name, other[i].name) ||
		    !text_equal(one[i].key_file, other[i].key_file) ||
		    !text_equal(one[i].certificate_pem,
			other[i].certificate_pem))
			return false;
	}
	return true;
}
