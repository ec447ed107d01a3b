/*
 * The scan process: takes messages from queue one after the other and
 * answers each with its disposition.  What is lost with a channel is
 * forgotten; queue asks again.
 */
#include "policy/scan/scan_process.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/openssl_library.h"
#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/jail.h"
#include "gateway/base/list.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/mail/charset.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_judge.h"
#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/message_body.h"
#include "policy/file_type.h"
#include "policy/filter_set.h"

/* One decoded frame, and the tables of one message's parts. */
#define SCAN_FRAME_ARENA_MAX ((size_t)8 * 1024 * 1024)
#define SCAN_ARENA_MAX ((size_t)128 * 1024 * 1024)
/* What our own header fields add to a message of the largest size, and
 * filters to its header. */
#define SCAN_HEADER_ROOM ((uint64_t)64 * 1024)
#define SCAN_CHANGE_ROOM ((uint64_t)1024 * 1024)
/* All that splinters and copies are made of, in largest messages. */
#define SCAN_BODIES 2
/* Messages that wait here; further ones stay in the channel. */
#define SCAN_WAITING_MAX 64

/* A frame that came while another message was in hand. */
struct scan_waiting {
	struct list link;
	struct text payload;
	int descriptor;
};

static struct {
	struct config_snapshot *snapshot;
	struct filter_set *filters;
	struct arena *frame_arena;
	struct arena *arena;
	struct ipc *queue;
	struct list waiting;
	size_t waiting_count;
	struct loop_chore chore;
	uint64_t judged[FRAME_VERDICTS];
	uint64_t set_aside;
	uint64_t protected;
	uint64_t changed;
} scan;

/* ---- waiting frames ---- */

static void
scan_waiting_free(struct scan_waiting *waiting)
{
	list_remove(&waiting->link);
	scan.waiting_count--;
	if (waiting->descriptor >= 0)
		(void)close(waiting->descriptor);
	free((void *)waiting->payload.data);
	free(waiting);
}

static void
scan_forget_waiting(void)
{
	while (!list_is_empty(&scan.waiting))
		scan_waiting_free(LIST_OWNER(scan.waiting.next,
		    struct scan_waiting, link));
	loop_chore_remove(&scan.chore);
}

/* ---- one message ---- */

static void
scan_set_aside(const struct frame_judge *frame, const char *words,
	struct frame_disposition *out)
{
	*out = (struct frame_disposition){ .mid = frame->mid,
		.judgement = FRAME_SET_ASIDE,
		.reason = text_from(words) };
}

/* The whole body: borrowed where it is in memory, else in buffer. */
static int
scan_read_body(const struct message_body *body, struct buffer *buffer,
	struct text *out)
{
	uint64_t size = message_body_size(body), at = 0;
	struct text piece = TEXT_EMPTY;
	char *room = NULL;

	if (size <= FRAME_BODY_INLINE_MAX)
		buffer_init(buffer, FRAME_BODY_INLINE_MAX);
	else
		buffer_init(buffer, (size_t)size);
	if (buffer_reserve(buffer, (size_t)size, &room) != 0)
		return ERROR_LIMIT;
	while (at < size) {
		if (message_body_read(body, at, (size_t)(size - at),
		    room + at, &piece) != 0)
			return ERROR_SYSTEM;
		if (piece.data != room + at)
			memcpy(room + at, piece.data, piece.len);
		at += piece.len;
	}
	buffer_commit(buffer, (size_t)size);
	*out = buffer_text(buffer);
	return 0;
}

#ifdef POSTERN_TEST
/* A message that kills whoever looks at it. */
static void
scan_test_hook(struct text message)
{
	static const struct text hook =
	    TEXT_INIT("\r\nX-Postern-Test: crash-scan\r\n");
	struct text header = text_slice(message, 0,
	    text_find(message, TEXT("\r\n\r\n")) + 2);

	if (text_find(header, hook) < header.len)
		abort();
}
#endif

static void
scan_judge_bytes(const struct frame_judge *frame, struct text message,
	struct buffer *bodies, struct frame_disposition *out)
{
	const struct filter_request request = {
		.envelope = &frame->envelope,
		.message = message,
		.facts = { frame->facts, frame->fact_count },
		.passes = frame->passes,
		.protection = frame->protection,
	};

#ifdef POSTERN_TEST
	scan_test_hook(message);
#endif
	filter_set_judge(scan.filters, &request, scan.arena, bodies, out);
}

static void
scan_judge(const struct frame_judge *frame, int descriptor,
	struct buffer *bodies, struct frame_disposition *out)
{
	const struct config_limits *limits =
	    &config_snapshot_config(scan.snapshot)->limits;
	struct message_body *body = NULL;
	struct buffer buffer;
	struct text message = TEXT_EMPTY;

	buffer_init(&buffer, 1);
	if (message_body_receive(frame->body, descriptor,
	    frame->envelope.size, &body) != 0)
		scan_set_aside(frame, "its body could not be read", out);
	else if (message_body_size(body) >
	    limits->message_size + SCAN_HEADER_ROOM)
		scan_set_aside(frame, "it is larger than limits.message_size",
		    out);
	else if (scan_read_body(body, &buffer, &message) != 0)
		scan_set_aside(frame, "its body could not be read", out);
	else
		scan_judge_bytes(frame, message, bodies, out);
	buffer_clear(&buffer);
	message_body_release(&body);
}

static void
scan_count(const struct frame_disposition *disposition)
{
	size_t i;

	if (disposition->judgement == FRAME_SET_ASIDE)
		scan.set_aside++;
	for (i = 0; i < disposition->splinter_count; i++) {
		const struct frame_splinter *splinter =
		    &disposition->splinters[i];

		scan.judged[splinter->verdict]++;
		if (splinter->protection.form != PROTECTION_NONE)
			scan.protected++;
		if (splinter->body > 0)
			scan.changed++;
	}
}

/* Answer, with the bodies that there are. */
static void
scan_answer(const struct frame_judge *frame, const struct buffer *bodies,
	struct frame_disposition *disposition)
{
	struct message_body *body = NULL;
	int descriptor = -1;

	if (disposition->body_count > 0) {
		body = message_body_new();
		if (message_body_append(body, buffer_text(bodies)) != 0 ||
		    message_body_finish(body) != 0)
			fatal_errno("changed messages cannot be kept");
		disposition->body = message_body_frame(body, &descriptor);
	}
	disposition->attempt = frame->attempt;
	disposition->config_version =
	    config_snapshot_version(scan.snapshot);
	frame_send(scan.queue, FRAME_DISPOSITION, disposition, descriptor);
	message_body_release(&body);
	scan_count(disposition);
}

static int
scan_take(struct text payload, int descriptor)
{
	struct frame_judge frame;
	struct frame_disposition disposition;
	struct buffer bodies;
	int error = frame_decode(PROCESS_QUEUE, PROCESS_SCAN, FRAME_JUDGE,
	    payload, scan.frame_arena, &frame);

	if (error < 0) {
		if (descriptor >= 0)
			(void)close(descriptor);
		return error;
	}
	process_in_hand(frame.mid);
	buffer_init(&bodies, (size_t)(SCAN_BODIES * config_snapshot_config(
	    scan.snapshot)->limits.message_size + SCAN_CHANGE_ROOM));
	scan_judge(&frame, descriptor, &bodies, &disposition);
	scan_answer(&frame, &bodies, &disposition);
	buffer_clear(&bodies);
	process_in_hand(0);
	return 0;
}

/* One message a turn, so that heartbeats go out between them. */
static void
scan_next(void *context)
{
	struct scan_waiting *waiting;
	int descriptor, error;

	(void)context;
	if (list_is_empty(&scan.waiting))
		return;
	waiting = LIST_OWNER(scan.waiting.next, struct scan_waiting, link);
	descriptor = waiting->descriptor;
	waiting->descriptor = -1;
	error = scan_take(waiting->payload, descriptor);
	scan_waiting_free(waiting);
	arena_reset(scan.frame_arena);
	arena_reset(scan.arena);
	/* Only a new process gets a new channel to it. */
	if (error < 0)
		fatal("a frame of queue cannot be read: %s",
		    error_name(error));
	if (scan.waiting_count < SCAN_WAITING_MAX)
		ipc_want_input(scan.queue, 1);
	if (scan.waiting_count > 0)
		loop_chore_add(process_loop(), &scan.chore);
}

/* ---- configuration ---- */

static int
scan_check(const struct config *config, const char **path,
	struct reason *why)
{
	struct filter_set *filters = NULL;
	int error;

	*path = "content_filters";
	error = filter_set_new(config, &filters, why);
	filter_set_free(filters);
	return error;
}

/*
 * Patterns are translated to machine code before the jail only: another
 * configuration needs another process.
 */
static void
scan_restart(void)
{
	log_event(LOG_INFO_LEVEL, 0, "restart_for_new_filters");
	if (scan.queue != NULL)
		ipc_flush(scan.queue);
	scan_forget_waiting();
	process_stopped();
}

static void
scan_activate(struct config_snapshot *snapshot)
{
	struct reason why = { .text = "" };

	if (scan.snapshot != NULL) {
		scan_restart();
		return;
	}
	list_init(&scan.waiting);
	loop_chore_init(&scan.chore, scan_next, NULL);
	scan.frame_arena = arena_new(SCAN_FRAME_ARENA_MAX);
	scan.arena = arena_new(SCAN_ARENA_MAX);
	scan.snapshot = config_snapshot_ref(snapshot);
	if (filter_set_new(config_snapshot_config(snapshot), &scan.filters,
	    &why) != 0)
		fatal("%s", why.text);
}

static void
scan_prepare(void)
{
	openssl_library_prepare();
	charset_prepare();
	file_type_prepare();
	filter_set_accelerate(scan.filters);
}

/* ---- channels ---- */

static void
scan_queue_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	struct scan_waiting *waiting;

	(void)context;
	if (type != FRAME_JUDGE)
		fatal("queue sent a frame of type %u", type);
	waiting = memory_new(sizeof(*waiting));
	waiting->payload = memory_text(payload);
	waiting->descriptor = descriptor;
	list_append(&scan.waiting, &waiting->link);
	if (++scan.waiting_count >= SCAN_WAITING_MAX)
		ipc_want_input(scan.queue, 0);
	loop_chore_add(process_loop(), &scan.chore);
}

static void
scan_queue_ended(void *context, int error)
{
	(void)context;
	if (error != 0 && error != ERROR_CLOSED)
		log_event(LOG_ERROR_LEVEL, 0, "channel_broken",
		    LOG_STRING("peer", "queue"),
		    LOG_STRING("reason", error_name(error)));
	scan_forget_waiting();
	ipc_free(scan.queue);
	scan.queue = NULL;
}

static const struct ipc_events scan_queue_events = {
	.frame = scan_queue_frame,
	.ended = scan_queue_ended,
};

static void
scan_channel(enum process_kind kind, uint32_t number, int descriptor)
{
	(void)number;
	if (kind != PROCESS_QUEUE) {
		log_event(LOG_ERROR_LEVEL, 0, "channel_unexpected",
		    LOG_STRING("peer", process_kind_name(kind)));
		(void)close(descriptor);
		return;
	}
	scan_forget_waiting();
	ipc_free(scan.queue);
	scan.queue = ipc_new(process_loop(), descriptor, process_identity(),
	    &scan_queue_events, NULL);
}

/* ---- the rest ---- */

static size_t
scan_counters(struct frame_counter *out, size_t max)
{
	const struct frame_counter counters[] = {
		{ .name = TEXT_INIT("waiting"),
			.value = scan.waiting_count },
		{ .name = TEXT_INIT("delivered"),
			.value = scan.judged[FRAME_VERDICT_DELIVER] },
		{ .name = TEXT_INIT("dropped"),
			.value = scan.judged[FRAME_VERDICT_DROP] },
		{ .name = TEXT_INIT("bounced"),
			.value = scan.judged[FRAME_VERDICT_BOUNCE] },
		{ .name = TEXT_INIT("quarantined"),
			.value = scan.judged[FRAME_VERDICT_QUARANTINE] },
		{ .name = TEXT_INIT("set_aside"),
			.value = scan.set_aside },
		{ .name = TEXT_INIT("protected"), .value = scan.protected },
		{ .name = TEXT_INIT("changed"), .value = scan.changed },
	};
	size_t count = sizeof(counters) / sizeof(counters[0]);

	if (count > max)
		count = max;
	memcpy(out, counters, count * sizeof(counters[0]));
	return count;
}

const struct process scan_process = {
	.kind = PROCESS_SCAN,
	.jail = JAIL_LOOP | JAIL_MEMFD,
	.empty_root = true,
	.check = scan_check,
	.activate = scan_activate,
	.prepare = scan_prepare,
	.channel = scan_channel,
	.counters = scan_counters,
};
