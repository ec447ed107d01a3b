/*
 * The scan of an envelope's file: a row of marks to be found one after the
 * other, some with a field's content behind them.  portal process.
 */
#include "webui/server/portal_file.h"

struct file_step {
	struct text mark;	/* to be found */
	char end;		/* of the content; 0: the step has none */
	enum portal_field field;
};

static const struct file_step steps[] = {
	{ TEXT_INIT("name=\"header\" value=\""), 0, PORTAL_FIELD_HEADER },
	{ TEXT_INIT(""), '"', PORTAL_FIELD_HEADER },
	{ TEXT_INIT("name=\"share\" value=\""), 0, PORTAL_FIELD_SHARE },
	{ TEXT_INIT(""), '"', PORTAL_FIELD_SHARE },
	{ TEXT_INIT("name=\"payload\""), 0, PORTAL_FIELD_PAYLOAD },
	{ TEXT_INIT(">"), 0, PORTAL_FIELD_PAYLOAD },
	{ TEXT_INIT(""), '<', PORTAL_FIELD_PAYLOAD },
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

/*
 * Bytes taken while looking for a mark.  None holds its first byte twice, so
 * that a broken match can only begin anew at the byte at hand.
 */
static size_t
find_mark(struct portal_file *file, struct text mark, struct text piece)
{
	size_t i = 0;

	while (i < piece.len && file->matched < mark.len) {
		if (piece.data[i] == mark.data[file->matched])
			file->matched++;
		else
			file->matched = piece.data[i] == mark.data[0];
		i++;
	}
	if (file->matched == mark.len) {
		file->matched = 0;
		file->step++;
	}
	return i;
}

static int
take_content(struct portal_file *file, struct text piece, size_t *used,
	const struct portal_file_events *events, void *context)
{
	const struct file_step *step = &steps[file->step];
	size_t end = text_find_byte(piece, step->end);
	int error = 0;

	if (end > 0)
		error = events->data(context, step->field,
		    text_slice(piece, 0, end));
	*used = end;
	if (error < 0 || end == piece.len)
		return error;
	*used = end + 1;
	file->step++;
	return events->end(context, step->field);
}

int
portal_file_feed(struct portal_file *file, struct text piece,
	const struct portal_file_events *events, void *context)
{
	size_t used;
	int error = 0;

	while (error == 0 && piece.len > 0 && file->step < STEPS) {
		const struct file_step *step = &steps[file->step];
		bool is_shell = file->step < STEPS - 1;

		if (step->end != 0)
			error = take_content(file, piece, &used, events,
			    context);
		else
			used = find_mark(file, step->mark, piece);
		piece = text_skip(piece, used);
		file->seen += used;
		if (is_shell && file->seen > PORTAL_FILE_SHELL_MAX)
			return ERROR_LIMIT;
	}
	return error;
}

bool
portal_file_is_complete(const struct portal_file *file)
{
	return file->step == STEPS;
}
