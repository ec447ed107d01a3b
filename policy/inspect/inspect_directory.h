/*
 * A directory as the inspect process uses it: servers, authorities,
 * password, the connection that is open; answers one question at a time.
 */
#ifndef POLICY_INSPECT_INSPECT_DIRECTORY_H
#define POLICY_INSPECT_INSPECT_DIRECTORY_H

#include <stdbool.h>

#include "gateway/base/arena.h"
#include "gateway/config/config.h"
#include "gateway/protocol/frame_fact.h"

struct inspect_directory;

/* Entries that may have one mail address. */
#define INSPECT_ENTRIES_MAX 10

/*
 * Prepare it: read the password, look up names, make the TLS context.
 * Before the jail; with the rights that the password's file needs.  What
 * goes wrong is logged, and told in every answer.  config and directory are
 * borrowed.  Never NULL.
 */
struct inspect_directory *inspect_directory_new(const struct config *config,
	const struct config_directory *directory);
void inspect_directory_free(struct inspect_directory *directory);

struct text inspect_directory_name(const struct inspect_directory *directory);
/*
 * Whether a server did not answer, or was not found, that is configured by
 * name: the name may have another address by now.
 */
bool inspect_directory_is_stale(const struct inspect_directory *directory);

/*
 * Answer a question of kind FACT_GROUP or FACT_ATTRIBUTE about one of its
 * queries: blocks for its timeout at most.  *fact gets outcome, values and
 * reason, which live in the arena.
 */
void inspect_directory_answer(struct inspect_directory *directory,
	const struct config_directory_source *source, struct arena *arena,
	struct frame_fact *fact);

#endif
