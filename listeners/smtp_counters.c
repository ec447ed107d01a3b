/*
 * Counters by name.  smtp process.
 */
#include "listeners/smtp_counters.h"

#include <string.h>

#define COUNTER(member) \
	{ TEXT_INIT(#member), offsetof(struct smtp_counters, member) }

static const struct {
	struct text name;
	size_t offset;
} rows[] = {
	COUNTER(connections_open),
	COUNTER(connections_total),
	COUNTER(connections_rejected),
	COUNTER(tls_established),
	COUNTER(tls_failed),
	COUNTER(messages_accepted),
	COUNTER(messages_refused),
	COUNTER(senders_refused),
	COUNTER(recipients_accepted),
	COUNTER(recipients_refused),
	COUNTER(commands_refused),
	COUNTER(bytes_received),
	COUNTER(rates_refused),
	COUNTER(accept_pauses),
};

size_t
smtp_counters_print(const struct smtp_counters *counters,
    struct frame_counter *out, size_t max)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && i < max; i++) {
		out[i].name = rows[i].name;
		memcpy(&out[i].value,
		    (const char *)counters + rows[i].offset,
		    sizeof(out[i].value));
	}
	return i;
}
