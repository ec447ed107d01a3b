/*
 * What a request prints.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"

#define PRINT_MAX 65536
#define PIECE_MAX 262144

static void
send_output(struct admin_request *request, struct text t, bool error)
{
	while (t.len > 0 && !request->finished) {
		struct frame_output output = {
			.error = error,
			.text = text_slice(t, 0, PIECE_MAX),
		};

		frame_send(request->ipc, FRAME_OUTPUT, &output, -1);
		t = text_skip(t, output.text.len);
	}
}

static void PRINTF_LIKE(3, 0)
print_formatted(struct admin_request *request, bool error,
    const char *format, va_list args)
{
	struct buffer out;

	buffer_init(&out, PRINT_MAX);
	if (buffer_vprintf(&out, format, args) == 0)
		send_output(request, buffer_text(&out), error);
	buffer_clear(&out);
}

void
admin_print(struct admin_request *request, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_formatted(request, false, format, args);
	va_end(args);
}

void
admin_error(struct admin_request *request, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_formatted(request, true, format, args);
	va_end(args);
}

void
admin_print_text(struct admin_request *request, struct text t)
{
	send_output(request, t, false);
}

void
admin_print_json(struct admin_request *request, json_t *root)
{
	char *dump = json_dumps(root, JSON_INDENT(2));

	if (dump != NULL) {
		send_output(request, text_from(dump), false);
		send_output(request, TEXT("\n"), false);
	}
	free(dump);
	json_decref(root);
}

void
admin_done(struct admin_request *request, enum command_status status)
{
	struct frame_command_done done = { .status = (uint8_t)status };

	if (request->finished)
		return;
	request->finished = true;
	frame_send(request->ipc, FRAME_COMMAND_DONE, &done, -1);
}

/*
 * CWE-150: what came with mail must not reach a terminal raw.  UTF-8 is
 * shown as \xNN too: bidirectional controls hide in it.
 */
struct text
admin_safe(struct admin_request *request, struct text t)
{
	static const char digits[] = "0123456789abcdef";
	char *out = arena_alloc(request->arena, t.len * 4 + 1);
	size_t len = 0;

	if (out == NULL)
		return TEXT("...");
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.data[i];

		if (c >= ' ' && c < 0x7f) {
			out[len++] = (char)c;
			continue;
		}
		out[len++] = '\\';
		out[len++] = 'x';
		out[len++] = digits[c >> 4];
		out[len++] = digits[c & 15];
	}
	return text_of(out, len);
}

struct text
admin_age(struct admin_request *request, int64_t span_us)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" } };
	int64_t seconds = span_us / CLOCK_SECOND_US;

	if (seconds < 0)
		seconds = 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (seconds >= 2 * units[i].seconds)
			return arena_printf(request->arena, "%" PRId64 " %s",
			    seconds / units[i].seconds, units[i].unit);
	return arena_printf(request->arena, "%" PRId64 " s", seconds);
}

json_t *
admin_json_text(struct text t)
{
	json_t *value = json_stringn(t.len == 0 ? "" : t.data, t.len);

	/* JSON is UTF-8; anything else is shown as the log shows it. */
	if (value == NULL) {
		struct buffer out;

		buffer_init(&out, PRINT_MAX);
		if (log_print_value(&out, t) == 0)
			value = json_stringn(buffer_text(&out).data,
			    buffer_len(&out));
		buffer_clear(&out);
	}
	return value == NULL ? json_null() : value;
}

json_t *
admin_json_time(int64_t time_us)
{
	char iso[CLOCK_ISO_SIZE];

	if (time_us == 0)
		return json_null();
	clock_print_iso(time_us, iso, sizeof(iso));
	return json_string(iso);
}
