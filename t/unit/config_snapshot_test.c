/*
 * Snapshots: sealed, equal after the round trip, refused when damaged,
 * unsealed, of another format, or when they hold what no file could say.
 */
#include "t/unit/config_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "gateway/base/crc32c.h"
#include "gateway/config/config_snapshot_private.h"

#define MORE \
	"tls:\n  certificates:\n" \
	"    main: { certificate: good.pem, key: good.key }\n" \
	"dns: { trust_anchor: anchor }\n" \
	"recipient_access:\n  - { patterns: [ a.example, b@ ], " \
	"action: accept }\n"

static void
assert_same(const struct config *a, const struct config *b)
{
	struct buffer x, y;

	buffer_init(&x, CONFIG_SNAPSHOT_MAX);
	buffer_init(&y, CONFIG_SNAPSHOT_MAX);
	assert_int_equal(record_encode(&config_shape, a, &x), 0);
	assert_int_equal(record_encode(&config_shape, b, &y), 0);
	assert_true(text_equal(buffer_text(&x), buffer_text(&y)));
	buffer_reset(&x);
	buffer_reset(&y);
	assert_int_equal(config_print_yaml(a, &x), 0);
	assert_int_equal(config_print_yaml(b, &y), 0);
	assert_true(text_equal(buffer_text(&x), buffer_text(&y)));
	buffer_clear(&x);
	buffer_clear(&y);
}

static void
a_snapshot_is_what_was_sealed(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE MORE));
	struct config_snapshot *snapshot = NULL, *again;
	int descriptor = -1;
	struct reason why;

	(void)state;
	assert_int_equal(config_snapshot_seal(&fixture->config, 7,
	    &descriptor, &why), 0);
	assert_true(descriptor >= 0);
	assert_true(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(config_snapshot_open(descriptor, &snapshot, &why),
	    0);
	close(descriptor);
	assert_int_equal(config_snapshot_version(snapshot), 7);
	assert_same(&fixture->config, config_snapshot_config(snapshot));
	assert_true(text_equal(config_snapshot_config(snapshot)
	    ->tls.certificates[0].certificate_pem, TEXT(CERTIFICATE)));
	again = config_snapshot_ref(snapshot);
	config_snapshot_release(&snapshot);
	assert_null(snapshot);
	assert_true(text_equal(config_snapshot_config(again)->hostname,
	    TEXT("gw.example.org")));
	config_snapshot_release(&again);
	config_snapshot_release(&again);
	fixture_free(fixture);
}

static void
a_sealed_snapshot_cannot_change(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));
	int descriptor = -1;
	struct reason why;

	(void)state;
	assert_int_equal(config_snapshot_seal(&fixture->config, 1,
	    &descriptor, &why), 0);
	assert_int_equal(pwrite(descriptor, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(descriptor, 0), -1);
	assert_int_equal(fcntl(descriptor, F_ADD_SEALS, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
	    descriptor, 0), MAP_FAILED);
	close(descriptor);
	fixture_free(fixture);
}

/* A memfd with the bytes, sealed or not. */
static int
descriptor_of(struct text bytes, int seals)
{
	int descriptor = memfd_create("test", MFD_ALLOW_SEALING);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, bytes.data, bytes.len),
	    (ssize_t)bytes.len);
	assert_int_equal(fcntl(descriptor, F_ADD_SEALS, seals), 0);
	return descriptor;
}

static void
refuse(struct text bytes, int seals, int error)
{
	struct config_snapshot *snapshot = NULL;
	struct reason why = { .reply = 0 };
	int descriptor = descriptor_of(bytes, seals);

	assert_int_equal(config_snapshot_open(descriptor, &snapshot, &why),
	    error);
	assert_null(snapshot);
	assert_true(why.text[0] != '\0');
	close(descriptor);
}

#define ALL_SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static void
damaged_snapshots_are_refused(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));
	struct buffer bytes;
	struct reason why;
	size_t i;

	(void)state;
	buffer_init(&bytes, CONFIG_SNAPSHOT_MAX);
	assert_int_equal(config_snapshot_encode(&fixture->config, 1, &bytes,
	    &why), 0);
	refuse(buffer_text(&bytes), 0, ERROR_MALFORMED);
	refuse(buffer_text(&bytes), F_SEAL_WRITE, ERROR_MALFORMED);
	refuse(TEXT("short"), ALL_SEALS, ERROR_MALFORMED);
	/* Each byte of the head, then a sample that meets every field. */
	for (i = 0; i < buffer_len(&bytes); i += i < 512 ? 1 : 61) {
		bytes.bytes[i] ^= 1;
		refuse(buffer_text(&bytes), ALL_SEALS, i >= 8 && i < 12 ?
		    ERROR_MISMATCH : ERROR_MALFORMED);
		bytes.bytes[i] ^= 1;
	}
	for (i = 1; i < buffer_len(&bytes); i += i < 512 ? 7 : 1009)
		refuse(text_slice(buffer_text(&bytes), 0, i), ALL_SEALS,
		    ERROR_MALFORMED);
	buffer_clear(&bytes);
	fixture_free(fixture);
}

static void
what_is_no_memfd_is_refused(void **state)
{
	struct config_snapshot *snapshot = NULL;
	struct reason why;
	int descriptor = open("good.pem", O_RDONLY);

	(void)state;
	assert_true(descriptor >= 0);
	assert_int_equal(config_snapshot_open(descriptor, &snapshot, &why),
	    ERROR_MALFORMED);
	close(descriptor);
	assert_int_equal(config_snapshot_open(-1, &snapshot, &why),
	    ERROR_MALFORMED);
}

/* Well formed, but not what any file could have said. */
static void
refuse_config(const struct config *config, const char *words)
{
	struct config_snapshot *snapshot = NULL;
	int descriptor = -1;
	struct reason why;

	assert_int_equal(config_snapshot_seal(config, 1, &descriptor, &why),
	    0);
	assert_int_equal(config_snapshot_open(descriptor, &snapshot, &why),
	    ERROR_MALFORMED);
	if (strstr(why.text, words) == NULL)
		fail_msg("expected \"%s\", not \"%s\"", words, why.text);
	close(descriptor);
}

static void
values_out_of_range_are_refused(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));
	struct config config = fixture->config;

	(void)state;
	config.listeners[0].tls = 3;
	refuse_config(&config, "listeners.public.tls: expected off");
	config.listeners[0].tls = 0;
	config.listeners[0].port = 0;
	refuse_config(&config, "listeners.public.port: expected a whole");
	config.listeners[0].port = 25;
	config.limits.refuse_nul = 2;
	refuse_config(&config, "limits.refuse_nul: expected true or false");
	config.limits.refuse_nul = 1;
	config.hostname = TEXT("a b");
	refuse_config(&config, "hostname: expected a fully qualified");
	config.hostname = TEXT("gw.example.org");
	config.sender_groups[0].flow_policy = TEXT("gone");
	refuse_config(&config, "there is no mail flow policy \"gone\"");
	config.sender_groups[0].flow_policy = TEXT("incoming");
	config.listener_count = 0;
	refuse_config(&config, "listeners: 0 entries");
	config.listener_count = 1;
	config.limits.in_flight = 1 << 20;
	refuse_config(&config, "limits.in_flight: smaller than");
	fixture_free(fixture);
}

static void
names_given_twice_are_refused(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));
	struct config config = fixture->config;
	struct config_listener two[2];

	(void)state;
	two[0] = two[1] = config.listeners[0];
	two[1].port = 26;
	config.listeners = two;
	config.listener_count = 2;
	refuse_config(&config, "the name \"public\" is given twice");
	fixture_free(fixture);
}

static void
limits_of_the_record_hold(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));
	struct config config = fixture->config;
	struct text many[65], patterns[1];
	int descriptor = -1;
	struct reason why;
	static char large[70000];
	size_t i;

	(void)state;
	for (i = 0; i < 65; i++)
		many[i] = TEXT("public");
	config.sender_groups[0].listeners = many;
	config.sender_groups[0].listener_count = 65;
	assert_int_equal(config_snapshot_seal(&config, 1, &descriptor, &why),
	    ERROR_LIMIT);
	config.sender_groups[0].listener_count = 0;
	memset(large, 'a', sizeof(large));
	patterns[0] = text_of(large, sizeof(large));
	config.sender_groups[0].addresses = patterns;
	assert_int_equal(config_snapshot_seal(&config, 1, &descriptor, &why),
	    ERROR_LIMIT);
	assert_int_equal(descriptor, -1);
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_is_what_was_sealed),
		cmocka_unit_test(a_sealed_snapshot_cannot_change),
		cmocka_unit_test(damaged_snapshots_are_refused),
		cmocka_unit_test(what_is_no_memfd_is_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(names_given_twice_are_refused),
		cmocka_unit_test(limits_of_the_record_hold),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fixture_folder,
	    fixture_folder_remove);
}
