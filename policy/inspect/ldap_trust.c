/*
 * Authorities, as libldap wants them; part of the inspect process.
 */
#include "policy/inspect/ldap_trust.h"

#include <ldap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gateway/base/memory.h"

struct ldap_trust {
	LDAP *holder;
	void *context;
};

/* A file that libldap can open by a name, and nobody else. */
static int
write_memory_file(struct text pem, char *path, size_t size)
{
	int descriptor = memfd_create("authorities", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t written;

	if (descriptor < 0)
		return -1;
	while (done < pem.len) {
		written = write(descriptor, pem.data + done, pem.len - done);
		if (written < 0) {
			(void)close(descriptor);
			return -1;
		}
		done += (size_t)written;
	}
	(void)snprintf(path, size, "/proc/self/fd/%d", descriptor);
	return descriptor;
}

static int
set_number(LDAP *ldap, int option, int value)
{
	return ldap_set_option(ldap, option, &value);
}

static int
make_context(struct ldap_trust *trust, const char *path)
{
	LDAP *ldap = trust->holder;
	int client = 0, result;

	result = ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, path);
	if (result == LDAP_OPT_SUCCESS)
		result = set_number(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT,
		    LDAP_OPT_X_TLS_HARD);
	if (result == LDAP_OPT_SUCCESS)
		result = set_number(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN,
		    LDAP_OPT_X_TLS_PROTOCOL_TLS1_2);
	if (result == LDAP_OPT_SUCCESS)
		result = ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX,
		    &client);
	if (result == LDAP_OPT_SUCCESS)
		result = ldap_get_option(ldap, LDAP_OPT_X_TLS_CTX,
		    &trust->context);
	return result;
}

/* The system's ldap.conf is for its users' tools. */
void
ldap_trust_prepare(void)
{
	static bool is_prepared;

	if (!is_prepared && setenv("LDAPNOINIT", "1", 1) != 0)
		fatal_errno("the environment cannot be set");
	is_prepared = true;
}

int
ldap_trust_new(struct text pem, struct ldap_trust **out, struct reason *why)
{
	struct ldap_trust *trust = memory_new(sizeof(*trust));
	char path[64];
	int descriptor, result;

	ldap_trust_prepare();
	if (ldap_initialize(&trust->holder, NULL) != LDAP_SUCCESS)
		fatal("libldap cannot be started");
	descriptor = write_memory_file(pem, path, sizeof(path));
	if (descriptor < 0)
		fatal_errno("authorities cannot be kept");
	result = make_context(trust, path);
	(void)close(descriptor);
	if (result == LDAP_OPT_SUCCESS && trust->context != NULL) {
		*out = trust;
		return 0;
	}
	reason_set(why, "the authorities that may vouch for its servers "
	    "cannot be used");
	ldap_trust_free(trust);
	return ERROR_MALFORMED;
}

void
ldap_trust_free(struct ldap_trust *trust)
{
	if (trust == NULL)
		return;
	(void)ldap_unbind_ext(trust->holder, NULL, NULL);
	free(trust);
}

void *
ldap_trust_context(const struct ldap_trust *trust)
{
	return trust->context;
}
