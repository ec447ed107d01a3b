/*
 * The TLS rule of a destination, apart from the protocol: what to do behind
 * EHLO, what a failure means, and what "TLS unavailable" is.
 *
 *   none       never
 *   preferred  where it is offered; in clear where it fails
 *   required   always, whatever the certificate
 *   verified   always, with a good chain and an expected name
 *
 * Required and verified mail never leaves in clear, at no host.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_TLS_H
#define QUEUE_DELIVERY_DELIVERY_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/tls_session.h"
#include "gateway/config/config.h"
#include "gateway/protocol/frame_deliver.h"
#include "queue/delivery/delivery_target.h"

/*
 * A client's context that trusts what the configuration says, which may be
 * nobody.  ERROR_MALFORMED: not certificates.
 */
int delivery_tls_context(const struct config *config,
	struct tls_context **out, struct reason *why) MUST_CHECK;

enum delivery_tls_step {
	DELIVERY_TLS_GO_ON,	/* send mail over what there is */
	DELIVERY_TLS_START,	/* STARTTLS */
	DELIVERY_TLS_NOT_HERE,	/* this host cannot satisfy the rule */
};

/*
 * Behind EHLO (or HELO).
 *   is_offered  STARTTLS was in the reply
 *   is_on       the session is encrypted
 *   has_failed  a handshake with this host failed in this attempt
 */
enum delivery_tls_step delivery_tls_behind_ehlo(uint8_t level,
	bool is_offered, bool is_on, bool has_failed);
/* The host refuses STARTTLS although it offered it. */
enum delivery_tls_step delivery_tls_refused(uint8_t level);
/* Whether a failed handshake may be followed by a connection in clear. */
bool delivery_tls_may_fall_back(uint8_t level);
/*
 * Whether the failure is an answer of the host, so that the level counts as
 * unavailable there; a reset or time-out is nothing but a lost connection.
 */
bool delivery_tls_is_answer(enum tls_failure failure);

#define DELIVERY_TLS_NAMES_MAX 64

struct delivery_tls_names {
	struct text items[DELIVERY_TLS_NAMES_MAX];
	size_t count;
};

/*
 * What to expect of the certificate: the host's name first (it is the SNI),
 * then the destination's names.  names is filled in and must outlive the
 * expectation.
 */
void delivery_tls_expect(const struct frame_destination *destination,
	const struct delivery_target *target,
	struct delivery_tls_names *names,
	struct tls_expectation *expectation);

#endif
