/*
 * Speaking LDAP; part of the inspect process.
 */
#include "policy/inspect/ldap_session.h"

#include <errno.h>
#include <ldap.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openldap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/buffer.h"
#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "policy/inspect/ldap_transport.h"
#include "policy/inspect/ldap_trust.h"

#define URL_MAX 300		/* "ldap://HOST" */
#define STRING_MAX ((size_t)65536)	/* a filter, filled in */
#define MESSAGE_MAX ((ber_len_t)1024 * 1024)	/* one, from a server */

struct ldap_session {
	LDAP *ldap;
	struct ldap_transport transport;
};

/* ---- time ---- */

static struct timeval
time_left(int64_t deadline_ms)
{
	int64_t left = ldap_transport_left_ms(deadline_ms);

	return (struct timeval){ .tv_sec = (time_t)(left / 1000),
		.tv_usec = (suseconds_t)(left % 1000 * 1000) };
}

static int
too_late(struct reason *why, const char *doing)
{
	reason_set(why, "%s: no answer in time", doing);
	return ERROR_TEMPORARY;
}

/* ---- results ---- */

/* What a result code means for us. */
static int
judge_code(int code, struct reason *why, const char *doing)
{
	static const int elsewhere[] = { LDAP_SERVER_DOWN, LDAP_CONNECT_ERROR,
		LDAP_BUSY, LDAP_UNAVAILABLE, LDAP_UNWILLING_TO_PERFORM,
		LDAP_ENCODING_ERROR, LDAP_DECODING_ERROR };
	size_t i;

	if (code == LDAP_SUCCESS)
		return 0;
	if (code == LDAP_TIMEOUT)
		return too_late(why, doing);
	reason_set(why, "%s: %s", doing, ldap_err2string(code));
	for (i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (code == elsewhere[i])
			return ERROR_CLOSED;
	return ERROR_REFUSED;
}

static int
last_code(const struct ldap_session *session)
{
	int code = LDAP_SERVER_DOWN;

	(void)ldap_get_option(session->ldap, LDAP_OPT_RESULT_CODE, &code);
	return code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code;
}

/* The next message of an operation, freed by the caller. */
static int
wait_message(struct ldap_session *session, int id, LDAPMessage **out,
	struct reason *why, const char *doing)
{
	struct timeval left = time_left(session->transport.deadline_ms);
	int type = ldap_result(session->ldap, id, LDAP_MSG_ONE, &left, out);

	if (type > 0)
		return 0;
	if (type == 0)
		return too_late(why, doing);
	return judge_code(last_code(session), why, doing);
}

/* Its result code; frees the message. */
static int
take_code(struct ldap_session *session, LDAPMessage *message)
{
	int code = LDAP_OTHER;
	int result = ldap_parse_result(session->ldap, message, &code, NULL,
	    NULL, NULL, NULL, 1);

	return result == LDAP_SUCCESS ? code : result;
}

/* The one message that answers an operation. */
static int
wait_code(struct ldap_session *session, int id, struct reason *why,
	const char *doing)
{
	LDAPMessage *message = NULL;
	int error = wait_message(session, id, &message, why, doing);

	return error != 0 ? error :
	    judge_code(take_code(session, message), why, doing);
}

/* ---- opening ---- */

static int
wait_connected(int descriptor, int64_t deadline_ms, struct reason *why)
{
	struct pollfd ready = { .fd = descriptor, .events = POLLOUT };
	int problem = 0, count;
	socklen_t len = sizeof(problem);

	do {
		count = poll(&ready, 1, (int)ldap_transport_left_ms(deadline_ms));
	} while (count < 0 && errno == EINTR);
	if (count == 0)
		return too_late(why, "connecting");
	if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &len) != 0)
		problem = errno;
	if (problem == 0)
		return 0;
	reason_set(why, "connecting: %s", strerror(problem));
	return ERROR_CLOSED;
}

static int
connect_to(const struct ldap_session_setting *setting, int64_t deadline_ms,
	int *out, struct reason *why)
{
	int on = 1, error = ERROR_CLOSED;
	int descriptor = socket(setting->address->sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (descriptor < 0) {
		reason_set(why, "connecting: %s", strerror(errno));
		return ERROR_CLOSED;
	}
	(void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof(on));
	if (connect(descriptor, setting->address, setting->address_len) == 0)
		error = 0;
	else if (errno == EINPROGRESS)
		error = wait_connected(descriptor, deadline_ms, why);
	else
		reason_set(why, "connecting: %s", strerror(errno));
	if (error == 0)
		*out = descriptor;
	else
		(void)close(descriptor);
	return error;
}

/* Nothing is read from files, nothing asked of a resolver. */
static int
adopt(struct ldap_session *session,
	const struct ldap_session_setting *setting)
{
	bool is_ipv6 = text_find_byte(setting->host, ':') < setting->host.len;
	char url[URL_MAX];

	ldap_trust_prepare();
	(void)snprintf(url, sizeof(url), "ldap://%s%.*s%s", is_ipv6 ? "[" :
	    "", TEXT_ARG(setting->host), is_ipv6 ? "]" : "");
	return ldap_init_fd(session->transport.descriptor, LDAP_PROTO_EXT, url,
	    &session->ldap);
}

static int
set_number(LDAP *ldap, int option, int value)
{
	return ldap_set_option(ldap, option, &value);
}

static int
set_options(struct ldap_session *session)
{
	Sockbuf *socket_buffer = NULL;
	ber_len_t most = MESSAGE_MAX;
	int result = set_number(session->ldap, LDAP_OPT_PROTOCOL_VERSION,
	    LDAP_VERSION3);

	if (result == LDAP_OPT_SUCCESS)
		result = ldap_set_option(session->ldap, LDAP_OPT_REFERRALS,
		    LDAP_OPT_OFF);
	if (result == LDAP_OPT_SUCCESS)
		result = ldap_get_option(session->ldap, LDAP_OPT_SOCKBUF,
		    &socket_buffer);
	if (result == LDAP_OPT_SUCCESS && (ldap_transport_join(
	    &session->transport, socket_buffer) != 0 || ber_sockbuf_ctrl(
	    socket_buffer, LBER_SB_OPT_SET_MAX_INCOMING, &most) < 0))
		result = LDAP_OTHER;
	return result;
}

/* What the library says about a handshake that failed. */
static int
judge_tls(struct ldap_session *session, int code, struct reason *why)
{
	char *words = NULL;

	if (code == LDAP_SUCCESS)
		return 0;
	if (ldap_transport_left_ms(session->transport.deadline_ms) == 0)
		return too_late(why, "TLS");
	(void)ldap_get_option(session->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE,
	    &words);
	reason_set(why, "TLS: %s", words != NULL ? words :
	    ldap_err2string(code));
	ldap_memfree(words);
	return ERROR_CLOSED;
}

/* Handshake and verification, by the name or the address in the URL. */
static int
begin_tls(struct ldap_session *session,
	const struct ldap_session_setting *setting, struct reason *why)
{
	LDAP *ldap = session->ldap;
	int result = set_number(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT,
	    LDAP_OPT_X_TLS_HARD);

	if (result == LDAP_OPT_SUCCESS)
		result = ldap_set_option(ldap, LDAP_OPT_X_TLS_CTX,
		    ldap_trust_context(setting->trust));
	if (result == LDAP_OPT_SUCCESS)
		result = ldap_install_tls(ldap);
	return judge_tls(session, result, why);
}

static int
start_tls(struct ldap_session *session,
	const struct ldap_session_setting *setting, struct reason *why)
{
	int id = 0;
	int error = judge_code(ldap_start_tls(session->ldap, NULL, NULL, &id),
	    why, "StartTLS");

	if (error == 0)
		error = wait_code(session, id, why, "StartTLS");
	return error != 0 ? error :
	    begin_tls(session, setting, why);
}

static int
bind_as(struct ldap_session *session,
	const struct ldap_session_setting *setting, struct reason *why)
{
	struct berval password = { .bv_len = setting->password.len,
		.bv_val = (char *)(uintptr_t)setting->password.data };
	char *name;
	int id = 0, error;

	if (text_is_empty(setting->bind_dn))
		return 0;
	/* RFC 4513 5.1.2: an empty password would prove nothing. */
	if (text_is_empty(setting->password)) {
		reason_set(why, "there is no password");
		return ERROR_REFUSED;
	}
	name = memory_string(setting->bind_dn);
	error = judge_code(ldap_sasl_bind(session->ldap, name,
	    LDAP_SASL_SIMPLE, &password, NULL, NULL, &id), why, "binding");
	free(name);
	return error != 0 ? error :
	    wait_code(session, id, why, "binding");
}

static int
begin(struct ldap_session *session,
	const struct ldap_session_setting *setting, struct reason *why)
{
	int error = judge_code(set_options(session), why, "LDAP");

	if (error == 0 && setting->is_tls)
		error = begin_tls(session, setting, why);
	else if (error == 0 && setting->start_tls)
		error = start_tls(session, setting, why);
	return error != 0 ? error : bind_as(session, setting, why);
}

int
ldap_session_open(const struct ldap_session_setting *setting,
	int64_t deadline_ms, struct ldap_session **out, struct reason *why)
{
	struct ldap_session *session;
	int descriptor = -1;
	int error = connect_to(setting, deadline_ms, &descriptor, why);

	if (error != 0)
		return error;
	session = memory_new(sizeof(*session));
	session->transport.descriptor = descriptor;
	session->transport.deadline_ms = deadline_ms;
	if (adopt(session, setting) != LDAP_SUCCESS)
		fatal("libldap takes no connection");
	error = begin(session, setting, why);
	if (error == 0)
		*out = session;
	else
		ldap_session_free(session);
	return error;
}

void
ldap_session_free(struct ldap_session *session)
{
	if (session == NULL)
		return;
	(void)ldap_unbind_ext(session->ldap, NULL, NULL);
	free(session);
}

/* ---- searching ---- */

/* One search while it runs. */
struct search {
	struct ldap_session *session;
	const struct ldap_search *wanted;
	struct arena *arena;
	struct ldap_found *out;
	struct reason *why;
	char *attribute;
	bool is_over;
};

static int
too_much(struct search *search, const char *words)
{
	reason_set(search->why, "searching: %s", words);
	return ERROR_LIMIT;
}

static int
take_value(struct search *search, const struct berval *value)
{
	struct ldap_found *out = search->out;

	if (out->value_count == search->wanted->values_max)
		return too_much(search, "too many values");
	if (value->bv_len > search->wanted->value_max)
		return too_much(search, "a value is too long");
	if (arena_copy(search->arena, text_of(value->bv_val, value->bv_len),
	    &out->values[out->value_count]) != 0)
		return too_much(search, "too much is found");
	out->value_count++;
	return 0;
}

static int
take_values(struct search *search, LDAPMessage *entry)
{
	struct berval **values;
	size_t i;
	int error = 0;

	if (search->attribute == NULL)
		return 0;
	values = ldap_get_values_len(search->session->ldap, entry,
	    search->attribute);
	for (i = 0; values != NULL && values[i] != NULL && error == 0; i++)
		error = take_value(search, values[i]);
	ldap_value_free_len(values);
	return error;
}

static int
take_entry(struct search *search, LDAPMessage *entry)
{
	struct ldap_found *out = search->out;
	char *name;
	int error = 0;

	if (out->name_count == search->wanted->entries_max)
		return search->wanted->one_is_enough ? 0 :
		    too_much(search, "too many entries");
	name = ldap_get_dn(search->session->ldap, entry);
	if (name == NULL || arena_copy(search->arena, text_from(name),
	    &out->names[out->name_count]) != 0)
		error = too_much(search, "too much is found");
	else
		out->name_count++;
	ldap_memfree(name);
	return error != 0 ? error : take_values(search, entry);
}

/* More entries than asked for: that may be just what was wanted. */
static int
take_end(struct search *search, LDAPMessage *message)
{
	int code = take_code(search->session, message);

	search->is_over = true;
	if (code != LDAP_SIZELIMIT_EXCEEDED)
		return judge_code(code, search->why, "searching");
	if (search->wanted->one_is_enough && search->out->name_count > 0)
		return 0;
	return too_much(search, "too many entries");
}

static int
take_message(struct search *search, LDAPMessage *message)
{
	int type = ldap_msgtype(message), error = 0;

	if (type == LDAP_RES_SEARCH_RESULT)
		return take_end(search, message);
	/* References to elsewhere are not followed. */
	if (type == LDAP_RES_SEARCH_ENTRY)
		error = take_entry(search, message);
	(void)ldap_msgfree(message);
	return error;
}

static int
run(struct search *search, int id)
{
	LDAPMessage *message = NULL;
	int error = 0;

	while (error == 0 && !search->is_over) {
		error = wait_message(search->session, id, &message,
		    search->why, "searching");
		if (error == 0)
			error = take_message(search, message);
	}
	if (error != 0 && !search->is_over)
		(void)ldap_abandon_ext(search->session->ldap, id, NULL, NULL);
	return error;
}

static int
send_search(struct search *search, int *id)
{
	const struct ldap_search *wanted = search->wanted;
	static char none[] = LDAP_NO_ATTRS;
	char *attributes[] = { search->attribute == NULL ? none :
		search->attribute, NULL };
	struct timeval left = time_left(search->session->transport.deadline_ms);
	char *base = memory_string(wanted->base);
	char *filter = memory_string(wanted->filter);
	int result;

	/* The server's own limit is in whole seconds. */
	left.tv_sec++;
	left.tv_usec = 0;
	result = ldap_search_ext(search->session->ldap, base,
	    LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL, NULL, &left,
	    (int)wanted->entries_max, id);
	free(base);
	free(filter);
	return judge_code(result, search->why, "searching");
}

int
ldap_session_search(struct ldap_session *session,
	const struct ldap_search *wanted, int64_t deadline_ms,
	struct arena *arena, struct ldap_found *out, struct reason *why)
{
	struct search search = { .session = session, .wanted = wanted,
		.arena = arena, .out = out, .why = why };
	int id = 0, error;

	*out = (struct ldap_found){
		.names = arena_array(arena, wanted->entries_max + 1,
		    sizeof(out->names[0])),
		.values = arena_array(arena, wanted->values_max + 1,
		    sizeof(out->values[0])) };
	if (out->names == NULL || out->values == NULL ||
	    wanted->filter.len > STRING_MAX)
		return too_much(&search, "too much is asked for");
	if (ldap_transport_left_ms(deadline_ms) == 0)
		return too_late(why, "searching");
	session->transport.deadline_ms = deadline_ms;
	if (!text_is_empty(wanted->attribute))
		search.attribute = memory_string(wanted->attribute);
	error = send_search(&search, &id);
	if (error == 0)
		error = run(&search, id);
	free(search.attribute);
	return error;
}
