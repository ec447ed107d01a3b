/*
 * The configuration's section about directories (LDAP): where they are, who
 * we are to them, and the questions that filters may put.  Part of config.h.
 */
#ifndef GATEWAY_CONFIG_CONFIG_DIRECTORY_H
#define GATEWAY_CONFIG_CONFIG_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct config;

#define CONFIG_DIRECTORIES_MAX 50
#define CONFIG_DIRECTORY_SERVERS_MAX 10
#define CONFIG_DIRECTORY_QUERIES_MAX 100
#define CONFIG_DIRECTORY_TEXT_MAX 1024	/* a filter, or a name (DN) */

/* What a fact that could not be found out does to the message. */
enum config_on_failure {
	CONFIG_ON_FAILURE_UNKNOWN,	/* conditions about it are false */
	CONFIG_ON_FAILURE_HOLD,		/* it is set aside */
};

/* directories.NAME.queries: NAME: ... */
struct config_directory_query {
	struct text name;
	struct text filter;	/* RFC 4515 with {a} {u} {d} */
	struct text base;	/* DN; empty: the directory's */
	struct text group;	/* RFC 4515 with {g} and {n}, too */
	struct text attribute;	/* of the entries that filter finds */
};

/* directories: NAME: ... */
struct config_directory {
	struct text name;
	struct text *servers;		/* "ldap://host:port", "ldaps://host";
					   in order of preference */
	size_t server_count;
	uint8_t start_tls;		/* for ldap:// */
	struct text trust_file;		/* empty: as tls.trust */
	struct text trust_pem;		/* content, read at load */
	struct text bind_dn;		/* empty: anonymous */
	struct text password_file;	/* only inspect reads it */
	struct text base;		/* DN */
	uint64_t timeout_ms;		/* for a question, all servers */
	uint8_t on_failure;		/* enum config_on_failure */
	struct config_directory_query *queries;
	size_t query_count;
};

/* By name; NULL where there is none. */
const struct config_directory *config_directory_find(
	const struct config *config, struct text name);
const struct config_directory_query *config_directory_query_find(
	const struct config_directory *directory, struct text name);

/* A server's address, its texts borrowed. */
struct config_directory_server {
	struct text host;	/* a name or an address without brackets */
	uint16_t port;		/* 389 or 636 where none was given */
	bool is_tls;		/* ldaps:// */
	bool is_literal;	/* the host is an IP address */
};
/* ERROR_MALFORMED for what is not an address of an LDAP server. */
int config_directory_server_parse(struct text url,
	struct config_directory_server *out) MUST_CHECK;

/*
 * What a rule names: "directory.query", or with a group behind a colon,
 * "directory.query:group".  The group may hold any byte.
 */
struct config_directory_source {
	const struct config_directory *directory;
	const struct config_directory_query *query;
	struct text group;	/* empty: none was named */
};
/*
 * Find both.  ERROR_MALFORMED: no such form; ERROR_NOT_FOUND: there is no
 * such directory or query; words in why (NULL is allowed).
 */
int config_directory_source_find(const struct config *config,
	struct text source, struct config_directory_source *out,
	struct reason *why) MUST_CHECK;

#endif
