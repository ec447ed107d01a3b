/*
 * The program postern-deliver; see postern-deliver(8).
 */
#include "queue/delivery/deliver_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &deliver_process);
}
