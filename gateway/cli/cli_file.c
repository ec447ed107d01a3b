/*
 * Files of local commands.
 */
#include "gateway/cli/cli_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/descriptor.h"
#include "gateway/base/memory.h"

#define READ_SIZE 65536

static int
read_all(int descriptor, struct buffer *out)
{
	char bytes[READ_SIZE];
	ssize_t count;

	for (;;) {
		count = read(descriptor, bytes, sizeof(bytes));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? ERROR_SYSTEM : 0;
		if (buffer_add(out, bytes, (size_t)count) < 0)
			return ERROR_LIMIT;
	}
}

int
cli_file_read(struct text name, struct buffer *out, struct reason *why)
{
	bool is_input = text_equal(name, TEXT("-"));
	char *path = memory_string(name);
	int descriptor = is_input ? STDIN_FILENO :
	    open(path, O_RDONLY | O_CLOEXEC);
	int error = descriptor == -1 ? ERROR_SYSTEM :
	    read_all(descriptor, out);

	if (error == ERROR_LIMIT)
		reason_set(why, "%s: it is too large", path);
	else if (error < 0)
		reason_set(why, "%s: %s", path, strerror(errno));
	if (!is_input && descriptor != -1)
		close(descriptor);
	free(path);
	return error;
}

int
cli_file_make(struct text name, struct text bytes, struct reason *why)
{
	char *path = memory_string(name);
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	int error = 0;

	if (descriptor == -1) {
		reason_set(why, "%s: %s", path, strerror(errno));
		error = ERROR_SYSTEM;
		goto out;
	}
	error = descriptor_write(descriptor, bytes);
	if (error == 0 && fsync(descriptor) != 0)
		error = ERROR_SYSTEM;
	if (error < 0) {
		reason_set(why, "%s: %s", path, strerror(errno));
		(void)unlink(path);
	}
	close(descriptor);
out:
	free(path);
	return error;
}

/* ---- replacing ---- */

static int
fail(const char *path, struct reason *why)
{
	reason_set(why, "%s: %s", path, strerror(errno));
	return ERROR_SYSTEM;
}

/* The folder of a path; freed with free(). */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return memory_string(TEXT("."));
	return memory_string(text_of(path, slash == path ? 1 :
	    (size_t)(slash - path)));
}

int
cli_file_lock(const char *path, int *lock, struct reason *why)
{
	char *folder = folder_of(path);
	int error = 0;

	*lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*lock == -1 || flock(*lock, LOCK_EX) != 0)
		error = fail(folder, why);
	free(folder);
	return error;
}

/* Owner and mode before there is anything to read. */
static int
write_like(int descriptor, struct text bytes, const char *path,
    const char *like)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		if (errno != ENOENT || stat(like, &status) != 0)
			return ERROR_SYSTEM;
		status.st_mode &= (mode_t)~0111;
	}
	if ((status.st_uid != geteuid() || status.st_gid != getegid()) &&
	    fchown(descriptor, status.st_uid, status.st_gid) != 0)
		return ERROR_SYSTEM;
	if (fchmod(descriptor, status.st_mode & 0777) != 0)
		return ERROR_SYSTEM;
	if (descriptor_write(descriptor, bytes) != 0)
		return ERROR_SYSTEM;
	return fsync(descriptor) == 0 ? 0 : ERROR_SYSTEM;
}

/* The name in the folder is durable, too. */
static int
sync_folder(const char *path)
{
	char *folder = folder_of(path);
	int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = descriptor != -1 && fsync(descriptor) == 0 ? 0 :
	    ERROR_SYSTEM;

	if (descriptor != -1)
		close(descriptor);
	free(folder);
	return error;
}

int
cli_file_replace(const char *path, struct text bytes, const char *like,
    struct reason *why)
{
	size_t size = strlen(path) + sizeof(".XXXXXX");
	char *name = memory_array(size, 1);
	int descriptor, error = 0;

	memcpy(name, path, strlen(path));
	memcpy(name + strlen(path), ".XXXXXX", sizeof(".XXXXXX"));
	descriptor = mkostemp(name, O_CLOEXEC);
	if (descriptor == -1) {
		error = fail(path, why);
		goto out;
	}
	if (write_like(descriptor, bytes, path, like) != 0 ||
	    rename(name, path) != 0) {
		error = fail(path, why);
		(void)unlink(name);
	} else if (sync_folder(path) != 0) {
		error = fail(path, why);
	}
	close(descriptor);
out:
	free(name);
	return error;
}
