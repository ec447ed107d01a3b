/*
 * mail/mime_write_stamp: disclaimers in every form of a body, and beside what
 * must not be touched; in every message of the corpus.
 */
#include "t/unit/mime_write_fixture.h"

#include <stdio.h>
#include <string.h>

#include "gateway/mail/mime_write_html.h"
#include "gateway/mail/mime_write_stamp.h"

#define FOLDER "../shared/testdata/mime"

static void
test_html(void **unused)
{
	static const struct {
		const char *html;	/* "{" and "}" where the places are */
	} cases[] = {
		{ "{plain}" },
		{ "<html><body>{text}</body></html>" },
		{ "<HTML><BODY bgcolor=\"a>b\">{text}</Body ></HTML>" },
		{ "<!DOCTYPE html>{text}" },
		{ "<!doctype html><html><head><title></body></title></head>{x"
		  "}</html>" },
		{ "<body>{a<!-- </body> --><p>b}</body>" },
		{ "<body>{<script>if (a</body>) x</script>}</body>" },
		{ "<body>{one</body>two}</body>" },
		{ "<body>{a < b <3 <> </ }</body>" },
		{ "<body title='</body>'>{x}" },
		{ "<body a=x'y>{z}</body>" },
		{ "<body>{<!-->x}</body>" },
		{ "{" },
	};
	static const char *const refused[] = { "<body>a<!-- b", "<a href=\"x",
		"<p", "a<script>b", "<title>a</titl>" };
	struct buffer page;
	size_t i;

	(void)unused;
	buffer_init(&page, 4096);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text html = text_from(cases[i].html);
		size_t top = text_find_byte(html, '{');
		size_t bottom = text_find_byte(html, '}');
		struct mime_write_html found;

		buffer_reset(&page);
		for (const char *at = cases[i].html; *at != '\0'; at++)
			if (*at != '{' && *at != '}')
				assert_int_equal(buffer_add_byte(&page, *at),
				    0);
		assert_int_equal(mime_write_html_scan(buffer_text(&page),
		    &found), 0);
		if (found.top != top || found.bottom != bottom - 1)
			fail_msg("%s: %zu %zu", cases[i].html, found.top,
			    found.bottom);
	}
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct mime_write_html found;

		assert_int_equal(mime_write_html_scan(text_from(refused[i]),
		    &found), ERROR_REFUSED);
	}
	buffer_clear(&page);
}

/* ---- stamps ------------------------------------------------------------- */

#define JAPANESE "\xe6\x97\xa5\xe6\x9c\xac"

static void
stamp(struct fixture *fixture, struct text bytes, const char *text,
	const char *html, bool is_heading)
{
	open_bytes(fixture, bytes);
	assert_int_equal(mime_write_stamp(&fixture->write,
	    &(struct mime_write_stamp){ .text = text_from(text),
	    .html = text_from(html), .is_heading = is_heading }, OUT_MAX),
	    0);
	(void)finish(fixture);
}

static void
test_stamps(void **unused)
{
	static const struct {
		const char *before, *text, *footer, *heading;
	} cases[] = {
		/* No header at all about it. */
		{ "A: b\r\n\r\nhello\r\n", "note\r\n",
		  "A: b\r\n\r\nhello\r\n\r\nnote\r\n",
		  "A: b\r\n\r\nnote\r\n\r\nhello\r\n" },
		{ "A: b\r\n\r\n", "note\r\n", "A: b\r\n\r\nnote\r\n",
		  "A: b\r\n\r\nnote\r\n\r\n" },
		{ "A: b\r\n\r\nhello\r\n", JAPANESE "\r\n",
		  "A: b\r\nMIME-Version: 1.0\r\n"
		  "Content-Type: text/plain; charset=utf-8\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "hello\r\n\r\n=E6=97=A5=E6=9C=AC\r\n",
		  "A: b\r\nMIME-Version: 1.0\r\n"
		  "Content-Type: text/plain; charset=utf-8\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "=E6=97=A5=E6=9C=AC\r\n\r\nhello\r\n" },
		/* Latin-1 that can say it, and that cannot. */
		{ "Content-Type: text/plain; charset=iso-8859-1\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "gr=FCn\r\n", "sch\xc3\xb6n\r\n",
		  "Content-Type: text/plain; charset=iso-8859-1\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "gr=FCn\r\n\r\nsch=F6n\r\n",
		  "Content-Type: text/plain; charset=iso-8859-1\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "sch=F6n\r\n\r\ngr=FCn\r\n" },
		{ "MIME-Version: 1.0\r\n"
		  "Content-Type: text/plain; charset=iso-8859-1\r\n"
		  "Content-Transfer-Encoding: 8bit\r\n\r\n"
		  "gr\xfcn\r\n", JAPANESE "\r\n",
		  "MIME-Version: 1.0\r\n"
		  "Content-Type: text/plain; charset=utf-8\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "gr=C3=BCn\r\n\r\n=E6=97=A5=E6=9C=AC\r\n",
		  "MIME-Version: 1.0\r\n"
		  "Content-Type: text/plain; charset=utf-8\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "=E6=97=A5=E6=9C=AC\r\n\r\ngr=C3=BCn\r\n" },
		/* base64 with lines that end in LF. */
		{ "Content-Transfer-Encoding: base64\r\n\r\naGkK\r\n",
		  "note\r\n",
		  "Content-Transfer-Encoding: base64\r\n\r\naGkKCm5vdGUK\r\n",
		  "Content-Transfer-Encoding: base64\r\n\r\nbm90ZQoKaGkK"
		  "\r\n" },
		/* RFC 3676 */
		{ "Content-Type: text/plain; format=flowed\r\n\r\nhello \r\n",
		  " a \r\n> b\r\nFrom c\r\n-- \r\n",
		  "Content-Type: text/plain; format=flowed\r\n\r\nhello \r\n"
		  "\r\n  a\r\n > b\r\n From c\r\n-- \r\n",
		  "Content-Type: text/plain; format=flowed\r\n\r\n"
		  "  a\r\n > b\r\n From c\r\n-- \r\n\r\nhello \r\n" },
	};
	struct fixture fixture;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stamp(&fixture, text_from(cases[i].before), cases[i].text,
		    "<p>x</p>\r\n", false);
		assert_bytes(buffer_text(&fixture.out), cases[i].footer);
		close_all(&fixture);
		stamp(&fixture, text_from(cases[i].before), cases[i].text,
		    "<p>x</p>\r\n", true);
		assert_bytes(buffer_text(&fixture.out), cases[i].heading);
		close_all(&fixture);
	}
}

#define RELATED "Content-Type: multipart/related; boundary=r; start=\"<2>\"" \
	"\r\n\r\n--r\r\nContent-Type: image/png\r\n\r\nimage\r\n"
#define ALTERNATIVE "A: b\r\nContent-Type: multipart/mixed; boundary=m\r\n" \
	"\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n" \
	"--a\r\n\r\nplain%s\r\n--a\r\n" RELATED \
	"--r\r\nContent-ID: <2>\r\n" \
	"Content-Type: text/html; charset=iso-8859-1\r\n\r\n" \
	"<body>page%s</body>\r\n--r--\r\n--a\r\n" \
	"Content-Type: text/calendar; method=REQUEST\r\n\r\n" \
	"BEGIN:VCALENDAR\r\n\r\n--a--\r\n--m\r\n" \
	"Content-Disposition: attachment\r\n\r\nattached\r\n--m--\r\n"

static void
test_alternative(void **unused)
{
	struct fixture fixture;
	struct buffer before, after;

	(void)unused;
	buffer_init(&before, 4096);
	buffer_init(&after, 4096);
	assert_int_equal(buffer_printf(&before, ALTERNATIVE, "", ""), 0);
	assert_int_equal(buffer_printf(&after, ALTERNATIVE, "\r\n\r\nnote",
	    "<p>&#26085;&#26412;</p>\r\n"), 0);
	stamp(&fixture, buffer_text(&before), "note\r\n",
	    "<p>" JAPANESE "</p>\r\n", false);
	check_bytes(buffer_text(&fixture.out), buffer_text(&after),
	    __LINE__);
	close_all(&fixture);
	buffer_clear(&before);
	buffer_clear(&after);
}

/* What must not be touched: in a multipart/mixed, byte for byte. */
static void
test_wrapped(void **unused)
{
	static const char *const cases[] = {
		"Content-Type: multipart/signed; boundary=s; protocol="
		    "\"application/pkcs7-signature\"\r\n\r\n--s\r\n\r\ntext"
		    "\r\n--s\r\nContent-Type: application/pkcs7-signature"
		    "\r\n\r\nsig\r\n--s--\r\n",
		"Content-Type: multipart/encrypted; boundary=s\r\n\r\n"
		    "--s\r\n\r\nVersion: 1\r\n--s\r\n\r\nx\r\n--s--\r\n",
		"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
		"Content-Type: text/plain; charset=x-unknown\r\n\r\n\xff\xfe"
		    "\r\n",
		"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n"
		    "x\r\n",
		"Content-Transfer-Encoding: x-own\r\n\r\nx\r\n",
		"Content-Transfer-Encoding: base64\r\n\r\nAAAA=AAA\r\n",
		"Content-Type: text/html\r\n\r\n<body>a<!-- open\r\n",
		"Content-Type: text/plain\r\n\r\n"
		    "-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nx\r\n",
		"Content-Type: multipart/mixed; boundary=s\r\n\r\n--s\r\n"
		    "Content-Type: image/png\r\n\r\nx\r\n--s--\r\n",
		"Content-Type: multipart/alternative; boundary=s\r\n\r\n"
		    "--s\r\n\r\nplain\r\n--s\r\nContent-Type: text/html;"
		    " charset=x-unknown\r\n\r\n<p>x</p>\r\n--s--\r\n",
	};
	struct fixture fixture;
	size_t i;
	int heading;

	(void)unused;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct text before = text_from(cases[i / 2]);
		struct mime_message again;
		const struct mime_part *kept, *note;

		heading = (int)(i % 2);
		stamp(&fixture, before, JAPANESE "\r\n", "<p>x</p>\r\n",
		    heading == 1);
		assert_int_equal(mime_message_parse(
		    buffer_text(&fixture.out), &mime_limits_default,
		    fixture.arena, &again), 0);
		assert_int_equal(again.part_count,
		    fixture.message.part_count + 2);
		kept = &again.parts[1 + heading];
		note = &again.parts[heading == 1 ? 1 : again.part_count - 1];
		check_bytes(text_of(kept->header.data, kept->header.len +
		    kept->body.len), before, __LINE__);
		assert_bytes(note->body, "=E6=97=A5=E6=9C=AC\r\n");
		close_all(&fixture);
	}
}

/* An invitation and nothing else is left alone. */
static void
test_calendar(void **unused)
{
	static const char *const cases[] = {
		"Content-Type: text/calendar; method=REQUEST\r\n\r\n"
		    "BEGIN:VCALENDAR\r\n",
		"Content-Type: multipart/alternative; boundary=s\r\n\r\n"
		    "--s\r\nContent-Type: text/calendar\r\n\r\nx\r\n--s--\r\n",
		"Content-Type: multipart/mixed; boundary=s\r\n\r\n--s\r\n"
		    "Content-Type: text/calendar\r\n\r\nx\r\n--s--\r\n",
	};
	struct fixture fixture;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stamp(&fixture, text_from(cases[i]), "note\r\n", "<p>\r\n",
		    false);
		assert_false(fixture.write.has_changes);
		assert_bytes(buffer_text(&fixture.out), cases[i]);
		close_all(&fixture);
	}
}

/* ---- every message of the corpus ---------------------------------------- */

static struct text
read_file(const char *path, struct buffer *raw)
{
	FILE *in = fopen(path, "rb");
	char piece[4096];
	size_t len;

	assert_non_null(in);
	buffer_init(raw, OUT_MAX);
	while ((len = fread(piece, 1, sizeof(piece), in)) > 0)
		assert_int_equal(buffer_add(raw, piece, len), 0);
	fclose(in);
	return buffer_text(raw);
}

/* The next part that can hold something. */
static size_t
next_leaf(const struct mime_message *message, size_t at)
{
	while (at < message->part_count &&
	    !mime_part_is_leaf(&message->parts[at]))
		at++;
	return at;
}

/*
 * How many leaves of one message are in the other as they were: there is one
 * more, or those that are not the same are stamped.
 */
static size_t
count_same(const struct mime_message *before,
	const struct mime_message *after, bool has_more)
{
	size_t i = next_leaf(before, 0), k = next_leaf(after, 0), same = 0;

	while (i < before->part_count && k < after->part_count) {
		bool is_same = text_equal(before->parts[i].body,
		    after->parts[k].body);

		same += is_same;
		if (is_same || !has_more)
			i = next_leaf(before, i + 1);
		k = next_leaf(after, k + 1);
	}
	return same;
}

static size_t
count_leaves(const struct mime_message *message)
{
	size_t i, count = 0;

	for (i = 0; i < message->part_count; i++)
		count += mime_part_is_leaf(&message->parts[i]);
	return count;
}

static bool
has_text(const struct mime_message *message, struct text wanted)
{
	struct buffer text;
	size_t i;
	bool found = false;

	buffer_init(&text, OUT_MAX);
	for (i = 0; i < message->part_count && !found; i++) {
		if (!mime_part_is(&message->parts[i], "text", NULL))
			continue;
		buffer_reset(&text);
		assert_int_equal(mime_decode_text(&message->parts[i], &text,
		    NULL), 0);
		found = text_find(buffer_text(&text), wanted) <
		    buffer_len(&text);
	}
	buffer_clear(&text);
	return found;
}

static void
check_stamped(const char *path, struct text bytes, bool is_heading,
	size_t *unchanged)
{
	struct fixture fixture;
	struct mime_message again;
	size_t i, targets = 0, more;

	stamp(&fixture, bytes, "Stamped " JAPANESE ".\r\n",
	    "<p>Stamped &#26085;.</p>\r\n", is_heading);
	assert_int_equal(mime_message_parse(buffer_text(&fixture.out),
	    &mime_limits_default, fixture.arena, &again), 0);
	if (!fixture.write.has_changes) {
		check_bytes(buffer_text(&fixture.out), bytes, __LINE__);
		(*unchanged)++;
		close_all(&fixture);
		return;
	}
	more = again.part_count - fixture.message.part_count;
	if (more != 0 && more != 2)
		fail_msg("%s: %zu parts became %zu", path,
		    fixture.message.part_count, again.part_count);
	for (i = 0; more == 0 && i < again.part_count; i++)
		targets += !text_equal(again.parts[i].body,
		    fixture.message.parts[i].body) &&
		    mime_part_is_leaf(&again.parts[i]);
	if (count_same(&fixture.message, &again, more > 0) + targets !=
	    count_leaves(&fixture.message) ||
	    (targets == 0) != (more == 2))
		fail_msg("%s: %zu of %zu leaves stayed, %zu stamped", path,
		    count_same(&fixture.message, &again, more > 0),
		    count_leaves(&fixture.message), targets);
	if (!has_text(&again, TEXT("Stamped ")))
		fail_msg("%s: no stamp", path);
	close_all(&fixture);
}

static void
test_corpus(void **unused)
{
	FILE *list = fopen(FOLDER "/MESSAGES.tsv", "r");
	char line[1024], path[2048];
	size_t count = 0, unchanged = 0;

	(void)unused;
	if (list == NULL) {
		print_message("# skipped: no %s\n", FOLDER);
		skip();
	}
	while (fgets(line, sizeof(line), list) != NULL) {
		struct buffer raw, bytes;

		if (line[0] == '#')
			continue;
		line[strcspn(line, "\t\n")] = '\0';
		(void)snprintf(path, sizeof(path), FOLDER "/%s", line);
		buffer_init(&bytes, OUT_MAX);
		assert_int_equal(mime_write_lines(read_file(path, &raw),
		    &bytes), 0);
		check_stamped(path, buffer_text(&bytes), false, &unchanged);
		check_stamped(path, buffer_text(&bytes), true, &unchanged);
		buffer_clear(&raw);
		buffer_clear(&bytes);
		count++;
	}
	fclose(list);
	print_message("# %zu messages, %zu left alone\n", count,
	    unchanged / 2);
	assert_true(count > 1000 && unchanged < count / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_alternative),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_corpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
