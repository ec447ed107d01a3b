/*
 * The vault with its peers: portal asks, queue takes mails, unseal gets
 * keys, admin acts.  Everything goes over channels; the clock is moved.
 */
#ifndef T_UNIT_VAULT_FIXTURE_H
#define T_UNIT_VAULT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/vault/vault.h"
#include "crypto/vault/vault_channel.h"
#include "crypto/vault/vault_delay.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/config/config_load.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/frame_unseal.h"
#include "gateway/protocol/frame_vault_admin.h"
#include "gateway/store/database.h"

#define MAILS_MAX 200
#define WAIT_MS 10000
#define CLIENT "192.0.2.7"

struct peer {
	struct rig *rig;
	enum process_kind kind;
	struct ipc *ipc;
};

struct mail {
	struct text body;
	char to[128];
	uint64_t mid;
	uint8_t class;
	bool has_sender;
};

struct rig {
	struct loop *loop;
	struct vault *vault;
	struct vault_master_key *key;
	struct peer portal, queue, unseal, admin;
	struct arena *arena;
	struct loop_timer *tick;
	int waited_ms;
	/* what has come */
	struct mail mails[MAILS_MAX];
	size_t mail_count;
	uint16_t type;		/* the last answer to portal or admin */
	struct frame_vault_find find;
	struct frame_vault_code code;
	struct frame_vault_verify verify;
	struct frame_vault_release release;
	struct frame_vault_act act;
	struct frame_unseal_key unseal_key;
	size_t unseal_keys;
	int64_t asked_ms, answered_ms;
};

static int64_t *moved_us;
static struct config_snapshot *ready_snapshot;	/* made before a jail */
static char path[64];
static const struct ipc_identity self = { .build = "test", .protocol = 1,
	.kind = PROCESS_VAULT };

static inline void
move_clock(int64_t seconds)
{
	*moved_us += seconds * CLOCK_SECOND_US;
}

/* ---- peers --------------------------------------------------------------- */

static inline void
answer_queue(struct rig *rig, uint16_t type, const void *value)
{
	const struct frame_id_lease_ask *ask = value;
	const struct frame_submit *submit = value;
	struct mail *mail = &rig->mails[rig->mail_count];
	struct frame_id_lease lease = { .kind = FRAME_ID_MID };
	struct frame_submit_result result = {
		.outcome = FRAME_SUBMIT_COMMITTED };

	if (type == FRAME_ID_LEASE_ASK) {
		lease.first = 5000;
		lease.count = ask->count;
		frame_send(rig->queue.ipc, FRAME_ID_LEASE, &lease, -1);
		return;
	}
	assert_int_equal(type, FRAME_SUBMIT);
	assert_true(rig->mail_count++ < MAILS_MAX);
	mail->body = memory_text(submit->body);
	mail->mid = submit->envelope.mid;
	mail->class = submit->envelope.class;
	mail->has_sender = submit->envelope.sender.len > 0;
	assert_int_equal(submit->envelope.recipient_count, 1);
	assert_int_equal(text_to_string(
	    submit->envelope.recipients[0].address, mail->to,
	    sizeof(mail->to)), 0);
	result.id = submit->id;
	result.mid = submit->envelope.mid;
	frame_send(rig->queue.ipc, FRAME_SUBMIT_RESULT, &result, -1);
}

static inline void
keep(struct rig *rig, uint16_t type, const void *value)
{
	const struct {
		uint16_t type;
		void *place;
		size_t size;
	} places[] = {
		{ FRAME_VAULT_FIND, &rig->find, sizeof(rig->find) },
		{ FRAME_VAULT_CODE, &rig->code, sizeof(rig->code) },
		{ FRAME_VAULT_VERIFY, &rig->verify, sizeof(rig->verify) },
		{ FRAME_VAULT_RELEASE, &rig->release,
		  sizeof(rig->release) },
		{ FRAME_VAULT_ACT, &rig->act, sizeof(rig->act) },
		{ FRAME_UNSEAL_KEY, &rig->unseal_key,
		  sizeof(rig->unseal_key) },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].type == type)
			memcpy(places[i].place, value, places[i].size);
	if (type == FRAME_UNSEAL_KEY)
		rig->unseal_keys++;
	else {
		rig->type = type;
		rig->answered_ms = clock_monotonic_ms();
	}
}

static inline void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct peer *peer = context;
	struct text copy;
	char value[1024] __attribute__((aligned(16)));

	assert_int_equal(descriptor, -1);
	assert_int_equal(arena_copy(peer->rig->arena, payload, &copy), 0);
	assert_int_equal(frame_decode(PROCESS_VAULT, peer->kind, type, copy,
	    peer->rig->arena, value), 0);
	if (peer->kind == PROCESS_QUEUE)
		answer_queue(peer->rig, type, value);
	else
		keep(peer->rig, type, value);
}

static inline void
on_ended(void *context, int error)
{
	(void)context;
	(void)error;
}

static inline void
connect_peer(struct rig *rig, struct peer *peer, enum process_kind kind)
{
	static const struct ipc_events events = { .frame = on_frame,
		.ended = on_ended };
	static struct ipc_identity identities[PROCESS_KINDS];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	identities[kind] = self;
	identities[kind].kind = kind;
	peer->rig = rig;
	peer->kind = kind;
	peer->ipc = ipc_new(rig->loop, pair[0], &identities[kind], &events,
	    peer);
	vault_channel_open(rig->vault, kind, 0, pair[1]);
}

/* ---- turns --------------------------------------------------------------- */

static bool (*until)(struct rig *rig);

static inline void
on_tick(void *context)
{
	struct rig *rig = context;

	if (until(rig) || ++rig->waited_ms > WAIT_MS) {
		loop_stop(rig->loop);
		return;
	}
	loop_timer_set(rig->tick, 1);
}

static inline void
run_until(struct rig *rig, bool (*condition)(struct rig *rig))
{
	until = condition;
	rig->waited_ms = 0;
	loop_timer_set(rig->tick, 0);
	loop_run(rig->loop);
	assert_true(condition(rig));
}

static inline bool
is_answered(struct rig *rig)
{
	return rig->type != 0;
}

static inline bool
is_mailed(struct rig *rig)
{
	return vault_outbox_waiting(rig->vault->outbox) == 0;
}

static inline bool
has_no_unseal(struct rig *rig)
{
	return !vault_channel_is_open(rig->vault, PROCESS_UNSEAL, 0);
}

static inline bool
has_unseal_key(struct rig *rig)
{
	return rig->unseal_keys > 0;
}

static inline void
ask(struct rig *rig, struct peer *peer, enum frame_type type,
    const void *value)
{
	rig->type = 0;
	rig->asked_ms = clock_monotonic_ms();
	frame_send(peer->ipc, type, value, -1);
	run_until(rig, is_answered);
	run_until(rig, is_mailed);
}

/* ---- rig ----------------------------------------------------------------- */

/* A small valid configuration, with a key service put in. */
static inline struct config_snapshot *
make_snapshot(struct arena *arena)
{
	static const char yaml[] = "hostname: gw.example.com\n"
	    "listeners:\n  public: { address: 192.0.2.1, port: 25 }\n"
	    "mail_flow_policies:\n  incoming: { action: accept }\n"
	    "sender_groups:\n  - { name: world, addresses: [ all ], "
	    "mail_flow_policy: incoming }\n";
	struct config config = { .hostname = TEXT_EMPTY };
	struct config_errors errors = { .count = 0 };
	struct config_snapshot *snapshot = NULL;
	struct reason why;
	int descriptor;

	if (config_load_text(text_from(yaml), TEXT("test"), arena, &config,
	    &errors) != 0)
		fail_msg("%s", errors.count > 0 ? "bad configuration" : "");
	config.key_service.portal.url = TEXT("https://msg.example.com");
	config.key_service.sender = TEXT("codes@example.com");
	config.key_service.code_lifetime_ms = 15 * 60000;
	config.key_service.session_lifetime_ms = 30 * 60000;
	config.key_service.retention_ms = 3600000;
	assert_int_equal(config_snapshot_seal(&config, 3, &descriptor,
	    &why), 0);
	if (config_snapshot_open(descriptor, &snapshot, &why) != 0)
		fail_msg("%s", why.text);
	close(descriptor);
	return snapshot;
}

static inline int
setup(void **state)
{
	static const uint8_t master[32] = { 42 };
	struct rig *rig = calloc(1, sizeof(*rig));
	struct config_snapshot *snapshot;
	struct reason why;

	snprintf(path, sizeof(path), "/tmp/vault_test.%d.db", (int)getpid());
	assert_int_equal(database_remove(path), 0);
	rig->loop = loop_new();
	rig->arena = arena_new(64u * 1024 * 1024);
	snapshot = ready_snapshot != NULL ?
	    config_snapshot_ref(ready_snapshot) : make_snapshot(rig->arena);
	rig->tick = loop_timer_new(rig->loop, on_tick, rig);
	rig->key = vault_master_key_new(master);
	rig->vault = vault_new(rig->loop, &self);
	vault_configure(rig->vault, snapshot);
	config_snapshot_release(&snapshot);
	assert_int_equal(vault_store_open(path, rig->key,
	    &rig->vault->store, &why), 0);
	connect_peer(rig, &rig->portal, PROCESS_PORTAL);
	connect_peer(rig, &rig->queue, PROCESS_QUEUE);
	connect_peer(rig, &rig->unseal, PROCESS_UNSEAL);
	connect_peer(rig, &rig->admin, PROCESS_ADMIN);
	*state = rig;
	return 0;
}

static inline int
teardown(void **state)
{
	struct rig *rig = *state;

	vault_free(rig->vault);
	ipc_free(rig->portal.ipc);
	ipc_free(rig->queue.ipc);
	ipc_free(rig->unseal.ipc);
	ipc_free(rig->admin.ipc);
	vault_master_key_free(rig->key);
	for (size_t i = 0; i < rig->mail_count; i++)
		free((void *)(uintptr_t)rig->mails[i].body.data);
	loop_timer_free(rig->tick);
	loop_free(rig->loop);
	arena_free(rig->arena);
	free(rig);
	return database_remove(path);
}

/* ---- words --------------------------------------------------------------- */

static struct text recipients[] = { TEXT_INIT("Bob@partner.example"),
	TEXT_INIT("carol@partner.example"),
	TEXT_INIT("secret@hidden.example") };
static uint8_t is_named[] = { 1, 1, 0 };

static inline struct key_service_envelope
an_envelope(uint8_t number)
{
	struct key_service_envelope envelope = {
		.mid = number,
		.sender = TEXT("anna@example.com"),
		.organisation = TEXT("Example Ltd"),
		.sent_us = clock_now_us(),
		.expires_us = clock_now_us() + 86400 * CLOCK_SECOND_US,
		.recipients = recipients,
		.is_named = is_named,
		.recipient_count = 3,
	};

	memset(envelope.id, number, sizeof(envelope.id));
	memset(envelope.key_id, number, sizeof(envelope.key_id));
	memset(envelope.share, 0x40 + number, sizeof(envelope.share));
	return envelope;
}

static inline void
register_envelope(struct rig *rig, uint8_t number)
{
	struct key_service_envelope envelope = an_envelope(number);
	struct key_service_result result;

	vault_store_register(rig->vault->store, TEXT("gw"), &envelope, 1,
	    &result);
	assert_int_equal(result.outcome, KEY_SERVICE_REGISTERED);
}

static inline void
ask_code(struct rig *rig, uint8_t number, uint32_t choice,
    const char *address, const char *client)
{
	struct frame_vault_code_ask frame = { .id = 9, .choice = choice,
		.address = text_from(address), .client = text_from(client) };

	memset(frame.envelope_id, number, sizeof(frame.envelope_id));
	ask(rig, &rig->portal, FRAME_VAULT_CODE_ASK, &frame);
	assert_int_equal(rig->type, FRAME_VAULT_CODE);
	assert_true(rig->code.id == 9);
}

/* "Your code: 1234 5678" of the last mail. */
static inline void
read_code(struct rig *rig, char code[9])
{
	struct text body = rig->mails[rig->mail_count - 1].body;
	size_t at = text_find(body, TEXT("Your code: "));

	assert_true(at < body.len);
	memcpy(code, body.data + at + 11, 4);
	memcpy(code + 4, body.data + at + 16, 4);
	code[8] = '\0';
}

static inline void
verify(struct rig *rig, const char *code)
{
	struct frame_vault_verify_ask frame = { .id = 10,
		.code = text_from(code), .client = TEXT(CLIENT) };

	memcpy(frame.challenge, rig->code.challenge,
	    sizeof(frame.challenge));
	ask(rig, &rig->portal, FRAME_VAULT_VERIFY_ASK, &frame);
	assert_int_equal(rig->type, FRAME_VAULT_VERIFY);
}

static inline void
prove(struct rig *rig, uint8_t number, const char *address)
{
	char code[9];

	ask_code(rig, number, 0, address, CLIENT);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	read_code(rig, code);
	verify(rig, code);
	assert_int_equal(rig->verify.outcome, FRAME_CODE_OK);
}

static inline enum frame_release_outcome
release(struct rig *rig, uint8_t number, struct text public_key)
{
	struct frame_vault_release_ask frame = { .id = 11,
		.public_key = public_key, .client = TEXT(CLIENT) };

	memcpy(frame.token, rig->verify.token, sizeof(frame.token));
	memset(frame.envelope_id, number, sizeof(frame.envelope_id));
	memset(frame.key_id, number, sizeof(frame.key_id));
	memset(frame.ticket, 0x77, sizeof(frame.ticket));
	ask(rig, &rig->portal, FRAME_VAULT_RELEASE_ASK, &frame);
	assert_int_equal(rig->type, FRAME_VAULT_RELEASE);
	return (enum frame_release_outcome)rig->release.outcome;
}

static inline void
act(struct rig *rig, enum frame_vault_action action, const char *key,
    int64_t expires_us)
{
	struct frame_vault_act_ask frame = { .id = 12,
		.action = (uint8_t)action, .key = text_from(key),
		.expires_us = expires_us, .actor = TEXT("root") };

	ask(rig, &rig->admin, FRAME_VAULT_ACT_ASK, &frame);
	assert_int_equal(rig->type, FRAME_VAULT_ACT);
}

static inline int
map_clock(void **state)
{
	static char name[] = "/tmp/vault_clock.XXXXXX";
	int descriptor = mkstemp(name);

	(void)state;
	assert_true(descriptor >= 0);
	assert_int_equal(ftruncate(descriptor, 8), 0);
	moved_us = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED,
	    descriptor, 0);
	assert_true(moved_us != MAP_FAILED);
	close(descriptor);
	setenv("POSTERN_CLOCK", name, 1);
	clock_open();
	unlink(name);
	return 0;
}

#endif
