/*
 * The configuration's sections about judging and protecting mail: filters,
 * quarantines, encryption profiles and the key service.  Part of config.h.
 */
#ifndef GATEWAY_CONFIG_CONFIG_PROTECTION_H
#define GATEWAY_CONFIG_CONFIG_PROTECTION_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

enum config_filter_match { CONFIG_FILTER_MATCH_ALL, CONFIG_FILTER_MATCH_ANY };

#define CONFIG_FILTERS_MAX 1000
#define CONFIG_FILTER_TEXTS_MAX 100	/* conditions, or actions, of one */
#define CONFIG_FILTER_TEXT_MAX 4096	/* bytes of one */

/*
 * content_filters.incoming, .outgoing: ordered lists.  Conditions and actions
 * are texts of the rule language (policy/filter_set.h checks them); no
 * condition means every message.
 */
struct config_content_filter {
	struct text name;
	struct text description;
	uint8_t active;
	uint8_t match;			/* enum config_filter_match */
	struct text *conditions;
	size_t condition_count;
	struct text *actions;
	size_t action_count;
};

struct config_content_filters {
	struct config_content_filter *incoming;
	size_t incoming_count;
	struct config_content_filter *outgoing;
	size_t outgoing_count;
};

/* quarantines: NAME: ... */
struct config_quarantine {
	struct text name;
	struct text description;
};

enum config_envelope_form {
	CONFIG_ENVELOPE_ATTACHMENT_AND_LINK,
	CONFIG_ENVELOPE_ATTACHMENT,
};

/* encryption.profiles: NAME: ... */
struct config_encryption_profile {
	struct text name;
	struct text key_service_url;	/* "https://host:port"; empty: the
					   gateway's own key_service */
	struct text portal_url;		/* what recipients see; empty: the
					   key_service's own */
	struct text organisation;	/* shown beside the sender */
	uint8_t form;			/* enum config_envelope_form */
	uint8_t tls_verified;		/* "TLS instead" needs a verified
					   certificate */
	uint64_t expires_ms;		/* 0: never */
	uint64_t timeout_ms;		/* in the encryption queue */
	struct text failure_subject;	/* of the notice behind the timeout */
};

struct config_encryption {
	uint64_t max_message_size;	/* 10 MB, at most 25 MB */
	struct text client_certificate;	/* towards the key service; name in
					   tls.certificates */
	struct text trust_file;		/* authorities of the key service */
	struct text trust_pem;		/* content, read at load */
	struct config_encryption_profile *profiles;
	size_t profile_count;
};

/* Where gateways register keys. */
struct config_service_listener {
	struct text address;
	uint16_t port;
	struct text certificate;	/* name in tls.certificates */
};

/* Where recipients open messages. */
struct config_portal {
	struct text address;
	uint16_t port;
	struct text certificate;	/* name; empty: plain HTTP */
	struct text url;		/* "https://msg.example.com" */
};

struct config_key_service {
	uint8_t enabled;
	struct text directory;		/* of vault.db */
	struct text master_key_file;	/* only vault reads it */
	struct config_service_listener management;
	struct text client_trust_file;	/* authorities of gateways */
	struct text client_trust_pem;	/* content, read at load */
	struct config_portal portal;
	struct text sender;		/* of the mails with codes */
	uint64_t code_lifetime_ms;	/* 15 min */
	uint64_t session_lifetime_ms;	/* 30 min */
	uint64_t upload_memory;		/* envelopes being opened */
	uint64_t retention_ms;		/* of keys behind their expiry */
};

#endif
