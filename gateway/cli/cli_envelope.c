/*
 * "postern envelope open FILE": what an envelope says about itself, and, with
 * the key service's share, the message inside (PROTOCOL.envelope).
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secure_envelope_mail.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/base/memory.h"
#include "gateway/cli/cli_file.h"
#include "gateway/cli/cli_private.h"

/* A message of SECURE_ENVELOPE_MESSAGE_MAX in base64, and the script. */
#define FILE_MAX (128u * 1024 * 1024)
#define ARENA_MAX (256u * 1024 * 1024)
#define SHARE_LINE_MAX 256

struct envelope_work {
	const struct cli_options *options;
	const struct command_call *call;
	struct buffer bytes;		/* of the file */
	struct buffer package;
	struct arena *arena;
	struct secure_envelope_file file;
	struct secure_envelope_header header;
	struct secure_envelope_shares shares;
};

static int
complain(const char *words)
{
	fprintf(stderr, "postern: %s\n", words);
	return COMMAND_FAILED;
}

/* ---- the clear part ----------------------------------------------------- */

static json_t *
json_time(int64_t time_us)
{
	char iso[CLOCK_ISO_SIZE];

	if (time_us == 0)
		return json_null();
	clock_print_iso(time_us, iso, sizeof(iso));
	return json_string(iso);
}

static void
print_json(const struct envelope_work *work, const char *reference,
    const char *id)
{
	const struct secure_envelope_header *h = &work->header;
	json_t *root = json_pack(
	    "{s:s, s:s, s:s%, s:s%, s:s%, s:s%, s:o, s:o, s:I}",
	    "reference", reference, "id", id,
	    "profile", h->profile.data, h->profile.len,
	    "sender", h->sender.data, h->sender.len,
	    "organisation", h->organisation.data, h->organisation.len,
	    "portal", h->portal_url.data, h->portal_url.len,
	    "created", json_time(h->created_us),
	    "expires", json_time(h->expires_us),
	    "payload", (json_int_t)work->file.payload.len);

	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

/* CWE-150: nothing out of the file reaches a terminal raw. */
static int
print_line(struct buffer *out, const char *name, struct text value)
{
	int error = buffer_printf(out, "%s: ", name);

	for (size_t i = 0; i < value.len && error == 0; i++) {
		unsigned char c = (unsigned char)value.data[i];

		error = c >= ' ' && c < 0x7f ?
		    buffer_add_byte(out, (char)c) :
		    buffer_printf(out, "\\x%02x", c);
	}
	return error == 0 ? buffer_add_byte(out, '\n') : error;
}

static int
print_time(struct buffer *out, const char *name, int64_t time_us)
{
	char iso[CLOCK_ISO_SIZE];

	if (time_us == 0)
		return print_line(out, name, TEXT("never"));
	clock_print_iso(time_us, iso, sizeof(iso));
	return print_line(out, name, text_from(iso));
}

static int
show(const struct envelope_work *work, struct buffer *out)
{
	const struct secure_envelope_header *h = &work->header;
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
	char id[HEX_SIZE(SECURE_ENVELOPE_ID_LEN)];

	secure_envelope_reference(h->id, reference);
	hex_encode(h->id, sizeof(h->id), id);
	if (work->options->json) {
		print_json(work, reference, id);
		return COMMAND_OK;
	}
	if (print_line(out, "reference", text_from(reference)) == 0 &&
	    print_line(out, "identity", text_from(id)) == 0 &&
	    print_line(out, "profile", h->profile) == 0 &&
	    print_line(out, "sender", h->sender) == 0 &&
	    print_line(out, "organisation", h->organisation) == 0 &&
	    print_line(out, "portal", h->portal_url) == 0 &&
	    print_time(out, "created", h->created_us) == 0 &&
	    print_time(out, "expires", h->expires_us) == 0)
		return COMMAND_OK;
	return complain("out of room");
}

/* ---- the message -------------------------------------------------------- */

/* Gives an exit status. */
static int
read_share(struct envelope_work *work)
{
	struct text given = work->call->values[OPTION_SHARE];
	bool is_input = text_equal(given, TEXT("-"));
	struct reason why = { 0 };
	struct buffer line;
	int status = COMMAND_OK;

	buffer_init(&line, SHARE_LINE_MAX);
	if (is_input && text_equal(work->call->arguments[0], TEXT("-"))) {
		complain("file and share cannot both be standard input");
		status = COMMAND_USAGE;
	} else if (is_input && cli_file_read(given, &line, &why) < 0) {
		status = complain(why.text);
	} else if (hex_decode(text_trim(is_input ? buffer_text(&line) :
	    given), work->shares.service, sizeof(work->shares.service)) < 0) {
		complain("--share wants 64 hexadecimal digits");
		status = COMMAND_USAGE;
	}
	buffer_wipe(&line);
	buffer_clear(&line);
	return status;
}

static int
write_message(const struct envelope_work *work, struct text message)
{
	struct reason why = { 0 };

	if (work->call->given[OPTION_OUTPUT])
		return cli_file_make(work->call->values[OPTION_OUTPUT],
		    message, &why) == 0 ? COMMAND_OK : complain(why.text);
	if (fwrite(message.data, 1, message.len, stdout) != message.len ||
	    fflush(stdout) != 0)
		return complain("the message could not be written");
	return COMMAND_OK;
}

static int
open_message(struct envelope_work *work)
{
	struct text manifest, message;
	int status = read_share(work);

	if (status != COMMAND_OK)
		return status;
	memcpy(work->shares.envelope, work->file.share,
	    sizeof(work->shares.envelope));
	if (secure_envelope_open(work->file.header, &work->shares,
	    work->file.payload, &work->package) < 0)
		return complain("the envelope does not open: it was changed, "
		    "or that is not the share of this envelope");
	if (secure_envelope_unpack(buffer_text(&work->package), &manifest,
	    &message) < 0)
		return complain("what is inside is no package of a message");
	return write_message(work, message);
}

/* ---- the command -------------------------------------------------------- */

static int
read_envelope(struct envelope_work *work)
{
	struct reason why = { 0 };
	int error;

	if (cli_file_read(work->call->arguments[0], &work->bytes, &why) < 0)
		return complain(why.text);
	error = secure_envelope_file_read(buffer_text(&work->bytes),
	    work->arena, &work->file);
	if (error == ERROR_NOT_FOUND)
		return complain("there is no envelope in that file");
	if (error < 0 || secure_envelope_header_decode(work->file.header,
	    &work->header) < 0)
		return complain("the envelope in that file is damaged");
	return COMMAND_OK;
}

int
cli_run_envelope_open(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	struct envelope_work work = { .options = options, .call = call };
	int status;

	if (call->given[OPTION_OUTPUT] && !call->given[OPTION_SHARE]) {
		complain("--output wants --share, too");
		return COMMAND_USAGE;
	}
	buffer_init(&work.bytes, FILE_MAX);
	buffer_init(&work.package, FILE_MAX);
	work.arena = arena_new(ARENA_MAX);
	status = read_envelope(&work);
	if (status == COMMAND_OK)
		status = call->given[OPTION_SHARE] ? open_message(&work) :
		    show(&work, out);
	memory_wipe(&work.shares, sizeof(work.shares));
	buffer_wipe(&work.package);
	buffer_clear(&work.package);
	buffer_clear(&work.bytes);
	arena_free(work.arena);
	return status;
}
