/*
 * Addresses of messages that filters make.
 */
#include "policy/filter_addressee.h"

#include "gateway/mail/address.h"
#include "gateway/mail/address_list.h"
#include "policy/filter_variable.h"

/* Addresses that are looked at; repetitions and bad ones count. */
#define LOOKED_AT_MAX 1000

struct collector {
	struct filter_judge *judge;
	struct filter_addressees *out;
	size_t looked_at;
	int error;		/* the first */
};

/* ---- items ---- */

/* The part before a comma that stands in no quotes; false at the end. */
static bool
next_item(struct text *rest, struct text *item)
{
	bool is_quoted = false;
	size_t i;

	if (rest->data == NULL)
		return false;
	for (i = 0; i < rest->len; i++) {
		if (rest->data[i] == '"')
			is_quoted = !is_quoted;
		if (rest->data[i] == ',' && !is_quoted)
			break;
	}
	*item = text_trim(text_slice(*rest, 0, i));
	if (i == rest->len)
		rest->data = NULL;
	else
		*rest = text_skip(*rest, i + 1);
	return true;
}

static bool
has_variable(struct text item)
{
	return text_find_byte(item, '$') < item.len;
}

static int
check_item(struct text item, unsigned int allow, struct reason *why)
{
	struct address address;

	if (has_variable(item))
		return 0;
	return address_parse(item, allow | ADDRESS_ALLOW_UTF8, &address,
	    why) == 0 ? 0 :
	    ERROR_MALFORMED;
}

int
filter_addressees_check(struct text template, struct reason *why)
{
	struct text item;
	size_t count = 0;
	int error = 0;

	while (error == 0 && next_item(&template, &item)) {
		error = check_item(item, 0, why);
		if (error == 0 && ++count > FILTER_ADDRESSEES_MAX) {
			reason_set(why, "more than %d addresses",
			    FILTER_ADDRESSEES_MAX);
			error = ERROR_MALFORMED;
		}
	}
	return error;
}

int
filter_addressee_check_sender(struct text template, struct reason *why)
{
	return text_is_empty(template) || text_equal(template, TEXT("<>")) ?
	    0 : check_item(template, ADDRESS_REVERSE_PATH, why);
}

/* ---- collecting ---- */

static bool
is_known(const struct filter_addressees *list, struct text address)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (text_equal_nocase(list->items[i], address))
			return true;
	return false;
}

/* False: no further one is wanted. */
static bool
may_go_on(struct collector *collector)
{
	if (collector->error != 0)
		return false;
	if (collector->looked_at < LOOKED_AT_MAX &&
	    collector->out->count < FILTER_ADDRESSEES_MAX)
		return true;
	collector->out->is_cut = true;
	return false;
}

static void
collect(struct collector *collector, struct text written)
{
	struct filter_addressees *out = collector->out;
	struct address address;
	struct reason why = { 0 };

	if (!may_go_on(collector))
		return;
	collector->looked_at++;
	if (address_parse(written, ADDRESS_ALLOW_UTF8, &address, &why) != 0)
		out->refused++;
	else if (!is_known(out, address.whole))
		collector->error = arena_copy(collector->judge->arena,
		    address.whole, &out->items[out->count++]);
}

/* ---- variables that hold addresses ---- */

static void
collect_sender(struct collector *collector, struct text name)
{
	struct text sender = collector->judge->envelope->sender;

	(void)name;
	if (!text_is_empty(sender))
		collect(collector, sender);
}

static void
collect_recipients(struct collector *collector, struct text name)
{
	const struct envelope *envelope = collector->judge->envelope;
	size_t i;

	(void)name;
	for (i = 0; i < envelope->recipient_count; i++)
		collect(collector, envelope->recipients[i].address);
}

static void
collect_fields(struct collector *collector, struct text name)
{
	const struct filter_message *message = &collector->judge->message;
	struct address_list list;
	struct text address;
	size_t i;

	for (i = 0; i < message->field_count; i++) {
		const struct filter_field *field = &message->fields[i];

		if (field->is_removed ||
		    !text_equal_nocase(field->name, name))
			continue;
		address_list_init(&list, field->value);
		while (may_go_on(collector) &&
		    address_list_next(&list, &address))
			collect(collector, address);
	}
}

static const struct source {
	const char *variable;
	void (*collect)(struct collector *collector, struct text name);
	const char *field;	/* NULL: the variable's argument */
} sources[] = {
	{ "EnvelopeFrom", collect_sender, "" },
	{ "EnvelopeSender", collect_sender, "" },
	{ "EnvelopeRecipients", collect_recipients, "" },
	{ "From", collect_fields, "From" },
	{ "To", collect_fields, "To" },
	{ "Header", collect_fields, NULL },
};
#define SOURCES (sizeof(sources) / sizeof(sources[0]))

static const struct source *
find_source(struct text item, struct text *argument)
{
	const struct filter_variable *variable =
	    filter_variable_whole(item, argument);
	size_t i;

	for (i = 0; variable != NULL && i < SOURCES; i++)
		if (text_equal(text_from(variable->name),
		    text_from(sources[i].variable)))
			return &sources[i];
	return NULL;
}

/* A text with variables gives one address, whatever they hold. */
static void
collect_expanded(struct collector *collector, struct text item)
{
	struct text expanded = TEXT_EMPTY;
	int error = filter_variable_expand(collector->judge, item,
	    ENVELOPE_ADDRESS_MAX, &expanded);

	if (error == 0)
		collect(collector, text_trim(expanded));
	else
		collector->error = error;
}

static void
collect_item(struct collector *collector, struct text item)
{
	struct text argument = TEXT_EMPTY;
	const struct source *source = find_source(item, &argument);

	if (has_variable(item))
		collector->out->is_from_message = true;
	if (source != NULL)
		source->collect(collector, source->field == NULL ? argument :
		    text_from(source->field));
	else
		collect_expanded(collector, item);
}

int
filter_addressees_expand(struct filter_judge *judge, struct text template,
	struct filter_addressees *out)
{
	struct collector collector = { .judge = judge, .out = out };
	struct text item;

	*out = (struct filter_addressees){ 0 };
	out->items = arena_array(judge->arena, FILTER_ADDRESSEES_MAX,
	    sizeof(out->items[0]));
	if (out->items == NULL)
		return ERROR_LIMIT;
	while (collector.error == 0 && next_item(&template, &item))
		collect_item(&collector, item);
	return collector.error;
}

int
filter_addressee_expand_sender(struct filter_judge *judge,
	struct text template, struct text *out)
{
	struct filter_addressees list = { 0 };
	int error = 0;

	*out = TEXT_EMPTY;
	if (!text_equal(template, TEXT("<>")))
		error = filter_addressees_expand(judge, template, &list);
	if (error != 0)
		return error;
	if (list.count > 0)
		*out = list.items[0];
	return list.refused > 0 && list.count == 0 ? ERROR_NOT_FOUND : 0;
}
