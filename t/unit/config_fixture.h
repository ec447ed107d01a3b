/*
 * What the tests of the configuration share: a small valid file, a folder
 * with the files that it may name, and loading from memory.
 */
#ifndef T_UNIT_CONFIG_FIXTURE_H
#define T_UNIT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/config/config_load.h"

/* Lines 1, 2-3, 4-5 and 6-7; what a test adds begins on line 8. */
#define HOSTNAME "hostname: gw.example.org\n"
#define LISTENERS "listeners:\n  public: { address: 192.0.2.1, port: 25 }\n"
#define POLICIES "mail_flow_policies:\n  incoming: { action: accept }\n"
#define GROUPS "sender_groups:\n" \
	"  - { name: world, addresses: [ all ], mail_flow_policy: incoming }\n"
#define BASE HOSTNAME LISTENERS POLICIES GROUPS

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\n" \
	"-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n" \
	"-----END PRIVATE KEY-----\n"

struct fixture {
	struct arena *arena;
	struct config config;
	struct config_errors errors;
};

static inline void
fixture_write(const char *name, const char *content)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Go to a new folder with good.pem, good.key, both.pem, text.pem. */
static inline int
fixture_folder(void **state)
{
	static char folder[] = "/tmp/postern-config-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	fixture_write("good.pem", CERTIFICATE);
	fixture_write("good.key", KEY);
	fixture_write("both.pem", CERTIFICATE KEY);
	fixture_write("text.pem", "no certificate\n");
	fixture_write("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB");
	fixture_write("anchor", ". IN DS 20326 8 2 E06D44B8\n");
	assert_int_equal(mkdir("folder", 0700), 0);
	return 0;
}

static inline int
fixture_folder_remove(void **state)
{
	static const char *const names[] = { "good.pem", "good.key",
		"both.pem", "text.pem", "cut.pem", "anchor", "postern.yaml" };
	char folder[256];
	size_t i;

	(void)state;
	assert_non_null(getcwd(folder, sizeof(folder)));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(names[i]);
	(void)rmdir("folder");
	assert_int_equal(chdir("/"), 0);
	return rmdir(folder);
}

static inline struct fixture *
fixture_new(void)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->arena = arena_new(CONFIG_LOAD_ARENA_MAX);
	return fixture;
}

static inline void
fixture_free(struct fixture *fixture)
{
	arena_free(fixture->arena);
	free(fixture);
}

static inline int
fixture_load(struct fixture *fixture, struct text yaml)
{
	return config_load_text(yaml, TEXT("test.yaml"), fixture->arena,
	    &fixture->config, &fixture->errors);
}

/* Must load; tells why where it does not. */
static inline struct fixture *
fixture_loaded(struct text yaml)
{
	struct fixture *fixture = fixture_new();
	struct buffer words;
	int rc = fixture_load(fixture, yaml);

	buffer_init(&words, 1 << 20);
	if (rc != 0 && config_errors_print(&fixture->errors, &words) == 0)
		print_error("%.*s", TEXT_ARG(buffer_text(&words)));
	buffer_clear(&words);
	assert_int_equal(rc, 0);
	assert_int_equal(fixture->errors.count, 0);
	return fixture;
}

#endif
