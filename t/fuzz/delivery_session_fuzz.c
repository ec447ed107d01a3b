/*
 * A server of arbitrary bytes in arbitrary segments against an outbound
 * session.  What must hold: every recipient gets exactly one result, nobody
 * is delivered unless the server was sent the whole message and then said a
 * line that begins with "2", and under a rule that insists on TLS not a byte
 * of mail leaves in clear.
 *
 * Input: byte 0 the TLS rule, byte 1 how the rest is cut; 0xff ends a
 * segment and lets the client speak.
 */
#include <signal.h>

#include "t/unit/delivery_fixture.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *data;
	size_t size;
	size_t at;
	size_t line;		/* where the server's current line began */
	bool line_open;
	uint8_t cut;
	int descriptor;		/* the server's end, or -1 */
	struct buffer heard;	/* on this connection */
	bool has_dot;		/* the end of the message was heard */
	bool has_two;		/* and a line "2..." was sent behind it */
	bool has_mail;		/* MAIL was heard */
} server;

static int
server_open(void *context, const struct delivery_target *target)
{
	int pair[2];

	(void)context;
	(void)target;
	if (server.at == server.size) {
		errno = ECONNREFUSED;
		return -1;
	}
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair) == 0);
	if (server.descriptor >= 0)
		close(server.descriptor);
	server.descriptor = pair[1];
	buffer_reset(&server.heard);
	server.has_dot = false;
	server.line_open = false;
	return pair[0];
}

static void
server_hear(void)
{
	char bytes[65536];
	ssize_t count;

	while (server.descriptor >= 0 && (count = read(server.descriptor,
	    bytes, sizeof(bytes))) > 0)
		require(buffer_add(&server.heard, bytes, (size_t)count) == 0);
	if (text_find(buffer_text(&server.heard), TEXT("\r\n.\r\n")) <
	    buffer_len(&server.heard))
		server.has_dot = true;
	if (text_find(buffer_text(&server.heard), TEXT("MAIL FROM")) <
	    buffer_len(&server.heard))
		server.has_mail = true;
}

/* Note lines that end from now on and begin with "2". */
static void
server_note(uint8_t byte)
{
	if (!server.line_open) {
		server.line_open = true;
		server.line = server.at;
	}
	if (byte != '\n')
		return;
	if (server.has_dot && server.data[server.line] == '2')
		server.has_two = true;
	server.line_open = false;
}

static void
server_speak(void)
{
	uint8_t piece[65536];
	size_t len = 0, most = server.cut == 0 ? sizeof(piece) :
	    1 + server.cut % 61;

	while (len < most && server.at < server.size) {
		uint8_t byte = server.data[server.at];

		if (byte == 0xff) {
			server.at++;
			break;
		}
		server_note(byte);
		piece[len++] = byte;
		server.at++;
	}
	if (server.descriptor >= 0 && len > 0 &&
	    write(server.descriptor, piece, len) < 0) {
		close(server.descriptor);
		server.descriptor = -1;
	}
}

static void
turn_over(void *context)
{
	(void)context;
	loop_stop(world.loop);
}

static void
turns(unsigned int count)
{
	while (count-- > 0) {
		loop_again(world.loop);
		loop_run(world.loop);
		server_hear();
	}
}

static void
begin(void)
{
	static struct delivery_peers table;
	struct reason why;

	if (world.loop != NULL)
		return;
	signal(SIGPIPE, SIG_IGN);
	clock_open();
	log_set_stderr(false);
	peer_setup();
	delivery_free(world.delivery);
	table = peer_table;
	table.open_socket = server_open;
	world.delivery = delivery_new(world.loop, 100, &table, NULL);
	require(delivery_configure(world.delivery, &world.config, &why) == 0);
	loop_on_turn_end(world.loop, turn_over, NULL);
	buffer_init(&server.heard, 16 * 1024 * 1024);
	server.descriptor = -1;
}

/* Another address each time: what one run learns tells nothing to the next. */
static void
give(uint8_t tls)
{
	static unsigned int number;
	static char host[64];
	struct peer_job job = { .job = 1, .body = "Subject: x\r\n\r\n.\r\ny\r\n",
		.sender = "s@a.test", .tls = tls,
		.recipients = { "r1@b.test", "r2@b.test" },
		.hosts = { host } };

	number++;
	snprintf(host, sizeof(host), "198.%u.%u.%u", 18 + number / 65536 % 2,
	    number / 256 % 256, number % 256);
	peer_give(&job);
}

static void
check(uint8_t tls)
{
	size_t i;

	require(world.result_count == 2);
	require(world.results[0].rid + world.results[1].rid == 3);
	for (i = 0; i < 2; i++)
		if (world.results[i].result == FRAME_RESULT_DELIVERED ||
		    world.results[i].result == FRAME_RESULT_RELAYED)
			require(server.has_two);
	/* No server of arbitrary bytes can finish a handshake. */
	if (tls == CONFIG_DESTINATION_TLS_REQUIRED ||
	    tls == CONFIG_DESTINATION_TLS_VERIFIED)
		require(!server.has_mail);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int i;
	uint8_t tls;

	if (size < 2 || size > 16384)
		return 0;
	begin();
	tls = data[0] % 4;
	world.result_count = 0;
	world.wanted = SIZE_MAX;
	server.data = data + 2;
	server.size = size - 2;
	server.cut = data[1];
	server.at = 0;
	server.has_two = server.has_mail = server.has_dot = false;
	buffer_reset(&server.heard);
	give(tls);
	turns(4);
	while (server.at < server.size && world.result_count == 0) {
		server_speak();
		turns(3);
	}
	server.at = server.size;
	for (i = 0; i < 100 && world.result_count == 0; i++) {
		if (server.descriptor >= 0)
			close(server.descriptor);
		server.descriptor = -1;
		turns(2);
	}
	check(tls);
	if (server.descriptor >= 0)
		close(server.descriptor);
	server.descriptor = -1;
	turns(3);
	require(delivery_count(world.delivery).jobs == 0);
	require(delivery_count(world.delivery).sessions == 0);
	return 0;
}
