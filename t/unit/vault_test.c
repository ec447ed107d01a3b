/*
 * The vault with its peers: portal asks, queue takes mails, unseal gets
 * keys, admin acts.  Everything goes over channels; the clock is moved.
 */
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

static void
move_clock(int64_t seconds)
{
	*moved_us += seconds * CLOCK_SECOND_US;
}

/* ---- peers --------------------------------------------------------------- */

static void
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

static void
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

static void
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

static void
on_ended(void *context, int error)
{
	(void)context;
	(void)error;
}

static void
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

static void
on_tick(void *context)
{
	struct rig *rig = context;

	if (until(rig) || ++rig->waited_ms > WAIT_MS) {
		loop_stop(rig->loop);
		return;
	}
	loop_timer_set(rig->tick, 1);
}

static void
run_until(struct rig *rig, bool (*condition)(struct rig *rig))
{
	until = condition;
	rig->waited_ms = 0;
	loop_timer_set(rig->tick, 0);
	loop_run(rig->loop);
	assert_true(condition(rig));
}

static bool
is_answered(struct rig *rig)
{
	return rig->type != 0;
}

static bool
is_mailed(struct rig *rig)
{
	return vault_outbox_waiting(rig->vault->outbox) == 0;
}

static bool
has_no_unseal(struct rig *rig)
{
	return !vault_channel_is_open(rig->vault, PROCESS_UNSEAL, 0);
}

static bool
has_unseal_key(struct rig *rig)
{
	return rig->unseal_keys > 0;
}

static void
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
static struct config_snapshot *
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

static int
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

static int
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

static struct key_service_envelope
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

static void
register_envelope(struct rig *rig, uint8_t number)
{
	struct key_service_envelope envelope = an_envelope(number);
	struct key_service_result result;

	vault_store_register(rig->vault->store, TEXT("gw"), &envelope, 1,
	    &result);
	assert_int_equal(result.outcome, KEY_SERVICE_REGISTERED);
}

static void
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
static void
read_code(struct rig *rig, char code[9])
{
	struct text body = rig->mails[rig->mail_count - 1].body;
	size_t at = text_find(body, TEXT("Your code: "));

	assert_true(at < body.len);
	memcpy(code, body.data + at + 11, 4);
	memcpy(code + 4, body.data + at + 16, 4);
	code[8] = '\0';
}

static void
verify(struct rig *rig, const char *code)
{
	struct frame_vault_verify_ask frame = { .id = 10,
		.code = text_from(code), .client = TEXT(CLIENT) };

	memcpy(frame.challenge, rig->code.challenge,
	    sizeof(frame.challenge));
	ask(rig, &rig->portal, FRAME_VAULT_VERIFY_ASK, &frame);
	assert_int_equal(rig->type, FRAME_VAULT_VERIFY);
}

static void
prove(struct rig *rig, uint8_t number, const char *address)
{
	char code[9];

	ask_code(rig, number, 0, address, CLIENT);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	read_code(rig, code);
	verify(rig, code);
	assert_int_equal(rig->verify.outcome, FRAME_CODE_OK);
}

static enum frame_release_outcome
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

static void
act(struct rig *rig, enum frame_vault_action action, const char *key,
    int64_t expires_us)
{
	struct frame_vault_act_ask frame = { .id = 12,
		.action = (uint8_t)action, .key = text_from(key),
		.expires_us = expires_us, .actor = TEXT("root") };

	ask(rig, &rig->admin, FRAME_VAULT_ACT_ASK, &frame);
	assert_int_equal(rig->type, FRAME_VAULT_ACT);
}

/* ---- tests --------------------------------------------------------------- */

static void
finds_and_masks(void **state)
{
	struct rig *rig = *state;
	struct frame_vault_find_ask frame = { .id = 1 };

	register_envelope(rig, 1);
	memset(frame.envelope_id, 1, sizeof(frame.envelope_id));
	ask(rig, &rig->portal, FRAME_VAULT_FIND_ASK, &frame);
	assert_int_equal(rig->find.state, FRAME_ENVELOPE_OPEN);
	assert_int_equal(rig->find.recipient_count, 2);
	assert_true(text_equal(rig->find.recipients[0],
	    TEXT("B***@partner.example")));
	assert_true(text_equal(rig->find.recipients[1],
	    TEXT("c***@partner.example")));
	assert_int_equal(rig->find.hides_some, 1);
	assert_true(text_equal(rig->find.sender, TEXT("anna@example.com")));
	assert_int_equal(rig->find.reference.len, 9);
	frame.envelope_id[3] ^= 1;
	ask(rig, &rig->portal, FRAME_VAULT_FIND_ASK, &frame);
	assert_int_equal(rig->find.state, FRAME_ENVELOPE_UNKNOWN);
	assert_int_equal(rig->find.sender.len, 0);
}

static void
opens_for_a_recipient(void **state)
{
	struct rig *rig = *state;
	struct mail *mail = &rig->mails[0];
	char code[9];
	uint8_t share[32];

	register_envelope(rig, 1);
	ask_code(rig, 1, 1, "", CLIENT);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->code.lifetime_s, 900);
	assert_int_equal(rig->mail_count, 1);
	assert_string_equal(mail->to, "Bob@partner.example");
	assert_int_equal(mail->class, ENVELOPE_CLASS_SERVICE);
	assert_false(mail->has_sender);
	assert_true(mail->mid == 5000);
	assert_true(text_find(mail->body, TEXT("Subject: Code for your "
	    "message from")) < mail->body.len);
	assert_true(text_find(mail->body, TEXT("From: <codes@example.com>"
	    "\r\n")) < mail->body.len);
	read_code(rig, code);
	verify(rig, code);
	assert_int_equal(rig->verify.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->verify.lifetime_s, 1800);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_OK);
	run_until(rig, has_unseal_key);
	memset(share, 0x41, sizeof(share));
	assert_memory_equal(rig->unseal_key.share, share, sizeof(share));
	assert_int_equal(rig->unseal_key.ticket[0], 0x77);
	assert_true(text_equal(rig->release.address,
	    TEXT("Bob@partner.example")));
	/* The code is used up, the session is not. */
	verify(rig, code);
	assert_int_equal(rig->verify.outcome, FRAME_CODE_EXPIRED);
}

/* A point of P-256, and one that is none. */
#define POINT "04" \
	"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static void
wraps_for_browsers(void **state)
{
	struct rig *rig = *state;
	uint8_t point[65] = { 0 };
	struct text key = text_of(point, sizeof(point));

	assert_int_equal(hex_decode(TEXT(POINT), point, sizeof(point)), 0);
	register_envelope(rig, 1);
	prove(rig, 1, "carol@partner.example");
	assert_int_equal(release(rig, 1, key), FRAME_RELEASE_OK);
	assert_true(rig->release.wrapped.len >= 32 + 16);
	point[64] ^= 1;
	assert_int_equal(release(rig, 1, key), FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(rig->release.wrapped.len, 0);
	point[0] = 2;
	assert_int_equal(release(rig, 1, key), FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(release(rig, 1, text_slice(key, 0, 33)),
	    FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(rig->unseal_keys, 0);
}

static void
refuses_others(void **state)
{
	static struct text only[] = { TEXT_INIT("dave@partner.example") };
	struct rig *rig = *state;
	struct key_service_envelope other = an_envelope(2);
	struct key_service_result result;

	register_envelope(rig, 1);
	other.recipients = only;
	other.recipient_count = 1;
	vault_store_register(rig->vault->store, TEXT("gw"), &other, 1,
	    &result);
	prove(rig, 1, "bob@PARTNER.example");
	/* K05: somebody else's, and one that is not there: one answer. */
	assert_int_equal(release(rig, 2, TEXT_EMPTY),
	    FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(release(rig, 3, TEXT_EMPTY),
	    FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_OK);
	rig->verify.token[0] ^= 1;
	assert_int_equal(release(rig, 1, TEXT_EMPTY),
	    FRAME_RELEASE_NO_SESSION);
	rig->verify.token[0] ^= 1;
	move_clock(1801);
	assert_int_equal(release(rig, 1, TEXT_EMPTY),
	    FRAME_RELEASE_NO_SESSION);
}

static void
obeys_locks_and_time(void **state)
{
	struct rig *rig = *state;
	char digits[HEX_SIZE(16)];
	uint8_t id[16];

	memset(id, 1, sizeof(id));
	hex_encode(id, sizeof(id), digits);
	register_envelope(rig, 1);
	prove(rig, 1, "bob@partner.example");
	act(rig, FRAME_VAULT_LOCK, digits, 0);
	assert_int_equal(rig->act.row_count, 1);
	assert_int_equal(rig->act.rows[0].is_locked, 1);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_LOCKED);
	act(rig, FRAME_VAULT_UNLOCK, digits, 0);
	act(rig, FRAME_VAULT_EXPIRE, digits, clock_now_us() - 1);
	assert_int_equal(release(rig, 1, TEXT_EMPTY),
	    FRAME_RELEASE_EXPIRED);
	act(rig, FRAME_VAULT_EXPIRE, digits, 0);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_OK);
	act(rig, FRAME_VAULT_SHOW, digits, 0);
	assert_int_equal(rig->act.rows[0].reader_count, 3);
	assert_int_equal(rig->act.rows[0].readers[0].opened, 1);
	assert_int_equal(rig->act.rows[0].readers[1].opened, 0);
	/* By reference, and what is neither. */
	act(rig, FRAME_VAULT_SHOW, "", 0);
	assert_true(rig->act.reason.len > 0);
	act(rig, FRAME_VAULT_LIST, "", 0);
	assert_int_equal(rig->act.row_count, 1);
	/* A code is not mailed for what cannot be opened. */
	act(rig, FRAME_VAULT_LOCK, digits, 0);
	rig->mail_count = 1;
	ask_code(rig, 1, 0, "carol@partner.example", "198.51.100.1");
	assert_int_equal(rig->mail_count, 1);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
}

static void
expect_later_tick(struct rig *rig)
{
	assert_true(rig->answered_ms / VAULT_DELAY_TICK_MS >
	    rig->asked_ms / VAULT_DELAY_TICK_MS);
}

/* K02: the same answer in text, and at the ticks of one grid. */
static void
answers_strangers_alike(void **state)
{
	static const struct {
		uint8_t number;
		uint32_t choice;
		const char *address;
	} strangers[] = {
		{ 1, 0, "eve@elsewhere.example" },
		{ 9, 0, "bob@partner.example" },
		{ 9, 1, "" },
		{ 1, 77, "" },
		{ 1, 3, "" },	/* not named: not in the list */
		{ 1, 0, "" },
	};
	struct rig *rig = *state;
	struct frame_vault_code rightful;
	char client[32];

	register_envelope(rig, 1);
	ask_code(rig, 1, 1, "", CLIENT);
	assert_int_equal(rig->mail_count, 1);
	expect_later_tick(rig);
	rightful = rig->code;
	for (uint32_t i = 0; i < sizeof(strangers) / sizeof(*strangers);
	    i++) {
		snprintf(client, sizeof(client), "198.51.%u.1", i);
		ask_code(rig, strangers[i].number, strangers[i].choice,
		    strangers[i].address, client);
		expect_later_tick(rig);
		assert_int_equal(rig->mail_count, 1);
		assert_memory_not_equal(rig->code.challenge,
		    rightful.challenge, FRAME_TICKET_LEN);
		memcpy(rig->code.challenge, rightful.challenge,
		    FRAME_TICKET_LEN);
		assert_memory_equal(&rig->code, &rightful,
		    sizeof(rightful));
	}
}

/* K01, and that a stranger locks nobody out. */
static void
pauses_by_network(void **state)
{
	struct rig *rig = *state;

	register_envelope(rig, 1);
	ask_code(rig, 1, 1, "", "203.0.113.5");
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	ask_code(rig, 1, 1, "", "203.0.113.99");
	assert_int_equal(rig->code.outcome, FRAME_CODE_PAUSED);
	assert_in_range(rig->code.wait_s, 28, 30);
	assert_int_equal(rig->mail_count, 1);
	for (uint32_t i = 0; i < 40; i++) {
		move_clock(901);
		ask_code(rig, 1, 1, "", "203.0.113.5");
	}
	/* The owner, elsewhere. */
	prove(rig, 1, "bob@partner.example");
}

static void
bounds_mails(void **state)
{
	struct rig *rig = *state;
	char client[32];
	uint8_t number;

	/* One network, many envelopes. */
	for (number = 1; number <= 60; number++) {
		register_envelope(rig, number);
		snprintf(client, sizeof(client), "203.0.113.%u", number);
		ask_code(rig, number, 1, "", client);
		assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
		move_clock(1);
		ask_code(rig, number, 1, "", client);
		assert_int_equal(rig->code.outcome, FRAME_CODE_PAUSED);
	}
	assert_int_equal(rig->mail_count, 60);
	move_clock(61);
	/* Asked again from where it was asked before: at most 20 an hour. */
	ask_code(rig, 1, 1, "", "203.0.113.1");
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->mail_count, 60);
	/* From where nobody asked yet. */
	ask_code(rig, 1, 1, "", "198.51.100.1");
	assert_int_equal(rig->mail_count, 61);
}

static void
mails_links(void **state)
{
	struct rig *rig = *state;
	struct frame_vault_link_ask frame = { .id = 4,
		.address = TEXT("BOB@partner.example"),
		.client = TEXT(CLIENT) };
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
	uint8_t id[16];

	memset(id, 1, sizeof(id));
	secure_envelope_reference(id, reference);
	register_envelope(rig, 1);
	frame.reference = text_from(reference);
	ask(rig, &rig->portal, FRAME_VAULT_LINK_ASK, &frame);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->mail_count, 1);
	assert_true(text_find(rig->mails[0].body, TEXT("\r\n"
	    "https://msg.example.com/m/01010101010101010101010101010101"
	    "\r\n")) < rig->mails[0].body.len);
	frame.address = TEXT("eve@elsewhere.example");
	frame.client = TEXT("198.51.100.1");
	ask(rig, &rig->portal, FRAME_VAULT_LINK_ASK, &frame);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	frame.reference = TEXT("nonsense");
	ask(rig, &rig->portal, FRAME_VAULT_LINK_ASK, &frame);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->mail_count, 1);
}

static void
survives_a_lost_queue(void **state)
{
	struct rig *rig = *state;
	struct ipc *old = rig->queue.ipc;
	struct frame_vault_code_ask frame = { .id = 9, .choice = 1,
		.client = TEXT(CLIENT) };
	char code[9];

	register_envelope(rig, 1);
	memset(frame.envelope_id, 1, sizeof(frame.envelope_id));
	ipc_free(old);
	rig->type = 0;
	frame_send(rig->portal.ipc, FRAME_VAULT_CODE_ASK, &frame, -1);
	run_until(rig, is_answered);
	assert_int_equal(vault_outbox_waiting(rig->vault->outbox), 1);
	connect_peer(rig, &rig->queue, PROCESS_QUEUE);
	run_until(rig, is_mailed);
	assert_int_equal(rig->mail_count, 1);
	read_code(rig, code);
	verify(rig, code);
	assert_int_equal(rig->verify.outcome, FRAME_CODE_OK);
}

static void
needs_unseal_for_a_ticket(void **state)
{
	struct rig *rig = *state;

	register_envelope(rig, 1);
	prove(rig, 1, "bob@partner.example");
	ipc_free(rig->unseal.ipc);
	rig->unseal.ipc = NULL;
	run_until(rig, has_no_unseal);
	assert_int_equal(release(rig, 1, TEXT_EMPTY),
	    FRAME_RELEASE_TRY_LATER);
	connect_peer(rig, &rig->unseal, PROCESS_UNSEAL);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_OK);
}

static void
purges_behind_retention(void **state)
{
	struct rig *rig = *state;

	register_envelope(rig, 1);
	assert_false(vault_purge(rig->vault));
	assert_int_equal(vault_store_count(rig->vault->store), 1);
	move_clock(86400 + 3601);
	assert_false(vault_purge(rig->vault));
	assert_int_equal(vault_store_count(rig->vault->store), 0);
}

/* The database is opened, and everything answered, in the jail. */
static void
works_in_its_jail(void **state)
{
	struct arena *arena;
	void *inside = NULL;
	pid_t pid;
	int status = 0;

	(void)state;
	arena = arena_new(1024 * 1024);
	ready_snapshot = make_snapshot(arena);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		jail_restrict();
		jail_enter(JAIL_LOOP | JAIL_ACCEPT | JAIL_FILES);
		(void)setup(&inside);
		opens_for_a_recipient(&inside);
		(void)teardown(&inside);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	config_snapshot_release(&ready_snapshot);
	arena_free(arena);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

static int
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_and_masks),
		TEST(opens_for_a_recipient),
		TEST(wraps_for_browsers),
		TEST(refuses_others),
		TEST(obeys_locks_and_time),
		TEST(answers_strangers_alike),
		TEST(pauses_by_network),
		TEST(bounds_mails),
		TEST(mails_links),
		TEST(survives_a_lost_queue),
		TEST(needs_unseal_for_a_ticket),
		TEST(purges_behind_retention),
		cmocka_unit_test(works_in_its_jail),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, map_clock, NULL);
}
