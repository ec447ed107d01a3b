/*
 * The program postern-vault; see postern-vault(8).
 */
#include "crypto/vault/vault_process.h"

int
main(int argc, char **argv)
{
	return process_main(argc, argv, &vault_process);
}
