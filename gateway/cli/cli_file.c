/*
 * Files of local commands.
 */
#include "gateway/cli/cli_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
