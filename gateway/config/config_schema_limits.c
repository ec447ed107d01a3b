/*
 * Schema: limits.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

#define SIZE_ROW(member, low, high, usual, when, about) \
	{ .name = #member, .kind = CONFIG_KIND_SIZE, \
	  CONFIG_AT(config_limits, member), .least = (low), .most = (high), \
	  .fallback = usual, .effect = CONFIG_EFFECT_##when, .help = about }
#define NUMBER_ROW(member, low, high, usual, when, about) \
	{ .name = #member, .kind = CONFIG_KIND_NUMBER, \
	  CONFIG_AT(config_limits, member), .least = (low), .most = (high), \
	  .fallback = usual, .effect = CONFIG_EFFECT_##when, .help = about }
#define DURATION_ROW(label, low, high, usual, about) \
	{ .name = #label, .kind = CONFIG_KIND_DURATION, \
	  CONFIG_AT(config_limits, label##_ms), .least = (low), \
	  .most = (high), .fallback = usual, \
	  .effect = CONFIG_EFFECT_LIVE, .help = about }

static const struct config_row rows[] = {
	SIZE_ROW(message_size, CONFIG_KB, CONFIG_GB, "50 MB", LIVE,
	    "Largest message that is taken from anybody."),
	SIZE_ROW(in_flight, CONFIG_MB, 1024 * CONFIG_GB, "256 MB", LIVE,
	    "Memory for messages on their way into the queue; beyond it "
	    "clients get 452."),
	SIZE_ROW(hot_bodies, 0, 1024 * CONFIG_GB, "128 MB", LIVE,
	    "Memory for bodies that need not be read from disk again."),
	SIZE_ROW(segment_size, CONFIG_MB, CONFIG_GB, "16 MB", RESTART,
	    "Size of a segment of the queue's log."),
	NUMBER_ROW(segment_pool, 1, 1000, "8", RESTART,
	    "Empty segments that are kept ready."),
	SIZE_ROW(free_space_reserve, 0, 1024 * CONFIG_GB, "256 MB", LIVE,
	    "Free disk space below which clients get 452."),
	SIZE_ROW(header_size, CONFIG_KB, 64 * CONFIG_MB, "1 MB", LIVE,
	    "Largest header of a message."),
	NUMBER_ROW(header_count, 10, 100000, "1000", LIVE,
	    "Most fields in the header of a message."),
	SIZE_ROW(line_length, 1000, 64 * CONFIG_KB, "64 KB", LIVE,
	    "Longest line of a message."),
	NUMBER_ROW(received_count, 10, 1000, "100", LIVE,
	    "Received fields above which a message is taken for a loop."),
	{ .name = "refuse_nul", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_limits, refuse_nul), .fallback = "true",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether messages with NUL bytes are refused." },
	DURATION_ROW(command_timeout, 100, CONFIG_HOUR, "5 min",
	    "Time for a client to send a whole command."),
	DURATION_ROW(data_timeout, 100, CONFIG_HOUR, "3 min",
	    "Time between two pieces of a message from a client."),
	SIZE_ROW(data_rate, 0, CONFIG_MB, "100 B", LIVE,
	    "Least bytes per second of a message, over a minute; 0 sets no "
	    "limit."),
	DURATION_ROW(session_timeout, 100, 7 * CONFIG_DAY, "2 h",
	    "Time for a whole session of a client."),
	DURATION_ROW(connect_timeout, 100, 10 * CONFIG_MINUTE, "30 s",
	    "Time to connect to a next hop."),
	DURATION_ROW(reply_timeout, 100, CONFIG_HOUR, "5 min",
	    "Time for a next hop to answer most commands."),
	DURATION_ROW(final_reply_timeout, 100, CONFIG_HOUR, "10 min",
	    "Time for a next hop to answer the end of a message."),
	DURATION_ROW(idle_connection, 0, 10 * CONFIG_MINUTE, "10 s",
	    "Time for which a connection to a next hop is kept for further "
	    "messages."),
};

const struct config_section config_schema_limits = {
	CONFIG_ROWS(rows),
	.shape = &config_limits_shape,
	.help = "Limits of size, number and time for the whole gateway.",
};
