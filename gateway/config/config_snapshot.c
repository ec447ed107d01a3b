/*
 * Snapshots: the configuration in a sealed memfd.  Whoever opens one
 * decodes it as if it came from the network.
 */
#include "gateway/config/config_snapshot_private.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/crc32c.h"
#include "gateway/base/memory.h"
#include "gateway/config/config_check.h"

/* Lists take more room decoded than encoded: 16 bytes for each text. */
#define ARENA_MAX (4 * (size_t)CONFIG_SNAPSHOT_MAX)
#define REPORT_MAX (256u * 1024u)
#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

#define MAGIC_SIZE (sizeof(CONFIG_SNAPSHOT_MAGIC) - 1)
#define FORMAT_AT 8
#define CHECKSUM_AT 12
#define VERSION_AT 16
#define LENGTH_AT 24

struct config_snapshot {
	struct config config;
	uint64_t version;
	struct arena *arena;
	void *bytes;		/* mapped */
	size_t size;
	unsigned int references;
};

static uint32_t
number32_at(struct text bytes, size_t at)
{
	uint32_t number;

	memcpy(&number, bytes.data + at, sizeof(number));
	return le32toh(number);
}

static uint64_t
number64_at(struct text bytes, size_t at)
{
	uint64_t number;

	memcpy(&number, bytes.data + at, sizeof(number));
	return le64toh(number);
}

static uint32_t
checksum_of(struct text bytes)
{
	struct text covered = text_skip(bytes, VERSION_AT);

	return crc32c(0, covered.data, covered.len);
}

/* The head is written last, over the room left for it. */
static void
head_write(struct buffer *out, size_t start, uint64_t version)
{
	struct text bytes = text_skip(buffer_text(out), start);
	char *head = out->bytes + out->start + start;
	uint32_t format = htole32(CONFIG_SNAPSHOT_FORMAT), checksum;
	uint64_t length = htole64(bytes.len - CONFIG_SNAPSHOT_HEAD);

	version = htole64(version);
	memcpy(head, CONFIG_SNAPSHOT_MAGIC, MAGIC_SIZE);
	memcpy(head + FORMAT_AT, &format, sizeof(format));
	memcpy(head + VERSION_AT, &version, sizeof(version));
	memcpy(head + LENGTH_AT, &length, sizeof(length));
	checksum = htole32(checksum_of(bytes));
	memcpy(head + CHECKSUM_AT, &checksum, sizeof(checksum));
}

int
config_snapshot_encode(const struct config *config, uint64_t version,
	struct buffer *out, struct reason *why)
{
	static const char head[CONFIG_SNAPSHOT_HEAD];
	size_t start = buffer_len(out);
	int rc;

	require(version > 0);
	rc = buffer_add(out, head, sizeof(head));
	if (rc == 0)
		rc = record_encode(&config_shape, config, out);
	if (rc == 0 && buffer_len(out) - start > CONFIG_SNAPSHOT_MAX)
		rc = ERROR_LIMIT;
	if (rc != 0) {
		buffer_truncate(out, start);
		reason_set(why, "the configuration is larger than a snapshot "
		    "may be");
		return rc;
	}
	head_write(out, start, version);
	return 0;
}

static int
head_check(struct text bytes, struct reason *why)
{
	if (bytes.len < CONFIG_SNAPSHOT_HEAD ||
	    memcmp(bytes.data, CONFIG_SNAPSHOT_MAGIC, MAGIC_SIZE) != 0) {
		reason_set(why, "not a snapshot of a configuration");
		return ERROR_MALFORMED;
	}
	if (number32_at(bytes, FORMAT_AT) != CONFIG_SNAPSHOT_FORMAT) {
		reason_set(why, "the snapshot has format %u, not %u",
		    number32_at(bytes, FORMAT_AT), CONFIG_SNAPSHOT_FORMAT);
		return ERROR_MISMATCH;
	}
	if (number64_at(bytes, LENGTH_AT) !=
	    bytes.len - CONFIG_SNAPSHOT_HEAD ||
	    number32_at(bytes, CHECKSUM_AT) != checksum_of(bytes) ||
	    number64_at(bytes, VERSION_AT) == 0) {
		reason_set(why, "the snapshot is damaged");
		return ERROR_MALFORMED;
	}
	return 0;
}

static int
content_check(const struct config *config, struct reason *why)
{
	struct config_errors *errors = memory_new(sizeof(*errors));
	struct config_report report = { .arena = arena_new(REPORT_MAX),
		.errors = errors, .file = TEXT_EMPTY };
	int rc = config_check(config, &report);

	if (rc != 0)
		reason_set(why, "%.*s: %.*s", TEXT_ARG(errors->items[0].path),
		    TEXT_ARG(errors->items[0].message));
	arena_free(report.arena);
	free(errors);
	return rc;
}

int
config_snapshot_decode(struct text bytes, struct arena *arena,
	struct config *config, uint64_t *version, struct reason *why)
{
	int rc = head_check(bytes, why);

	if (rc != 0)
		return rc;
	*version = number64_at(bytes, VERSION_AT);
	rc = record_decode(&config_shape,
	    text_skip(bytes, CONFIG_SNAPSHOT_HEAD), arena, config);
	if (rc != 0) {
		reason_set(why, "the snapshot is %s", error_name(rc));
		return rc;
	}
	return content_check(config, why);
}

static int
bytes_write(int descriptor, struct text bytes)
{
	ssize_t put;

	while (!text_is_empty(bytes)) {
		put = write(descriptor, bytes.data, bytes.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return ERROR_SYSTEM;
		bytes = text_skip(bytes, (size_t)put);
	}
	return 0;
}

int
config_snapshot_seal(const struct config *config, uint64_t version,
	int *descriptor, struct reason *why)
{
	struct buffer bytes;
	int made = -1, rc;

	buffer_init(&bytes, CONFIG_SNAPSHOT_MAX + (size_t)1);
	rc = config_snapshot_encode(config, version, &bytes, why);
	if (rc != 0)
		goto out;
	made = memfd_create("postern-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	rc = made < 0 ? ERROR_SYSTEM : bytes_write(made, buffer_text(&bytes));
	if (rc == 0 && fcntl(made, F_ADD_SEALS, SEALS) != 0)
		rc = ERROR_SYSTEM;
	if (rc != 0) {
		reason_set(why, "no snapshot: %s", strerror(errno));
		goto out;
	}
	*descriptor = made;
	made = -1;
out:
	if (made >= 0)
		close(made);
	buffer_clear(&bytes);
	return rc;
}

/* Its size, once nobody can change what lies behind the descriptor. */
static int
descriptor_check(int descriptor, size_t *size, struct reason *why)
{
	int seals = fcntl(descriptor, F_GET_SEALS);
	struct stat status;

	if (seals < 0 || (seals & SEALS) != SEALS ||
	    fstat(descriptor, &status) != 0 ||
	    status.st_size < CONFIG_SNAPSHOT_HEAD) {
		reason_set(why, "not a sealed snapshot");
		return ERROR_MALFORMED;
	}
	if (status.st_size > CONFIG_SNAPSHOT_MAX) {
		reason_set(why, "the snapshot is too large");
		return ERROR_LIMIT;
	}
	*size = (size_t)status.st_size;
	return 0;
}

int
config_snapshot_open(int descriptor, struct config_snapshot **out,
	struct reason *why)
{
	struct config_snapshot *snapshot = NULL;
	size_t size = 0;
	void *bytes;
	int rc = descriptor_check(descriptor, &size, why);

	if (rc != 0)
		return rc;
	bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, descriptor, 0);
	if (bytes == MAP_FAILED) {
		reason_set(why, "no snapshot: %s", strerror(errno));
		return ERROR_SYSTEM;
	}
	snapshot = memory_new(sizeof(*snapshot));
	snapshot->references = 1;
	snapshot->bytes = bytes;
	snapshot->size = size;
	snapshot->arena = arena_new(ARENA_MAX);
	rc = config_snapshot_decode(text_of(bytes, size), snapshot->arena,
	    &snapshot->config, &snapshot->version, why);
	if (rc != 0)
		config_snapshot_release(&snapshot);
	*out = snapshot;
	return rc;
}

struct config_snapshot *
config_snapshot_ref(struct config_snapshot *snapshot)
{
	require(snapshot->references > 0);
	snapshot->references++;
	return snapshot;
}

void
config_snapshot_release(struct config_snapshot **snapshot)
{
	struct config_snapshot *one = *snapshot;

	*snapshot = NULL;
	if (one == NULL || --one->references > 0)
		return;
	arena_free(one->arena);
	munmap(one->bytes, one->size);
	free(one);
}

const struct config *
config_snapshot_config(const struct config_snapshot *snapshot)
{
	return &snapshot->config;
}

uint64_t
config_snapshot_version(const struct config_snapshot *snapshot)
{
	return snapshot->version;
}
