/*
 * The master key: reading its file, wrapping and unwrapping (AES-256-GCM,
 * NIST SP 800-38D).  vault process.
 */
#include "crypto/vault/vault_master_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "crypto/openssl_library.h"
#include "gateway/base/hex.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define KEY_LEN 32
#define NONCE_LEN 12
#define TAG_LEN 16
#define FILE_MAX (2 * KEY_LEN + 2)	/* digits, CR, LF */
#define MODE_FORBIDDEN 0137u	/* all but rw for owner, r for group */
#define LABEL "postern vault v1"
#define LABEL_LEN (sizeof(LABEL) - 1)

struct vault_master_key {
	uint8_t bytes[KEY_LEN];
	EVP_CIPHER *cipher;	/* fetched once, before the jail */
};

struct vault_master_key *
vault_master_key_new(const uint8_t bytes[32])
{
	struct vault_master_key *key = memory_new(sizeof(*key));

	openssl_library_prepare();
	if (mlock(key, sizeof(*key)) != 0)
		log_event(LOG_WARNING_LEVEL, 0, "memory_not_locked",
		    LOG_STRING("why", strerror(errno)));
	memcpy(key->bytes, bytes, KEY_LEN);
	key->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (key->cipher == NULL)
		openssl_library_fatal("no AES-256-GCM");
	return key;
}

void
vault_master_key_free(struct vault_master_key *key)
{
	if (key == NULL)
		return;
	memory_wipe(key->bytes, sizeof(key->bytes));
	EVP_CIPHER_free(key->cipher);
	free(key);
}

/* ---- the file ------------------------------------------------------------ */

static int
check_status(int descriptor, struct reason *why)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0) {
		reason_set(why, "%s", strerror(errno));
		return ERROR_SYSTEM;
	}
	if (!S_ISREG(status.st_mode)) {
		reason_set(why, "not a regular file");
		return ERROR_REFUSED;
	}
	if (status.st_uid != 0 && status.st_uid != geteuid()) {
		reason_set(why, "owned by user %u, must be root or user %u",
		    (unsigned int)status.st_uid, (unsigned int)geteuid());
		return ERROR_REFUSED;
	}
	if ((status.st_mode & MODE_FORBIDDEN) != 0) {
		reason_set(why, "mode %04o, must be 0600, 0400 or 0640",
		    (unsigned int)status.st_mode & 07777u);
		return ERROR_REFUSED;
	}
	return 0;
}

static int
read_digits(int descriptor, char digits[FILE_MAX + 1], struct text *out,
    struct reason *why)
{
	ssize_t n = read(descriptor, digits, FILE_MAX + 1);
	size_t len;

	if (n < 0) {
		reason_set(why, "%s", strerror(errno));
		return ERROR_SYSTEM;
	}
	len = (size_t)n;
	while (len > 0 && (digits[len - 1] == '\n' || digits[len - 1] == '\r'))
		len--;
	*out = text_of(digits, len);
	return 0;
}

int
vault_master_key_load(struct text path, struct vault_master_key **out,
    struct reason *why)
{
	char name[PATH_MAX];
	char digits[FILE_MAX + 1];
	uint8_t bytes[KEY_LEN];
	struct text text = TEXT_EMPTY;
	int descriptor, r;

	if (text_to_string(path, name, sizeof(name)) != 0) {
		reason_set(why, "not a path");
		return ERROR_MALFORMED;
	}
	/* O_NONBLOCK: a FIFO must not hang us. */
	descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (descriptor == -1) {
		reason_set(why, "%s", strerror(errno));
		return ERROR_SYSTEM;
	}
	r = check_status(descriptor, why);
	if (r == 0)
		r = read_digits(descriptor, digits, &text, why);
	close(descriptor);
	if (r == 0 && hex_decode(text, bytes, sizeof(bytes)) != 0) {
		reason_set(why, "not 64 hexadecimal digits");
		r = ERROR_MALFORMED;
	}
	if (r == 0)
		*out = vault_master_key_new(bytes);
	memory_wipe(digits, sizeof(digits));
	memory_wipe(bytes, sizeof(bytes));
	return r;
}

/* ---- wrapping ------------------------------------------------------------ */

/* Which row it is, so that no wrapped share can move to another. */
static void
make_label(const uint8_t *id, const uint8_t *key_id,
    uint8_t out[2 * SECURE_ENVELOPE_ID_LEN + LABEL_LEN])
{
	memcpy(out, id, SECURE_ENVELOPE_ID_LEN);
	memcpy(out + SECURE_ENVELOPE_ID_LEN, key_id, SECURE_ENVELOPE_ID_LEN);
	memcpy(out + 2 * SECURE_ENVELOPE_ID_LEN, LABEL, LABEL_LEN);
}

/* A cipher that has the key, the nonce and the label. */
static EVP_CIPHER_CTX *
begin(const struct vault_master_key *key, const uint8_t *nonce,
    const uint8_t *id, const uint8_t *key_id, int encrypts)
{
	uint8_t label[2 * SECURE_ENVELOPE_ID_LEN + LABEL_LEN];
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int len = 0;

	make_label(id, key_id, label);
	if (cipher == NULL || EVP_CipherInit_ex2(cipher, key->cipher,
	    key->bytes, nonce, encrypts, NULL) != 1 ||
	    EVP_CipherUpdate(cipher, NULL, &len, label,
	    (int)sizeof(label)) != 1)
		openssl_library_fatal("cannot begin AES-256-GCM");
	return cipher;
}

void
vault_master_key_wrap(const struct vault_master_key *key,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN],
    const uint8_t key_id[SECURE_ENVELOPE_ID_LEN],
    const uint8_t share[SECURE_ENVELOPE_SHARE_LEN],
    uint8_t out[VAULT_WRAPPED_LEN])
{
	EVP_CIPHER_CTX *cipher;
	uint8_t *sealed = out + NONCE_LEN;
	uint8_t *tag = sealed + SECURE_ENVELOPE_SHARE_LEN;
	int len = 0, rest = 0;

	if (RAND_bytes(out, NONCE_LEN) != 1)
		openssl_library_fatal("no random numbers");
	cipher = begin(key, out, id, key_id, 1);
	if (EVP_CipherUpdate(cipher, sealed, &len, share,
	    SECURE_ENVELOPE_SHARE_LEN) != 1 ||
	    EVP_CipherFinal_ex(cipher, sealed + len, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_LEN,
	    tag) != 1)
		openssl_library_fatal("cannot wrap a share");
	require(len + rest == SECURE_ENVELOPE_SHARE_LEN);
	EVP_CIPHER_CTX_free(cipher);
}

int
vault_master_key_unwrap(const struct vault_master_key *key,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN],
    const uint8_t key_id[SECURE_ENVELOPE_ID_LEN], struct text wrapped,
    uint8_t share[SECURE_ENVELOPE_SHARE_LEN])
{
	const uint8_t *bytes = (const uint8_t *)wrapped.data;
	uint8_t tag[TAG_LEN];
	EVP_CIPHER_CTX *cipher;
	int len = 0, rest = 0;
	bool is_good;

	if (wrapped.len != VAULT_WRAPPED_LEN)
		return ERROR_MISMATCH;
	memcpy(tag, bytes + NONCE_LEN + SECURE_ENVELOPE_SHARE_LEN, TAG_LEN);
	cipher = begin(key, bytes, id, key_id, 0);
	is_good = EVP_CipherUpdate(cipher, share, &len, bytes + NONCE_LEN,
	    SECURE_ENVELOPE_SHARE_LEN) == 1 &&
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_LEN,
	    tag) == 1 &&
	    EVP_CipherFinal_ex(cipher, share + len, &rest) == 1;
	EVP_CIPHER_CTX_free(cipher);
	if (is_good)
		return 0;
	memory_wipe(share, SECURE_ENVELOPE_SHARE_LEN);
	return ERROR_MISMATCH;
}
