/*
 * What must hold between settings: listeners, limits, sockets, resolvers.
 */
#include "gateway/config/config_check.h"

#include <inttypes.h>
#include <string.h>
#include <sys/un.h>

#include "gateway/config/config_syntax.h"
#include "gateway/config/config_verify.h"

/* Bytes of a path that a Unix socket can have. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define CONTROL_NAME "/control"

static void
listener_certificate_check(const struct config_listener *listener,
	struct config_report *report)
{
	bool has = !text_is_empty(listener->certificate);
	struct text path = config_report_path_of(report,
	    "listeners.%.*s.certificate", TEXT_ARG(listener->name));

	if (listener->tls == CONFIG_LISTENER_TLS_OFF && has)
		config_report_path(report, path, "a certificate, but tls is "
		    "off; set tls to starttls or implicit, or leave the "
		    "certificate out");
	if (listener->tls != CONFIG_LISTENER_TLS_OFF && !has)
		config_report_path(report, path, "the listener speaks TLS "
		    "and needs one of tls.certificates");
}

static bool
address_is_any(const struct config_network *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

static bool
listeners_collide(const struct config_listener *a,
	const struct config_listener *b)
{
	struct config_network x, y;

	if (a->port != b->port ||
	    config_network_parse(a->address, &x) != 0 ||
	    config_network_parse(b->address, &y) != 0 || x.width != y.width)
		return false;
	return address_is_any(&x) || address_is_any(&y) ||
	    memcmp(x.bytes, y.bytes, sizeof(x.bytes)) == 0;
}

static void
listeners_check(const struct config *config, struct config_report *report)
{
	size_t i, k;

	for (i = 0; i < config->listener_count; i++) {
		const struct config_listener *one = &config->listeners[i];

		listener_certificate_check(one, report);
		for (k = 0; k < i; k++)
			if (listeners_collide(one, &config->listeners[k]))
				break;
		if (k < i)
			config_report_path(report,
			    config_report_path_of(report, "listeners.%.*s",
			    TEXT_ARG(one->name)), "address and port are "
			    "taken by listener \"%.*s\"",
			    TEXT_ARG(config->listeners[k].name));
	}
}

static void
limits_check(const struct config *config, struct config_report *report)
{
	const struct config_limits *limits = &config->limits;

	if (limits->in_flight < limits->message_size)
		config_report_path(report, TEXT("limits.in_flight"),
		    "smaller than limits.message_size: one message of that "
		    "size could never be taken");
}

static void
policies_check(const struct config *config, struct config_report *report)
{
	size_t i;

	for (i = 0; i < config->flow_policy_count; i++) {
		const struct config_flow_policy *policy =
		    &config->flow_policies[i];

		if (policy->max_message_size > config->limits.message_size)
			config_report_path(report,
			    config_report_path_of(report, "mail_flow_policies"
			    ".%.*s.max_message_size", TEXT_ARG(policy->name)),
			    "larger than limits.message_size");
	}
}

static void
socket_check(struct text socket, size_t more, const char *path,
	struct config_report *report)
{
	if (socket.len + more > SOCKET_PATH_MAX)
		config_report_path(report, text_from(path), "too long: the "
		    "path of a socket has at most %zu bytes",
		    SOCKET_PATH_MAX - more);
}

static void
sockets_check(const struct config *config, struct config_report *report)
{
	struct text control = config->management.control_socket;

	socket_check(config->logs.syslog_socket, 0, "logs.syslog_socket",
	    report);
	if (!text_is_empty(control))
		socket_check(control, 0, "management.control_socket", report);
	else
		socket_check(config->processes.run_directory,
		    sizeof(CONTROL_NAME) - 1, "processes.run_directory",
		    report);
}

static void
dns_check(const struct config *config, struct config_report *report)
{
	if (config->dns.forwarder_count > 0 && config->dns.root_hint_count > 0)
		config_report_path(report, TEXT("dns.root_hints"),
		    "have no effect beside dns.forwarders; leave one of the "
		    "two out");
}

int
config_check(const struct config *config, struct config_report *report)
{
	static void (*const checks[])(const struct config *,
		struct config_report *) = {
		listeners_check,
		config_check_access,
		policies_check,
		config_check_delivery,
		config_check_protection,
		config_check_dictionaries,
		config_check_directory,
		config_check_policy,
		limits_check,
		sockets_check,
		dns_check,
	};
	int rc = config_verify(config, report);
	size_t i;

	if (rc != 0)
		return rc;
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](config, report);
	return report->errors->count > 0 ? ERROR_MALFORMED : 0;
}
