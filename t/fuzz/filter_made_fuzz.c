/*
 * policy/filter_made: whatever a message holds, its copies go to addresses
 * only, a notice has the header that we gave it and the message as it was,
 * and a notice about a protected message has one part.
 */
#include "gateway/mail/address.h"
#include "gateway/mail/mime_message.h"
#include "policy/filter_set.h"

#define ARENA_MAX ((size_t)128 * 1024 * 1024)
#define BODIES_MAX ((size_t)8 * 1024 * 1024)
#define MESSAGE_MAX 65536
#define NOTICE_FIELDS 9		/* with Content-Type and its encoding */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text copies[] = {
	TEXT_INIT("bcc('$From, $To', '$Subject $MatchedContent', '$From')"),
	TEXT_INIT("insert-header('X-New', '$Subject')"),
	TEXT_INIT("bcc-scan('$Header[\"Cc\"]-x@example.org', '', '$From')"),
	TEXT_INIT("notify-copy('a@example.org, $From', '$AllHeaders', "
	    "'$From')"),
};
static struct text protects[] = {
	TEXT_INIT("notify-copy('a@example.org', '$Subject')"),
	TEXT_INIT("encrypt('p')"),
};
static struct config_content_filter outgoing[] = {
	{ .name = TEXT_INIT("copies"), .active = 1, .actions = copies,
	    .action_count = 4 },
};
static struct config_content_filter incoming[] = {
	{ .name = TEXT_INIT("protects"), .active = 1, .actions = protects,
	    .action_count = 2 },
};
static struct config_encryption_profile profile = {
	.name = TEXT_INIT("p") };
static const struct config config = {
	.hostname = TEXT_INIT("gw.example.org"),
	.encryption = { .profiles = &profile, .profile_count = 1 },
	.content_filters = { .outgoing = outgoing, .outgoing_count = 1,
	    .incoming = incoming, .incoming_count = 1 },
};

static struct text
body(const struct frame_disposition *out, struct text message,
	struct text bodies, uint32_t number)
{
	size_t at = 0, i;

	require(number <= out->body_count);
	if (number == 0)
		return message;
	for (i = 0; i + 1 < number; i++)
		at += (size_t)out->bodies[i].size;
	return text_slice(bodies, at, (size_t)out->bodies[number - 1].size);
}

static void
check_addresses(const struct frame_made *made)
{
	struct address address;
	struct reason why = { 0 };
	size_t i;

	require(made->recipient_count > 0);
	for (i = 0; i < made->recipient_count; i++)
		require(address_parse(made->recipients[i],
		    ADDRESS_ALLOW_UTF8, &address, &why) == 0);
	require(made->sender.len == 0 || address_parse(made->sender,
	    ADDRESS_ALLOW_UTF8, &address, &why) == 0);
}

/* changed: the message as it was attached. */
static void
check_notice(struct text notice, struct text changed, bool is_protected)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct mime_message mime;
	const struct mime_part *root;

	require(mime_message_parse(notice, &mime_limits_default, arena,
	    &mime) == 0);
	root = &mime.parts[0];
	require(text_equal(text_trim(mime_part_field(root,
	    "Auto-Submitted")->value), TEXT("auto-generated")));
	require(root->field_count >= NOTICE_FIELDS - 1 &&
	    root->field_count <= NOTICE_FIELDS);
	require(root->is_multipart != is_protected);
	require(!is_protected || mime.part_count == 1);
	if (!is_protected && mime.part_count > 2 &&
	    mime.parts[2].is_message)
		require(text_equal(mime.parts[2].body, changed));
	arena_free(arena);
}

static void
judge(const struct filter_set *set, unsigned int direction,
	struct text message)
{
	struct envelope_recipient recipient = { .rid = 1,
		.address = TEXT_INIT("b@example.org") };
	const struct envelope envelope = { .mid = 7,
		.sender = TEXT_INIT("a@example.org"),
		.recipients = &recipient, .recipient_count = 1,
		.direction = (uint8_t)direction };
	struct arena *arena = arena_new(ARENA_MAX);
	struct frame_disposition out;
	struct buffer bodies;
	size_t i;

	buffer_init(&bodies, BODIES_MAX);
	filter_set_judge(set, &(struct filter_request){
	    .envelope = &envelope, .message = message }, arena, &bodies,
	    &out);
	for (i = 0; i < out.made_count; i++) {
		const struct frame_made *made = &out.made[i];

		check_addresses(made);
		if (made->kind == FRAME_MADE_NOTICE)
			check_notice(body(&out, message,
			    buffer_text(&bodies), made->body), body(&out,
			    message, buffer_text(&bodies),
			    out.splinters[0].body),
			    direction == ENVELOPE_INCOMING);
	}
	buffer_clear(&bodies);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filter_set *set;
	struct reason why = { 0 };
	struct text message = text_of(size == 0 ? (const void *)"" : data,
	    size);

	if (size > MESSAGE_MAX)
		return 0;
	if (set == NULL)
		require(filter_set_new(&config, &set, &why) == 0);
	judge(set, ENVELOPE_OUTGOING, message);
	judge(set, ENVELOPE_INCOMING, message);
	return 0;
}
