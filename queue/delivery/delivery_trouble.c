/*
 * Trouble in the deliver process: words, no I/O.
 */
#include "queue/delivery/delivery_trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
delivery_trouble_set(struct delivery_trouble *trouble,
	enum delivery_rank rank, uint16_t subject, uint16_t detail,
	const char *format, ...)
{
	va_list args;

	if (rank < trouble->rank)
		return;
	trouble->rank = rank;
	trouble->result = FRAME_RESULT_DEFERRED;
	trouble->reply = 0;
	trouble->status[0] = 4;
	trouble->status[1] = subject;
	trouble->status[2] = detail;
	va_start(args, format);
	(void)vsnprintf(trouble->words, sizeof(trouble->words), format, args);
	va_end(args);
}

void
delivery_trouble_reply(struct delivery_trouble *trouble, struct text label,
	const struct smtp_reply *reply)
{
	char printed[SMTP_REPLY_PRINT_SIZE];

	trouble->is_reached = true;
	if (trouble->rank > DELIVERY_RANK_REFUSED)
		return;
	smtp_reply_print(reply, printed, sizeof(printed));
	/* Whatever the code: another day another host may talk. */
	delivery_trouble_set(trouble, DELIVERY_RANK_REFUSED, 4, 0,
	    "%.*s said: %s", TEXT_ARG(label), printed);
	trouble->reply = reply->code;
}

void
delivery_trouble_outcome(const struct delivery_trouble *trouble,
	struct delivery_job *job, struct delivery_outcome *out)
{
	memset(out, 0, sizeof(*out));
	out->result = trouble->result;
	out->reply = trouble->reply;
	memcpy(out->status, trouble->status, sizeof(out->status));
	out->words = delivery_job_words(job, text_from(trouble->words));
}
