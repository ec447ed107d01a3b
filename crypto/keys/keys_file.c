/* Reading private keys. */
#include "crypto/keys/keys_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/openssl_library.h"
#include "gateway/base/log.h"

/* OpenSSL wants powers of two; the largest key takes 3.5 KB. */
#define HEAP_LEAST (512u * 1024u)
#define HEAP_SPARE (256u * 1024u)	/* for reading */
#define HEAP_PER_KEY 4096u
#define HEAP_PIECE 32u
/* Owner reads and writes, group reads. */
#define MODE_ALLOWED 0640u
#define MODE_BITS 07777u

void
keys_file_prepare(size_t key_count)
{
	size_t size = HEAP_LEAST;

	openssl_library_prepare();
	if (CRYPTO_secure_malloc_initialized())
		return;
	while (size < HEAP_SPARE + key_count * HEAP_PER_KEY)
		size *= 2;
	/* Not 1: made, but not locked or not guarded. */
	if (CRYPTO_secure_malloc_init(size, HEAP_PIECE) != 1)
		log_event(LOG_WARNING_LEVEL, 0, "memory_not_locked",
			LOG_STRING("why", strerror(errno)));
}

static int
check_status(const struct stat *status, struct reason *why)
{
	unsigned int mode = status->st_mode & MODE_BITS;

	if (!S_ISREG(status->st_mode)) {
		reason_set(why, "not a regular file");
		return ERROR_REFUSED;
	}
	if (status->st_uid != 0 && status->st_uid != geteuid()) {
		reason_set(why, "owned by user %u, must be root or user %u",
			status->st_uid, geteuid());
		return ERROR_REFUSED;
	}
	if ((mode & ~MODE_ALLOWED) != 0) {
		reason_set(why, "mode %04o, must be 0600, 0400 or 0640",
			mode);
		return ERROR_REFUSED;
	}
	if (status->st_size > KEYS_FILE_MAX) {
		reason_set(why, "over %d bytes", KEYS_FILE_MAX);
		return ERROR_LIMIT;
	}
	return 0;
}

/* An absolute or relative path; O_NONBLOCK: a FIFO must not hang us. */
static int
open_file(struct text path, int *descriptor, struct reason *why)
{
	struct stat status;
	char name[PATH_MAX];
	int error;

	if (text_to_string(path, name, sizeof(name)) != 0) {
		reason_set(why, "not a path");
		return ERROR_MALFORMED;
	}
	*descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY |
		O_NONBLOCK);
	if (*descriptor == -1 || fstat(*descriptor, &status) != 0) {
		reason_set(why, "%s", strerror(errno));
		error = ERROR_SYSTEM;
	} else {
		error = check_status(&status, why);
	}
	if (error != 0 && *descriptor != -1)
		(void)close(*descriptor);
	return error;
}

/* One byte more than allowed tells a file that grew. */
static int
read_all(int descriptor, unsigned char *out, size_t *len, struct reason *why)
{
	ssize_t got = 1;

	*len = 0;
	while (got > 0 && *len <= KEYS_FILE_MAX) {
		got = read(descriptor, out + *len, KEYS_FILE_MAX + 1 - *len);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			*len += (size_t)got;
	}
	if (got < 0) {
		reason_set(why, "%s", strerror(errno));
		return ERROR_SYSTEM;
	}
	if (*len > KEYS_FILE_MAX) {
		reason_set(why, "over %d bytes", KEYS_FILE_MAX);
		return ERROR_LIMIT;
	}
	return 0;
}

/* Nobody is there to be asked. */
static int
no_passphrase(char *out, int size, int writing, void *asked)
{
	(void)out;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

/* A block that is encrypted as a whole is known by its name only. */
static bool
is_encrypted(const char *name)
{
	return name != NULL && strcmp(name, PEM_STRING_PKCS8) == 0;
}

static int
decode(const unsigned char *bytes, size_t len, EVP_PKEY **out,
	struct reason *why)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);
	unsigned char *der = NULL;
	const unsigned char *at;
	char *name = NULL;
	bool asked = false;
	long der_len = 0;

	if (bio == NULL)
		openssl_library_fatal("out of memory");
	if (PEM_bytes_read_bio_secmem(&der, &der_len, &name,
	    PEM_STRING_EVP_PKEY, bio, no_passphrase, &asked) == 1) {
		at = der;
		asked = is_encrypted(name);
		if (!asked)
			*out = d2i_AutoPrivateKey_ex(NULL, &at, der_len, NULL,
				NULL);
	}
	OPENSSL_secure_free(name);
	OPENSSL_secure_clear_free(der, (size_t)der_len);
	BIO_free(bio);
	ERR_clear_error();
	if (*out != NULL)
		return 0;
	reason_set(why, asked ? "has a passphrase, must have none" :
		"no private key in PEM");
	return ERROR_MALFORMED;
}

int
keys_file_read(struct text path, EVP_PKEY **out, struct reason *why)
{
	unsigned char *bytes;
	int descriptor = -1;
	size_t len = 0;
	int error;

	*out = NULL;
	error = open_file(path, &descriptor, why);
	if (error != 0)
		return error;
	bytes = OPENSSL_secure_zalloc(KEYS_FILE_MAX + 1);
	if (bytes == NULL)
		openssl_library_fatal("no secure memory");
	error = read_all(descriptor, bytes, &len, why);
	if (error == 0)
		error = decode(bytes, len, out, why);
	OPENSSL_secure_clear_free(bytes, KEYS_FILE_MAX + 1);
	(void)close(descriptor);
	return error;
}
