/*
 * A notice about a message, as notify() and notify-copy() ask for it: drafted
 * in two forms, of which one is written when it is known whether the message
 * must be protected.  A notice leaves in clear: about such a message it shows
 * the envelope and a few fields of the header, nothing else.
 */
#ifndef POLICY_FILTER_NOTICE_H
#define POLICY_FILTER_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "policy/filter_call.h"
#include "policy/filter_judge.h"

/* Larger messages are not attached, which the notice says. */
#define FILTER_NOTICE_COPY_MAX ((size_t)10 * 1024 * 1024)

struct filter_notice_form {
	struct text subject;
	struct text text;
};

struct filter_notice {
	uint64_t mid;
	int64_t received_us;
	struct text hostname;	/* this gateway */
	struct text from;	/* address; empty: the gateway's own */
	struct filter_notice_form forms[2];	/* [message is protected] */
	struct text original;	/* to be attached; empty: none */
	bool is_too_large;	/* for that */
	bool wants_original;
};

/*
 * Draft one with the message, its variables and its header as they are now.
 * Arguments 1 and 2 of the call are subject and sender.  All of it lies in
 * the judge's arena or is borrowed from the judge.  ERROR_LIMIT.
 */
int filter_notice_draft(struct filter_judge *judge,
	const struct filter_call *call, bool wants_original,
	struct filter_notice *out) MUST_CHECK;

/* Append the mail to the made message's recipients.  ERROR_LIMIT. */
int filter_notice_write(const struct filter_notice *notice,
	const struct frame_made *made, size_t number, bool is_protected,
	struct buffer *out) MUST_CHECK;

#endif
