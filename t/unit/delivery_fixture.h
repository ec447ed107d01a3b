/*
 * Scripted SMTP servers inside the test's own loop, and the world around the
 * delivery machine: no sockets but pairs, no queue, no lookup.
 *
 * A script is a list of steps, run in order:
 *   "S text"   send text and CRLF ("\n" inside becomes CRLF)
 *   "s text"   send text as it is
 *   "C text"   read a line that begins with text
 *   "D"        read content up to CRLF.CRLF and keep it
 *   "X"        close
 *   "W"        wait for ever
 *   "G"        wait until peer_open_gate()
 *   "P"        (TLS) the handshake
 */
#ifndef T_UNIT_DELIVERY_FIXTURE_H
#define T_UNIT_DELIVERY_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/loop.h"
#include "queue/delivery/delivery.h"
#include "queue/delivery/delivery_job.h"

#define PEER_SCRIPTS_MAX 16
#define PEER_RESULTS_MAX 64

/* What the servers of one address do, connection after connection. */
struct peer_address {
	uint8_t last;		/* 192.0.2.LAST */
	const char *const *scripts[PEER_SCRIPTS_MAX];
	size_t count;
	size_t next;
};

struct peer_result {
	uint64_t job;
	uint32_t rid;
	uint8_t result;
	uint16_t reply;
	uint8_t destination;
	char status[16];
	char reason[600];
	char host[128];
	char tls[64];
};

struct peer_world {
	struct loop *loop;
	struct delivery *delivery;
	struct config config;
	struct peer_address addresses[8];
	size_t address_count;
	struct buffer content;	/* of every "D", one after the other */
	struct buffer commands;	/* every line read by "C" */
	struct peer_result results[PEER_RESULTS_MAX];
	size_t result_count;
	size_t wanted;		/* the loop stops at so many */
	unsigned int connections;
	unsigned int mismatches;	/* lines that a script did not expect */
	unsigned int stopped;
	unsigned int at_gate;	/* servers that wait there */
	bool gate_open;
	uint64_t last_ask;
	char last_name[64];
	unsigned int ask_count;
	void *tls;		/* SSL_CTX of the servers */
	int ipv6_errno;		/* why no IPv6 address can be had */
};

extern struct peer_world world;

void peer_setup(void);
void peer_teardown(void);
/* Another connection to 192.0.2.last runs this script. */
void peer_script(uint8_t last, const char *const *script);
/* Run until so many recipients have results; fails after 10 s. */
void peer_run(size_t results);
/* Run until a server waits at the gate; let all of them through. */
void peer_run_to_gate(void);
void peer_open_gate(void);
/* Run for a while. */
void peer_wait(int64_t ms);
/* The result of a recipient; fails where there is none. */
const struct peer_result *peer_result_of(uint64_t job, uint32_t rid);

/* For which bytes the protection of a job was made. */
enum peer_met { PEER_MET_NOT, PEER_MET_THESE, PEER_MET_OTHERS };

struct peer_job {
	uint64_t job;
	uint32_t channel;
	const char *body;
	const char *sender;
	const char *recipients[8];
	uint8_t notify;
	uint8_t envelope_body;
	uint8_t smtputf8;
	uint8_t tls;
	const char *hosts[4];
	const char *domain;
	const char *tls_name;
	const char *envid;
	const char *orcpt;
	uint32_t per_connection;
	uint32_t concurrency;
	bool wrong_hash;
	uint8_t or_envelope;
	uint8_t protection;
	enum peer_met met;
};
void peer_give(const struct peer_job *job);

#endif
