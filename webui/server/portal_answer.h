/*
 * Answers of the portal with the fields that every one carries.  Each ends
 * the visit.
 */
#ifndef WEBUI_SERVER_PORTAL_ANSWER_H
#define WEBUI_SERVER_PORTAL_ANSWER_H

#include "webui/server/portal_visit.h"

enum portal_policy {
	PORTAL_POLICY_PAGE,	/* nothing but our style and forms */
	PORTAL_POLICY_SCRIPT,	/* and the hand-back's script */
	PORTAL_POLICY_MAIL,	/* a message: its own style, no forms */
	PORTAL_POLICIES
};

/* The page is cleared. */
void portal_answer_page(struct portal_visit *visit, unsigned int status,
	enum portal_policy policy, struct portal_page *page);
void portal_answer_text(struct portal_visit *visit, unsigned int status,
	const char *type, struct text body);
/* From a descriptor, which is taken over. */
void portal_answer_file(struct portal_visit *visit,
	enum portal_policy policy, const char *type, int descriptor,
	uint64_t size);
/* 303 to a path of our own. */
void portal_answer_redirect(struct portal_visit *visit, struct text path);

/* Pages that many handlers need. */
void portal_answer_away(struct portal_visit *visit);	/* 503 */
void portal_answer_broken_link(struct portal_visit *visit);	/* 400 */
void portal_answer_no_cookies(struct portal_visit *visit);	/* 403 */
void portal_answer_paused(struct portal_visit *visit, uint32_t wait_s);
void portal_answer_state(struct portal_visit *visit,
	enum frame_envelope_state state, struct text sender,
	int64_t expires_us);
void portal_answer_notice(struct portal_visit *visit, unsigned int status,
	struct text title, struct text words, struct text link,
	struct text link_words);

#endif
