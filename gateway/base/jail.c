/*
 * The jail: who we are, what we may become, what we may ask of the kernel.
 */
#include "gateway/base/jail.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gateway/base/jail_private.h"
#include "gateway/base/text.h"

#define USER_RECORD_SIZE 16384

int
jail_user_find(const char *name, struct jail_user *out)
{
	char record[USER_RECORD_SIZE];
	struct passwd user;
	struct passwd *found = NULL;
	uint64_t number;

	memset(out, 0, sizeof(*out));
	if (text_parse_u64(text_from(name), UINT32_MAX - 1, &number) == 0) {
		*out = (struct jail_user){ .change = true,
			.uid = (uid_t)number, .gid = (gid_t)number };
		return 0;
	}
	if (getpwnam_r(name, &user, record, sizeof(record), &found) != 0 ||
	    found == NULL)
		return ERROR_NOT_FOUND;
	*out = (struct jail_user){ .change = true, .uid = user.pw_uid,
		.gid = user.pw_gid };
	return 0;
}

static void
change_root(const char *root)
{
	if (chdir(root) != 0 || chroot(root) != 0 || chdir("/") != 0)
		fatal_errno("chroot to %s", root);
}

static void
change_user(const struct jail_user *user)
{
	if (setgroups(0, NULL) != 0)
		fatal_errno("setgroups");
	if (setresgid(user->gid, user->gid, user->gid) != 0)
		fatal_errno("setresgid %u", (unsigned int)user->gid);
	if (setresuid(user->uid, user->uid, user->uid) != 0)
		fatal_errno("setresuid %u", (unsigned int)user->uid);
	/* There must be no way back. */
	if (user->uid != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		fatal("the user was not given up");
	if (user->gid != 0 && setresgid((gid_t)-1, 0, (gid_t)-1) == 0)
		fatal("the group was not given up");
}

void
jail_restrict(void)
{
	static const struct rlimit no_core;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fatal_errno("no_new_privs");
	if (setrlimit(RLIMIT_CORE, &no_core) != 0)
		fatal_errno("core limit");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fatal_errno("not dumpable");
}

void
jail_drop(const struct jail_user *user, const char *root)
{
	pid_t parent = getppid();

	require(root == NULL || user->change);
	if (root != NULL)
		change_root(root);
	if (user->change)
		change_user(user);
	jail_restrict();
	/* A change of user has cleared it: last, and then look again. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		fatal_errno("parent's death");
	if (getppid() != parent)
		fatal("the parent has gone");
}

static void
add_rule(scmp_filter_ctx filter, const struct jail_rule *rule)
{
	uint32_t action = SCMP_ACT_ALLOW;
	struct scmp_arg_cmp compare = { .arg = rule->argument,
		.op = SCMP_CMP_MASKED_EQ, .datum_a = rule->mask,
		.datum_b = rule->value };
	int result;

	if (rule->refusal != 0)
		action = SCMP_ACT_ERRNO((unsigned int)rule->refusal);
	/* A negative number: the call is unknown on this machine. */
	if (rule->call < 0)
		return;
	result = seccomp_rule_add_array(filter, action, rule->call,
		rule->mask != 0 ? 1 : 0, &compare);
	if (result != 0 && result != -EEXIST) {
		errno = -result;
		fatal_errno("seccomp rule of call %d", rule->call);
	}
}

static void
add_table(scmp_filter_ctx filter, const struct jail_table *table)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		add_rule(filter, &table->rules[i]);
}

void
jail_enter(unsigned int groups)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	size_t i;
	int result;

	if (filter == NULL)
		fatal("seccomp filter");
	result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
		SCMP_ACT_KILL_PROCESS);
	for (i = 0; i < jail_table_count; i++)
		/* Children inherit the filter and need all groups. */
		if (groups & (jail_tables[i].group | JAIL_SUPERVISE))
			add_table(filter, &jail_tables[i]);
	add_table(filter, &jail_sanitizer);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result != 0) {
		errno = -result;
		fatal_errno("seccomp filter");
	}
}

const char *
jail_describe(unsigned int groups)
{
	static char words[160];
	size_t len = 0;
	size_t i;
	int added;

	words[0] = '\0';
	for (i = 0; i < jail_table_count; i++) {
		if ((groups & jail_tables[i].group) == 0)
			continue;
		added = snprintf(words + len, sizeof(words) - len, "%s%s",
			len > 0 ? "," : "", jail_tables[i].name);
		require(added > 0 && (size_t)added < sizeof(words) - len);
		len += (size_t)added;
	}
	return words;
}
