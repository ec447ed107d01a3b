/*
 * Directories: finding them and their queries, and reading addresses of
 * their servers.
 */
#include "gateway/config/config.h"
#include "gateway/config/config_syntax.h"

#define PORT 389	/* RFC 4511 5.2 */
#define PORT_TLS 636
#define SHOWN_MAX 64

const struct config_directory *
config_directory_find(const struct config *config, struct text name)
{
	size_t i;

	for (i = 0; i < config->directory_count; i++)
		if (text_equal(config->directories[i].name, name))
			return &config->directories[i];
	return NULL;
}

const struct config_directory_query *
config_directory_query_find(const struct config_directory *directory,
	struct text name)
{
	size_t i;

	for (i = 0; i < directory->query_count; i++)
		if (text_equal(directory->queries[i].name, name))
			return &directory->queries[i];
	return NULL;
}

/* ---- servers ---- */

static int
take_host(struct text place, struct config_directory_server *out,
	struct text *port)
{
	bool is_bracketed = !text_is_empty(place) && place.data[0] == '[';
	size_t end = text_find_byte(place, is_bracketed ? ']' : ':');

	if (is_bracketed) {
		out->host = text_slice(place, 1, end - 1);
		end++;
	} else {
		out->host = text_slice(place, 0, end);
	}
	*port = text_skip(place, end + 1);
	out->is_literal = config_address_is_valid(out->host);
	return is_bracketed && !out->is_literal ? ERROR_MALFORMED : 0;
}

int
config_directory_server_parse(struct text url,
	struct config_directory_server *out)
{
	static const struct text plain = TEXT_INIT("ldap://");
	static const struct text tls = TEXT_INIT("ldaps://");
	struct text place, port = TEXT_EMPTY;
	uint64_t number;

	*out = (struct config_directory_server){ .port = PORT };
	if (text_starts(url, plain)) {
		place = text_skip(url, plain.len);
	} else if (text_starts(url, tls)) {
		place = text_skip(url, tls.len);
		out->is_tls = true;
		out->port = PORT_TLS;
	} else {
		return ERROR_MALFORMED;
	}
	if (!config_host_port_is_valid(place) ||
	    take_host(place, out, &port) != 0)
		return ERROR_MALFORMED;
	if (text_is_empty(port))
		return 0;
	if (text_parse_u64(port, UINT16_MAX, &number) != 0 || number == 0)
		return ERROR_MALFORMED;
	out->port = (uint16_t)number;
	return 0;
}

/* ---- sources ---- */

int
config_directory_source_find(const struct config *config, struct text source,
	struct config_directory_source *out, struct reason *why)
{
	size_t dot = text_find_byte(source, '.');
	struct text directory = text_slice(source, 0, dot);
	struct text rest = text_skip(source, dot + 1);
	struct text query = text_slice(rest, 0, text_find_byte(rest, ':'));

	*out = (struct config_directory_source){
		.group = text_skip(rest, query.len + 1) };
	if (text_is_empty(directory) || text_is_empty(query)) {
		reason_set(why, "expected DIRECTORY.QUERY, not \"%.*s\"",
		    TEXT_ARG(text_slice(source, 0, SHOWN_MAX)));
		return ERROR_MALFORMED;
	}
	out->directory = config_directory_find(config, directory);
	if (out->directory == NULL) {
		reason_set(why, "there is no directory \"%.*s\"",
		    TEXT_ARG(text_slice(directory, 0, SHOWN_MAX)));
		return ERROR_NOT_FOUND;
	}
	out->query = config_directory_query_find(out->directory, query);
	if (out->query != NULL)
		return 0;
	reason_set(why, "the directory \"%.*s\" has no query \"%.*s\"",
	    TEXT_ARG(directory), TEXT_ARG(text_slice(query, 0, SHOWN_MAX)));
	return ERROR_NOT_FOUND;
}

bool
config_ldap_url_is_valid(struct text t)
{
	struct config_directory_server server;

	return config_directory_server_parse(t, &server) == 0;
}
