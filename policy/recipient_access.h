/*
 * Which recipients mail is accepted for from those who may not relay: an
 * ordered list of patterns, the first that matches decides, none refuses.
 *
 *   "user@domain"  that address; the local part is compared without regard
 *                  to case, so that a refusal cannot be passed by it
 *   "domain"       every address of exactly that domain
 *   ".domain"      every domain below it, not itself
 *   "user@"        that local part at any domain
 *   "all"          every address
 *
 * An address whose local part holds '@', '%' or '!' asks a later host to
 * route it on (percent hack, bang path): it matches only a pattern that
 * names it whole.
 */
#ifndef POLICY_RECIPIENT_ACCESS_H
#define POLICY_RECIPIENT_ACCESS_H

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/config/config.h"

struct recipient_access;

/*
 * Compile recipient_access; borrows config, which must live as long.
 * ERROR_MALFORMED: a pattern in none of the forms above, words in why.
 */
int recipient_access_new(const struct config *config,
	struct recipient_access **out, struct reason *why) MUST_CHECK;
void recipient_access_free(struct recipient_access *access);

/*
 * Judge a recipient that was parsed before (address_parse_path).
 *   whole   "local@domain", without a source route
 * 0, or ERROR_REFUSED with reply and status of the rule in why: 550 5.1.1 as
 * the rule says, 550 5.7.1 where no rule matches.
 */
int recipient_access_check(const struct recipient_access *access,
	struct text whole, struct reason *why) MUST_CHECK;

#endif
