/*
 * The folder of a log.
 */
#include "gateway/store/segment_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gateway/base/memory.h"
#include "gateway/base/text.h"

static const struct kind {
	struct text prefix;
	int digits;	/* least */
} kinds[SEGMENT_KINDS] = {
	[SEGMENT_LOG] = { TEXT_INIT("seg-"), 8 },
	[SEGMENT_POOL] = { TEXT_INIT("pool-"), 1 },
	[SEGMENT_DAMAGED] = { TEXT_INIT("damaged-"), 1 },
	[SEGMENT_FILL] = { TEXT_INIT("fill-"), 1 },
	[SEGMENT_DROP] = { TEXT_INIT("drop-"), 1 },
};

void
segment_name_print(struct segment_name name, char out[SEGMENT_PATH_SIZE])
{
	const struct kind *kind = &kinds[name.kind];
	int len = snprintf(out, SEGMENT_PATH_SIZE, "%.*s%0*" PRIu32,
	    TEXT_ARG(kind->prefix), kind->digits, name.number);

	require(len > 0 && len < SEGMENT_PATH_SIZE);
}

int
segment_name_parse(const char *string, struct segment_name *out)
{
	struct text name = text_from(string);
	char again[SEGMENT_PATH_SIZE];
	uint64_t number;
	unsigned int i;

	for (i = 0; i < SEGMENT_KINDS; i++) {
		if (!text_starts(name, kinds[i].prefix))
			continue;
		if (text_parse_u64(text_skip(name, kinds[i].prefix.len),
		    UINT32_MAX - 1, &number) != 0)
			return ERROR_MALFORMED;
		*out = (struct segment_name){ (enum segment_kind)i,
			(uint32_t)number };
		segment_name_print(*out, again);
		return strcmp(string, again) == 0 ? 0 : ERROR_MALFORMED;
	}
	return ERROR_MALFORMED;
}

/* The name of a new folder must be durable before what is in it counts. */
static int
sync_parent(const char *path)
{
	char parent[PATH_MAX];
	struct text whole = text_from(path);
	size_t len = whole.len;
	int descriptor, rc;

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len == 0)
		whole = TEXT(".");
	else
		whole = text_slice(whole, 0, len);
	if (text_to_string(whole, parent, sizeof(parent)) != 0) {
		errno = ENAMETOOLONG;
		return ERROR_SYSTEM;
	}
	descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return ERROR_SYSTEM;
	rc = fsync(descriptor) == 0 ? 0 : ERROR_SYSTEM;
	close(descriptor);
	return rc;
}

static int
make_folder(const char *path)
{
	if (mkdir(path, 0700) == 0)
		return sync_parent(path);
	return errno == EEXIST ? 0 : ERROR_SYSTEM;
}

/*
 * A record lock, not flock(2): it is not inherited by the pool's helper,
 * which may live a little longer than we do.
 */
static int
take_lock(struct segment_directory *directory)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	directory->lock = openat(directory->descriptor, "lock",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (directory->lock < 0)
		return ERROR_SYSTEM;
	if (fcntl(directory->lock, F_SETLK, &lock) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? ERROR_STATE :
	    ERROR_SYSTEM;
}

int
segment_directory_open(struct segment_directory *directory, const char *path,
    struct reason *why)
{
	int rc;

	*directory = (struct segment_directory){ -1, -1 };
	rc = make_folder(path);
	if (rc != 0)
		goto out;
	directory->descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = directory->descriptor < 0 ? ERROR_SYSTEM : take_lock(directory);
out:
	if (rc == ERROR_STATE)
		reason_set(why, "%s: in use by another process", path);
	else if (rc != 0)
		reason_set(why, "%s: %s", path, strerror(errno));
	if (rc != 0)
		segment_directory_close(directory);
	return rc;
}

void
segment_directory_close(struct segment_directory *directory)
{
	if (directory->lock >= 0)
		close(directory->lock);
	if (directory->descriptor >= 0)
		close(directory->descriptor);
	*directory = (struct segment_directory){ -1, -1 };
}

static int
compare_names(const void *a, const void *b)
{
	const struct segment_name *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return 0;
}

/* A stream over a descriptor of its own: closedir() closes it. */
static DIR *
open_stream(const struct segment_directory *directory)
{
	int descriptor = openat(directory->descriptor, ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream;

	if (descriptor < 0)
		return NULL;
	stream = fdopendir(descriptor);
	if (stream == NULL)
		close(descriptor);
	return stream;
}

int
segment_directory_list(const struct segment_directory *directory,
    struct segment_name **names, size_t *count)
{
	DIR *stream = open_stream(directory);
	struct segment_name name;
	struct dirent *entry;
	size_t capacity = 0;
	int rc;

	*names = NULL;
	*count = 0;
	if (stream == NULL)
		return ERROR_SYSTEM;
	for (errno = 0; (entry = readdir(stream)) != NULL; errno = 0) {
		if (segment_name_parse(entry->d_name, &name) != 0)
			continue;
		if (*count == capacity) {
			capacity = capacity == 0 ? 64 : capacity * 2;
			*names = memory_resize(*names, capacity,
			    sizeof(**names));
		}
		(*names)[(*count)++] = name;
	}
	rc = errno == 0 ? 0 : ERROR_SYSTEM;
	closedir(stream);
	if (*count > 0)
		qsort(*names, *count, sizeof(**names), compare_names);
	return rc;
}

int
segment_directory_open_file(const struct segment_directory *directory,
    struct segment_name name, int flags)
{
	char path[SEGMENT_PATH_SIZE];
	int descriptor;

	segment_name_print(name, path);
	descriptor = openat(directory->descriptor, path,
	    flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return descriptor < 0 ? ERROR_SYSTEM : descriptor;
}

int
segment_directory_rename(const struct segment_directory *directory,
    struct segment_name from, struct segment_name to)
{
	char old[SEGMENT_PATH_SIZE], new[SEGMENT_PATH_SIZE];

	segment_name_print(from, old);
	segment_name_print(to, new);
	return renameat(directory->descriptor, old, directory->descriptor,
	    new) == 0 ? 0 : ERROR_SYSTEM;
}

int
segment_directory_link(const struct segment_directory *directory,
    struct segment_name from, struct segment_name to)
{
	char old[SEGMENT_PATH_SIZE], new[SEGMENT_PATH_SIZE];

	segment_name_print(from, old);
	segment_name_print(to, new);
	if (linkat(directory->descriptor, old, directory->descriptor, new, 0)
	    == 0 || errno == EEXIST)
		return 0;
	return ERROR_SYSTEM;
}

int
segment_directory_remove(const struct segment_directory *directory,
    struct segment_name name)
{
	char path[SEGMENT_PATH_SIZE];

	segment_name_print(name, path);
	if (unlinkat(directory->descriptor, path, 0) == 0 || errno == ENOENT)
		return 0;
	return ERROR_SYSTEM;
}

void
segment_directory_sync(const struct segment_directory *directory)
{
	if (fsync(directory->descriptor) != 0)
		fatal_errno("queue log: fsync of the folder");
}

uint64_t
segment_directory_free_bytes(const struct segment_directory *directory)
{
	struct statvfs space;

	if (fstatvfs(directory->descriptor, &space) != 0)
		return 0;
	return (uint64_t)space.f_bavail * (uint64_t)space.f_frsize;
}
