/*
 * The log's targets: opened here, handed to every child.  The event log is
 * one file a day; old ones go after retention.event_log.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/process_user.h"
#include "gateway/supervisor/supervisor_private.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND_US)
#define PATH_SIZE 4096

static int64_t
today(void)
{
	return clock_now_us() / DAY_US;
}

static const struct config *
active_config(const struct supervisor *supervisor)
{
	return config_snapshot_config(supervisor->active);
}

static int
log_path(const struct supervisor *supervisor, char *out, size_t size)
{
	return text_to_string(active_config(supervisor)->logs.file, out,
	    size);
}

static void
give_to_admin(int descriptor, const struct config *config)
{
	struct jail_user user = { 0 };
	struct reason why = { 0 };

	/* admin answers "postern message" from it. */
	if (geteuid() != 0 || process_user_find(PROCESS_ADMIN, config, NULL,
	    &user, &why) != 0)
		return;
	if (fchown(descriptor, user.uid, user.gid) != 0)
		log_note(LOG_WARNING_LEVEL, "cannot give the event log to "
		    "admin: %s", strerror(errno));
}

static void
open_file(struct supervisor *supervisor)
{
	char path[PATH_SIZE];
	struct stat status;
	int descriptor;

	if (supervisor->log_descriptor != -1)
		close(supervisor->log_descriptor);
	supervisor->log_descriptor = -1;
	log_set_file(-1);
	if (log_path(supervisor, path, sizeof(path)) != 0 || path[0] == '\0')
		return;
	descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0640);
	if (descriptor == -1) {
		log_note(LOG_ERROR_LEVEL, "cannot open the event log %s: %s",
		    path, strerror(errno));
		return;
	}
	give_to_admin(descriptor, active_config(supervisor));
	supervisor->log_descriptor = descriptor;
	/* An old file that a former run left is of the day it was written. */
	supervisor->log_day = fstat(descriptor, &status) == 0 &&
	    status.st_size > 0 ? status.st_mtim.tv_sec / 86400 : today();
	log_set_file(fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
}

static int64_t
changed_ns(const struct stat *status)
{
	return (int64_t)status->st_ctim.tv_sec * 1000000000 +
	    status->st_ctim.tv_nsec;
}

static void
open_syslog(struct supervisor *supervisor)
{
	const struct config *config = active_config(supervisor);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;
	int descriptor;

	if (supervisor->syslog_descriptor != -1)
		close(supervisor->syslog_descriptor);
	supervisor->syslog_descriptor = -1;
	supervisor->syslog_inode = 0;
	log_set_syslog(-1, 0, TEXT_EMPTY);
	if (!config->logs.syslog || text_to_string(
	    config->logs.syslog_socket, address.sun_path,
	    sizeof(address.sun_path)) != 0)
		return;
	descriptor = socket(AF_UNIX,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (descriptor == -1 || connect(descriptor,
	    (struct sockaddr *)&address, sizeof(address)) != 0) {
		log_note(LOG_WARNING_LEVEL, "no syslog at %s (%s); tried "
		    "again every few seconds", address.sun_path,
		    strerror(errno));
		if (descriptor != -1)
			close(descriptor);
		return;
	}
	if (stat(address.sun_path, &status) == 0) {
		supervisor->syslog_inode = status.st_ino;
		supervisor->syslog_born_ns = changed_ns(&status);
	}
	supervisor->syslog_descriptor = descriptor;
	log_set_syslog(fcntl(descriptor, F_DUPFD_CLOEXEC, 3),
	    config->logs.syslog_facility, config->hostname);
}

/* None, too: the child is to leave the target that it had. */
static void
send_target(struct child *child, enum frame_type type, int descriptor)
{
	struct frame_empty empty = { 0 };

	frame_send(child->ipc, type, &empty, descriptor == -1 ? -1 :
	    fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
}

void
logs_send(struct supervisor *supervisor, struct child *child)
{
	send_target(child, FRAME_LOG_FILE, supervisor->log_descriptor);
	send_target(child, FRAME_LOG_SYSLOG, supervisor->syslog_descriptor);
}

static void
send_to_all(struct supervisor *supervisor)
{
	struct list *link, *after;

	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if (child->ipc != NULL)
			logs_send(supervisor, child);
	}
}

void
logs_open(struct supervisor *supervisor)
{
	const struct config_logs *logs = &active_config(supervisor)->logs;

	log_set_level((enum log_level)logs->level);
	log_set_stderr(logs->to_stderr != 0);
	open_file(supervisor);
	open_syslog(supervisor);
}

/* FILE.2026-11-21 */
static void
dated_name(int64_t day, const char *path, char *out, size_t size)
{
	char date[CLOCK_ISO_SIZE];

	clock_print_iso(day * DAY_US, date, sizeof(date));
	snprintf(out, size, "%s.%.10s", path, date);
}

static void
remove_old(struct supervisor *supervisor, char *path)
{
	int64_t keep_days = (int64_t)(active_config(supervisor)->
	    retention.event_log_ms / 86400000);
	char oldest[PATH_SIZE + 16], full[PATH_SIZE * 2], copy[PATH_SIZE];
	const char *directory;
	size_t len = strlen(path);
	struct dirent *entry;
	DIR *handle;

	dated_name(today() - keep_days, path, oldest, sizeof(oldest));
	snprintf(copy, sizeof(copy), "%s", path);
	directory = dirname(copy);
	handle = opendir(directory);
	if (handle == NULL)
		return;
	while ((entry = readdir(handle)) != NULL) {
		snprintf(full, sizeof(full), "%s/%s", directory,
		    entry->d_name);
		if (strlen(full) == strlen(oldest) &&
		    strncmp(full, path, len) == 0 &&
		    strcmp(full, oldest) < 0 && unlink(full) != 0)
			log_note(LOG_WARNING_LEVEL, "cannot remove %s: %s",
			    full, strerror(errno));
	}
	closedir(handle);
}

static bool
rotate(struct supervisor *supervisor)
{
	char path[PATH_SIZE], old[PATH_SIZE + 16];

	if (supervisor->log_descriptor == -1 ||
	    supervisor->log_day == today() ||
	    log_path(supervisor, path, sizeof(path)) != 0)
		return false;
	dated_name(supervisor->log_day, path, old, sizeof(old));
	if (rename(path, old) != 0)
		log_note(LOG_WARNING_LEVEL, "cannot rotate %s: %s", path,
		    strerror(errno));
	open_file(supervisor);
	supervisor->log_day = today();
	remove_old(supervisor, path);
	return true;
}

/* syslogd was restarted, or was not there when we came. */
static bool
syslog_moved(struct supervisor *supervisor)
{
	const struct config *config = active_config(supervisor);
	char path[PATH_SIZE];
	struct stat status;

	if (!config->logs.syslog || text_to_string(
	    config->logs.syslog_socket, path, sizeof(path)) != 0 ||
	    stat(path, &status) != 0)
		return false;
	return status.st_ino != supervisor->syslog_inode ||
	    changed_ns(&status) != supervisor->syslog_born_ns;
}

void
logs_tend(struct supervisor *supervisor, bool reopen)
{
	bool changed;

	if (supervisor->active == NULL)
		return;
	changed = rotate(supervisor);
	if (reopen) {
		open_file(supervisor);
		changed = true;
	}
	if (syslog_moved(supervisor)) {
		open_syslog(supervisor);
		changed = true;
	}
	if (changed)
		send_to_all(supervisor);
}
