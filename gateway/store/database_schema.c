/*
 * Whether a database has the tables that its migrations make: a flipped bit
 * in a column's name is no damage to SQLite.
 */
#include <sqlite3.h>

#include "gateway/base/buffer.h"
#include "gateway/store/database_private.h"

#define SCHEMA_MAX (1024u * 1024)

static int
read_schema(sqlite3 *handle, struct buffer *out)
{
	sqlite3_stmt *statement = NULL;
	int result, rc = 0;

	if (sqlite3_prepare_v2(handle, "SELECT type, name, tbl_name,"
	    " coalesce(sql, '') FROM sqlite_schema ORDER BY type, name", -1,
	    &statement, NULL) != SQLITE_OK)
		return ERROR_MALFORMED;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(statement) &&
		    rc == 0; i++)
			rc = buffer_printf(out, "%s\n",
			    (const char *)sqlite3_column_text(statement, i));
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? rc : ERROR_MALFORMED;
}

/* What the migrations make where there was nothing. */
static int
read_expected(const struct database_migration *migrations,
    unsigned int count, struct buffer *out)
{
	sqlite3 *handle = NULL;
	int rc = sqlite3_open(":memory:", &handle) == SQLITE_OK ? 0 :
	    ERROR_SYSTEM;

	for (unsigned int i = 0; i < count && rc == 0; i++)
		if (sqlite3_exec(handle, migrations[i].sql, NULL, NULL,
		    NULL) != SQLITE_OK)
			rc = ERROR_SYSTEM;
	if (rc == 0)
		rc = read_schema(handle, out);
	sqlite3_close(handle);
	return rc;
}

int
database_schema_check(struct database *database,
    const struct database_migration *migrations, unsigned int count,
    struct reason *why)
{
	struct buffer found, expected;
	int rc;

	buffer_init(&found, SCHEMA_MAX);
	buffer_init(&expected, SCHEMA_MAX);
	rc = read_schema(database->handle, &found);
	if (rc == 0)
		rc = read_expected(migrations, count, &expected);
	if (rc == 0 && !text_equal(buffer_text(&found),
	    buffer_text(&expected)))
		rc = ERROR_MALFORMED;
	if (rc != 0)
		reason_set(why, "the tables are not those of this version");
	buffer_clear(&found);
	buffer_clear(&expected);
	return rc;
}
