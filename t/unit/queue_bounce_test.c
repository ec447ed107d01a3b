/*
 * Notifications: who gets one (RFC 3461 4.1, 5.2), what is in it, and its
 * hash.
 */
#include "t/unit/queue_fixture.h"

#define N(flag) ENVELOPE_NOTIFY_##flag

struct want {
	uint8_t notify;
	enum delivery_status_action action;
	bool due;
};

static const struct want wants[] = {
	{ 0, DELIVERY_STATUS_FAILED, true },
	{ 0, DELIVERY_STATUS_DELAYED, true },
	{ 0, DELIVERY_STATUS_RELAYED, false },
	{ N(NEVER), DELIVERY_STATUS_FAILED, false },
	{ N(NEVER), DELIVERY_STATUS_DELAYED, false },
	{ N(NEVER), DELIVERY_STATUS_RELAYED, false },
	{ N(SUCCESS), DELIVERY_STATUS_FAILED, false },
	{ N(SUCCESS), DELIVERY_STATUS_RELAYED, true },
	{ N(FAILURE), DELIVERY_STATUS_FAILED, true },
	{ N(FAILURE), DELIVERY_STATUS_DELAYED, false },
	{ N(FAILURE), DELIVERY_STATUS_RELAYED, false },
	{ N(DELAY), DELIVERY_STATUS_DELAYED, true },
	{ N(DELAY), DELIVERY_STATUS_FAILED, false },
	{ N(SUCCESS) | N(FAILURE), DELIVERY_STATUS_FAILED, true },
	{ N(SUCCESS) | N(FAILURE) | N(DELAY), DELIVERY_STATUS_RELAYED, true },
};

static struct queue_message *
make(struct rig *rig, uint64_t mid, struct queue_bounce_item *items,
    size_t count, struct buffer *body)
{
	struct queue *queue = rig->queue;
	struct queue_message *message = queue_table_find(queue, mid);
	struct envelope envelope;
	struct arena *arena = arena_new(1u << 20);
	struct queue_bounce_notice notice = { .is_open = false };
	struct queue_message *child;

	assert_int_equal(queue_message_envelope(message, arena, &envelope),
	    0);
	for (size_t i = 0; i < count; i++)
		items[i].recipient = &envelope.recipients[i];
	child = queue_bounce_make(queue, message, &envelope, items, count,
	    &notice, body);
	arena_free(arena);
	return child;
}

static const struct rig_mail plain = {
	.sender = "alice@example.org",
	.to = { "bob@example.com" },
};

static void
test_notify(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		struct rig_mail mail = plain;
		struct queue_bounce_item item = {
			.action = wants[i].action,
			.status = TEXT("5.1.1"),
		};
		struct queue_message *child;
		struct buffer body;

		buffer_init(&body, 1u << 20);
		mail.notify = wants[i].notify;
		child = make(rig, rig_accept(rig, &mail), &item, 1, &body);
		assert_int_equal(child != NULL, wants[i].due);
		assert_int_equal(buffer_len(&body) > 0, wants[i].due);
		queue_message_free(child);
		buffer_clear(&body);
	}
}

static void
test_nobody_to_tell(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;
	struct queue_bounce_item item = { .status = TEXT("5.1.1") };
	struct buffer body;
	uint64_t mid;

	buffer_init(&body, 1u << 20);
	mail.sender = "";
	mid = rig_accept(rig, &mail);
	assert_null(make(rig, mid, &item, 1, &body));
	item.is_muted = true;
	mid = rig_accept(rig, &plain);
	assert_null(make(rig, mid, &item, 1, &body));
	item.is_muted = false;
	queue_table_find(rig->queue, mid)->class = ENVELOPE_CLASS_SERVICE;
	assert_null(make(rig, mid, &item, 1, &body));
	assert_null(make(rig, mid, &item, 0, &body));
	assert_int_equal(buffer_len(&body), 0);
	buffer_clear(&body);
}

static bool
has(const struct buffer *body, const char *words)
{
	struct text t = buffer_text(body);

	return text_find(t, text_from(words)) < t.len;
}

static void
test_content(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;
	struct queue_bounce_item items[2] = {
		{ .status = TEXT("5.1.1"),
		  .diagnostic = TEXT("550 5.1.1 no such user"),
		  .host = TEXT("mx.example.net") },
		{ .status = TEXT("nonsense"),
		  .diagnostic = TEXT("evil\r\nSubject: injected") },
	};
	struct queue_message *child;
	struct envelope envelope;
	struct arena *arena = arena_new(1u << 20);
	struct buffer body;
	uint8_t digest[32];

	buffer_init(&body, 1u << 20);
	mail.to[1] = "carol@example.com";
	mail.envid = "QQ314159";
	mail.body = "Subject: the original\r\n\r\nits text is a secret\r\n";
	child = make(rig, rig_accept(rig, &mail), items, 2, &body);
	assert_non_null(child);
	assert_int_equal(queue_message_envelope(child, arena, &envelope), 0);
	assert_int_equal(envelope.sender.len, 0);
	assert_int_equal(envelope.recipient_count, 1);
	assert_true(text_equal(envelope.recipients[0].address,
	    TEXT("alice@example.org")));
	assert_int_equal(envelope.class, ENVELOPE_CLASS_SERVICE);
	assert_int_equal(envelope.size, buffer_len(&body));
	body_digest(buffer_text(&body), digest);
	assert_memory_equal(envelope.sha256, digest, 32);
	assert_true(has(&body, "multipart/report"));
	assert_true(has(&body, "bob@example.com"));
	assert_true(has(&body, "carol@example.com"));
	assert_true(has(&body, "no such user"));
	assert_true(has(&body, "QQ314159"));
	assert_true(has(&body, "Auto-Submitted"));
	assert_true(has(&body, "Subject: the original"));
	assert_false(has(&body, "its text is a secret"));
	assert_false(has(&body, "\r\nSubject: injected"));
	queue_message_free(child);
	buffer_clear(&body);
	arena_free(arena);
}

/* B04: RET=FULL is kept for small ones, hot or from the log. */
static void
test_return_full(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;
	struct queue_bounce_item item = { .status = TEXT("5.1.1") };
	struct buffer body;
	uint64_t mid;

	buffer_init(&body, 1u << 20);
	mail.ret = ENVELOPE_RETURN_FULL;
	mail.body = "Subject: the original\r\n\r\nits text comes back\r\n";
	mid = rig_accept(rig, &mail);
	queue_message_free(make(rig, mid, &item, 1, &body));
	assert_true(has(&body, "its text comes back"));
	buffer_reset(&body);
	queue_body_cool(rig->queue, queue_table_find(rig->queue, mid));
	queue_message_free(make(rig, mid, &item, 1, &body));
	assert_true(has(&body, "its text comes back"));
	buffer_reset(&body);
	mail.body = NULL;
	mail.size = 2000000;
	mid = rig_accept(rig, &mail);
	queue_message_free(make(rig, mid, &item, 1, &body));
	assert_true(has(&body, "Subject: test"));
	assert_true(buffer_len(&body) < 60000);
	buffer_clear(&body);
}

/* FIPS 180-4, examples of the standard. */
static void
test_digest(void **state)
{
	static const struct {
		struct text in;
		const char *out;
	} examples[] = {
		{ TEXT_INIT(""), "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855" },
		{ TEXT_INIT("abc"), "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ TEXT_INIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmn"
		    "lmnomnopnopq"), "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t digest[32];
	char hex[65];

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		body_digest(examples[i].in, digest);
		for (size_t j = 0; j < 32; j++)
			snprintf(hex + j * 2, 3, "%02x", digest[j]);
		assert_string_equal(hex, examples[i].out);
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest),
		TEST(test_notify),
		TEST(test_nobody_to_tell),
		TEST(test_content),
		TEST(test_return_full),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
