/* base/jail: what each group allows, and that the rest kills. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* Ends of a child: the act returned 0, or another value. */
#define DONE 0
#define REFUSED 3

typedef int (*act)(void);

static int
status_of(unsigned int groups, act do_it)
{
	struct jail_user stay = { .change = false };
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		log_set_stderr(false);
		(void)signal(SIGSYS, SIG_DFL);
		jail_drop(&stay, NULL);
		jail_enter(groups);
		_exit(do_it() == 0 ? DONE : REFUSED);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
check_allowed(unsigned int groups, act do_it)
{
	int status = status_of(groups, do_it);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DONE);
}

static void
check_killed(unsigned int groups, act do_it)
{
	int status = status_of(groups, do_it);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	assert_false(WCOREDUMP(status));
}

static void
stop(void *context)
{
	loop_stop(context);
}

static int
turn_loop(void)
{
	struct loop *loop = loop_new();
	struct loop_timer *timer;
	char iso[CLOCK_ISO_SIZE];

	timer = loop_timer_new(loop, stop, loop);
	loop_timer_set(timer, 5);
	loop_run(loop);
	loop_timer_free(timer);
	loop_free(loop);
	clock_print_iso(clock_now_us(), iso, sizeof(iso));
	(void)text_hash(TEXT("x"));
	log_note(LOG_INFO_LEVEL, "in the jail");
	return 0;
}

static int
by_byte(const void *left, const void *right)
{
	return *(const char *)left - *(const char *)right;
}

/* The C library asks for the size of the memory before it sorts much. */
static int
use_memory(void)
{
	size_t size;
	char *bytes;

	for (size = 1; size < 64u << 20; size *= 4) {
		bytes = calloc(size, 1);
		bytes = realloc(bytes, size * 2);
		if (bytes != NULL && size == 16384) {
			memset(bytes, 1, size);
			qsort(bytes, size, 1, by_byte);
		}
		free(bytes);
	}
	return 0;
}

static int
map_executable(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED;
}

static int
protect_executable(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ||
	    mprotect(map, 4096, PROT_READ | PROT_EXEC) != 0;
}

static int
open_to_read(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0;
}

static int
open_to_write(void)
{
	return open("/dev/null", O_WRONLY | O_CLOEXEC) < 0;
}

static int
open_to_make(void)
{
	return open("/dev/null", O_RDONLY | O_CREAT, 0600) < 0;
}

static int
open_nameless(void)
{
	return open("/tmp", O_TMPFILE | O_RDWR, 0600) < 0;
}

static int
list_directory(void)
{
	return open("/", O_RDONLY | O_DIRECTORY) < 0;
}

static int
inet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int
inet6_datagram(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0) < 0 && errno != EAFNOSUPPORT;
}

static int
unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int
packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) < 0;
}

static int
run_shell(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int
fork_and_wait(void)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return waitpid(child, &status, 0) != child || status != 0;
}

static int
new_namespace(void)
{
	return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) < 0;
}

static int
kill_parent(void)
{
	return kill(getppid(), 0);
}

static int
trace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) < 0;
}

static int
ring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL) < 0;
}

static int
old_abi(void)
{
	/* getpid of the x32 table */
	return syscall(0x40000000 + SYS_getpid) < 0;
}

static int
seal_memory(void)
{
	int descriptor = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return descriptor < 0 || ftruncate(descriptor, 10) != 0 ||
	    pwrite(descriptor, "x", 1, 0) != 1 ||
	    fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK) != 0;
}

static int
raise_limits(void)
{
	struct rlimit limit = { 10, 10 };

	return setrlimit(RLIMIT_NOFILE, &limit);
}

static int
die_of_a_bug(void)
{
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

static void
allows(void **state)
{
	int status;

	(void)state;
	check_allowed(JAIL_LOOP, turn_loop);
	check_allowed(JAIL_LOOP, use_memory);
	check_allowed(JAIL_LOOP | JAIL_READ_FILES, open_to_read);
	check_allowed(JAIL_LOOP | JAIL_READ_FILES, list_directory);
	check_allowed(JAIL_LOOP | JAIL_FILES, open_to_write);
	check_allowed(JAIL_LOOP | JAIL_CONNECT, inet_socket);
	check_allowed(JAIL_LOOP | JAIL_CONNECT, inet6_datagram);
	check_allowed(JAIL_LOOP | JAIL_UNIX_LISTEN, unix_socket);
	check_allowed(JAIL_LOOP | JAIL_MEMFD, seal_memory);
	check_allowed(JAIL_LOOP | JAIL_FORK, fork_and_wait);
	check_allowed(JAIL_SUPERVISE, run_shell);
	check_allowed(JAIL_SUPERVISE, fork_and_wait);
	check_allowed(JAIL_SUPERVISE, inet_socket);
	check_allowed(JAIL_SUPERVISE, map_executable);
	status = status_of(JAIL_LOOP, die_of_a_bug);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void
kills(void **state)
{
	const unsigned int all = JAIL_SUPERVISE - 1;

	(void)state;
	check_killed(JAIL_LOOP, inet_socket);
	check_killed(JAIL_LOOP | JAIL_ACCEPT, inet_socket);
	check_killed(JAIL_LOOP | JAIL_CONNECT, unix_socket);
	check_killed(JAIL_LOOP | JAIL_UNIX_LISTEN, inet_socket);
	check_killed(all, packet_socket);
	check_killed(JAIL_LOOP, seal_memory);
	check_killed(JAIL_LOOP | JAIL_FORK, new_namespace);
	check_killed(all, ring);
	check_killed(all, old_abi);
	check_killed(JAIL_SUPERVISE, new_namespace);
	if (SANITIZED)
		return;
	check_killed(all, map_executable);
	check_killed(all, protect_executable);
	check_killed(all, run_shell);
	check_killed(all, kill_parent);
	check_killed(all, trace);
	check_killed(all, raise_limits);
	check_killed(JAIL_LOOP, open_to_read);
	check_killed(JAIL_LOOP | JAIL_READ_FILES, open_to_write);
	check_killed(JAIL_LOOP | JAIL_READ_FILES, open_to_make);
	check_killed(JAIL_LOOP | JAIL_READ_FILES, open_nameless);
	check_killed(JAIL_LOOP, fork_and_wait);
}

static int
look_at_drop(void)
{
	struct rlimit core;
	int signal = 0;

	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) != 0 ||
	    signal != SIGKILL || getrlimit(RLIMIT_CORE, &core) != 0 ||
	    core.rlim_cur != 0;
}

static int
look_at_user(void)
{
	return getuid() != 65000 || geteuid() != 65000 ||
	    getgid() != 65000 || getgroups(0, NULL) != 0 ||
	    setuid(0) == 0 || access("/etc", F_OK) == 0;
}

static void
drops(void **state)
{
	struct jail_user user;
	int status;
	pid_t child;

	(void)state;
	check_allowed(JAIL_SUPERVISE, look_at_drop);
	assert_int_equal(jail_user_find("root", &user), 0);
	assert_int_equal(user.uid, 0);
	assert_int_equal(jail_user_find("nobody-of-this-name", &user),
		ERROR_NOT_FOUND);
	assert_int_equal(jail_user_find("4294967295", &user),
		ERROR_NOT_FOUND);
	assert_int_equal(jail_user_find("65000", &user), 0);
	assert_int_equal(user.gid, 65000);
	if (geteuid() != 0)
		return;
	child = fork();
	if (child == 0) {
		jail_drop(&user, "/proc/self");
		_exit(look_at_user());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
describes(void **state)
{
	(void)state;
	assert_string_equal(jail_describe(JAIL_LOOP | JAIL_MEMFD),
		"loop,memfd");
	assert_string_equal(jail_describe(UINT32_MAX), "loop,accept,connect,"
		"files,read-files,memfd,fork,unix-listen,supervise");
	assert_string_equal(jail_describe(0), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allows),
		cmocka_unit_test(kills),
		cmocka_unit_test(drops),
		cmocka_unit_test(describes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
