/*
 * Writing all of something.
 */
#include "gateway/base/descriptor.h"

#include <errno.h>
#include <unistd.h>

int
descriptor_write(int descriptor, struct text bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(descriptor, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERROR_SYSTEM;
		bytes = text_skip(bytes, (size_t)n);
	}
	return 0;
}
