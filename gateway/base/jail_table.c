/*
 * The system calls of each group of a jail.
 */
#include "gateway/base/jail_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "gateway/base/jail.h"

#define CALL(name) { .call = SCMP_SYS(name) }
#define CALL_WHERE(name, number, bits, wanted) \
	{ .call = SCMP_SYS(name), .argument = (number), \
	.mask = (uint64_t)(bits), .value = (uint64_t)(wanted) }
#define CALL_REFUSED(name, error) \
	{ .call = SCMP_SYS(name), .refusal = (error) }
#define WHOLE UINT32_MAX	/* the mask of an int argument */

/* Reading only: nothing that makes or empties a file either. */
#define OPEN_CHANGES (O_ACCMODE | O_CREAT | O_TRUNC | \
	(O_TMPFILE & ~O_DIRECTORY))
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
	CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct jail_rule loop_rules[] = {
	/* descriptors */
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(close),
	CALL(close_range), CALL(dup), CALL(dup2), CALL(dup3), CALL(fcntl),
	CALL(fstat), CALL(lseek), CALL(pipe), CALL(pipe2),
	CALL_WHERE(ioctl, 1, WHOLE, 0x541b),	/* FIONREAD */
	CALL_WHERE(ioctl, 1, WHOLE, 0x5421),	/* FIONBIO */
	CALL_WHERE(newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH),
	/* sockets that somebody gave us */
	CALL(recvfrom), CALL(recvmsg), CALL(recvmmsg), CALL(sendto),
	CALL(sendmsg), CALL(sendmmsg), CALL(shutdown), CALL(getsockopt),
	CALL(getsockname), CALL(getpeername),
	CALL_WHERE(setsockopt, 1, WHOLE, SOL_SOCKET),
	CALL_WHERE(socketpair, 0, WHOLE, AF_UNIX),
	/* waiting */
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait),
	CALL(epoll_pwait), CALL(epoll_pwait2), CALL(poll), CALL(ppoll),
	CALL(select), CALL(pselect6), CALL(eventfd2), CALL(timerfd_create),
	CALL(timerfd_settime), CALL(timerfd_gettime),
	/* memory, never executable */
	CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(mlock),
	CALL(mlock2), CALL(munlock), CALL(msync),
	CALL_WHERE(mmap, 2, PROT_EXEC, 0),
	CALL_WHERE(mprotect, 2, PROT_EXEC, 0),
	/* signals */
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn),
	CALL(rt_sigpending), CALL(sigaltstack), CALL(tgkill),
	CALL(restart_syscall),
	/* time and chance */
	CALL(clock_gettime), CALL(clock_getres), CALL(clock_nanosleep),
	CALL(nanosleep), CALL(gettimeofday), CALL(time), CALL(getrandom),
	/* who we are */
	CALL(getpid), CALL(gettid), CALL(getppid), CALL(getuid),
	CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getresuid),
	CALL(getresgid), CALL(uname), CALL(sysinfo), CALL(getrusage),
	CALL(sched_yield), CALL(sched_getaffinity), CALL(getcpu),
	CALL_WHERE(prlimit64, 2, UINT64_MAX, 0),	/* asking only */
	CALL(getrlimit),
	/* the C library's own */
	CALL(futex), CALL(set_robust_list), CALL(rseq),
	CALL(exit), CALL(exit_group),
};

static const struct jail_rule accept_rules[] = {
	CALL(accept), CALL(accept4), CALL(setsockopt),
};

static const struct jail_rule connect_rules[] = {
	CALL_WHERE(socket, 0, WHOLE, AF_INET),
	CALL_WHERE(socket, 0, WHOLE, AF_INET6),
	CALL(connect), CALL(bind), CALL(setsockopt),
};

static const struct jail_rule file_rules[] = {
	CALL(open), CALL(openat), CALL(creat), CALL(stat), CALL(lstat),
	CALL(newfstatat), CALL(statx), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(readlink), CALL(readlinkat),
	CALL(pread64), CALL(pwrite64), CALL(preadv), CALL(pwritev),
	CALL(fsync), CALL(fdatasync), CALL(sync_file_range),
	CALL(ftruncate), CALL(fallocate), CALL(fadvise64), CALL(flock),
	CALL(rename), CALL(renameat), CALL(renameat2), CALL(link),
	CALL(linkat), CALL(unlink), CALL(unlinkat), CALL(mkdir),
	CALL(mkdirat), CALL(rmdir), CALL(getdents64), CALL(getcwd),
	CALL(chdir), CALL(fchdir), CALL(umask), CALL(fchmod),
	CALL(chmod), CALL(fchmodat), CALL(fchown), CALL(utimensat),
	CALL(statfs), CALL(fstatfs),
};

static const struct jail_rule read_file_rules[] = {
	CALL_WHERE(open, 1, OPEN_CHANGES, O_RDONLY),
	CALL_WHERE(openat, 2, OPEN_CHANGES, O_RDONLY),
	CALL(stat), CALL(lstat), CALL(newfstatat), CALL(statx),
	CALL(access), CALL(faccessat), CALL(faccessat2), CALL(readlink),
	CALL(readlinkat), CALL(pread64), CALL(preadv), CALL(getdents64),
	CALL(getcwd), CALL(statfs), CALL(fstatfs), CALL(fadvise64),
};

static const struct jail_rule memfd_rules[] = {
	CALL(memfd_create), CALL(ftruncate), CALL(fallocate),
	CALL(pread64), CALL(pwrite64), CALL(preadv), CALL(pwritev),
	CALL(sendfile), CALL(copy_file_range),
};

static const struct jail_rule fork_rules[] = {
	CALL(fork), CALL(vfork),
	CALL_WHERE(clone, 0, NAMESPACES, 0),
	CALL_REFUSED(clone3, ENOSYS),
	CALL(wait4), CALL(waitid), CALL(set_tid_address),
	CALL_WHERE(prctl, 0, WHOLE, 1),		/* PR_SET_PDEATHSIG */
	CALL_WHERE(prctl, 0, WHOLE, 15),	/* PR_SET_NAME */
	/* a child's own, narrower jail */
	CALL_WHERE(prctl, 0, WHOLE, 38),	/* PR_SET_NO_NEW_PRIVS */
	CALL(seccomp),
};

static const struct jail_rule unix_listen_rules[] = {
	CALL_WHERE(socket, 0, WHOLE, AF_UNIX),
	CALL(bind), CALL(listen), CALL(connect), CALL(accept),
	CALL(accept4), CALL(unlink), CALL(unlinkat), CALL(umask),
	CALL(chmod), CALL(fchmodat),
};

/*
 * Filters outlive exec and add up: what the supervisor may not do, none of
 * its children may.  Hence the dynamic linker's calls and those by which a
 * child enters its own jail.
 */
static const struct jail_rule supervise_rules[] = {
	CALL(execve), CALL(execveat), CALL(kill), CALL(mmap),
	CALL(mprotect), CALL(arch_prctl), CALL(prctl), CALL(seccomp),
	CALL(prlimit64), CALL(setrlimit), CALL(getpriority),
	CALL(setpriority), CALL(setsid), CALL(setpgid), CALL(getpgrp),
	CALL(getpgid), CALL(getsid), CALL(getgroups),
	CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid),
	CALL(setresuid), CALL(setresgid), CALL(setgroups),
	CALL(capget), CALL(capset), CALL(chroot), CALL(chown),
	CALL(fchownat), CALL(lchown), CALL(symlink), CALL(symlinkat),
	CALL(socket), CALL(setsockopt), CALL(socketpair), CALL(ioctl),
	CALL(signalfd4), CALL(inotify_init1), CALL(inotify_add_watch),
	CALL(inotify_rm_watch), CALL(pidfd_open),
	CALL(pidfd_send_signal), CALL(mlockall), CALL(sched_setaffinity),
	CALL(fgetxattr), CALL(getxattr), CALL(lgetxattr),
};

#define TABLE(bit, word, array) \
	{ .group = (bit), .name = (word), .rules = (array), \
	.count = sizeof(array) / sizeof((array)[0]) }

const struct jail_table jail_tables[] = {
	TABLE(JAIL_LOOP, "loop", loop_rules),
	TABLE(JAIL_ACCEPT, "accept", accept_rules),
	TABLE(JAIL_CONNECT, "connect", connect_rules),
	TABLE(JAIL_FILES, "files", file_rules),
	TABLE(JAIL_READ_FILES, "read-files", read_file_rules),
	TABLE(JAIL_MEMFD, "memfd", memfd_rules),
	TABLE(JAIL_FORK, "fork", fork_rules),
	TABLE(JAIL_UNIX_LISTEN, "unix-listen", unix_listen_rules),
	TABLE(JAIL_SUPERVISE, "supervise", supervise_rules),
};
const size_t jail_table_count = sizeof(jail_tables) / sizeof(jail_tables[0]);

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#endif

#ifdef SANITIZED

/*
 * Reports read /proc and name threads; the leak check at the end stops the
 * process from a tracing clone of it.
 */
static const struct jail_rule sanitizer_rules[] = {
	CALL(open), CALL(openat), CALL(stat), CALL(lstat), CALL(newfstatat),
	CALL(statx), CALL(access), CALL(faccessat), CALL(readlink),
	CALL(readlinkat), CALL(getdents64), CALL(getcwd), CALL(unlink),
	CALL(mkdir), CALL(pread64), CALL(mmap), CALL(mprotect), CALL(prctl),
	CALL(ptrace), CALL_WHERE(clone, 0, NAMESPACES, 0),
	CALL_REFUSED(clone3, ENOSYS),
	CALL(wait4), CALL(kill), CALL(tkill), CALL(arch_prctl),
	CALL(prlimit64), CALL(setrlimit), CALL(ioctl),
	CALL(sched_setaffinity), CALL(process_vm_readv),
	CALL(set_tid_address), CALL(fork), CALL(execve),
};
const struct jail_table jail_sanitizer =
	TABLE(0, "sanitizer", sanitizer_rules);

#else

const struct jail_table jail_sanitizer = { .name = "sanitizer" };

#endif
