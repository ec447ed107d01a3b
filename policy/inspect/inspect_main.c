/*
 * The program postern-inspect; see postern-inspect(8).
 */
#include "policy/inspect/inspect_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &inspect_process);
}
