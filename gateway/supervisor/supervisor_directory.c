/*
 * The directories that the processes work in, made before they start and
 * given to whom they belong.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/protocol/process_user.h"
#include "gateway/supervisor/supervisor_private.h"

#define PATH_SIZE 4096

static int
make_directory(const char *path, mode_t mode, enum process_kind owner,
    const struct config *config, struct reason *why)
{
	struct jail_user user = { 0 };

	if (mkdir(path, mode) != 0 && errno != EEXIST) {
		reason_set(why, "cannot make the directory %s: %s", path,
		    strerror(errno));
		return ERROR_SYSTEM;
	}
	if (geteuid() != 0)
		return 0;
	if (owner != PROCESS_NONE &&
	    process_user_find(owner, config, NULL, &user, why) != 0)
		return ERROR_NOT_FOUND;
	if (chown(path, user.uid, user.gid) != 0 || chmod(path, mode) != 0) {
		reason_set(why, "cannot give %s to its owner: %s", path,
		    strerror(errno));
		return ERROR_SYSTEM;
	}
	return 0;
}

/* A directory that one process owns alone. */
static int
make_own(struct text name, enum process_kind owner,
    const struct config *config, struct reason *why)
{
	char path[PATH_SIZE];

	if (text_to_string(name, path, sizeof(path)) != 0) {
		reason_set(why, "the path of a directory is too long");
		return ERROR_LIMIT;
	}
	return make_directory(path, 0700, owner, config, why);
}

int
directories_make(const struct config *config, struct reason *why)
{
	struct text run = config->processes.run_directory;
	char path[PATH_SIZE];
	int r;

	r = make_own(config->processes.queue_directory, PROCESS_QUEUE,
	    config, why);
	if (r == 0 && config->key_service.enabled)
		r = make_own(config->key_service.directory, PROCESS_VAULT,
		    config, why);
	if (r != 0)
		return r;
	if (run.len > sizeof(path) - 16) {
		reason_set(why, "the path of a directory is too long");
		return ERROR_LIMIT;
	}
	snprintf(path, sizeof(path), "%.*s", TEXT_ARG(run));
	if ((r = make_directory(path, 0755, PROCESS_NONE, config, why)) != 0)
		return r;
	/* Where processes that open no file have their root. */
	snprintf(path, sizeof(path), "%.*s/empty", TEXT_ARG(run));
	return make_directory(path, 0555, PROCESS_NONE, config, why);
}
