/* webui/http: posted forms, of one run and of parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/base/buffer.h"
#include "webui/http/http_form.h"
#include "webui/http/http_multipart.h"

static void
test_form(void **unused)
{
	struct text body = TEXT("a=1+2%2B3&b=&c=%C3%A4&d=x&d=y&e=%0a&f=%4");
	struct text value;
	char out[16];

	(void)unused;
	assert_int_equal(http_form_find(body, "a", out, sizeof(out), &value),
	    0);
	assert_true(text_equal(value, TEXT("1 2+3")));
	assert_int_equal(http_form_find(body, "b", out, sizeof(out), &value),
	    0);
	assert_int_equal(value.len, 0);
	assert_int_equal(http_form_find(body, "c", out, sizeof(out), &value),
	    0);
	assert_true(text_equal(value, TEXT("\xc3\xa4")));
	assert_int_equal(http_form_find(body, "d", out, sizeof(out), &value),
	    ERROR_MALFORMED);
	assert_int_equal(http_form_find(body, "e", out, sizeof(out), &value),
	    ERROR_MALFORMED);
	assert_int_equal(http_form_find(body, "f", out, sizeof(out), &value),
	    ERROR_MALFORMED);
	assert_int_equal(http_form_find(body, "g", out, sizeof(out), &value),
	    ERROR_NOT_FOUND);
	assert_int_equal(http_form_find(body, "a", out, 4, &value),
	    ERROR_LIMIT);
}

/* ---- parts ---- */

static struct buffer story;

static int
on_part(void *context, struct text name, struct text filename, bool is_file)
{
	(void)context;
	return buffer_printf(&story, "%.*s%s%.*s{", TEXT_ARG(name),
	    is_file ? "@" : "", TEXT_ARG(filename));
}

static int
on_data(void *context, struct text piece)
{
	(void)context;
	return buffer_add_text(&story, piece);
}

static int
on_end(void *context)
{
	(void)context;
	return buffer_add_byte(&story, '}');
}

static const struct http_multipart_events events = {
	.part = on_part, .data = on_data, .end = on_end,
};

#define TYPE "multipart/form-data; boundary=XyZ"

/* 0 and the story told, or an error, at every size of pieces. */
static void
check(const char *type, struct text body, int wanted, const char *told)
{
	struct http_multipart *multipart;
	size_t step, at;
	int error;

	for (step = 1; step <= body.len; step++) {
		buffer_init(&story, 4096);
		multipart = NULL;
		error = http_multipart_new(text_from(type), &events, NULL,
		    &multipart);
		for (at = 0; error == 0 && at < body.len; at += step)
			error = http_multipart_feed(multipart,
			    text_slice(body, at, step));
		if (error == 0 && !http_multipart_is_complete(multipart))
			error = ERROR_AGAIN;
		assert_int_equal(error, wanted);
		if (wanted == 0)
			assert_true(text_equal(buffer_text(&story),
			    text_from(told)));
		http_multipart_free(multipart);
		buffer_clear(&story);
	}
}

static void
test_parts(void **unused)
{
	(void)unused;
	check(TYPE, TEXT("--XyZ\r\nContent-Disposition: form-data; "
	    "name=\"a\"\r\n\r\none\r\n--XyZ\r\nContent-Type: text/html\r\n"
	    "content-disposition: form-data; name=f; filename=\"x;y.html\""
	    "\r\n\r\n\r\n--Xy\r\r\n-\r\n--XyZ\r\nContent-Disposition: "
	    "form-data; name=\"\"\r\n\r\n\r\n--XyZ--\r\nrest"), 0,
	    "a{one}f@x;y.html{\r\n--Xy\r\r\n-}{}");
	check(TYPE, TEXT("--XyZ--\r\n"), 0, "");
	check("Multipart/Form-Data; charset=x; boundary=\"a b\"",
	    TEXT("--a b\r\nContent-Disposition: form-data; name=n\r\n\r\n"
	    "v\r\n--a b--"), 0, "n{v}");
}

static void
test_broken_parts(void **unused)
{
	(void)unused;
	check("text/plain", TEXT("x"), ERROR_MALFORMED, "");
	check("multipart/form-data", TEXT("x"), ERROR_MALFORMED, "");
	check("multipart/form-data; boundary=\"a\"\"; x", TEXT("--b"),
	    ERROR_MALFORMED, "");
	check(TYPE, TEXT("before\r\n--XyZ--"), ERROR_MALFORMED, "");
	check(TYPE, TEXT("--XyZ\r\nX: y\r\n\r\n\r\n--XyZ--"),
	    ERROR_MALFORMED, "");
	check(TYPE, TEXT("--XyZ\r\nContent-Disposition: form-data\r\n\r\n"),
	    ERROR_MALFORMED, "");
	check(TYPE, TEXT("--XyZx\r\n"), ERROR_MALFORMED, "");
	check(TYPE, TEXT("--XyZ\r\nContent-Disposition: form-data; name=a"
	    "\r\n\r\nno end"), ERROR_AGAIN, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form), cmocka_unit_test(test_parts),
		cmocka_unit_test(test_broken_parts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("http_form", tests, NULL, NULL);
}
