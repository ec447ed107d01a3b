/*
 * Prepared statements.
 */
#include "gateway/store/database.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/store/database_private.h"

struct database_statement *
database_prepare(struct database *database, const char *sql)
{
	struct database_statement *s = memory_new(sizeof(*s));

	s->database = database;
	s->next = database->statements;
	database->statements = s;
	if (sqlite3_prepare_v3(database->handle, sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &s->handle, NULL) != SQLITE_OK)
		database_fatal(database, sql);
	require(s->handle != NULL);
	return s;
}

void
database_statements_free(struct database *database)
{
	struct database_statement *s;

	while ((s = database->statements) != NULL) {
		database->statements = s->next;
		sqlite3_finalize(s->handle);
		free(s);
	}
}

static void
check(struct database_statement *s, int result)
{
	if (result != SQLITE_OK)
		database_fatal(s->database, sqlite3_sql(s->handle));
}

void
database_bind_u64(struct database_statement *s, int at, uint64_t value)
{
	check(s, sqlite3_bind_int64(s->handle, at, (sqlite3_int64)value));
}

void
database_bind_i64(struct database_statement *s, int at, int64_t value)
{
	check(s, sqlite3_bind_int64(s->handle, at, value));
}

/* SQLite takes a null pointer for NULL, which no text is. */
static const char *
data_of(struct text t)
{
	return t.data == NULL ? "" : t.data;
}

void
database_bind_text(struct database_statement *s, int at, struct text t)
{
	check(s, sqlite3_bind_text64(s->handle, at, data_of(t), t.len,
	    SQLITE_STATIC, SQLITE_UTF8));
}

void
database_bind_blob(struct database_statement *s, int at, struct text t)
{
	check(s, sqlite3_bind_blob64(s->handle, at, data_of(t), t.len,
	    SQLITE_STATIC));
}

void
database_bind_null(struct database_statement *s, int at)
{
	check(s, sqlite3_bind_null(s->handle, at));
}

void
database_reset(struct database_statement *s)
{
	check(s, sqlite3_reset(s->handle));
	check(s, sqlite3_clear_bindings(s->handle));
}

bool
database_step(struct database_statement *s)
{
	int result = sqlite3_step(s->handle);

	if (result == SQLITE_ROW)
		return true;
	if (result != SQLITE_DONE)
		database_fatal(s->database, sqlite3_sql(s->handle));
	database_reset(s);
	return false;
}

void
database_run(struct database_statement *s)
{
	while (database_step(s))
		;
}

uint64_t
database_u64(struct database_statement *s, int column)
{
	return (uint64_t)sqlite3_column_int64(s->handle, column);
}

int64_t
database_i64(struct database_statement *s, int column)
{
	return sqlite3_column_int64(s->handle, column);
}

struct text
database_text(struct database_statement *s, int column)
{
	const void *data = sqlite3_column_blob(s->handle, column);
	int len = sqlite3_column_bytes(s->handle, column);

	if (data == NULL || len <= 0)
		return TEXT_EMPTY;
	return text_of(data, (size_t)len);
}
