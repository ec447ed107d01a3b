/*
 * Files of local commands.
 */
#include "gateway/cli/cli_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Make the new name durable. */
static int
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash == NULL ? memory_string(TEXT(".")) :
	    memory_string(text_of(path, slash == path ? 1 :
	    (size_t)(slash - path)));
	int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = descriptor != -1 && fsync(descriptor) == 0 ? 0 :
	    ERROR_SYSTEM;

	if (descriptor != -1)
		close(descriptor);
	free(directory);
	return error;
}

/* A stranger's file that we could only make ours is left alone. */
static int
copy_owner(const char *path, int descriptor)
{
	struct stat old, new;

	if (stat(path, &old) != 0 || fstat(descriptor, &new) != 0)
		return ERROR_SYSTEM;
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
	    fchown(descriptor, old.st_uid, old.st_gid) != 0)
		return ERROR_SYSTEM;
	return fchmod(descriptor, old.st_mode & 07777) == 0 ? 0 :
	    ERROR_SYSTEM;
}

static int
replace(const char *path, char *new_path, struct text bytes)
{
	int descriptor = mkostemp(new_path, O_CLOEXEC);
	int error;

	if (descriptor == -1)
		return ERROR_SYSTEM;
	error = copy_owner(path, descriptor);
	if (error == 0)
		error = write_all(descriptor, bytes);
	if (error == 0 && rename(new_path, path) != 0)
		error = ERROR_SYSTEM;
	if (error != 0) {
		int saved = errno;

		(void)unlink(new_path);
		errno = saved;
	}
	close(descriptor);
	return error == 0 ? sync_directory(path) : error;
}

int
cli_file_replace(struct text name, struct text bytes, struct reason *why)
{
	static const struct text suffix = TEXT_INIT(".XXXXXX");
	char *path = memory_string(name);
	/* A link is followed: the name in the configuration stays one. */
	char *real = realpath(path, NULL);
	char *new_path = NULL;
	int error = ERROR_SYSTEM;

	if (real != NULL) {
		size_t len = strlen(real);

		new_path = memory_new(len + suffix.len + 1);
		memcpy(new_path, real, len);
		memcpy(new_path + len, suffix.data, suffix.len);
		error = replace(real, new_path, bytes);
	}
	if (error != 0)
		reason_set(why, "%s: %s", path, strerror(errno));
	free(new_path);
	free(real);
	free(path);
	return error;
}
