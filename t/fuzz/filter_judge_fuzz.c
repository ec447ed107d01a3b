/*
 * policy/filter_set: any message is judged, alike by interpreted patterns and
 * by those in machine code; a message that was marked is protected or set
 * aside, never less; a changed message keeps its body; every recipient is in
 * one splinter.
 */
#include "policy/filter_set.h"

#define ARENA_MAX ((size_t)128 * 1024 * 1024)
#define CHANGED_MAX ((size_t)8 * 1024 * 1024)
#define MESSAGE_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text mark[] = { TEXT_INIT("encrypt-deferred('p')") };
static struct text body_conditions[] = {
	TEXT_INIT("body-contains('a+b', 2)"),
	TEXT_INIT("only-body-contains('(?i)secret')"),
	TEXT_INIT("body-contains('*credit', 2) or body-contains('*aba', 3) "
	    "or body-contains('*ssn') or body-contains('*cusip', 2)"),
	TEXT_INIT("subject == '^.$' or header('From') != '@'"),
	TEXT_INIT("forged-email-detection('d', 70) or from-address == '^x' "
	    "or addr-count('From', 'To') > 3"),
	TEXT_INIT("dictionary-match('d', 7) or "
	    "header-dictionary-match('d', 'Subject', 2)"),
	TEXT_INIT("attachment-filetype == 'exe' or attachment-mismatch or "
	    "attachment-contains('x', 3) or every-attachment-contains('y') "
	    "or encrypted or unscannable or ambiguous"),
};
static struct text body_actions[] = {
	TEXT_INIT("log-entry('$MatchedContent $filenames $filesizes')"),
	TEXT_INIT("tag-message('t')"),
};
static struct text edits[] = {
	TEXT_INIT("insert-header('X-New', '$Subject $AllHeaders')"),
	TEXT_INIT("strip-header('X-Strip')"),
	TEXT_INIT("fed('from', 'X-From')"),
	TEXT_INIT("edit-header-text('Subject', '[aeiou]', '<$MID>')"),
};
static struct config_content_filter filters[] = {
	{ .name = TEXT_INIT("mark"), .active = 1, .actions = mark,
	    .action_count = 1 },
	{ .name = TEXT_INIT("body"), .active = 1,
	    .match = CONFIG_FILTER_MATCH_ANY, .conditions = body_conditions,
	    .condition_count = 7, .actions = body_actions,
	    .action_count = 2 },
	{ .name = TEXT_INIT("edits"), .active = 1, .actions = edits,
	    .action_count = 4 },
};
static struct text terms[] = { TEXT_INIT("anna example, 2"),
	TEXT_INIT("bank"), TEXT_INIT("/colou?r/, 3"), TEXT_INIT("*aba") };
static struct config_dictionary dictionary = { .name = TEXT_INIT("d"),
	.ignore_case = 1, .whole_words = 1, .terms = terms,
	.term_count = 4 };
static struct config_quarantine quarantine = {
	.name = TEXT_INIT("q") };
static struct config_encryption_profile profile = {
	.name = TEXT_INIT("p") };
static struct text plain_senders[] = { TEXT_INIT("plain.example"),
	TEXT_INIT("@.plain.example"), TEXT_INIT("root@") };
static struct text plain_recipients[] = { TEXT_INIT("b@plain.example") };
static struct text plain_filters[] = { TEXT_INIT("mark") };
static struct text all_filters[] = { TEXT_INIT("all") };
static struct config_mail_policy policies[] = {
	{ .name = TEXT_INIT("plain"), .active = 1,
	    .match = CONFIG_FILTER_MATCH_ANY, .senders = plain_senders,
	    .sender_count = 3, .recipients = plain_recipients,
	    .recipient_count = 1, .content_filters = plain_filters,
	    .content_filter_count = 1 },
	{ .name = TEXT_INIT("default"), .active = 1,
	    .content_filters = all_filters, .content_filter_count = 1 },
};
static struct envelope_recipient recipients[] = {
	{ .rid = 1, .address = TEXT_INIT("a@example.org") },
	{ .rid = 2, .address = TEXT_INIT("b@plain.example") },
	{ .rid = 3, .address = TEXT_INIT("c@example.org") },
};
static const struct config config = {
	.message_filters_text = TEXT_INIT("m: if (header('X-M') or subject "
	    "== 'm') { insert-header('X-M', '$Subject'); tag-message('m'); "
	    "} else if only-body-contains('[0-9]+', 3) { "
	    "skip-filters(); }\n"
	    "n: if header('X-M') == '.' { quarantine('q'); }\n"),
	.quarantines = &quarantine, .quarantine_count = 1,
	.mail_policies = { .outgoing = policies, .outgoing_count = 2 },
	.hostname = TEXT_INIT("gw.example.org"),
	.dictionaries = &dictionary, .dictionary_count = 1,
	.encryption = { .profiles = &profile, .profile_count = 1 },
	.content_filters = { .outgoing = filters, .outgoing_count = 3 },
};

/* What follows the header stands at the end of the changed message. */
static void
check_changed(struct text message, struct text changed)
{
	size_t at = text_find(message, TEXT("\r\n\r\n"));
	struct text body = text_skip(message, at);

	require(changed.len >= body.len);
	require(text_equal(text_skip(changed, changed.len - body.len),
	    body));
}

/* Each recipient once; each splinter protected. */
static void
check_splinters(const struct frame_disposition *out)
{
	unsigned int seen = 0;
	size_t i, k;

	for (i = 0; i < out->splinter_count; i++) {
		const struct frame_splinter *one = &out->splinters[i];

		require(one->verdict == FRAME_VERDICT_DELIVER ||
		    one->verdict == FRAME_VERDICT_QUARANTINE);
		require(one->protection.form == PROTECTION_ENVELOPE);
		require(one->body <= out->body_count);
		require(one->rid_count > 0 || out->splinter_count == 1);
		for (k = 0; k < one->rid_count; k++) {
			require((seen & 1u << one->rids[k].rid) == 0);
			seen |= 1u << one->rids[k].rid;
		}
	}
	require(out->splinter_count <= 1 || seen == (1u << 1 | 1u << 2 |
	    1u << 3));
}

static void
check_disposition(const struct frame_disposition *out, struct text message,
	struct text changed)
{
	struct buffer wire;
	size_t i, k;

	require(out->judgement == FRAME_JUDGED ||
	    out->judgement == FRAME_SET_ASIDE);
	require(out->judgement == FRAME_JUDGED ||
	    (out->reason.len > 0 && out->body_count == 0 &&
	    out->splinter_count == 0));
	check_splinters(out);
	for (i = 0; i < out->log_entry_count; i++)
		for (k = 0; k < out->log_entries[i].len; k++)
			require((unsigned char)out->log_entries[i].data[k] >=
			    ' ');
	for (i = 0; i < out->body_count; i++) {
		check_changed(message, text_slice(changed, 0,
		    out->bodies[i].size));
		changed = text_skip(changed, out->bodies[i].size);
	}
	require(changed.len == 0);
	buffer_init(&wire, (size_t)1 << 20);
	require(record_encode(&frame_disposition_shape, out, &wire) == 0);
	buffer_clear(&wire);
}

static void
judge(const struct filter_set *set, struct text message,
	struct buffer *changed, struct buffer *wire)
{
	const struct envelope envelope = { .mid = 7,
		.sender = TEXT_INIT("a@example.org"),
		.recipients = recipients, .recipient_count = 3,
		.direction = ENVELOPE_OUTGOING };
	struct arena *arena = arena_new(ARENA_MAX);
	struct frame_disposition out;

	filter_set_judge(set, &(struct filter_request){
	    .envelope = &envelope, .message = message }, arena, changed,
	    &out);
	check_disposition(&out, message, buffer_text(changed));
	require(record_encode(&frame_disposition_shape, &out, wire) == 0);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filter_set *sets[2];
	struct buffer changed[2], wire[2];
	struct reason why = { 0 };
	struct text message = text_of(size == 0 ? (const void *)"" : data,
	    size);
	size_t i;

	if (size > MESSAGE_MAX)
		return 0;
	if (sets[0] == NULL) {
		require(filter_set_new(&config, &sets[0], &why) == 0);
		require(filter_set_new(&config, &sets[1], &why) == 0);
		filter_set_accelerate(sets[1]);
	}
	for (i = 0; i < 2; i++) {
		buffer_init(&changed[i], CHANGED_MAX);
		buffer_init(&wire[i], (size_t)1 << 20);
		judge(sets[i], message, &changed[i], &wire[i]);
	}
	require(text_equal(buffer_text(&changed[0]),
	    buffer_text(&changed[1])));
	require(text_equal(buffer_text(&wire[0]), buffer_text(&wire[1])));
	for (i = 0; i < 2; i++) {
		buffer_clear(&changed[i]);
		buffer_clear(&wire[i]);
	}
	return 0;
}
