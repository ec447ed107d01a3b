/*
 * The program postern-scan; see postern-scan(8).
 */
#include "policy/scan/scan_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &scan_process);
}
