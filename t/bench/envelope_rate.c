/*
 * How fast messages become envelopes: messages per second of CPU, beside
 * AES-256-GCM and base64 of OpenSSL alone over the same bytes, in turns.
 *
 *   envelope_rate [SECONDS]     for each size and side, 2 by default
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/openssl_library.h"
#include "crypto/secure_envelope_mail.h"
#include "gateway/base/memory.h"
#include "gateway/mail/charset.h"

#define ROUNDS 10
#define ARENA_MAX (64u * 1024 * 1024)
#define OUT_MAX (96u * 1024 * 1024)

static const struct text recipients[] = { TEXT_INIT("bob@example.net") };

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A mail of that size: a text and a base64 attachment. */
static struct text
make_message(size_t size)
{
	static const char head[] = "From: Ann <ann@example.org>\r\n"
	    "To: Bob <bob@example.net>\r\nSubject: quarterly figures\r\n"
	    "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\nFigures.\r\n"
	    "--part\r\nContent-Type: application/pdf; name=figures.pdf\r\n"
	    "Content-Disposition: attachment; filename=figures.pdf\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n";
	static const char tail[] = "--part--\r\n";
	char *bytes = memory_new(size);
	size_t at = sizeof(head) - 1, column = 0;

	memcpy(bytes, head, at);
	for (; at < size - sizeof(tail) + 1; at++, column++) {
		bytes[at] = (char)('A' + rand() % 26);
		if (column % 78 == 76)
			bytes[at] = '\r';
		if (column % 78 == 77)
			bytes[at] = '\n';
	}
	bytes[at - 2] = '\r';
	bytes[at - 1] = '\n';
	memcpy(bytes + at, tail, sizeof(tail) - 1);
	return text_of(bytes, size);
}

static void
envelope_once(struct text message, struct arena *arena, struct buffer *out)
{
	const struct secure_envelope_mail mail = {
		.subject = TEXT_INIT("protected"),
		.has_link = true,
		.hostname = TEXT_INIT("gateway.example.org"),
		.recipients = recipients,
		.recipient_count = 1,
	};
	struct secure_envelope_header header = {
		.profile = TEXT_INIT("default"),
		.sender = TEXT_INIT("ann@example.org"),
		.portal_url = TEXT_INIT("https://msg.example.org"),
		.created_us = 1,
	};
	struct secure_envelope_shares shares;

	memset(header.id, 7, sizeof(header.id));
	secure_envelope_recipients(recipients, 1, header.recipients_sha256);
	secure_envelope_make_keys(&header, &shares);
	buffer_reset(out);
	if (secure_envelope_mail_write(&mail, &header, &shares, message,
	    arena, out) != 0)
		fatal("the envelope could not be written");
	arena_reset(arena);
}

/* Into a buffer that is reused, as the envelope's is. */
static void
raw_once(struct text message, unsigned char *sealed, unsigned char *encoded)
{
	static const unsigned char key[32] = { 1 }, iv[12] = { 2 };
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int len = 0, more = 0;

	if (EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, iv) !=
	    1 || EVP_EncryptUpdate(context, sealed, &len,
	    (const unsigned char *)message.data, (int)message.len) != 1 ||
	    EVP_EncryptFinal_ex(context, sealed + len, &more) != 1)
		fatal("AES-256-GCM failed");
	EVP_CIPHER_CTX_free(context);
	EVP_EncodeBlock(encoded, sealed, len + more);
}

struct sides {
	struct text message;
	struct arena *arena;
	struct buffer out;
	unsigned char *sealed;
	unsigned char *encoded;
};

static void
run_envelope(struct sides *sides)
{
	envelope_once(sides->message, sides->arena, &sides->out);
}

static void
run_raw(struct sides *sides)
{
	raw_once(sides->message, sides->sealed, sides->encoded);
}

/* Messages per second of CPU. */
static double
rate(struct sides *sides, void (*run)(struct sides *), double seconds)
{
	double start = cpu_seconds(), end;
	unsigned long count = 0;

	do {
		run(sides);
		count++;
		end = cpu_seconds();
	} while (end - start < seconds);
	return (double)count / (end - start);
}

static void
compare(const char *name, size_t size, double seconds, double goal)
{
	struct sides sides = {
		.message = make_message(size),
		.arena = arena_new(ARENA_MAX),
		.sealed = memory_new(size + 64),
		.encoded = memory_new(size * 2),
	};
	double envelope = 0, raw = 0;
	int i;

	buffer_init(&sides.out, OUT_MAX);
	for (i = 0; i < ROUNDS; i++) {
		envelope += rate(&sides, run_envelope, seconds / ROUNDS);
		raw += rate(&sides, run_raw, seconds / ROUNDS);
	}
	printf("%-6s  %10.0f envelopes/s  %10.0f raw/s  %5.0f %%", name,
	    envelope / ROUNDS, raw / ROUNDS, 100 * envelope / raw);
	if (goal > 0)
		printf("  (goal %.0f %%)", goal);
	printf("\n");
	buffer_clear(&sides.out);
	arena_free(sides.arena);
	free(sides.sealed);
	free(sides.encoded);
	free((void *)(uintptr_t)sides.message.data);
}

int
main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 2;

	openssl_library_prepare();
	charset_prepare();
	printf("Enveloping, per second of CPU of one core, beside "
	    "AES-256-GCM and base64 alone:\n");
	compare("10 KB", 10 * 1024, seconds, 0);
	compare("1 MB", 1024 * 1024, seconds, 50);
	return 0;
}
