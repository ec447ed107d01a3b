/*
 * The schema: one table of every setting.  From it come the typing of the
 * YAML tree and its errors, the defaults, what "config show" prints, the
 * JSON Schema and the manual page; config_shape.c carries the same members
 * in the snapshot, which a test proves.
 *
 * One file per group of sections (config_schema_*.c), listed once in
 * config_schema.c.
 */
#ifndef GATEWAY_CONFIG_CONFIG_SCHEMA_H
#define GATEWAY_CONFIG_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/base/text.h"
#include "gateway/config/config.h"

enum config_kind {
	/* texts, struct text in the structs */
	CONFIG_KIND_TEXT,		/* one line of printable ASCII */
	CONFIG_KIND_LINE,		/* one line of UTF-8 */
	CONFIG_KIND_LINES,		/* any number of them, ended by LF */
	CONFIG_KIND_NAME,		/* of something in the tree */
	CONFIG_KIND_USER,		/* of the operating system */
	CONFIG_KIND_HOSTNAME,		/* fully qualified */
	CONFIG_KIND_DOMAIN,		/* any domain name */
	CONFIG_KIND_ADDRESS,		/* IPv4 or IPv6 */
	CONFIG_KIND_NETWORK,		/* address, CIDR block or "all" */
	CONFIG_KIND_RESOLVER,		/* IP or IP@port */
	CONFIG_KIND_DOMAIN_PATTERN,	/* domain, .domain, all */
	CONFIG_KIND_MAIL_PATTERN,	/* user@domain, user@, the above */
	CONFIG_KIND_PARTY_PATTERN,	/* the above, @domain, @.domain */
	CONFIG_KIND_HOST_PORT,		/* host, host:port, [IPv6]:port */
	CONFIG_KIND_URL,		/* https://host[:port], no path */
	CONFIG_KIND_LDAP_URL,		/* ldap[s]://host[:port], no path */
	CONFIG_KIND_FILE,		/* path, relative to the YAML file */
	/* numbers of 1, 2, 4 or 8 bytes in the structs */
	CONFIG_KIND_BOOLEAN,
	CONFIG_KIND_NUMBER,
	CONFIG_KIND_SIZE,		/* bytes */
	CONFIG_KIND_DURATION,		/* milliseconds */
	CONFIG_KIND_ENUM,
	/* structs */
	CONFIG_KIND_SECTION,		/* one */
	CONFIG_KIND_MAP,		/* array; the keys are the names */
	CONFIG_KIND_SECTIONS,		/* array, as in the file */
	CONFIG_KIND_COUNT
};

/* When a change of the setting holds. */
enum config_effect {
	CONFIG_EFFECT_LIVE,	/* for the next session or message */
	CONFIG_EFFECT_RELOAD,	/* as soon as the new version is active */
	CONFIG_EFFECT_RESTART,	/* after a restart of the gateway */
	CONFIG_EFFECT_COUNT
};

/* What a name refers to. */
enum config_target {
	CONFIG_TARGET_NONE,
	CONFIG_TARGET_LISTENER,
	CONFIG_TARGET_FLOW_POLICY,
	CONFIG_TARGET_CERTIFICATE,
	CONFIG_TARGET_BOUNCE_PROFILE,
	CONFIG_TARGET_COUNT
};

struct config_word {
	const char *name;	/* NULL ends the table */
	uint8_t value;
};

/* Words of enum config_on_failure. */
extern const struct config_word config_on_failure_words[];

struct config_section;

struct config_row {
	const char *name;		/* key in the YAML file */
	const char *help;		/* one line, a sentence */
	const char *fallback;		/* default as it would be written;
					   NULL: none, lists are empty */
	enum config_kind kind;
	enum config_effect effect;
	enum config_target target;
	bool is_list;			/* of texts of the kind */
	bool is_required;
	size_t width;			/* of the member */
	size_t offset;
	size_t count_offset;		/* of lists, maps and sections */
	uint64_t least;			/* number; or items in a list */
	uint64_t most;			/* number; items in a list; bytes of
					   a text, 0: the kind's */
	const struct config_word *words;
	const struct config_section *section;
};

struct config_section {
	const char *help;		/* a sentence or two for the manual */
	const struct config_row *rows;
	size_t count;		/* at most CONFIG_SECTION_ROWS_MAX */
	const struct record_shape *shape;	/* of its struct */
	bool is_named;		/* the struct begins with its name */
};

#define CONFIG_SECTION_ROWS_MAX 64

#define CONFIG_AT(type, member) \
	.offset = offsetof(struct type, member), \
	.width = sizeof(((struct type *)0)->member)
#define CONFIG_LIST_AT(type, member, counter) \
	.is_list = true, .offset = offsetof(struct type, member), \
	.count_offset = offsetof(struct type, counter), \
	.width = sizeof(((struct type *)0)->member)
#define CONFIG_ARRAY_AT(type, member, counter) \
	.offset = offsetof(struct type, member), \
	.count_offset = offsetof(struct type, counter), \
	.width = sizeof(((struct type *)0)->member)
#define CONFIG_ROWS(table) \
	.rows = (table), .count = sizeof(table) / sizeof((table)[0])

#define CONFIG_TEXT_BYTES 1024	/* of an ordinary line */

#define CONFIG_KB UINT64_C(1024)
#define CONFIG_MB (1024 * CONFIG_KB)
#define CONFIG_GB (1024 * CONFIG_MB)
#define CONFIG_SECOND UINT64_C(1000)
#define CONFIG_MINUTE (60 * CONFIG_SECOND)
#define CONFIG_HOUR (60 * CONFIG_MINUTE)
#define CONFIG_DAY (24 * CONFIG_HOUR)

/* The whole tree. */
extern const struct config_section config_schema;

/* Its parts, one file each or a few together. */
extern const struct config_section config_schema_listener;
extern const struct config_section config_schema_sender_group;
extern const struct config_section config_schema_flow_policy;
extern const struct config_section config_schema_recipient_access;
extern const struct config_section config_schema_dictionary;
extern const struct config_section config_schema_destination;
extern const struct config_section config_schema_route;
extern const struct config_section config_schema_bounce_profile;
extern const struct config_section config_schema_content_filters;
extern const struct config_section config_schema_mail_policies;
extern const struct config_section config_schema_quarantine;
extern const struct config_section config_schema_directory;
extern const struct config_section config_schema_text_resource;
extern const struct config_section config_schema_encryption;
extern const struct config_section config_schema_key_service;
extern const struct config_section config_schema_tls;
extern const struct config_section config_schema_dns;
extern const struct config_section config_schema_processes;
extern const struct config_section config_schema_logs;
extern const struct config_section config_schema_limits;
extern const struct config_section config_schema_management;
extern const struct config_section config_schema_retention;

/* The row of that name; NULL where there is none. */
const struct config_row *config_section_find(
	const struct config_section *section, struct text name);

/*
 * A top-level name that is fixed but whose subsystem is not built: what it
 * needs, such as "the message scanner"; NULL for any other name.
 */
const char *config_schema_needs(struct text name);

#endif
