/*
 * Giving up what a process does not need: user, root directory, new
 * privileges, core dumps, and every system call that its profile does not
 * name (seccomp; the only includer of seccomp.h).
 */
#ifndef GATEWAY_BASE_JAIL_H
#define GATEWAY_BASE_JAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/base/error.h"

/*
 * Groups of system calls; each is a table in jail_table.c.  JAIL_LOOP holds
 * what every process needs: memory, its own descriptors (read, write,
 * sendmsg, recvmsg, close, dup, fcntl, ...), epoll, timers, time, exit.
 * Anything else kills the process (SIGSYS).
 */
enum jail_group {
	JAIL_LOOP = 1u << 0,
	JAIL_ACCEPT = 1u << 1,		/* accept4, getpeername, ... */
	JAIL_CONNECT = 1u << 2,		/* socket (inet), connect, bind */
	JAIL_FILES = 1u << 3,		/* open, pread, pwrite, fdatasync,
					   rename, unlink, ftruncate, locks */
	JAIL_READ_FILES = 1u << 4,	/* open for reading only, stat,
					   getdents */
	JAIL_MEMFD = 1u << 5,		/* memfd_create, ftruncate, seals,
					   pread, pwrite, mmap of it */
	JAIL_FORK = 1u << 6,		/* fork without exec, wait */
	JAIL_UNIX_LISTEN = 1u << 7,	/* socket (unix), bind, listen */
	JAIL_SUPERVISE = 1u << 8,	/* fork, exec, kill, setuid, ... */
};

struct jail_user {
	bool change;	/* false: stay who we are */
	uid_t uid;
	gid_t gid;
};

/*
 * Look up "name" or a decimal uid (gid alike then).  ERROR_NOT_FOUND where
 * no such user exists.
 */
int jail_user_find(const char *name, struct jail_user *out) MUST_CHECK;

/* No new privileges, not dumpable, no core.  Any failure is fatal(). */
void jail_restrict(void);

/*
 * Become user for good (groups too), no_new_privs, not dumpable, no core,
 * die with the parent.  root: directory for chroot, NULL for none (needs
 * user->change).  Any failure is fatal().
 */
void jail_drop(const struct jail_user *user, const char *root);

/*
 * Install the filter; groups is a set of enum jail_group.  Executable
 * pages (mmap and mprotect with PROT_EXEC) are forbidden to all but
 * JAIL_SUPERVISE.  Any failure is fatal().  In sanitizer builds the table
 * JAIL_SANITIZER joins by itself.
 */
void jail_enter(unsigned int groups);

/* The names of the groups in a set, for the log; static storage. */
const char *jail_describe(unsigned int groups);

#endif
