/*
 * The log.  A line is put together in an array, so that memory failure can
 * be told too, and leaves by one write to each target.
 */
#include "gateway/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gateway/base/buffer.h"
#include "gateway/base/clock.h"

#define PROCESS_MAX 31
#define HOSTNAME_MAX 255
#define TAIL_MAX 64	/* " cut=true dropped=N\n" */
/* Time, process and level take this much at most. */
#define HEAD_MAX (CLOCK_ISO_SIZE + PROCESS_MAX + 16)
#define BODY_MAX (LOG_LINE_MAX - HEAD_MAX - TAIL_MAX)
/* A value of LOG_VALUE_MAX bytes as \xNN in quotes with "..." behind. */
#define SHOWN_MAX (LOG_VALUE_MAX * 4 + 5)

struct body {
	char bytes[BODY_MAX + TAIL_MAX];
	size_t len;
	bool cut;
};

struct target {
	int descriptor;
	uint64_t dropped;
	bool torn;	/* the last write left half a line */
};

static struct {
	char process[PROCESS_MAX + 1];
	enum log_level level;
	struct target error;
	struct target file;
	struct target syslog;
	unsigned int facility;
	char hostname[HOSTNAME_MAX + 1];
} log_state = {
	.process = "postern",
	.level = LOG_INFO_LEVEL,
	.error = { .descriptor = STDERR_FILENO },
	.file = { .descriptor = -1 },
	.syslog = { .descriptor = -1 },
	.hostname = "-",
};

static const struct {
	const char *name;
	unsigned int severity;	/* RFC 5424 6.2.1 */
} levels[] = {
	[LOG_DEBUG_LEVEL] = { "debug", 7 },
	[LOG_INFO_LEVEL] = { "info", 6 },
	[LOG_WARNING_LEVEL] = { "warning", 4 },
	[LOG_ERROR_LEVEL] = { "error", 3 },
	[LOG_FATAL_LEVEL] = { "fatal", 2 },
};

#define LEVEL_COUNT (sizeof(levels) / sizeof(levels[0]))

/* Printable ASCII without space: fit for a line's or a header's own words. */
static void
copy_word(char *out, size_t size, struct text word)
{
	size_t i;

	for (i = 0; i < word.len && i + 1 < size; i++)
		out[i] = word.data[i] > ' ' && word.data[i] <= '~' ?
		    word.data[i] : '_';
	if (i == 0)
		out[i++] = '-';
	out[i] = '\0';
}

void
log_set_process(const char *name)
{
	copy_word(log_state.process, sizeof(log_state.process),
		text_from(name));
}

void
log_set_level(enum log_level level)
{
	log_state.level = level;
}

int
log_level_parse(struct text name, enum log_level *out)
{
	unsigned int i;

	for (i = 0; i < LEVEL_COUNT; i++)
		if (text_equal(name, text_from(levels[i].name))) {
			*out = (enum log_level)i;
			return 0;
		}
	return ERROR_NOT_FOUND;
}

static void
target_set(struct target *target, int descriptor)
{
	if (target->descriptor > STDERR_FILENO &&
	    target->descriptor != descriptor)
		(void)close(target->descriptor);
	target->descriptor = descriptor;
	target->torn = false;
}

void
log_set_stderr(bool on)
{
	target_set(&log_state.error, on ? STDERR_FILENO : -1);
}

void
log_set_file(int descriptor)
{
	target_set(&log_state.file, descriptor);
}

void
log_set_syslog(int descriptor, unsigned int facility, struct text hostname)
{
	target_set(&log_state.syslog, descriptor);
	log_state.facility = facility;
	copy_word(log_state.hostname, sizeof(log_state.hostname), hostname);
}

static bool
is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\';
}

static bool
is_all_plain(struct text value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (!is_plain(value.data[i]))
			return false;
	return value.len > 0;
}

/* The value as the log shows it, in SHOWN_MAX bytes at most. */
static size_t
show_value(char *out, struct text value)
{
	static const char digits[] = "0123456789abcdef";
	bool cut = value.len > LOG_VALUE_MAX;
	bool plain;
	size_t len = 0;
	size_t i;
	unsigned char c;

	value = text_slice(value, 0, LOG_VALUE_MAX);
	plain = is_all_plain(value);
	if (!plain)
		out[len++] = '"';
	for (i = 0; i < value.len; i++) {
		c = (unsigned char)value.data[i];
		if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
			out[len++] = value.data[i];
			continue;
		}
		out[len++] = '\\';
		out[len++] = 'x';
		out[len++] = digits[c >> 4];
		out[len++] = digits[c & 15];
	}
	if (cut) {
		memcpy(out + len, "...", 3);
		len += 3;
	}
	if (!plain)
		out[len++] = '"';
	return len;
}

int
log_print_value(struct buffer *out, struct text value)
{
	char shown[SHOWN_MAX];

	return buffer_add(out, shown, show_value(shown, value));
}

/* All of t or nothing; what stays free is for the line's end. */
static bool
body_add(struct body *body, struct text t)
{
	if (t.len > BODY_MAX - body->len) {
		body->cut = true;
		return false;
	}
	if (t.len > 0)
		memcpy(body->bytes + body->len, t.data, t.len);
	body->len += t.len;
	return true;
}

static struct text
number_shown(char *end, uint64_t number)
{
	char *at = end;

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return text_of(at, (size_t)(end - at));
}

static struct text
signed_shown(char *end, uint64_t number)
{
	struct text shown;
	bool negative = (int64_t)number < 0;

	shown = number_shown(end, negative ? 0 - number : number);
	if (negative) {
		end[-(ptrdiff_t)shown.len - 1] = '-';
		shown = text_of(shown.data - 1, shown.len + 1);
	}
	return shown;
}

static void
body_add_field(struct body *body, const struct log_field *field)
{
	char shown[SHOWN_MAX];
	size_t before = body->len;
	struct text value;

	if (field->kind == LOG_FIELD_TEXT)
		value = text_of(shown, show_value(shown, field->value));
	else if (field->kind == LOG_FIELD_NUMBER)
		value = number_shown(shown + sizeof(shown), field->number);
	else
		value = signed_shown(shown + sizeof(shown), field->number);
	if (!body_add(body, TEXT(" ")) ||
	    !body_add(body, text_from(field->key)) ||
	    !body_add(body, TEXT("=")) || !body_add(body, value))
		body->len = before;
}

/* From "MID" or "event=" to the last field. */
static void
body_add_body(struct body *body, uint64_t mid, const char *event,
	const struct log_field *fields)
{
	char digits[24];

	if (mid != 0) {
		(void)body_add(body, TEXT("MID "));
		(void)body_add(body,
			number_shown(digits + sizeof(digits), mid));
		(void)body_add(body, TEXT(" "));
	}
	(void)body_add(body, TEXT("event="));
	(void)body_add(body, text_from(event));
	for (; fields->key != NULL && !body->cut; fields++)
		body_add_field(body, fields);
	if (body->cut) {
		memcpy(body->bytes + body->len, " cut=true", 9);
		body->len += 9;
	}
}

/* The end of the line for this target; it fits into TAIL_MAX. */
static size_t
tail_print(const struct target *target, char *tail, size_t size,
	const char *end)
{
	int len;

	if (target->dropped > 0)
		len = snprintf(tail, size, " dropped=%llu%s",
			(unsigned long long)target->dropped, end);
	else
		len = snprintf(tail, size, "%s", end);
	require(len >= 0 && (size_t)len < size);
	return (size_t)len;
}

static void
target_result(struct target *target, ssize_t done, size_t len)
{
	if (done == (ssize_t)len) {
		target->dropped = 0;
		target->torn = false;
	} else {
		target->dropped++;
		target->torn = target->torn || done > 0;
	}
}

/* The descriptor's line; a half line of before is ended first. */
static void
target_write(struct target *target, const char *head, size_t head_len,
	const struct body *body)
{
	char whole[LOG_LINE_MAX + 1];
	size_t len = 0;
	ssize_t done;

	if (target->descriptor < 0)
		return;
	if (target->torn)
		whole[len++] = '\n';
	memcpy(whole + len, head, head_len);
	len += head_len;
	memcpy(whole + len, body->bytes, body->len);
	len += body->len;
	len += tail_print(target, whole + len, sizeof(whole) - len, "\n");
	done = write(target->descriptor, whole, len);
	target_result(target, done, len);
}

/* RFC 5424 6: header, no structured data, the body as MSG. */
static void
syslog_send(enum log_level level, const char *iso, const char *event,
	const struct body *body)
{
	char head[LOG_VALUE_MAX];
	char tail[TAIL_MAX];
	char message_id[33];	/* RFC 5424 6: MSGID has 32 at most */
	struct target *target = &log_state.syslog;
	struct iovec parts[3];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };
	int len;

	if (target->descriptor < 0)
		return;
	copy_word(message_id, sizeof(message_id), text_from(event));
	len = snprintf(head, sizeof(head), "<%u>1 %s %s postern %s %s - ",
		log_state.facility * 8 + levels[level].severity, iso,
		log_state.hostname, log_state.process, message_id);
	require(len > 0 && (size_t)len < sizeof(head));
	parts[0] = (struct iovec){ head, (size_t)len };
	parts[1] = (struct iovec){ (void *)(uintptr_t)body->bytes, body->len };
	parts[2] = (struct iovec){ tail,
		tail_print(target, tail, sizeof(tail), "") };
	target_result(target,
		sendmsg(target->descriptor, &message,
			MSG_DONTWAIT | MSG_NOSIGNAL),
		parts[0].iov_len + parts[1].iov_len + parts[2].iov_len);
	target->torn = false;
}

void
log_write(enum log_level level, uint64_t mid, const char *event,
	const struct log_field *fields)
{
	struct body body;
	char head[HEAD_MAX];
	char iso[CLOCK_ISO_SIZE];
	int saved = errno;
	int len;

	if (level < log_state.level || level >= LEVEL_COUNT)
		return;
	clock_print_iso(clock_now_us(), iso, sizeof(iso));
	len = snprintf(head, sizeof(head), "%s %s %s ", iso,
		log_state.process, levels[level].name);
	require(len > 0 && (size_t)len < sizeof(head));
	body.len = 0;
	body.cut = false;
	body_add_body(&body, mid, event, fields);
	target_write(&log_state.error, head, (size_t)len, &body);
	target_write(&log_state.file, head, (size_t)len, &body);
	syslog_send(level, iso, event, &body);
	errno = saved;
}

void
log_note(enum log_level level, const char *format, ...)
{
	/* Longer than a value, so that a cut one is shown as cut. */
	char text[LOG_VALUE_MAX + 2];
	va_list args;

	if (level < log_state.level)
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	log_event(level, 0, "note", LOG_STRING("text", text));
}
