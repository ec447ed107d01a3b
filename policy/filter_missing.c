/*
 * Names of the filter language whose subsystem this gateway does not have:
 * they are refused with what they need, not as if they were misspelt.
 */
#include "policy/filter_call.h"

struct missing {
	const char *name;
	const char *needs;
};

#define ARCHIVES "the file type scanner"
#define AUTHENTICATION "sender authentication"
#define DICTIONARIES "dictionaries"
#define EXTRACTION "the extraction of archives and documents"
#define REPUTATION "reputation services"
#define SMIME "S/MIME"
#define URLS "URL scanning"

static const struct missing missing_rules[] = {
	{ "addr-count", "message filters" },
	{ "attachment-corrupt", EXTRACTION },
	{ "attachment-dictionary-match", DICTIONARIES },
	{ "attachment-protected", EXTRACTION },
	{ "attachment-unprotected", EXTRACTION },
	{ "body-dictionary-match", DICTIONARIES },
	{ "date", "message filters" },
	{ "dictionary-match", DICTIONARIES },
	{ "dkim-authentication", AUTHENTICATION },
	{ "domain-external-threat-feeds", REPUTATION },
	{ "file-hash-external-threat-feeds", REPUTATION },
	{ "forged-email-detection", DICTIONARIES },
	{ "geolocation-rule", REPUTATION },
	{ "header-dictionary-match", DICTIONARIES },
	{ "header-repeats", "message filters" },
	{ "image-verdict", "image analysis" },
	{ "macro-detection-rule", EXTRACTION },
	{ "mail-from-dictionary-match", DICTIONARIES },
	{ "message-language", "language detection" },
	{ "no-reputation", REPUTATION },
	{ "random", "message filters" },
	{ "rcpt-count", "message filters" },
	{ "rcpt-to-dictionary-match", DICTIONARIES },
	{ "recv-int", "message filters" },
	{ "recv-listener", "message filters" },
	{ "remote-ip", "message filters" },
	{ "reputation", REPUTATION },
	{ "sdr-age", REPUTATION },
	{ "sdr-reputation", REPUTATION },
	{ "sendergroup", "message filters" },
	{ "signed", SMIME },
	{ "signed-certificate", SMIME },
	{ "smime-gateway-message", SMIME },
	{ "smime-gateway-verified", SMIME },
	{ "smtp-auth-id-matches", "SMTP authentication" },
	{ "spf-passed", AUTHENTICATION },
	{ "spf-status", AUTHENTICATION },
	{ "subject-dictionary-match", DICTIONARIES },
	{ "url-category", URLS },
	{ "url-external-threat-feeds", REPUTATION },
	{ "url-no-reputation", URLS },
	{ "url-reputation", URLS },
};

static const struct missing missing_actions[] = {
	{ "add-footer", "text resources" },
	{ "add-heading", "text resources" },
	{ "alt-src-host", "virtual gateways" },
	{ "archive", "mail logs" },
	{ "drop-attachments-by-filetype", ARCHIVES },
	{ "drop-attachments-by-mimetype", ARCHIVES },
	{ "drop-attachments-by-name", ARCHIVES },
	{ "drop-attachments-by-size", ARCHIVES },
	{ "drop-attachments-by-type", ARCHIVES },
	{ "drop-attachments-where-contains", ARCHIVES },
	{ "drop-attachments-where-dictionary-match", DICTIONARIES },
	{ "drop-macro-enabled-attachments", ARCHIVES },
	{ "edit-body-text", "changes to the body" },
	{ "fed", DICTIONARIES },
	{ "html-convert", "changes to the body" },
	{ "skip-ampcheck", "malware scanners" },
	{ "skip-marketingcheck", "spam scanners" },
	{ "skip-spamcheck", "spam scanners" },
	{ "skip-viruscheck", "malware scanners" },
	{ "skip-vofcheck", "malware scanners" },
	{ "smime-gateway", SMIME },
	{ "smime-gateway-deferred", SMIME },
	{ "url-category-defang", URLS },
	{ "url-category-proxy-redirect", URLS },
	{ "url-category-replace", URLS },
	{ "url-reputation-defang", URLS },
	{ "url-reputation-proxy-redirect", URLS },
	{ "url-reputation-replace", URLS },
};

static const char *
find(const struct missing *table, size_t count, struct text name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_equal_nocase(name, text_from(table[i].name)))
			return table[i].needs;
	return NULL;
}

const char *
filter_missing_rule(struct text name)
{
	return find(missing_rules,
	    sizeof(missing_rules) / sizeof(missing_rules[0]), name);
}

const char *
filter_missing_action(struct text name)
{
	return find(missing_actions,
	    sizeof(missing_actions) / sizeof(missing_actions[0]), name);
}
