/*
 * A queue that asks for protection and a key service with a script; what
 * the service was told lies in memory that both processes see.
 */
#ifndef T_UNIT_PROTECT_FIXTURE_H
#define T_UNIT_PROTECT_FIXTURE_H

#include <sys/mman.h>

#include "crypto/digest.h"
#include "crypto/key_service_message.h"
#include "crypto/protect/protect.h"
#include "t/unit/https_fixture.h"
#include "t/unit/tls_client_fixture.h"

#define RESULTS_MAX 256
#define ENVELOPES_MAX 512
#define SETTINGS_MAX 32
#define SENT_US INT64_C(1700000000000000)
#define EXPIRES_MS 86400000u

/* What the key service was told. */
struct registered {
	uint8_t id[SECURE_ENVELOPE_ID_LEN];
	uint8_t key_id[SECURE_ENVELOPE_ID_LEN];
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN];
	uint64_t mid;
	int64_t sent_us;
	int64_t expires_us;
	size_t recipient_count;
	uint8_t is_named[4];
	char sender[64];
	char organisation[64];
	char recipient[64];	/* the last */
};

struct record_of_service {
	size_t requests;
	size_t count;
	struct registered envelopes[ENVELOPES_MAX];
};

struct told {
	struct frame_protected frame;	/* texts are not */
	char status[16];
	char reason[REASON_TEXT_MAX];
	char reference[32];
	struct message_body *body;
};

static struct record_of_service *record;
static struct protect *protect;
static struct https_hosts *hosts;
static struct told told[RESULTS_MAX];
static size_t told_count;
static size_t wanted;
static unsigned int stale_count;
static unsigned int idle_count;
static uint64_t in_hand;
static uint64_t was_in_hand;

/* What the next configure() will use, and what those before did. */
static struct config config;
static struct config_encryption_profile profiles[2];
static struct settings {
	struct config config;
	struct config_encryption_profile profiles[2];
} settings[SETTINGS_MAX];
static size_t settings_count;

/* ---- the key service ---- */

FIXTURE void
service_note(const struct key_service_envelope *envelope)
{
	/* Connections are processes. */
	struct registered *to = &record->envelopes[
	    __atomic_fetch_add(&record->count, 1, __ATOMIC_SEQ_CST)];

	memcpy(to->id, envelope->id, sizeof(to->id));
	memcpy(to->key_id, envelope->key_id, sizeof(to->key_id));
	memcpy(to->share, envelope->share, sizeof(to->share));
	to->mid = envelope->mid;
	to->sent_us = envelope->sent_us;
	to->expires_us = envelope->expires_us;
	to->recipient_count = envelope->recipient_count;
	for (size_t i = 0; i < envelope->recipient_count && i < 4; i++)
		to->is_named[i] = envelope->is_named[i];
	(void)snprintf(to->sender, sizeof(to->sender), "%.*s",
		TEXT_ARG(envelope->sender));
	(void)snprintf(to->organisation, sizeof(to->organisation), "%.*s",
		TEXT_ARG(envelope->organisation));
	(void)snprintf(to->recipient, sizeof(to->recipient), "%.*s",
		TEXT_ARG(envelope->recipients[envelope->recipient_count - 1]));
}

/* Messages with these MIDs are not simply registered. */
enum { MID_CONFLICT = 1001, MID_REFUSED, MID_UNSAID };

FIXTURE size_t
service_results(const struct key_service_envelope *envelopes, size_t count,
	struct key_service_result *results)
{
	size_t said = 0;

	for (size_t i = 0; i < count; i++) {
		service_note(&envelopes[i]);
		if (envelopes[i].mid == MID_UNSAID)
			continue;
		memcpy(results[said].id, envelopes[i].id,
			sizeof(results[said].id));
		memcpy(results[said].key_id, envelopes[i].key_id,
			sizeof(results[said].key_id));
		results[said].outcome = KEY_SERVICE_REGISTERED;
		if (envelopes[i].mid == MID_CONFLICT)
			results[said].outcome = KEY_SERVICE_CONFLICT;
		if (envelopes[i].mid == MID_REFUSED)
			results[said].outcome = KEY_SERVICE_REFUSED;
		said++;
	}
	return said;
}

FIXTURE void
service_answer(SSL *ssl, struct text body)
{
	char head[128];

	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n"
		"\r\n", body.len);
	say(ssl, head);
	require(SSL_write(ssl, body.data, (int)body.len) > 0);
}

FIXTURE void
service_register(SSL *ssl)
{
	struct key_service_result results[KEY_SERVICE_BATCH_MAX];
	struct key_service_envelope *envelopes;
	struct arena *arena = arena_new(64u * 1024 * 1024);
	struct buffer answer;
	struct text body;
	size_t count;

	while (read_request(ssl)) {
		require(strncmp(request, "POST /v1/envelopes HTTP/1.1\r\n",
			29) == 0);
		body = text_of(request, request_len);
		body = text_skip(body, text_find(body, TEXT("\r\n\r\n")) + 4);
		arena_reset(arena);
		require(key_service_request_read(body, arena, &envelopes,
			&count, NULL) == 0);
		(void)__atomic_fetch_add(&record->requests, 1,
			__ATOMIC_SEQ_CST);
		count = service_results(envelopes, count, results);
		buffer_init(&answer, 65536);
		require(key_service_answer_write(results, count, &answer) ==
			0);
		service_answer(ssl, buffer_text(&answer));
		buffer_clear(&answer);
	}
	arena_free(arena);
}

FIXTURE void
service_fails(SSL *ssl)
{
	if (read_request(ssl))
		say(ssl, "HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n");
}

FIXTURE void
service_lies(SSL *ssl)
{
	if (read_request(ssl))
		service_answer(ssl, TEXT("{\"version\":1,\"results\":[7]}"));
}

/* ---- the queue ---- */

FIXTURE void
take_result(void *context, const struct frame_protected *result,
	int descriptor)
{
	struct told *at = &told[told_count++];

	(void)context;
	require(told_count <= RESULTS_MAX);
	memset(at, 0, sizeof(*at));
	at->frame = *result;
	require(in_hand == result->mid);
	(void)snprintf(at->status, sizeof(at->status), "%.*s",
		TEXT_ARG(result->status));
	(void)snprintf(at->reason, sizeof(at->reason), "%.*s",
		TEXT_ARG(result->reason));
	(void)snprintf(at->reference, sizeof(at->reference), "%.*s",
		TEXT_ARG(result->reference));
	if (result->outcome == FRAME_PROTECT_DONE)
		require(message_body_receive(result->body, descriptor,
			result->size, &at->body) == 0);
}

FIXTURE void
take_in_hand(void *context, uint64_t mid)
{
	(void)context;
	in_hand = mid;
	if (mid != 0)
		was_in_hand = mid;
}

FIXTURE void
take_stale(void *context)
{
	(void)context;
	stale_count++;
}

FIXTURE void
take_idle(void *context)
{
	(void)context;
	idle_count++;
}

FIXTURE bool
all_told(void)
{
	return told_count >= wanted;
}

FIXTURE bool
nothing_left(void)
{
	return idle_count > 0;
}

struct asked {
	uint64_t mid;
	uint32_t attempt;
	const char *profile;
	const char *message;	/* NULL: a small one */
	size_t recipients;	/* 0: two */
	bool changed;		/* the hash is another's */
};

#define MESSAGE "From: Alice <alice@example.org>\r\n" \
	"To: \"Bob, B.\" <BOB@example.net>\r\nSubject: the island\r\n\r\n" \
	"The treasure is under the old oak.\r\n"

/* As queue sends it. */
FIXTURE void
ask(const struct asked *asked)
{
	static struct envelope_recipient many[2000];
	const char *bytes = asked->message == NULL ? MESSAGE : asked->message;
	struct message_body *body = message_body_new();
	struct digest *digest = digest_new();
	struct frame_protect frame = {
		.mid = asked->mid,
		.attempt = asked->attempt,
		.profile = text_from(asked->profile),
		.envelope = { .mid = asked->mid,
		    .sender = TEXT("alice@example.org"),
		    .recipients = many,
		    .recipient_count = asked->recipients == 0 ? 2 :
			asked->recipients,
		    .received_us = SENT_US,
		    .size = strlen(bytes) },
		.envelope_id = { 0xfe, 1, 2, 3, 4, 5, 6 },
	};

	for (size_t i = 0; i < frame.envelope.recipient_count; i++) {
		many[i].rid = (uint32_t)i + 1;
		many[i].address = i == 0 ? TEXT("bob@example.net") :
		    TEXT("carol@example.net");
	}
	memcpy(frame.envelope_id + 8, &asked->mid, sizeof(asked->mid));
	digest_add(digest, text_from(bytes));
	digest_finish(digest, frame.envelope.sha256);
	digest_free(digest);
	frame.envelope.sha256[0] ^= asked->changed ? 1 : 0;
	require(message_body_append(body, text_from(bytes)) == 0);
	require(message_body_finish(body) == 0);
	assert_int_equal(protect_take(protect, &frame, body), 0);
	message_body_release(&body);
}

FIXTURE void
wait_for(size_t count)
{
	wanted = count;
	run_until(all_told);
	assert_int_equal(told_count, count);
}

/* ---- before and after each test ---- */

FIXTURE void
configure(void)
{
	struct settings *now = &settings[settings_count++];
	struct protect_site *site;

	require(settings_count <= SETTINGS_MAX);
	now->config = config;
	memcpy(now->profiles, profiles, sizeof(profiles));
	now->config.encryption.profiles = now->profiles;
	site = protect_site_new(loop, hosts, client_channel, &now->config,
		NULL);
	protect_configure(protect, site);
	protect_site_release(&site);
}

/* The first profile asks there; nothing else is special. */
FIXTURE void
begin(const char *url)
{
	static const struct protect_peers peers = {
		.result = take_result,
		.in_hand = take_in_hand,
		.name_stale = take_stale,
		.idle = take_idle,
	};
	static const struct config empty;

	config = empty;
	config.hostname = TEXT("gw.example.org");
	config.tls.certificates = certificates;
	config.tls.certificate_count = KEY_COUNT;
	config.encryption.max_message_size = 1024 * 1024;
	config.encryption.client_certificate = TEXT("rsa");
	config.encryption.trust_pem = authority.pem;
	config.encryption.profiles = profiles;
	config.encryption.profile_count = 1;
	config.key_service.portal.url = TEXT("https://msg.example.org/");
	profiles[0] = (struct config_encryption_profile){
		.name = TEXT("strong"),
		.key_service_url = text_from(url),
		.organisation = TEXT("Example"),
		.expires_ms = EXPIRES_MS,
	};
	memset(record, 0, sizeof(*record));
	told_count = 0;
	stale_count = idle_count = 0;
	in_hand = was_in_hand = 0;
	protect = protect_new(loop, &peers, NULL);
	configure();
}

FIXTURE void
finish(void)
{
	for (size_t i = 0; i < told_count; i++)
		message_body_release(&told[i].body);
	told_count = 0;
	protect_free(protect);
	protect = NULL;
	assert_int_equal(in_hand, 0);
}

FIXTURE int
protect_set_up(void **state)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "key service",
		.san = "IP:127.0.0.1,DNS:localhost", .issuer = &authority };

	if (set_up(state) != 0)
		return -1;
	server_certificate = fixture_new(&order);
	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	require(record != MAP_FAILED);
	hosts = https_hosts_new();
	start_client_keys("rsa");
	return 0;
}

FIXTURE int
protect_tear_down(void **state)
{
	stop_client_keys();
	https_hosts_free(hosts);
	fixture_clear(&server_certificate);
	(void)munmap(record, sizeof(*record));
	return tear_down(state);
}

#endif
