/* The envelope's words, in English. */
#include "crypto/secure_envelope_words.h"

#include <stddef.h>

static const struct {
	struct text name;
	struct text text;
} words[] = {
#define WORD(name, text) { TEXT_INIT(name), TEXT_INIT(text) }
	/* mail and file */
	WORD("title", "Message from {{sender}}"),
	/* The null reverse-path's name. */
	WORD("nobody", "an automatic system"),
	WORD("lead_alone", "{{sender}} sent you a protected message."),
	WORD("lead_organisation",
	    "{{sender}} ({{organisation}}) sent you a protected message."),
	WORD("reference_label", "Reference"),
	WORD("sent_label", "Sent"),
	WORD("until_label", "Can be opened"),
	WORD("until_date", "until {{expires}}"),
	WORD("until_never", "at any time"),
	WORD("check", "Not sure that this is genuine? Type {{portal}} into "
	    "your browser yourself and enter the reference {{reference}}, or "
	    "call the sender at a number that you already have."),
	WORD("never", "We never ask for the password of your e-mail "
	    "account."),

	/* mail */
	WORD("how_link", "Open this address in your browser:"),
	WORD("how_or_file",
	    "Or open the attached file securedoc.html in your browser."),
	WORD("how_file",
	    "Open the attached file securedoc.html in your browser."),
	WORD("how_code", "You get a code by e-mail to this address and type "
	    "it in. You need no account and no other software."),

	/* file: before it is open */
	WORD("open", "Open message"),
	WORD("open_hint", "A window of {{portal}} opens, where you get a code "
	    "by e-mail. Then the message is decrypted here, in this page."),
	WORD("online", "Open in the browser"),
	WORD("online_hint", "Sends this file, encrypted as it is, to "
	    "{{portal}} and shows the message there. You get a code by "
	    "e-mail; you need no account."),
	WORD("payload_label", "The encrypted message"),
	WORD("waiting", "Please go on in the other window."),
	WORD("opening", "The message is being decrypted."),
	WORD("opened", "The message is open."),
	WORD("blocked", "Your browser did not allow the other window. Allow "
	    "windows for this page and try again, or use \"Open in the "
	    "browser\"."),
	WORD("closed", "The other window was closed before the message could "
	    "be opened. Try again, or use \"Open in the browser\"."),
	WORD("wrong", "The key that came back cannot be used. Try again, or "
	    "use \"Open in the browser\"."),
	WORD("damaged", "This file is damaged, or its key belongs to another "
	    "message. Ask the sender to send it again."),

	/* file: open */
	WORD("from", "From"),
	WORD("to", "To"),
	WORD("cc", "Copy to"),
	WORD("date", "Date"),
	WORD("no_subject", "(no subject)"),
	WORD("text", "Text of the message"),
	WORD("files", "Attachments"),
	WORD("save", "Save"),
	WORD("whole", "Save the whole message (.eml)"),
	WORD("cut", "This message has more parts than can be listed here. "
	    "Save the whole message to see all of it."),
#undef WORD
};

bool
secure_envelope_word(struct text name, struct text *out)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (text_equal(words[i].name, name)) {
			*out = words[i].text;
			return true;
		}
	return false;
}
