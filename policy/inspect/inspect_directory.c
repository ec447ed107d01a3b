/*
 * Questions to a directory; part of the inspect process.
 */
#include "policy/inspect/inspect_directory.h"

#include <stdlib.h>

#include "gateway/base/buffer.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/config/config_directory_filter.h"
#include "gateway/config/config_files.h"
#include "gateway/config/config_type.h"
#include "gateway/mail/address.h"
#include "policy/inspect/inspect_server.h"
#include "policy/inspect/ldap_session.h"

#define PASSWORD_MAX 1024
/* A filter with long values, all of them escaped. */
#define FILTER_MAX ((size_t)32 * 1024)

struct inspect_directory {
	const struct config_directory *config;
	struct inspect_server servers[CONFIG_DIRECTORY_SERVERS_MAX];
	size_t server_count;
	size_t current;			/* the one that session is with */
	struct ldap_trust *trust;
	struct buffer password;
	struct ldap_session *session;	/* NULL: none is open */
	struct reason problem;		/* of preparing; empty: none */
	bool is_stale;
};

/* A question while it is answered. */
struct inspect_question {
	struct inspect_directory *directory;
	const struct config_directory_source *source;
	struct arena *arena;
	struct frame_fact *fact;
	struct config_directory_values values;
	int64_t deadline_ms;
	struct reason why;
};

/* ---- preparing ---- */

static void
read_password(struct inspect_directory *directory)
{
	struct arena *arena = arena_new(PASSWORD_MAX + 64);
	char path[CONFIG_FILE_MAX + 1];
	struct text content = TEXT_EMPTY, line;
	int error = text_to_string(directory->config->password_file, path,
	    sizeof(path));

	if (error == 0)
		error = config_files_read_one(path, PASSWORD_MAX, arena,
		    &content);
	if (error != 0)
		reason_set(&directory->problem, "its password cannot be "
		    "read: %s", config_files_problem(error));
	line = text_slice(content, 0, text_find_byte(content, '\n'));
	line = text_slice(line, 0, text_find_byte(line, '\r'));
	if (error == 0 && text_is_empty(line))
		reason_set(&directory->problem, "its password is empty");
	else if (error == 0 &&
	    buffer_add_text(&directory->password, line) != 0)
		reason_set(&directory->problem, "its password is too long");
	memory_wipe((void *)(uintptr_t)content.data, content.len);
	arena_free(arena);
}

static bool
needs_trust(const struct inspect_directory *directory)
{
	size_t i;

	for (i = 0; i < directory->server_count; i++)
		if (directory->servers[i].place.is_tls ||
		    directory->config->start_tls)
			return true;
	return false;
}

static void
look_up(struct inspect_directory *directory)
{
	size_t i;

	for (i = 0; i < directory->config->server_count; i++) {
		struct text url = directory->config->servers[i];
		struct reason why = { 0 };

		if (inspect_server_look_up(&directory->servers[i], url,
		    &why) != 0) {
			directory->is_stale = true;
			log_event(LOG_WARNING_LEVEL, 0, "server_unknown",
			    LOG_TEXT("directory", directory->config->name),
			    LOG_TEXT("server", url),
			    LOG_STRING("reason", why.text));
		}
	}
	directory->server_count = directory->config->server_count;
}

struct inspect_directory *
inspect_directory_new(const struct config *config,
	const struct config_directory *given)
{
	struct inspect_directory *directory = memory_new(sizeof(*directory));
	struct text trust = text_is_empty(given->trust_pem) ?
	    config->tls.trust_pem : given->trust_pem;

	directory->config = given;
	buffer_init(&directory->password, PASSWORD_MAX);
	look_up(directory);
	if (!text_is_empty(given->bind_dn))
		read_password(directory);
	if (directory->problem.text[0] == '\0' && needs_trust(directory))
		(void)!ldap_trust_new(trust, &directory->trust,
		    &directory->problem);
	if (directory->problem.text[0] != '\0')
		log_event(LOG_ERROR_LEVEL, 0, "directory_unusable",
		    LOG_TEXT("directory", given->name),
		    LOG_STRING("reason", directory->problem.text));
	return directory;
}

void
inspect_directory_free(struct inspect_directory *directory)
{
	if (directory == NULL)
		return;
	ldap_session_free(directory->session);
	ldap_trust_free(directory->trust);
	buffer_wipe(&directory->password);
	free(directory);
}

struct text
inspect_directory_name(const struct inspect_directory *directory)
{
	return directory->config->name;
}

bool
inspect_directory_is_stale(const struct inspect_directory *directory)
{
	return directory->is_stale;
}

/* ---- the connection ---- */

static void
close_session(struct inspect_directory *directory)
{
	ldap_session_free(directory->session);
	directory->session = NULL;
}

static void
note_unreachable(struct inspect_directory *directory,
	const struct inspect_server *server, bool was_resting,
	const struct reason *why)
{
	if (was_resting)
		return;
	if (!server->place.is_literal)
		directory->is_stale = true;
	log_event(LOG_WARNING_LEVEL, 0, "directory_unreachable",
	    LOG_TEXT("directory", directory->config->name),
	    LOG_TEXT("server", server->url), LOG_STRING("reason", why->text));
}

/* The first server that answers, the preferred one first. */
static int
open_session(struct inspect_question *question)
{
	struct inspect_directory *directory = question->directory;
	struct ldap_session_setting setting = {
		.start_tls = directory->config->start_tls,
		.trust = directory->trust,
		.bind_dn = directory->config->bind_dn,
		.password = buffer_text(&directory->password) };
	int error = ERROR_CLOSED;
	size_t i;

	for (i = 0; i < directory->server_count; i++) {
		struct inspect_server *server = &directory->servers[i];
		int64_t now = clock_monotonic_ms();
		bool was_resting = now < server->resting_until_ms;

		/* One that is silent must leave time for the next. */
		error = inspect_server_open(server, &setting, now +
		    (question->deadline_ms - now) /
		    (int64_t)(directory->server_count - i),
		    &directory->session, &question->why);
		if (error == 0)
			directory->current = i;
		else
			note_unreachable(directory, server, was_resting,
			    &question->why);
		if (error == 0 || error == ERROR_REFUSED)
			return error;
	}
	return error;
}

static bool
is_lost(int error)
{
	return error == ERROR_CLOSED || error == ERROR_TEMPORARY;
}

/* Behind a silent server the next question goes to another. */
static void
leave_alone(struct inspect_directory *directory)
{
	directory->servers[directory->current].resting_until_ms =
	    clock_monotonic_ms() + INSPECT_REST_MS;
}

static int
search_once(struct inspect_question *question,
	const struct ldap_search *wanted, struct ldap_found *found)
{
	struct inspect_directory *directory = question->directory;
	int error = 0;

	if (directory->session == NULL)
		error = open_session(question);
	if (error == 0)
		error = ldap_session_search(directory->session, wanted,
		    question->deadline_ms, question->arena, found,
		    &question->why);
	if (error == ERROR_TEMPORARY && directory->session != NULL)
		leave_alone(directory);
	if (is_lost(error))
		close_session(directory);
	return error;
}

/* A connection that was open from before may be dead: then once more. */
static int
search(struct inspect_question *question, const struct ldap_search *wanted,
	struct ldap_found *found)
{
	bool was_open = question->directory->session != NULL;
	int error = search_once(question, wanted, found);

	return error == ERROR_CLOSED && was_open ?
	    search_once(question, wanted, found) : error;
}

/* ---- questions ---- */

/* A filter filled in, and looked for below the query's base. */
static int
find(struct inspect_question *question, struct text filter,
	struct ldap_search *wanted, struct ldap_found *found)
{
	const struct config_directory_query *query =
	    question->source->query;
	struct buffer printed;
	int error;

	buffer_init(&printed, FILTER_MAX);
	wanted->base = text_is_empty(query->base) ?
	    question->directory->config->base : query->base;
	error = config_directory_filter_print(filter, &question->values,
	    &printed);
	wanted->filter = buffer_text(&printed);
	if (error != 0)
		reason_set(&question->why, "the filter gets too long");
	else
		error = search(question, wanted, found);
	buffer_clear(&printed);
	return error;
}

/* Whether something is there where the address would be in the group. */
static int
find_group(struct inspect_question *question, bool *is_member)
{
	struct ldap_search wanted = { .entries_max = 1,
		.one_is_enough = true };
	struct ldap_found found;
	int error = find(question, question->source->query->group, &wanted,
	    &found);

	*is_member = error == 0 && found.name_count > 0;
	return error;
}

/* The same for each entry that has the address. */
static int
find_group_by_entry(struct inspect_question *question, bool *is_member)
{
	struct ldap_search wanted = { .entries_max = INSPECT_ENTRIES_MAX };
	struct ldap_found found;
	size_t i;
	int error = find(question, question->source->query->filter, &wanted,
	    &found);

	*is_member = false;
	for (i = 0; error == 0 && !*is_member && i < found.name_count; i++) {
		question->values.entry = found.names[i];
		error = find_group(question, is_member);
	}
	return error;
}

static int
ask_group(struct inspect_question *question)
{
	struct frame_fact *fact = question->fact;
	bool is_member = false;
	int error = config_directory_filter_has(
	    question->source->query->group, 'n') ?
	    find_group_by_entry(question, &is_member) :
	    find_group(question, &is_member);

	if (error != 0 || !is_member)
		return error;
	fact->values = arena_array(question->arena, 1,
	    sizeof(fact->values[0]));
	if (fact->values == NULL) {
		reason_set(&question->why, "too much is found");
		return ERROR_LIMIT;
	}
	fact->values[fact->value_count++] = question->source->group;
	return 0;
}

static int
ask_attribute(struct inspect_question *question)
{
	struct ldap_search wanted = {
		.attribute = question->source->query->attribute,
		.entries_max = INSPECT_ENTRIES_MAX,
		.values_max = FACT_VALUES_MAX, .value_max = FACT_TEXT_MAX };
	struct ldap_found found;
	int error = find(question, question->source->query->filter, &wanted,
	    &found);

	if (error == 0) {
		question->fact->values = found.values;
		question->fact->value_count = found.value_count;
	}
	return error;
}

static int (*const asks[FACT_KINDS])(struct inspect_question *question) = {
	[FACT_GROUP] = ask_group,
	[FACT_ATTRIBUTE] = ask_attribute,
};

static int
ask(struct inspect_question *question)
{
	const struct config_directory_query *query = question->source->query;
	uint8_t kind = question->fact->kind;
	struct text needed = kind == FACT_GROUP ? query->group :
	    query->attribute;

	question->why = question->directory->problem;
	if (question->why.text[0] != '\0')
		return ERROR_REFUSED;
	if (kind >= FACT_KINDS || asks[kind] == NULL ||
	    text_is_empty(needed)) {
		reason_set(&question->why, "the query answers no such "
		    "question");
		return ERROR_MALFORMED;
	}
	return asks[kind](question);
}

void
inspect_directory_answer(struct inspect_directory *directory,
	const struct config_directory_source *source, struct arena *arena,
	struct frame_fact *fact)
{
	struct inspect_question question = { .directory = directory,
		.source = source, .arena = arena, .fact = fact,
		.values = { .address = fact->subject,
		    .local = address_local(fact->subject),
		    .domain = address_domain(fact->subject),
		    .group = source->group },
		.deadline_ms = clock_monotonic_ms() +
		    (int64_t)directory->config->timeout_ms };

	fact->outcome = FACT_KNOWN;
	fact->value_count = 0;
	if (ask(&question) == 0)
		return;
	fact->outcome = FACT_UNKNOWN;
	fact->value_count = 0;
	fact->reason = arena_printf(arena, "%s", question.why.text);
}
