/*
 * Holding messages: by an administrator, in a quarantine, or set aside
 * because they crashed their workers or cannot be read.  A held message
 * keeps its place in the log.
 */
#ifndef QUEUE_QUEUE_HOLD_H
#define QUEUE_QUEUE_HOLD_H

#include <stdint.h>

#include "gateway/base/text.h"
#include "gateway/protocol/process_kind.h"

struct queue;
struct queue_change;
struct queue_message;

/* Crashes of its workers that a message may cause before it is set aside. */
#define QUEUE_CRASHES_MAX 2

/* What is out for delivery goes on; the rest rests. */
void queue_hold(struct queue *queue, struct queue_message *message,
	struct text by, struct text reason);
/* The same as part of a change that says more; no event. */
void queue_hold_with(struct queue *queue, struct queue_message *message,
	struct queue_change *change, struct text reason);
/*
 * From HELD to where it goes on: judged if it was not yet, else PROTECTING
 * or READY as its protection says; due as before.
 */
void queue_release(struct queue *queue, struct queue_message *message,
	struct text by);
/* Hold with an alert; a message that is held already stays so. */
void queue_hold_aside(struct queue *queue, struct queue_message *message,
	struct text reason);
/* A process of that kind crashed with this message in hand. */
void queue_hold_charge(struct queue *queue, uint64_t mid,
	enum process_kind kind, int signal);

#endif
