/*
 * The program postern-lookup; see postern-lookup(8).
 */
#include "gateway/lookup/lookup_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &lookup_process);
}
