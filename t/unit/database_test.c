/*
 * Databases: opening, migrating, statements, what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/store/database.h"

static const struct database_migration migrations[] = {
	{ "CREATE TABLE mail (mid INTEGER PRIMARY KEY, sender TEXT NOT NULL,"
	  " body BLOB) STRICT" },
	{ "ALTER TABLE mail ADD COLUMN due INTEGER NOT NULL DEFAULT 5" },
	{ "CREATE INDEX mail_due ON mail (due);"
	  "CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER) STRICT" },
};
#define VERSIONS 3u

static char path[96];

static int
setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/database_test.%d.db",
	    (int)getpid());
	return database_remove(path);
}

static int
teardown(void **state)
{
	(void)state;
	return database_remove(path);
}

static struct database *
open_version(unsigned int version)
{
	struct database *database;
	struct reason why;

	assert_int_equal(database_open(path, DATABASE_SYNC_NORMAL, migrations,
	    version, &database, &why), 0);
	return database;
}

static int
open_failing(unsigned int version)
{
	struct database *database;
	struct reason why = { .text = "" };
	int rc = database_open(path, DATABASE_SYNC_FULL, migrations, version,
	    &database, &why);

	assert_null(database);
	assert_true(rc == 0 || why.text[0] != '\0');
	return rc;
}

static void
insert(struct database *database, uint64_t mid, struct text sender)
{
	struct database_statement *s = database_prepare(database,
	    "INSERT INTO mail (mid, sender, body) VALUES (?1, ?2, ?3)");

	database_bind_u64(s, 1, mid);
	database_bind_text(s, 2, sender);
	database_bind_blob(s, 3, TEXT("a\0b"));
	database_run(s);
	assert_int_equal(database_changes(database), 1);
}

static uint64_t
count_mails(struct database *database)
{
	struct database_statement *s = database_prepare(database,
	    "SELECT count(*) FROM mail");
	uint64_t count;

	assert_true(database_step(s));
	count = database_u64(s, 0);
	assert_false(database_step(s));
	return count;
}

static void
test_from_each_version(void **state)
{
	struct database *database;
	struct database_statement *s;
	unsigned int version;

	(void)state;
	for (version = 1; version <= VERSIONS; version++) {
		database = open_version(version);
		insert(database, version, TEXT("a@example.org"));
		database_close(database);
		database = open_version(VERSIONS);
		s = database_prepare(database,
		    "SELECT due, sender, body FROM mail WHERE mid = ?1");
		database_bind_u64(s, 1, version);
		assert_true(database_step(s));
		assert_int_equal(database_i64(s, 0), 5);
		assert_true(text_equal(database_text(s, 1),
		    TEXT("a@example.org")));
		assert_true(text_equal(database_text(s, 2), TEXT("a\0b")));
		assert_false(database_step(s));
		database_close(database);
		assert_int_equal(database_remove(path), 0);
	}
}

static void
test_newer_is_refused(void **state)
{
	(void)state;
	database_close(open_version(VERSIONS));
	assert_int_equal(open_failing(1), ERROR_MISMATCH);
	database_close(open_version(VERSIONS));
}

/* A migration that fails leaves the version as it was. */
static void
test_failing_migration(void **state)
{
	static const struct database_migration broken[] = {
		{ "CREATE TABLE one (a INTEGER) STRICT" },
		{ "CREATE TABLE two (a INTEGER) STRICT; no such words" },
	};
	struct database *database;
	struct reason why;

	(void)state;
	assert_int_equal(database_open(path, DATABASE_SYNC_FULL, broken, 1,
	    &database, &why), 0);
	database_close(database);
	assert_int_equal(database_open(path, DATABASE_SYNC_FULL, broken, 2,
	    &database, &why), ERROR_SYSTEM);
	assert_int_equal(database_open(path, DATABASE_SYNC_FULL, broken, 1,
	    &database, &why), 0);
	database_prepare(database, "SELECT a FROM one");
	database_close(database);
}

static void
test_not_a_database(void **state)
{
	FILE *file = fopen(path, "w");
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	assert_int_equal(open_failing(VERSIONS), ERROR_MALFORMED);
	assert_int_equal(database_remove(path), 0);
	database_close(open_version(VERSIONS));
}

static void
test_corrupt_page(void **state)
{
	static const char noise[4096] = { 0x55, 0x11, 0x7f };
	struct database *database = open_version(VERSIONS);
	struct stat status;
	uint64_t mid;
	int descriptor;
	off_t at;

	(void)state;
	database_begin(database);
	for (mid = 1; mid < 500; mid++)
		insert(database, mid, TEXT("somebody@example.org"));
	database_commit(database);
	database_checkpoint(database);
	database_close(database);
	descriptor = open(path, O_RDWR);
	assert_true(descriptor >= 0);
	assert_int_equal(fstat(descriptor, &status), 0);
	for (at = 4096; at < status.st_size; at += 8192)
		assert_int_equal(pwrite(descriptor, noise, sizeof(noise), at),
		    sizeof(noise));
	close(descriptor);
	assert_int_equal(open_failing(VERSIONS), ERROR_MALFORMED);
}

static void
test_files(void **state)
{
	struct database *database = open_version(VERSIONS);
	char name[128];
	struct stat status;

	(void)state;
	insert(database, 1, TEXT("a@example.org"));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	snprintf(name, sizeof(name), "%s-wal", path);
	assert_int_equal(stat(name, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_true(status.st_size > 0);
	database_checkpoint(database);
	assert_int_equal(stat(name, &status), 0);
	assert_int_equal(status.st_size, 0);
	snprintf(name, sizeof(name), "%s-shm", path);
	assert_int_equal(stat(name, &status), -1);
	database_close(database);
}

/* One owner: another process is turned away, not kept waiting. */
static void
test_second_owner(void **state)
{
	struct database *database = open_version(VERSIONS);
	int status;
	pid_t child;

	(void)state;
	insert(database, 1, TEXT("a@example.org"));
	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(open_failing(VERSIONS) == ERROR_SYSTEM ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	database_close(database);
}

static void
test_killed_in_transaction(void **state)
{
	struct database *database;
	pid_t child;

	(void)state;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		database = open_version(VERSIONS);
		database_begin(database);
		insert(database, 1, TEXT("a@example.org"));
		database_commit(database);
		database_begin(database);
		insert(database, 2, TEXT("b@example.org"));
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	database = open_version(VERSIONS);
	assert_int_equal(count_mails(database), 1);
	database_close(database);
}

static void
test_statements(void **state)
{
	struct database *database = open_version(VERSIONS);
	struct database_statement *s;

	(void)state;
	s = database_prepare(database,
	    "SELECT ?1, ?2, ?3, ?4, typeof(?3), typeof(?5)");
	database_bind_i64(s, 1, -7);
	database_bind_u64(s, 2, UINT64_MAX);
	database_bind_text(s, 3, (struct text){ NULL, 0 });
	database_bind_blob(s, 4, TEXT("x\xff"));
	database_bind_null(s, 5);
	assert_true(database_step(s));
	assert_int_equal(database_i64(s, 0), -7);
	assert_true(database_u64(s, 1) == UINT64_MAX);
	assert_true(text_is_empty(database_text(s, 2)));
	assert_true(text_equal(database_text(s, 3), TEXT("x\xff")));
	assert_true(text_equal(database_text(s, 4), TEXT("text")));
	assert_true(text_equal(database_text(s, 5), TEXT("null")));
	database_reset(s);
	/* Bindings do not survive a reset. */
	assert_true(database_step(s));
	assert_true(text_equal(database_text(s, 4), TEXT("null")));
	database_reset(s);
	database_close(database);
}

#define DATABASE_TEST(name) \
	cmocka_unit_test_setup_teardown(test_ ## name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DATABASE_TEST(from_each_version),
		DATABASE_TEST(newer_is_refused),
		DATABASE_TEST(failing_migration),
		DATABASE_TEST(not_a_database),
		DATABASE_TEST(corrupt_page),
		DATABASE_TEST(files),
		DATABASE_TEST(second_owner),
		DATABASE_TEST(killed_in_transaction),
		DATABASE_TEST(statements),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
