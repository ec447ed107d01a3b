/*
 * SQLite as every store uses it: open, settings, migration, transactions,
 * checkpoint.
 *
 * One process owns a database and one connection uses it, so the connection
 * takes the file for itself (exclusive locking mode): there is no -shm file,
 * nothing to wait for, and no second connection whose checkpoint could meet
 * ours.
 *
 * Checkpoints: the connection copies the WAL back by itself at the commit
 * that passes WAL_PAGES (4 MB).  A checkpoint that only tries now and then
 * beside the writer lets the WAL grow without end under load, and a reader
 * that could hold it back does not exist here.
 */
#include "gateway/store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/memory.h"
#include "gateway/store/database_private.h"

#define WAL_PAGES 1000
#define WAL_KEEP_BYTES (16 * 1024 * 1024)

void
database_fatal(const struct database *database, const char *what)
{
	fatal("database: %s: %s (%d)", what,
	    sqlite3_errmsg(database->handle),
	    sqlite3_extended_errcode(database->handle));
}

static int
error_of(int result)
{
	int primary = result & 0xff;

	if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
		return ERROR_MALFORMED;
	return primary == SQLITE_OK ? 0 : ERROR_SYSTEM;
}

static int
fail(const struct database *database, int result, const char *what,
    struct reason *why)
{
	reason_set(why, "%s: %s", what, sqlite3_errmsg(database->handle));
	return error_of(result);
}

static int
run_text(struct database *database, const char *sql, struct reason *why)
{
	int result = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? 0 : fail(database, result, sql, why);
}

/* ---- questions whose answer is one word ---------------------------------- */

#define ANSWER_MAX 128

/* The first column of the first row, cut to ANSWER_MAX - 1 bytes. */
static int
ask(struct database *database, const char *sql, char answer[ANSWER_MAX],
    struct reason *why)
{
	sqlite3_stmt *statement = NULL;
	const unsigned char *word;
	int result = sqlite3_prepare_v2(database->handle, sql, -1, &statement,
	    NULL);

	answer[0] = '\0';
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		word = sqlite3_column_text(statement, 0);
		if (word != NULL)
			snprintf(answer, ANSWER_MAX, "%s",
			    (const char *)word);
		result = SQLITE_OK;
	} else if (result == SQLITE_DONE) {
		result = SQLITE_OK;
	}
	if (result != SQLITE_OK)
		result = fail(database, result, sql, why);
	sqlite3_finalize(statement);
	return result;
}

static int
expect(struct database *database, const char *sql, const char *expected,
    int otherwise, struct reason *why)
{
	char answer[ANSWER_MAX];
	int rc = ask(database, sql, answer, why);

	if (rc != 0 || strcmp(answer, expected) == 0)
		return rc;
	reason_set(why, "%s: %s", sql, answer);
	return otherwise;
}

/* ---- settings ------------------------------------------------------------ */

static const struct {
	int option;
	int value;
} configurations[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
};

/* The locking mode comes first: it decides whether WAL needs a -shm. */
static const char settings_sql[] =
	"PRAGMA locking_mode = EXCLUSIVE;"
	"PRAGMA mmap_size = 0;"
	"PRAGMA cell_size_check = ON;"
	"PRAGMA temp_store = MEMORY;";

static const char *const sync_sql[] = {
	[DATABASE_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
	[DATABASE_SYNC_FULL] = "PRAGMA synchronous = FULL",
};

static int
configure(struct database *database, enum database_sync sync,
    struct reason *why)
{
	char limit[64];
	size_t i;
	int rc;

	sqlite3_extended_result_codes(database->handle, 1);
	for (i = 0; i < sizeof(configurations) / sizeof(configurations[0]);
	    i++)
		if (sqlite3_db_config(database->handle,
		    configurations[i].option, configurations[i].value, NULL)
		    != SQLITE_OK)
			database_fatal(database, "configuration");
	snprintf(limit, sizeof(limit), "PRAGMA journal_size_limit = %d",
	    WAL_KEEP_BYTES);
	rc = run_text(database, settings_sql, why);
	if (rc == 0)
		rc = expect(database, "PRAGMA journal_mode = WAL", "wal",
		    ERROR_SYSTEM, why);
	if (rc == 0)
		rc = run_text(database, sync_sql[sync], why);
	if (rc == 0)
		rc = run_text(database, limit, why);
	if (rc == 0 && sqlite3_wal_autocheckpoint(database->handle,
	    WAL_PAGES) != SQLITE_OK)
		database_fatal(database, "automatic checkpoint");
	return rc;
}

/* ---- migration ----------------------------------------------------------- */

static int
migrate_from(struct database *database, unsigned int version,
    const struct database_migration *migrations, unsigned int count,
    struct reason *why)
{
	char sql[64];
	unsigned int i;
	int rc = run_text(database, "BEGIN IMMEDIATE", why);

	for (i = version; i < count && rc == 0; i++)
		rc = run_text(database, migrations[i].sql, why);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %u", count);
	if (rc == 0)
		rc = run_text(database, sql, why);
	if (rc == 0)
		rc = run_text(database, "COMMIT", why);
	return rc;
}

static int
migrate(struct database *database,
    const struct database_migration *migrations, unsigned int count,
    struct reason *why)
{
	char answer[ANSWER_MAX];
	uint64_t version;
	int rc = ask(database, "PRAGMA user_version", answer, why);

	if (rc != 0)
		return rc;
	if (text_parse_u64(text_from(answer), INT_MAX, &version) != 0) {
		reason_set(why, "version is %s", answer);
		return ERROR_MALFORMED;
	}
	if (version > count) {
		reason_set(why, "version %" PRIu64 " is newer than ours, %u",
		    version, count);
		return ERROR_MISMATCH;
	}
	if (version == count)
		return 0;
	return migrate_from(database, (unsigned int)version, migrations, count,
	    why);
}

/* ---- open and close ------------------------------------------------------ */

/* SQLite would make it readable for all; its -wal takes the same mode. */
static int
make_file(const char *path, struct reason *why)
{
	int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (descriptor < 0) {
		reason_set(why, "%s: %s", path, strerror(errno));
		return ERROR_SYSTEM;
	}
	close(descriptor);
	return 0;
}

static int
open_handle(struct database *database, const char *path, struct reason *why)
{
	int result = sqlite3_open_v2(path, &database->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_PRIVATECACHE, NULL);

	if (database->handle == NULL)
		fatal("database: out of memory");
	return result == SQLITE_OK ? 0 : fail(database, result, path, why);
}

int
database_open(const char *path, enum database_sync sync,
    const struct database_migration *migrations, unsigned int count,
    struct database **out, struct reason *why)
{
	struct database *database = NULL;
	int rc;

	*out = NULL;
	rc = make_file(path, why);
	if (rc != 0)
		return rc;
	database = memory_new(sizeof(*database));
	rc = open_handle(database, path, why);
	if (rc == 0)
		rc = configure(database, sync, why);
	if (rc == 0)
		rc = expect(database, "PRAGMA quick_check(1)", "ok",
		    ERROR_MALFORMED, why);
	if (rc == 0)
		rc = migrate(database, migrations, count, why);
	if (rc == 0)
		rc = database_schema_check(database, migrations, count, why);
	if (rc != 0) {
		database_close(database);
		return rc;
	}
	database->begin = database_prepare(database, "BEGIN IMMEDIATE");
	database->commit = database_prepare(database, "COMMIT");
	*out = database;
	return 0;
}

void
database_close(struct database *database)
{
	if (database == NULL)
		return;
	database_statements_free(database);
	require(sqlite3_close(database->handle) == SQLITE_OK);
	free(database);
}

int
database_remove(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[PATH_MAX];
	size_t i;
	int len;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		len = snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (len < 0 || (size_t)len >= sizeof(name))
			return ERROR_SYSTEM;
		if (unlink(name) != 0 && errno != ENOENT)
			return ERROR_SYSTEM;
	}
	return 0;
}

/* ---- transactions -------------------------------------------------------- */

void
database_begin(struct database *database)
{
	database_run(database->begin);
}

void
database_commit(struct database *database)
{
	database_run(database->commit);
}

uint64_t
database_changes(struct database *database)
{
	return (uint64_t)sqlite3_changes64(database->handle);
}

void
database_checkpoint(struct database *database)
{
	if (sqlite3_wal_checkpoint_v2(database->handle, NULL,
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		database_fatal(database, "checkpoint");
}
