/*
 * Writing maps, lists and scalars as YAML or as JSON.  The first error
 * sticks; what follows does nothing.
 */
#ifndef GATEWAY_CONFIG_CONFIG_WRITER_H
#define GATEWAY_CONFIG_CONFIG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/text.h"

#define CONFIG_WRITER_DEPTH_MAX 24

struct config_writer {
	struct buffer *out;
	bool as_json;
	int error;
	size_t depth;
	bool is_map[CONFIG_WRITER_DEPTH_MAX];
	bool is_empty[CONFIG_WRITER_DEPTH_MAX];	/* nothing written yet */
	bool behind_key;	/* the value of a key comes next */
	bool behind_dash;	/* YAML: the element of a list comes next */
};

void config_writer_init(struct config_writer *writer, struct buffer *out,
	bool as_json);
/* 0 or the first error; everything must be closed. */
int config_writer_finish(struct config_writer *writer) MUST_CHECK;

/* count: how much will be in it; YAML writes nothing as {} and []. */
void config_writer_open_map(struct config_writer *writer, size_t count);
void config_writer_open_list(struct config_writer *writer, size_t count);
void config_writer_close(struct config_writer *writer);

/* In a map, before each value. */
void config_writer_key(struct config_writer *writer, struct text key);
/* In a list, before each element. */
void config_writer_item(struct config_writer *writer);

/* Printable UTF-8 with LF and tab, quoted where needed. */
void config_writer_text(struct config_writer *writer, struct text value);
/* A size such as "50 MB": quoted in JSON only. */
void config_writer_word(struct config_writer *writer, struct text value);
/* A number or boolean: never quoted. */
void config_writer_bare(struct config_writer *writer, struct text value);
void config_writer_number(struct config_writer *writer, uint64_t value);

/* For JSON with fixed keys. */
void config_writer_pair(struct config_writer *writer, const char *key,
	const char *value);
void config_writer_named(struct config_writer *writer, const char *key);

#endif
