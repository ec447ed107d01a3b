/* webui/server: from link to opened message, as a browser without script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/secure_envelope.h"
#include "t/unit/portal_fixture.h"

#define FORM "application/x-www-form-urlencoded"
#define PARTS "multipart/form-data; boundary=bound"
#define MESSAGE "/m/" FIXTURE_ID
#define KEY_ID "ffffffffffffffffffffffffffffffff"
/* 65 bytes, the first of them 4. */
#define HANDBACK \
	"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define INTENT "key=" KEY_ID "&handback=" HANDBACK

static void
assert_asked(const char *wanted)
{
	assert_string_equal(fixture.asked, wanted);
}

/* Post a form with this browser's token and more fields. */
static void
post(const char *path, const char *more)
{
	char token[128], body[2048];
	int len;

	fixture_get("/signout");
	(void)fixture_field("token", token, sizeof(token));
	len = snprintf(body, sizeof(body), "token=%s&%s", token, more);
	fixture_post(path, FORM, text_of(body, (size_t)len));
}

static void
test_site(void **unused)
{
	(void)unused;
	fixture_get("/");
	assert_says("HTTP/1.1 200 OK\r\n");
	assert_says("Content-Security-Policy: default-src 'none'; "
	    "frame-ancestors 'none'; base-uri 'none'; style-src 'self'; "
	    "form-action 'self'\r\n");
	assert_says("X-Content-Type-Options: nosniff\r\n");
	assert_says("Referrer-Policy: no-referrer\r\n");
	assert_says("Cache-Control: no-store\r\n");
	assert_says("Cross-Origin-Opener-Policy: same-origin\r\n");
	assert_says("Set-Cookie: postern-visit=");
	assert_says("; Path=/; HttpOnly; SameSite=Lax\r\n");
	assert_says("<html lang=\"en\">");
	assert_says("<label for=\"reference\">");
	fixture_get("/about");
	assert_says("https://msg.example.com");
	assert_false(fixture_says("<form"));
	fixture_get("/style.css");
	assert_says("Content-Type: text/css");
	fixture_get("/nothing");
	assert_says("HTTP/1.1 404 ");
	fixture_get("/find");
	assert_says("HTTP/1.1 405 ");
	assert_says("Allow: POST\r\n");
	fixture_post("/find", "text/plain", TEXT("a=b"));
	assert_says("HTTP/1.1 415 ");
}

static void
test_find(void **unused)
{
	static const uint8_t id[16] = { 1 };
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE], form[128];

	(void)unused;
	fixture_post("/find", FORM, TEXT("reference=a&address=b%40c"));
	assert_says("HTTP/1.1 403 ");
	assert_asked("");
	post("/find", "reference=K7QD-24M0&address=b%40c");
	assert_says("typing mistake");
	assert_says("aria-describedby=\"error\"");
	assert_asked("");
	secure_envelope_reference(id, reference);
	(void)snprintf(form, sizeof(form), "reference=%s&address=b%%40c.d",
	    reference);
	post("/find", form);
	assert_says("HTTP/1.1 200 ");
	assert_says("Look into your mailbox");
	assert_non_null(strstr(fixture.asked, reference));
	fixture.code.outcome = FRAME_CODE_PAUSED;
	fixture.code.wait_s = 61;
	post("/find", form);
	assert_says("HTTP/1.1 429 ");
	assert_says("2 minutes");
}

static void
test_message(void **unused)
{
	(void)unused;
	fixture_get(MESSAGE);
	assert_asked("find(,17)");
	assert_says("HTTP/1.1 200 ");
	/* X01: nothing from outside is markup. */
	assert_says("a&lt;script&gt;@example.com");
	assert_says("Example &amp; Sons");
	assert_says("&lt;c&gt;&quot;&amp;&#39;@partner.example");
	assert_says("21 November 2026, 22:11 UTC");
	assert_says("value=\"2\"");
	assert_says("name=\"address\"");
	fixture.find.recipient_count = 1;
	fixture_get(MESSAGE);
	assert_says("name=\"choice\" value=\"1\"");
	assert_false(fixture_says("name=\"address\""));
	fixture.find.hides_some = 1;
	fixture_get(MESSAGE);
	assert_says("name=\"address\"");
	fixture.find.recipient_count = 0;
	fixture_get(MESSAGE);
	assert_says("name=\"choice\" value=\"0\"");
}

static void
test_states(void **unused)
{
	(void)unused;
	fixture.find.state = FRAME_ENVELOPE_UNKNOWN;
	fixture_get(MESSAGE);
	assert_says("HTTP/1.1 404 ");
	fixture.find.state = FRAME_ENVELOPE_EXPIRED;
	fixture_get(MESSAGE);
	assert_says("HTTP/1.1 403 ");
	assert_says("21 December 2026, 22:11 UTC");
	fixture.find.state = FRAME_ENVELOPE_LOCKED;
	fixture_get(MESSAGE);
	assert_says("has withdrawn access");
	fixture.find.state = 200;
	fixture_get(MESSAGE);
	assert_says("HTTP/1.1 404 ");
	fixture_get("/m/0011");
	assert_says("HTTP/1.1 404 ");
	fixture_get(MESSAGE "?handback=zzz");
	assert_says("HTTP/1.1 400 ");
}

/* From the message's page to the session; intent is "" or "&...". */
static void
prove(const char *intent)
{
	char form[1024], challenge[64], proof[64];

	(void)snprintf(form, sizeof(form), "choice=1%s", intent);
	post(MESSAGE "/code", form);
	assert_asked("code(,1)");
	assert_says("autocomplete=\"one-time-code\"");
	(void)fixture_field("challenge", challenge, sizeof(challenge));
	(void)fixture_field("proof", proof, sizeof(proof));
	(void)snprintf(form, sizeof(form), "challenge=%s&proof=%s&"
	    "code=1234+5678%s", challenge, proof, intent);
	post(MESSAGE "/verify", form);
}

static void
test_code(void **unused)
{
	char challenge[64], proof[64], form[512];

	(void)unused;
	post(MESSAGE "/code", "choice=0&address=nonsense");
	assert_says("HTTP/1.1 422 ");
	assert_says("aria-invalid=\"true\"");
	assert_asked("find(,17)");
	post(MESSAGE "/code", "choice=0&address=+x%40y.example+");
	assert_asked("code(x@y.example,0)");
	(void)fixture_field("challenge", challenge, sizeof(challenge));
	(void)fixture_field("proof", proof, sizeof(proof));
	fixture.verify.outcome = FRAME_CODE_WRONG;
	fixture.verify.tries_left = 3;
	(void)snprintf(form, sizeof(form), "challenge=%s&proof=%s&code=1",
	    challenge, proof);
	post(MESSAGE "/verify", form);
	assert_asked("verify(1,0)");
	assert_says("Tries left: 3.");
	assert_says("aria-describedby=\"code-hint error\"");
	fixture.verify.outcome = FRAME_CODE_EXHAUSTED;
	post(MESSAGE "/verify", form);
	assert_says("too many tries");
	fixture.verify.outcome = FRAME_CODE_EXPIRED;
	post(MESSAGE "/verify", form);
	assert_says("Ask for a new code");
	/* Another browser, or another message: not this challenge. */
	post("/m/11112233445566778899aabbccddeeff/verify", form);
	assert_says("HTTP/1.1 403 ");
	assert_asked("");
	fixture.cookies[0] = '\0';
	post(MESSAGE "/verify", form);
	assert_says("HTTP/1.1 403 ");
	assert_asked("");
}

static void
test_hand_back(void **unused)
{
	(void)unused;
	fixture_get(MESSAGE "?" INTENT);
	assert_says("Cross-Origin-Opener-Policy: unsafe-none\r\n");
	assert_says("name=\"handback\" value=\"" HANDBACK "\"");
	prove("&" INTENT);
	assert_asked("verify(1234 5678,0)");
	assert_says("HTTP/1.1 303 ");
	assert_says("Location: " MESSAGE "/open?" INTENT "\r\n");
	assert_says("Set-Cookie: postern=77777777");
	assert_says("Cross-Origin-Opener-Policy: unsafe-none\r\n");
	fixture_get(MESSAGE "/open?" INTENT);
	assert_asked("release(127.0.0.1,65)");
	assert_says("data-wrapped=\"AXdyYXBwZWT_\"");
	assert_says("data-id=\"" FIXTURE_ID "\"");
	assert_says("script-src 'sha256-");
	/* The session goes on: no second code. */
	fixture_get(MESSAGE "?" INTENT);
	assert_says("Location: " MESSAGE "/open?" INTENT "\r\n");
	fixture.release.outcome = FRAME_RELEASE_NOT_YOURS;
	fixture_get(MESSAGE "/open?" INTENT);
	assert_says("HTTP/1.1 404 ");
	fixture.release.outcome = FRAME_RELEASE_LOCKED;
	fixture_get(MESSAGE "/open?" INTENT);
	assert_says("withdrawn");
	fixture.release.outcome = FRAME_RELEASE_NO_SESSION;
	fixture_get(MESSAGE "/open?" INTENT);
	assert_says("Location: " MESSAGE "?" INTENT "&other=1\r\n");
	assert_says("Max-Age=0");
}

/* ---- uploads ---- */

static struct text
header_base64(struct buffer *out)
{
	struct secure_envelope_header header = {
		.profile = TEXT_INIT("p"), .sender = TEXT_INIT("a@b"),
		.organisation = TEXT_INIT("o"),
		.portal_url = TEXT_INIT("https://msg.example.com"),
	};
	struct buffer bytes;

	for (size_t i = 0; i < 16; i++)
		header.id[i] = (uint8_t)(i * 0x11);
	memset(header.key_id, 0xff, sizeof(header.key_id));
	buffer_init(&bytes, 4096);
	buffer_init(out, 8192);
	assert_int_equal(secure_envelope_header_encode(&header, &bytes), 0);
	assert_int_equal(base64_encode(buffer_text(&bytes), 76, out), 0);
	buffer_clear(&bytes);
	return buffer_text(out);
}

#define PART(name) "--bound\r\nContent-Disposition: form-data; name=\"" \
	name "\"\r\n\r\n"

static void
upload_fields(size_t payload)
{
	struct buffer body, header;
	struct text encoded = header_base64(&header);
	char *filling = malloc(payload);

	assert_non_null(filling);
	memset(filling, 'Q', payload);
	buffer_init(&body, FIXTURE_UPLOAD_MEMORY);
	assert_int_equal(buffer_printf(&body, PART("header") "\r\n%.*s\r\n"
	    PART("share") "\r\nc2hhcmU=\r\n" PART("payload"),
	    TEXT_ARG(encoded)), 0);
	assert_int_equal(buffer_add(&body, filling, payload), 0);
	assert_int_equal(buffer_add_text(&body, TEXT("\r\n--bound--\r\n")),
	    0);
	fixture_post("/open", PARTS, buffer_text(&body));
	buffer_clear(&body);
	buffer_clear(&header);
	free(filling);
}

static struct text
location(char *out, size_t size)
{
	struct text rest = buffer_text(&fixture.answer);

	rest = text_skip(rest, text_find(rest, TEXT("Location: ")) + 10);
	assert_int_equal(text_to_string(text_slice(rest, 0,
	    text_find_byte(rest, '\r')), out, size), 0);
	return text_from(out);
}

static void
test_upload(void **unused)
{
	char opened[128], path[160], intent[64], wanted[256];
	size_t kept;

	(void)unused;
	/* From a file: no cookie comes along. */
	upload_fields(300000);
	assert_asked("find(,17)");
	assert_says("HTTP/1.1 303 ");
	assert_true(text_starts(location(opened, sizeof(opened)),
	    TEXT("/opened/")));
	assert_int_equal(portal_uploads_used(fixture.portal->uploads),
	    300000);
	fixture_get(opened);
	assert_says("Location: " MESSAGE "?upload=");
	fixture_get(location(path, sizeof(path)).data);
	assert_says("name=\"upload\" value=\"");
	(void)snprintf(intent, sizeof(intent), "&upload=%.32s", opened + 8);
	prove(intent);
	(void)location(path, sizeof(path));
	assert_string_equal(path, opened);
	fixture_get(opened);
	assert_asked("release(127.0.0.1,0)");
	assert_says("<p>opened</p>");
	assert_says("style-src 'self' 'unsafe-inline'; img-src data:; "
	    "form-action 'none'");
	(void)snprintf(wanted, sizeof(wanted),
	    "c2hhcmU=|QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ|300000|0|%s", opened);
	assert_string_equal(fixture.unsealed, wanted);
	fixture.filename = TEXT("\xc3\xa4 \"b\".pdf");
	(void)snprintf(path, sizeof(path), "%s2", opened);
	fixture_get(path);
	assert_says("Content-Disposition: attachment; "
	    "filename=\"_ _b_.pdf\"; filename*=UTF-8''%C3%A4%20_b_.pdf\r\n");
	assert_says("Content-Type: application/octet-stream\r\n");
	(void)snprintf(path, sizeof(path), "%smessage.eml", opened);
	fixture_get(path);
	assert_says("filename=\"message.eml\"");
	fixture.unseal_outcome = FRAME_UNSEAL_DAMAGED;
	fixture_get(opened);
	assert_says("HTTP/1.1 422 ");
	/* Another browser has the session, but not the upload's cookie. */
	kept = portal_uploads_count(fixture.portal->uploads);
	assert_int_equal(kept, 1);
	(void)snprintf(fixture.cookies, sizeof(fixture.cookies), "postern="
	    "7777777777777777777777777777777777777777777777777777777777777777");
	fixture_get(opened);
	assert_says("HTTP/1.1 404 ");
	assert_asked("");
}

static void
test_upload_file(void **unused)
{
	struct buffer body, header;
	struct text encoded = header_base64(&header);

	(void)unused;
	buffer_init(&body, 65536);
	assert_int_equal(buffer_printf(&body, "--bound\r\n"
	    "Content-Disposition: form-data; name=\"file\"; "
	    "filename=\"securedoc.html\"\r\nContent-Type: text/html\r\n\r\n"
	    "<html><name=\"hea<input name=\"header\" value=\"\r\n%.*s\">"
	    "<input type=\"hidden\" name=\"share\" value=\"c2hh\r\ncmU=\">"
	    "<textarea name=\"payload\" hidden>\r\nQUJD\r\n</textarea></html>"
	    "\r\n--bound--\r\n", TEXT_ARG(encoded)), 0);
	fixture_post("/open", PARTS, buffer_text(&body));
	assert_says("HTTP/1.1 303 ");
	assert_int_equal(portal_uploads_used(fixture.portal->uploads), 8);
	buffer_clear(&body);
	buffer_clear(&header);
}

static void
test_upload_refused(void **unused)
{
	(void)unused;
	/* K05: of what nobody may open, nothing is kept. */
	fixture.find.state = FRAME_ENVELOPE_UNKNOWN;
	upload_fields(200000);
	assert_says("HTTP/1.1 404 ");
	fixture.find.state = FRAME_ENVELOPE_LOCKED;
	upload_fields(200000);
	assert_says("withdrawn");
	fixture.find.state = FRAME_ENVELOPE_OPEN;
	fixture_post("/open", PARTS, TEXT(PART("share") "\r\n--bound--"));
	assert_says("HTTP/1.1 422 ");
	fixture_post("/open", PARTS, TEXT(PART("header") "QUJD\r\n"
	    "--bound--"));
	assert_says("HTTP/1.1 422 ");
	fixture_post("/open", PARTS, TEXT("--bound--"));
	assert_says("HTTP/1.1 422 ");
	fixture_post("/open", FORM, TEXT("a=b"));
	assert_says("HTTP/1.1 415 ");
	/* One client gets half of the memory. */
	upload_fields(FIXTURE_UPLOAD_MEMORY / 2 + 1);
	assert_says("HTTP/1.1 503 ");
	assert_int_equal(portal_uploads_count(fixture.portal->uploads), 0);
	assert_int_equal(portal_uploads_used(fixture.portal->uploads), 0);
}

static void
test_vault_away(void **unused)
{
	(void)unused;
	ipc_free(fixture.vault);
	fixture.vault = NULL;
	fixture_get(MESSAGE);
	assert_says("HTTP/1.1 503 ");
	upload_fields(1000);
	assert_says("HTTP/1.1 503 ");
	fixture_get("/about");
	assert_says("HTTP/1.1 200 ");
}

static void
test_signout(void **unused)
{
	(void)unused;
	post("/signout", "x=y");
	assert_says("You are signed out");
	assert_says("Set-Cookie: postern=; Path=/; HttpOnly; SameSite=Lax; "
	    "Max-Age=0\r\n");
	fixture_post("/signout", FORM, TEXT("token=guessed"));
	assert_says("HTTP/1.1 403 ");
}

static void
test_secure(void **unused)
{
	(void)unused;
	fixture.config.key_service.portal.certificate = TEXT("c");
	portal_configure(fixture.portal, &fixture.config);
	fixture_get("/");
	assert_says("Set-Cookie: __Host-postern-visit=");
	assert_says("; Path=/; HttpOnly; SameSite=Lax; Secure\r\n");
	assert_says("Strict-Transport-Security: max-age=");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, \
	fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(site), TEST(find), TEST(message), TEST(states),
		TEST(code), TEST(hand_back), TEST(upload), TEST(upload_file),
		TEST(upload_refused), TEST(vault_away), TEST(signout),
		TEST(secure),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("portal", tests, NULL, NULL);
}
