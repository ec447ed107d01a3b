/*
 * The insides of a database, for database.c and database_statement.c.
 */
#ifndef GATEWAY_STORE_DATABASE_PRIVATE_H
#define GATEWAY_STORE_DATABASE_PRIVATE_H

#include <sqlite3.h>

#include "gateway/store/database.h"

struct database {
	sqlite3 *handle;
	struct database_statement *statements;	/* all, newest first */
	struct database_statement *begin;
	struct database_statement *commit;
};

struct database_statement {
	struct database *database;
	struct database_statement *next;
	sqlite3_stmt *handle;
};

void database_statements_free(struct database *database);
/* Something failed that must not: say what and end the process. */
void database_fatal(const struct database *database, const char *what)
	__attribute__((noreturn));

/*
 * Compare the tables with what the migrations make in an empty database.
 * ERROR_MALFORMED where they differ.
 */
int database_schema_check(struct database *database,
	const struct database_migration *migrations, unsigned int count,
	struct reason *why) MUST_CHECK;

#endif
