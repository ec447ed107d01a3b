/*
 * A session against arbitrary bytes in arbitrary segments, with a queue
 * that commits everything.  What must hold: every committed message was
 * answered by 250 "queued as", every reply is a well-formed line with an
 * enhanced status of its class, all granted memory comes back, and nothing
 * is left behind when the client has gone.
 *
 * Input: byte 0 chooses the client, byte 1 how the rest is cut.
 */
#include <ctype.h>

#include "t/unit/smtp_session_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fixture fixture;

static const char *const clients[] = { "192.0.2.1", "203.0.113.1",
	"203.0.113.66", "2001:db8::1" };

static void
begin(void)
{
	static bool begun;

	if (begun)
		return;
	begun = true;
	log_set_stderr(false);
	fixture_init(&fixture);
	fixture.config.limits.message_size = 300000;
	fixture_use_config(&fixture);
}

/* RFC 2034 4: "250 2.x.y text"; none in greeting, EHLO and 354. */
static void
check_line(const char *line, size_t len)
{
	require(len >= 6 && len <= 512);
	require(line[0] >= '2' && line[0] <= '5' && isdigit(line[1]) &&
	    isdigit(line[2]) && (line[3] == ' ' || line[3] == '-'));
	require(line[len - 2] == '\r' && line[len - 1] == '\n');
	for (size_t i = 0; i + 2 < len; i++)
		require(line[i] >= ' ' && line[i] <= '~');
	if (line[3] == ' ' && len > 7 && isdigit(line[4]) && line[5] == '.')
		require(line[4] == line[0]);
}

/* How many replies say that a message was queued. */
static uint64_t
check_replies(const char *at)
{
	uint64_t queued = 0;

	while (*at != '\0') {
		const char *end = strchr(at, '\n');

		require(end != NULL);
		check_line(at, (size_t)(end - at) + 1);
		if (strncmp(at, "250 2.0.0 Ok: queued as ", 24) == 0)
			queued++;
		at = end + 1;
	}
	return queued;
}

static void
feed(struct fixture *f, const uint8_t *data, size_t size, uint8_t cut)
{
	size_t piece, at = 0, turn = 0;

	while (at < size && f->is_open) {
		/* Whole lines, or pieces of changing size. */
		const uint8_t *end = memchr(data + at, '\n', size - at);

		piece = end == NULL ? size - at :
		    (size_t)(end - data) + 1 - at;
		if (cut != 0)
			piece = 1 + (cut * ++turn) % 97;
		if (cut == 255 || piece > size - at)
			piece = size - at;
		fixture_send(f, (const char *)data + at, piece);
		fixture_pump(f);
		at += piece;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fixture *f = &fixture;
	uint64_t before;

	if (size < 2 || size > 65536)
		return 0;
	begin();
	before = f->committed;
	fixture_open(f, clients[data[0] % 4]);
	fixture_pump(f);
	feed(f, data + 2, size - 2, data[1]);
	(void)shutdown(f->client, SHUT_WR);
	fixture_pump(f);
	require(!f->is_open);
	require(f->committed - before == check_replies(f->replies));
	fixture_close(f);
	require(f->budget == 0);
	require(list_is_empty(&f->service.sessions));
	require(f->service.counters.connections_open == 0);
	return 0;
}
