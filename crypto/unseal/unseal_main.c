/*
 * The program postern-unseal; see postern-unseal(8).
 */
#include "crypto/unseal/unseal_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &unseal_process);
}
