/*
 * The lines of the event log about one message, and those in which others
 * come from it: the dated files that are still kept, then the present one, a
 * slice per turn of the loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/process.h"

#define SLICE (1024u * 1024)
#define LINE_MAX_BYTES (LOG_LINE_MAX * 2)
#define DAY_US (INT64_C(86400) * CLOCK_SECOND_US)
#define PATH_SIZE 4096

struct admin_history {
	struct admin_request *request;
	void (*done)(struct admin_request *request);
	struct loop_timer *timer;
	struct buffer input;
	char needle[40];	/* " MID 12 " */
	char parent[40];	/* " parent=12 ": what came from it */
	int64_t day;		/* of the file at hand */
	int64_t last_day;	/* the present file comes behind it */
	int descriptor;
};

void
admin_history_free(struct admin_history *history)
{
	if (history == NULL)
		return;
	if (history->descriptor != -1)
		close(history->descriptor);
	loop_timer_free(history->timer);
	buffer_clear(&history->input);
	free(history);
}

/* Opens the file of this day; the present one behind the last day. */
static int
open_day(const struct admin_history *history)
{
	struct config_snapshot *snapshot = process_snapshot();
	char path[PATH_SIZE], date[CLOCK_ISO_SIZE];
	struct text file;

	if (snapshot == NULL)
		return -1;
	file = config_snapshot_config(snapshot)->logs.file;
	if (text_is_empty(file))
		return -1;
	clock_print_iso(history->day * DAY_US, date, sizeof(date));
	if (history->day > history->last_day)
		snprintf(path, sizeof(path), "%.*s", TEXT_ARG(file));
	else
		snprintf(path, sizeof(path), "%.*s.%.10s", TEXT_ARG(file),
		    date);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static bool
is_about(const struct admin_history *history, struct text line)
{
	return text_find(line, text_from(history->needle)) < line.len ||
	    text_find(line, text_from(history->parent)) < line.len;
}

static void
take_line(struct admin_history *history, struct text line)
{
	struct admin_request *request = history->request;

	if (!is_about(history, line))
		return;
	request->affected++;
	if (request->json) {
		json_array_append_new(request->json_list,
		    admin_json_text(line));
		return;
	}
	admin_print_text(request, line);
	admin_print_text(request, TEXT("\n"));
}

static void
take_lines(struct admin_history *history)
{
	struct text rest = buffer_text(&history->input);
	size_t taken = 0;

	for (;;) {
		size_t end = text_find_byte(rest, '\n');

		if (end == rest.len)
			break;
		take_line(history, text_slice(rest, 0, end));
		taken += end + 1;
		rest = text_skip(rest, end + 1);
	}
	buffer_consume(&history->input, taken);
}

/* Read a slice of the file at hand; false at its end. */
static bool
read_slice(struct admin_history *history)
{
	char *room;
	ssize_t n;

	/* A line longer than any of ours is not one of ours. */
	if (buffer_len(&history->input) > LINE_MAX_BYTES)
		buffer_reset(&history->input);
	if (buffer_reserve(&history->input, SLICE, &room) != 0)
		return false;
	n = read(history->descriptor, room, SLICE);
	if (n <= 0)
		return false;
	buffer_commit(&history->input, (size_t)n);
	take_lines(history);
	return true;
}

static void
on_timer(void *context)
{
	struct admin_history *history = context;
	struct admin_request *request = history->request;

	if (history->descriptor == -1)
		history->descriptor = open_day(history);
	if (history->descriptor == -1 || !read_slice(history)) {
		if (history->descriptor != -1)
			close(history->descriptor);
		history->descriptor = -1;
		buffer_reset(&history->input);
		history->day++;
	}
	if (history->day <= history->last_day + 1) {
		loop_timer_set(history->timer, 0);
		return;
	}
	request->history = NULL;
	history->done(request);
	admin_history_free(history);
}

static int64_t
kept_days(void)
{
	struct config_snapshot *snapshot = process_snapshot();

	if (snapshot == NULL)
		return 0;
	return (int64_t)(config_snapshot_config(snapshot)->
	    retention.event_log_ms / 86400000) + 1;
}

void
admin_history_start(struct admin_request *request, uint64_t mid,
    void (*done)(struct admin_request *request))
{
	struct admin_history *history = memory_new(sizeof(*history));

	history->request = request;
	history->done = done;
	history->descriptor = -1;
	history->last_day = clock_now_us() / DAY_US;
	history->day = history->last_day - kept_days();
	buffer_init(&history->input, SLICE + 2 * LINE_MAX_BYTES);
	snprintf(history->needle, sizeof(history->needle), " MID %llu ",
	    (unsigned long long)mid);
	snprintf(history->parent, sizeof(history->parent), " parent=%llu ",
	    (unsigned long long)mid);
	history->timer = loop_timer_new(process_loop(), on_timer, history);
	request->history = history;
	loop_timer_set(history->timer, 0);
}
