/*
 * Our trace header.
 */
#include "gateway/mail/received.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/mail/address.h"
#include "gateway/mail/fold_writer.h"

#define PART_MAX 256

/*
 * Copy for the inside of a comment or a word: letters, digits and the
 * bytes of keep; anything else becomes "?".
 */
static const char *
harmless(struct text t, const char *keep, char *out, size_t size)
{
	size_t len = t.len < size - 1 ? t.len : size - 1;

	for (size_t i = 0; i < len; i++) {
		char c = t.data[i];
		bool good = text_is_alnum(c) ||
			(c != '\0' && strchr(keep, c) != NULL);
		out[i] = good ? c : '?';
	}
	out[len] = '\0';
	return out;
}

/* RFC 5321 4.4 From-domain, the TCP-info always there. */
static void
print_from(const struct received *received, struct fold_writer *writer)
{
	char part[PART_MAX];
	bool is_domain = address_check_domain(received->helo, 0) == 0;
	bool is_six = text_find_byte(received->client, ':') <
		received->client.len;

	fold_writer_word(writer, TEXT("from"));
	fold_writer_word(writer, is_domain ? received->helo :
		TEXT("unknown"));
	fold_writer_print(writer, "([%s%s])", is_six ? "IPv6:" : "",
		harmless(received->client, ".:", part, sizeof(part)));
	if (!is_domain)
		fold_writer_print(writer, "(HELO %s)",
			harmless(received->helo, "-._:[]+", part,
			sizeof(part)));
}

/* RFC 3848; RFC 6531 3.7.3 for UTF8SMTP. */
static void
print_with(const struct received *received, struct fold_writer *writer)
{
	char part[PART_MAX];
	bool is_extended = received->is_esmtp || received->is_utf8;
	bool is_tls = received->tls.len > 0;
	const char *name = received->is_utf8 ? "UTF8SMTP" :
		received->is_esmtp ? "ESMTP" : "SMTP";

	fold_writer_print(writer, "with %s%s%s", name,
		is_extended && is_tls ? "S" : "",
		is_extended && received->is_authenticated ? "A" : "");
	if (is_tls)
		fold_writer_print(writer, "(%s)", harmless(received->tls,
			" -._/=+", part, sizeof(part)));
}

/* RFC 5321 4.4: FOR names one recipient or stays away. */
static bool
has_for(const struct received *received)
{
	unsigned int allow = ADDRESS_ALLOW_POSTMASTER;
	struct address parsed;

	if (received->is_utf8)
		allow |= ADDRESS_ALLOW_UTF8;
	return received->recipient.len > 0 &&
		address_parse(received->recipient, allow, &parsed, NULL) == 0;
}

int
received_print(const struct received *received, struct buffer *out)
{
	size_t before = buffer_len(out);
	struct fold_writer writer;
	char part[PART_MAX];
	bool is_for = has_for(received);

	fold_writer_field(&writer, out, "Received", received->is_utf8);
	print_from(received, &writer);
	fold_writer_print(&writer, "by %s (Postern)",
		harmless(received->hostname, "-.", part, sizeof(part)));
	print_with(received, &writer);
	fold_writer_print(&writer, "id %" PRIu64 "%s", received->mid,
		is_for ? "" : ";");
	if (is_for)
		fold_writer_print(&writer, "for <%.*s>;",
			TEXT_ARG(received->recipient));
	clock_print_rfc5322(received->time_us, part, sizeof(part));
	fold_writer_word(&writer, text_from(part));
	int error = fold_writer_end(&writer);
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}
