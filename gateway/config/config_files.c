/*
 * The files that a configuration names.
 */
#include "gateway/config/config_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/buffer.h"
#include "gateway/config/config_shape.h"
#include "gateway/config/config_type.h"

/* In place of the file of message filters. */
static const struct text *filters_in_place;

#define BEGIN_CERTIFICATE "-----BEGIN CERTIFICATE-----"
#define END_CERTIFICATE "-----END CERTIFICATE-----"
#define PRIVATE_KEY "PRIVATE KEY-----"

void
config_files_set_message_filters(const struct text *content)
{
	filters_in_place = content;
}

static int
bytes_read(int descriptor, char *out, size_t len)
{
	size_t done = 0;
	ssize_t got;

	while (done < len) {
		got = read(descriptor, out + done, len - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got == 0 ? EIO : errno;
			return ERROR_SYSTEM;
		}
		done += (size_t)got;
	}
	return 0;
}

int
config_files_read_one(const char *path, size_t max, struct arena *arena,
	struct text *out)
{
	struct stat status;
	char *bytes;
	int descriptor, rc = ERROR_SYSTEM;

	/* A pipe or a device must not make us wait. */
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0)
		return ERROR_SYSTEM;
	if (fstat(descriptor, &status) != 0)
		goto out;
	rc = ERROR_REFUSED;
	if (!S_ISREG(status.st_mode))
		goto out;
	rc = ERROR_LIMIT;
	if (status.st_size < 0 || (uint64_t)status.st_size > max)
		goto out;
	bytes = arena_alloc(arena, (size_t)status.st_size + 1);
	if (bytes == NULL)
		goto out;
	rc = bytes_read(descriptor, bytes, (size_t)status.st_size);
	*out = text_of(bytes, (size_t)status.st_size);
out:
	close(descriptor);
	return rc;
}

const char *
config_files_problem(int error)
{
	if (error == ERROR_SYSTEM)
		return strerror(errno);
	if (error == ERROR_REFUSED)
		return "not a regular file";
	return "too large";
}

/* Base64 and line ends between the two marks (RFC 7468 3). */
static bool
body_is_valid(struct text body)
{
	size_t i;

	for (i = 0; i < body.len; i++)
		if (!text_is_alnum(body.data[i]) &&
		    memchr("+/=\r\n \t", body.data[i], 7) == NULL)
			return false;
	return body.len > 0;
}

/* What is wrong with a PEM file of certificates, or NULL. */
static const char *
pem_problem(struct text pem)
{
	size_t at, end, count = 0;

	if (text_find(pem, TEXT(PRIVATE_KEY)) < pem.len)
		return "holds a private key; certificates and keys belong in "
		    "separate files";
	while ((at = text_find(pem, TEXT(BEGIN_CERTIFICATE))) < pem.len) {
		pem = text_skip(pem, at + sizeof(BEGIN_CERTIFICATE) - 1);
		end = text_find(pem, TEXT(END_CERTIFICATE));
		if (end == pem.len || !body_is_valid(text_slice(pem, 0, end)))
			return "not valid PEM (RFC 7468)";
		pem = text_skip(pem, end + sizeof(END_CERTIFICATE) - 1);
		count++;
	}
	return count > 0 ? NULL : "holds no certificate; expected PEM, "
	    "\"" BEGIN_CERTIFICATE "\"";
}

/* The content of a named file, or an empty text and a report. */
static struct text
named_read(struct text file, size_t max, struct text path,
	struct arena *arena, struct config_report *report)
{
	char name[CONFIG_FILE_MAX + 1];
	struct text content = TEXT_EMPTY;
	int rc = text_to_string(file, name, sizeof(name));

	if (rc == 0)
		rc = config_files_read_one(name, max, arena, &content);
	if (rc != 0) {
		config_report_path(report, path, "cannot read %.*s: %s",
		    TEXT_ARG(config_report_quote(report, file)),
		    config_files_problem(rc));
		return TEXT_EMPTY;
	}
	return content;
}

static struct text
pem_read(struct text file, size_t max, struct text path, struct arena *arena,
	struct config_report *report)
{
	size_t before = report->errors->count;
	struct text pem = named_read(file, max, path, arena, report);
	const char *problem;

	if (report->errors->count > before)
		return TEXT_EMPTY;
	problem = pem_problem(pem);
	if (problem == NULL)
		return pem;
	config_report_path(report, path, "%.*s %s",
	    TEXT_ARG(config_report_quote(report, file)), problem);
	return TEXT_EMPTY;
}

/* A file with a secret, which the process that needs it opens. */
static void
secret_look(const char *what, struct text file, struct text path,
	struct config_report *report)
{
	char name[CONFIG_FILE_MAX + 1];
	const char *problem = NULL;
	struct stat status;

	if (text_to_string(file, name, sizeof(name)) != 0)
		problem = "no path";
	else if (stat(name, &status) != 0)
		/* The folder of the keys may well be closed to us. */
		problem = errno == EACCES ? NULL : strerror(errno);
	else if (!S_ISREG(status.st_mode))
		problem = "not a regular file";
	if (problem != NULL)
		config_report_path(report, path, "no %s in %.*s: %s",
		    what, TEXT_ARG(config_report_quote(report, file)),
		    problem);
}

static void
certificates_read(struct config_tls *tls, struct arena *arena,
	struct config_report *report)
{
	size_t i;

	for (i = 0; i < tls->certificate_count; i++) {
		struct config_certificate *one = &tls->certificates[i];
		struct text path = config_report_path_of(report,
		    "tls.certificates.%.*s", TEXT_ARG(one->name));

		one->certificate_pem = pem_read(one->certificate_file,
		    CONFIG_CERTIFICATE_MAX, config_report_path_of(report,
		    "%.*s.certificate", TEXT_ARG(path)), arena, report);
		secret_look("key", one->key_file, config_report_path_of(report,
		    "%.*s.key", TEXT_ARG(path)), report);
	}
}

static int
trust_read(struct config_tls *tls, struct arena *arena,
	struct config_report *report)
{
	struct buffer all;
	struct text pem = TEXT_EMPTY;
	size_t i;
	int rc = 0;

	buffer_init(&all, CONFIG_TRUST_MAX);
	if (tls->trust_system && config_files_read_one(
	    CONFIG_FILES_SYSTEM_TRUST, CONFIG_TRUST_MAX, arena, &pem) == 0 &&
	    pem_problem(pem) == NULL)
		rc = buffer_add_text(&all, pem);
	for (i = 0; i < tls->trust_file_count && rc == 0; i++) {
		pem = pem_read(tls->trust_files[i], CONFIG_TRUST_MAX,
		    config_report_path_of(report, "tls.trust.files[%zu]",
		    i + 1), arena, report);
		rc = buffer_add_text(&all, pem);
		if (rc == 0)
			rc = buffer_add_byte(&all, '\n');
	}
	if (rc == ERROR_LIMIT)
		config_report_path(report, TEXT("tls.trust"), "the "
		    "authorities together are larger than %u bytes",
		    CONFIG_TRUST_MAX);
	else if (buffer_len(&all) > 0)
		rc = arena_copy(arena, buffer_text(&all), &tls->trust_pem);
	buffer_clear(&all);
	return rc;
}

/* One file of authorities, where one is named. */
static void
authorities_read(struct text file, const char *path, struct arena *arena,
	struct config_report *report, struct text *out)
{
	if (!text_is_empty(file))
		*out = pem_read(file, CONFIG_CERTIFICATE_MAX, text_from(path),
		    arena, report);
}

static void
directories_read(struct config *config, struct arena *arena,
	struct config_report *report)
{
	size_t i;

	for (i = 0; i < config->directory_count; i++) {
		struct config_directory *one = &config->directories[i];
		struct text path = config_report_path_of(report,
		    "directories.%.*s", TEXT_ARG(one->name));

		if (!text_is_empty(one->trust_file))
			one->trust_pem = pem_read(one->trust_file,
			    CONFIG_CERTIFICATE_MAX, config_report_path_of(
			    report, "%.*s.trust", TEXT_ARG(path)), arena,
			    report);
		if (!text_is_empty(one->password_file))
			secret_look("password", one->password_file,
			    config_report_path_of(report, "%.*s.password_file",
			    TEXT_ARG(path)), report);
	}
}

static void
message_filters_read(struct config *config, struct arena *arena,
	struct config_report *report)
{
	config->message_filters_text = TEXT_EMPTY;
	if (filters_in_place != NULL)
		config->message_filters_text = *filters_in_place;
	else if (!text_is_empty(config->message_filters_file))
		config->message_filters_text = named_read(
		    config->message_filters_file, CONFIG_MESSAGE_FILTERS_MAX,
		    TEXT("message_filters"), arena, report);
}

static void
dictionaries_read(struct config *config, struct arena *arena,
	struct config_report *report)
{
	size_t i;

	for (i = 0; i < config->dictionary_count; i++) {
		struct config_dictionary *one = &config->dictionaries[i];

		if (!text_is_empty(one->file))
			one->file_text = named_read(one->file,
			    CONFIG_DICTIONARY_FILE_MAX,
			    config_report_path_of(report, "dictionaries.%.*s"
			    ".file", TEXT_ARG(one->name)), arena, report);
	}
}

int
config_files_read(struct config *config, struct arena *arena,
	struct config_report *report)
{
	struct config_dns *dns = &config->dns;
	int rc;

	certificates_read(&config->tls, arena, report);
	rc = trust_read(&config->tls, arena, report);
	if (!text_is_empty(dns->trust_anchor_file))
		dns->trust_anchor = named_read(dns->trust_anchor_file,
		    CONFIG_TRUST_ANCHOR_MAX, TEXT("dns.trust_anchor"), arena,
		    report);
	authorities_read(config->encryption.trust_file,
	    "encryption.global.trust", arena, report,
	    &config->encryption.trust_pem);
	authorities_read(config->key_service.client_trust_file,
	    "key_service.client_trust", arena, report,
	    &config->key_service.client_trust_pem);
	dictionaries_read(config, arena, report);
	directories_read(config, arena, report);
	message_filters_read(config, arena, report);
	return report->errors->count > 0 ? ERROR_MALFORMED : rc;
}
