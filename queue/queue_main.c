/*
 * postern-queue(8).
 */
#include "queue/queue_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &queue_process);
}
