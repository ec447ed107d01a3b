/* The notification's templates. */
#include "crypto/secure_envelope_notice.h"

struct notice {
	struct text start;
	struct text with_link;
	struct text without_link;
	struct text end;
};

static const struct notice plain = {
	.start = TEXT_INIT("{{lead}}\n"
	    "\n"
	    "{{reference_label}}: {{reference}}\n"
	    "{{sent_label}}: {{sent}}\n"
	    "{{until_label}}: {{until}}\n"
	    "\n"),
	.with_link = TEXT_INIT("{{how_link}}\n"
	    "\n"
	    "{{link}}\n"
	    "\n"
	    "{{how_or_file}}\n"),
	.without_link = TEXT_INIT("{{how_file}}\n"),
	.end = TEXT_INIT("{{how_code}}\n"
	    "\n"
	    "{{check}}\n"
	    "\n"
	    "{{never}}\n"),
};

static const struct notice page = {
	.start = TEXT_INIT("<!DOCTYPE html>\n"
	    "<html lang=\"en\">\n"
	    "<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<title>{{title}}</title>\n"
	    "</head>\n"
	    "<body style=\"font:16px/1.5 sans-serif;max-width:34em\">\n"
	    "<h1 style=\"font-size:20px\">{{lead}}</h1>\n"
	    "<p>{{reference_label}}: <strong>{{reference}}</strong><br>\n"
	    "{{sent_label}}: {{sent}}<br>\n"
	    "{{until_label}}: {{until}}</p>\n"),
	.with_link = TEXT_INIT("<p>\n"
	    "<a href=\"{{link}}\"\n"
	    "style=\"display:inline-block;padding:12px 24px;"
	    "border-radius:6px;\n"
	    "background:#17509c;color:#ffffff;font-weight:bold;\n"
	    "text-decoration:none\">{{open}}</a></p>\n"
	    "<p>{{how_link}}<br>\n"
	    "{{link}}</p>\n"
	    "<p>{{how_or_file}}\n"),
	.without_link = TEXT_INIT("<p>{{how_file}}\n"),
	.end = TEXT_INIT("{{how_code}}</p>\n"
	    "<p>{{check}}</p>\n"
	    "<p>{{never}}</p>\n"
	    "</body>\n"
	    "</html>\n"),
};

static int
write_notice(const struct notice *notice,
	const struct secure_envelope_facts *facts, bool has_link, bool is_html,
	struct buffer *out)
{
	const struct secure_envelope_template fill = {
		.values = facts->values,
		.count = facts->count,
		.is_html = is_html,
	};
	int error = secure_envelope_template_fill(&fill, notice->start, out);

	if (error == 0)
		error = secure_envelope_template_fill(&fill, has_link ?
			notice->with_link : notice->without_link, out);
	if (error == 0)
		error = secure_envelope_template_fill(&fill, notice->end, out);
	return error;
}

int
secure_envelope_notice_text(const struct secure_envelope_facts *facts,
	bool has_link, struct buffer *out)
{
	return write_notice(&plain, facts, has_link, false, out);
}

int
secure_envelope_notice_html(const struct secure_envelope_facts *facts,
	bool has_link, struct buffer *out)
{
	return write_notice(&page, facts, has_link, true, out);
}
