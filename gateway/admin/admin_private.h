/*
 * admin's insides: one request per command that a CLI sent.
 */
#ifndef GATEWAY_ADMIN_ADMIN_PRIVATE_H
#define GATEWAY_ADMIN_ADMIN_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/ipc.h"
#include "gateway/base/list.h"
#include "gateway/protocol/command.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_command.h"
#include "gateway/protocol/frame_queue_admin.h"
#include "gateway/protocol/frame_supervisor.h"
#include "gateway/protocol/frame_vault_admin.h"

struct admin_request {
	struct list link;
	uint64_t id;
	struct ipc *ipc;	/* to the CLI */
	struct arena *arena;	/* holds the words */
	struct command_call *call;
	bool json;
	bool terminal;
	uint16_t width;
	char actor[64];		/* "root", "uid 1000" */
	int file;		/* that came along, or -1 */
	bool started;		/* one command a connection */
	bool waiting;		/* for an answer of queue or supervisor */
	enum process_kind asked;	/* queue or vault, where it waits */
	bool finished;

	/* What an answer leads to; borrowed values. */
	void (*answered)(struct admin_request *request, uint16_t type,
		const void *value);
	/* Go on when the CLI has taken what was printed. */
	void (*more)(struct admin_request *request);

	/* What the commands remember between answers. */
	size_t at;		/* argument, row or file */
	uint64_t after_mid;
	uint64_t limit;
	uint64_t affected;
	uint64_t recipients;
	bool failed;
	json_t *json_root;
	json_t *json_list;
	struct admin_history *history;
};

/* admin_request.c */
struct admin_request *admin_request_find(uint64_t id);
/* Text to the CLI; in values bytes that a terminal obeys are escaped. */
void admin_print(struct admin_request *request, const char *format, ...)
	PRINTF_LIKE(2, 3);
void admin_print_text(struct admin_request *request, struct text t);
void admin_error(struct admin_request *request, const char *format, ...)
	PRINTF_LIKE(2, 3);
/* The JSON root, indented; takes the reference. */
void admin_print_json(struct admin_request *request, json_t *root);
/* Say done; the request is gone soon after. */
void admin_done(struct admin_request *request, enum command_status status);
/* A copy of t with \xNN for what is not printable, in the arena. */
struct text admin_safe(struct admin_request *request, struct text t);
/* "3 min", "2 h", "4 d" for a span of time. */
struct text admin_age(struct admin_request *request, int64_t span_us);
json_t *admin_json_text(struct text t);
/* "2026-11-21T22:11:53Z" or null for 0. */
json_t *admin_json_time(int64_t time_us);

/* admin_control.c */
void admin_control_listen(int descriptor);
/* This peer has gone: whoever waits for it is told. */
void admin_control_fail_waiting(enum process_kind peer, const char *why);
void admin_request_end(struct admin_request *request);

/* admin_peer.c: the channels to queue and vault */
/* False where admin has nothing to say to such a process. */
bool admin_peer_channel(enum process_kind kind, int descriptor);
/* Ask; false (and the request is done) where it is away. */
bool admin_peer_ask(struct admin_request *request, enum process_kind kind,
	enum frame_type type, const void *value);

/* admin_command_act.c */
/* The MID in an argument; 0 (and the request is done) where it is none. */
uint64_t admin_read_mid(struct admin_request *request, size_t argument);
/* An option's value, empty where it was not given. */
struct text admin_option(const struct admin_request *request,
	enum command_option_id id);
/* --limit, or the default; false (and done) where it is no number. */
bool admin_read_limit(struct admin_request *request, uint64_t otherwise,
	uint64_t *out);

/* admin_time.c */
/*
 * "2026-12-31", "2026-12-31T18:00:00Z" or "now"; "never" is 0.
 * ERROR_MALFORMED.
 */
int admin_time_parse(struct text t, int64_t now_us, int64_t *out) MUST_CHECK;

/* admin_config.c */
void admin_config_start(void);
void admin_config_reload(void);
void admin_config_result(const struct frame_propose_result *result);
/* The running configuration goes to the CLI; the request is done. */
void admin_config_send(struct admin_request *request);

/* What each command does. */
void admin_run_status(struct admin_request *request);
void admin_run_list(struct admin_request *request);
void admin_run_quarantine_act(struct admin_request *request);
void admin_run_envelope_list(struct admin_request *request);
void admin_run_envelope_show(struct admin_request *request);
void admin_run_envelope_act(struct admin_request *request);
void admin_run_act(struct admin_request *request);
void admin_run_ledger(struct admin_request *request);
void admin_run_message(struct admin_request *request);
void admin_run_config_load(struct admin_request *request);
void admin_run_config_show(struct admin_request *request);

/* admin_history.c: lines of the event log about one message */
struct admin_history;
/* Prints them bit by bit, then calls done. */
void admin_history_start(struct admin_request *request, uint64_t mid,
	void (*done)(struct admin_request *request));
void admin_history_free(struct admin_history *history);

#endif
