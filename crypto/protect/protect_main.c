/*
 * The program postern-protect; see postern-protect(8).
 */
#include "crypto/protect/protect_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &protect_process);
}
