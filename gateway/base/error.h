/*
 * Errors: three kinds, and the words in which they are told.
 *
 *   our own bug           require(x): always compiled in, aborts
 *   environment, memory   fatal(): logs and ends the process; the
 *                         supervisor starts a new one
 *   peer, file or user    int: 0, or a negative enum error; results come by
 *                         pointer, words for people in a struct reason
 */
#ifndef GATEWAY_BASE_ERROR_H
#define GATEWAY_BASE_ERROR_H

#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))

enum error {
	ERROR_MALFORMED = -1,	/* input breaks its grammar */
	ERROR_LIMIT = -2,	/* a stated maximum would be passed */
	ERROR_SYSTEM = -3,	/* a system call failed; errno tells */
	ERROR_CLOSED = -4,	/* the other side has gone */
	ERROR_AGAIN = -5,	/* nothing now; wait for readiness */
	ERROR_NOT_FOUND = -6,
	ERROR_STATE = -7,	/* not allowed in the present state */
	ERROR_REFUSED = -8,	/* policy says no */
	ERROR_TEMPORARY = -9,	/* may work later */
	ERROR_MISMATCH = -10,	/* version, checksum or hash differs */
};

/* A short word for an enum error, such as "malformed". Never NULL. */
const char *error_name(int error);

#define REASON_TEXT_MAX 512

/*
 * Why something was refused, in the words that an SMTP peer or a person
 * reads.
 *   reply    SMTP reply code (RFC 5321 4.2.1), 0 where none applies
 *   status   enhanced status (RFC 3463), all 0 where none applies
 *   text     one line, no control characters, NUL ended
 */
struct reason {
	uint16_t reply;
	uint16_t status[3];
	char text[REASON_TEXT_MAX];
};

/*
 * Fill in a reason; why may be NULL.  Control characters and bytes over 126
 * become '?', text beyond REASON_TEXT_MAX - 1 is cut.
 */
void reason_set(struct reason *why, const char *format, ...)
	PRINTF_LIKE(2, 3);

/* The same with a reply code and an enhanced status such as 550, 5, 1, 1. */
void reason_set_reply(struct reason *why, unsigned int reply,
	unsigned int class, unsigned int subject, unsigned int detail,
	const char *format, ...) PRINTF_LIKE(6, 7);

/*
 * Our own bug: log file, line and the broken condition, then abort.  Stays
 * on in production.
 */
#define require(condition) \
	((condition) ? (void)0 : \
	require_failed(__FILE__, __LINE__, #condition))
void require_failed(const char *file, int line, const char *condition)
	__attribute__((noreturn));

/* Log the text at level "fatal" and exit with status FATAL_EXIT. */
#define FATAL_EXIT 71
void fatal(const char *format, ...)
	PRINTF_LIKE(1, 2) __attribute__((noreturn));

/* Like fatal() with ": " and strerror(errno) behind the text. */
void fatal_errno(const char *format, ...)
	PRINTF_LIKE(1, 2) __attribute__((noreturn));

#endif
