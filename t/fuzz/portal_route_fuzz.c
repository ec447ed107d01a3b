/*
 * webui/server: addresses, intents and file names from outside.  What is
 * understood is printed and understood again the same.
 */
#include <string.h>

#include "gateway/base/buffer.h"
#include "webui/server/portal_filename.h"
#include "webui/server/portal_intent.h"
#include "webui/server/portal_route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_intent(struct text form)
{
	struct portal_intent intent, again;
	struct buffer query;
	struct text printed;

	if (portal_intent_parse(form, &intent) < 0)
		return;
	buffer_init(&query, 1024);
	require(portal_intent_print_query(&intent, &query) == 0);
	printed = text_skip(buffer_text(&query), 1);
	require(portal_intent_parse(printed, &again) == 0);
	again.wants_other = intent.wants_other;
	require(memcmp(&intent, &again, sizeof(intent)) == 0);
	buffer_clear(&query);
}

static void
check_filename(struct text name)
{
	struct buffer out;
	struct text t;
	size_t i;

	buffer_init(&out, 4096);
	portal_filename_print(name, &out);
	t = buffer_text(&out);
	for (i = 0; i < t.len; i++)
		require(t.data[i] >= ' ' && t.data[i] < 0x7f &&
		    t.data[i] != '/' && t.data[i] != '\\');
	buffer_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of(data, size);
	struct portal_route route;

	portal_route_parse(input, &route);
	require(route.kind < PORTAL_ROUTES);
	require((route.part > 0) == (route.kind == PORTAL_ROUTE_PART));
	require(route.kind == PORTAL_ROUTE_NONE ||
	    portal_route_allows(route.kind, HTTP_GET) ||
	    portal_route_allows(route.kind, HTTP_POST));
	check_intent(input);
	check_filename(input);
	return 0;
}
