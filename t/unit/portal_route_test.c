/* webui/server: addresses, intents, files, names, clients, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/base/buffer.h"
#include "webui/server/portal_client.h"
#include "webui/server/portal_file.h"
#include "webui/server/portal_filename.h"
#include "webui/server/portal_page.h"
#include "webui/server/portal_route.h"
#include "webui/server/portal_secret.h"

#define ID "00112233445566778899aabbccddeeff"

static void
test_routes(void **unused)
{
	static const struct {
		const char *path;
		enum portal_route_kind kind;
	} rows[] = {
		{ "/", PORTAL_ROUTE_HOME }, { "/find", PORTAL_ROUTE_FIND },
		{ "/find/", PORTAL_ROUTE_NONE }, { "", PORTAL_ROUTE_NONE },
		{ "/m/" ID, PORTAL_ROUTE_MESSAGE },
		{ "/m/00112233445566778899AABBCCDDEEFF",
		    PORTAL_ROUTE_MESSAGE },
		{ "/m/" ID "/", PORTAL_ROUTE_NONE },
		{ "/m/" ID "0", PORTAL_ROUTE_NONE },
		{ "/m/K7QD-24MF", PORTAL_ROUTE_NONE },
		{ "/m/" ID "/code", PORTAL_ROUTE_CODE },
		{ "/opened/" ID, PORTAL_ROUTE_NONE },
		{ "/opened/" ID "/", PORTAL_ROUTE_PAGE },
		{ "/opened/" ID "/1", PORTAL_ROUTE_PART },
		{ "/opened/" ID "/0", PORTAL_ROUTE_NONE },
		{ "/opened/" ID "/01", PORTAL_ROUTE_NONE },
		{ "/opened/" ID "/4294967295", PORTAL_ROUTE_NONE },
		{ "/opened/" ID "/message.eml", PORTAL_ROUTE_WHOLE },
	};
	struct portal_route route;

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		portal_route_parse(text_from(rows[i].path), &route);
		if (route.kind != rows[i].kind)
			fail_msg("%s: %d", rows[i].path, (int)route.kind);
	}
	portal_route_parse(TEXT("/opened/" ID "/17"), &route);
	assert_int_equal(route.part, 17);
	assert_int_equal(route.id[1], 0x11);
	assert_false(portal_route_allows(PORTAL_ROUTE_CODE, HTTP_GET));
	assert_false(portal_route_allows(PORTAL_ROUTE_PAGE, HTTP_DELETE));
	assert_false(portal_route_allows(PORTAL_ROUTE_NONE, HTTP_GET));
}

static void
assert_name(struct text name, const char *wanted)
{
	struct buffer out;

	buffer_init(&out, 4096);
	portal_filename_print(name, &out);
	assert_true(text_equal(buffer_text(&out), text_from(wanted)));
	buffer_clear(&out);
}

static void
test_filenames(void **unused)
{
	char longest[4096];
	struct buffer out;

	(void)unused;
	assert_name(TEXT("offer 1.pdf"), "attachment; "
	    "filename=\"offer 1.pdf\"; filename*=UTF-8''offer%201.pdf");
	assert_name(TEXT("../../etc/passwd"), "attachment; "
	    "filename=\"_.._etc_passwd\"; filename*=UTF-8''_.._etc_passwd");
	assert_name(TEXT("...\r\nSet-Cookie: a\"b"), "attachment; "
	    "filename=\"__Set-Cookie_ a_b\"; "
	    "filename*=UTF-8''__Set-Cookie_%20a_b");
	assert_name(TEXT(""), "attachment; filename=\"attachment\"; "
	    "filename*=UTF-8''attachment");
	assert_name(TEXT("\xff\xe2\x80\xae" "fdp"), "attachment; "
	    "filename=\"__fdp\"; filename*=UTF-8''__fdp");
	memset(longest, '\xc3', sizeof(longest));
	buffer_init(&out, 4096);
	portal_filename_print(text_of(longest, sizeof(longest)), &out);
	assert_true(buffer_len(&out) < 1000);
	buffer_clear(&out);
}

static void
assert_client(struct text peer, struct text forwarded, bool proxy,
	const char *address, const char *network)
{
	struct portal_client client;

	portal_client_find(peer, forwarded, proxy, &client);
	assert_string_equal(client.address, address);
	assert_string_equal(client.network, network);
}

static void
test_clients(void **unused)
{
	(void)unused;
	assert_client(TEXT("192.0.2.1"), TEXT("203.0.113.9"), true,
	    "192.0.2.1", "192.0.2.1");
	assert_client(TEXT("127.0.0.1"), TEXT("203.0.113.9"), false,
	    "127.0.0.1", "127.0.0.1");
	assert_client(TEXT("127.0.0.1"), TEXT("10.9.8.7, 203.0.113.9"), true,
	    "203.0.113.9", "203.0.113.9");
	assert_client(TEXT("::1"), TEXT("2001:db8:0:1:2:3:4:5"), true,
	    "2001:db8:0:1:2:3:4:5", "2001:db8:0:1::");
	assert_client(TEXT("127.0.0.1"), TEXT("nonsense"), true,
	    "127.0.0.1", "127.0.0.1");
	assert_client(TEXT("?"), TEXT(""), true, "unknown", "unknown");
}

/* ---- files ---- */

static int
on_data(void *context, enum portal_field field, struct text piece)
{
	(void)field;
	return buffer_add_text(context, piece);
}

static int
on_end(void *context, enum portal_field field)
{
	return buffer_printf(context, "|%u", (unsigned int)field);
}

static const struct portal_file_events file_events = {
	.data = on_data, .end = on_end,
};

static void
test_files(void **unused)
{
	static const char large[PORTAL_FILE_SHELL_MAX + 1];
	struct portal_file file = { 0 };
	struct buffer story;

	(void)unused;
	buffer_init(&story, 4096);
	assert_int_equal(portal_file_feed(&file, TEXT("name=\"share\" "
	    "value=\"no\" nname=\"header\" value=\"A\"name=\"share\" "
	    "value=\"\"<textarea name=\"payload\" x>\r\nB</ name=\"header\""),
	    &file_events, &story), 0);
	assert_true(portal_file_is_complete(&file));
	assert_true(text_equal(buffer_text(&story),
	    TEXT("A|0|1\r\nB|2")));
	memset(&file, 0, sizeof(file));
	assert_int_equal(portal_file_feed(&file, text_of(large,
	    sizeof(large)), &file_events, &story), ERROR_LIMIT);
	buffer_clear(&story);
}

static void
test_proofs(void **unused)
{
	struct portal_secret one, two;
	char a[PORTAL_SECRET_PROOF_SIZE], b[PORTAL_SECRET_PROOF_SIZE];

	(void)unused;
	portal_secret_init(&one);
	portal_secret_init(&two);
	portal_secret_prove(&one, TEXT("p"), TEXT("token"), a);
	portal_secret_prove(&one, TEXT("p"), TEXT("token"), b);
	assert_string_equal(a, b);
	portal_secret_prove(&one, TEXT("pt"), TEXT("oken"), b);
	assert_string_not_equal(a, b);
	portal_secret_prove(&two, TEXT("p"), TEXT("token"), b);
	assert_string_not_equal(a, b);
	/* The key and words of RFC 4231 4.3, with a length in front. */
	memset(one.key, 0, sizeof(one.key));
	memcpy(one.key, "Jefe", 4);
	portal_secret_prove(&one, TEXT("what do ya want for nothing"),
	    TEXT("?"), a);
	assert_string_equal(a, "3c7ed587f06ecf5cd6365097fff37bb1");
	portal_secret_clear(&one);
	portal_secret_clear(&two);
}

static void
test_fill(void **unused)
{
	struct portal_page page;

	(void)unused;
	portal_page_init(&page);
	PORTAL_PAGE_FILL(&page, "<a title=\"{1}\">{0}</a>", TEXT("{1}<b>"),
	    TEXT("\"'>\x01"));
	assert_true(text_equal(buffer_text(&page.html), TEXT("<a title=\""
	    "&quot;&#39;&gt;\">{1}&lt;b&gt;</a>")));
	portal_page_clear(&page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_filenames),
		cmocka_unit_test(test_clients), cmocka_unit_test(test_files),
		cmocka_unit_test(test_proofs), cmocka_unit_test(test_fill),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("portal_route", tests, NULL, NULL);
}
