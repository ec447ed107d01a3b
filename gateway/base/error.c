/*
 * Errors and reasons.  Nothing here allocates: fatal() must work when
 * memory is exhausted.
 */
#include "gateway/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/log.h"

#define FATAL_TEXT_MAX 1024

static const char *const names[] = {
	[0] = "ok",
	[-ERROR_MALFORMED] = "malformed",
	[-ERROR_LIMIT] = "limit",
	[-ERROR_SYSTEM] = "system",
	[-ERROR_CLOSED] = "closed",
	[-ERROR_AGAIN] = "again",
	[-ERROR_NOT_FOUND] = "not-found",
	[-ERROR_STATE] = "state",
	[-ERROR_REFUSED] = "refused",
	[-ERROR_TEMPORARY] = "temporary",
	[-ERROR_MISMATCH] = "mismatch",
};

#define NAME_COUNT ((int)(sizeof(names) / sizeof(names[0])))

const char *
error_name(int error)
{
	if (error > 0 || error <= -NAME_COUNT)
		return "unknown";
	return names[-error];
}

static void
reason_print(struct reason *why, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void
reason_print(struct reason *why, const char *format, va_list args)
{
	unsigned char c;
	size_t i;

	if (vsnprintf(why->text, sizeof(why->text), format, args) < 0)
		why->text[0] = '\0';
	for (i = 0; why->text[i] != '\0'; i++) {
		c = (unsigned char)why->text[i];
		if (c < ' ' || c > '~')
			why->text[i] = '?';
	}
}

void
reason_set(struct reason *why, const char *format, ...)
{
	va_list args;

	if (why == NULL)
		return;
	memset(why, 0, sizeof(*why));
	va_start(args, format);
	reason_print(why, format, args);
	va_end(args);
}

void
reason_set_reply(struct reason *why, unsigned int reply, unsigned int class,
	unsigned int subject, unsigned int detail, const char *format, ...)
{
	va_list args;

	if (why == NULL)
		return;
	memset(why, 0, sizeof(*why));
	why->reply = (uint16_t)reply;
	why->status[0] = (uint16_t)class;
	why->status[1] = (uint16_t)subject;
	why->status[2] = (uint16_t)detail;
	va_start(args, format);
	reason_print(why, format, args);
	va_end(args);
}

void
require_failed(const char *file, int line, const char *condition)
{
	log_event(LOG_FATAL_LEVEL, 0, "bug", LOG_STRING("file", file),
		LOG_SIGNED("line", line), LOG_STRING("condition", condition));
	abort();
}

static void fatal_end(const char *text) __attribute__((noreturn));

/* _exit: handlers and destructors have no business in a broken process. */
static void
fatal_end(const char *text)
{
	log_event(LOG_FATAL_LEVEL, 0, "fatal", LOG_STRING("text", text));
	_exit(FATAL_EXIT);
}

void
fatal(const char *format, ...)
{
	char text[FATAL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	fatal_end(text);
}

void
fatal_errno(const char *format, ...)
{
	char text[FATAL_TEXT_MAX];
	int saved = errno;
	va_list args;
	size_t len;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	len = strlen(text);
	(void)snprintf(text + len, sizeof(text) - len, ": %s",
		strerror(saved));
	fatal_end(text);
}
