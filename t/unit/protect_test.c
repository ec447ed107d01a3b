/*
 * The life of a job in protect: registered at a real TLS server that
 * demands our certificate, built, answered; and all that may go wrong, in
 * which case nothing but words goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/tls_session.c"

#include "crypto/secure_envelope_mail.h"
#include "gateway/mail/mime_message.h"
#include "t/unit/protect_fixture.h"

static const struct manners good_service = { .script = service_register,
	.client_authority = &authority };

static char mail[4u * 1024 * 1024];

static struct text
mail_of(const struct told *at)
{
	static char scratch[65536];
	struct text piece;
	size_t len = 0;

	while (len < at->frame.size) {
		assert_int_equal(message_body_read(at->body, len,
			sizeof(scratch), scratch, &piece), 0);
		memcpy(mail + len, piece.data, piece.len);
		len += piece.len;
	}
	return text_of(mail, len);
}

static void
expect_mail(const struct told *at)
{
	uint8_t hash[DIGEST_SIZE];
	struct digest *digest = digest_new();
	struct text bytes;

	if (at->frame.outcome != FRAME_PROTECT_DONE)
		fail_msg("%s", at->reason);
	bytes = mail_of(at);
	digest_add(digest, bytes);
	digest_finish(digest, hash);
	digest_free(digest);
	assert_memory_equal(hash, at->frame.sha256, sizeof(hash));
	assert_int_equal(strlen(at->reference), 9);
	assert_true(text_find(bytes, TEXT("securedoc.html")) < bytes.len);
	/* With spaces: no base64 looks so by chance. */
	assert_int_equal(text_find(bytes, TEXT("the old oak")), bytes.len);
	assert_int_equal(text_find(bytes, TEXT("the island")), bytes.len);
}

static void
expect_trouble(const struct told *at, unsigned int outcome,
	const char *status, const char *words)
{
	assert_int_equal(at->frame.outcome, outcome);
	assert_string_equal(at->status, status);
	if (strstr(at->reason, words) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", at->reason, words);
	assert_null(at->body);
	assert_int_equal(at->frame.size, 0);
}

/* The file in the mail, with the share that the service was given. */
static void
expect_opens(const struct told *at, const struct registered *known,
	const char *expected)
{
	struct arena *arena = arena_new(64u * 1024 * 1024);
	struct secure_envelope_shares shares;
	struct secure_envelope_file file;
	struct mime_message parsed;
	struct text manifest;
	struct text message;
	struct buffer out;
	size_t i = 0;

	assert_int_equal(mime_message_parse(mail_of(at),
		&mime_limits_default, arena, &parsed), 0);
	while (i < parsed.part_count &&
	    !mime_part_is_attachment(&parsed.parts[i]))
		i++;
	assert_true(i < parsed.part_count);
	assert_int_equal(secure_envelope_file_read(parsed.parts[i].body,
		arena, &file), 0);
	memcpy(shares.envelope, file.share, sizeof(shares.envelope));
	memcpy(shares.service, known->share, sizeof(shares.service));
	buffer_init(&out, 64u * 1024 * 1024);
	assert_int_equal(secure_envelope_open(file.header, &shares,
		file.payload, &out), 0);
	assert_int_equal(secure_envelope_unpack(buffer_text(&out), &manifest,
		&message), 0);
	assert_true(text_equal(message, text_from(expected)));
	shares.service[0] ^= 1;
	assert_int_equal(secure_envelope_open(file.header, &shares,
		file.payload, &out), ERROR_MISMATCH);
	buffer_clear(&out);
	arena_free(arena);
}

static void
protects_a_message(void **state)
{
	struct server service = server_start(&good_service);
	const struct registered *known = &record->envelopes[0];

	(void)state;
	begin(service.base);
	ask(&(struct asked){ .mid = 7, .attempt = 3, .profile = "strong" });
	assert_int_equal(told_count, 0);
	wait_for(1);
	expect_mail(&told[0]);
	expect_opens(&told[0], known, MESSAGE);
	assert_int_equal(told[0].frame.mid, 7);
	assert_int_equal(told[0].frame.attempt, 3);
	assert_int_equal(was_in_hand, 7);
	assert_int_equal(record->requests, 1);
	assert_int_equal(record->count, 1);
	assert_int_equal(known->mid, 7);
	assert_int_equal(known->sent_us, SENT_US);
	assert_int_equal(known->expires_us,
		SENT_US + INT64_C(1000) * EXPIRES_MS);
	assert_string_equal(known->sender, "alice@example.org");
	assert_string_equal(known->organisation, "Example");
	assert_int_equal(known->recipient_count, 2);
	/* Bob stands in To, whatever the case; Carol nowhere. */
	assert_int_equal(known->is_named[0], 1);
	assert_int_equal(known->is_named[1], 0);
	assert_string_equal(known->recipient, "carol@example.net");
	finish();
	server_stop(&service);
}

static void
makes_fresh_keys_for_each_attempt(void **state)
{
	struct server service = server_start(&good_service);
	const struct registered *known = record->envelopes;

	(void)state;
	begin(service.base);
	ask(&(struct asked){ .mid = 7, .attempt = 1, .profile = "strong" });
	wait_for(1);
	ask(&(struct asked){ .mid = 7, .attempt = 2, .profile = "strong" });
	wait_for(2);
	assert_string_equal(told[0].reference, told[1].reference);
	assert_memory_equal(known[0].id, known[1].id, sizeof(known->id));
	assert_memory_not_equal(known[0].key_id, known[1].key_id,
		sizeof(known->key_id));
	assert_memory_not_equal(known[0].share, known[1].share,
		sizeof(known->share));
	finish();
	server_stop(&service);
}

static void
gathers_what_comes_together(void **state)
{
	struct server service = server_start(&good_service);
	uint64_t mid;

	(void)state;
	begin(service.base);
	for (mid = 1; mid <= 100; mid++)
		ask(&(struct asked){ .mid = mid, .profile = "strong" });
	wait_for(100);
	for (mid = 0; mid < 100; mid++)
		expect_mail(&told[mid]);
	assert_int_equal(record->requests, 2);
	assert_int_equal(record->count, 100);
	assert_int_equal(protect_count(protect).protected_count, 100);
	assert_int_equal(protect_count(protect).waiting, 0);
	assert_int_equal(protect_count(protect).requests, 0);
	finish();
	server_stop(&service);
}

/* One message's trouble is not its neighbours'. */
static void
judges_each_by_its_own_answer(void **state)
{
	static const uint64_t mids[] = { 1, MID_CONFLICT, MID_REFUSED,
		MID_UNSAID, 2 };
	struct server service = server_start(&good_service);
	size_t i;

	(void)state;
	begin(service.base);
	for (i = 0; i < 5; i++)
		ask(&(struct asked){ .mid = mids[i], .profile = "strong" });
	wait_for(5);
	assert_int_equal(record->requests, 1);
	expect_mail(&told[0]);
	expect_trouble(&told[1], FRAME_PROTECT_LATER, "4.7.1", "127.0.0.1");
	expect_trouble(&told[2], FRAME_PROTECT_LATER, "4.7.1",
		"does not take");
	expect_trouble(&told[3], FRAME_PROTECT_LATER, "4.3.0",
		"said nothing");
	expect_mail(&told[4]);
	finish();
	server_stop(&service);
}

static void
ask_badly(const struct manners *manners, const char *status,
	const char *words)
{
	struct server service = server_start(manners);

	begin(service.base);
	ask(&(struct asked){ .mid = 7, .profile = "strong" });
	wait_for(1);
	expect_trouble(&told[0], FRAME_PROTECT_LATER, status, words);
	expect_trouble(&told[0], FRAME_PROTECT_LATER, status, "127.0.0.1");
	assert_int_equal(protect_count(protect).deferred, 1);
	finish();
	server_stop(&service);
}

/* Abuse case K13: the message waits, whatever the service does. */
static void
waits_while_the_service_is_unwell(void **state)
{
	struct server gone = server_start(&good_service);

	(void)state;
	ask_badly(&(struct manners){ .script = service_fails },
		"4.3.0", "HTTP status 503");
	ask_badly(&(struct manners){ .script = service_lies },
		"4.3.0", "does not answer as a key service does");
	ask_badly(&(struct manners){ .script = service_register,
		.certificate = &leaves[KEY_EC] }, "4.7.5",
		"cannot be spoken to securely");
	ask_badly(&(struct manners){ .plain = true }, "4.7.5",
		"cannot be spoken to securely");
	server_stop(&gone);
	begin(gone.base);
	ask(&(struct asked){ .mid = 7, .profile = "strong" });
	wait_for(1);
	expect_trouble(&told[0], FRAME_PROTECT_LATER, "4.4.1",
		"127.0.0.1 cannot be reached");
	assert_int_equal(stale_count, 0);
	finish();
}

static void
refuses_what_can_never_be(void **state)
{
	static char large[1024 * 1024 + 2];
	struct server service = server_start(&good_service);

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	begin(service.base);
	ask(&(struct asked){ .mid = 1, .profile = "nobody" });
	ask(&(struct asked){ .mid = 2, .profile = "strong",
		.message = large });
	ask(&(struct asked){ .mid = 3, .profile = "strong",
		.recipients = KEY_SERVICE_RECIPIENTS_MAX + 1 });
	ask(&(struct asked){ .mid = 4, .profile = "strong",
		.changed = true });
	ask(&(struct asked){ .mid = 5, .profile = "strong",
		.message = large + 1 });
	wait_for(5);
	expect_trouble(&told[0], FRAME_PROTECT_LATER, "4.3.5", "\"nobody\"");
	expect_trouble(&told[1], FRAME_PROTECT_FAILED, "5.3.4", "1048577");
	expect_trouble(&told[2], FRAME_PROTECT_FAILED, "5.5.3", "1001");
	expect_trouble(&told[3], FRAME_PROTECT_LATER, "4.3.0",
		"not the one that was received");
	expect_mail(&told[4]);
	assert_int_equal(protect_count(protect).failed, 2);
	finish();
	server_stop(&service);
}

/* The gateway's own key service, where the profile names none. */
static void
finds_its_own_service(void **state)
{
	struct server service = server_start(&good_service);

	(void)state;
	begin("");
	config.key_service.management.address = TEXT("0.0.0.0");
	config.key_service.management.port = (uint16_t)service.port;
	configure();
	ask(&(struct asked){ .mid = 7, .profile = "strong" });
	wait_for(1);
	expect_mail(&told[0]);
	finish();
	server_stop(&service);
}

static void
asks_for_names_that_it_does_not_know(void **state)
{
	(void)state;
	begin("https://keys.example.org");
	assert_false(protect_site_is_known(&config, hosts));
	ask(&(struct asked){ .mid = 7, .profile = "strong" });
	wait_for(1);
	expect_trouble(&told[0], FRAME_PROTECT_LATER, "4.4.3",
		"keys.example.org");
	assert_int_equal(stale_count, 1);
	finish();
}

/* A service that hangs holds up nobody else's. */
static void
lets_no_service_hold_up_another(void **state)
{
	struct server hanging = server_start(&(struct manners){
		.silent = true });
	struct server service = server_start(&good_service);
	uint64_t mid;

	(void)state;
	begin(service.base);
	profiles[1] = profiles[0];
	profiles[1].name = TEXT("slow");
	profiles[1].key_service_url = text_from(hanging.base);
	config.encryption.profile_count = 2;
	configure();
	for (mid = 1; mid <= 200; mid++)
		ask(&(struct asked){ .mid = mid, .profile = "slow" });
	ask(&(struct asked){ .mid = 201, .profile = "strong" });
	wait_for(1);
	assert_int_equal(told[0].frame.mid, 201);
	expect_mail(&told[0]);
	assert_int_equal(protect_count(protect).requests, 2);
	assert_int_equal(protect_count(protect).waiting, 200 - 128);
	protect_stop(protect);
	assert_int_equal(idle_count, 0);
	protect_forget(protect);
	run_until(nothing_left);
	assert_int_equal(told_count, 1);
	finish();
	server_stop(&hanging);
	server_stop(&service);
}

/* Jobs at hand go on with the settings that they began with. */
static void
takes_a_new_configuration(void **state)
{
	struct server before = server_start(&good_service);
	struct server after = server_start(&good_service);

	(void)state;
	begin(before.base);
	ask(&(struct asked){ .mid = 1, .profile = "strong" });
	profiles[0].key_service_url = text_from(after.base);
	profiles[0].organisation = TEXT("New");
	configure();
	ask(&(struct asked){ .mid = 2, .profile = "strong" });
	wait_for(2);
	expect_mail(&told[0]);
	expect_mail(&told[1]);
	assert_int_equal(record->requests, 2);
	finish();
	server_stop(&before);
	server_stop(&after);
}

static void
forgets_what_a_lost_queue_asked(void **state)
{
	struct server service = server_start(&good_service);
	uint64_t mid;

	(void)state;
	begin(service.base);
	for (mid = 1; mid <= 100; mid++)
		ask(&(struct asked){ .mid = mid, .profile = "strong" });
	protect_forget(protect);
	ask(&(struct asked){ .mid = 500, .profile = "strong" });
	wait_for(1);
	assert_int_equal(told[0].frame.mid, 500);
	protect_stop(protect);
	run_until(nothing_left);
	finish();
	server_stop(&service);
}

/* ---- in processes of their own ---- */

/* All that happens behind the start: TLS with keys, building, answering. */
static void
work_jailed(const char *url)
{
	jail_drop(&(struct jail_user){ 0 }, NULL);
	jail_enter(JAIL_LOOP | JAIL_CONNECT | JAIL_MEMFD);
	begin(url);
	ask(&(struct asked){ .mid = 7, .profile = "strong" });
	wait_for(1);
	_exit(told[0].frame.outcome == FRAME_PROTECT_DONE ? 0 : 1);
}

static void
works_in_the_jail(void **state)
{
	struct server service = server_start(&good_service);
	int status = 0;
	pid_t pid;

	(void)state;
	https_fetch_prepare();
	key_service_message_prepare();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		work_jailed(service.base);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	server_stop(&service);
}

static void
work_on_poison(const char *url)
{
	begin(url);
	ask(&(struct asked){ .mid = 7, .profile = "strong",
		.message = "X-Postern-Test: crash-protect\r\n\r\nbody\r\n" });
	wait_for(1);
	_exit(0);
}

/* Only in the header, only while building. */
static void
crashes_on_poison_in_tests(void **state)
{
	struct server service = server_start(&good_service);
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		work_on_poison(service.base);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	server_stop(&service);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protects_a_message),
		cmocka_unit_test(makes_fresh_keys_for_each_attempt),
		cmocka_unit_test(gathers_what_comes_together),
		cmocka_unit_test(judges_each_by_its_own_answer),
		cmocka_unit_test(waits_while_the_service_is_unwell),
		cmocka_unit_test(refuses_what_can_never_be),
		cmocka_unit_test(finds_its_own_service),
		cmocka_unit_test(asks_for_names_that_it_does_not_know),
		cmocka_unit_test(lets_no_service_hold_up_another),
		cmocka_unit_test(takes_a_new_configuration),
		cmocka_unit_test(forgets_what_a_lost_queue_asked),
		cmocka_unit_test(works_in_the_jail),
		cmocka_unit_test(crashes_on_poison_in_tests),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, protect_set_up,
		protect_tear_down);
}
