/*
 * The portal's pages: plain HTML that works without script, in one column,
 * at phone size.  Whatever comes from outside passes through one function
 * (gateway/mail/html_escape.h) on its way into a page.
 */
#ifndef WEBUI_SERVER_PORTAL_PAGE_H
#define WEBUI_SERVER_PORTAL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/protocol/frame_vault.h"
#include "webui/server/portal_intent.h"

struct portal_page {
	struct buffer html;
};

void portal_page_init(struct portal_page *page);
void portal_page_clear(struct portal_page *page);
/* Head and heading; then the content; then the foot. */
void portal_page_begin(struct portal_page *page, struct text title);
void portal_page_end(struct portal_page *page);
/* Our own markup. */
void portal_page_add(struct portal_page *page, const char *markup);
/*
 * Our own markup, in which "{0}" to "{9}" stand for values, which are
 * escaped for elements and for attributes in double quotes.
 */
void portal_page_fill(struct portal_page *page, const char *markup,
	const struct text *values, size_t count);
#define PORTAL_PAGE_FILL(page, markup, ...) \
	portal_page_fill(page, markup, \
	(const struct text[]){ __VA_ARGS__ }, \
	sizeof((const struct text[]){ __VA_ARGS__ }) / sizeof(struct text))

/* "21 November 2026, 12:03 UTC"; out holds PORTAL_PAGE_TIME_SIZE bytes. */
#define PORTAL_PAGE_TIME_SIZE 64
struct text portal_page_time(int64_t time_us, char *out, size_t size);

/* What the pages about one message have in common. */
struct portal_page_view {
	struct text id;			/* hexadecimal */
	struct text reference;
	struct text token;		/* of this browser, for forms */
	struct text again;		/* the page's address, to begin anew */
	const struct portal_intent *intent;
	const char *error;		/* NULL: none */
};

/* portal_page_message.c: who, when, and the way to a code. */
void portal_page_message(struct portal_page *page,
	const struct portal_page_view *view,
	const struct frame_vault_find *find);
struct portal_page_challenge {
	struct text challenge;		/* hexadecimal */
	struct text proof;
	uint64_t lifetime_s;
};
void portal_page_code(struct portal_page *page,
	const struct portal_page_view *view,
	const struct portal_page_challenge *challenge);
/* Expired, withdrawn or unknown. */
void portal_page_state(struct portal_page *page,
	enum frame_envelope_state state, struct text sender,
	int64_t expires_us);

/* portal_page_open.c */
void portal_page_handback(struct portal_page *page,
	const struct portal_page_view *view, struct text wrapped);
void portal_page_upload(struct portal_page *page,
	const struct portal_page_view *view);
/* The script of the hand-back page, as its hash is made. */
extern const struct text portal_page_script;

/* portal_page_site.c */
void portal_page_home(struct portal_page *page, struct text token,
	const char *error);
void portal_page_about(struct portal_page *page, struct text url);
void portal_page_signout(struct portal_page *page, struct text token);
/* A sentence or two, and perhaps where to go on. */
void portal_page_notice(struct portal_page *page, struct text title,
	struct text words, struct text link, struct text link_words);

/* portal_style.c */
extern const struct text portal_style;

#endif
