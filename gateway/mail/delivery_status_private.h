/*
 * What the parts of a delivery status notification share.
 */
#ifndef GATEWAY_MAIL_DELIVERY_STATUS_PRIVATE_H
#define GATEWAY_MAIL_DELIVERY_STATUS_PRIVATE_H

#include "gateway/mail/delivery_status.h"
#include "gateway/mail/fold_writer.h"

#define DELIVERY_STATUS_LINE_MAX 998	/* RFC 5322 2.1.1 */

/* ---- delivery_status_original.c: the part with the original ---- */

struct delivery_status_original {
	struct text bytes;	/* what of it goes along */
	bool is_whole;
	bool is_8bit;
	const char *type;	/* MIME type of the part */
};

void delivery_status_choose_original(const struct delivery_status *status,
	struct delivery_status_original *out);
/* The content of the part; its lines end in CRLF. */
int delivery_status_write_original(
	const struct delivery_status_original *original, struct buffer *out)
	MUST_CHECK;

/* ---- delivery_status_text.c: the part for people ---- */

int delivery_status_write_text(const struct delivery_status *status,
	bool is_original_whole, bool utf8, struct buffer *out) MUST_CHECK;

/* ---- delivery_status.c ---- */

/*
 * An address as one word: as it is where the notification may hold UTF-8 or
 * it is ASCII; else non-ASCII as "\x{HEX}" (RFC 6533 3).
 */
void delivery_status_write_address(struct fold_writer *writer,
	const char *before, struct text address, const char *behind);
/* The status, or what stands for the action where it is 0. */
void delivery_status_find_code(
	const struct delivery_status_recipient *recipient,
	uint16_t code[3]);

#endif
