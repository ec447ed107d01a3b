/*
 * mail/smtp_reply: one piece or byte by byte gives the same reply and the
 * same rest; what is kept is printable and within its limits.
 */
#include <string.h>

#include "gateway/mail/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feed as a connection would: at most step new bytes a time. */
static int
read_reply(struct smtp_reply *reply, struct text input, size_t step,
	size_t *used)
{
	int error = ERROR_AGAIN;
	size_t seen = 0;

	smtp_reply_init(reply);
	*used = 0;
	while (error == ERROR_AGAIN && seen < input.len) {
		size_t one = 0;
		seen = input.len - seen < step ? input.len : seen + step;
		error = smtp_reply_feed(reply, text_slice(input, *used,
			seen - *used), &one);
		*used += one;
		require(*used <= seen);
	}
	return error;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct smtp_reply whole;
	static struct smtp_reply bytewise;
	struct text input = text_of(data, size);
	char printed[SMTP_REPLY_PRINT_SIZE];
	size_t used_whole = 0;
	size_t used_bytewise = 0;
	uint64_t size_max = 0;
	int error = read_reply(&whole, input, SIZE_MAX, &used_whole);

	require(read_reply(&bytewise, input, 1, &used_bytewise) == error);
	require(used_whole == used_bytewise);
	require(whole.text_len <= SMTP_REPLY_TEXT_MAX);
	require(whole.line_count <= SMTP_REPLY_LINES_MAX);
	if (error != 0)
		return 0;
	require(memcmp(&whole, &bytewise, offsetof(struct smtp_reply, text)) ==
		0);
	require(memcmp(whole.text, bytewise.text, whole.text_len) == 0);
	require(whole.code >= 200 && whole.code <= 599);
	require(whole.status[0] == 0 ||
		whole.status[0] == smtp_reply_class(&whole));
	smtp_reply_print(&whole, printed, sizeof(printed));
	for (size_t i = 0; printed[i] != '\0'; i++)
		require(printed[i] >= ' ' && printed[i] <= '~');
	(void)smtp_reply_extensions(&whole, &size_max);
	return 0;
}
