/*
 * SQLite as every store uses it: one owner process, one connection, WAL,
 * defensive settings, STRICT tables, prepared statements of constant text
 * (the only includer of sqlite3.h is this room).
 */
#ifndef GATEWAY_STORE_DATABASE_H
#define GATEWAY_STORE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct database;
struct database_statement;

enum database_sync {
	DATABASE_SYNC_NORMAL,	/* an index that can be rebuilt */
	DATABASE_SYNC_FULL,	/* the truth itself */
};

/* Numbered forward migrations: entry n leads to user_version n + 1. */
struct database_migration {
	const char *sql;
};

/*
 * Open or create, set pragmas (journal_mode WAL, synchronous, mmap_size 0,
 * cell_size_check, trusted_schema off, foreign_keys on, defensive), migrate
 * forward in one transaction.  ERROR_MISMATCH: newer than we are;
 * ERROR_MALFORMED: not a database, quick_check fails, or the tables are not
 * those that the migrations make (the caller may remove and rebuild it);
 * ERROR_SYSTEM.
 */
int database_open(const char *path, enum database_sync sync,
	const struct database_migration *migrations, unsigned int count,
	struct database **out, struct reason *why) MUST_CHECK;
void database_close(struct database *database);
/* Remove path and its -wal and -shm; missing ones are no error. */
int database_remove(const char *path) MUST_CHECK;

/* sql is constant text; prepared once, lives until database_close(). */
struct database_statement *database_prepare(struct database *database,
	const char *sql);

/* Parameters count from 1. Any failure of SQLite is fatal(). */
void database_bind_u64(struct database_statement *s, int at, uint64_t value);
void database_bind_i64(struct database_statement *s, int at, int64_t value);
/* Borrowed until the statement is reset. */
void database_bind_text(struct database_statement *s, int at, struct text t);
void database_bind_blob(struct database_statement *s, int at, struct text t);
void database_bind_null(struct database_statement *s, int at);

/*
 * One step: true for a row, false at the end (the statement is then reset
 * and its bindings cleared).
 */
bool database_step(struct database_statement *s);
/* Step to the end, for statements without rows. */
void database_run(struct database_statement *s);
void database_reset(struct database_statement *s);
uint64_t database_u64(struct database_statement *s, int column);
int64_t database_i64(struct database_statement *s, int column);
/* Borrowed until the next step or reset. */
struct text database_text(struct database_statement *s, int column);

void database_begin(struct database *database);
void database_commit(struct database *database);
uint64_t database_changes(struct database *database);
/* Copy the WAL back and make it durable; truncates the WAL file. */
void database_checkpoint(struct database *database);

#endif
