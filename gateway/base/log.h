/*
 * The structured log: one line per event, led by the time, the process and
 * the message id, then event=NAME and fields key=value.
 *
 *   2026-11-21T22:11:53.123456Z queue info MID 12 event=accepted size=10240
 *
 * Values with anything but printable ASCII without space, quote, equals and
 * backslash are put in double quotes; control bytes, quotes, backslashes
 * and bytes over 126 become \xNN, so that a line is one record whatever the
 * data holds (CWE-117).  Values are cut at LOG_VALUE_MAX with "..." behind.
 *
 * A line goes by one write(2) to each target that is set: stderr, a file
 * opened for appending by the supervisor, and a datagram socket connected
 * to syslog (RFC 5424 form).  No target ever blocks: what cannot be written
 * is counted and told with the next line that can (dropped=N).
 */
#ifndef GATEWAY_BASE_LOG_H
#define GATEWAY_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define LOG_VALUE_MAX 1024
#define LOG_LINE_MAX 8192

enum log_level {
	LOG_DEBUG_LEVEL,
	LOG_INFO_LEVEL,
	LOG_WARNING_LEVEL,
	LOG_ERROR_LEVEL,
	LOG_FATAL_LEVEL,
};

enum log_field_kind { LOG_FIELD_TEXT, LOG_FIELD_NUMBER, LOG_FIELD_SIGNED };

struct log_field {
	const char *key;
	enum log_field_kind kind;
	struct text value;
	uint64_t number;
};

#define LOG_TEXT(k, t) \
	((struct log_field){ .key = (k), .kind = LOG_FIELD_TEXT, .value = (t) })
#define LOG_STRING(k, s) LOG_TEXT(k, text_from(s))
#define LOG_NUMBER(k, n) \
	((struct log_field){ .key = (k), .kind = LOG_FIELD_NUMBER, \
	.number = (uint64_t)(n) })
#define LOG_SIGNED(k, n) \
	((struct log_field){ .key = (k), .kind = LOG_FIELD_SIGNED, \
	.number = (uint64_t)(int64_t)(n) })

/* Name of the process in each line, such as "smtp[0]".  At most 31 bytes. */
void log_set_process(const char *name);
/* Lines below are not written.  Info at first. */
void log_set_level(enum log_level level);
int log_level_parse(struct text name, enum log_level *out) MUST_CHECK;

/* Targets; -1 turns one off.  A replaced descriptor is closed. */
void log_set_stderr(bool on);
void log_set_file(int descriptor);
/*
 * A connected SOCK_DGRAM socket.  facility as in RFC 5424 6.2.1 (mail: 2);
 * hostname is copied.
 */
void log_set_syslog(int descriptor, unsigned int facility,
	struct text hostname);

/*
 * Write one line.  mid 0: the event is about no message and "MID n" is left
 * out.  Secrets are never passed here.
 *
 *   log_event(LOG_INFO_LEVEL, mid, "accepted",
 *       LOG_TEXT("from", sender), LOG_NUMBER("size", size));
 */
#define log_event(level, mid, event, ...) \
	log_write(level, mid, event, \
	(const struct log_field[]){ __VA_ARGS__ __VA_OPT__(,) \
	{ .key = 0 } })
void log_write(enum log_level level, uint64_t mid, const char *event,
	const struct log_field *fields);

/* event=note with text=... for what has no fields of its own. */
void log_note(enum log_level level, const char *format, ...)
	PRINTF_LIKE(2, 3);

/* Append value as a line would show it (quoted where needed). */
struct buffer;
int log_print_value(struct buffer *out, struct text value) MUST_CHECK;

#endif
