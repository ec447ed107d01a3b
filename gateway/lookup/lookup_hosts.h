/*
 * The composite question "where does mail for this domain go?" (RFC 5321
 * 5.1): mail exchangers or none, then addresses of each, in one answer
 * within one time budget.  A failure is never taken for an absence.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_HOSTS_H
#define GATEWAY_LOOKUP_LOOKUP_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "gateway/lookup/lookup_resolver.h"
#include "gateway/lookup/lookup_self.h"
#include "gateway/protocol/frame_lookup.h"

struct lookup_hosts;

/* What all questions share; borrowed, outlives them. */
struct lookup_hosts_setting {
	struct loop *loop;
	struct lookup_resolver *resolver;
	const struct lookup_self *self;
	struct text own_name;	/* lower case, A-labels */
	bool loopback_allowed;	/* for hosts out of the DNS: test networks */
	int64_t timeout_ms;	/* of the whole question */
};

/* hosts is borrowed until return; the question is gone afterwards. */
typedef void (*lookup_hosts_answered)(void *context,
	const struct frame_hosts *hosts);

/*
 * Ask; the callback comes once, later, from the loop.  What ask points to
 * is copied.
 */
struct lookup_hosts *lookup_hosts_ask(
	const struct lookup_hosts_setting *setting,
	const struct frame_hosts_ask *ask, lookup_hosts_answered callback,
	void *context);
/* The answer is no longer wanted; no callback. */
void lookup_hosts_drop(struct lookup_hosts *hosts);

#endif
