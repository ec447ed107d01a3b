/*
 * postern-smtp(8): receives mail.
 */
#include "listeners/smtp_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &smtp_process);
}
