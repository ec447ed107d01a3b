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
#define EXTRACTION "the extraction of archives and documents"
#define FEEDS "external threat feeds"
#define MACROS "a scanner for macros"
#define REPUTATION "reputation services"
#define SMIME "S/MIME"
#define URLS "URL scanning"

static const struct missing missing_rules[] = {
	{ "attachment-corrupt", EXTRACTION },
	{ "attachment-protected", EXTRACTION },
	{ "attachment-unprotected", EXTRACTION },
	{ "dkim-authentication", AUTHENTICATION },
	{ "domain-external-threat-feeds", FEEDS },
	{ "file-hash-external-threat-feeds", FEEDS },
	{ "geolocation-rule", "a table of countries" },
	{ "header-repeats", "counters of the last hour" },
	{ "image-verdict", "image analysis" },
	{ "macro-detection-rule", MACROS },
	{ "message-language", "language detection" },
	{ "no-reputation", REPUTATION },
	{ "recv-int", "interfaces" },
	{ "reputation", REPUTATION },
	{ "sdr-age", REPUTATION },
	{ "sdr-reputation", REPUTATION },
	{ "signed", SMIME },
	{ "signed-certificate", SMIME },
	{ "smime-gateway-message", SMIME },
	{ "smime-gateway-verified", SMIME },
	{ "smtp-auth-id-matches", "SMTP authentication" },
	{ "spf-passed", AUTHENTICATION },
	{ "spf-status", AUTHENTICATION },
	{ "url-category", URLS },
	{ "url-external-threat-feeds", FEEDS },
	{ "url-no-reputation", URLS },
	{ "url-reputation", URLS },
};

static const struct missing missing_actions[] = {
	{ "alt-src-host", "virtual gateways" },
	{ "archive", "mail logs" },
	{ "drop-macro-enabled-attachments", MACROS },
	{ "skip-ampcheck", "malware scanners" },
	{ "skip-marketingcheck", "spam scanners" },
	{ "skip-spamcheck", "spam scanners" },
	{ "skip-viruscheck", "malware scanners" },
	{ "skip-vofcheck", "outbreak filters" },
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

static const char *
at(const struct missing *table, size_t count, size_t index,
	const char **needs)
{
	if (index >= count)
		return NULL;
	*needs = table[index].needs;
	return table[index].name;
}

const char *
filter_missing_rule_at(size_t index, const char **needs)
{
	return at(missing_rules,
	    sizeof(missing_rules) / sizeof(missing_rules[0]), index, needs);
}

const char *
filter_missing_action_at(size_t index, const char **needs)
{
	return at(missing_actions, sizeof(missing_actions) /
	    sizeof(missing_actions[0]), index, needs);
}
