/*
 * Patterns as they stand in policies against the loss of data: numbers by
 * their form, and key words in some company.
 */
#ifndef T_BENCH_SCAN_PATTERNS_H
#define T_BENCH_SCAN_PATTERNS_H

#include <stddef.h>
#include <stdio.h>

#define SCAN_PATTERN_SIZE 200
#define SCAN_FIRST (sizeof(scan_first) / sizeof(scan_first[0]))
#define SCAN_WORDS (sizeof(scan_words) / sizeof(scan_words[0]))
#define SCAN_FORMS (sizeof(scan_forms) / sizeof(scan_forms[0]))

static const char *const scan_first[] = {
	"\\b(?:4\\d{3}|5[1-5]\\d{2}|6011|3[47]\\d{2})[ -]?\\d{4}[ -]?\\d{4}"
	"[ -]?\\d{3,4}\\b",
	"\\b(?!000|666)[0-8]\\d{2}-(?!00)\\d{2}-(?!0000)\\d{4}\\b",
	"\\b[A-Z]{2}\\d{2}[A-Z0-9]{11,30}\\b",
	"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
	"(?:\\+?1[ .-]?)?\\(?\\d{3}\\)?[ .-]?\\d{3}[ .-]\\d{4}\\b",
	"(?i)\\bconfidential\\b",
	"(?i)\\binternal use only\\b",
	"(?i)\\bpassport(?: number| no\\.?)?\\b",
	"(?i)\\baccount (?:number|no\\.?)\\s*:?\\s*\\d*",
	"\\b(?:19|20)\\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])\\b",
	"\\b3[47]\\d{13}\\b",
	"\\b3(?:0[0-5]|[68]\\d)\\d{11}\\b",
	"\\b(?:2131|1800|35\\d{3})\\d{11}\\b",
	"\\bDE\\d{20}\\b",
	"\\bFR\\d{12}[A-Z0-9]{11}\\d{2}\\b",
	"\\bGB\\d{2}[A-Z]{4}\\d{14}\\b",
	"\\bNL\\d{2}[A-Z]{4}\\d{10}\\b",
	"\\b[A-CEGHJ-PR-TW-Z]{2}\\d{6}[A-D]\\b",
	"\\b\\d{3}[ -]\\d{3}[ -]\\d{3}\\b",
	"\\b[A-Z]{1,2}\\d{6,8}\\b",
	"\\b\\d{9}\\b",
	"\\b(?:\\d{1,3}\\.){3}\\d{1,3}\\b",
	"\\b[0-9a-fA-F]{32}\\b",
	"\\b[0-9a-fA-F]{40}\\b",
	"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----",
	"\\bAKIA[0-9A-Z]{16}\\b",
	"(?i)\\bdate of birth\\b.{0,20}\\d",
	"(?i)\\bssn\\b.{0,20}\\d{3}",
	"\\b\\d{2}/\\d{2}/\\d{4}\\b",
	"\\$\\s?\\d{1,3}(?:,\\d{3})+(?:\\.\\d{2})?",
	"(?i)\\b(?:salary|payroll|bonus)\\b",
	"(?i)\\bmerger\\b|\\bacquisition\\b",
	"(?i)password\\s*[:=]\\s*\\S+",
	"(?i)\\bproject\\s+[a-z]+\\s+(?:plan|budget)\\b",
	"https?://[^\\s\"<>]+",
	"\\b[A-HJ-NPR-Z0-9]{17}\\b",
	"\\b\\d{5}(?:-\\d{4})?\\b",
	"(?i)\\battorney[ -]client\\b",
	"(?i)\\bmedical record\\b",
	"(?i)\\bdiagnos(?:is|ed|tic)\\b",
};
static const char *const scan_words[] = { "secret", "restricted",
	"proprietary", "embargo", "classified", "patent", "lawsuit",
	"severance", "forecast", "takeover", "insider", "bankrupt",
	"dividend", "redundancy", "whistle", "pension", "invoice",
	"wire transfer", "swift code", "routing number" };
/* What stands before and behind a keyword. */
static const char *const scan_forms[][2] = {
	{ "(?i)\\b", "\\b" },
	{ "(?i)\\b", "s?\\s+(?:report|memo|draft)\\b" },
	{ "(?i)\\b(?:our|their)\\s+", "\\b" },
	{ "(?i)", ".{0,30}\\bproject\\b" },
	{ "(?i)\\bre:\\s*", "" },
	{ "(?i)\\b", "\\s*(?:no|nr|#)\\.?\\s*\\d{4,}" },
	{ "(?i)\\bstrictly\\s+", "\\b" },
	{ "(?i)\\b", "-\\d{2,6}\\b" },
};

/* Pattern number 0, 1, ... into an array of SCAN_PATTERN_SIZE. */
static inline void
scan_pattern_print(size_t number, char *out, size_t size)
{
	size_t k = number - SCAN_FIRST;

	if (number < SCAN_FIRST)
		snprintf(out, size, "%s", scan_first[number]);
	else
		snprintf(out, size, "%s%s%s",
		    scan_forms[k / SCAN_WORDS % SCAN_FORMS][0],
		    scan_words[k % SCAN_WORDS],
		    scan_forms[k / SCAN_WORDS % SCAN_FORMS][1]);
}

#endif
