/*
 * The files that a configuration names: their content is put in place, so
 * that processes in their jails need no file of their own.
 */
#ifndef GATEWAY_CONFIG_CONFIG_FILES_H
#define GATEWAY_CONFIG_CONFIG_FILES_H

#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/config/config_report.h"

#define CONFIG_FILES_SYSTEM_TRUST "/etc/ssl/certs/ca-certificates.crt"

/*
 * Read certificates, authorities, the trust anchor, message filters and
 * dictionaries into config (in the arena); look whether key files exist.  A
 * missing bundle of the system is no error: what needs it is found by
 * config_check().
 * ERROR_MALFORMED when something was reported.
 */
int config_files_read(struct config *config, struct arena *arena,
	struct config_report *report) MUST_CHECK;

/*
 * From now on every load takes this content, which is borrowed, in place of
 * the file of message filters: to check it before it is written.  NULL ends
 * it.
 */
void config_files_set_message_filters(const struct text *content);

/*
 * A regular file of at most max bytes into the arena.  ERROR_SYSTEM (errno
 * tells), ERROR_REFUSED (no regular file), ERROR_LIMIT.
 */
int config_files_read_one(const char *path, size_t max, struct arena *arena,
	struct text *out) MUST_CHECK;
/* Words for what config_files_read_one() gave. */
const char *config_files_problem(int error);

#endif
