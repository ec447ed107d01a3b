/*
 * Started as root, the supervisor keeps the capabilities to bind low ports,
 * to change users and roots, to give files away and to end its children;
 * nothing else, and its children get no more.
 */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gateway/supervisor/supervisor_private.h"

#define BIT(capability) (UINT64_C(1) << (capability))
#define CAPABILITIES_LAST 63

static const uint64_t kept_capabilities =
    BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
    BIT(CAP_SYS_CHROOT) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER) | BIT(CAP_KILL) |
    BIT(CAP_DAC_OVERRIDE);

void
capabilities_drop(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (geteuid() != 0)
		return;
	for (int c = 0; c <= CAPABILITIES_LAST; c++)
		if ((kept_capabilities & BIT(c)) == 0 &&
		    prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1)
			(void)prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(kept_capabilities >> (32 * i));

		data[i].effective = data[i].permitted = half;
	}
	if (syscall(SYS_capset, &header, data) != 0)
		fatal_errno("cannot drop capabilities");
}
