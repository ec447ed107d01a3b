/*
 * Sending and receiving for libldap; part of the inspect process.
 */
#include "policy/inspect/ldap_transport.h"

#include <errno.h>
#include <lber.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/clock.h"

int64_t
ldap_transport_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_monotonic_ms();

	return left > 0 ? left : 0;
}

/*
 * libldap's own reads wait without end, and its TLS handshake turns without
 * rest while there is nothing to read.  So whatever it sends and receives
 * goes through these, which wait for the descriptor until the deadline.
 */
static bool
wait_ready(const struct ldap_transport *transport, short events)
{
	struct pollfd ready = { .fd = transport->descriptor, .events = events };
	int count;

	do {
		count = poll(&ready, 1,
		    (int)ldap_transport_left_ms(transport->deadline_ms));
	} while (count < 0 && errno == EINTR);
	/* EAGAIN would be tried again at once. */
	if (count == 0)
		errno = ETIMEDOUT;
	return count > 0;
}

static ber_slen_t
transport_read(Sockbuf_IO_Desc *layer, void *out, ber_len_t size)
{
	const struct ldap_transport *transport = layer->sbiod_pvt;
	ssize_t got;

	do {
		if (!wait_ready(transport, POLLIN))
			return -1;
		got = recv(transport->descriptor, out, size, 0);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	return got;
}

static ber_slen_t
transport_write(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t size)
{
	const struct ldap_transport *transport = layer->sbiod_pvt;
	ssize_t sent;

	do {
		if (!wait_ready(transport, POLLOUT))
			return -1;
		sent = send(transport->descriptor, bytes, size, MSG_NOSIGNAL);
	} while (sent < 0 && (errno == EINTR || errno == EAGAIN));
	return sent;
}

static int
transport_setup(Sockbuf_IO_Desc *layer, void *transport)
{
	layer->sbiod_pvt = transport;
	return 0;
}

static int
transport_remove(Sockbuf_IO_Desc *layer)
{
	(void)layer;
	return 0;
}

/* No option is ours, and nothing is kept back that could be read. */
static int
transport_control(Sockbuf_IO_Desc *layer, int option, void *value)
{
	(void)layer;
	(void)option;
	(void)value;
	return 0;
}

static int
transport_close(Sockbuf_IO_Desc *layer)
{
	const struct ldap_transport *transport = layer->sbiod_pvt;

	return close(transport->descriptor);
}

static Sockbuf_IO functions = {
	.sbi_setup = transport_setup,
	.sbi_remove = transport_remove,
	.sbi_ctrl = transport_control,
	.sbi_read = transport_read,
	.sbi_write = transport_write,
	.sbi_close = transport_close,
};

int
ldap_transport_join(struct ldap_transport *transport,
	struct sockbuf *socket_buffer)
{
	return ber_sockbuf_add_io(socket_buffer, &functions,
	    LBER_SBIOD_LEVEL_PROVIDER, transport) < 0 ? ERROR_SYSTEM : 0;
}
