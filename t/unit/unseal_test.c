/*
 * The unseal process: tickets in either order, one child for each envelope,
 * good, damaged and hostile ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/openssl_library.h"
#include "crypto/secure_envelope_mail.h"
#include "crypto/unseal/unseal.h"
#include "crypto/unseal/unseal_manifest.h"
#include "crypto/unseal/unseal_open.h"
#include "gateway/base/clock.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/mail/base64.h"
#include "gateway/mail/charset.h"

#define WAIT_MS 30000
#define CHANNEL 7

static const char message[] =
    "From: Anna <anna@example.com>\r\n"
    "To: Bob <bob@partner.example>\r\n"
    "Date: Sat, 21 Nov 2026 22:11:53 +0000\r\n"
    "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_=3C/title=3E=3Cscript=3E?=\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Hello <b>=E6=97=A5</b></pre><script>alert(1)</script>\r\n"
    "--b\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "<p onclick=\"x()\">Hi</p>\"></iframe><script>alert(2)</script>"
    "<meta http-equiv=refresh content='0;url=https://evil.example'>\r\n"
    "--b\r\n"
    "Content-Type: application/pdf; name=\"a.pdf\"\r\n"
    "Content-Disposition: attachment; filename=\"a&lt;\\\"b.pdf\"\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "JVBERi0xLjQK\r\n"
    "--b--\r\n";

struct rig {
	struct loop *loop;
	struct loop_timer *tick;
	struct unseal *unseal;
	int waited_ms;
	/* an envelope, as a form carries it */
	struct secure_envelope_shares shares;
	struct buffer header, share, payload;
	/* the last answer */
	bool is_answered;
	uint64_t id;
	enum frame_unseal_outcome outcome;
	struct buffer content;
	char type[64];
	char filename[256];
	int seals;
};

static int64_t *moved_us;

/* ---- rig ----------------------------------------------------------------- */

static void
on_answer(void *context, uint64_t serial, const struct frame_unseal *answer,
    int descriptor)
{
	struct rig *rig = context;
	char *place;

	assert_int_equal(serial, CHANNEL);
	rig->is_answered = true;
	rig->id = answer->id;
	rig->outcome = (enum frame_unseal_outcome)answer->outcome;
	buffer_reset(&rig->content);
	assert_int_equal(descriptor != -1,
	    rig->outcome == FRAME_UNSEAL_OK);
	if (descriptor == -1)
		return;
	assert_int_equal(text_to_string(answer->type, rig->type,
	    sizeof(rig->type)), 0);
	assert_int_equal(text_to_string(answer->filename, rig->filename,
	    sizeof(rig->filename)), 0);
	rig->seals = fcntl(descriptor, F_GET_SEALS);
	assert_int_equal(buffer_reserve(&rig->content, answer->size + 1,
	    &place), 0);
	assert_int_equal(pread(descriptor, place, answer->size + 1, 0),
	    (ssize_t)answer->size);
	buffer_commit(&rig->content, answer->size);
	close(descriptor);
}

static void
on_tick(void *context)
{
	struct rig *rig = context;

	if (rig->is_answered || ++rig->waited_ms > WAIT_MS)
		loop_stop(rig->loop);
	else
		loop_timer_set(rig->tick, 1);
}

static void
run(struct rig *rig)
{
	rig->is_answered = false;
	rig->waited_ms = 0;
	loop_timer_set(rig->tick, 1);
	loop_run(rig->loop);
	assert_true(rig->is_answered);
}

static void
seal(struct rig *rig, struct text package)
{
	struct secure_envelope_header header = {
		.sender = TEXT("anna@example.com"),
		.portal_url = TEXT("https://msg.example.com"),
	};
	struct buffer bytes, payload;

	memset(header.id, 5, sizeof(header.id));
	secure_envelope_make_keys(&header, &rig->shares);
	buffer_init(&bytes, 65536);
	buffer_init(&payload, 80u * 1024 * 1024);
	assert_int_equal(secure_envelope_header_encode(&header, &bytes), 0);
	assert_int_equal(secure_envelope_seal(buffer_text(&bytes),
	    &rig->shares, package, &payload), 0);
	buffer_reset(&rig->header);
	buffer_reset(&rig->share);
	buffer_reset(&rig->payload);
	assert_int_equal(base64_encode(buffer_text(&bytes), 0,
	    &rig->header), 0);
	assert_int_equal(base64_encode(text_of(rig->shares.envelope, 32), 0,
	    &rig->share), 0);
	assert_int_equal(base64_encode(buffer_text(&payload), 76,
	    &rig->payload), 0);
	buffer_clear(&bytes);
	buffer_clear(&payload);
}

static void
seal_message(struct rig *rig, struct text bytes)
{
	struct arena *arena = arena_new(64u * 1024 * 1024);
	struct buffer package;

	buffer_init(&package, 70u * 1024 * 1024);
	assert_int_equal(secure_envelope_package(bytes, arena, &package), 0);
	seal(rig, buffer_text(&package));
	buffer_clear(&package);
	arena_free(arena);
}

static int
setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig->loop = loop_new();
	rig->tick = loop_timer_new(rig->loop, on_tick, rig);
	rig->unseal = unseal_new(rig->loop, on_answer, rig);
	buffer_init(&rig->header, 65536);
	buffer_init(&rig->share, 64);
	buffer_init(&rig->payload, 100u * 1024 * 1024);
	buffer_init(&rig->content, 100u * 1024 * 1024);
	seal_message(rig, text_of(message, sizeof(message) - 1));
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *rig = *state;

	unseal_free(rig->unseal);
	loop_timer_free(rig->tick);
	loop_free(rig->loop);
	buffer_clear(&rig->header);
	buffer_clear(&rig->share);
	buffer_clear(&rig->payload);
	buffer_clear(&rig->content);
	free(rig);
	return 0;
}

static void
send_key(struct rig *rig, uint8_t ticket)
{
	struct frame_unseal_key key = { .address = TEXT("bob@x.example") };

	memset(key.ticket, ticket, sizeof(key.ticket));
	memcpy(key.share, rig->shares.service, sizeof(key.share));
	unseal_key(rig->unseal, &key);
}

static void
send_ask(struct rig *rig, uint8_t ticket, uint32_t part)
{
	struct frame_unseal_ask ask = {
		.id = 100 + ticket,
		.header = buffer_text(&rig->header),
		.share = buffer_text(&rig->share),
		.payload_size = buffer_len(&rig->payload),
		.part = part,
		.parts_path = TEXT("/opened/TOKEN/"),
	};
	int descriptor = memfd_create("test", MFD_CLOEXEC);

	memset(ask.ticket, ticket, sizeof(ask.ticket));
	assert_int_equal(write(descriptor, buffer_text(&rig->payload).data,
	    buffer_len(&rig->payload)), (ssize_t)buffer_len(&rig->payload));
	unseal_ask(rig->unseal, CHANNEL, &ask, descriptor);
}

static void
open_part(struct rig *rig, uint32_t part)
{
	send_key(rig, 1);
	send_ask(rig, 1, part);
	run(rig);
	assert_true(rig->id == 101);
}

static bool
has(struct rig *rig, const char *words)
{
	struct text content = buffer_text(&rig->content);

	return text_find(content, text_from(words)) < content.len;
}

/* ---- tests --------------------------------------------------------------- */

static void
shows_a_page(void **state)
{
	struct rig *rig = *state;

	open_part(rig, FRAME_UNSEAL_PAGE);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_OK);
	assert_string_equal(rig->type, "text/html; charset=utf-8");
	assert_true(has(rig, "<title>Gr\xC3\xBC\xC3\x9F" "e "
	    "&lt;/title&gt;&lt;script&gt;</title>"));
	assert_true(has(rig, "<dd>Anna &lt;anna@example.com&gt;</dd>"));
	assert_true(has(rig, "Hello &lt;b&gt;\xE6\x97\xA5&lt;/b&gt;"
	    "&lt;/pre&gt;&lt;script&gt;alert(1)"));
	assert_true(has(rig, "sandbox=\"allow-popups "
	    "allow-popups-to-escape-sandbox\""));
	assert_true(has(rig, "&lt;p onclick=&quot;x()&quot;&gt;Hi"));
	assert_true(has(rig, "<a href=\"/opened/TOKEN/1\" download=\""));
	assert_true(has(rig, "href=\"/opened/TOKEN/message.eml\""));
	/* X01: nothing of the message is markup of the page. */
	assert_false(has(rig, "<script"));
	assert_false(has(rig, "<meta http-equiv"));
	assert_false(has(rig, "<p onclick"));
	assert_int_equal(rig->seals & (F_SEAL_WRITE | F_SEAL_GROW |
	    F_SEAL_SHRINK), F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
	assert_int_equal(unseal_waiting(rig->unseal), 0);
}

static void
gives_files_and_message(void **state)
{
	struct rig *rig = *state;

	open_part(rig, 1);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_OK);
	assert_string_equal(rig->type, "application/octet-stream");
	assert_true(text_equal(buffer_text(&rig->content),
	    TEXT("%PDF-1.4\n")));
	assert_true(strlen(rig->filename) > 0);
	open_part(rig, FRAME_UNSEAL_MESSAGE);
	assert_true(text_equal(buffer_text(&rig->content),
	    text_of(message, sizeof(message) - 1)));
	assert_string_equal(rig->filename, "message.eml");
	open_part(rig, 2);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_DAMAGED);
}

static void
takes_either_order(void **state)
{
	struct rig *rig = *state;

	send_ask(rig, 3, FRAME_UNSEAL_PAGE);
	send_key(rig, 4);
	assert_int_equal(unseal_waiting(rig->unseal), 2);
	send_key(rig, 3);
	run(rig);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_OK);
	assert_true(rig->id == 103);
	assert_int_equal(unseal_waiting(rig->unseal), 1);
	/* A ticket is good once. */
	send_key(rig, 4);
	send_ask(rig, 4, FRAME_UNSEAL_PAGE);
	run(rig);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_OK);
	assert_int_equal(unseal_waiting(rig->unseal), 0);
}

static void
forgets_what_stays_alone(void **state)
{
	struct rig *rig = *state;

	send_key(rig, 1);
	send_ask(rig, 2, FRAME_UNSEAL_PAGE);
	*moved_us += (UNSEAL_TICKET_MS + 1) * 1000;
	run(rig);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_TRY_LATER);
	assert_true(rig->id == 102);
	assert_int_equal(unseal_waiting(rig->unseal), 0);
}

static void
bounds_what_waits(void **state)
{
	struct rig *rig = *state;
	struct frame_unseal_ask ask = { .id = 5 };

	for (uint8_t i = 1; i <= UNSEAL_ASKS_MAX; i++)
		send_ask(rig, i, FRAME_UNSEAL_PAGE);
	rig->is_answered = false;
	send_ask(rig, 200, FRAME_UNSEAL_PAGE);
	assert_true(rig->is_answered);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_TRY_LATER);
	unseal_ask(rig->unseal, CHANNEL, &ask, -1);
	assert_true(rig->id == 5);
	unseal_forget_channel(rig->unseal, CHANNEL);
	assert_int_equal(unseal_waiting(rig->unseal), 0);
}

static void
opens_many(void **state)
{
	struct rig *rig = *state;
	uint64_t opened;

	for (uint8_t i = 1; i <= 10; i++) {
		send_key(rig, i);
		send_ask(rig, i, FRAME_UNSEAL_PAGE);
	}
	do {
		run(rig);
		opened = unseal_counts(rig->unseal)->opened;
	} while (opened < 10 && rig->outcome == FRAME_UNSEAL_OK);
	assert_true(opened == 10);
}

/* X02: whatever is changed, one answer. */
static void
says_damaged_for_all_that_is_wrong(void **state)
{
	struct rig *rig = *state;
	struct buffer *const pieces[] = { &rig->header, &rig->share,
		&rig->payload };

	for (size_t i = 0; i < 3; i++) {
		char *at = pieces[i]->bytes + pieces[i]->start + 8;
		char before = *at;

		*at = before == 'A' ? 'B' : 'A';
		open_part(rig, FRAME_UNSEAL_PAGE);
		assert_int_equal(rig->outcome, FRAME_UNSEAL_DAMAGED);
		*at = '!';
		open_part(rig, FRAME_UNSEAL_PAGE);
		assert_int_equal(rig->outcome, FRAME_UNSEAL_DAMAGED);
		*at = before;
	}
	rig->shares.service[0] ^= 1;
	open_part(rig, FRAME_UNSEAL_MESSAGE);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_DAMAGED);
	rig->shares.service[0] ^= 1;
	buffer_truncate(&rig->payload, buffer_len(&rig->payload) - 40);
	open_part(rig, FRAME_UNSEAL_PAGE);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_DAMAGED);
}

/* Sealed by somebody who had the key, and meant no good. */
static void
bears_hostile_packages(void **state)
{
	static const char *const manifests[] = {
		"", "{}", "[]", "{\"version\":1}",
		"{\"version\":1,\"parts\":[{}]}",
		"{\"version\":1,\"parts\":[{\"offset\":0,\"size\":99,"
		"\"encoding\":\"none\",\"show\":\"html\"}]}",
		"{\"version\":1,\"parts\":[{\"offset\":-1,\"size\":1,"
		"\"encoding\":\"none\",\"show\":\"html\"}]}",
		"{\"version\":1,\"parts\":[{\"offset\":1,\"size\":"
		"9223372036854775807,\"encoding\":\"none\","
		"\"show\":\"html\"}]}",
		"{\"version\":1,\"parts\":[{\"offset\":0,\"size\":1,"
		"\"encoding\":\"rot13\",\"show\":\"html\"}]}",
		"{\"version\":1,\"parts\":[{\"offset\":0,\"size\":1,"
		"\"encoding\":\"none\",\"show\":\"html\",\"name\":\"x\"}]}",
		"{\"version\":1,\"parts\":[[[[[[]]]]]]}",
		"{\"version\":1,\"subject\":5,\"parts\":[]}",
	};
	struct rig *rig = *state;
	struct buffer package;
	uint32_t lengths[2];

	buffer_init(&package, 1024);
	for (size_t i = 0; i < sizeof(manifests) / sizeof(*manifests); i++) {
		buffer_reset(&package);
		lengths[0] = (uint32_t)strlen(manifests[i]);
		lengths[1] = 10;
		assert_int_equal(buffer_add(&package, "PSTP\1\0\0\0", 8), 0);
		assert_int_equal(buffer_add(&package, lengths, 8), 0);
		assert_int_equal(buffer_add_text(&package,
		    text_from(manifests[i])), 0);
		assert_int_equal(buffer_add_text(&package,
		    TEXT("0123456789")), 0);
		seal(rig, buffer_text(&package));
		open_part(rig, FRAME_UNSEAL_PAGE);
		assert_int_equal(rig->outcome, FRAME_UNSEAL_DAMAGED);
	}
	buffer_clear(&package);
	seal(rig, TEXT("no package"));
	open_part(rig, FRAME_UNSEAL_MESSAGE);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_DAMAGED);
}

static void
cuts_long_texts(void **state)
{
	struct rig *rig = *state;
	struct buffer bytes;

	buffer_init(&bytes, 4u * 1024 * 1024);
	assert_int_equal(buffer_add_text(&bytes, TEXT("Subject: long\r\n"
	    "\r\n")), 0);
	while (buffer_len(&bytes) < 3u * 1024 * 1024)
		assert_int_equal(buffer_add_text(&bytes,
		    TEXT("<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<\r\n")),
		    0);
	seal_message(rig, buffer_text(&bytes));
	open_part(rig, FRAME_UNSEAL_PAGE);
	assert_int_equal(rig->outcome, FRAME_UNSEAL_OK);
	assert_true(has(rig, "too long for this page"));
	assert_in_range(buffer_len(&rig->content), 1024 * 1024,
	    6 * 1024 * 1024);
	open_part(rig, FRAME_UNSEAL_MESSAGE);
	assert_true(text_equal(buffer_text(&rig->content),
	    buffer_text(&bytes)));
	buffer_clear(&bytes);
}

/* As the process does: forked from a jail, and into a narrower one. */
static void
opens_in_its_jail(void **state)
{
	struct rig *rig = *state;
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		jail_restrict();
		jail_enter(JAIL_LOOP | JAIL_MEMFD | JAIL_FORK);
		open_part(rig, FRAME_UNSEAL_PAGE);
		_exit(rig->outcome == FRAME_UNSEAL_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

static int
map_clock(void **state)
{
	static char name[] = "/tmp/unseal_clock.XXXXXX";
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
		TEST(shows_a_page),
		TEST(gives_files_and_message),
		TEST(takes_either_order),
		TEST(forgets_what_stays_alone),
		TEST(bounds_what_waits),
		TEST(opens_many),
		TEST(says_damaged_for_all_that_is_wrong),
		TEST(bears_hostile_packages),
		TEST(cuts_long_texts),
		TEST(opens_in_its_jail),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	openssl_library_prepare();
	charset_prepare();
	unseal_manifest_prepare();
	return cmocka_run_group_tests(tests, map_clock, NULL);
}
