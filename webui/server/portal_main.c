/*
 * postern-portal(8): opens messages for their recipients.
 */
#include "webui/server/portal_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &portal_process);
}
