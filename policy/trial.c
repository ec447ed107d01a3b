/*
 * Trials of invented messages.
 */
#include "policy/trial.h"

#include "gateway/mail/address.h"
#include "gateway/mail/received.h"
#include "policy/destination_resolve.h"
#include "policy/host_access.h"
#include "policy/recipient_access.h"

struct trial {
	const struct config *config;
	const struct trial_message *message;
	struct arena *arena;
	struct trial_outcome *out;
	struct reason *why;
	struct envelope envelope;
};

static int
too_large(struct trial *trial)
{
	reason_set(trial->why, "it is too large");
	return ERROR_LIMIT;
}

/* ---- the connection ---- */

static const struct config_listener *
find_listener(const struct config *config, struct text name)
{
	size_t i;

	for (i = 0; i < config->listener_count; i++)
		if (text_is_empty(name) ||
		    text_equal(config->listeners[i].name, name))
			return &config->listeners[i];
	return NULL;
}

static int
refuse(struct trial *trial, struct text reason)
{
	trial->out->fate = TRIAL_REFUSED;
	trial->out->reason = reason;
	return ERROR_REFUSED;
}

static int
meet_group(struct trial *trial, const struct host_access *access,
	const struct host_address *client)
{
	struct trial_outcome *out = trial->out;
	struct host_access_match match = { 0 };

	if (host_access_find(access, out->listener, client, &match) != 0)
		return refuse(trial, TEXT("no sender group has this client"));
	out->sender_group = match.group->name;
	out->flow_policy = match.policy->name;
	if (match.policy->action == CONFIG_FLOW_REJECT)
		return refuse(trial, TEXT("the mail flow policy rejects"));
	out->direction = match.policy->action == CONFIG_FLOW_RELAY ?
	    ENVELOPE_OUTGOING : ENVELOPE_INCOMING;
	return 0;
}

static int
connect_client(struct trial *trial)
{
	const struct config_listener *listener = find_listener(trial->config,
	    trial->message->listener);
	struct host_access *access = NULL;
	struct host_address client;
	int error;

	if (listener == NULL) {
		reason_set(trial->why, "there is no listener \"%.*s\"",
		    TEXT_ARG(trial->message->listener));
		return ERROR_MALFORMED;
	}
	if (host_address_parse(trial->message->client, &client) != 0) {
		reason_set(trial->why, "\"%.*s\" is no IP address",
		    TEXT_ARG(trial->message->client));
		return ERROR_MALFORMED;
	}
	trial->out->listener = listener->name;
	if (host_access_new(trial->config, &access, trial->why) != 0)
		return ERROR_MALFORMED;
	error = meet_group(trial, access, &client);
	host_access_free(access);
	return error;
}

/* ---- the envelope ---- */

static int
check_address(struct trial *trial, struct text address, unsigned int allow)
{
	struct address parsed;
	struct reason why = { 0 };

	if (text_is_empty(address) && (allow & ADDRESS_REVERSE_PATH) != 0)
		return 0;
	if (address_parse(address, allow | ADDRESS_ALLOW_UTF8, &parsed,
	    &why) == 0)
		return 0;
	reason_set(trial->why, "\"%.*s\": %s", TEXT_ARG(address), why.text);
	return ERROR_MALFORMED;
}

static void
take_recipient(struct trial *trial, const struct recipient_access *access,
	size_t index)
{
	struct trial_recipient *out = &trial->out->recipients[index];
	struct envelope *envelope = &trial->envelope;
	struct reason why = { 0 };

	out->address = trial->message->recipients[index];
	out->is_accepted = trial->out->direction == ENVELOPE_OUTGOING ||
	    recipient_access_check(access, out->address, &why) == 0;
	if (!out->is_accepted) {
		out->reply = arena_printf(trial->arena, "%u %s", why.reply,
		    why.text);
		return;
	}
	envelope->recipients[envelope->recipient_count] =
	    (struct envelope_recipient){ .address = out->address,
		.rid = (uint32_t)envelope->recipient_count + 1 };
	envelope->recipient_count++;
}

static int
take_recipients(struct trial *trial)
{
	size_t i, count = trial->message->recipient_count;
	struct recipient_access *access = NULL;

	trial->out->recipients = arena_array(trial->arena, count + 1,
	    sizeof(trial->out->recipients[0]));
	trial->envelope.recipients = arena_array(trial->arena, count + 1,
	    sizeof(trial->envelope.recipients[0]));
	if (trial->out->recipients == NULL ||
	    trial->envelope.recipients == NULL)
		return too_large(trial);
	if (recipient_access_new(trial->config, &access, trial->why) != 0)
		return ERROR_MALFORMED;
	trial->out->recipient_count = count;
	for (i = 0; i < count; i++)
		take_recipient(trial, access, i);
	recipient_access_free(access);
	return trial->envelope.recipient_count > 0 ? 0 :
	    refuse(trial, TEXT("no recipient is accepted"));
}

static int
check_addresses(struct trial *trial)
{
	const struct trial_message *message = trial->message;
	size_t i;
	int error = check_address(trial, message->sender,
	    ADDRESS_REVERSE_PATH);

	for (i = 0; i < message->recipient_count && error == 0; i++)
		error = check_address(trial, message->recipients[i], 0);
	if (error == 0 && message->recipient_count == 0) {
		reason_set(trial->why, "it needs a recipient");
		error = ERROR_MALFORMED;
	}
	return error;
}

/* ---- the bytes, as smtp would queue them ---- */

static int
add_lines(struct text bytes, struct buffer *out)
{
	size_t end;
	int error = 0;

	while (bytes.len > 0 && error == 0) {
		end = text_find_byte(bytes, '\n');
		error = buffer_add_text(out, text_slice(bytes, 0, end > 0 &&
		    bytes.data[end - 1] == '\r' ? end - 1 : end));
		if (error == 0)
			error = buffer_add_text(out, TEXT("\r\n"));
		bytes = text_skip(bytes, end + 1);
	}
	return error;
}

static int
add_received(struct trial *trial, struct buffer *out)
{
	const struct envelope *envelope = &trial->envelope;
	const struct received received = {
		.helo = trial->message->helo,
		.client = trial->message->client,
		.hostname = trial->config->hostname,
		.recipient = envelope->recipient_count == 1 ?
		    envelope->recipients[0].address : TEXT_EMPTY,
		.mid = envelope->mid,
		.time_us = envelope->received_us,
		.is_esmtp = true,
	};

	return received_print(&received, out);
}

static int
make_message(struct trial *trial)
{
	struct buffer bytes;
	int error;

	buffer_init(&bytes, 2 * trial->message->bytes.len +
	    RECEIVED_SIZE_MAX);
	error = add_received(trial, &bytes);
	if (error == 0)
		error = add_lines(trial->message->bytes, &bytes);
	if (error == 0)
		error = arena_copy(trial->arena, buffer_text(&bytes),
		    &trial->out->message);
	buffer_clear(&bytes);
	trial->envelope.size = trial->out->message.len;
	return error == 0 ? 0 : too_large(trial);
}

static void
fill_in_envelope(struct trial *trial)
{
	const struct trial_message *message = trial->message;
	const struct trial_outcome *out = trial->out;
	struct envelope *envelope = &trial->envelope;

	envelope->mid = message->mid == 0 ? 1 : message->mid;
	envelope->sender = message->sender;
	envelope->received_us = message->received_us;
	envelope->direction = out->direction;
	envelope->client = message->client;
	envelope->helo = message->helo;
	envelope->listener = out->listener;
	envelope->sender_group = out->sender_group;
	envelope->flow_policy = out->flow_policy;
}

/* ---- where it would go ---- */

static struct text
destination_words(struct trial *trial, const struct destination *destination)
{
	struct text words = destination->domain;
	size_t i;

	for (i = 0; i < destination->host_count; i++)
		words = i == 0 ? destination->hosts[0] :
		    arena_printf(trial->arena, "%.*s, %.*s", TEXT_ARG(words),
		    TEXT_ARG(destination->hosts[i]));
	return words;
}

static int
add_delivery(struct trial *trial, const struct frame_splinter *splinter,
	struct text address)
{
	struct trial_outcome *out = trial->out;
	struct trial_delivery *delivery =
	    &out->deliveries[out->delivery_count++];
	struct destination destination;
	uint8_t form = splinter->protection.form;
	int error = destination_resolve(trial->config,
	    address_domain(address), trial->arena, &destination);

	if (error != 0)
		return error;
	/* A profile's tls_verified only raises what is asked for. */
	delivery->is_envelope = form == PROTECTION_ENVELOPE ||
	    (form == PROTECTION_TLS_OR_ENVELOPE && destination_protect(
	    &destination, false, trial->arena) != 0);
	delivery->address = address;
	delivery->destination = text_is_empty(splinter->next_hop) ?
	    destination_words(trial, &destination) : splinter->next_hop;
	delivery->tls = destination.tls;
	delivery->or_envelope = destination.or_envelope != 0;
	return 0;
}

static struct text
address_of(const struct envelope *envelope, uint32_t rid)
{
	size_t i;

	for (i = 0; i < envelope->recipient_count; i++)
		if (envelope->recipients[i].rid == rid)
			return envelope->recipients[i].address;
	return TEXT_EMPTY;
}

static int
add_deliveries(struct trial *trial, const struct frame_splinter *splinter)
{
	const struct envelope *envelope = &trial->envelope;
	size_t i, count = splinter->rid_count;
	int error = 0;

	if (splinter->verdict == FRAME_VERDICT_DROP ||
	    splinter->verdict == FRAME_VERDICT_BOUNCE)
		return 0;
	if (!text_is_empty(splinter->recipient))
		return add_delivery(trial, splinter, splinter->recipient);
	if (count == 0)
		count = envelope->recipient_count;
	for (i = 0; i < count && error == 0; i++)
		error = add_delivery(trial, splinter, splinter->rid_count == 0
		    ? envelope->recipients[i].address : address_of(envelope,
		    splinter->rids[i].rid));
	return error;
}

static int
find_deliveries(struct trial *trial)
{
	struct trial_outcome *out = trial->out;
	size_t i;
	int error = 0;

	out->deliveries = arena_array(trial->arena,
	    trial->envelope.recipient_count + out->disposition.splinter_count,
	    sizeof(out->deliveries[0]));
	if (out->deliveries == NULL)
		return too_large(trial);
	for (i = 0; i < out->disposition.splinter_count && error == 0; i++)
		error = add_deliveries(trial, &out->disposition.splinters[i]);
	return error == 0 ? 0 : too_large(trial);
}

/* ---- all of it ---- */

static int
judge(struct trial *trial, const struct filter_set *set,
	const struct filter_trace *trace, struct buffer *bodies)
{
	static const uint8_t fates[FRAME_JUDGEMENTS] = {
		[FRAME_JUDGED] = TRIAL_JUDGED,
		[FRAME_SET_ASIDE] = TRIAL_SET_ASIDE,
		[FRAME_WANTS_FACTS] = TRIAL_WANTS_FACTS,
	};
	const struct filter_request request = {
		.envelope = &trial->envelope,
		.message = trial->out->message,
		.facts = trial->message->facts,
		.trace = trace,
	};
	struct trial_outcome *out = trial->out;

	filter_set_judge(set, &request, trial->arena, bodies,
	    &out->disposition);
	out->bodies = buffer_text(bodies);
	out->fate = fates[out->disposition.judgement];
	out->reason = out->disposition.reason;
	return out->fate == TRIAL_JUDGED ? find_deliveries(trial) : 0;
}

int
trial_run(const struct config *config, const struct filter_set *set,
	const struct trial_message *message, const struct filter_trace *trace,
	struct arena *arena, struct buffer *bodies,
	struct trial_outcome *out, struct reason *why)
{
	struct trial trial = { .config = config, .message = message,
		.arena = arena, .out = out, .why = why };
	int error;

	*out = (struct trial_outcome){ 0 };
	error = check_addresses(&trial);
	if (error == 0)
		error = connect_client(&trial);
	if (error == 0)
		error = take_recipients(&trial);
	/* That it is refused is an outcome, not a failure. */
	if (error == ERROR_REFUSED)
		return 0;
	if (error != 0)
		return error;
	fill_in_envelope(&trial);
	error = make_message(&trial);
	return error == 0 ? judge(&trial, set, trace, bodies) : error;
}

struct text
trial_body(const struct trial_outcome *outcome, uint32_t number)
{
	const struct frame_disposition *disposition = &outcome->disposition;
	struct text rest = outcome->bodies;
	uint32_t i;

	if (number == 0 || number > disposition->body_count)
		return outcome->message;
	for (i = 1; i < number; i++)
		rest = text_skip(rest, (size_t)disposition->bodies[i - 1].size);
	return text_slice(rest, 0, (size_t)disposition->bodies[i - 1].size);
}
